// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eventfds of the client, exchanged in process context and signalled from the
 * interrupt handler at the same time.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "vccw_trigger.h"

/**
 * struct vccw_eventfd - an eventfd, freed when no handler can see it any more
 * @file: the eventfd's file
 * @ctx: the eventfd
 * @rcu: for that
 */
struct vccw_eventfd {
	struct file *file;
	struct eventfd_ctx *ctx;
	struct rcu_head rcu;
};

static void vccw_eventfd_free(struct rcu_head *rcu)
{
	struct vccw_eventfd *e = container_of(rcu, struct vccw_eventfd, rcu);

	eventfd_ctx_put(e->ctx);
	fput(e->file);
	kfree(e);
}

/* Take hold of the caller's eventfd. */
static struct vccw_eventfd *vccw_eventfd_get(int fd)
{
	struct vccw_eventfd *e = kzalloc(sizeof(*e), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!e)
		return ERR_PTR(-ENOMEM);
	e->file = eventfd_fget(fd);
	if (IS_ERR(e->file)) {
		ret = PTR_ERR(e->file);
		goto free;
	}
	e->ctx = eventfd_ctx_fileget(e->file);
	if (IS_ERR(e->ctx)) {
		ret = PTR_ERR(e->ctx);
		goto put;
	}
	return e;

put:
	fput(e->file);
free:
	kfree(e);
	return ERR_PTR(ret);
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
		e = vccw_eventfd_get(fd);
		if (IS_ERR(e))
			return PTR_ERR(e);
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

/**
 * vccw_trigger_unseen - is there a signal that the client has not taken?
 * @trigger: the trigger
 *
 * Context: process context, vccw_device.lock held.
 */
bool vccw_trigger_unseen(struct vccw_trigger *trigger)
{
	struct vccw_eventfd *e = unrcu_pointer(READ_ONCE(trigger->holder));

	return e && vfs_poll(e->file, NULL) & EPOLLIN;
}
