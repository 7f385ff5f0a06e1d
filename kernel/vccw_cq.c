// SPDX-License-Identifier: GPL-2.0-only
/*
 * The completion queue: CQEs out to user space, and waiting for them.
 *
 * The driver writes a CQE and then the CQ tail; user space reads the tail, the
 * CQE, and then writes the CQ head.  Barriers and their pairs:
 *
 *   driver                             user space
 *   (A) store CQE                      (B) load-acquire CQ tail
 *       store-release CQ tail              load CQE
 *   (C) load-acquire CQ head           (D) load CQE
 *       store CQE                          store-release CQ head
 *
 * and, between a CQE's poster and a sleeper of the driver's own,
 *
 *   poster                             sleeper
 *   (E) store CQ tail                  (F) put itself on the wait queue
 *       full barrier                       full barrier
 *       anybody on the wait queue?         load CQ tail
 */
#include <linux/hrtimer.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <asm/timex.h>
#include "vccw_cq.h"
#include "vccw_device.h"

/* Somebody sleeps: wake those whom what has been posted makes happy. */
void vccw_cq_wake(struct vccw_ring *ring)
{
	wake_up_poll(&ring->sleepers, EPOLLIN | EPOLLRDNORM);
}

/**
 * vccw_cq_post - post a terminal CQE without an IRB
 * @ring: the ring
 * @index: the subchannel
 * @user_data: of the SQE
 * @res: 0 or -errno
 * @fault: why
 *
 * Context: any; takes cq_lock.
 */
void vccw_cq_post(struct vccw_ring *ring, u16 index, u64 user_data, int res,
		  const struct vccw_fault *fault)
{
	struct vfio_ccw_ring_cqe *cqe;
	unsigned long flags;

	spin_lock_irqsave(&ring->cq_lock, flags);
	cqe = vccw_cq_slot(ring);
	*cqe = (struct vfio_ccw_ring_cqe){
		.user_data = user_data,
		.res = res,
		.subchannel = index,
		.tod = get_tod_clock_fast(),
		.reason = fault->reason,
		.ccw_index = fault->ccw_index,
		.ccw_addr = fault->ccw_addr,
	};
	vccw_cq_advance(ring);
	vccw_cq_publish(ring);
	spin_unlock_irqrestore(&ring->cq_lock, flags);
}

/**
 * vccw_cq_post_extra - post a CQE no slot was set aside for
 * @ring: the ring
 * @index: the subchannel
 * @user_data: of the SQE, 0 for unsolicited status
 * @flags: VFIO_CCW_RING_CQE_*
 * @irb: the IRB, addresses in it are the client's
 *
 * Context: interrupts off; takes cq_lock.
 * Return: whether there was room.
 */
bool vccw_cq_post_extra(struct vccw_ring *ring, u16 index, u64 user_data,
			u16 flags, const struct irb *irb)
{
	bool room;

	lockdep_assert_irqs_disabled();
	spin_lock(&ring->cq_lock);
	vccw_cq_update_seen(ring);	/* a bad head leaves the last good one */
	room = vccw_cq_room(ring);
	if (room) {
		ring->cq_promised++;
		vccw_cq_write_irb(ring, index, user_data, flags, 0,
				  VFIO_CCW_RING_R_NONE, irb);
		vccw_cq_publish(ring);
	}
	spin_unlock(&ring->cq_lock);
	return room;
}

/**
 * vccw_cq_mark - CQ head of a user that has consumed all that was posted
 * @ring: the ring
 *
 * Context: interrupts off; takes cq_lock.
 */
u32 vccw_cq_mark(struct vccw_ring *ring)
{
	u32 mark;

	spin_lock(&ring->cq_lock);
	mark = ring->cq_next;
	spin_unlock(&ring->cq_lock);
	return mark;
}

/* CQEs that user space has not consumed, were its head to be believed. */
u32 vccw_cq_pending(const struct vccw_ring *ring, u32 head)
{
	return vccw_cq_posted(ring) - head;
}

/**
 * struct vccw_cq_sleeper - one who sleeps in VFIO_CCW_RING_ENTER
 * @wait: place among the ring's sleepers
 * @ring: the ring
 * @until: CQ tail that is waited for
 */
struct vccw_cq_sleeper {
	struct wait_queue_entry wait;
	const struct vccw_ring *ring;
	u32 until;
};

static int vccw_cq_wake_sleeper(struct wait_queue_entry *wait, unsigned int mode,
				int flags, void *key)
{
	struct vccw_cq_sleeper *sleeper =
		container_of(wait, struct vccw_cq_sleeper, wait);

	if ((s32)(vccw_cq_posted(sleeper->ring) - sleeper->until) < 0)
		return 0;
	return autoremove_wake_function(wait, mode, flags, key);
}

/* Sleep once, until there are @min CQEs, a signal, or @timeout. */
static int vccw_cq_sleep(struct vccw_ring *ring, u32 head, u32 min,
			 ktime_t *timeout)
{
	struct vccw_cq_sleeper sleeper = {
		.wait.private = current,
		.wait.func = vccw_cq_wake_sleeper,
		.wait.entry = LIST_HEAD_INIT(sleeper.wait.entry),
		.ring = ring,
		.until = head + min,
	};
	int ret = 0;

	prepare_to_wait(&ring->sleepers, &sleeper.wait, TASK_INTERRUPTIBLE);
	smp_mb();					/* (F) pairs with (E) */
	if (vccw_cq_pending(ring, head) >= min)
		;
	else if (signal_pending(current))
		ret = -EINTR;
	else if (!schedule_hrtimeout(timeout, HRTIMER_MODE_ABS))
		ret = -ETIME;
	finish_wait(&ring->sleepers, &sleeper.wait);
	return ret;
}

/**
 * vccw_cq_wait - wait for CQEs
 * @ring: the ring
 * @min: how many the CQ shall hold, no more than it can
 * @timeout: until when, NULL for ever
 *
 * Context: process context.
 * Return: 0, -EINTR, -ETIME.
 */
int vccw_cq_wait(struct vccw_ring *ring, u32 min, ktime_t *timeout)
{
	u32 head = READ_ONCE(*ring->cq_head);
	int ret = 0;

	while (!ret && vccw_cq_pending(ring, head) < min)
		ret = vccw_cq_sleep(ring, head, min, timeout);
	if (ret == -ETIME && vccw_cq_pending(ring, head) >= min)
		ret = 0;
	return ret;
}

/**
 * vccw_cq_poll - poll() on a ring
 * @ring: the ring
 * @file: its file
 * @table: for poll_wait()
 *
 * Return: EPOLLIN when there are CQEs to consume.
 */
__poll_t vccw_cq_poll(struct vccw_ring *ring, struct file *file,
		      struct poll_table_struct *table)
{
	poll_wait(file, &ring->sleepers, table);
	smp_mb();					/* (F) pairs with (E) */
	if (vccw_cq_pending(ring, READ_ONCE(*ring->cq_head)))
		return EPOLLIN | EPOLLRDNORM;
	return 0;
}
