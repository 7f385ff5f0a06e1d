// SPDX-License-Identifier: GPL-2.0-only
/*
 * A css driver that does nothing but measure.  Bound to a subchannel it adds
 * these files to it:
 *
 *   floor_irq   SSCH, interrupt, next SSCH from the interrupt handler
 *   floor_poll  SSCH and TSCH until there is status, interrupts disabled
 *
 *   cylinders   of a 3390, to be read from at random, 4 KiB at a time; 0, as at
 *               first, for NO-OPERATIONs
 *
 * Writing a number to the first two runs so many; reading shows "I/Os errors
 * nanoseconds" of the last run.
 */
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "floor.h"

/* One run at a time: two would measure each other. */
static DEFINE_MUTEX(floor_mutex);

static ssize_t floor_store(struct device *dev, const char *buf, size_t size,
			   int (*run)(struct floor *floor, u32 count))
{
	u32 count;
	int ret;

	ret = kstrtou32(buf, 0, &count);
	if (ret)
		return ret;
	if (!count || count > FLOOR_MAX_COUNT)
		return -ERANGE;
	mutex_lock(&floor_mutex);
	ret = run(dev_get_drvdata(dev), count);
	mutex_unlock(&floor_mutex);
	return ret ?: size;
}

static ssize_t floor_show(char *buf, const struct floor_result *shown)
{
	struct floor_result result;

	mutex_lock(&floor_mutex);
	result = *shown;
	mutex_unlock(&floor_mutex);
	return sysfs_emit(buf, "%u %u %llu\n", result.count, result.errors,
			  result.ns);
}

static ssize_t floor_irq_store(struct device *dev,
			       struct device_attribute *attr, const char *buf,
			       size_t size)
{
	return floor_store(dev, buf, size, floor_run_irq);
}

static ssize_t floor_irq_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	struct floor *floor = dev_get_drvdata(dev);

	return floor_show(buf, &floor->irq);
}
static DEVICE_ATTR_RW(floor_irq);

static ssize_t floor_poll_store(struct device *dev,
				struct device_attribute *attr, const char *buf,
				size_t size)
{
	return floor_store(dev, buf, size, floor_run_poll);
}

static ssize_t floor_poll_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct floor *floor = dev_get_drvdata(dev);

	return floor_show(buf, &floor->poll);
}
static DEVICE_ATTR_RW(floor_poll);

static ssize_t cylinders_store(struct device *dev,
			       struct device_attribute *attr, const char *buf,
			       size_t size)
{
	struct floor *floor = dev_get_drvdata(dev);
	u16 cylinders;
	int ret;

	ret = kstrtou16(buf, 0, &cylinders);
	if (ret)
		return ret;
	mutex_lock(&floor_mutex);
	floor_read_set(&floor->read, cylinders);
	mutex_unlock(&floor_mutex);
	return size;
}
static DEVICE_ATTR_WO(cylinders);

static struct attribute *floor_attrs[] = {
	&dev_attr_cylinders.attr,
	&dev_attr_floor_irq.attr,
	&dev_attr_floor_poll.attr,
	NULL
};
ATTRIBUTE_GROUPS(floor);

static int floor_probe(struct subchannel *sch)
{
	struct floor *floor;

	floor = kzalloc(sizeof(*floor), GFP_KERNEL | GFP_DMA);
	if (!floor)
		return -ENOMEM;
	if (floor_read_prepare(&floor->read)) {
		kfree(floor);
		return -ENOMEM;
	}
	floor->sch = sch;
	floor_prepare(floor);
	dev_set_drvdata(&sch->dev, floor);
	return 0;
}

/* The files are gone and no run is under way: each disables what it enabled. */
static void floor_remove(struct subchannel *sch)
{
	struct floor *floor = dev_get_drvdata(&sch->dev);

	dev_set_drvdata(&sch->dev, NULL);
	floor_read_release(&floor->read);
	kfree(floor);
}

static void floor_irq(struct subchannel *sch)
{
	floor_interrupt(dev_get_drvdata(&sch->dev));
}

static struct css_device_id floor_ids[] = {
	{ .match_flags = 0x1, .type = SUBCHANNEL_TYPE_IO },
	{ }
};

static struct css_driver floor_driver = {
	.drv = {
		.name = "ccwring_floor",
		.owner = THIS_MODULE,
		.dev_groups = floor_groups,
	},
	.subchannel_type = floor_ids,
	.irq = floor_irq,
	.probe = floor_probe,
	.remove = floor_remove,
};

static int __init floor_init(void)
{
	return css_driver_register(&floor_driver);
}
module_init(floor_init);

static void __exit floor_exit(void)
{
	css_driver_unregister(&floor_driver);
}
module_exit(floor_exit);

MODULE_DESCRIPTION("What one I/O costs without a driver");
MODULE_LICENSE("GPL");
