/* SPDX-License-Identifier: MIT */
/*
 * region_queue.h - the driver's side of a ring, played by the region transport
 *
 * The region takes one request a subchannel at a time.  What a driver with
 * rings does behind the queues is done here in user space: requests that are
 * consumed wait on their subchannel, completions are posted, slots of the CQ
 * are set aside.
 */
#ifndef CCWRING_REGION_QUEUE_H
#define CCWRING_REGION_QUEUE_H

#include <linux/vfio_ccw_ring.h>

#include "internal.h"

struct request {
	struct request *next;
	struct vfio_ccw_ring_sqe sqe;
};

/* Requests in the order they came. */
struct request_list {
	struct request *first;
	struct request **last;
};

/* One subchannel. */
struct region_sch {
	struct ccwring_device *dev; /* NULL: the index is free */
	int eventfd;
	bool watched; /* by epoll */
	struct request *running; /* the start at the subchannel */
	struct request_list waiting; /* starts behind it */
	struct request_list async; /* halts and clears at the subchannel */
	bool failed; /* a start failed, and its completion ... */
	uint32_t failed_at; /* ... has this place in the CQ */
	bool part_failed; /* status in the middle of the running start */
	uint8_t merged[2]; /* of that what there was no room for */
	bool kept; /* there was no room for this, which nobody asked for ... */
	bool kept_merged; /* ... and which came in several parts */
	uint8_t kept_irb[VFIO_CCW_RING_IRB_SIZE];
};

/* Indices as in the ABI, but in memory of the process. */
struct region_queue {
	pthread_mutex_t lock;
	uint32_t sq_tail; /* the submitter's */
	uint32_t sq_head; /* ours */
	uint32_t cq_head; /* the reaper's */
	uint32_t cq_tail; /* ours */
	uint32_t sq_entries;
	uint32_t cq_entries;
	struct vfio_ccw_ring_sqe *sqes;
	struct vfio_ccw_ring_cqe *cqes;
	struct request *pool;
	struct request *free;
	uint32_t reserved; /* slots of the CQ set aside */
	struct region_sch *schs;
	unsigned int n_schs; /* behind the highest index there has been */
	unsigned int n_kept; /* those with status there was no room for */
};

int region_queue_init(struct region_queue *q, uint32_t sq_entries, uint32_t cq_entries);
void region_queue_fini(struct region_queue *q);

/* Adds a subchannel; returns its index or -errno. */
int region_queue_add(struct region_queue *q, struct ccwring_device *dev, int eventfd);

/* Removes a subchannel without requests; returns its eventfd or -EBUSY. */
int region_queue_remove(struct region_queue *q, const struct ccwring_device *dev);

/* Consumes what the submitter has published, as far as the CQ has room, and
 * starts what can be started.  Returns the number consumed. */
int region_queue_consume(struct region_queue *q);

/* Takes the status of a subchannel whose eventfd was readable. */
int region_queue_reap(struct region_queue *q, struct region_sch *sch);

/* Number of completions the reaper has not seen. */
uint32_t region_queue_ready(const struct region_queue *q);

#endif
