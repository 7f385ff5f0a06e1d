/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VCCW_RING_H
#define VCCW_RING_H

#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/vfio_ccw_ring.h>
#include <asm/cio.h>
#include "vccw_cp.h"

struct file;
struct poll_table_struct;
struct vccw_device;
struct vccw_uring;

/* All flags and opcodes that there are. */
#define VCCW_SETUP_FLAGS	(VFIO_CCW_RING_SETUP_POLL | VFIO_CCW_RING_SETUP_THREAD | \
				 VFIO_CCW_RING_SETUP_THREAD_CPU)
#define VCCW_ENTER_FLAGS	(VFIO_CCW_RING_ENTER_TIMEOUT | VFIO_CCW_RING_ENTER_WAKEUP)
#define VCCW_SQE_FLAGS		VFIO_CCW_RING_SQE_RECOVER
#define VCCW_URING_FLAGS	VFIO_CCW_RING_URING_BRIEF
#define VCCW_OPCODE_MAX		VFIO_CCW_RING_OP_RESUME

/* Words that different CPUs write are kept a cache line of s390 apart. */
#define VCCW_RING_LINE		256

/* SQ area: what user space writes. */
#define VCCW_RING_SQ_TAIL	0
#define VCCW_RING_CQ_HEAD	(1 * VCCW_RING_LINE)
#define VCCW_RING_SQES		(2 * VCCW_RING_LINE)
/* CQ area: what the driver writes. */
#define VCCW_RING_SQ_HEAD	0
#define VCCW_RING_CQ_TAIL	(1 * VCCW_RING_LINE)
#define VCCW_RING_FLAGS		(1 * VCCW_RING_LINE + 128)
#define VCCW_RING_CQES		(2 * VCCW_RING_LINE)

/**
 * struct vccw_ring - a submission and a completion queue
 * @ref: held by the ring's file and by each attached device
 * @sq_area: memory user space writes
 * @cq_area: memory user space reads
 * @sq_tail: user's SQ tail in @sq_area
 * @cq_head: user's CQ head in @sq_area
 * @sqes: SQEs in @sq_area
 * @sq_head: SQ head in @cq_area, written only
 * @cq_tail: CQ tail in @cq_area, which user space cannot write: who waits goes by it
 * @flags: VFIO_CCW_RING_NEED_* in @cq_area, written by the thread
 * @cqes: CQEs in @cq_area
 * @sq_entries: size of the SQ
 * @cq_entries: size of the CQ
 * @sq_mask: size of the SQ minus one
 * @cq_mask: size of the CQ minus one
 * @sq_bytes: size of @sq_area
 * @cq_bytes: size of @cq_area
 *
 * @polled: status is polled for
 * @poll_ns: for how long without a pause
 * @thread: consumes SQEs, NULL if there is none
 * @mm: with it, the memory of who has made the ring
 * @thread_ns: how long it looks in vain before it sleeps
 * @thread_wait: where it sleeps; its lock protects @flags while it does, and
 * @thread_called: it was to be woken while it did not sleep
 *
 * @submit: serialises submitters and pollers; protects @sq_next, @devices and @top
 * @sq_next: the SQ head; what @sq_head says is never read back
 * @devices: attached devices by index
 * @top: behind the highest index in use
 *
 * @cq_lock: protects the following; nests inside a subchannel's lock
 * @cq_next: where the next CQE is written; @cq_tail follows when it is
 * @cq_seen: last valid CQ head read from user space
 * @cq_promised: CQ slots given away, free-running: one for each SQE consumed and for
 *	each CQE beyond those, and as long as they are under way for requests of an
 *	io_uring
 * @uring_free: those of @uring that stand for none
 *
 * @uring: what stands for such requests, NULL before the first one; @submit
 *
 * @sleepers: those in VFIO_CCW_RING_ENTER, poll(), select() and epoll
 */
struct vccw_ring {
	struct kref ref;
	void *sq_area;
	void *cq_area;
	u32 *sq_tail;
	u32 *cq_head;
	struct vfio_ccw_ring_sqe *sqes;
	u32 *sq_head;
	u32 *cq_tail;
	u32 *flags;
	struct vfio_ccw_ring_cqe *cqes;
	u32 sq_entries;
	u32 cq_entries;
	u32 sq_mask;
	u32 cq_mask;
	u32 sq_bytes;
	u32 cq_bytes;

	bool polled;
	u64 poll_ns;
	struct task_struct *thread;
	struct mm_struct *mm;
	u64 thread_ns;
	wait_queue_head_t thread_wait;
	bool thread_called;

	struct mutex submit;
	u32 sq_next;
	struct vccw_device *devices[VFIO_CCW_RING_MAX_SUBCHANNELS];
	u32 top;

	spinlock_t cq_lock;
	u32 cq_next;
	u32 cq_seen;
	u32 cq_promised;
	struct vccw_uring *uring_free;

	struct vccw_uring *uring;

	wait_queue_head_t sleepers;
};

/* vccw_ring.c: the ring's life and its file */
int vccw_read_struct(void *to, size_t size, size_t first_size, const void __user *arg,
		     size_t argsz);
int vccw_ring_feature(struct vccw_device *dev, u32 flags, void __user *arg,
		      size_t argsz);
void vccw_ring_detach(struct vccw_device *dev);

/* vccw_sq.c: submission */
long vccw_sq_submit(struct vccw_ring *ring, u32 to_submit);
long vccw_ring_enter(struct vccw_ring *ring, unsigned long arg);
int vccw_sq_one(struct vccw_ring *ring, const struct vfio_ccw_ring_sqe *sqe,
		struct vccw_uring *uring, struct vccw_fault *fault);

/* vccw_poll.c: completions without interrupts */
bool vccw_poll_possible(void);
int vccw_poll_begin(struct vccw_device *dev);
void vccw_poll_end(struct vccw_device *dev);
bool vccw_poll_devices(struct vccw_ring *ring, bool idle_too);
int vccw_poll_wait(struct vccw_ring *ring, u32 min, ktime_t *timeout);

/* vccw_thread.c: submission without system calls */
int vccw_thread_start(struct vccw_ring *ring, bool bind, u32 cpu);
void vccw_thread_wake(struct vccw_ring *ring);
void vccw_thread_stop(struct vccw_ring *ring);
bool vccw_thread_alone(const struct vccw_ring *ring);

/* vccw_cq.c: completion */
void vccw_cq_wake(struct vccw_ring *ring);
void vccw_cq_post(struct vccw_ring *ring, u16 index, u64 user_data, int res,
		  const struct vccw_fault *fault);
bool vccw_cq_post_extra(struct vccw_ring *ring, u16 index, u64 user_data,
			u16 flags, const struct irb *irb);
u32 vccw_cq_mark(struct vccw_ring *ring);
u32 vccw_cq_pending(const struct vccw_ring *ring, u32 head);
int vccw_cq_wait(struct vccw_ring *ring, u32 min, ktime_t *timeout);
__poll_t vccw_cq_poll(struct vccw_ring *ring, struct file *file,
		      struct poll_table_struct *table);

#endif /* VCCW_RING_H */
