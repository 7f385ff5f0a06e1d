// SPDX-License-Identifier: MIT
#include "vm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iommufd.h"
#include "tap.h"

#define MDEVS "/sys/bus/mdev/devices"

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void find_devices(struct t_vm *vm)
{
	struct dirent **names;
	int i, n;

	n = scandir(MDEVS, &names, not_hidden, alphasort);
	T_NEED(n > 0 && n <= T_MAX_DEVICES, "%d mediated devices in " MDEVS, n);
	for (i = 0; i < n; i++) {
		snprintf(vm->devices[i].uuid, sizeof(vm->devices[i].uuid), "%.36s",
			 names[i]->d_name);
		free(names[i]);
	}
	free(names);
	vm->nr_devices = n;
}

static void keep_devices(struct t_vm *vm, int first, int n)
{
	T_NEED(first + n <= vm->nr_devices, "there are %d devices", first + n);
	memmove(vm->devices, vm->devices + first, n * sizeof(vm->devices[0]));
	vm->nr_devices = n;
}

void t_group_path(const char *uuid, char *path, size_t size)
{
	char link[128], target[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), MDEVS "/%s/iommu_group", uuid);
	n = readlink(link, target, sizeof(target) - 1);
	T_NEED(n > 0, "%s has no group", uuid);
	target[n] = 0;
	snprintf(path, size, "/dev/vfio/%.32s", strrchr(target, '/') + 1);
}

static void join_group(struct t_vm *vm, struct t_device *device)
{
	char path[64];

	t_group_path(device->uuid, path, sizeof(path));
	device->group = open(path, O_RDWR | O_CLOEXEC);
	T_NEED(device->group >= 0, "group of %s", device->uuid);
	T_NEED(!ioctl(device->group, VFIO_GROUP_SET_CONTAINER, &vm->container),
	       "group of %s joins the container", device->uuid);
}

static void open_cdev(struct t_vm *vm, struct t_device *device)
{
	device->fd = t_cdev_open(device->uuid);
	T_NEED(!t_cdev_bind(device->fd, vm->iommufd), "device %s is bound", device->uuid);
	T_NEED(!t_cdev_attach(device->fd, vm->ioas), "device %s is attached", device->uuid);
}

/* The container must have an IOMMU before it gives out a device. */
void t_device_open(struct t_vm *vm, struct t_device *device)
{
	if (vm->iommufd >= 0) {
		open_cdev(vm, device);
		return;
	}
	if (device->group < 0)
		join_group(vm, device);
	device->fd = ioctl(device->group, VFIO_GROUP_GET_DEVICE_FD, device->uuid);
	T_NEED(device->fd >= 0, "device %s opens", device->uuid);
}

void t_device_close(struct t_device *device)
{
	if (device->fd >= 0)
		close(device->fd);
	if (device->group >= 0)
		close(device->group);
	device->fd = -1;
	device->group = -1;
}

long long t_pins(const struct t_device *device, const char *counter)
{
	char path[PATH_MAX];
	long long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), MDEVS "/%s/pins/%s", device->uuid, counter);
	file = fopen(path, "r");
	T_NEED(file && fscanf(file, "%lld", &value) == 1, "%s is a number", path);
	fclose(file);
	return value;
}

int t_map(struct t_vm *vm, void *memory, size_t size, uint64_t iova, uint32_t flags)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = flags,
		.vaddr = (uintptr_t)memory,
		.iova = iova,
		.size = size,
	};

	if (vm->iommufd >= 0)
		return t_ioas_map(vm->iommufd, vm->ioas, memory, size, iova, flags);
	return ioctl(vm->container, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

int t_unmap(struct t_vm *vm, uint64_t iova, size_t size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = size,
	};

	if (vm->iommufd >= 0)
		return t_ioas_unmap(vm->iommufd, vm->ioas, iova, size);
	return ioctl(vm->container, VFIO_IOMMU_UNMAP_DMA, &unmap) ? -errno : 0;
}

static uint8_t *map_area(struct t_vm *vm, size_t size, uint64_t iova, uint32_t flags)
{
	uint8_t *memory;

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	T_NEED(memory != MAP_FAILED, "%zu bytes of memory", size);
	T_NEED(!t_map(vm, memory, size, iova, flags), "memory is mapped");
	return memory;
}

static void map_and_open(struct t_vm *vm)
{
	int i;

	vm->memory = map_area(vm, T_SIZE, T_IOVA, VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
	vm->read_only = map_area(vm, T_RO_SIZE, T_RO_IOVA, VFIO_DMA_MAP_FLAG_READ);
	for (i = 0; i < vm->nr_devices; i++)
		t_device_open(vm, &vm->devices[i]);
}

static void open_container(struct t_vm *vm)
{
	int i;

	vm->iommufd = -1;
	vm->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	T_NEED(vm->container >= 0, "the container opens");
	for (i = 0; i < vm->nr_devices; i++)
		join_group(vm, &vm->devices[i]);
	/* Pinning needs version 2 of the type-1 IOMMU. */
	T_NEED(!ioctl(vm->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU),
	       "the container gets an IOMMU");
}

void t_vm_open_cdev(struct t_vm *vm)
{
	int i;

	memset(vm, 0, sizeof(*vm));
	find_devices(vm);
	for (i = 0; i < vm->nr_devices; i++)
		vm->devices[i].group = -1;
	vm->container = -1;
	vm->iommufd = t_iommufd_open();
	T_NEED(!t_ioas_alloc(vm->iommufd, &vm->ioas), "an IOAS");
	map_and_open(vm);
}

void t_vm_open_some(struct t_vm *vm, int first, int n)
{
	memset(vm, 0, sizeof(*vm));
	find_devices(vm);
	keep_devices(vm, first, n);
	open_container(vm);
	map_and_open(vm);
}

void t_vm_open(struct t_vm *vm)
{
	const char *vfio = getenv("T_VFIO");

	if (vfio && !strcmp(vfio, "cdev")) {
		t_vm_open_cdev(vm);
		return;
	}
	memset(vm, 0, sizeof(*vm));
	find_devices(vm);
	open_container(vm);
	map_and_open(vm);
}

void t_vm_close(struct t_vm *vm)
{
	int i;

	for (i = 0; i < vm->nr_devices; i++)
		t_device_close(&vm->devices[i]);
	munmap(vm->memory, T_SIZE);
	munmap(vm->read_only, T_RO_SIZE);
	close(vm->iommufd >= 0 ? vm->iommufd : vm->container);
}

void *t_at(struct t_vm *vm, uint64_t iova)
{
	if (iova - T_RO_IOVA < T_RO_SIZE)
		return vm->read_only + (iova - T_RO_IOVA);
	T_NEED(iova - T_IOVA < T_SIZE, "IOVA %#lx is mapped", (unsigned long)iova);
	return vm->memory + (iova - T_IOVA);
}
