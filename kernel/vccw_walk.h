/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of a translation, for vccw_walk.c and vccw_data.c. */
#ifndef VCCW_WALK_H
#define VCCW_WALK_H

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/types.h>
#include "vccw_cp.h"
#include "vccw_pins.h"

struct vccw_device;

/**
 * struct vccw_walk - state of one translation
 * @dev: the device
 * @cp: the program written
 * @fault: where to say what is wrong
 * @lenient: what the channel rejects is left to the channel
 * @suspend: the client allows suspension
 * @format1: format of the client's CCWs
 * @idaw_format1: the client's IDAWs are of format 1, else of format 2
 * @idaw_2k: blocks of 2 KiB in the client's IDAWs and in ours, else 4 KiB
 * @segment: the segment that is being read
 * @part: the part of it that is being written: @segment, or what goes on with it in a page
 * @iova: where the client has the next CCW
 * @chaining: command that is data-chaining into that, 0 if none is
 * @before: command of the CCW before
 * @optional: it may be left out if it is not right
 * @full: it is not wrong, but there is no memory for it
 * @at: where the next CCW goes
 * @idals: lowest IDAW list written there
 * @next_page: where the next page is linked
 * @pages: how many there are
 * @reads: CCWs read
 * @tics: TICs among them
 * @ends: CCWs among them that end the program
 */
struct vccw_walk {
	struct vccw_device *dev;
	struct vccw_cp *cp;
	struct vccw_fault *fault;
	bool lenient;
	bool suspend;
	bool format1;
	bool idaw_format1;
	bool idaw_2k;
	struct vccw_segment *segment;
	struct vccw_segment *part;
	u32 iova;
	u8 chaining;
	u8 before;
	bool optional;
	bool full;
	struct ccw1 *at;
	void *idals;
	struct vccw_page **next_page;
	u32 pages;
	u32 reads;
	u32 tics;
	u32 ends;
};

/* vccw_walk.c */
dma64_t *vccw_walk_idal(struct vccw_walk *w, u32 n);

/* vccw_data.c */
struct vccw_pin *vccw_walk_pin(struct vccw_walk *w, u64 iova_pfn, u32 run, u16 reason);
int vccw_walk_data(struct vccw_walk *w, struct ccw1 *ccw, u8 cmd);

static inline int vccw_refuse(struct vccw_walk *w, int err, u16 reason)
{
	w->fault->reason = reason;
	return err;
}

/*
 * Have the window show a client address.  @reason is what to say when it is
 * not mapped.
 */
static inline int vccw_show(struct vccw_walk *w, struct vccw_window *window,
			    u64 iova, u16 reason)
{
	u64 iova_pfn = iova >> PAGE_SHIFT;
	struct vccw_pin *pin;

	if (window->iova_pfn == iova_pfn)
		return 0;
	pin = vccw_walk_pin(w, iova_pfn, 1, reason);
	if (IS_ERR(pin))
		return PTR_ERR(pin);
	vccw_window_show(window, pin);
	return 0;
}

#endif /* VCCW_WALK_H */
