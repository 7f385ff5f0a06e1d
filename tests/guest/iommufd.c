// SPDX-License-Identifier: MIT
#include "iommufd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "iommufd_abi.h"
#include "tap.h"

static int call(int fd, unsigned long request, void *argument)
{
	return ioctl(fd, request, argument) ? -errno : 0;
}

int t_iommufd_open(void)
{
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	T_NEED(fd >= 0, "/dev/iommu opens");
	return fd;
}

/* The name of a device's character device is that of a directory below it. */
void t_cdev_path(const char *uuid, char *path, size_t size)
{
	char directory[128];
	struct dirent *entry;
	DIR *dir;

	snprintf(directory, sizeof(directory), "/sys/bus/mdev/devices/%s/vfio-dev", uuid);
	dir = opendir(directory);
	T_NEED(dir, "%s opens", directory);
	do
		entry = readdir(dir);
	while (entry && strncmp(entry->d_name, "vfio", 4));
	T_NEED(entry, "%s has a character device", uuid);
	snprintf(path, size, "/dev/vfio/devices/%.32s", entry->d_name);
	closedir(dir);
}

int t_cdev_open(const char *uuid)
{
	char path[64];
	int fd;

	t_cdev_path(uuid, path, sizeof(path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	T_NEED(fd >= 0, "%s opens", path);
	return fd;
}

int t_iommufd_destroy(int iommufd, uint32_t id)
{
	struct iommufd_destroy destroy = { .size = sizeof(destroy), .id = id };

	return call(iommufd, IOMMUFD_DESTROY, &destroy);
}

int t_ioas_alloc(int iommufd, uint32_t *ioas)
{
	struct iommufd_ioas_alloc alloc = { .size = sizeof(alloc) };
	int ret = call(iommufd, IOMMUFD_IOAS_ALLOC, &alloc);

	*ioas = alloc.out_ioas_id;
	return ret;
}

int t_ioas_map(int iommufd, uint32_t ioas, void *memory, size_t size, uint64_t iova, uint32_t flags)
{
	struct iommufd_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMUFD_MAP_FIXED_IOVA,
		.ioas_id = ioas,
		.user_va = (uintptr_t)memory,
		.length = size,
		.iova = iova,
	};

	if (flags & VFIO_DMA_MAP_FLAG_READ)
		map.flags |= IOMMUFD_MAP_READABLE;
	if (flags & VFIO_DMA_MAP_FLAG_WRITE)
		map.flags |= IOMMUFD_MAP_WRITEABLE;
	return call(iommufd, IOMMUFD_IOAS_MAP, &map);
}

int t_ioas_unmap(int iommufd, uint32_t ioas, uint64_t iova, size_t size)
{
	struct iommufd_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = ioas,
		.iova = iova,
		.length = size,
	};

	return call(iommufd, IOMMUFD_IOAS_UNMAP, &unmap);
}

int t_cdev_bind(int device, int iommufd)
{
	struct vfio_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = iommufd };

	return call(device, VFIO_BIND_IOMMUFD, &bind);
}

int t_cdev_attach(int device, uint32_t ioas)
{
	struct vfio_attach_iommufd_pt attach = { .argsz = sizeof(attach), .pt_id = ioas };

	return call(device, VFIO_ATTACH_IOMMUFD_PT, &attach);
}

int t_cdev_detach(int device)
{
	struct vfio_detach_iommufd_pt detach = { .argsz = sizeof(detach) };

	return call(device, VFIO_DETACH_IOMMUFD_PT, &detach);
}
