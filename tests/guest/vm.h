/* SPDX-License-Identifier: MIT */
/*
 * What a virtual machine monitor would own: a VFIO container, memory mapped
 * into it, and every subchannel that has a mediated device.  With T_VFIO=cdev in
 * the environment it is an IOAS of iommufd instead of a container.
 */
#ifndef CCWRING_TESTS_VM_H
#define CCWRING_TESTS_VM_H

#include <stddef.h>
#include <stdint.h>

/* IOVAs: nothing below the memory, nothing between and behind the two areas. */
#define T_IOVA	      0x00100000UL
#define T_SIZE	      0x00800000UL
#define T_RO_IOVA     0x10000000UL
#define T_RO_SIZE     0x00010000UL
#define T_NOWHERE     0x20000000UL

#define T_PAGE	      4096UL
#define T_MAX_DEVICES 64

/**
 * struct t_device - a subchannel handed out by vfio-ccw
 * @fd: VFIO device
 * @group: VFIO group, -1 with iommufd
 * @uuid: name of its mediated device
 */
struct t_device {
	int fd;
	int group;
	char uuid[40];
};

/**
 * struct t_vm - the container, or the IOAS
 * @container: file descriptor of the container, -1 if there is none
 * @iommufd: file descriptor of iommufd, -1 if there is a container
 * @ioas: the IOAS
 * @memory: T_SIZE bytes at T_IOVA, which devices may read and write
 * @read_only: T_RO_SIZE bytes at T_RO_IOVA, which devices may only read
 * @devices: in the order of their names
 * @nr_devices: how many there are, at least 1
 */
struct t_vm {
	int container;
	int iommufd;
	uint32_t ioas;
	uint8_t *memory;
	uint8_t *read_only;
	struct t_device devices[T_MAX_DEVICES];
	int nr_devices;
};

/* Each ends the program when it cannot do its work. */
void t_vm_open(struct t_vm *vm);
/* Only so many devices, from one on, in a container. */
void t_vm_open_some(struct t_vm *vm, int first, int n);
void t_vm_open_cdev(struct t_vm *vm);
void t_vm_close(struct t_vm *vm);
void t_device_open(struct t_vm *vm, struct t_device *device);
void t_device_close(struct t_device *device);
void t_group_path(const char *uuid, char *path, size_t size);
/* A counter of the device's pin cache. */
long long t_pins(const struct t_device *device, const char *counter);

int t_map(struct t_vm *vm, void *memory, size_t size, uint64_t iova, uint32_t flags);
int t_unmap(struct t_vm *vm, uint64_t iova, size_t size);

void *t_at(struct t_vm *vm, uint64_t iova);

#endif
