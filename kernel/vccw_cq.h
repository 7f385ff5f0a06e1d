/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reserving CQ slots and posting CQEs, inline because every I/O does it; vccw_cq.c
 * has the barriers.
 */
#ifndef VCCW_CQ_H
#define VCCW_CQ_H

#include <linux/lockdep.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <asm/timex.h>
#include "vccw_ioasm.h"
#include "vccw_irb.h"
#include "vccw_ring.h"

/*
 * How far user space has read.  A head that is not between its last value and
 * the tail is refused.
 */
static inline int vccw_cq_update_seen(struct vccw_ring *ring)
{
	u32 head = smp_load_acquire(ring->cq_head);	/* (C) pairs with (D) */

	if (head - ring->cq_seen > ring->cq_next - ring->cq_seen)
		return -ERANGE;
	ring->cq_seen = head;
	return 0;
}

static inline u32 vccw_cq_room(const struct vccw_ring *ring)
{
	return ring->cq_entries - (ring->cq_promised - ring->cq_seen);
}

/**
 * vccw_cq_reserve - set CQ slots aside for SQEs about to be consumed
 * @ring: the ring
 * @slots: in: how many are wanted; out: how many there are
 *
 * Context: process context, vccw_ring.submit held.
 * Return: 0, -ERANGE for a CQ head that cannot be.
 */
static inline int vccw_cq_reserve(struct vccw_ring *ring, u32 *slots)
{
	int ret;

	spin_lock_irq(&ring->cq_lock);
	ret = vccw_cq_update_seen(ring);
	if (!ret) {
		*slots = min(*slots, vccw_cq_room(ring));
		ring->cq_promised += *slots;
	}
	spin_unlock_irq(&ring->cq_lock);
	return ret;
}

/* The next slot; cq_lock held. */
static inline struct vfio_ccw_ring_cqe *vccw_cq_slot(struct vccw_ring *ring)
{
	return &ring->cqes[ring->cq_next & ring->cq_mask];
}

/* It is written; cq_lock held. */
static __always_inline void vccw_cq_advance(struct vccw_ring *ring)
{
	ring->cq_next++;
}

/*
 * The CQ tail as user space sees it.  Who waits goes by this: ring->cq_next is ahead
 * while CQEs are written.
 */
static inline u32 vccw_cq_posted(const struct vccw_ring *ring)
{
	return READ_ONCE(*ring->cq_tail);
}

/* Make the CQEs written visible, and wake those they make happy. */
static inline void vccw_cq_publish(struct vccw_ring *ring)
{
	smp_store_release(ring->cq_tail, ring->cq_next); /* (A) pairs with (B) */
	smp_mb();					 /* (E) pairs with (F) */
	if (unlikely(waitqueue_active(&ring->sleepers)))
		vccw_cq_wake(ring);
}

/* Write a CQE with an IRB; cq_lock held. */
static inline void vccw_cq_write_irb(struct vccw_ring *ring, u16 index,
				     u64 user_data, u16 flags, int res,
				     u16 reason, const struct irb *irb)
{
	struct vfio_ccw_ring_cqe *cqe = vccw_cq_slot(ring);

	/* No measurement word is ever stored: the last bytes stay 0. */
	BUILD_BUG_ON(sizeof(cqe->irb) < sizeof(*irb));
	cqe->user_data = user_data;
	cqe->res = res;
	cqe->flags = flags | VFIO_CCW_RING_CQE_IRB;
	cqe->subchannel = index;
	cqe->tod = get_tod_clock_fast();
	cqe->reason = reason;
	cqe->ccw_index = 0;
	cqe->ccw_addr = 0;
	vccw_irb_store(cqe->irb, irb);
	vccw_cq_advance(ring);
}

/*
 * Write the CQE of a start that ended well, by doublewords; cq_lock held.
 * @first: the first two, of &struct vccw_req.
 */
static __always_inline void vccw_cq_write_good(struct vccw_ring *ring, const void *first,
					       const struct irb *irb)
{
	u64 *to = (u64 *)vccw_cq_slot(ring);

	BUILD_BUG_ON(offsetof(struct vfio_ccw_ring_cqe, res) != 8 ||
		     offsetof(struct vfio_ccw_ring_cqe, tod) != 16 ||
		     offsetof(struct vfio_ccw_ring_cqe, reason) != 24 ||
		     offsetof(struct vfio_ccw_ring_cqe, irb) != 32);
	memcpy(to, first, 2 * sizeof(*to));
	vccw_stckf(&to[2]);
	to[3] = 0;
	vccw_irb_store(&to[4], irb);
	vccw_cq_advance(ring);
}

/**
 * vccw_cq_post_irb - post a terminal CQE with an IRB
 * @ring: the ring
 * @index: the subchannel
 * @user_data: of the SQE
 * @flags: VFIO_CCW_RING_CQE_*
 * @res: 0 or -errno
 * @reason: enum vfio_ccw_ring_reason
 * @irb: the IRB, addresses in it are the client's
 *
 * Context: interrupts off; takes cq_lock.
 */
static inline void vccw_cq_post_irb(struct vccw_ring *ring, u16 index,
				    u64 user_data, u16 flags, int res,
				    u16 reason, const struct irb *irb)
{
	lockdep_assert_irqs_disabled();
	spin_lock(&ring->cq_lock);
	vccw_cq_write_irb(ring, index, user_data, flags, res, reason, irb);
	vccw_cq_publish(ring);
	spin_unlock(&ring->cq_lock);
}

#endif /* VCCW_CQ_H */
