// SPDX-License-Identifier: MIT
/* driver.c - the driver's side of a ring */
#include <string.h>

#include "driver.h"

static int enter(struct ring *ring, uint32_t to_submit, uint32_t min_complete, int64_t timeout_ns)
{
	struct driver *d = ring->transport;

	d->entered++;
	d->to_submit = to_submit;
	d->min_complete = min_complete;
	d->timeout = timeout_ns;
	return d->answer ? d->answer(d) : 0;
}

static const struct transport_ops ops = {
	.backend = CCWRING_BACKEND_RING,
	.name = "test",
	.enter = enter,
};

void driver_connect(struct driver *d, struct ring *ring, uint32_t start)
{
	memset(d, 0, sizeof(*d));
	memset(ring, 0, sizeof(*ring));
	d->sq_tail = d->sq_head = d->cq_tail = d->cq_head = start;
	ring->ops = &ops;
	ring->transport = d;
	ring->pub = (struct ccwring_ring){
		.sq_tail = start,
		.sq_head = start,
		.sq_entries = SQ_ENTRIES,
		.sq_mask = SQ_ENTRIES - 1,
		.sqes = d->sqes,
		.k_sq_head = &d->sq_head,
		.k_sq_tail = &d->sq_tail,
		.cq_head = start,
		.cq_tail = start,
		.cq_entries = CQ_ENTRIES,
		.cq_mask = CQ_ENTRIES - 1,
		.cqes = d->cqes,
		.k_cq_tail = &d->cq_tail,
		.k_cq_head = &d->cq_head,
	};
}

int driver_take(struct driver *d, struct vfio_ccw_ring_sqe *sqe)
{
	if (d->sq_head == __atomic_load_n(&d->sq_tail, __ATOMIC_ACQUIRE))
		return 0;
	*sqe = d->sqes[d->sq_head % SQ_ENTRIES];
	__atomic_store_n(&d->sq_head, d->sq_head + 1, __ATOMIC_RELEASE);
	return 1;
}

int driver_post(struct driver *d, uint64_t user_data)
{
	struct vfio_ccw_ring_cqe *cqe = &d->cqes[d->cq_tail % CQ_ENTRIES];

	if (d->cq_tail - __atomic_load_n(&d->cq_head, __ATOMIC_ACQUIRE) == CQ_ENTRIES)
		return 0;
	*cqe = (struct vfio_ccw_ring_cqe){ .user_data = user_data };
	__atomic_store_n(&d->cq_tail, d->cq_tail + 1, __ATOMIC_RELEASE);
	return 1;
}
