/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hosted.h - the driver's core in a process, over subchannels made of software
 *
 * A hosted device is what a client of VFIO has open: a subchannel with a device behind
 * it, memory mapped at IOVAs, and the driver's core between the two.
 */
#ifndef CCWRING_HOSTED_H
#define CCWRING_HOSTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hosted;

/**
 * struct hosted_command - one command a device is given
 * @code: command code
 * @data: for a command that writes: its data; for others where data go
 * @size: bytes of @data: how much there is, or room
 * @done: receives how many the device has taken, or has
 * @sense: 32 bytes of sense data, for unit check
 */
struct hosted_command {
	uint8_t code;
	uint8_t *data;
	uint32_t size;
	uint32_t done;
	uint8_t *sense;
};

/**
 * struct hosted_ops - a device
 * @begin: a channel program begins
 * @carry_out: a command; device status, DEV_STAT_*
 * @free: it is not needed any more
 *
 * Called by the channel's thread, one call at a time.
 */
struct hosted_ops {
	void (*begin)(void *device);
	uint8_t (*carry_out)(void *device, struct hosted_command *command);
	void (*free)(void *device);
};

/**
 * hosted_new() - a subchannel, its device and an open client
 * @ops: the device
 * @device: its data
 * @out: receives it
 *
 * Return: 0 or -errno; @device is not freed on failure.
 */
int hosted_new(const struct hosted_ops *ops, void *device, struct hosted **out);
/* Closes the device; its ring goes with its own file. */
void hosted_free(struct hosted *hosted);

/* Client memory at an IOVA, whole pages; 0 or -errno. */
int hosted_map(struct hosted *hosted, void *memory, uint64_t iova, size_t bytes);
/* All of what one call has mapped; requests that use it are ended. */
int hosted_unmap(struct hosted *hosted, uint64_t iova, size_t bytes);
/* Pages of it that are pinned. */
long hosted_pinned(const struct hosted *hosted);
/* As madvise(MADV_DONTNEED) of its owner. */
void hosted_discard(struct hosted *hosted, uint64_t iova);

/* VFIO_DEVICE_FEATURE_CCW_RING and VFIO_DEVICE_RESET; 0 or -errno. */
int hosted_ring(struct hosted *hosted, uint32_t flags, void *argument, size_t size);
int hosted_reset(struct hosted *hosted);

/* The ring's file: ioctl(), mmap(), poll(), close(); results as system calls', -errno. */
long hosted_ioctl(int fd, unsigned int request, unsigned long argument);
int hosted_mmap(int fd, uint64_t offset, size_t bytes, bool writable, void **memory);
unsigned int hosted_poll(int fd);
void hosted_close(int fd);

/**
 * hosted_carry_out() - a program without queue, ring and threads
 * @hosted: the device, which has nothing to do
 * @orb: twelve bytes of an ORB
 * @irb: receives the IRB, 64 bytes
 * @reason: receives why it is refused, enum vfio_ccw_ring_reason
 *
 * Translates it and has the channel carry it out, in the caller's thread.
 *
 * Return: 0 or -errno.
 */
int hosted_carry_out(struct hosted *hosted, const void *orb, uint8_t *irb, uint16_t *reason);

/* How long a start takes at least, ns. */
void hosted_service_time(struct hosted *hosted, uint64_t ns);

/* nop.c: NO-OPERATION, Sense, Sense ID, and data written and read back */
int hosted_nop_new(struct hosted **out);

#endif
