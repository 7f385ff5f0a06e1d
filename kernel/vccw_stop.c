// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ending requests: because memory is unmapped, a ring or the device is closed
 * or reset, or the device or a channel path to it has gone.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/vfio_ccw_ring.h>
#include <asm/isc.h>
#include "vccw_device.h"
#include "vccw_irb.h"
#include "vccw_trace.h"
#include "ioasm.h"

/* How long a device has to end an operation after HALT, after CLEAR. */
#define VCCW_HALT_TIMEOUT	(HZ / 2)
#define VCCW_CLEAR_TIMEOUT	(3 * HZ)

/* Let go of sch->lock for a moment; for who polls. */
static void vccw_let_go(struct vccw_device *dev)
{
	spin_unlock_irq(&dev->sch->lock);
	usleep_range(50, 200);
	spin_lock_irq(&dev->sch->lock);
}

/*
 * Wait until nothing is under way; sch->lock held, and let go meanwhile.  Whenever it
 * was, the queue may have lost its ring, or have another, that polls or does not: one
 * who waits has no part in that, and looks again.
 */
static bool vccw_wait_idle(struct vccw_device *dev, long timeout)
{
	unsigned long end = jiffies + timeout;
	struct vccw_queue *q = &dev->queue;

	for (;;) {
		if (q->polled)
			vccw_queue_take(dev, 1);
		if (vccw_idle(q))
			return true;
		timeout = end - jiffies;
		if (timeout <= 0)
			return false;
		if (q->polled)
			vccw_let_go(dev);
		else
			wait_event_lock_irq_timeout(q->idle, vccw_idle(q) || q->polled,
						    dev->sch->lock, timeout);
	}
}

/* The device does not answer: end what is under way without it. */
static void vccw_abandon(struct vccw_device *dev, u16 reason)
{
	struct vccw_queue *q = &dev->queue;
	struct vccw_req *req;

	if (q->active) {
		req = q->active;
		req->cancel = reason;
		vccw_complete_stopped(q, req, -ENODEV);
		if (q->retired == req && q->done == req)
			q->done = req->next;
		else if (q->retired == req && q->done_large == req)
			q->done_large = req->next;
		vccw_no_active(q);
	}
	while (q->n_funcs) {
		req = vccw_funcs_remove(q, &q->funcs.first);
		if (req->region)
			vccw_region_no_answer(dev, req->func);
		vccw_complete(q, req, -ENODEV, reason, NULL);
	}
}

/*
 * Take back a start that is still pending.  CANCEL SUBCHANNEL leads to no
 * interrupt: the request ends here.
 */
static bool vccw_stop_pending(struct vccw_device *dev)
{
	struct vccw_queue *q = &dev->queue;
	struct vccw_req *req = q->active;

	if (!req || cio_cancel(dev->sch))
		return false;
	vccw_complete_stopped(q, req, -ECANCELED);
	vccw_no_active(q);
	return true;
}

/*
 * End what is under way: by CANCEL if it has not begun, else politely by HALT,
 * then by CLEAR.  A subchannel that does not even answer that is disabled, and is of
 * no use before the client has reset it.
 */
static void vccw_stop_active(struct vccw_device *dev, u16 reason)
{
	struct vccw_queue *q = &dev->queue;
	struct subchannel *sch = dev->sch;

	if (vccw_idle(q))
		return;
	trace_vccw_stop(sch, reason);
	if (q->active && !q->active->cancel)
		q->active->cancel = reason;
	if (vccw_stop_pending(dev) && vccw_idle(q))
		return;
	if (hsch(sch->schid) != 3 && vccw_wait_idle(dev, VCCW_HALT_TIMEOUT))
		return;
	if (csch(sch->schid) != 3 && vccw_wait_idle(dev, VCCW_CLEAR_TIMEOUT))
		return;
	if (q->state == VCCW_QUEUE_RUN)
		q->state = VCCW_QUEUE_CLOSED;
	vccw_take_back(q, -ENODEV, VFIO_CCW_RING_R_NOT_OPERATIONAL);
	vccw_disable_or_keep(dev);
	vccw_abandon(dev, VFIO_CCW_RING_R_NOT_OPERATIONAL);
}

/* Hold the queue still, and let it go on; several may, at the same time. */
static void vccw_drain(struct vccw_queue *q)
{
	q->drains++;
}

static void vccw_drained(struct vccw_device *dev)
{
	if (!--dev->queue.drains)
		wake_up(&dev->queue.idle);
	vccw_issue_start(dev);
}

/**
 * vccw_queue_stop_all - end all requests
 * @dev: the device
 * @reason: why, for those who asked
 *
 * Context: process context, vccw_device.lock held; sleeps.
 */
void vccw_queue_stop_all(struct vccw_device *dev, u16 reason)
{
	struct vccw_queue *q = &dev->queue;

	lockdep_assert_held(&dev->lock);
	spin_lock_irq(&dev->sch->lock);
	vccw_drain(q);
	vccw_take_back(q, -ECANCELED, reason);
	vccw_stop_active(dev, reason);
	vccw_drained(dev);
	spin_unlock_irq(&dev->sch->lock);
}

static bool vccw_is_for(const struct vccw_req *req, const struct vccw_uring *uring)
{
	return req->by_uring && req->uring == uring;
}

/* Take it back if it waits for its turn; sch->lock held. */
static void vccw_take_back_uring(struct vccw_queue *q, const struct vccw_uring *uring)
{
	struct vccw_req *req, **at;

	for (at = &q->ready.first; (req = *at); at = &req->next) {
		if (!vccw_is_for(req, uring))
			continue;
		vccw_fifo_remove(&q->ready, at);
		vccw_complete(q, req, -ECANCELED, VFIO_CCW_RING_R_CANCELED, NULL);
		return;
	}
}

/* Is it what the subchannel is at? sch->lock held. */
static bool vccw_is_at(const struct vccw_queue *q, const struct vccw_uring *uring)
{
	const struct vccw_req *req;

	for (req = q->funcs.first; req; req = req->next) {
		if (vccw_is_for(req, uring))
			return true;
	}
	return q->active && vccw_is_for(q->active, uring);
}

/**
 * vccw_queue_stop_uring - end a request of an io_uring, if it is under way
 * @dev: the device
 * @uring: what stands for it
 *
 * Context: process context, vccw_ring.submit held; sleeps.
 */
void vccw_queue_stop_uring(struct vccw_device *dev, const struct vccw_uring *uring)
{
	struct vccw_queue *q = &dev->queue;

	mutex_lock(&dev->lock);
	spin_lock_irq(&dev->sch->lock);
	vccw_drain(q);
	vccw_take_back_uring(q, uring);
	if (vccw_is_at(q, uring))
		vccw_stop_active(dev, VFIO_CCW_RING_R_CANCELED);
	vccw_drained(dev);
	spin_unlock_irq(&dev->sch->lock);
	mutex_unlock(&dev->lock);
}

/* Does a request transfer data to or from a range of client memory? */
static bool vccw_req_uses(struct vccw_device *dev, const struct vccw_req *req,
			  u64 first, u64 last)
{
	struct vccw_pin *pin;
	u32 iter = 0;

	while ((pin = vccw_pins_next(&dev->pins, &iter, first, last))) {
		if (vccw_cp_uses(&req->cp, pin->addr >> PAGE_SHIFT))
			return true;
		cond_resched();
	}
	return false;
}

/**
 * vccw_queue_stop_range - end the requests that use client memory
 * @dev: the device
 * @first: first page in the client's I/O address space
 * @last: last page
 * @reason: why, for those who asked
 *
 * Others wait meanwhile and go on afterwards.
 *
 * Context: process context, vccw_device.lock held; sleeps.
 */
void vccw_queue_stop_range(struct vccw_device *dev, u64 first, u64 last,
			   u16 reason)
{
	struct vccw_queue *q = &dev->queue;
	struct vccw_req *active, *req, **at;
	struct vccw_fifo waiting = {}, doomed = {};
	bool stop;
	u32 holds;

	lockdep_assert_held(&dev->lock);
	/*
	 * Programs are looked through with the lock let go.  Nobody else queues
	 * meanwhile, and the active one's memory stays even if it ends, because
	 * that takes dev->lock.
	 */
	spin_lock_irq(&dev->sch->lock);
	vccw_drain(q);
	vccw_fifo_move(&waiting, &q->ready);
	active = q->active;
	holds = q->holds;
	spin_unlock_irq(&dev->sch->lock);

	for (at = &waiting.first; (req = *at);) {
		if (vccw_req_uses(dev, req, first, last))
			vccw_fifo_push(&doomed, vccw_fifo_remove(&waiting, at));
		else
			at = &req->next;
	}
	stop = active && vccw_req_uses(dev, active, first, last);

	spin_lock_irq(&dev->sch->lock);
	while (!vccw_fifo_empty(&doomed))
		vccw_complete(q, vccw_fifo_pop(&doomed), -ECANCELED, reason, NULL);
	vccw_fifo_move(&q->ready, &waiting);
	/* Meanwhile the device may have gone, or a start failed. */
	if (q->state != VCCW_QUEUE_RUN)
		vccw_take_back(q, -ENODEV, vccw_down(q));
	if (q->holds != holds)
		vccw_take_back_held(q);
	if (stop && q->active == active)
		vccw_stop_active(dev, reason);
	vccw_drained(dev);
	spin_unlock_irq(&dev->sch->lock);
}

/**
 * vccw_queue_open - enable the subchannel
 * @dev: the device
 *
 * Not when its device has gone: what may be there by now is another one, which
 * nobody has given to this client.
 *
 * Context: process context, vccw_device.lock held.
 * Return: 0 or -errno.
 */
int vccw_queue_open(struct vccw_device *dev)
{
	struct subchannel *sch = dev->sch;
	int ret = -ENODEV;
	bool known;

	spin_lock_irq(&sch->lock);
	if (dev->queue.state != VCCW_QUEUE_DEAD) {
		if (!dev->queue.polled)
			sch->isc = VFIO_CCW_ISC;
		ret = vccw_enable(sch, dev->intparm);
	}
	if (!ret) {
		vccw_queue_paths(dev);
		dev->queue.held = false;
		dev->queue.state = VCCW_QUEUE_RUN;
	}
	known = ret == -ENODEV || vccw_is_wedged(sch);
	spin_unlock_irq(&sch->lock);
	if (ret && !known)
		dev_warn(&sch->dev, "vfio_ccw: cannot enable the subchannel (%d)\n",
			 ret);
	return ret;
}

/**
 * vccw_queue_close - end all requests and disable the subchannel
 * @dev: the device
 * @reason: why, for those who asked
 *
 * Context: process context, vccw_device.lock held; sleeps.
 */
void vccw_queue_close(struct vccw_device *dev, u16 reason)
{
	struct subchannel *sch = dev->sch;

	vccw_queue_stop_all(dev, reason);
	spin_lock_irq(&sch->lock);
	if (dev->queue.state != VCCW_QUEUE_DEAD)
		dev->queue.state = VCCW_QUEUE_CLOSED;
	vccw_disable_or_keep(dev);
	spin_unlock_irq(&sch->lock);
	vccw_cp_release(&dev->queue.region_req.cp);
}

/**
 * vccw_queue_dead - the device is gone
 * @dev: the device
 *
 * Context: any, subchannel.lock held.
 */
void vccw_queue_dead(struct vccw_device *dev)
{
	struct vccw_queue *q = &dev->queue;

	lockdep_assert_held(&dev->sch->lock);
	q->state = VCCW_QUEUE_DEAD;
	vccw_take_back(q, -ENODEV, VFIO_CCW_RING_R_GONE);
	vccw_abandon(dev, VFIO_CCW_RING_R_GONE);
}

/**
 * vccw_queue_shutdown - the system goes down
 * @dev: the device
 *
 * The subchannel touches no memory any more, for good.  Unlike
 * vccw_queue_close() this does not wait for the client, who may hold
 * vccw_device.lock for long.
 *
 * Context: process context; takes subchannel.lock; sleeps.
 */
void vccw_queue_shutdown(struct vccw_device *dev)
{
	struct vccw_queue *q = &dev->queue;

	spin_lock_irq(&dev->sch->lock);
	vccw_drain(q);
	q->state = VCCW_QUEUE_DEAD;
	vccw_take_back(q, -ECANCELED, VFIO_CCW_RING_R_CLOSED);
	vccw_stop_active(dev, VFIO_CCW_RING_R_CLOSED);
	vccw_disable_or_keep(dev);
	vccw_drained(dev);
	spin_unlock_irq(&dev->sch->lock);
}

/**
 * vccw_queue_paths - which paths may be used may have changed
 * @dev: the device
 *
 * Context: any, subchannel.lock held.
 */
void vccw_queue_paths(struct vccw_device *dev)
{
	dev->queue.some_paths = dev->sch->opm != 0xff;
}

/**
 * vccw_queue_path_lost - a channel path has gone
 * @dev: the device
 * @mask: the path
 *
 * A start that is under way on it may never end by itself.  It is ended, later
 * because that can take time.
 *
 * Context: any, subchannel.lock held.
 */
void vccw_queue_path_lost(struct vccw_device *dev, u8 mask)
{
	struct vccw_req *active = dev->queue.active;

	lockdep_assert_held(&dev->sch->lock);
	if (!active || !(dev->sch->schib.pmcw.lpum & mask))
		return;
	active->cancel = active->cancel ?: VFIO_CCW_RING_R_PATH_LOST;
	schedule_work(&dev->queue.path_work);
}

/* End the start that vccw_queue_path_lost() has marked, if it is still there. */
void vccw_queue_path_work(struct work_struct *work)
{
	struct vccw_device *dev = container_of(work, struct vccw_device,
					       queue.path_work);
	struct vccw_queue *q = &dev->queue;

	spin_lock_irq(&dev->sch->lock);
	vccw_drain(q);
	if (q->active && q->active->cancel == VFIO_CCW_RING_R_PATH_LOST)
		vccw_stop_active(dev, VFIO_CCW_RING_R_PATH_LOST);
	vccw_drained(dev);
	spin_unlock_irq(&dev->sch->lock);
}
