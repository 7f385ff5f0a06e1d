// SPDX-License-Identifier: MIT
/*
 * vfio_group.c - devices by their VFIO group, memory in a container
 *
 * A container has no IOMMU before its first group, and loses it, with all
 * mappings, when its last group goes: memory is mapped anew whenever a first
 * device comes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

#define CONTAINER "/dev/vfio/vfio"

static int open_container(struct ccwring_vfio *vfio)
{
	if (vfio->container >= 0)
		return 0;
	vfio->container = open(CONTAINER, O_RDWR | O_CLOEXEC);
	return vfio->container < 0 ? vfio_fail(vfio, CONTAINER) : 0;
}

static int open_group(struct ccwring_vfio *vfio, int number)
{
	char path[32] = "/dev/vfio/(no group)";
	int fd = -1;

	errno = ENOENT;
	if (number >= 0) {
		snprintf(path, sizeof(path), "/dev/vfio/%d", number);
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	return fd < 0 ? vfio_fail(vfio, path) : fd;
}

static int map(struct ccwring_vfio *vfio, void *mem, ccwring_iova_t iova, size_t bytes)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)mem,
		.iova = iova,
		.size = bytes,
	};

	return ioctl(vfio->container, VFIO_IOMMU_MAP_DMA, &arg) < 0 ? -errno : 0;
}

static int unmap(struct ccwring_vfio *vfio, ccwring_iova_t iova, size_t bytes)
{
	struct vfio_iommu_type1_dma_unmap arg = {
		.argsz = sizeof(arg),
		.iova = iova,
		.size = bytes,
	};

	return ioctl(vfio->container, VFIO_IOMMU_UNMAP_DMA, &arg) < 0 ? -errno : 0;
}

static const struct dma_mapper mapper = { .map = map, .unmap = unmap };

/* Version 2 of the type-1 IOMMU: pinning needs it. */
static int map_memory(struct ccwring_vfio *vfio)
{
	if (ioctl(vfio->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0)
		return vfio_fail(vfio, "VFIO_SET_IOMMU");
	errno = -dma_attach(vfio, &mapper);
	return errno ? vfio_fail(vfio, "VFIO_IOMMU_MAP_DMA") : 0;
}

static int get_device(struct ccwring_vfio *vfio, int group, const char *uuid)
{
	int fd, err;

	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &vfio->container) < 0)
		return vfio_fail(vfio, "VFIO_GROUP_SET_CONTAINER");
	if (!vfio->n_devices) {
		err = map_memory(vfio);
		if (err)
			return err;
	}
	fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	return fd < 0 ? vfio_fail(vfio, uuid) : fd;
}

int vfio_group_open(struct ccwring_vfio *vfio, const struct ccwring_subchannel *sch,
		    struct vfio_files *files)
{
	int err = open_container(vfio), group, device;

	if (err)
		return err;
	group = open_group(vfio, sch->group);
	if (group < 0)
		return group;
	device = get_device(vfio, group, sch->uuid);
	if (device < 0) {
		if (!vfio->n_devices)
			dma_detach(vfio);
		close(group);
		return device;
	}
	files->group = group;
	files->device = device;
	return 0;
}
