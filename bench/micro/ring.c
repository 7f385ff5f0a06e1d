// SPDX-License-Identifier: MIT
/*
 * ring.c - what the verbs of a ring cost that touch memory only
 *
 * The rings are in memory of this program, which plays the driver in between: it
 * takes all entries at once, and all completions are there from the beginning.
 */
#include <errno.h>
#include <stdlib.h>

#include <ccwring/ccwring.h>

#include "micro.h"

#define ENTRIES 64

struct memory {
	struct ccwring_ring ring;
	struct vfio_ccw_ring_sqe sqes[ENTRIES];
	struct vfio_ccw_ring_cqe cqes[ENTRIES];
	uint32_t sq_head;
	uint32_t sq_tail;
	uint32_t cq_head;
	uint32_t cq_tail;
	struct ccwring_orb orb;
};

static int setup(const struct micro *micro, void **context)
{
	struct memory *m = aligned_alloc(256, (sizeof(*m) + 255) / 256 * 256);

	(void)micro;
	if (!m)
		return -ENOMEM;
	*m = (struct memory){
		.ring = {
			.sq_entries = ENTRIES,
			.sq_mask = ENTRIES - 1,
			.cq_entries = ENTRIES,
			.cq_mask = ENTRIES - 1,
		},
	};
	m->ring.sqes = m->sqes;
	m->ring.k_sq_head = &m->sq_head;
	m->ring.k_sq_tail = &m->sq_tail;
	m->ring.cqes = m->cqes;
	m->ring.k_cq_head = &m->cq_head;
	m->ring.k_cq_tail = &m->cq_tail;
	for (unsigned int i = 0; i < ENTRIES; i++)
		m->cqes[i].flags = VFIO_CCW_RING_CQE_GOOD;
	ccwring_orb_init(&m->orb, 0x1000);
	*context = m;
	return 0;
}

/* get_sqe and prep, and one store for all of a batch. */
static int submit(void *context, uint64_t n)
{
	struct memory *m = context;

	for (uint64_t i = 0; i < n; i++) {
		struct vfio_ccw_ring_sqe *sqe = ccwring_get_sqe(&m->ring);

		if (!sqe)
			return -EBUSY;
		ccwring_prep_start(sqe, 0, &m->orb, i);
	}
	ccwring_flush(&m->ring);
	m->sq_head = m->sq_tail;
	micro_use(m);
	return 0;
}

static int reap(void *context, uint64_t n)
{
	const struct vfio_ccw_ring_cqe *cqe;
	struct memory *m = context;
	uint64_t good = 0;

	m->cq_tail += n;
	for (uint32_t i = 0; (cqe = ccwring_cq_next(&m->ring, i)); i++)
		good += ccwring_cqe_good(cqe);
	ccwring_cqe_seen(&m->ring, n);
	return good == n ? 0 : -EIO;
}

static const struct micro micros[] = {
	{ "ring/get_prep_flush", setup, submit, free, .batch = 32 },
	{ "ring/next_seen", setup, reap, free, .batch = 32 },
};

void micro_add_ring(void)
{
	micro_add(micros, sizeof(micros) / sizeof(micros[0]));
}
