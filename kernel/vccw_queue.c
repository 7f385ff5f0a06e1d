// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue of one subchannel: START, HALT and CLEAR SUBCHANNEL.
 *
 * The subchannel carries out one start at a time (q->active); further ones
 * wait in q->ready, translated, and the interrupt that ends one issues the
 * next (vccw_queue_irq()).  HALT and CLEAR overtake them: those that wait are
 * taken back, the active one ends by its own interrupt.
 *
 * Whatever way a request came in, through a ring or a region, it goes through
 * here and ends exactly once, in vccw_complete().
 *
 * Principles of Operation, chapters 14 (instructions) and 16 (interruptions).
 */
#include <linux/vfio_ccw_ring.h>
#include "vccw_device.h"
#include "ioasm.h"

static inline struct vccw_device *vccw_of(struct vccw_queue *q)
{
	return container_of(q, struct vccw_device, queue);
}

/* Does the queue take requests? */
static bool vccw_accepts(const struct vccw_queue *q)
{
	return q->state == VCCW_QUEUE_RUN || q->state == VCCW_QUEUE_DRAIN;
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
	u16 flags = 0;

	if (unlikely(q->state != VCCW_QUEUE_RUN))
		wake_up(&q->idle);
	if (req->region) {
		if (irb && req->func == VCCW_START)
			vccw_region_irb(vccw_of(q), irb);
		req->user_data = 0;	/* free again */
		return;
	}
	if (req->merged)
		flags |= VFIO_CCW_RING_CQE_MERGED;
	if (irb)
		vccw_cq_post_irb(q->ring, q->ring_index, req->user_data, flags,
				 res, reason, irb);
	else
		vccw_cq_post(q->ring, q->ring_index, req->user_data, res, &fault);
	llist_add(&req->free, &q->free);
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
	struct vccw_req *req, *next;

	list_for_each_entry_safe(req, next, &q->ready, link) {
		list_del(&req->link);
		vccw_complete(q, req, res, reason, NULL);
	}
}

/*
 * A start has failed: what is queued behind it must not run, nor what the
 * client submits before it has seen the failure.
 */
static void vccw_hold(struct vccw_queue *q)
{
	vccw_take_back(q, -ECANCELED, VFIO_CCW_RING_R_HELD);
	if (q->ring) {
		q->held = true;
		q->held_at = vccw_cq_mark(q->ring);
	}
}

/* Instructions */

static int vccw_errno(int cc)
{
	return cc == 2 ? -EBUSY : -ENODEV;
}

static u16 vccw_reason(int cc)
{
	return cc == 2 ? VFIO_CCW_RING_R_BUSY : VFIO_CCW_RING_R_NOT_OPERATIONAL;
}

/**
 * vccw_issue_start - issue the next start if the subchannel is free
 * @dev: the device
 *
 * With condition code 1 there is status to be taken first; its interrupt
 * brings us here again.
 *
 * Context: subchannel.lock held, interrupts off.
 */
void vccw_issue_start(struct vccw_device *dev)
{
	struct vccw_queue *q = &dev->queue;
	struct subchannel *sch = dev->sch;
	struct vccw_req *req;
	int cc;

	while (vccw_idle(q) && q->state == VCCW_QUEUE_RUN) {
		req = list_first_entry_or_null(&q->ready, struct vccw_req, link);
		if (!req)
			return;
		cc = ssch(sch->schid, &req->orb);
		if (cc == 1)
			return;
		list_del(&req->link);
		if (likely(cc == 0)) {
			sch->schib.scsw.cmd.actl |= SCSW_ACTL_START_PEND;
			q->active = req;
			return;
		}
		vccw_complete(q, req, vccw_errno(cc), vccw_reason(cc), NULL);
		vccw_hold(q);
	}
}

/* Issue HALT and CLEAR requests that have not been accepted yet. */
static void vccw_issue_funcs(struct vccw_device *dev)
{
	struct vccw_queue *q = &dev->queue;
	struct vccw_req *req, *next;
	int cc;

	list_for_each_entry_safe(req, next, &q->funcs, link) {
		if (req->issued)
			continue;
		if (req->func == VCCW_HALT)
			cc = hsch(dev->sch->schid);
		else
			cc = csch(dev->sch->schid);
		if (cc == 1)
			continue;
		if (cc == 0) {
			req->issued = true;
			continue;
		}
		list_del(&req->link);
		vccw_complete(q, req, vccw_errno(cc), vccw_reason(cc), NULL);
	}
}

/* Interrupts */

/* The start ended well: channel end and device end and nothing else. */
static bool vccw_clean(const struct cmd_scsw *scsw)
{
	return scsw->dstat == (DEV_STAT_CHN_END | DEV_STAT_DEV_END) &&
	       !scsw->cstat && !scsw->cc;
}

/*
 * Nothing of this part of a start's status is a failure.  The end may come in
 * parts, channel end first, and a program-controlled interruption in any.
 */
static bool vccw_harmless(const struct cmd_scsw *scsw)
{
	return !(scsw->dstat & ~(DEV_STAT_CHN_END | DEV_STAT_DEV_END)) &&
	       !(scsw->cstat & ~SCHN_STAT_PCI) && !scsw->cc;
}

/* The subchannel or the device is still at it. */
static bool vccw_goes_on(const struct cmd_scsw *scsw)
{
	return scsw->actl & (SCSW_ACTL_SCHACT | SCSW_ACTL_DEVACT) &&
	       !(scsw->stctl & SCSW_STCTL_SEC_STATUS);
}

/*
 * Status in the middle of a start.  If there is no room to report it, it is
 * kept, merged with what may follow, and goes out with the end of the request.
 */
static void vccw_intermediate(struct vccw_queue *q, const struct irb *irb)
{
	struct vccw_req *req = q->active;

	req->failed |= !vccw_harmless(&irb->scsw.cmd);
	if (req->region) {
		vccw_region_irb(vccw_of(q), irb);
		return;
	}
	if (!req->merged &&
	    vccw_cq_post_extra(q->ring, q->ring_index, req->user_data,
			       VFIO_CCW_RING_CQE_MORE, irb))
		return;
	if (!req->merged)
		memset(&req->irb, 0, sizeof(req->irb));
	req->merged = true;
	req->irb.scsw.cmd.dstat |= irb->scsw.cmd.dstat;
	req->irb.scsw.cmd.cstat |= irb->scsw.cmd.cstat;
	req->irb.scsw.cmd.stctl |= irb->scsw.cmd.stctl;
	if (irb->scsw.cmd.stctl & SCSW_STCTL_PRIM_STATUS)
		req->irb.scsw.cmd.count = irb->scsw.cmd.count;
}

/* The status of a start's end, with what was kept before. */
static void vccw_merge(struct vccw_req *req, struct irb *irb)
{
	u32 count = irb->scsw.cmd.count;

	if (req->irb.scsw.cmd.stctl & SCSW_STCTL_PRIM_STATUS)
		count = req->irb.scsw.cmd.count;
	irb->scsw.cmd.dstat |= req->irb.scsw.cmd.dstat;
	irb->scsw.cmd.cstat |= req->irb.scsw.cmd.cstat;
	irb->scsw.cmd.stctl |= req->irb.scsw.cmd.stctl;
	irb->scsw.cmd.count = count;
}

/* The active start has ended. */
static void vccw_end_active(struct vccw_queue *q, struct irb *irb)
{
	struct vccw_req *req = q->active;

	q->active = NULL;
	if (unlikely(req->merged))
		vccw_merge(req, irb);
	if (unlikely(req->cancel))
		vccw_complete(q, req, -ECANCELED, req->cancel, irb);
	else
		vccw_complete(q, req, 0, VFIO_CCW_RING_R_NONE, irb);
}

/*
 * HALT and CLEAR requests that this status ends.  @reported: the region has
 * had it already, as the end of its start.
 */
static void vccw_end_funcs(struct vccw_queue *q, const struct irb *irb,
			   bool reported)
{
	bool clear = irb->scsw.cmd.fctl & SCSW_FCTL_CLEAR_FUNC;
	struct vccw_req *req, *next;

	list_for_each_entry_safe(req, next, &q->funcs, link) {
		if (!req->issued || (req->func == VCCW_CLEAR && !clear))
			continue;
		list_del(&req->link);
		if (req->region && !reported)
			vccw_region_irb(vccw_of(q), irb);
		vccw_complete(q, req, 0, VFIO_CCW_RING_R_NONE, irb);
	}
}

/*
 * Report status nobody asked for that found no room in the CQ before.  It is
 * tried again whenever the client shows up.
 */
static void vccw_flush_unsolicited(struct vccw_queue *q)
{
	u16 flags = VFIO_CCW_RING_CQE_UNSOLICITED;

	if (likely(!q->unsolicited))
		return;
	if (q->unsolicited > 1)
		flags |= VFIO_CCW_RING_CQE_MERGED;
	if (vccw_cq_post_extra(q->ring, q->ring_index, 0, flags,
			       &q->unsolicited_irb))
		q->unsolicited = 0;
}

/* Status nobody asked for. */
static void vccw_unsolicited(struct vccw_queue *q, const struct irb *irb)
{
	struct irb *kept = &q->unsolicited_irb;

	if (!q->ring) {
		vccw_region_irb(vccw_of(q), irb);
		return;
	}
	if (q->unsolicited++) {
		kept->scsw.cmd.dstat |= irb->scsw.cmd.dstat;
		kept->scsw.cmd.cstat |= irb->scsw.cmd.cstat;
		kept->scsw.cmd.stctl |= irb->scsw.cmd.stctl;
	} else {
		*kept = *irb;
	}
	vccw_flush_unsolicited(q);
	if (irb->scsw.cmd.dstat & DEV_STAT_UNIT_CHECK)
		vccw_hold(q);
}

/*
 * With some errors the extended-status word, format 0, names the storage that
 * failed and a second CCW, by host addresses the client has no use for.
 */
static void vccw_hide_addresses(struct irb *irb)
{
	struct esw0 *esw = &irb->esw.esw0;

	if (!irb->scsw.cmd.eswf || !(esw->erw.fsavf || esw->erw.scavf))
		return;
	esw->erw.fsavf = 0;
	esw->erw.scavf = 0;
	memset(esw->faddr, 0, sizeof(esw->faddr));
	esw->saddr = u32_to_dma32(0);
}

/* Everything but the end of a start that went well. */
static void vccw_other_status(struct vccw_queue *q, struct irb *irb)
{
	struct cmd_scsw *scsw = &irb->scsw.cmd;
	struct vccw_req *active = q->active;

	if (scsw->fctl & (SCSW_FCTL_HALT_FUNC | SCSW_FCTL_CLEAR_FUNC)) {
		bool reported = active && active->region;

		if (active)
			vccw_end_active(q, irb);
		vccw_end_funcs(q, irb, reported);
		if (scsw->dstat & DEV_STAT_UNIT_CHECK)
			vccw_hold(q);
	} else if (!active) {
		vccw_unsolicited(q, irb);
	} else if (vccw_goes_on(scsw)) {
		vccw_intermediate(q, irb);
	} else {
		bool good = !active->failed && vccw_harmless(scsw) &&
			    scsw->dstat & DEV_STAT_DEV_END;
		bool hold = !good && !active->cancel;

		vccw_end_active(q, irb);
		if (hold)
			vccw_hold(q);
	}
}

/* Channel-program address as the client knows it, 0 if it has none. */
static u32 vccw_client_cpa(const struct vccw_req *req, u32 host)
{
	return req ? vccw_cp_iova(&req->cp, host) : 0;
}

/**
 * vccw_queue_irq - the subchannel has stored status
 * @dev: its device
 *
 * TSCH has been done, the IRB is this CPU's cio_irb.
 *
 * Context: hard interrupt, subchannel.lock held.
 */
void vccw_queue_irq(struct vccw_device *dev)
{
	struct irb *irb = this_cpu_ptr(&cio_irb);
	struct cmd_scsw *scsw = &irb->scsw.cmd;
	struct vccw_queue *q = &dev->queue;
	struct vccw_req *req = q->active;

	lockdep_assert_held(&dev->sch->lock);
	/* From here on the IRB is the client's: it knows no address of ours. */
	scsw->cpa = u32_to_dma32(vccw_client_cpa(req, dma32_to_u32(scsw->cpa)));
	if (likely(req && scsw->fctl == SCSW_FCTL_START_FUNC &&
		   vccw_clean(scsw) && !req->merged && !req->cancel &&
		   list_empty(&q->funcs))) {
		/* The device comes first: it is idle while we talk. */
		q->active = NULL;
		vccw_issue_start(dev);
		vccw_complete(q, req, 0, VFIO_CCW_RING_R_NONE, irb);
		return;
	}
	vccw_hide_addresses(irb);
	vccw_other_status(q, irb);
	if (!list_empty(&q->funcs))
		vccw_issue_funcs(dev);
	vccw_issue_start(dev);
}

/* Ways in */

/* Has the client seen the failure that holds the queue? */
static bool vccw_release_hold(struct vccw_queue *q, const struct vccw_req *req)
{
	u32 head = READ_ONCE(*q->ring->cq_head);

	if (!req->recover && (s32)(head - q->held_at) < 0)
		return false;
	q->held = false;
	return true;
}

/* Queue a start, or say why not. */
static void vccw_queue_one(struct vccw_queue *q, struct vccw_req *req)
{
	if (!vccw_accepts(q))
		vccw_complete(q, req, -ENODEV, VFIO_CCW_RING_R_NOT_OPERATIONAL,
			      NULL);
	else if (q->held && !vccw_release_hold(q, req))
		vccw_complete(q, req, -ECANCELED, VFIO_CCW_RING_R_HELD, NULL);
	else
		list_add_tail(&req->link, &q->ready);
}

/**
 * vccw_queue_start - queue starts that came through a ring
 * @dev: the device
 * @batch: the requests, translated; empty on return
 *
 * Context: process context, vccw_device.lock held.
 */
void vccw_queue_start(struct vccw_device *dev, struct list_head *batch)
{
	struct vccw_queue *q = &dev->queue;
	struct vccw_req *req, *next;

	spin_lock_irq(&dev->sch->lock);
	if (likely(vccw_accepts(q) && !q->held))
		list_splice_tail_init(batch, &q->ready);
	list_for_each_entry_safe(req, next, batch, link) {
		list_del(&req->link);
		vccw_queue_one(q, req);
	}
	vccw_flush_unsolicited(q);
	vccw_issue_start(dev);
	spin_unlock_irq(&dev->sch->lock);
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
	if (!vccw_accepts(q)) {
		ret = -ENODEV;
	} else if (!vccw_idle(q) || q->state != VCCW_QUEUE_RUN) {
		ret = -EBUSY;
	} else {
		cc = ssch(dev->sch->schid, &req->orb);
		if (cc == 0) {
			dev->sch->schib.scsw.cmd.actl |= SCSW_ACTL_START_PEND;
			req->cancel = 0;
			req->failed = false;
			q->active = req;
		} else if (cc == 3) {
			ret = dev->sch->lpm ? -EACCES : -ENODEV;
		} else {
			ret = -EBUSY;
		}
	}
	spin_unlock_irq(&dev->sch->lock);
	return ret;
}

static void vccw_func_locked(struct vccw_device *dev, struct vccw_req *req)
{
	struct vccw_queue *q = &dev->queue;

	if (!vccw_accepts(q)) {
		vccw_complete(q, req, -ENODEV, VFIO_CCW_RING_R_NOT_OPERATIONAL,
			      NULL);
		return;
	}
	vccw_take_back(q, -ECANCELED, VFIO_CCW_RING_R_TAKEN_BACK);
	list_add_tail(&req->link, &q->funcs);
	vccw_issue_funcs(dev);
}

/**
 * vccw_queue_func - HALT or CLEAR that came through a ring
 * @dev: the device
 * @req: the request
 *
 * Starts that are queued are taken back; the active one ends by the status the
 * function leads to.
 *
 * Context: process context, vccw_device.lock held.
 */
void vccw_queue_func(struct vccw_device *dev, struct vccw_req *req)
{
	spin_lock_irq(&dev->sch->lock);
	vccw_func_locked(dev, req);
	spin_unlock_irq(&dev->sch->lock);
}

/**
 * vccw_queue_func_region - HALT or CLEAR through the async command region
 * @dev: the device
 * @func: VCCW_HALT or VCCW_CLEAR
 *
 * Context: process context, vccw_device.lock held.
 * Return: 0, -EBUSY when one is under way or with condition codes 1 and 2,
 * -ENODEV.
 */
int vccw_queue_func_region(struct vccw_device *dev, enum vccw_func func)
{
	struct vccw_queue *q = &dev->queue;
	struct vccw_req *req = &q->region_func;
	int ret = 0, cc;

	spin_lock_irq(&dev->sch->lock);
	if (q->state != VCCW_QUEUE_RUN) {
		ret = q->state == VCCW_QUEUE_DRAIN ? -EBUSY : -ENODEV;
		goto out;
	}
	if (func == VCCW_HALT)
		cc = hsch(dev->sch->schid);
	else
		cc = csch(dev->sch->schid);
	if (cc) {
		ret = cc == 3 ? -ENODEV : -EBUSY;
		goto out;
	}
	if (req->user_data)	/* CLEAR overtakes a HALT */
		list_del(&req->link);
	req->user_data = 1;
	req->func = func;
	req->issued = true;
	list_add_tail(&req->link, &q->funcs);
out:
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
	else if (!list_empty(&q->ready))
		oldest = list_first_entry(&q->ready, struct vccw_req, link)->seq;
	spin_unlock_irq(&dev->sch->lock);
	return oldest;
}

/**
 * vccw_queue_path_lost - a channel path has gone
 * @dev: the device
 * @mask: the path
 *
 * What is under way on it is halted; its end reaches the client by the
 * interrupt that follows.
 *
 * Context: any, subchannel.lock held.
 */
void vccw_queue_path_lost(struct vccw_device *dev, u8 mask)
{
	struct subchannel *sch = dev->sch;

	lockdep_assert_held(&sch->lock);
	if (!dev->queue.active || !(sch->schib.pmcw.lpum & mask))
		return;
	if (hsch(sch->schid))
		csch(sch->schid);
}

