// SPDX-License-Identifier: MIT
/*
 * vfio.c - contexts: a VFIO container and its mapped memory
 *
 * A container has no IOMMU before its first group, and loses it, with all
 * mappings, when its last group goes: both ends are handled here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

int ccwring_vfio_new(const struct ccwring_vfio_opts *user_opts, struct ccwring_vfio **out)
{
	struct ccwring_vfio_opts opts;
	struct ccwring_vfio *vfio;
	int err;

	err = opts_copy(&opts, sizeof(opts), user_opts);
	if (err)
		return err;
	vfio = calloc(1, sizeof(*vfio));
	if (!vfio)
		return -ENOMEM;
	vfio->container = -1;
	vfio->log = opts.log;
	vfio->log_arg = opts.log_arg;
	vfio->log_level = opts.log_level;
	vfio->sysfs = strdup(opts.sysfs ? opts.sysfs : "/sys");
	err = vfio->sysfs ? dma_area_init(&vfio->dma, opts.dma_bytes, opts.dma_iova) : -ENOMEM;
	if (err) {
		free(vfio->sysfs);
		free(vfio);
		return err;
	}
	pthread_mutex_init(&vfio->lock, NULL);
	*out = vfio;
	return 0;
}

int ccwring_vfio_free(struct ccwring_vfio *vfio)
{
	if (!vfio)
		return 0;
	if (vfio->n_devices)
		return -EBUSY;
	if (vfio->container >= 0)
		close(vfio->container);
	dma_area_fini(&vfio->dma);
	pthread_mutex_destroy(&vfio->lock);
	free(vfio->sysfs);
	free(vfio);
	return 0;
}

static int fail(const struct ccwring_vfio *vfio, const char *what)
{
	int err = -errno;

	vlog(vfio, CCWRING_LOG_ERROR, "%s: %s", what, strerror(-err));
	return err;
}

static int open_container(struct ccwring_vfio *vfio)
{
	if (vfio->container >= 0)
		return 0;
	vfio->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (vfio->container < 0)
		return fail(vfio, "/dev/vfio/vfio");
	return 0;
}

/* Version 2 of the type-1 IOMMU: pinning needs it. */
static int map_memory(struct ccwring_vfio *vfio)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)vfio->dma.base,
		.iova = vfio->dma.iova,
		.size = vfio->dma.bytes,
	};

	if (ioctl(vfio->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0)
		return fail(vfio, "VFIO_SET_IOMMU");
	if (ioctl(vfio->container, VFIO_IOMMU_MAP_DMA, &map) < 0)
		return fail(vfio, "VFIO_IOMMU_MAP_DMA");
	vlog(vfio, CCWRING_LOG_INFO, "mapped %zu KiB at IOVA 0x%llx", vfio->dma.bytes >> 10,
	     (unsigned long long)vfio->dma.iova);
	return 0;
}

static int open_group(struct ccwring_vfio *vfio, int group, int *group_fd)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/vfio/%d", group);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return fail(vfio, path);
	if (ioctl(fd, VFIO_GROUP_GET_STATUS, &status) < 0 ||
	    ioctl(fd, VFIO_GROUP_SET_CONTAINER, &vfio->container) < 0) {
		int err = fail(vfio, path);

		close(fd);
		return err;
	}
	*group_fd = fd;
	return 0;
}

int vfio_attach_group(struct ccwring_vfio *vfio, int group, int *group_fd)
{
	int err;

	pthread_mutex_lock(&vfio->lock);
	err = open_container(vfio);
	if (!err)
		err = open_group(vfio, group, group_fd);
	if (!err && !vfio->n_devices) {
		err = map_memory(vfio);
		if (err)
			close(*group_fd);
	}
	if (!err)
		vfio->n_devices++;
	pthread_mutex_unlock(&vfio->lock);
	return err;
}

void vfio_detach_group(struct ccwring_vfio *vfio, int group_fd)
{
	pthread_mutex_lock(&vfio->lock);
	close(group_fd);
	vfio->n_devices--;
	pthread_mutex_unlock(&vfio->lock);
}
