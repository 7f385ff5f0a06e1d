// SPDX-License-Identifier: MIT
/* device.c - a vfio-ccw device: regions and interrupts */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

/* What identifiers of devices of software begin with. */
#define HOSTED "hosted:"

/* Which region a type capability speaks of; N_REGIONS if none of ours. */
static enum region region_of_subtype(uint32_t subtype)
{
	switch (subtype) {
	case VFIO_REGION_SUBTYPE_CCW_ASYNC_CMD:
		return REGION_CMD;
	case VFIO_REGION_SUBTYPE_CCW_SCHIB:
		return REGION_SCHIB;
	case VFIO_REGION_SUBTYPE_CCW_CRW:
		return REGION_CRW;
	}
	return N_REGIONS;
}

static enum region classify(const struct vfio_region_info *info, size_t bytes)
{
	uint32_t next = info->flags & VFIO_REGION_INFO_FLAG_CAPS ? info->cap_offset : 0;

	while (next && next + sizeof(struct vfio_region_info_cap_type) <= bytes) {
		const struct vfio_region_info_cap_type *cap =
			(const void *)((const uint8_t *)info + next);

		if (cap->header.id == VFIO_REGION_INFO_CAP_TYPE &&
		    cap->type == VFIO_REGION_TYPE_CCW)
			return region_of_subtype(cap->subtype);
		next = cap->header.next > next ? cap->header.next : 0;
	}
	return N_REGIONS;
}

static int read_region(struct ccwring_device *dev, uint32_t index)
{
	union {
		struct vfio_region_info info;
		uint8_t bytes[512];
	} u = { .info = { .argsz = sizeof(u), .index = index } };
	enum region region = REGION_IO;

	if (ioctl(dev->fd, VFIO_DEVICE_GET_REGION_INFO, &u.info) < 0)
		return -errno;
	if (index != VFIO_CCW_CONFIG_REGION_INDEX)
		region = classify(&u.info, sizeof(u));
	if (region < N_REGIONS) {
		dev->region[region].offset = u.info.offset;
		dev->region[region].size = u.info.size;
	}
	return 0;
}

static int read_layout(struct ccwring_device *dev)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int err = 0;

	if (ioctl(dev->fd, VFIO_DEVICE_GET_INFO, &info) < 0)
		return -errno;
	if (!(info.flags & VFIO_DEVICE_FLAGS_CCW))
		return -ENOTTY;
	for (uint32_t i = 0; i < info.num_regions && !err; i++)
		err = read_region(dev, i);
	if (!err && dev->region[REGION_IO].size != sizeof(struct ccw_io_region))
		err = -EPROTO;
	return err;
}

static int find(struct ccwring_vfio *vfio, const char *id, struct ccwring_subchannel *sch)
{
	int err;

	sch->size = sizeof(*sch);
	err = ccwring_subchannel_find(vfio->sysfs, id, sch);
	if (err) {
		vlog(vfio, CCWRING_LOG_ERROR, "%s: %s", id,
		     err == -ENODEV   ? "there is none (a number is a device's; "
					"a subchannel is named as sch:0.0.0001)"
		     : err == -EINVAL ? "neither a device number (0.0.0120, 120) nor a "
					"subchannel (sch:0.0.0001) nor a UUID"
				      : strerror(-err));
		return err;
	}
	if (!sch->uuid[0]) {
		vlog(vfio, CCWRING_LOG_ERROR,
		     "%s: subchannel %s has no mediated device (its driver is %s)", id, sch->id,
		     sch->driver[0] ? sch->driver : "none");
		return -ENXIO;
	}
	return 0;
}

static int open_fd(struct ccwring_device *dev, const struct ccwring_subchannel *sch)
{
	int err;

	err = vfio_open(dev->vfio, sch, &dev->files);
	if (err)
		return err;
	dev->fd = dev->files.device;
	err = read_layout(dev);
	if (err) {
		vlog(dev->vfio, CCWRING_LOG_ERROR, "%s: %s", sch->uuid, strerror(-err));
		vfio_close(dev->vfio, &dev->files);
	}
	return err;
}

static int open_vfio(struct ccwring_device *dev, const char *id)
{
	struct ccwring_subchannel sch;
	int err = find(dev->vfio, id, &sch);

	if (err)
		return err;
	snprintf(dev->name, sizeof(dev->name), "%s", sch.id[0] ? sch.id : sch.uuid);
	return open_fd(dev, &sch);
}

static int open_hosted(struct ccwring_device *dev, const char *id)
{
	dev->fd = -1;
	snprintf(dev->name, sizeof(dev->name), "%s", id);
	return vfio_hosted_open(dev->vfio, id + strlen(HOSTED), &dev->hosted);
}

int ccwring_device_open(struct ccwring_vfio *vfio, const char *id, struct ccwring_device **out)
{
	struct ccwring_device *dev;
	int err;

	if (vfio->inherited)
		return INHERITED;
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return -ENOMEM;
	dev->vfio = vfio;
	memset(dev->event_fd, -1, sizeof(dev->event_fd));
	err = strncmp(id, HOSTED, strlen(HOSTED)) ? open_vfio(dev, id) : open_hosted(dev, id);
	if (err) {
		free(dev);
		return err;
	}
	*out = dev;
	return 0;
}

int ccwring_device_close(struct ccwring_device *dev)
{
	if (!dev || dev->vfio->inherited)
		return 0;
	if (dev->ring)
		return -EBUSY;
	if (dev->hosted)
		vfio_hosted_close(dev->vfio, dev->hosted);
	else
		vfio_close(dev->vfio, &dev->files);
	for (size_t i = 0; i < ARRAY_SIZE(dev->event_fd); i++)
		if (dev->event_fd[i] >= 0)
			close(dev->event_fd[i]);
	free(dev);
	return 0;
}

struct ccwring_vfio *ccwring_device_vfio(const struct ccwring_device *dev)
{
	return dev->vfio;
}

int ccwring_device_fd(const struct ccwring_device *dev)
{
	return dev->vfio->inherited ? -1 : dev->fd;
}

const char *ccwring_device_name(const struct ccwring_device *dev)
{
	return dev->name;
}

/* Longest argument there is, and room for what it may become. */
#define MAX_ARGUMENT 256

int device_feature(const struct ccwring_device *dev, uint32_t flags, void *arg, size_t size)
{
	union {
		struct vfio_device_feature head;
		uint8_t bytes[sizeof(struct vfio_device_feature) + MAX_ARGUMENT];
		uint64_t align;
	} u = { .head = { .argsz = sizeof(u.head) + size, .flags = flags } };

	if (dev->hosted)
		return hosted_driver()->feature(dev->hosted, flags, arg, size);
	if (size > MAX_ARGUMENT)
		return -E2BIG;
	/* It is carried behind a header. */
	if (size)
		memcpy(u.head.data, arg, size);
	if (ioctl(dev->fd, VFIO_DEVICE_FEATURE, &u.head) < 0)
		return -errno;
	if (size)
		memcpy(arg, u.head.data, size);
	return 0;
}

int ccwring_device_ring_info(const struct ccwring_device *dev, struct vfio_ccw_ring_info *info,
			     size_t size)
{
	int err;

	if (size < VFIO_CCW_RING_INFO_SIZE_VER0)
		return -EINVAL;
	memset(info, 0, size);
	err = device_feature(dev, VFIO_DEVICE_FEATURE_CCW_RING_INFO | VFIO_DEVICE_FEATURE_GET, info,
			     size < MAX_ARGUMENT ? size : MAX_ARGUMENT);
	return err == -ENOTTY || err == -EINVAL ? -EOPNOTSUPP : err;
}

int ccwring_device_has_ring(const struct ccwring_device *dev)
{
	if (dev->vfio->inherited)
		return INHERITED;
	return dev->hosted ? 1 : transport_ring.probe(dev);
}

int ccwring_device_reset(struct ccwring_device *dev)
{
	if (dev->vfio->inherited)
		return INHERITED;
	if (dev->hosted)
		return hosted_driver()->reset(dev->hosted);
	return ioctl(dev->fd, VFIO_DEVICE_RESET) < 0 ? -errno : 0;
}

static int pread_region(struct ccwring_device *dev, enum region region, void *buf, size_t size)
{
	ssize_t n;

	if (dev->vfio->inherited)
		return INHERITED;
	if (dev->region[region].size < size)
		return -EOPNOTSUPP;
	n = pread(dev->fd, buf, size, dev->region[region].offset);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EIO;
}

int ccwring_device_schib(struct ccwring_device *dev, uint8_t *schib)
{
	return pread_region(dev, REGION_SCHIB, schib, CCWRING_SCHIB_SIZE);
}

int ccwring_device_crw(struct ccwring_device *dev, uint32_t *crw)
{
	struct ccw_crw_region region;
	int err = pread_region(dev, REGION_CRW, &region, sizeof(region));

	*crw = err ? 0 : region.crw;
	return err;
}

/* An eventfd of -1 takes the trigger away. */
int device_set_eventfd(struct ccwring_device *dev, unsigned int irq, int eventfd)
{
	union {
		struct vfio_irq_set set;
		uint8_t bytes[sizeof(struct vfio_irq_set) + sizeof(int32_t)];
	} u = { .set = {
			.argsz = sizeof(u),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = irq,
			.count = 1,
		} };

	memcpy(u.set.data, &eventfd, sizeof(int32_t));
	return ioctl(dev->fd, VFIO_DEVICE_SET_IRQS, &u.set) < 0 ? -errno : 0;
}

int ccwring_device_event_fd(struct ccwring_device *dev, int event)
{
	int fd, err;

	if (event != CCWRING_EVENT_CRW && event != CCWRING_EVENT_RELEASE)
		return -EINVAL;
	if (dev->vfio->inherited)
		return INHERITED;
	if (dev->hosted)
		return -EOPNOTSUPP;
	if (dev->event_fd[event] >= 0)
		return dev->event_fd[event];
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	/* The numbers of the enum are those of the interrupts. */
	err = device_set_eventfd(dev, event, fd);
	if (err) {
		close(fd);
		return err;
	}
	dev->event_fd[event] = fd;
	return fd;
}
