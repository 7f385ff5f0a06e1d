// SPDX-License-Identifier: MIT
/*
 * vfio_cdev.c - devices by their character device, memory in an IOAS of iommufd
 *
 * An IOAS stays with its mappings when no device is attached to it: it is made
 * for the first device and goes with the context.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"
#include "iommufd_abi.h"

#define IOMMU "/dev/iommu"

static int map_memory(struct ccwring_vfio *vfio, int iommufd, uint32_t *ioas)
{
	struct iommufd_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct iommufd_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMUFD_MAP_FIXED_IOVA | IOMMUFD_MAP_READABLE | IOMMUFD_MAP_WRITEABLE,
		.user_va = (uintptr_t)vfio->dma.base,
		.length = vfio->dma.bytes,
		.iova = vfio->dma.iova,
	};

	if (ioctl(iommufd, IOMMUFD_IOAS_ALLOC, &alloc) < 0)
		return vfio_fail(vfio, "IOMMU_IOAS_ALLOC");
	map.ioas_id = alloc.out_ioas_id;
	if (ioctl(iommufd, IOMMUFD_IOAS_MAP, &map) < 0)
		return vfio_fail(vfio, "IOMMU_IOAS_MAP");
	*ioas = alloc.out_ioas_id;
	return 0;
}

static int open_iommufd(struct ccwring_vfio *vfio)
{
	int fd, err;

	if (vfio->iommufd >= 0)
		return 0;
	fd = open(IOMMU, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return vfio_fail(vfio, IOMMU);
	err = map_memory(vfio, fd, &vfio->ioas);
	if (err) {
		close(fd);
		return err;
	}
	vfio->iommufd = fd;
	vfio_mapped(vfio);
	return 0;
}

static int open_device(struct ccwring_vfio *vfio, const char *name)
{
	char path[64] = "/dev/vfio/devices/(no character device)";
	int fd = -1;

	errno = ENOENT;
	if (name[0]) {
		snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	return fd < 0 ? vfio_fail(vfio, path) : fd;
}

/* Closing the device undoes both. */
static int bind_and_attach(struct ccwring_vfio *vfio, int device)
{
	struct vfio_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = vfio->iommufd };
	struct vfio_attach_iommufd_pt attach = { .argsz = sizeof(attach), .pt_id = vfio->ioas };

	if (ioctl(device, VFIO_BIND_IOMMUFD, &bind) < 0) {
		/* The kernel says that of a device somebody else has bound. */
		if (errno == EINVAL)
			errno = EBUSY;
		return vfio_fail(vfio, "VFIO_DEVICE_BIND_IOMMUFD");
	}
	if (ioctl(device, VFIO_ATTACH_IOMMUFD_PT, &attach) < 0)
		return vfio_fail(vfio, "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
	return 0;
}

int vfio_cdev_open(struct ccwring_vfio *vfio, const struct ccwring_subchannel *sch,
		   struct vfio_files *files)
{
	int device = open_device(vfio, sch->cdev), err;

	if (device < 0)
		return device;
	err = open_iommufd(vfio);
	if (!err)
		err = bind_and_attach(vfio, device);
	if (err) {
		close(device);
		return err;
	}
	files->device = device;
	return 0;
}
