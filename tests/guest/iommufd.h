/* SPDX-License-Identifier: MIT */
/* A device by its character device, its memory by iommufd: no group, no container. */
#ifndef CCWRING_TESTS_IOMMUFD_H
#define CCWRING_TESTS_IOMMUFD_H

#include <stddef.h>
#include <stdint.h>

/* A new file, or the end of the program. */
int t_iommufd_open(void);
int t_cdev_open(const char *uuid);
void t_cdev_path(const char *uuid, char *path, size_t size);

/* The others return 0, or -errno. */
int t_iommufd_destroy(int iommufd, uint32_t id);
int t_ioas_alloc(int iommufd, uint32_t *ioas);
/* @flags as VFIO_DMA_MAP_FLAG_READ and _WRITE. */
int t_ioas_map(int iommufd, uint32_t ioas, void *memory, size_t size, uint64_t iova,
	       uint32_t flags);
int t_ioas_unmap(int iommufd, uint32_t ioas, uint64_t iova, size_t size);

int t_cdev_bind(int device, int iommufd);
int t_cdev_attach(int device, uint32_t ioas);
int t_cdev_detach(int device);

#endif
