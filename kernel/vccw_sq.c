// SPDX-License-Identifier: GPL-2.0-only
/*
 * The submission queue: SQEs in from user space.
 *
 * User space writes an SQE and then the SQ tail; the driver reads the tail,
 * copies the SQE, and only looks at the copy.  Barriers and their pairs:
 *
 *   user space                         driver
 *   (G) store SQE                      (H) load-acquire SQ tail
 *       store-release SQ tail              copy SQE
 *   (I) load-acquire SQ head           (J) copy SQE, read its program
 *       store SQE                          store-release SQ head
 */
#include <linux/nospec.h>
#include <linux/uaccess.h>
#include "vccw_device.h"

/**
 * struct vccw_batch - starts for one subchannel, translated but not queued
 * @ring: the ring
 * @dev: the device, its lock held; NULL if the batch is empty
 * @reqs: the requests
 */
struct vccw_batch {
	struct vccw_ring *ring;
	struct vccw_device *dev;
	struct list_head reqs;
};

static void vccw_batch_flush(struct vccw_batch *b)
{
	if (!list_empty(&b->reqs))
		vccw_queue_start(b->dev, &b->reqs);
	b->dev->pins.batch = U64_MAX;
}

static void vccw_batch_end(struct vccw_batch *b)
{
	if (!b->dev)
		return;
	vccw_batch_flush(b);
	mutex_unlock(&b->dev->lock);
	b->dev = NULL;
}

/* Go on with another subchannel. */
static void vccw_batch_switch(struct vccw_batch *b, struct vccw_device *dev)
{
	if (likely(b->dev == dev))
		return;
	vccw_batch_end(b);
	mutex_lock(&dev->lock);
	b->dev = dev;
}

/* Check the fields of an SQE that have nothing to do with its opcode. */
static int vccw_sqe_check(const struct vfio_ccw_ring_sqe *sqe, u16 *reason)
{
	if (sqe->opcode > VFIO_CCW_RING_OP_RESUME) {
		*reason = VFIO_CCW_RING_R_OPCODE;
		return -EOPNOTSUPP;
	}
	if (sqe->flags & ~VFIO_CCW_RING_SQE_RECOVER) {
		*reason = VFIO_CCW_RING_R_SQE_FLAGS;
		return -EINVAL;
	}
	if (sqe->reserved0 || sqe->reserved ||
	    (sqe->target && sqe->opcode != VFIO_CCW_RING_OP_CANCEL) ||
	    (sqe->opcode != VFIO_CCW_RING_OP_START &&
	     memchr_inv(sqe->orb, 0, sizeof(sqe->orb)))) {
		*reason = VFIO_CCW_RING_R_SQE_RESERVED;
		return -EINVAL;
	}
	return 0;
}

static struct vccw_device *vccw_sqe_device(struct vccw_ring *ring,
					   const struct vfio_ccw_ring_sqe *sqe)
{
	u32 i = sqe->subchannel;

	if (i >= VFIO_CCW_RING_MAX_SUBCHANNELS)
		return NULL;
	return ring->devices[array_index_nospec(i, VFIO_CCW_RING_MAX_SUBCHANNELS)];
}

/* START: translate, and add to the batch. */
static int vccw_sqe_start(struct vccw_batch *b, struct vccw_req *req,
			  const struct vfio_ccw_ring_sqe *sqe,
			  struct vccw_fault *fault)
{
	struct vccw_pins *pins = &b->dev->pins;
	int ret;

	req->seq = ++pins->clock;
	if (pins->batch == U64_MAX)
		pins->batch = req->seq;
	req->func = VCCW_START;
	req->recover = sqe->flags & VFIO_CCW_RING_SQE_RECOVER;
	memcpy(&req->orb, sqe->orb, sizeof(req->orb.cmd));
	ret = vccw_cp_translate(b->dev, &req->cp, &req->orb, false, fault);
	if (ret)
		return ret;
	list_add_tail(&req->link, &b->reqs);
	return 0;
}

/* HALT, CLEAR: behind the starts submitted before. */
static void vccw_sqe_func(struct vccw_batch *b, struct vccw_req *req,
			  const struct vfio_ccw_ring_sqe *sqe)
{
	vccw_batch_flush(b);
	req->func = sqe->opcode == VFIO_CCW_RING_OP_HALT ? VCCW_HALT : VCCW_CLEAR;
	vccw_queue_func(b->dev, req);
}

/* CANCEL, RESUME: done on return. */
static int vccw_sqe_at_once(struct vccw_batch *b,
			    const struct vfio_ccw_ring_sqe *sqe, u16 *reason)
{
	vccw_batch_flush(b);
	if (sqe->opcode == VFIO_CCW_RING_OP_CANCEL)
		return vccw_queue_cancel(b->dev, sqe->target, reason);
	return vccw_queue_resume(b->dev, reason);
}

/* START, HALT, CLEAR: if no request comes of it, -errno and @fault say why. */
static int vccw_sqe_request(struct vccw_batch *b, struct vccw_device *dev,
			    const struct vfio_ccw_ring_sqe *sqe,
			    struct vccw_fault *fault)
{
	struct vccw_req *req;
	int ret;

	req = vccw_queue_get_req(&dev->queue);
	if (WARN_ON_ONCE(!req)) {
		fault->reason = VFIO_CCW_RING_R_NO_MEMORY;
		return -ENOMEM;
	}
	req->user_data = sqe->user_data;
	if (sqe->opcode != VFIO_CCW_RING_OP_START) {
		vccw_sqe_func(b, req, sqe);
		return 0;
	}
	ret = vccw_sqe_start(b, req, sqe, fault);
	if (ret)
		vccw_queue_put_req(&dev->queue, req);
	return ret;
}

/*
 * Carry out an SQE: -EIOCBQUEUED if its CQE comes later, else 0 or -errno, and
 * @fault says why.
 */
static int vccw_sqe_submit(struct vccw_batch *b, struct vccw_device *dev,
			   const struct vfio_ccw_ring_sqe *sqe,
			   struct vccw_fault *fault)
{
	switch (sqe->opcode) {
	case VFIO_CCW_RING_OP_NOP:
		return 0;
	case VFIO_CCW_RING_OP_CANCEL:
	case VFIO_CCW_RING_OP_RESUME:
		vccw_batch_switch(b, dev);
		return vccw_sqe_at_once(b, sqe, &fault->reason);
	default:
		vccw_batch_switch(b, dev);
		return vccw_sqe_request(b, dev, sqe, fault) ?: -EIOCBQUEUED;
	}
}

/* Consume one SQE. */
static void vccw_sqe_consume(struct vccw_batch *b,
			     const struct vfio_ccw_ring_sqe *sqe)
{
	struct vccw_device *dev = vccw_sqe_device(b->ring, sqe);
	struct vccw_fault fault = {};
	int ret;

	ret = vccw_sqe_check(sqe, &fault.reason);
	if (!ret && !dev) {
		fault.reason = VFIO_CCW_RING_R_SUBCHANNEL;
		ret = -ENXIO;
	}
	if (!ret)
		ret = vccw_sqe_submit(b, dev, sqe, &fault);
	if (ret == -EIOCBQUEUED)
		return;	/* completes when the subchannel says so */
	vccw_cq_post(b->ring, sqe->subchannel, sqe->user_data, ret, &fault);
}

/* Consume @n SQEs, for which CQ slots are set aside. */
static void vccw_sq_consume(struct vccw_ring *ring, u32 n)
{
	struct vccw_batch batch = {
		.ring = ring,
		.reqs = LIST_HEAD_INIT(batch.reqs),
	};
	struct vfio_ccw_ring_sqe sqe;

	while (n--) {
		sqe = ring->sqes[ring->sq_next & (ring->sq_entries - 1)];
		barrier();	/* from here on only the copy counts */
		vccw_sqe_consume(&batch, &sqe);
		ring->sq_next++;
	}
	vccw_batch_end(&batch);
	/* (J) pairs with (I) */
	smp_store_release(ring->sq_head, ring->sq_next);
}

/* Consume up to @to_submit SQEs: their number or -errno. */
static long vccw_sq_submit(struct vccw_ring *ring, u32 to_submit)
{
	u32 ready, wanted, n;
	int ret;

	mutex_lock(&ring->submit);
	/* (H) pairs with (G) */
	ready = smp_load_acquire(ring->sq_tail) - ring->sq_next;
	if (ready > ring->sq_entries) {
		ret = -EOVERFLOW;
		goto out;
	}
	wanted = min(to_submit, ready);
	n = wanted;
	ret = vccw_cq_reserve(ring, &n);
	if (ret)
		goto out;
	if (n)
		vccw_sq_consume(ring, n);
	ret = wanted && !n ? -EBUSY : n;
out:
	mutex_unlock(&ring->submit);
	return ret;
}

/**
 * vccw_ring_enter - the VFIO_CCW_RING_ENTER ioctl
 * @ring: the ring
 * @arg: user address of a struct vfio_ccw_ring_enter
 *
 * Context: process context; sleeps.
 * Return: as the UAPI header says.
 */
long vccw_ring_enter(struct vccw_ring *ring, unsigned long arg)
{
	struct vfio_ccw_ring_enter enter;
	ktime_t until, *timeout = NULL;
	u32 none = 0;
	long ret, submitted = 0;

	if (copy_from_user(&enter, (void __user *)arg, sizeof(enter)))
		return -EFAULT;
	if (enter.flags & ~VFIO_CCW_RING_ENTER_TIMEOUT || enter.reserved)
		return -EINVAL;
	if (enter.flags & VFIO_CCW_RING_ENTER_TIMEOUT) {
		until = ktime_add_safe(ktime_get(),
				       min_t(u64, enter.timeout_ns, KTIME_MAX));
		timeout = &until;
	}
	/* One who only waits does not queue up behind a submitter. */
	if (enter.to_submit)
		submitted = vccw_sq_submit(ring, enter.to_submit);
	else
		submitted = vccw_cq_reserve(ring, &none);
	if (submitted < 0)
		return submitted;
	if (enter.min_complete) {
		ret = vccw_cq_wait(ring, enter.min_complete, timeout);
		if (ret)
			return ret;
	}
	return submitted;
}
