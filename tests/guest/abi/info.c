// SPDX-License-Identifier: MIT
/* What the device says of itself, and calls it does not know. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "abi.h"

#define ROOM 128

static void device_info(struct abi *abi, uint32_t argsz)
{
	struct vfio_device_info info = { .argsz = argsz };
	long ret = ioctl(abi->fd, VFIO_DEVICE_GET_INFO, &info);
	char name[32];

	snprintf(name, sizeof(name), "info.%u", argsz);
	if (ret)
		say(name, "%s", result(ret));
	else
		say(name, "argsz %u flags %#x regions %u irqs %u", info.argsz, info.flags,
		    info.num_regions, info.num_irqs);
}

static void capability(const char *name, const struct vfio_region_info *info)
{
	const struct vfio_region_info_cap_type *type =
		(const void *)((const uint8_t *)info + info->cap_offset);

	if (info->cap_offset)
		say(name, "offset %u id %u version %u next %u type %#x subtype %u",
		    info->cap_offset, type->header.id, type->header.version, type->header.next,
		    type->type, type->subtype);
}

static void region_info(struct abi *abi, uint32_t index, uint32_t argsz)
{
	union {
		struct vfio_region_info info;
		uint8_t bytes[ROOM];
	} u = { .info = { .argsz = argsz, .index = index } };
	long ret = ioctl(abi->fd, VFIO_DEVICE_GET_REGION_INFO, &u.info);
	char name[48];

	snprintf(name, sizeof(name), "region-info.%u.%u", index, argsz);
	if (ret) {
		say(name, "%s", result(ret));
		return;
	}
	say(name, "argsz %u flags %#x cap %u size %llu offset %#llx", u.info.argsz, u.info.flags,
	    u.info.cap_offset, (unsigned long long)u.info.size, (unsigned long long)u.info.offset);
	strcat(name, ".cap");
	capability(name, &u.info);
}

static void irq_info(struct abi *abi, uint32_t index, uint32_t argsz)
{
	struct vfio_irq_info info = { .argsz = argsz, .index = index };
	long ret = ioctl(abi->fd, VFIO_DEVICE_GET_IRQ_INFO, &info);
	char name[32];

	snprintf(name, sizeof(name), "irq-info.%u.%u", index, argsz);
	if (ret)
		say(name, "%s", result(ret));
	else
		say(name, "argsz %u flags %#x count %u", info.argsz, info.flags, info.count);
}

static void bad_pointers(struct abi *abi)
{
	say("info.null", "%s", result(ioctl(abi->fd, VFIO_DEVICE_GET_INFO, NULL)));
	say("region-info.null", "%s", result(ioctl(abi->fd, VFIO_DEVICE_GET_REGION_INFO, NULL)));
	say("irq-info.null", "%s", result(ioctl(abi->fd, VFIO_DEVICE_GET_IRQ_INFO, NULL)));
	say("set-irqs.null", "%s", result(ioctl(abi->fd, VFIO_DEVICE_SET_IRQS, NULL)));
	say("feature.null", "%s", result(ioctl(abi->fd, VFIO_DEVICE_FEATURE, NULL)));
}

static void feature(struct abi *abi, const char *name, uint32_t flags)
{
	struct vfio_device_feature feature = { .argsz = sizeof(feature), .flags = flags };

	say(name, "%s", result(ioctl(abi->fd, VFIO_DEVICE_FEATURE, &feature)));
}

static void unknown_calls(struct abi *abi)
{
	say("ioctl.unknown", "%s", result(ioctl(abi->fd, _IO(VFIO_TYPE, VFIO_BASE + 99))));
	say("ioctl.pci-hot-reset", "%s",
	    result(ioctl(abi->fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, NULL)));
	feature(abi, "feature.probe-unknown", VFIO_DEVICE_FEATURE_PROBE | 0xfff0);
	feature(abi, "feature.get-unknown", VFIO_DEVICE_FEATURE_GET | 0xfff0);
	feature(abi, "feature.probe-migration",
		VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_MIGRATION);
	feature(abi, "feature.probe-ring",
		VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_CCW_RING);
	say("mmap", "%s",
	    mmap(NULL, T_PAGE, PROT_READ, MAP_SHARED, abi->fd, 0) == MAP_FAILED ? result(-1) : "0");
}

void abi_info(struct abi *abi)
{
	static const uint32_t info_sizes[] = { 0, 15, 16, 20, 24, 64 };
	static const uint32_t region_sizes[] = { 0, 24, 31, 32, 40, 47, 48, ROOM };
	uint32_t index, i;

	for (i = 0; i < sizeof(info_sizes) / sizeof(*info_sizes); i++)
		device_info(abi, info_sizes[i]);
	for (index = 0; index <= 4; index++) {
		for (i = 0; i < sizeof(region_sizes) / sizeof(*region_sizes); i++)
			region_info(abi, index, region_sizes[i]);
	}
	region_info(abi, UINT32_MAX, ROOM);
	for (index = 0; index <= 3; index++) {
		irq_info(abi, index, 15);
		irq_info(abi, index, 16);
		irq_info(abi, index, 64);
	}
	bad_pointers(abi);
	unknown_calls(abi);
}
