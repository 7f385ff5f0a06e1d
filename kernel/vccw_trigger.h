/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VCCW_TRIGGER_H
#define VCCW_TRIGGER_H

#include <linux/types.h>

struct vccw_eventfd;

/**
 * struct vccw_trigger - an eventfd the client wants signalled
 * @holder: the eventfd, NULL if none is set; changed under vccw_device.lock,
 *	read under RCU, so that it can be signalled from the interrupt handler
 */
struct vccw_trigger {
	struct vccw_eventfd __rcu *holder;
};

int vccw_trigger_set(struct vccw_trigger *trigger, int fd);
bool vccw_trigger_signal(struct vccw_trigger *trigger);
bool vccw_trigger_unseen(struct vccw_trigger *trigger);

#endif /* VCCW_TRIGGER_H */
