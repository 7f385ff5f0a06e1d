/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VCCW_QUEUE_H
#define VCCW_QUEUE_H

#include <linux/types.h>
#include <linux/vfio_ccw_ring.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <asm/cio.h>
#include <asm/schid.h>
#include "orb.h"
#include "vccw_cp.h"

struct subchannel;
struct vccw_device;
struct vccw_ring;
struct vccw_uring;

enum vccw_func {
	VCCW_START,
	VCCW_HALT,
	VCCW_CLEAR,
};

/**
 * struct vccw_req - a request for one function of the subchannel
 * @next: next one of the list it is on, of those of &struct vccw_queue or a batch
 * @special: all of the following at once, 0 for a start of a ring of which there
 *	is nothing to say, and in a request that is free
 * @func: START, HALT or CLEAR
 * @region: came through the device's regions, not through a ring
 * @recover: may start although an earlier start failed unseen
 * @large: its program has pages
 * @by_uring: came through an io_uring, and @uring stands for it
 * @issued: HALT, CLEAR: the subchannel has accepted it
 * @cancel: why the driver is taking back the started request, enum
 *	vfio_ccw_ring_reason, 0 if it is not
 * @failed: status in the middle of the start was not harmless
 * @stopped: by a HALT; device end is still to come
 * @merged: status that found no room in the CQ is in @irb
 * @first: how the CQE of a start begins that ends well
 * @user_data: of the SQE
 * @good: result, flags and subchannel
 * @seq: number for the pin cache
 * @uring: what its end is told to, if @by_uring
 * @irb: that status
 * @cp: the translated program
 */
struct vccw_req {
	struct vccw_req *next;

	struct_group(first,
		u64 user_data;
		u64 good;
	);

	union {
		struct {
			u8 func;
			bool region;
			bool recover : 1;
			bool large : 1;
			bool by_uring : 1;
			bool issued;
			bool failed;
			bool stopped;
			bool merged;
			u8 cancel;
		};
		u64 special;
	};
	u64 seq;
	struct vccw_uring *uring;
	struct irb irb;
	struct vccw_cp cp;
};

#include "vccw_fifo.h"

/**
 * enum vccw_queue_state - does the queue take requests?
 * @VCCW_QUEUE_RUN: yes
 * @VCCW_QUEUE_CLOSED: no, the device is closed, or has not answered
 * @VCCW_QUEUE_DEAD: no, the device is gone or the system goes down; for good
 */
enum vccw_queue_state {
	VCCW_QUEUE_RUN = 0,
	VCCW_QUEUE_CLOSED,
	VCCW_QUEUE_DEAD,
};

/**
 * struct vccw_queue - requests of one subchannel
 * @not_plain: the following at once, 0 when a start may be queued and issued as it
 *	is
 * @state: are requests taken? enum vccw_queue_state
 * @some_paths: not all paths may be used
 * @held: a start failed; those the client submitted without having seen that
 *	are not issued
 * @unsolicited: status nobody asked for, in @unsolicited_irb, has found no room in
 *	the CQ yet
 * @drains: how many wait for what is under way to end; no start is issued
 *	meanwhile
 * @n_funcs: how many there are in @funcs
 * @polled: the ring takes the status; there are no interrupts
 * @schid: the subchannel
 * @active: start the subchannel is carrying out
 * @ready: starts waiting for their turn
 * @funcs: HALTs and CLEARs under way
 * @holds: how often that was so
 * @held_at: CQ head from which on the client has seen it
 * @unsolicited_merged: there are several pieces of it in @unsolicited_irb
 * @unsolicited_irb: that status
 * @idle: woken when something ends while somebody drains the queue, and when nobody
 *	does any more
 * @path_work: ends the start whose channel path has gone
 * @ring: the ring attached, NULL if none is
 * @ring_index: index of this subchannel in it
 * @pool: the requests of @ring
 * @pool_pages: their blocks, two a page
 * @pool_size: their number
 * @retired: one that has ended and is not to be used, because a subchannel that does
 *	not answer may read its block, NULL if there is none; see vccw_enable.c
 * @done: those that have ended
 * @done_large: those that have ended and whose program has pages
 * @free: those that are free, taken from @done all at once
 * @region_req: start through the I/O region
 * @region_func: HALT or CLEAR through the async command region
 *
 * Protected by the subchannel's lock, apart from @free (vccw_device.lock) and the
 * pool itself (attach and detach exclude requests).
 */
struct vccw_queue {
	union {
		struct {
			u8 state;
			bool some_paths;
			bool held;
			bool unsolicited;
			u16 drains;
			u16 n_funcs;
		};
		u64 not_plain;
	};
	bool polled;
	struct subchannel_id schid;
	struct vccw_req *active;
	struct vccw_fifo ready;
	struct vccw_fifo funcs;
	u32 holds;
	u32 held_at;
	bool unsolicited_merged;
	struct irb unsolicited_irb;
	wait_queue_head_t idle;
	struct work_struct path_work;
	struct vccw_ring *ring;
	u16 ring_index;
	struct vccw_req *pool;
	unsigned long *pool_pages;
	u32 pool_size;
	struct vccw_req *retired;
	struct vccw_req *done;
	struct vccw_req *done_large;
	struct vccw_req *free;
	struct vccw_req region_req;
	struct vccw_req region_func;
};

/* Are starts issued? */
static inline bool vccw_runs(const struct vccw_queue *q)
{
	return q->state == VCCW_QUEUE_RUN && !q->drains;
}

/* Why no requests are taken, with -ENODEV, when they are not. */
static inline u16 vccw_down(const struct vccw_queue *q)
{
	return q->state == VCCW_QUEUE_DEAD ? VFIO_CCW_RING_R_GONE :
					     VFIO_CCW_RING_R_NOT_OPERATIONAL;
}

/* Is nothing under way? */
static inline bool vccw_idle(const struct vccw_queue *q)
{
	return !q->active && !q->n_funcs;
}

/* Is there nothing under way, and nothing that waits for status to be taken first? */
static inline bool vccw_quiet(const struct vccw_queue *q)
{
	return vccw_idle(q) && vccw_fifo_empty(&q->ready);
}

/*
 * The active start is over, and nothing looks at it any more: who finds none without
 * the subchannel's lock uses the region's request anew (vccw_io_start()), or gives back
 * what it has (vccw_queue_free_region()).
 */
static inline void vccw_no_active(struct vccw_queue *q)
{
	smp_store_release(&q->active, NULL);	/* pairs with those two */
}

static inline void vccw_funcs_add(struct vccw_queue *q, struct vccw_req *req)
{
	vccw_fifo_push(&q->funcs, req);
	q->n_funcs++;
}

/* @at as in vccw_fifo_remove(). */
static inline struct vccw_req *vccw_funcs_remove(struct vccw_queue *q,
						 struct vccw_req **at)
{
	q->n_funcs--;
	return vccw_fifo_remove(&q->funcs, at);
}

/* vccw_queue.c: starts: issue, interrupts, ways in */
int vccw_errno(int cc);
u16 vccw_reason(int cc);
void vccw_wait_drained(struct vccw_device *dev);
void vccw_complete(struct vccw_queue *q, struct vccw_req *req, int res,
		   u16 reason, const struct irb *irb);
void vccw_take_back(struct vccw_queue *q, int res, u16 reason);
void vccw_take_back_held(struct vccw_queue *q);
void vccw_issue_start(struct vccw_device *dev);
void vccw_queue_start(struct vccw_device *dev, struct vccw_req *first,
		      struct vccw_req **end);
int vccw_queue_start_region(struct vccw_device *dev);
void vccw_complete_stopped(struct vccw_queue *q, struct vccw_req *req, int res);
void vccw_queue_take(struct vccw_device *dev, u32 most);
void vccw_queue_irq(struct subchannel *sch);
u64 vccw_queue_oldest(struct vccw_device *dev);
void vccw_queue_hold(struct vccw_device *dev);

/* vccw_func.c: HALT, CLEAR, CANCEL, RESUME */
void vccw_issue_funcs(struct vccw_device *dev);
void vccw_end_funcs(struct vccw_queue *q, const struct irb *irb, bool reported);
void vccw_queue_func(struct vccw_device *dev, struct vccw_req *req);
int vccw_queue_func_region(struct vccw_device *dev, enum vccw_func func);
int vccw_queue_cancel(struct vccw_device *dev, u64 target, u16 *reason);
int vccw_queue_resume(struct vccw_device *dev, u16 *reason);

/* vccw_stop.c: ways out */
int vccw_queue_open(struct vccw_device *dev);
void vccw_queue_close(struct vccw_device *dev, u16 reason);
void vccw_queue_shutdown(struct vccw_device *dev);
void vccw_queue_dead(struct vccw_device *dev);
void vccw_queue_paths(struct vccw_device *dev);
void vccw_queue_path_lost(struct vccw_device *dev, u8 mask);
void vccw_queue_path_work(struct work_struct *work);
void vccw_queue_stop_all(struct vccw_device *dev, u16 reason);
void vccw_queue_stop_uring(struct vccw_device *dev, const struct vccw_uring *uring);
void vccw_queue_stop_range(struct vccw_device *dev, u64 first, u64 last,
			   u16 reason);

/* vccw_pool.c: requests and their memory */
int vccw_queue_init(struct vccw_device *dev);
void vccw_queue_destroy(struct vccw_queue *q);
int vccw_queue_attach(struct vccw_device *dev, struct vccw_ring *ring,
		      u16 index, u32 requests);
void vccw_queue_detach(struct vccw_device *dev);
void vccw_queue_refill(struct vccw_device *dev, struct vccw_req **at);
void vccw_queue_free_region(struct vccw_device *dev);
void vccw_queue_free_large(struct vccw_device *dev);
void vccw_queue_unretire(struct vccw_queue *q);

#endif /* VCCW_QUEUE_H */
