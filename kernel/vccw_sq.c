// SPDX-License-Identifier: GPL-2.0-only
/*
 * The submission queue: SQEs in from user space.
 *
 * User space writes an SQE and then the SQ tail; the driver reads the tail and then
 * the SQE, each of its fields once, or copies it and only looks at the copy.
 * Barriers and their pairs:
 *
 *   user space                         driver
 *   (G) store SQE                      (H) load-acquire SQ tail
 *       store-release SQ tail              read SQE
 *   (I) load-acquire SQ head           (J) read SQE and its program
 *       store SQE                          store-release SQ head
 */
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <asm/byteorder.h>
#include "vccw_cq.h"
#include "vccw_device.h"
#include "vccw_straight.h"
#include "vccw_trace.h"

/*
 * The first eight bytes of an SQE as one number, its first byte the highest: opcode and
 * subchannel, the rest 0.
 */
static inline u64 vccw_sqe_head(u8 opcode, u16 subchannel)
{
	return (u64)opcode << 56 | (u64)be16_to_cpu((__force __be16)subchannel) << 32;
}

static inline u16 vccw_head_subchannel(u64 head)
{
	return (__force u16)cpu_to_be16((u16)(head >> 32));
}

static_assert(offsetof(struct vfio_ccw_ring_sqe, opcode) == 0 &&
	      offsetof(struct vfio_ccw_ring_sqe, subchannel) == 2 &&
	      offsetof(struct vfio_ccw_ring_sqe, user_data) == 8);

/**
 * struct vccw_batch - the SQEs of one call
 * @ring: the ring
 * @devices: those that take part, in their order, their locks held
 * @end: where the next one will be linked
 * @dev: the one of the latest SQE, NULL at first
 * @start: what a START for it without flags begins with
 * @uring: what stands for the only one, of an io_uring; NULL for SQEs of the ring
 */
struct vccw_batch {
	struct vccw_ring *ring;
	struct vccw_device *devices;
	struct vccw_device **end;
	struct vccw_device *dev;
	u64 start;
	struct vccw_uring *uring;
};

/* Takes the device's lock, which vccw_part_end() gives back. */
static __always_inline void vccw_part_begin(struct vccw_batch *b, struct vccw_device *dev)
{
	struct vccw_part *part = &dev->batch;

	mutex_lock_nest_lock(&dev->lock, &b->ring->submit);
	WRITE_ONCE(part->ring, b->ring);
	part->next = NULL;
	*b->end = dev;
	b->end = &part->next;
	part->end = &dev->queue.free;
	vccw_pins_begin(&dev->pins);
	if (!dev->queue.free)
		vccw_queue_refill(dev, &dev->queue.free);
}

/* Queue the starts there are for a device. */
static void vccw_part_flush(struct vccw_device *dev)
{
	struct vccw_req *first = dev->queue.free, **end = dev->batch.end;

	if (end != &dev->queue.free) {
		dev->queue.free = *end;
		*end = NULL;
		dev->batch.end = &dev->queue.free;
		vccw_queue_start(dev, first, end);
	}
	vccw_pins_end(&dev->pins);
}

/* Gives back the device's lock, which vccw_part_begin() has taken. */
static void vccw_part_end(struct vccw_device *dev)
{
	vccw_part_flush(dev);
	WRITE_ONCE(dev->batch.ring, NULL);
	mutex_unlock(&dev->lock);
}

static void vccw_batch_end(struct vccw_batch *b)
{
	struct vccw_device *dev, *next;

	for (dev = b->devices; dev; dev = next) {
		next = dev->batch.next;
		vccw_part_end(dev);
	}
}

/* Go on with this subchannel, for which a START without flags begins with @start. */
static __always_inline void vccw_batch_switch(struct vccw_batch *b,
					      struct vccw_device *dev, u64 start)
{
	if (!dev->batch.ring)
		vccw_part_begin(b, dev);
	b->dev = dev;
	b->start = start;
}

/* No index, whatever the CPU speculates on, leads out of the table. */
#define VCCW_INDEX_MASK		(VFIO_CCW_RING_MAX_SUBCHANNELS - 1)
static_assert(!(VFIO_CCW_RING_MAX_SUBCHANNELS & VCCW_INDEX_MASK));

static struct vccw_device *vccw_ring_device(struct vccw_ring *ring, u16 i)
{
	return i & ~VCCW_INDEX_MASK ? NULL : ring->devices[i & VCCW_INDEX_MASK];
}

/* If this is how a START without flags begins, be ready for its subchannel. */
static __always_inline bool vccw_batch_turn(struct vccw_batch *b, u64 head)
{
	u16 index = vccw_head_subchannel(head) & VCCW_INDEX_MASK;
	struct vccw_device *dev = b->ring->devices[index];

	if (head != vccw_sqe_head(VFIO_CCW_RING_OP_START, index) || !dev)
		return false;
	vccw_batch_switch(b, dev, head);
	return true;
}

/* Check the fields of an SQE that have nothing to do with its opcode. */
static int vccw_sqe_check(const struct vfio_ccw_ring_sqe *sqe, u16 *reason)
{
	if (sqe->opcode > VCCW_OPCODE_MAX) {
		*reason = VFIO_CCW_RING_R_OPCODE;
		return -EOPNOTSUPP;
	}
	if (sqe->flags & ~VCCW_SQE_FLAGS) {
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

/* The next free request, which is not taken yet; there is one for each SQE consumed. */
static struct vccw_req *vccw_part_next(struct vccw_device *dev)
{
	struct vccw_req **end = dev->batch.end;

	if (!*end)
		vccw_queue_refill(dev, end);
	WARN_ON_ONCE(!*end);
	return *end;
}

/* START: translate, and add to the batch. */
static int vccw_sqe_start(struct vccw_batch *b,
			  const struct vfio_ccw_ring_sqe *sqe,
			  struct vccw_fault *fault)
{
	struct vccw_device *dev = b->dev;
	struct vccw_req *req;
	int ret;

	req = vccw_part_next(dev);
	if (unlikely(!req)) {
		fault->reason = VFIO_CCW_RING_R_NO_MEMORY;
		return -ENOMEM;
	}
	req->seq = dev->pins.clock;
	ret = vccw_cp_translate(dev, &req->cp, (const __be32 *)sqe->orb, false,
				fault);
	if (unlikely(ret))
		return ret;
	req->user_data = sqe->user_data;
	req->recover = sqe->flags & VFIO_CCW_RING_SQE_RECOVER;
	req->large = vccw_cp_is_large(&req->cp);
	req->by_uring = !!b->uring;
	req->uring = b->uring;
	vccw_trace(queue, dev->sch, req);
	dev->batch.end = &req->next;
	return -EIOCBQUEUED;
}

/* Is all of a START zero that is to be, but for its first eight bytes? */
static __always_inline bool vccw_sqe_zeros(const struct vccw_part *part,
					   const struct vfio_ccw_ring_sqe *sqe)
{
	static_assert(offsetofend(typeof(*sqe), orb) == offsetof(typeof(*sqe), target));
	static_assert(sizeof(part->zeros) ==
		      sizeof(*sqe) - offsetof(typeof(*sqe), orb[VCCW_ORB_BYTES]));
	return !*(const __be32 *)sqe->orb &&
	       !memcmp(&sqe->orb[VCCW_ORB_BYTES], part->zeros, sizeof(part->zeros));
}

/*
 * A START without flags, as is known already, and with a straight program: what
 * nearly all SQEs are.  Each field that is used is read once.
 * Return: false if it is anything else; nothing has been done then.
 */
static __always_inline bool vccw_sqe_more(struct vccw_device *dev,
					  const struct vfio_ccw_ring_sqe *sqe)
{
	struct vccw_req *req = *dev->batch.end;
	u64 orb;

	/* Only looked at, and never used: read again it would do no harm. */
	if (unlikely(!req || !data_race(vccw_sqe_zeros(&dev->batch, sqe))))
		return false;
	orb = be64_to_cpu(READ_ONCE(*(const __be64 *)&sqe->orb[4]));
	if (unlikely(!vccw_cp_translate_straight(dev, &req->cp, orb)))
		return false;
	req->user_data = READ_ONCE(sqe->user_data);
	req->seq = dev->pins.clock;
	vccw_trace(queue, dev->sch, req);
	dev->batch.end = &req->next;
	return true;
}

/* HALT, CLEAR: behind the starts submitted before. */
static int vccw_sqe_func(struct vccw_batch *b,
			 const struct vfio_ccw_ring_sqe *sqe,
			 struct vccw_fault *fault)
{
	struct vccw_req *req;

	vccw_part_flush(b->dev);
	req = vccw_part_next(b->dev);
	if (!req) {
		fault->reason = VFIO_CCW_RING_R_NO_MEMORY;
		return -ENOMEM;
	}
	b->dev->queue.free = req->next;
	req->user_data = sqe->user_data;
	req->func = sqe->opcode == VFIO_CCW_RING_OP_HALT ? VCCW_HALT : VCCW_CLEAR;
	req->by_uring = !!b->uring;
	req->uring = b->uring;
	vccw_queue_func(b->dev, req);
	return -EIOCBQUEUED;
}

/* CANCEL, RESUME: done on return. */
static int vccw_sqe_at_once(struct vccw_batch *b,
			    const struct vfio_ccw_ring_sqe *sqe, u16 *reason)
{
	vccw_part_flush(b->dev);
	if (sqe->opcode == VFIO_CCW_RING_OP_CANCEL)
		return vccw_queue_cancel(b->dev, sqe->target, reason);
	return vccw_queue_resume(b->dev, reason);
}

/*
 * Carry out an SQE: -EIOCBQUEUED if its CQE comes later, else 0 or -errno, and
 * @fault says why.
 */
static int vccw_sqe_submit(struct vccw_batch *b,
			   const struct vfio_ccw_ring_sqe *sqe,
			   struct vccw_fault *fault)
{
	struct vccw_device *dev = vccw_ring_device(b->ring, sqe->subchannel);
	int ret;

	ret = vccw_sqe_check(sqe, &fault->reason);
	if (ret)
		return ret;
	if (!dev) {
		fault->reason = VFIO_CCW_RING_R_SUBCHANNEL;
		return -ENXIO;
	}
	if (sqe->opcode == VFIO_CCW_RING_OP_NOP)
		return 0;
	vccw_batch_switch(b, dev,
			  vccw_sqe_head(VFIO_CCW_RING_OP_START, sqe->subchannel));
	switch (sqe->opcode) {
	case VFIO_CCW_RING_OP_START:
		return vccw_sqe_start(b, sqe, fault);
	case VFIO_CCW_RING_OP_HALT:
	case VFIO_CCW_RING_OP_CLEAR:
		return vccw_sqe_func(b, sqe, fault);
	default:
		return vccw_sqe_at_once(b, sqe, &fault->reason);
	}
}

/**
 * vccw_sq_one - carry out a request that is not in the SQ
 * @ring: the ring
 * @sqe: the request, a copy
 * @uring: what its end is told to; a slot of the CQ is set aside for it
 * @fault: what is wrong, all zero at first, filled in when it fails
 *
 * Context: process context, vccw_ring.submit held; sleeps.
 * Return: -EIOCBQUEUED if it ends later, else 0 or -errno.
 */
int vccw_sq_one(struct vccw_ring *ring, const struct vfio_ccw_ring_sqe *sqe,
		struct vccw_uring *uring, struct vccw_fault *fault)
{
	struct vccw_batch batch = {
		.ring = ring,
		.end = &batch.devices,
		.uring = uring,
	};
	int ret;

	/* As vccw_hold_killed(): one before it may have been refused. */
	if (unlikely(fatal_signal_pending(current))) {
		fault->reason = VFIO_CCW_RING_R_CANCELED;
		return -ECANCELED;
	}
	ret = vccw_sqe_submit(&batch, sqe, fault);
	if (ret && ret != -EIOCBQUEUED)
		vccw_trace(refuse, vccw_ring_device(ring, sqe->subchannel), sqe->user_data,
			   ret, fault);
	vccw_batch_end(&batch);
	return ret;
}

/*
 * Pages are pinned for nobody who is being killed, and a start that is refused for that
 * is one whose client never hears of it: what was submitted behind it must not be
 * carried out without it.
 */
static void vccw_hold_killed(struct vccw_batch *b)
{
	if (b->dev && (fatal_signal_pending(current) || vccw_thread_alone(b->ring)))
		vccw_queue_hold(b->dev);
}

/* Consume one SQE of any kind. */
static noinline void vccw_sqe_consume(struct vccw_batch *b,
				      const struct vfio_ccw_ring_sqe *shared)
{
	struct vfio_ccw_ring_sqe sqe = *shared;
	struct vccw_fault fault = {};
	int ret;

	barrier();	/* from here on only the copy counts */
	ret = vccw_sqe_submit(b, &sqe, &fault);
	if (ret == -EIOCBQUEUED)
		return;	/* completes when the subchannel says so */
	if (ret)
		vccw_trace(refuse, vccw_ring_device(b->ring, sqe.subchannel), sqe.user_data,
			   ret, &fault);
	vccw_cq_post(b->ring, sqe.subchannel, sqe.user_data, ret, &fault);
	if (ret)
		vccw_hold_killed(b);
}

static inline u64 vccw_head_of(const struct vfio_ccw_ring_sqe *sqe)
{
	return be64_to_cpu(READ_ONCE(*(const __be64 *)sqe));
}

/* Consume the SQEs from @sqe up to @end, which follow each other. */
static void vccw_sq_run(struct vccw_batch *b, const struct vfio_ccw_ring_sqe *sqe,
			const struct vfio_ccw_ring_sqe *end)
{
	struct vccw_device *dev;
	u64 head;

	while (!b->dev && !vccw_batch_turn(b, vccw_head_of(sqe))) {
		vccw_sqe_consume(b, sqe);
		if (++sqe == end)
			return;
	}
	dev = b->dev;
	do {
		head = vccw_head_of(sqe);
		if (unlikely(head != b->start) && vccw_batch_turn(b, head))
			dev = b->dev;
		if (unlikely(head != b->start || !vccw_sqe_more(dev, sqe))) {
			vccw_sqe_consume(b, sqe);
			dev = b->dev;
		}
	} while (++sqe != end);
}

/* Consume @n SQEs, for which CQ slots are set aside. */
static void vccw_sq_consume(struct vccw_ring *ring, u32 n)
{
	struct vccw_batch batch = {
		.ring = ring,
		.end = &batch.devices,
		.start = U64_MAX,	/* like no good SQE */
	};
	u32 next = ring->sq_next + n, first = ring->sq_next & ring->sq_mask;
	u32 run = min(n, ring->sq_entries - first);

	vccw_sq_run(&batch, &ring->sqes[first], &ring->sqes[first + run]);
	if (run < n)
		vccw_sq_run(&batch, ring->sqes, &ring->sqes[n - run]);
	vccw_batch_end(&batch);
	WRITE_ONCE(ring->sq_next, next);	   /* the thread looks */
	smp_store_release(ring->sq_head, next);	   /* (J) pairs with (I) */
}

/* Who has submitted may not wait; where there is a thread, that is for it. */
static void vccw_sq_have_polled(struct vccw_ring *ring)
{
	if (ring->thread && ring->thread != current)
		vccw_thread_wake(ring);
}

/**
 * vccw_sq_submit - consume SQEs
 * @ring: the ring
 * @to_submit: how many at most
 *
 * Context: process context; sleeps.
 * Return: how many were, or -errno as VFIO_CCW_RING_ENTER.
 */
long vccw_sq_submit(struct vccw_ring *ring, u32 to_submit)
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
	if (ring->polled && ret > 0)
		vccw_sq_have_polled(ring);
	return ret;
}

/* Read the argument, however long the caller's is; nearly all are as long as ours. */
static int vccw_enter_read(struct vfio_ccw_ring_enter *enter, const void __user *arg)
{
	int ret = 0;

	static_assert(sizeof(*enter) == VFIO_CCW_RING_ENTER_SIZE_VER0);
	if (copy_from_user(enter, arg, sizeof(*enter)))
		return -EFAULT;
	if (unlikely(enter->size != sizeof(*enter)))
		ret = vccw_read_struct(enter, sizeof(*enter),
				       VFIO_CCW_RING_ENTER_SIZE_VER0, arg, enter->size);
	if (ret)
		return ret;
	if (enter->flags & ~VCCW_ENTER_FLAGS ||
	    (enter->timeout_ns && !(enter->flags & VFIO_CCW_RING_ENTER_TIMEOUT)))
		return -EINVAL;
	return 0;
}

/* Wait until there are @min CQEs, no more than the CQ holds. */
static int vccw_enter_wait(struct vccw_ring *ring, u32 min, ktime_t *timeout)
{
	if (vccw_cq_pending(ring, READ_ONCE(*ring->cq_head)) >= min)
		return 0;
	/* A thread polls for those who wait. */
	if (ring->polled && !ring->thread)
		return vccw_poll_wait(ring, min, timeout);
	return vccw_cq_wait(ring, min, timeout);
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
	long ret, submitted;
	u32 none = 0;

	ret = vccw_enter_read(&enter, (const void __user *)arg);
	if (ret)
		return ret;
	if (enter.flags & VFIO_CCW_RING_ENTER_WAKEUP) {
		if (!ring->thread)
			return -EINVAL;
		vccw_thread_wake(ring);
	}
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
	ret = vccw_enter_wait(ring, min(enter.min_complete, ring->cq_entries), timeout);
	/* What was consumed is told, whatever has ended the wait. */
	return submitted ?: ret;
}
