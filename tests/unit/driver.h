/* SPDX-License-Identifier: MIT */
/*
 * driver.h - the driver's side of linux/vfio_ccw_ring.h, played by a test
 *
 * Two queues in plain memory, and the ordering contract of the header's first
 * comment: what the library does with them is what it does with a driver.
 */
#ifndef CCWRING_UNIT_DRIVER_H
#define CCWRING_UNIT_DRIVER_H

#include <stdint.h>

#include <linux/vfio_ccw_ring.h>

#include "internal.h"

#define SQ_ENTRIES 8
#define CQ_ENTRIES 16

struct driver {
	uint32_t sq_tail, sq_head, cq_tail, cq_head;
	struct vfio_ccw_ring_sqe sqes[SQ_ENTRIES];
	struct vfio_ccw_ring_cqe cqes[CQ_ENTRIES];
	/* What enter was called with, and what it answers. */
	uint32_t to_submit, min_complete;
	int64_t timeout;
	unsigned int entered;
	int (*answer)(struct driver *d);
};

/* Connects a ring and a driver whose counters all begin at @start. */
void driver_connect(struct driver *d, struct ring *ring, uint32_t start);

/* Takes an entry; 0 if there is none. */
int driver_take(struct driver *d, struct vfio_ccw_ring_sqe *sqe);

/* Posts a completion; 0 if there is no room. */
int driver_post(struct driver *d, uint64_t user_data);

#endif
