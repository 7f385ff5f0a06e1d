// SPDX-License-Identifier: MIT
/*
 * CANCEL takes back a start that waits, behind others or at the subchannel, and
 * leaves alone one that has begun.  RESUME finds nothing to resume.
 */
#include <errno.h>
#include <stdio.h>

#include "eckd.h"

#define TRIES 2000

static void cancel(struct t_ring *ring, uint64_t target, uint64_t user_data)
{
	struct vfio_ccw_ring_sqe *sqe = t_ring_sqe(ring);

	sqe->opcode = VFIO_CCW_RING_OP_CANCEL;
	sqe->target = target;
	sqe->user_data = user_data;
}

static bool next_is(struct t_ring *ring, uint64_t user_data, int res, unsigned int reason)
{
	struct vfio_ccw_ring_cqe cqe;

	T_NEED(!t_ring_next(ring, &cqe), "a CQE");
	if (cqe.user_data == user_data && cqe.res == res && cqe.reason == reason)
		return true;
	printf("# got request %llu, res %d, reason %u\n", (unsigned long long)cqe.user_data,
	       cqe.res, cqe.reason);
	return false;
}

static void clear(struct t_ring *ring)
{
	struct vfio_ccw_ring_sqe *sqe = t_ring_sqe(ring);

	sqe->opcode = VFIO_CCW_RING_OP_CLEAR;
	sqe->user_data = 1000;
	T_NEED(t_ring_enter(ring, 1, 0) == 1, "a clear");
}

/* One start under way, 31 behind it. */
static void queued(struct t_vm *vm, struct t_ring *ring)
{
	struct vfio_ccw_ring_cqe cqe;
	unsigned int i;

	t_load_queue(vm, ring, eckd_endless_load);
	T_NEED(t_ring_enter(ring, T_DEPTH, 0) == T_DEPTH, "starts");
	eckd_endless_moment(vm);
	cancel(ring, 5, 100);
	cancel(ring, 31, 101);
	cancel(ring, 5, 102);
	cancel(ring, 0, 103);
	cancel(ring, 99, 104);
	t_ring_sqe(ring)->opcode = VFIO_CCW_RING_OP_RESUME;
	T_EQUAL(t_ring_enter(ring, 6, 0), 6, "five cancels and a resume");
	T_CHECK(next_is(ring, 5, -ECANCELED, VFIO_CCW_RING_R_CANCELED), "a start that waits ends");
	T_CHECK(next_is(ring, 100, 0, 0), "... and its cancel");
	T_CHECK(next_is(ring, 31, -ECANCELED, VFIO_CCW_RING_R_CANCELED), "so does the last");
	T_CHECK(next_is(ring, 101, 0, 0), "... and its cancel");
	T_CHECK(next_is(ring, 102, -ENOENT, VFIO_CCW_RING_R_NO_START), "no start ends twice");
	T_CHECK(next_is(ring, 103, -EBUSY, VFIO_CCW_RING_R_BUSY), "one that has begun goes on");
	T_CHECK(next_is(ring, 104, -ENOENT, VFIO_CCW_RING_R_NO_START), "there must be one");
	T_CHECK(next_is(ring, 0, -EINVAL, VFIO_CCW_RING_R_NOT_SUSPENDED), "nothing to resume");
	clear(ring);
	for (i = 0; i < T_DEPTH - 2 + 1; i++)
		T_NEED(!t_ring_next(ring, &cqe), "a CQE");
	T_CHECK(!t_ring_reap(ring, &cqe), "the others end once");
	t_good_start(vm, ring, "cancels");
}

/* A start and its cancel in one batch: true if it was still pending. */
static bool pending(struct t_vm *vm, struct t_ring *ring)
{
	struct vfio_ccw_ring_cqe first, second;

	eckd_endless_load(vm, 0, t_ring_sqe(ring));
	cancel(ring, 0, 100);
	T_NEED(t_ring_enter(ring, 2, 1) == 2, "a start and its cancel");
	T_NEED(!t_ring_next(ring, &first), "a CQE");
	if (first.user_data == 100) {
		T_NEED(first.res == -EBUSY, "a cancel that came too late says so (%d)", first.res);
		clear(ring);
		T_NEED(!t_ring_next(ring, &first) && !t_ring_next(ring, &second), "CQEs");
		return false;
	}
	T_NEED(!t_ring_next(ring, &second), "a CQE");
	T_NEED(first.res == -ECANCELED && first.reason == VFIO_CCW_RING_R_CANCELED &&
		       second.user_data == 100 && !second.res,
	       "a pending start is taken back (%d, %u)", first.res, first.reason);
	return true;
}

int main(void)
{
	unsigned int i, taken = 0;
	struct t_ring ring;
	struct t_vm vm;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 2 * T_DEPTH);
	for (i = 0; i < 3; i++)
		queued(&vm, &ring);
	for (i = 0; i < TRIES && taken < 5; i++)
		taken += pending(&vm, &ring);
	printf("# %u of %u starts were taken back from the subchannel\n", taken, i);
	T_CHECK(taken, "CANCEL SUBCHANNEL took a pending start back");
	t_good_start(&vm, &ring, "it");
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
