/* SPDX-License-Identifier: MIT */
/*
 * kernel.h - VFIO and iommufd, played by a test
 *
 * open() and ioctl() of the program are those of kernel.c.  They note what they
 * are asked for, one word a call, and fail where they are told to.
 */
#ifndef CCWRING_UNIT_KERNEL_H
#define CCWRING_UNIT_KERNEL_H

#include <stdint.h>

#include <linux/vfio_ccw_ring.h>

/* What has been asked for since the last time. */
const char *kernel_calls(void);
/* From now on the call of that name fails; an error of 0 ends that. */
void kernel_fail(const char *call, int error);
/* Address of the memory that devices find there, 0 for none. */
uint64_t kernel_mapped(uint64_t iova);
/* The driver has rings, and says so and no more; NULL: it has none. */
void kernel_rings(const struct vfio_ccw_ring_info *info);
/* Files open in this process. */
int kernel_files(void);

#endif
