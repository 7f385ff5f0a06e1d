// SPDX-License-Identifier: GPL-2.0-only
/*
 * The functions of a subchannel besides START: HALT, CLEAR, CANCEL and RESUME.
 *
 * HALT and CLEAR are in q->funcs until the status comes that ends them; CANCEL and
 * RESUME are done when their instruction is.
 *
 * Principles of Operation, chapter 14 (HSCH, CSCH, XSCH, RSCH).
 */
#include <linux/vfio_ccw_ring.h>
#include "vccw_device.h"
#include "vccw_trace.h"
#include "ioasm.h"

/* HALT or CLEAR SUBCHANNEL. */
static int vccw_func(struct subchannel *sch, enum vccw_func func)
{
	int cc = func == VCCW_HALT ? hsch(sch->schid) : csch(sch->schid);

	trace_vccw_func(sch, func, cc);
	return cc;
}

/**
 * vccw_issue_funcs - issue HALT and CLEAR requests that have not been accepted yet
 * @dev: the device
 *
 * Context: subchannel.lock held, interrupts off.
 */
void vccw_issue_funcs(struct vccw_device *dev)
{
	struct vccw_queue *q = &dev->queue;
	struct vccw_req *req, **at = &q->funcs.first;
	int cc = 1;

	while ((req = *at)) {
		if (!req->issued)
			cc = vccw_func(dev->sch, req->func);
		if (req->issued || cc < 2) {
			req->issued |= cc == 0;
			at = &req->next;
			continue;
		}
		vccw_funcs_remove(q, at);
		vccw_complete(q, req, vccw_errno(cc), vccw_reason(cc), NULL);
	}
}

/**
 * vccw_end_funcs - HALT and CLEAR requests that status ends
 * @q: the queue
 * @irb: the status
 * @reported: the region has had it already, as the end of its start
 *
 * Context: subchannel.lock held, interrupts off.
 */
void vccw_end_funcs(struct vccw_queue *q, const struct irb *irb, bool reported)
{
	bool clear = irb->scsw.cmd.fctl & SCSW_FCTL_CLEAR_FUNC;
	struct vccw_req *req, **at = &q->funcs.first;

	while ((req = *at)) {
		if (!req->issued || (req->func == VCCW_CLEAR && !clear)) {
			at = &req->next;
			continue;
		}
		vccw_funcs_remove(q, at);
		if (req->region && !reported)
			vccw_region_irb(vccw_of(q), irb);
		vccw_complete(q, req, 0, VFIO_CCW_RING_R_NONE, irb);
	}
}

/* Ways in */

static void vccw_func_locked(struct vccw_device *dev, struct vccw_req *req)
{
	struct vccw_queue *q = &dev->queue;

	if (q->state != VCCW_QUEUE_RUN) {
		vccw_complete(q, req, -ENODEV, vccw_down(q), NULL);
		return;
	}
	vccw_take_back(q, -ECANCELED, VFIO_CCW_RING_R_FLUSHED);
	vccw_funcs_add(q, req);
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

static void vccw_forget(struct vccw_queue *q, struct vccw_req *req)
{
	struct vccw_req **at = &q->funcs.first;

	while (*at != req)
		at = &(*at)->next;
	vccw_funcs_remove(q, at);
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
	vccw_wait_drained(dev);
	if (q->state != VCCW_QUEUE_RUN) {
		ret = -ENODEV;
		goto out;
	}
	cc = vccw_func(dev->sch, func);
	if (cc) {
		ret = cc == 3 ? -ENODEV : -EBUSY;
		goto out;
	}
	if (req->user_data)	/* CLEAR overtakes a HALT */
		vccw_forget(q, req);
	req->user_data = 1;
	req->func = func;
	req->issued = true;
	vccw_funcs_add(q, req);
out:
	spin_unlock_irq(&dev->sch->lock);
	return ret;
}

/* CANCEL SUBCHANNEL for the active start, if it has this user data. */
static int vccw_cancel_active(struct vccw_queue *q, u64 target)
{
	struct vccw_req *req = q->active;
	int ret;

	if (q->state != VCCW_QUEUE_RUN)
		return -ENODEV;
	if (!req || req->user_data != target)
		return -ENOENT;
	ret = cio_cancel(vccw_of(q)->sch);
	if (ret)
		return ret == -ENODEV ? -ENODEV : -EBUSY;
	q->active = NULL;
	vccw_complete(q, req, -ECANCELED, VFIO_CCW_RING_R_CANCELED, NULL);
	return 0;
}

static u16 vccw_cancel_reason(const struct vccw_queue *q, int ret)
{
	switch (ret) {
	case 0:
		return VFIO_CCW_RING_R_NONE;
	case -EBUSY:
		return VFIO_CCW_RING_R_BUSY;
	case -ENOENT:
		return VFIO_CCW_RING_R_NO_START;
	default:
		return vccw_down(q);
	}
}

/**
 * vccw_queue_cancel - take back a start that has not begun
 * @dev: the device
 * @target: user data of the start, the oldest one that has not begun
 * @reason: what to say when it fails
 *
 * CANCEL SUBCHANNEL for the one the subchannel has accepted, which is then over
 * without an interrupt.
 *
 * Context: process context, vccw_device.lock held.
 * Return: 0, -EBUSY when it has begun or its status is pending, -ENOENT when
 * there is none, -ENODEV.
 */
int vccw_queue_cancel(struct vccw_device *dev, u64 target, u16 *reason)
{
	struct vccw_queue *q = &dev->queue;
	struct vccw_req *req, **at;
	int ret;

	spin_lock_irq(&dev->sch->lock);
	ret = vccw_cancel_active(q, target);
	if (!ret)
		goto out;
	for (at = &q->ready.first; (req = *at); at = &req->next) {
		if (req->user_data != target)
			continue;
		vccw_fifo_remove(&q->ready, at);
		vccw_complete(q, req, -ECANCELED, VFIO_CCW_RING_R_CANCELED, NULL);
		ret = 0;
		break;
	}
out:
	vccw_issue_start(dev);
	*reason = vccw_cancel_reason(q, ret);
	spin_unlock_irq(&dev->sch->lock);
	return ret;
}

/**
 * vccw_queue_resume - RESUME SUBCHANNEL
 * @dev: the device
 * @reason: what to say when it fails
 *
 * Programs that suspend are refused, so the subchannel says that there is none
 * to resume.
 *
 * Context: process context, vccw_device.lock held.
 * Return: 0, or -EINVAL, -EBUSY, -ENODEV with the condition codes 2, 1 and 3.
 */
int vccw_queue_resume(struct vccw_device *dev, u16 *reason)
{
	u16 down;
	int ret;

	spin_lock_irq(&dev->sch->lock);
	ret = dev->queue.state == VCCW_QUEUE_RUN ? cio_resume(dev->sch) : -ENODEV;
	down = vccw_down(&dev->queue);
	spin_unlock_irq(&dev->sch->lock);
	switch (ret) {
	case 0:
		*reason = VFIO_CCW_RING_R_NONE;
		break;
	case -EINVAL:
		*reason = VFIO_CCW_RING_R_NOT_SUSPENDED;
		break;
	case -EBUSY:
		*reason = VFIO_CCW_RING_R_BUSY;
		break;
	default:
		*reason = down;
	}
	return ret;
}
