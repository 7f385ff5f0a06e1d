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

static int map(struct ccwring_vfio *vfio, void *mem, ccwring_iova_t iova, size_t bytes)
{
	struct iommufd_ioas_map arg = {
		.size = sizeof(arg),
		.flags = IOMMUFD_MAP_FIXED_IOVA | IOMMUFD_MAP_READABLE | IOMMUFD_MAP_WRITEABLE,
		.ioas_id = vfio->ioas,
		.user_va = (uintptr_t)mem,
		.length = bytes,
		.iova = iova,
	};

	return ioctl(vfio->iommufd, IOMMUFD_IOAS_MAP, &arg) < 0 ? -errno : 0;
}

static int unmap(struct ccwring_vfio *vfio, ccwring_iova_t iova, size_t bytes)
{
	struct iommufd_ioas_unmap arg = {
		.size = sizeof(arg),
		.ioas_id = vfio->ioas,
		.iova = iova,
		.length = bytes,
	};

	return ioctl(vfio->iommufd, IOMMUFD_IOAS_UNMAP, &arg) < 0 ? -errno : 0;
}

static const struct dma_mapper mapper = { .map = map, .unmap = unmap };

static int map_memory(struct ccwring_vfio *vfio)
{
	struct iommufd_ioas_alloc alloc = { .size = sizeof(alloc) };

	if (ioctl(vfio->iommufd, IOMMUFD_IOAS_ALLOC, &alloc) < 0)
		return vfio_fail(vfio, "IOMMU_IOAS_ALLOC");
	vfio->ioas = alloc.out_ioas_id;
	errno = -dma_attach(vfio, &mapper);
	return errno ? vfio_fail(vfio, "IOMMU_IOAS_MAP") : 0;
}

static void close_iommufd(struct ccwring_vfio *vfio)
{
	fork_lock();
	close(vfio->iommufd);
	vfio->iommufd = -1;
	fork_unlock();
}

static int open_iommufd(struct ccwring_vfio *vfio)
{
	int err;

	if (vfio->iommufd >= 0)
		return 0;
	vfio->iommufd = open(IOMMU, O_RDWR | O_CLOEXEC);
	if (vfio->iommufd < 0)
		return vfio_fail(vfio, IOMMU);
	err = map_memory(vfio);
	if (err)
		close_iommufd(vfio);
	return err;
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
