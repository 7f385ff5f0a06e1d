// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring's file in an io_uring: requests one by one, and a doorbell.
 *
 * A request goes the way of an SQE, as a batch of one, but ends in a completion of
 * the io_uring: the interrupt handler leaves its status in a struct vccw_uring and
 * has the rest done by the task that submitted it (vccw_uring_tell()).
 *
 * What is under way can be cancelled, because io_uring waits for it when it, or
 * the task, goes away, and a channel program may have no end.
 */
#include <linux/io_uring/cmd.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio_ccw_ring.h>
#include "vccw_cq.h"
#include "vccw_device.h"
#include "vccw_irb.h"
#include "vccw_uring.h"

/**
 * struct vccw_uring_wait - a doorbell that waits for CQEs
 * @wait: place among the ring's sleepers, whose lock decides who ends it
 * @ring: the ring
 * @cmd: the command
 * @until: CQ tail that is waited for
 * @res: what it returns
 */
struct vccw_uring_wait {
	struct wait_queue_entry wait;
	struct vccw_ring *ring;
	struct io_uring_cmd *cmd;
	u32 until;
	int res;
};

/* What of a command stays with it: no more fits into its 32 bytes. */
struct vccw_uring_pdu {
	union {
		struct vccw_uring *uring;
		struct vccw_uring_wait *wait;
	};
	u64 irb;
	bool brief;
};

static struct vccw_uring_pdu *vccw_uring_pdu(struct io_uring_cmd *cmd)
{
	return io_uring_cmd_to_pdu(cmd, struct vccw_uring_pdu);
}

/* Memory for requests */

/* As many as can have a slot of the CQ; nobody needs them who has no io_uring. */
static int vccw_uring_alloc_all(struct vccw_ring *ring)
{
	struct vccw_uring *all;
	u32 i;

	lockdep_assert_held(&ring->submit);
	if (ring->uring)
		return 0;
	all = kvcalloc(ring->cq_entries, sizeof(*all), GFP_KERNEL_ACCOUNT);
	if (!all)
		return -ENOMEM;
	for (i = 0; i + 1 < ring->cq_entries; i++)
		all[i].next = &all[i + 1];
	ring->uring = all;
	ring->uring_free = all;
	return 0;
}

/**
 * vccw_uring_free_all - free the memory for requests
 * @ring: the ring, whose file is closed: none is under way
 */
void vccw_uring_free_all(struct vccw_ring *ring)
{
	kvfree(ring->uring);
}

/* Set a slot of the CQ aside, which is not used: it bounds what is under way. */
static struct vccw_uring *vccw_uring_get(struct vccw_ring *ring)
{
	struct vccw_uring *uring = NULL;
	int ret;

	ret = vccw_uring_alloc_all(ring);
	if (ret)
		return ERR_PTR(ret);
	spin_lock_irq(&ring->cq_lock);
	ret = vccw_cq_update_seen(ring);
	if (!ret && !vccw_cq_room(ring))
		ret = -EBUSY;
	if (!ret) {
		ring->cq_promised++;
		uring = ring->uring_free;
		ring->uring_free = uring->next;
	}
	spin_unlock_irq(&ring->cq_lock);
	return ret ? ERR_PTR(ret) : uring;
}

static void vccw_uring_put(struct vccw_ring *ring, struct vccw_uring *uring)
{
	spin_lock_irq(&ring->cq_lock);
	uring->next = ring->uring_free;
	ring->uring_free = uring;
	ring->cq_promised--;
	spin_unlock_irq(&ring->cq_lock);
}

/* Ends */

static u64 vccw_uring_why(const struct vccw_fault *fault)
{
	return (u64)fault->ccw_addr << 32 | (u32)fault->ccw_index << 16 | fault->reason;
}

static u64 vccw_uring_status(const struct irb *irb)
{
	const u32 *words = (const u32 *)irb;

	return (u64)words[0] << 32 | words[2];
}

/*
 * Did a start end well?  Its status is all in one: a program-controlled interruption
 * on the way is in it, too.
 */
static bool vccw_uring_good(const struct irb *irb)
{
	return !vccw_irb_stopped(irb) && vccw_irb_harmless(irb) &&
	       irb->scsw.cmd.dstat == (DEV_STAT_CHN_END | DEV_STAT_DEV_END);
}

/* No measurement word is ever stored: the last bytes are 0. */
static int vccw_uring_store_irb(u64 to, const struct irb *irb)
{
	u8 __user *at = u64_to_user_ptr(to);

	if (copy_to_user(at, irb, sizeof(*irb)) ||
	    clear_user(at + sizeof(*irb), VFIO_CCW_RING_IRB_SIZE - sizeof(*irb)))
		return -EFAULT;
	return 0;
}

/* The task that submitted a request is told of its end. */
static void vccw_uring_tell(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct vccw_uring_pdu *pdu = vccw_uring_pdu(cmd);
	struct vccw_ring *ring = cmd->file->private_data;
	struct vccw_uring *uring = pdu->uring;
	struct vccw_fault why = { .reason = uring->reason };
	bool good = uring->has_irb && vccw_uring_good(&uring->irb);
	u64 more = vccw_uring_why(&why);
	int res = uring->res;

	if (!res && uring->has_irb) {
		more = vccw_uring_status(&uring->irb);
		res = uring->start && !good ? -EIO :
					      dma32_to_u32(uring->irb.scsw.cmd.cpa);
	}
	/* A task that has gone has no memory any more. */
	if (uring->has_irb && pdu->irb && !(pdu->brief && good) &&
	    !(issue_flags & IO_URING_F_TASK_DEAD) &&
	    vccw_uring_store_irb(pdu->irb, &uring->irb)) {
		res = -EFAULT;
		more = 0;
	}
	vccw_uring_put(ring, uring);
	io_uring_cmd_done(cmd, res, more, issue_flags);
}

/**
 * vccw_uring_end - the end of a request of an io_uring
 * @uring: the request; its struct vccw_req is free afterwards
 * @res: 0 or -errno
 * @reason: enum vfio_ccw_ring_reason
 * @irb: what the subchannel says, NULL if it has not run
 *
 * Context: interrupts off.
 */
void vccw_uring_end(struct vccw_uring *uring, int res, u16 reason, const struct irb *irb)
{
	uring->res = res;
	uring->reason = reason;
	uring->has_irb = irb;
	if (irb)
		uring->irb = *irb;
	io_uring_cmd_do_in_task_lazy(uring->cmd, vccw_uring_tell);
}

/* Requests */

/*
 * Read the request, once.  It looks like an SQE with the address of the IRB for user
 * data, and a tail.
 */
static int vccw_uring_read(struct io_uring_cmd *cmd, struct vfio_ccw_ring_sqe *sqe,
			   struct vccw_fault *fault)
{
	const struct vfio_ccw_ring_uring_request *from = io_uring_sqe_cmd(cmd->sqe);
	struct vccw_uring_pdu *pdu = vccw_uring_pdu(cmd);
	struct vfio_ccw_ring_uring_request request = *from;

	static_assert(sizeof(request) == 80);
	static_assert(ARRAY_SIZE(request.reserved) == 3);
	static_assert(offsetof(struct vfio_ccw_ring_uring_request, irb) ==
		      offsetof(struct vfio_ccw_ring_sqe, user_data));
	static_assert(offsetof(struct vfio_ccw_ring_uring_request, reserved) ==
		      offsetof(struct vfio_ccw_ring_sqe, reserved));
	barrier();	/* from here on only the copy counts */
	if (request.reserved[0] | request.reserved[1] | request.reserved[2]) {
		fault->reason = VFIO_CCW_RING_R_SQE_RESERVED;
		return -EINVAL;
	}
	memcpy(sqe, &request, sizeof(*sqe));
	pdu->irb = request.irb;
	pdu->brief = request.flags & VFIO_CCW_RING_URING_BRIEF;
	sqe->flags &= ~VCCW_URING_FLAGS;
	sqe->user_data = cmd_to_io_kiocb(cmd)->cqe.user_data;
	return 0;
}

/* Carry it out: -EIOCBQUEUED if it ends later. */
static int vccw_uring_start(struct io_uring_cmd *cmd, struct vccw_ring *ring,
			    const struct vfio_ccw_ring_sqe *sqe, struct vccw_fault *fault)
{
	struct vccw_uring *uring = vccw_uring_get(ring);
	int ret;

	if (IS_ERR(uring))
		return PTR_ERR(uring);
	uring->cmd = cmd;
	uring->index = sqe->subchannel;
	uring->start = sqe->opcode == VFIO_CCW_RING_OP_START;
	vccw_uring_pdu(cmd)->uring = uring;
	ret = vccw_sq_one(ring, sqe, uring, fault);
	if (ret != -EIOCBQUEUED) {
		vccw_uring_pdu(cmd)->uring = NULL;
		vccw_uring_put(ring, uring);
	}
	return ret;
}

/*
 * Several submitters wait for each other here, for as long as a batch takes; to have
 * a worker do it would take longer.
 * Return: -EIOCBQUEUED, or the result, and @fault says why.
 */
static int vccw_uring_request(struct io_uring_cmd *cmd, unsigned int issue_flags,
			      struct vccw_fault *fault)
{
	struct vccw_ring *ring = cmd->file->private_data;
	struct vfio_ccw_ring_sqe sqe;
	int ret;

	if (!(issue_flags & IO_URING_F_SQE128))
		return -EMSGSIZE;
	if (!(issue_flags & IO_URING_F_CQE32))
		return -EOVERFLOW;
	ret = vccw_uring_read(cmd, &sqe, fault);
	if (ret)
		return ret;
	vccw_uring_pdu(cmd)->uring = NULL;
	/* Before it can end, and before ring->submit, inside the io_uring's lock. */
	io_uring_cmd_mark_cancelable(cmd, issue_flags);
	mutex_lock(&ring->submit);
	ret = vccw_uring_start(cmd, ring, &sqe, fault);
	mutex_unlock(&ring->submit);
	return ret;
}

/*
 * If it is under way; io_uring calls again until it has been told of an end, with its
 * own lock held.
 */
static void vccw_uring_cancel_request(struct io_uring_cmd *cmd)
{
	struct vccw_ring *ring = cmd->file->private_data;
	struct vccw_device *dev = NULL;
	struct vccw_uring *uring;

	mutex_lock(&ring->submit);
	uring = vccw_uring_pdu(cmd)->uring;
	if (uring)
		dev = ring->devices[uring->index];
	if (dev)
		vccw_queue_stop_uring(dev, uring);
	mutex_unlock(&ring->submit);
}

/* The doorbell */

static void vccw_uring_waited(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct vccw_uring_wait *wait = vccw_uring_pdu(cmd)->wait;
	int res = wait->res;

	kfree(wait);
	io_uring_cmd_done(cmd, res, 0, issue_flags);
}

/* There are new CQEs; sleepers.lock held.  Whoever takes the wait off ends it. */
static int vccw_uring_wake(struct wait_queue_entry *entry, unsigned int mode, int flags,
			   void *key)
{
	struct vccw_uring_wait *wait = container_of(entry, struct vccw_uring_wait, wait);

	if ((s32)(vccw_cq_posted(wait->ring) - wait->until) < 0)
		return 0;
	list_del_init(&entry->entry);
	io_uring_cmd_do_in_task_lazy(wait->cmd, vccw_uring_waited);
	return 1;
}

/* Return: whether it was still there to be taken off. */
static bool vccw_uring_take_off(struct vccw_uring_wait *wait)
{
	wait_queue_head_t *sleepers = &wait->ring->sleepers;
	bool there;

	spin_lock_irq(&sleepers->lock);
	there = !list_empty(&wait->wait.entry);
	list_del_init(&wait->wait.entry);
	spin_unlock_irq(&sleepers->lock);
	return there;
}

/*
 * Put it among the sleepers unless there is what it waits for.  Once it is there
 * another CPU may have ended and freed it.
 * Return: whether it is.
 */
static bool vccw_uring_sleeps(struct vccw_uring_wait *wait)
{
	wait_queue_head_t *sleepers = &wait->ring->sleepers;
	bool sleeps;

	spin_lock_irq(&sleepers->lock);
	__add_wait_queue(sleepers, &wait->wait);
	smp_mb();					/* (F) pairs with (E) */
	sleeps = (s32)(vccw_cq_posted(wait->ring) - wait->until) < 0;
	if (!sleeps)
		list_del_init(&wait->wait.entry);
	spin_unlock_irq(&sleepers->lock);
	return sleeps;
}

/* Wait for CQEs; wait->res is the result then. */
static int vccw_uring_wait(struct io_uring_cmd *cmd, unsigned int issue_flags,
			   struct vccw_uring_wait *wait, u32 min)
{
	struct vccw_ring *ring = wait->ring;

	wait->until = READ_ONCE(*ring->cq_head) + min(min, ring->cq_entries);
	vccw_uring_pdu(cmd)->wait = wait;
	io_uring_cmd_mark_cancelable(cmd, issue_flags);
	if (!vccw_uring_sleeps(wait)) {
		io_uring_cmd_done(cmd, wait->res, 0, issue_flags);
		kfree(wait);	/* now that nobody can cancel it */
	}
	return -EIOCBQUEUED;
}

static struct vccw_uring_wait *vccw_uring_wait_alloc(struct io_uring_cmd *cmd)
{
	struct vccw_uring_wait *wait = kzalloc(sizeof(*wait), GFP_KERNEL_ACCOUNT);

	if (!wait)
		return NULL;
	init_waitqueue_func_entry(&wait->wait, vccw_uring_wake);
	INIT_LIST_HEAD(&wait->wait.entry);
	wait->ring = cmd->file->private_data;
	wait->cmd = cmd;
	return wait;
}

/* Return: -EIOCBQUEUED, or the result. */
static int vccw_uring_enter(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	const struct vfio_ccw_ring_uring_enter *from = io_uring_sqe_cmd(cmd->sqe);
	struct vccw_ring *ring = cmd->file->private_data;
	struct vfio_ccw_ring_uring_enter enter = *from;
	struct vccw_uring_wait *wait = NULL;
	long ret;

	barrier();	/* from here on only the copy counts */
	if (enter.reserved)
		return -EINVAL;
	if (enter.min_complete) {
		wait = vccw_uring_wait_alloc(cmd);
		if (!wait)
			return -ENOMEM;
	}
	ret = vccw_sq_submit(ring, enter.to_submit);
	if (wait && ret >= 0) {
		wait->res = ret;
		return vccw_uring_wait(cmd, issue_flags, wait, enter.min_complete);
	}
	kfree(wait);
	return ret;
}

static void vccw_uring_cancel_wait(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct vccw_uring_wait *wait = vccw_uring_pdu(cmd)->wait;

	if (!vccw_uring_take_off(wait))
		return;
	io_uring_cmd_done(cmd, wait->res ?: -ECANCELED, 0, issue_flags);
	kfree(wait);
}

static int vccw_uring_cancel(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	if (cmd->cmd_op == VFIO_CCW_RING_URING_REQUEST)
		vccw_uring_cancel_request(cmd);
	else
		vccw_uring_cancel_wait(cmd, issue_flags);
	return 0;
}

/* Return: -EIOCBQUEUED if it ends later, else the result, and @fault says why. */
static int vccw_uring_issue(struct io_uring_cmd *cmd, unsigned int issue_flags,
			    struct vccw_fault *fault)
{
	const struct vccw_ring *ring = cmd->file->private_data;

	if (ring->polled)
		return -EOPNOTSUPP;
	switch (cmd->cmd_op) {
	case VFIO_CCW_RING_URING_REQUEST:
		return vccw_uring_request(cmd, issue_flags, fault);
	case VFIO_CCW_RING_URING_ENTER:
		return vccw_uring_enter(cmd, issue_flags);
	default:
		return -ENOTTY;
	}
}

/**
 * vccw_uring_cmd - IORING_OP_URING_CMD
 * @cmd: the command
 * @issue_flags: IO_URING_F_*
 *
 * A result is not simply returned: what completes then has in its further words
 * whatever the io_uring's last command with the same memory had.
 *
 * Context: process context; sleeps.
 * Return: -EIOCBQUEUED, with IO_URING_F_CANCEL 0.
 */
int vccw_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct vccw_fault fault = {};
	int ret;

	if (issue_flags & IO_URING_F_CANCEL)
		return vccw_uring_cancel(cmd, issue_flags);
	ret = vccw_uring_issue(cmd, issue_flags, &fault);
	if (ret != -EIOCBQUEUED)
		io_uring_cmd_done(cmd, ret, vccw_uring_why(&fault), issue_flags);
	return -EIOCBQUEUED;
}
