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
 * struct floor - a subchannel under measurement
 * @ccw: the whole channel program, a NO-OPERATION
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
	union orb orb __aligned(8);
	struct subchannel *sch;
	u32 left;
	bool done;
	struct floor_result now;
	struct floor_result irq;
	struct floor_result poll;
};

void floor_prepare(struct floor *floor);
void floor_interrupt(struct floor *floor);
int floor_run_irq(struct floor *floor, u32 count);
int floor_run_poll(struct floor *floor, u32 count);

#endif
