/* SPDX-License-Identifier: MIT */
/*
 * iommufd_abi.h - what this project uses of linux/iommufd.h, and the calls of
 * linux/vfio.h that belong to it
 *
 * Under names of our own, so that it builds with headers older than Linux 6.6 as
 * well as with newer ones.  Every argument begins with its size.
 */
#ifndef CCWRING_IOMMUFD_ABI_H
#define CCWRING_IOMMUFD_ABI_H

#include <linux/ioctl.h>
#include <linux/vfio.h>
#include <stdint.h>

struct iommufd_destroy {
	uint32_t size;
	uint32_t id;
};

struct iommufd_ioas_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t out_ioas_id;
};

#define IOMMUFD_MAP_FIXED_IOVA 1U
#define IOMMUFD_MAP_WRITEABLE  2U
#define IOMMUFD_MAP_READABLE   4U

struct iommufd_ioas_map {
	uint32_t size;
	uint32_t flags;
	uint32_t ioas_id;
	uint32_t reserved;
	uint64_t user_va;
	uint64_t length;
	uint64_t iova;
};

struct iommufd_ioas_unmap {
	uint32_t size;
	uint32_t ioas_id;
	uint64_t iova;
	uint64_t length;
};

#define IOMMUFD_CALL(number) _IO(';', number)
#define IOMMUFD_DESTROY	     IOMMUFD_CALL(0x80)
#define IOMMUFD_IOAS_ALLOC   IOMMUFD_CALL(0x81)
#define IOMMUFD_IOAS_MAP     IOMMUFD_CALL(0x85)
#define IOMMUFD_IOAS_UNMAP   IOMMUFD_CALL(0x86)

struct vfio_bind_iommufd {
	uint32_t argsz;
	uint32_t flags;
	int32_t iommufd;
	uint32_t out_devid;
};

struct vfio_attach_iommufd_pt {
	uint32_t argsz;
	uint32_t flags;
	uint32_t pt_id;
};

struct vfio_detach_iommufd_pt {
	uint32_t argsz;
	uint32_t flags;
};

#define VFIO_BIND_IOMMUFD      _IO(VFIO_TYPE, VFIO_BASE + 18)
#define VFIO_ATTACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 19)
#define VFIO_DETACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 20)

#endif
