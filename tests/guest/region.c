// SPDX-License-Identifier: MIT
#include "region.h"

#include <errno.h>
#include <linux/vfio.h>
#include <linux/vfio_ccw.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tap.h"

static uint64_t region_offset(int device, uint32_t index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	T_NEED(!ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info), "region %u exists", index);
	return info.offset;
}

int t_region_set_trigger(int device, uint32_t index, int eventfd)
{
	uint64_t buffer[(sizeof(struct vfio_irq_set) + 11) / 8];
	struct vfio_irq_set *set = (void *)buffer;

	memset(buffer, 0, sizeof(buffer));
	set->argsz = sizeof(*set) + sizeof(eventfd);
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = index;
	set->count = 1;
	memcpy(set->data, &eventfd, sizeof(eventfd));
	return ioctl(device, VFIO_DEVICE_SET_IRQS, set) ? -errno : 0;
}

void t_region_trigger(int device, uint32_t index, int eventfd)
{
	T_NEED(!t_region_set_trigger(device, index, eventfd), "interrupt %u gets its eventfd",
	       index);
}

void t_region_open(struct t_region *region, int device)
{
	region->device = device;
	region->io = region_offset(device, VFIO_CCW_CONFIG_REGION_INDEX);
	region->async = region_offset(device, VFIO_CCW_NUM_REGIONS);
	region->crw = region_offset(device, VFIO_CCW_NUM_REGIONS + 2);
	region->eventfd = eventfd(0, EFD_CLOEXEC);
	T_NEED(region->eventfd >= 0, "an eventfd opens");
	t_region_trigger(device, VFIO_CCW_IO_IRQ_INDEX, region->eventfd);
}

void t_region_close(struct t_region *region)
{
	t_region_trigger(region->device, VFIO_CCW_IO_IRQ_INDEX, -1);
	close(region->eventfd);
}

int t_region_start(struct t_region *region, const uint8_t *orb)
{
	struct ccw_io_region io = { 0 };
	ssize_t n;

	memcpy(io.orb_area, orb, sizeof(io.orb_area));
	io.scsw_area[2] = 0x40;
	/* The driver answers EAGAIN while it stores the last status. */
	do {
		n = pwrite(region->device, &io, sizeof(io), region->io);
	} while (n < 0 && errno == EAGAIN);
	return n == sizeof(io) ? 0 : n < 0 ? -errno : -EIO;
}

int t_region_async(struct t_region *region, uint32_t command)
{
	struct ccw_cmd_region async = { .command = command };
	ssize_t n;

	n = pwrite(region->device, &async, sizeof(async), region->async);
	return n == sizeof(async) ? 0 : n < 0 ? -errno : -EIO;
}

int t_region_event(struct t_region *region, int timeout_ms)
{
	struct pollfd pollfd = { .fd = region->eventfd, .events = POLLIN };
	uint64_t events;

	if (poll(&pollfd, 1, timeout_ms) != 1)
		return -ETIME;
	return read(region->eventfd, &events, sizeof(events)) == sizeof(events) ? 0 : -errno;
}

int t_region_irb(struct t_region *region, uint8_t *irb)
{
	struct ccw_io_region io;

	if (pread(region->device, &io, sizeof(io), region->io) != sizeof(io))
		return -errno;
	memcpy(irb, io.irb_area, sizeof(io.irb_area));
	return 0;
}

int t_region_wait(struct t_region *region, uint8_t *irb, int timeout_ms)
{
	int ret = t_region_event(region, timeout_ms);

	return ret ? ret : t_region_irb(region, irb);
}

uint32_t t_region_crw(struct t_region *region)
{
	struct ccw_crw_region crw = { 0 };

	T_NEED(pread(region->device, &crw, sizeof(crw), region->crw) == sizeof(crw),
	       "the CRW region can be read");
	return crw.crw;
}
