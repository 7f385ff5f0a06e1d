// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue of one subchannel: its starts, and the status that ends them.  The other
 * functions are in vccw_func.c.
 *
 * The subchannel carries out one start at a time (q->active); further ones
 * wait in q->ready, translated, and the interrupt that ends one issues the
 * next (vccw_end_good()), or whoever polls for its status (vccw_queue_take()).  HALT
 * and CLEAR overtake them: those that wait are taken back, the active one ends by its
 * own interrupt.
 *
 * Whatever way a request came in, through a ring or a region, it goes through
 * here and ends exactly once, in vccw_complete().
 *
 * Principles of Operation, chapters 14 (instructions) and 16 (interruptions).
 */
#include <linux/vfio_ccw_ring.h>
#include "vccw_cq.h"
#include "vccw_device.h"
#include "vccw_ioasm.h"
#include "vccw_irb.h"
#include "vccw_trace.h"
#include "vccw_uring.h"

/* Channel-program address as the client knows it, 0 if it has none. */
static u32 vccw_client_cpa(const struct vccw_req *req, u32 host)
{
	return req ? vccw_cp_find(&req->cp, host) : 0;
}

/*
 * From here on the IRB is the client's: it knows no address of ours.  The request is
 * not a large one.
 */
static __always_inline void vccw_hide_cpa(const struct vccw_req *req, struct irb *irb)
{
	struct cmd_scsw *scsw = &irb->scsw.cmd;

	scsw->cpa = u32_to_dma32(vccw_cp_iova(&req->cp, dma32_to_u32(scsw->cpa)));
}

/* Ends of a request */

/**
 * vccw_complete - the end of a request, whatever way it came
 * @q: the queue; the request is on none of its lists any more
 * @req: the request; free again on return
 * @res: 0 or -errno
 * @reason: enum vfio_ccw_ring_reason
 * @irb: what the subchannel says, NULL if the request has not run
 *
 * Context: subchannel.lock held, interrupts off.
 */
void vccw_complete(struct vccw_queue *q, struct vccw_req *req, int res,
		   u16 reason, const struct irb *irb)
{
	struct vccw_fault fault = { .reason = reason };
	bool large, by_uring;
	u16 flags = 0;

	vccw_trace(complete, q, req, res, reason);
	if (unlikely(q->drains))
		wake_up(&q->idle);
	if (req->region) {
		if (irb && req->func == VCCW_START)
			vccw_region_irb(vccw_of(q), irb);
		req->user_data = 0;	/* free again */
		return;
	}
	if (req->merged)
		flags |= VFIO_CCW_RING_CQE_MERGED;
	else if (irb && !res && vccw_irb_clean(irb))
		flags |= VFIO_CCW_RING_CQE_GOOD;
	large = req->large;
	by_uring = req->by_uring;
	req->special = 0;
	if (by_uring)
		vccw_uring_end(req->uring, res, reason, irb);
	else if (irb)
		vccw_cq_post_irb(q->ring, q->ring_index, req->user_data, flags,
				 res, reason, irb);
	else
		vccw_cq_post(q->ring, q->ring_index, req->user_data, res, &fault);
	if (unlikely(large)) {
		req->next = q->done_large;
		q->done_large = req;
	} else {
		req->next = q->done;
		q->done = req;
	}
}

/**
 * vccw_take_back - end the starts that were never issued
 * @q: the queue
 * @res: -errno
 * @reason: enum vfio_ccw_ring_reason
 *
 * Context: subchannel.lock held, interrupts off.
 */
void vccw_take_back(struct vccw_queue *q, int res, u16 reason)
{
	while (!vccw_fifo_empty(&q->ready))
		vccw_complete(q, vccw_fifo_pop(&q->ready), res, reason, NULL);
}

/*
 * From now on starts are held, until their client has consumed the CQE that was posted
 * last.
 */
static void vccw_hold_on(struct vccw_queue *q)
{
	if (!q->ring)
		return;
	q->held = true;
	q->holds++;
	q->held_at = vccw_cq_mark(q->ring);
}

/**
 * vccw_take_back_held - end the starts that wait and are held
 * @q: the queue
 *
 * Up to one that recovers, if there is one: it ends the hold.
 *
 * Context: subchannel.lock held, interrupts off.
 */
void vccw_take_back_held(struct vccw_queue *q)
{
	struct vccw_req *req;

	while ((req = q->ready.first) && !req->recover)
		vccw_complete(q, vccw_fifo_pop(&q->ready), -ECANCELED,
			      VFIO_CCW_RING_R_HELD, NULL);
	if (req)
		q->held = false;
}

/*
 * A start has failed: what is queued behind it must not run, nor what the
 * client submits before it has seen the failure.
 */
static void vccw_hold(struct vccw_queue *q)
{
	vccw_hold_on(q);
	vccw_take_back_held(q);
}

/**
 * vccw_complete_stopped - end the active start, which the driver has stopped
 * @q: the queue
 * @req: the start; active no more
 * @res: -errno
 *
 * The client has asked for nothing: what it sees is a start that ended with a
 * channel error.  Memory that goes is an address that does not exist, which is
 * a program check; all else is an interface-control check.
 *
 * Context: subchannel.lock held, interrupts off.
 */
void vccw_complete_stopped(struct vccw_queue *q, struct vccw_req *req, int res)
{
	u16 reason = req->cancel;
	struct irb irb;

	vccw_irb_make(&irb, SCSW_FCTL_START_FUNC,
		      reason == VFIO_CCW_RING_R_UNMAPPED ?
		      SCHN_STAT_PROG_CHECK : SCHN_STAT_INTF_CTRL_CHK);
	irb.scsw.cmd.cpa = u32_to_dma32(vccw_client_cpa(req, dma32_to_u32(req->cp.orb.cmd.cpa) + 8));
	vccw_complete(q, req, res, reason, &irb);
	if (reason == VFIO_CCW_RING_R_PATH_LOST)
		vccw_hold(q);
}

/* Instructions */

/* What condition codes 2 and 3 mean, and an operand exception (< 0). */
int vccw_errno(int cc)
{
	if (cc < 0)
		return -EINVAL;
	return cc == 2 ? -EBUSY : -ENODEV;
}

u16 vccw_reason(int cc)
{
	if (cc < 0)
		return VFIO_CCW_RING_R_ORB_RESERVED;
	return cc == 2 ? VFIO_CCW_RING_R_BUSY : VFIO_CCW_RING_R_NOT_OPERATIONAL;
}

/*
 * START SUBCHANNEL.  A path that has been varied off is not used; without one
 * left it is as if none were operational.
 */
static int vccw_start(struct subchannel *sch, struct vccw_req *req)
{
	req->cp.words = VCCW_CP_NO_WORDS;
	req->cp.orb.cmd.lpm &= sch->opm;
	if (unlikely(!req->cp.orb.cmd.lpm))
		return 3;
	return vccw_ssch(sch->schid, &req->cp.orb);
}

/**
 * vccw_issue_start - issue the oldest start that can be, if the subchannel is free
 * @dev: the device
 *
 * With condition code 1 there is status to be taken first; its interrupt brings
 * us here again.
 *
 * Context: subchannel.lock held, interrupts off.
 */
void vccw_issue_start(struct vccw_device *dev)
{
	struct vccw_queue *q = &dev->queue;
	struct vccw_req *req;
	int cc;

	while (vccw_idle(q) && vccw_runs(q) && (req = q->ready.first)) {
		cc = vccw_start(dev->sch, req);
		vccw_trace(ssch, dev->sch, req, cc);
		if (cc == 1)
			return;
		vccw_fifo_pop(&q->ready);
		if (likely(cc == 0)) {
			q->active = req;
			return;
		}
		vccw_complete(q, req, vccw_errno(cc), vccw_reason(cc), NULL);
	}
}

/*
 * Issue the oldest start, if there is one, when it may be as it is.  One that is
 * not accepted is left where it is.
 * Return: what has been issued, for the caller to make it the active one; NULL if
 * nothing.
 */
static __always_inline struct vccw_req *vccw_issue_next(struct vccw_queue *q,
							 const bool traced)
{
	struct vccw_req *req = q->ready.first;

	if (unlikely(!req ||
		     !vccw_ssch_accepted(q->schid, &req->cp.orb)))
		return NULL;
	if (traced)
		vccw_trace(ssch, vccw_of(q)->sch, req, 0);
	/* As vccw_fifo_pop(), which would have to look again, behind SSCH. */
	q->ready.first = req->next;
	return req;
}

/* Interrupts */

/*
 * Status in the middle of a start.  If there is no room to report it, it is
 * kept, merged with what may follow, and goes out with the end of the request.
 */
static void vccw_intermediate(struct vccw_queue *q, struct irb *irb)
{
	struct vccw_req *req = q->active;

	req->failed |= !vccw_irb_harmless(irb);
	if (req->region) {
		vccw_region_irb(vccw_of(q), irb);
		return;
	}
	if (!req->merged && !req->by_uring &&
	    vccw_cq_post_extra(q->ring, q->ring_index, req->user_data,
			       VFIO_CCW_RING_CQE_MORE, irb))
		return;
	if (req->merged)
		vccw_irb_merge(&req->irb, irb);
	req->merged = true;
	req->irb = *irb;
}

/* The channel is done with a start that was stopped, the device is not yet. */
static void vccw_stopped_half(struct vccw_queue *q, struct irb *irb)
{
	q->active->stopped = true;
	if (!q->active->cancel || q->n_funcs)
		vccw_intermediate(q, irb);
}

/* The active start has ended. */
static void vccw_end_active(struct vccw_queue *q, struct irb *irb)
{
	struct vccw_req *req = q->active;

	if (unlikely(req->merged))
		vccw_irb_merge(&req->irb, irb);
	/* Stopped, and not by a HALT or CLEAR of the client. */
	if (unlikely(req->cancel) && !q->n_funcs &&
	    (req->stopped || vccw_irb_stopped(irb)))
		vccw_complete_stopped(q, req, -ECANCELED);
	else
		vccw_complete(q, req, 0, VFIO_CCW_RING_R_NONE, irb);
	vccw_no_active(q);
}

/* Does status nobody asked for hold starts? */
static bool vccw_holds(const struct irb *irb)
{
	return irb->scsw.cmd.dstat & DEV_STAT_UNIT_CHECK;
}

/*
 * Report status nobody asked for that found no room in the CQ before.  It is
 * tried again whenever the client shows up.
 */
static void vccw_flush_unsolicited(struct vccw_queue *q)
{
	u16 flags = VFIO_CCW_RING_CQE_UNSOLICITED;

	if (!q->unsolicited)
		return;
	if (q->unsolicited_merged)
		flags |= VFIO_CCW_RING_CQE_MERGED;
	if (!vccw_cq_post_extra(q->ring, q->ring_index, 0, flags,
				&q->unsolicited_irb))
		return;
	/* It is this CQE that the client has to see. */
	if (q->held && vccw_holds(&q->unsolicited_irb))
		vccw_hold_on(q);
	q->unsolicited = false;
}

/* Status nobody asked for. */
static void vccw_unsolicited(struct vccw_queue *q, struct irb *irb)
{
	if (!q->ring) {
		vccw_region_irb(vccw_of(q), irb);
		return;
	}
	q->unsolicited_merged = q->unsolicited;
	if (q->unsolicited)
		vccw_irb_merge(&q->unsolicited_irb, irb);
	q->unsolicited = true;
	q->unsolicited_irb = *irb;
	vccw_flush_unsolicited(q);
	if (vccw_holds(irb))
		vccw_hold(q);
}

/* Everything but the end of a start that went well. */
static void vccw_end_or_go_on(struct vccw_queue *q, struct irb *irb)
{
	struct cmd_scsw *scsw = &irb->scsw.cmd;
	struct vccw_req *active = q->active;

	if (vccw_irb_stopped(irb)) {
		bool reported = active && active->region;

		if (active && vccw_irb_goes_on(irb))
			vccw_stopped_half(q, irb);
		else if (active)
			vccw_end_active(q, irb);
		vccw_end_funcs(q, irb, reported);
		if (scsw->dstat & DEV_STAT_UNIT_CHECK)
			vccw_hold(q);
	} else if (!active) {
		vccw_unsolicited(q, irb);
	} else if (vccw_irb_goes_on(irb)) {
		vccw_intermediate(q, irb);
	} else {
		bool good = !active->failed && vccw_irb_harmless(irb) &&
			    scsw->dstat & DEV_STAT_DEV_END;

		good |= active->stopped;
		vccw_end_active(q, irb);
		if (!good)
			vccw_hold(q);
	}
}

/* What is special of a start of an io_uring, if nothing else is. */
static inline u64 vccw_special_uring(void)
{
	const struct vccw_req req = { .by_uring = true };

	return req.special;
}

/* As vccw_good_end(), of a start of an io_uring. */
static inline bool vccw_good_end_uring(const struct vccw_queue *q, const struct irb *irb)
{
	const struct vccw_req *active = q->active;

	return active && active->special == vccw_special_uring() && !q->not_plain &&
	       vccw_irb_clean(irb);
}

/* As vccw_end_good(), of such a one. */
static void vccw_end_good_uring(struct vccw_device *dev, struct irb *irb)
{
	struct vccw_queue *q = &dev->queue;
	struct vccw_req *req = q->active;

	q->active = vccw_issue_next(q, true);
	vccw_trace(complete, q, req, 0, VFIO_CCW_RING_R_NONE);
	vccw_hide_cpa(req, irb);
	vccw_uring_end(req->uring, 0, VFIO_CCW_RING_R_NONE, irb);
	req->special = 0;
	req->next = q->done;
	q->done = req;
	if (unlikely(!q->active && q->ready.first))
		vccw_issue_start(dev);
}

static noinline void vccw_other_status(struct vccw_device *dev, struct irb *irb)
{
	struct cmd_scsw *scsw = &irb->scsw.cmd;
	struct vccw_queue *q = &dev->queue;

	if (vccw_good_end_uring(q, irb)) {
		vccw_end_good_uring(dev, irb);
		return;
	}
	scsw->cpa = u32_to_dma32(vccw_client_cpa(q->active, dma32_to_u32(scsw->cpa)));
	vccw_irb_hide_addresses(irb);
	vccw_end_or_go_on(q, irb);
	if (q->n_funcs)
		vccw_issue_funcs(dev);
	vccw_issue_start(dev);
}

/*
 * Has the active start, one of a ring, ended as nearly all do, and the next may
 * follow?
 */
static __always_inline bool vccw_good_end(const struct vccw_queue *q,
					  const struct vccw_req *active,
					  const struct irb *irb)
{
	return likely(active && !(active->special | q->not_plain) &&
		      vccw_irb_clean(irb));
}

/*
 * That end; cq_lock held.  The device comes first: it is idle while we talk.
 * Return: what has been issued, NULL if nothing.
 */
static __always_inline struct vccw_req *
vccw_end_good(struct vccw_queue *q, struct vccw_ring *ring, struct vccw_req *req,
	      struct irb *irb, const bool traced)
{
	struct vccw_req *next = vccw_issue_next(q, traced);

	q->active = next;
	if (traced)
		vccw_trace(complete, q, req, 0, VFIO_CCW_RING_R_NONE);
	vccw_hide_cpa(req, irb);
	BUILD_BUG_ON(sizeof(req->first) != offsetof(struct vfio_ccw_ring_cqe, tod));
	vccw_cq_write_good(ring, &req->first, irb);
	req->next = q->done;
	q->done = req;
	return next;
}

/*
 * One function with the tracepoints in it, and one that has the registers to itself,
 * of each of the two that every I/O meets.
 */
static __always_inline void vccw_take_one(struct vccw_device *dev, struct irb *irb,
					  const bool traced)
{
	struct vccw_queue *q = &dev->queue;
	struct vccw_req *active = q->active;
	struct vccw_ring *ring = q->ring;

	if (traced)
		vccw_trace(status, dev, active, irb);
	if (vccw_good_end(q, active, irb)) {
		spin_lock(&ring->cq_lock);
		active = vccw_end_good(q, ring, active, irb, traced);
		vccw_cq_publish(ring);
		spin_unlock(&ring->cq_lock);
		if (unlikely(!active && q->ready.first))
			vccw_issue_start(dev);
	} else {
		vccw_other_status(dev, irb);
	}
}

static noinline void vccw_irq_traced(struct vccw_device *dev, struct irb *irb)
{
	vccw_take_one(dev, irb, true);
}

/* An interrupt of a subchannel nobody has enabled, or of a wedged one. */
static noinline void vccw_queue_no_device(struct subchannel *sch)
{
	if (dev_get_drvdata(&sch->dev) && vccw_is_wedged(sch))
		return;	/* vccw_wedged_work() */
	cio_disable_subchannel(sch);
}

/**
 * vccw_queue_irq - interrupt of a subchannel
 * @sch: the subchannel; its status has been taken and is in this CPU's cio_irb
 *
 * Context: hard interrupt, subchannel.lock held.
 */
void vccw_queue_irq(struct subchannel *sch)
{
	struct vccw_device *dev = vccw_from_sch(sch);
	struct irb *irb = this_cpu_ptr(&cio_irb);

	lockdep_assert_held(&sch->lock);
	inc_irq_stat(IRQIO_CIO);
	if (unlikely(!dev))
		vccw_queue_no_device(sch);
	else if (vccw_is_traced())
		vccw_irq_traced(dev, irb);
	else
		vccw_take_one(dev, irb, false);
}

/*
 * Take the good ends of starts, one after the other, at most *@most, and make them
 * visible together.
 * Return: whether there is other status, in @irb, which has not been dealt with.
 */
static __always_inline bool vccw_take(struct vccw_device *dev, struct irb *irb,
				      u32 *most, const bool traced)
{
	struct vccw_queue *q = &dev->queue;
	struct vccw_req *active = q->active;
	struct vccw_ring *ring = q->ring;
	bool other = false;
	u32 left = *most;

	spin_lock(&ring->cq_lock);
	while (vccw_tsch_pending(q->schid, irb)) {
		if (traced)
			vccw_trace(status, dev, active, irb);
		other = !vccw_good_end(q, active, irb);
		if (unlikely(other))
			break;
		active = vccw_end_good(q, ring, active, irb, traced);
		if (unlikely(!--left || !active))
			break;
	}
	if (left != *most)
		vccw_cq_publish(ring);
	*most = left;
	spin_unlock(&ring->cq_lock);
	return other;
}

static noinline bool vccw_take_plain(struct vccw_device *dev, struct irb *irb,
				     u32 *most)
{
	return vccw_take(dev, irb, most, false);
}

static noinline bool vccw_take_traced(struct vccw_device *dev, struct irb *irb,
				      u32 *most)
{
	return vccw_take(dev, irb, most, true);
}

/**
 * vccw_queue_take - take status that is pending, start after start
 * @dev: the device, whose ring polls for it
 * @most: how many times
 *
 * Context: subchannel.lock held, interrupts off.
 */
void vccw_queue_take(struct vccw_device *dev, u32 most)
{
	struct irb *irb = this_cpu_ptr(&cio_irb);
	bool other;

	lockdep_assert_held(&dev->sch->lock);
	do {
		other = vccw_is_traced() ? vccw_take_traced(dev, irb, &most) :
					   vccw_take_plain(dev, irb, &most);
		if (other) {
			vccw_other_status(dev, irb);
			most--;
		}
	} while (other && most);
	vccw_issue_start(dev);
}

/* Ways in */

/* Has the client seen what holds the queue? */
static bool vccw_seen_hold(const struct vccw_queue *q)
{
	u32 head = READ_ONCE(*q->ring->cq_head);

	/* There was no room to show it. */
	if (q->unsolicited && vccw_holds(&q->unsolicited_irb))
		return false;
	return (s32)(head - q->held_at) >= 0;
}

/* May a start pass while the queue is held?  io_uring does not say what is seen. */
static bool vccw_passes_hold(struct vccw_queue *q, const struct vccw_req *req)
{
	if (req->recover || vccw_seen_hold(q))
		q->held = false;
	return !q->held || req->by_uring;
}

/* Queue a start, or say why not. */
static void vccw_queue_one(struct vccw_queue *q, struct vccw_req *req)
{
	if (q->state != VCCW_QUEUE_RUN)
		vccw_complete(q, req, -ENODEV, vccw_down(q), NULL);
	else if (q->held && !vccw_passes_hold(q, req))
		vccw_complete(q, req, -ECANCELED, VFIO_CCW_RING_R_HELD, NULL);
	else
		vccw_fifo_push(&q->ready, req);
}

/**
 * vccw_queue_hold - starts behind one that was refused must not be issued
 * @dev: the device
 *
 * Nor those of its batch that are not queued yet.
 *
 * Context: process context, vccw_device.lock held.
 */
void vccw_queue_hold(struct vccw_device *dev)
{
	struct vccw_queue *q = &dev->queue;

	spin_lock_irq(&dev->sch->lock);
	vccw_hold_on(q);
	vccw_take_back(q, -ECANCELED, VFIO_CCW_RING_R_HELD);
	spin_unlock_irq(&dev->sch->lock);
}

/* Queue starts one by one; see vccw_queue_start(). */
static noinline void vccw_queue_each(struct vccw_device *dev, struct vccw_req *req)
{
	struct vccw_req *next;

	vccw_flush_unsolicited(&dev->queue);
	for (; req; req = next) {
		next = req->next;
		vccw_queue_one(&dev->queue, req);
	}
	vccw_issue_start(dev);
}

/**
 * vccw_queue_start - queue starts that came through a ring
 * @dev: the device
 * @first: the first, translated
 * @end: where the last one has the next one, NULL
 *
 * Context: process context, vccw_device.lock held.
 */
void vccw_queue_start(struct vccw_device *dev, struct vccw_req *first,
		      struct vccw_req **end)
{
	struct vccw_queue *q = &dev->queue;

	spin_lock_irq(&dev->sch->lock);
	if (unlikely(q->not_plain)) {
		vccw_queue_each(dev, first);
	} else {
		vccw_fifo_append(&q->ready, first, end);
		if (!q->active)
			q->active = vccw_issue_next(q, true);
		if (unlikely(!q->active))
			vccw_issue_start(dev);
	}
	spin_unlock_irq(&dev->sch->lock);
}

/* Condition code 3, in the stock ABI's words: is there a path left to try? */
static int vccw_no_path(struct subchannel *sch, u8 lpm)
{
	return !cio_update_schib(sch) && sch->lpm & ~lpm ? -EACCES : -ENODEV;
}

/*
 * A start on a path that has gone is being ended: its client may know already, and
 * be back.  sch->lock held, and let go meanwhile.
 */
void vccw_wait_drained(struct vccw_device *dev)
{
	struct vccw_queue *q = &dev->queue;

	wait_event_lock_irq(q->idle, !q->drains || q->state != VCCW_QUEUE_RUN,
			    dev->sch->lock);
}

/**
 * vccw_queue_start_region - issue the start of the I/O region
 * @dev: the device; its region_req is translated
 *
 * Context: process context, vccw_device.lock held.
 * Return: 0, or -EBUSY, -ENODEV, -EACCES as the stock driver has it.
 */
int vccw_queue_start_region(struct vccw_device *dev)
{
	struct vccw_queue *q = &dev->queue;
	struct vccw_req *req = &q->region_req;
	int ret = 0, cc;

	spin_lock_irq(&dev->sch->lock);
	vccw_wait_drained(dev);
	if (q->state != VCCW_QUEUE_RUN) {
		ret = -ENODEV;
	} else if (!vccw_idle(q)) {
		ret = -EBUSY;
	} else {
		cc = vccw_start(dev->sch, req);
		vccw_trace(ssch, dev->sch, req, cc);
		if (cc == 0) {
			req->special = 0;
			req->region = true;
			q->active = req;
		} else if (cc < 0) {
			ret = -EIO;
		} else if (cc == 3) {
			ret = vccw_no_path(dev->sch, req->cp.orb.cmd.lpm);
		} else {
			ret = -EBUSY;
		}
	}
	spin_unlock_irq(&dev->sch->lock);
	return ret;
}

/**
 * vccw_queue_oldest - number of the oldest start queued or active
 * @dev: the device
 *
 * Return: the number, U64_MAX if there is none.
 */
u64 vccw_queue_oldest(struct vccw_device *dev)
{
	struct vccw_queue *q = &dev->queue;
	u64 oldest = U64_MAX;

	spin_lock_irq(&dev->sch->lock);
	if (q->active)
		oldest = q->active->seq;
	else if (q->ready.first)
		oldest = q->ready.first->seq;
	spin_unlock_irq(&dev->sch->lock);
	return oldest;
}
