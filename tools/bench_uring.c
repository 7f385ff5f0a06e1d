// SPDX-License-Identifier: MIT
/*
 * bench_uring.c - runs whose driver is called by commands of an io_uring
 *
 * As a program would that has the choice: one task submits, what its commands
 * leave to be done is done when it waits, and the ring's file is registered.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ccwring/uring.h>

#include "bench.h"
#include "cmd.h"

/* What a slot has besides: a command that is ready, and an IRB for bad ends. */
struct entry {
	union ccwring_uring_sqe sqe;
	uint8_t irb[VFIO_CCW_RING_IRB_SIZE] __attribute__((aligned(8)));
};

struct bench_uring {
	struct io_uring io;
	struct entry *entries;
};

static void prepare(struct bench *b, unsigned int i)
{
	struct entry *entry = &b->uring->entries[i];
	const struct slot *slot = &b->slots[i];

	memset(entry, 0, sizeof(*entry));
	/* The one file that is registered. */
	ccwring_uring_prep_start(&entry->sqe, 0, slot->sch, &slot->orb, entry->irb);
	entry->sqe.sqe.flags = IOSQE_FIXED_FILE;
	entry->sqe.sqe.user_data = (uintptr_t)slot;
}

static int set_up(struct bench *b)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	};
	int fd = ccwring_ring_fd(b->ring);
	int err;

	if (b->opts.calls == CALLS_URING_CMD)
		params.flags |= CCWRING_URING_SETUP;
	err = io_uring_queue_init_params(b->n_slots, &b->uring->io, &params);
	if (err)
		return err;
	err = io_uring_register_files(&b->uring->io, &fd, 1);
	/* Saves the lookup of the io_uring's own file; without it is as well. */
	io_uring_register_ring_fd(&b->uring->io);
	if (!err && b->opts.calls == CALLS_URING_CMD)
		err = ccwring_uring_check(&b->uring->io, b->ring);
	if (err)
		io_uring_queue_exit(&b->uring->io);
	return err;
}

int bench_uring_open(struct bench *b)
{
	int err;

	b->uring = calloc(1, sizeof(*b->uring));
	if (!b->uring)
		return -ENOMEM;
	b->uring->entries = calloc(b->n_slots, sizeof(*b->uring->entries));
	err = b->uring->entries ? set_up(b) : -ENOMEM;
	if (err) {
		complain("no io_uring: %s", strerror(-err));
		free(b->uring->entries);
		free(b->uring);
		b->uring = NULL;
		return err;
	}
	for (unsigned int i = 0; i < b->n_slots; i++)
		prepare(b, i);
	return 0;
}

void bench_uring_close(struct bench *b)
{
	if (!b->uring)
		return;
	io_uring_queue_exit(&b->uring->io);
	free(b->uring->entries);
	free(b->uring);
}

void bench_uring_issue(struct bench *b, const struct slot *slot)
{
	const struct entry *entry = &b->uring->entries[slot - b->slots];

	/* There is an entry for each slot. */
	*ccwring_uring_get_sqe(&b->uring->io) = entry->sqe;
}

int bench_uring_enter(struct bench *b, unsigned int want)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&b->uring->io);
	struct io_uring_cqe *cqe;
	int ret;

	if (!sqe)
		return -EBUSY;
	ccwring_uring_prep_enter(sqe, 0, ccwring_flush(b->ring), want);
	sqe->flags = IOSQE_FIXED_FILE;
	ret = io_uring_submit_and_wait(&b->uring->io, 1);
	if (ret < 0)
		return ret;
	ret = io_uring_peek_cqe(&b->uring->io, &cqe);
	if (ret)
		return ret;
	ret = cqe->res;
	io_uring_cqe_seen(&b->uring->io, cqe);
	return ret;
}

static int submit(struct bench_uring *uring, unsigned int want)
{
	int ret = io_uring_submit_and_wait(&uring->io, want);

	if (ret >= 0 || ret == -EINTR)
		return 0;
	complain("io_uring: %s", strerror(-ret));
	return ret;
}

/* What the ring would have said. */
static void to_cqe(struct bench *b, const struct io_uring_cqe *from, struct vfio_ccw_ring_cqe *cqe)
{
	const struct slot *slot = (const struct slot *)(uintptr_t)from->user_data;

	memset(cqe, 0, sizeof(*cqe));
	cqe->user_data = from->user_data;
	cqe->subchannel = slot->sch;
	if (from->res >= 0) {
		cqe->flags = VFIO_CCW_RING_CQE_IRB | VFIO_CCW_RING_CQE_GOOD;
	} else if (from->res == -EIO) {
		cqe->flags = VFIO_CCW_RING_CQE_IRB;
		memcpy(cqe->irb, b->uring->entries[slot - b->slots].irb, sizeof(cqe->irb));
	} else {
		cqe->res = from->res;
		cqe->reason = ccwring_uring_reason(from);
		cqe->ccw_index = ccwring_uring_ccw_index(from);
		cqe->ccw_addr = ccwring_uring_ccw_addr(from);
	}
}

int bench_uring_turn(struct bench *b, struct progress *p, unsigned int want)
{
	struct io_uring *io = &b->uring->io;
	int err = submit(b->uring, want);
	struct vfio_ccw_ring_cqe cqe;
	struct io_uring_cqe *from;
	unsigned int head, n = 0;

	io_uring_for_each_cqe(io, head, from)
	{
		to_cqe(b, from, &cqe);
		bench_reap(b, p, &cqe);
		n++;
	}
	io_uring_cq_advance(io, n);
	return err;
}

int bench_uring_alike(struct bench *b, struct progress *p, unsigned int want)
{
	struct bench_uring *uring = b->uring;
	uint64_t left = p->target - p->issued;
	struct io_uring_cqe *cqe;
	unsigned int head, n;
	bool good = true;
	int err;

	do {
		err = submit(uring, want);
		n = 0;
		io_uring_for_each_cqe(&uring->io, head, cqe)
		{
			good = n < left && ccwring_uring_good(cqe);
			if (!good)
				break;
			bench_uring_issue(b, (const struct slot *)(uintptr_t)cqe->user_data);
			n++;
		}
		io_uring_cq_advance(&uring->io, n);
		left -= n;
	} while (good && left && !err && !bench_stop);
	p->done += p->target - left - p->issued;
	p->issued = p->target - left;
	return err;
}
