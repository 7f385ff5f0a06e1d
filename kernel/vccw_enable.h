/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VCCW_ENABLE_H
#define VCCW_ENABLE_H

#include <linux/types.h>
#include <linux/workqueue.h>
#include "vccw_cp.h"

struct subchannel;
struct vccw_device;

/**
 * struct vccw_wedged - what is kept for a subchannel that cannot be disabled
 * @sch: the subchannel
 * @on: it is such a one
 * @pages: references to client pages
 * @cp: the program it may be carrying out, whose block is kept; no block if there is
 *	none
 * @work: tries again to disable it
 * @pause: how long that waits next, jiffies
 *
 * Protected by the subchannel's lock.
 */
struct vccw_wedged {
	struct subchannel *sch;
	bool on;
	u32 pages;
	struct vccw_cp cp;
	struct delayed_work work;
	unsigned long pause;
};

int vccw_enable(struct subchannel *sch, u32 intparm);
int vccw_disable(struct subchannel *sch);
void vccw_disable_or_keep(struct vccw_device *dev);
bool vccw_replaced(struct subchannel *sch);
bool vccw_is_wedged(struct subchannel *sch);
void vccw_wedged_init(struct vccw_wedged *w, struct subchannel *sch);
void vccw_wedged_exit(struct vccw_wedged *w);
bool vccw_wedged_left(void);

#endif /* VCCW_ENABLE_H */
