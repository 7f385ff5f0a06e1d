// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the pin cache is doing, in the mediated device's sysfs directory:
 *
 *   pins/pinned     client pages pinned now
 *   pins/limit      most that may be
 *   pins/hits       pages found in the cache
 *   pins/misses     pages pinned because they were not in the cache
 *   pins/evictions  pages unpinned to make room
 *   pins/stale      pages their owner had discarded, pinned anew
 *   pins/kept       references kept to pages that a device which does not answer may use
 *
 * Whoever counts holds vccw_device.lock, which a client can have held for as long as it
 * likes.  Whoever reads does not take it: each of them is one word, right at some moment.
 */
#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/sysfs.h>
#include "vccw_device.h"

#define VCCW_PINS_ATTR(_name, _field)					\
static ssize_t _name##_show(struct device *device,			\
			    struct device_attribute *attr, char *buf)	\
{									\
	struct vccw_device *dev = dev_get_drvdata(device);		\
	/* One word, of which any value it has had will do. */		\
	u64 value = data_race(READ_ONCE(dev->pins._field));		\
									\
	return sysfs_emit(buf, "%llu\n", value);			\
}									\
static DEVICE_ATTR_RO(_name)

VCCW_PINS_ATTR(pinned, count);
VCCW_PINS_ATTR(limit, limit);
VCCW_PINS_ATTR(hits, hits);
VCCW_PINS_ATTR(misses, misses);
VCCW_PINS_ATTR(evictions, evictions);
VCCW_PINS_ATTR(stale, stale);

static ssize_t kept_show(struct device *device, struct device_attribute *attr, char *buf)
{
	struct vccw_device *dev = dev_get_drvdata(device);
	struct vccw_parent *parent = dev_get_drvdata(&dev->sch->dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(parent->wedged.pages));
}
static DEVICE_ATTR_RO(kept);

static struct attribute *vccw_pins_attrs[] = {
	&dev_attr_pinned.attr,
	&dev_attr_limit.attr,
	&dev_attr_hits.attr,
	&dev_attr_misses.attr,
	&dev_attr_evictions.attr,
	&dev_attr_stale.attr,
	&dev_attr_kept.attr,
	NULL,
};

static const struct attribute_group vccw_pins_group = {
	.name = "pins",
	.attrs = vccw_pins_attrs,
};

const struct attribute_group *vccw_groups[] = {
	&vccw_pins_group,
	NULL,
};
