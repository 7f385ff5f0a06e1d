/* SPDX-License-Identifier: MIT */
/*
 * hosted_abi.h - what libccwring-hosted.so offers to libccwring
 *
 * The driver's core in a process, as system calls would have it.  It is a library of its
 * own, and loaded when a device of it is opened, because it is made of the driver's
 * files and under their licence.
 */
#ifndef CCWRING_HOSTED_ABI_H
#define CCWRING_HOSTED_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Changes with the structure; the two libraries are of one build. */
#define HOSTED_ABI     2
#define HOSTED_LIBRARY "libccwring-hosted.so.0"
#define HOSTED_SYMBOL  "ccwring_hosted_driver"

struct hosted;
struct hosted_client;

/**
 * struct hosted_driver - the driver, and the kernel around it
 * @abi: HOSTED_ABI
 * @client_new: a container: memory that devices share; 0 or -errno
 * @client_free: its devices are closed
 * @map: maps memory, whole pages; 0 or -errno
 * @unmap: all of what one call has mapped
 * @open: opens the device a text describes, docs/library.md; 0, or -errno and why in words
 * @close: closes it; its ring goes with its own file
 * @reset: VFIO_DEVICE_RESET
 * @feature: VFIO_DEVICE_FEATURE: flags, with the index in them, and argument
 * @file_ioctl: ioctl() on a ring's file; its result, or -errno
 * @file_mmap: mmap() of one; it is unmapped when the file is closed
 * @file_poll: a file of the system's to poll() for one, or -errno: an eventfd, which is
 *	signalled when there are CQEs
 * @file_close: close() of one
 */
struct hosted_driver {
	unsigned int abi;
	int (*client_new)(struct hosted_client **client);
	void (*client_free)(struct hosted_client *client);
	int (*map)(struct hosted_client *client, void *memory, uint64_t iova, size_t bytes);
	int (*unmap)(struct hosted_client *client, uint64_t iova, size_t bytes);
	int (*open)(struct hosted_client *client, const char *what, struct hosted **out, char *why,
		    size_t why_size);
	void (*close)(struct hosted *device);
	int (*reset)(struct hosted *device);
	int (*feature)(struct hosted *device, uint32_t flags, void *argument, size_t size);
	long (*file_ioctl)(int fd, unsigned int request, unsigned long argument);
	int (*file_mmap)(int fd, uint64_t offset, size_t bytes, bool writable, void **memory);
	int (*file_poll)(int fd);
	void (*file_close)(int fd);
};

#endif
