// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eventfds of the client, exchanged in process context and signalled from the
 * interrupt handler at the same time.
 */
#include <linux/eventfd.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "vccw_trigger.h"

/**
 * struct vccw_eventfd - an eventfd, freed when no handler can see it any more
 * @ctx: the eventfd
 * @rcu: for that
 */
struct vccw_eventfd {
	struct eventfd_ctx *ctx;
	struct rcu_head rcu;
};

static void vccw_eventfd_free(struct rcu_head *rcu)
{
	struct vccw_eventfd *e = container_of(rcu, struct vccw_eventfd, rcu);

	eventfd_ctx_put(e->ctx);
	kfree(e);
}

/**
 * vccw_trigger_set - take another eventfd
 * @trigger: the trigger
 * @fd: an eventfd of the caller, -1 for none
 *
 * Context: process context; one caller at a time.
 * Return: 0, -EBADF, -EINVAL, -ENOMEM.
 */
int vccw_trigger_set(struct vccw_trigger *trigger, int fd)
{
	struct vccw_eventfd *e = NULL, *old;

	if (fd < -1)
		return -EINVAL;
	if (fd >= 0) {
		e = kzalloc(sizeof(*e), GFP_KERNEL_ACCOUNT);
		if (!e)
			return -ENOMEM;
		e->ctx = eventfd_ctx_fdget(fd);
		if (IS_ERR(e->ctx)) {
			int ret = PTR_ERR(e->ctx);

			kfree(e);
			return ret;
		}
	}
	old = unrcu_pointer(xchg(&trigger->holder, RCU_INITIALIZER(e)));
	if (old)
		call_rcu(&old->rcu, vccw_eventfd_free);
	return 0;
}

/**
 * vccw_trigger_signal - tell the client
 * @trigger: the trigger
 *
 * Context: any.
 * Return: whether the client has set an eventfd.
 */
bool vccw_trigger_signal(struct vccw_trigger *trigger)
{
	struct vccw_eventfd *e;

	rcu_read_lock();
	e = rcu_dereference(trigger->holder);
	if (e)
		eventfd_signal(e->ctx);
	rcu_read_unlock();
	return e;
}
