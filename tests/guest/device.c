// SPDX-License-Identifier: MIT
/* What the device says of itself, and reset. */
#include <errno.h>
#include <linux/vfio.h>
#include <linux/vfio_ccw.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common.h"

#define REGIONS 4

static const struct {
	const char *name;
	uint32_t size;
	uint32_t flags;
	uint32_t subtype;
} regions[REGIONS] = {
	{ "I/O", sizeof(struct ccw_io_region), 3, 0 },
	{ "command", sizeof(struct ccw_cmd_region), 3, VFIO_REGION_SUBTYPE_CCW_ASYNC_CMD },
	{ "SCHIB", sizeof(struct ccw_schib_region), 1, VFIO_REGION_SUBTYPE_CCW_SCHIB },
	{ "CRW", sizeof(struct ccw_crw_region), 1, VFIO_REGION_SUBTYPE_CCW_CRW },
};

static uint64_t offsets[REGIONS];

static void info(int fd)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };

	T_EQUAL(ioctl(fd, VFIO_DEVICE_GET_INFO, &info), 0, "the device describes itself");
	T_EQUAL(info.flags, VFIO_DEVICE_FLAGS_CCW | VFIO_DEVICE_FLAGS_RESET, "... as a CCW device");
	T_EQUAL(info.num_regions, REGIONS, "... with four regions");
	T_EQUAL(info.num_irqs, 3, "... and three interrupts");
	for (irq.index = 0; irq.index < 3; irq.index++) {
		T_CHECK(!ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, &irq) && irq.count == 1 &&
				irq.flags == VFIO_IRQ_INFO_EVENTFD,
			"interrupt %u is one eventfd", irq.index);
	}
	T_CHECK(ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, &irq) && errno == EINVAL,
		"there is no interrupt 3");
}

static void region(int fd, uint32_t index)
{
	union {
		struct vfio_region_info info;
		uint8_t bytes[256];
	} u = { .info = { .argsz = sizeof(u), .index = index } };
	const struct vfio_region_info_cap_type *type;
	const char *name = regions[index].name;

	T_EQUAL(ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &u.info), 0, "the %s region is there", name);
	T_EQUAL(u.info.size, regions[index].size, "... has its size");
	T_EQUAL(u.info.flags & 3, regions[index].flags, "... can be read, and written if it may");
	offsets[index] = u.info.offset;
	if (!regions[index].subtype)
		return;
	type = (void *)(u.bytes + u.info.cap_offset);
	T_CHECK(u.info.cap_offset && type->header.id == VFIO_REGION_INFO_CAP_TYPE &&
			type->type == VFIO_REGION_TYPE_CCW &&
			type->subtype == regions[index].subtype,
		"... and says what it is");
}

static void schib(int fd)
{
	uint8_t schib[SCHIB_AREA_SIZE + 1];
	uint32_t crw[2] = { 1, 1 };

	T_EQUAL(pread(fd, schib, SCHIB_AREA_SIZE, offsets[2]), SCHIB_AREA_SIZE,
		"the SCHIB can be read");
	/* PMCW bytes 4-7: enabled, device number valid, device number. */
	T_CHECK(schib[5] & 0x80 && schib[5] & 0x01, "... the subchannel is enabled");
	T_CHECK(pwrite(fd, schib, SCHIB_AREA_SIZE, offsets[2]) < 0 && errno == EINVAL,
		"... and cannot be written");
	T_CHECK(pread(fd, crw, sizeof(crw), offsets[3]) == sizeof(crw) && !crw[0],
		"there is no CRW");
	T_CHECK(pread(fd, schib, sizeof(schib), offsets[2]) < 0 && errno == EINVAL,
		"nothing can be read behind a region");
}

static void reset(struct t_vm *vm)
{
	int fd = vm->devices[0].fd;
	struct t_ring ring;
	int i;

	T_EQUAL(ioctl(fd, VFIO_DEVICE_RESET), 0, "the device can be reset");
	t_ring_open(&ring, fd, 8);
	t_good_start(vm, &ring, "a reset");
	for (i = 0; i < 10; i++)
		T_NEED(!ioctl(fd, VFIO_DEVICE_RESET), "reset");
	t_good_start(vm, &ring, "resets under the ring");
	t_ring_close(&ring);
}

int main(void)
{
	struct t_vm vm;
	uint32_t i;

	t_vm_open(&vm);
	info(vm.devices[0].fd);
	for (i = 0; i < REGIONS; i++)
		region(vm.devices[0].fd, i);
	schib(vm.devices[0].fd);
	reset(&vm);
	t_vm_close(&vm);
	return tap_done();
}
