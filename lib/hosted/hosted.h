/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hosted.h - the driver's core in a process, over subchannels made of software
 *
 * A client has memory mapped at IOVAs, as in a container of VFIO, and devices open: each
 * is a subchannel with a device behind it, and the driver's core between the two.
 */
#ifndef CCWRING_HOSTED_H
#define CCWRING_HOSTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/vfio_ccw_ring.h>

struct hosted;
struct hosted_client;

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

int hosted_client_new(struct hosted_client **out);
/* Its devices are closed, the rings' files may be open. */
void hosted_client_free(struct hosted_client *client);
/* Client memory at an IOVA, whole pages; 0 or -errno. */
int hosted_map(struct hosted_client *client, void *memory, uint64_t iova, size_t bytes);
/* All of what one call has mapped; requests that use it are ended. */
int hosted_unmap(struct hosted_client *client, uint64_t iova, size_t bytes);
/* Pages of it that are pinned, each as often as it is. */
long hosted_pinned(struct hosted_client *client);
/*
 * Memory that consists of frames, or of one huge page, so that what hosted_discard() takes
 * away is another page from then on; it is gone with its mapping.
 */
int hosted_map_frames(struct hosted_client *client, uint64_t iova, size_t bytes, bool huge,
		      void **memory);
/* As madvise(MADV_DONTNEED) of its owner: another page, of zeros, comes to its place. */
void hosted_discard(struct hosted_client *client, uint64_t iova);
/* It is a page of a file, which nobody maps just now. */
void hosted_page_out(struct hosted_client *client, uint64_t iova);
/* RLIMIT_MEMLOCK of the client, in pages, 0 for none; how often it was met. */
void hosted_limit(struct hosted_client *client, unsigned long pages);
unsigned long hosted_refused(struct hosted_client *client);
/*
 * The client keeps VFIO waiting, as with memory whose page faults it deals with itself:
 * nothing of it is pinned or unpinned before it has enough.  By one thread.
 */
void hosted_stall(struct hosted_client *client, bool stall);
/* Pins that have not been used since the last call go: whether there may be more. */
bool hosted_age(struct hosted *hosted);

/**
 * hosted_new() - a subchannel and its device, open
 * @client: by whom
 * @ops: the device
 * @device: its data
 * @out: receives it
 *
 * Return: 0 or -errno; @device is not freed on failure.
 */
int hosted_new(struct hosted_client *client, const struct hosted_ops *ops, void *device,
	       struct hosted **out);
/* Closes the device; its ring goes with its own file. */
void hosted_free(struct hosted *hosted);

/* VFIO_DEVICE_FEATURE, whose flags have the index in them, and VFIO_DEVICE_RESET; 0 or -errno. */
int hosted_feature(struct hosted *hosted, uint32_t flags, void *argument, size_t size);
int hosted_reset(struct hosted *hosted);

/* The device goes for good. */
void hosted_gone(struct hosted *hosted);

/* The ring's file: ioctl(), mmap(), poll(), close(); results as system calls', -errno. */
long hosted_ioctl(int fd, unsigned int request, unsigned long argument);
int hosted_mmap(int fd, uint64_t offset, size_t bytes, bool writable, void **memory);
unsigned int hosted_poll(int fd);
/* A file of the system's that is signalled as an eventfd when there are CQEs; or -errno. */
int hosted_poll_fd(int fd);
void hosted_close(int fd);

/* How hosted_carry_out() does it. */
#define HOSTED_AS_REGION      (1U << 0) /* what the channel rejects is left to the channel */
#define HOSTED_ONLY_TRANSLATE (1U << 1) /* there is no IRB */

/**
 * hosted_carry_out() - a program without queue, ring and threads
 * @hosted: the device, which has nothing to do
 * @orb: an ORB, VFIO_CCW_RING_ORB_SIZE bytes
 * @how: HOSTED_*
 * @cqe: receives what a CQE of it would say: res, reason, CCW and IRB
 *
 * Translates it and has the channel carry it out, in the caller's thread.
 */
void hosted_carry_out(struct hosted *hosted, const void *orb, unsigned int how,
		      struct vfio_ccw_ring_cqe *cqe);
/* Second word of the ORB that the subchannel's latest start had, as the driver made it. */
uint32_t hosted_orb_word(struct hosted *hosted);
/* The device presents status nobody asked for: DEV_STAT_*; it has nothing to do. */
void hosted_present(struct hosted *hosted, uint8_t dstat);
/* Unpins all pages that are pinned; the device has nothing to do. */
void hosted_unpin(struct hosted *hosted);
/* Gives back the memory of long programs that have ended. */
void hosted_tidy(struct hosted *hosted);

/*
 * Pages that the channel reads from, of all devices: in use now; and how many more there
 * are, -1 for any number.  There are never two side by side.
 */
long hosted_pages(void);
void hosted_pages_left(long pages);

/*
 * Before there is any device: all are carried out by who waits, or by hosted_go_on(),
 * and time is made up, so that a run can be repeated exactly.  A program of many commands
 * goes on for ever.  No ring may have a thread.
 */
void hosted_alone(void);
/* Does one thing a subchannel has to do: false if there is none. */
bool hosted_go_on(void);

/* How long a start takes at least, ns. */
void hosted_service_time(struct hosted *hosted, uint64_t ns);

/**
 * enum hosted_fault - what can go wrong with a start
 * @HOSTED_NO_FAULT: nothing
 * @HOSTED_STATUS_PENDING: SSCH finds an attention nobody has asked for: condition code 1
 * @HOSTED_BUSY: condition code 2
 * @HOSTED_NOT_OPERATIONAL: condition code 3
 * @HOSTED_UNIT_CHECK: the device's equipment fails at the first command
 * @HOSTED_CHANNEL_DATA: the program is carried out, with a channel-data check
 * @HOSTED_CHANNEL_CONTROL: a channel-control check, nothing is carried out
 * @HOSTED_INTERFACE_CONTROL: an interface-control check, nothing is carried out
 * @HOSTED_PATH_LOST: no path is operational when the start begins: deferred condition
 *	code 3
 * @HOSTED_LOST: the program is carried out, and no interruption says so
 * @HOSTED_DOUBLED: the device ends twice; what is started meanwhile meets deferred
 *	condition code 1
 * @HOSTED_STUCK: the start does not end, nor by HALT and CLEAR, before hosted_answer()
 */
enum hosted_fault {
	HOSTED_NO_FAULT,
	HOSTED_STATUS_PENDING,
	HOSTED_BUSY,
	HOSTED_NOT_OPERATIONAL,
	HOSTED_UNIT_CHECK,
	HOSTED_CHANNEL_DATA,
	HOSTED_CHANNEL_CONTROL,
	HOSTED_INTERFACE_CONTROL,
	HOSTED_PATH_LOST,
	HOSTED_LOST,
	HOSTED_DOUBLED,
	HOSTED_STUCK,
	HOSTED_N_FAULTS,
};

/**
 * struct hosted_faults - which starts go wrong
 * @kinds: bits of enum hosted_fault to choose from, 0 for none
 * @one_in: one start in so many, chosen at random; 1: each
 * @seed: of the choice
 */
struct hosted_faults {
	uint32_t kinds;
	uint32_t one_in;
	uint64_t seed;
};

void hosted_faults(struct hosted *hosted, const struct hosted_faults *faults);
/* The device presents an attention, unless it has something to do or to say. */
void hosted_attention(struct hosted *hosted);
/* Channel paths, by their bits in the path mask, are varied off, or on again. */
void hosted_vary(struct hosted *hosted, uint8_t paths, bool on);
/* Until the driver is through with what paths that are gone were used for. */
void hosted_settle(struct hosted *hosted);
/* Is it at a start that does not end? */
bool hosted_stuck(struct hosted *hosted);
/* Such a one carries out its program, but does not say so. */
void hosted_late(struct hosted *hosted);
/* It ends, by what has been asked for since. */
void hosted_answer(struct hosted *hosted);
/* Can it not be disabled? */
bool hosted_wedged(struct hosted *hosted);
/* How many pages it may use are kept though they are not pinned; by all devices. */
uint32_t hosted_kept(struct hosted *hosted);
long hosted_all_kept(void);
/* Closes the device and opens it again: 0 or -errno.  Without success it is closed. */
int hosted_reopen(struct hosted *hosted);
/* The system goes down: it does nothing any more. */
void hosted_shutdown(struct hosted *hosted);
/* The subchannel can be neither enabled nor disabled, as long as that is. */
void hosted_deny(struct hosted *hosted, bool deny);
/* The device is replaced by another, and the driver is told to look; or told without. */
void hosted_replace(struct hosted *hosted);
void hosted_event(struct hosted *hosted);
/* Time-outs of the driver's are so many times shorter. */
void hosted_hurry(unsigned int times);
/* Before a task of the core goes to sleep for a moment, in its thread, once. */
void hosted_before_sleep(void (*run)(void *arg), void *arg);
/* Name of a kind, and kind of a name; NULL and HOSTED_NO_FAULT if there is none. */
const char *hosted_fault_name(enum hosted_fault fault);
enum hosted_fault hosted_fault_named(const char *name, size_t n);

/* nop.c: NO-OPERATION, Sense, Sense ID, and data written and read back */
int hosted_nop_new(struct hosted_client *client, struct hosted **out);
/* eckd.c: a 3390; @path and @cylinders as of ckd_open() */
int hosted_3390_new(struct hosted_client *client, const char *path, uint32_t cylinders,
		    struct hosted **out);
/* open.c: the device a text describes; 0, or -errno and why in words */
int hosted_open(struct hosted_client *client, const char *what, struct hosted **out, char *why,
		size_t why_size);

#endif
