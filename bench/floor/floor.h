/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CCWRING_FLOOR_H
#define CCWRING_FLOOR_H

#include <linux/types.h>
#include <asm/cio.h>

#include "css.h"
#include "orb.h"

/*
 * More I/Os than this in one run would keep interrupts disabled, or one CPU
 * spinning, for longer than the kernel's watchdogs put up with.
 */
#define FLOOR_MAX_COUNT		100000U

/**
 * struct floor_result - what one run found
 * @count: I/Os that ended
 * @errors: I/Os that did not end with exactly channel end and device end
 * @ns: time of the run
 */
struct floor_result {
	u32 count;
	u32 errors;
	u64 ns;
};

/**
 * struct floor_read - a 4 KiB read from a random place of a 3390
 * @ccws: Define Extent, Locate Record, Read Multi-Track
 * @extent: parameters of the first
 * @locate: parameters of the second
 * @cylinders: of the disk that are used, 0 to do NO-OPERATIONs instead
 * @random: state of the random sequence
 * @data: a page below 2 GiB
 */
struct floor_read {
	struct ccw1 ccws[3] __aligned(8);
	u8 extent[16];
	u8 locate[16];
	u32 cylinders;
	u64 random;
	void *data;
};

/**
 * struct floor - a subchannel under measurement
 * @ccw: the whole channel program, a NO-OPERATION
 * @read: or this one
 * @orb: the request, ready to be started any number of times
 * @sch: the subchannel
 * @left: starts still to be issued from the interrupt handler
 * @done: the last start of a run has ended
 * @now: result of the run under way
 * @irq: result of the last run with interrupts
 * @poll: result of the last run without
 *
 * Allocated below 2 GiB, where channel programs have to be.  @left, @done and
 * @now are protected by the subchannel's lock, except that @done is also read
 * without it.
 */
struct floor {
	struct ccw1 ccw __aligned(8);
	struct floor_read read;
	union orb orb __aligned(8);
	struct subchannel *sch;
	u32 left;
	bool done;
	struct floor_result now;
	struct floor_result irq;
	struct floor_result poll;
};

/* read.c */
int floor_read_prepare(struct floor_read *read);
void floor_read_release(struct floor_read *read);
void floor_read_set(struct floor_read *read, u32 cylinders);
void floor_read_next(struct floor_read *read);

/* measure.c */
void floor_prepare(struct floor *floor);
void floor_interrupt(struct floor *floor);
int floor_run_irq(struct floor *floor, u32 count);
int floor_run_poll(struct floor *floor, u32 count);

#endif
