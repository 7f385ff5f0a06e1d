// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>

#include "load.h"

#define STOP_USER_DATA 0x5709

struct stopped {
	unsigned int finals[T_DEPTH];
	unsigned int done;
	unsigned int taken_back;
	unsigned int stops;
};

/* Carried out to whatever end, or never issued: nothing else may happen. */
static bool start_ended(const struct vfio_ccw_ring_cqe *cqe)
{
	if (!cqe->res)
		return cqe->flags & VFIO_CCW_RING_CQE_IRB;
	return cqe->res == -ECANCELED && cqe->reason == VFIO_CCW_RING_R_FLUSHED;
}

static void account(struct stopped *stopped, const struct vfio_ccw_ring_cqe *cqe, uint8_t function)
{
	if (cqe->user_data == STOP_USER_DATA) {
		stopped->stops++;
		T_CHECK(!cqe->res && (cqe->flags & VFIO_CCW_RING_CQE_IRB) &&
				(t_irb_function(cqe->irb) & function),
			"its IRB shows the function (res %d, reason %u, fctl %#x)", cqe->res,
			cqe->reason, t_irb_function(cqe->irb));
		return;
	}
	if (cqe->user_data >= T_DEPTH || !start_ended(cqe)) {
		T_CHECK(false, "request %#llx ended with res %d, reason %u",
			(unsigned long long)cqe->user_data, cqe->res, cqe->reason);
		return;
	}
	stopped->finals[cqe->user_data]++;
	if (cqe->res)
		stopped->taken_back++;
	else
		stopped->done++;
}

static void check(const struct stopped *stopped)
{
	unsigned int slot, not_once = 0;

	for (slot = 0; slot < T_DEPTH; slot++)
		not_once += stopped->finals[slot] != 1;
	T_EQUAL(not_once, 0, "each start ends exactly once");
	T_EQUAL(stopped->stops, 1, "the halt or clear ends exactly once");
	printf("# %u carried out, %u taken back\n", stopped->done, stopped->taken_back);
}

/* Nothing is reported before all is submitted: consoles are slow. */
static bool submit(struct t_vm *vm, struct t_ring *ring, t_load load, uint8_t opcode,
		   t_moment moment)
{
	struct vfio_ccw_ring_sqe *sqe;
	int starts = 0, all;

	t_load_queue(vm, ring, load);
	if (moment) {
		starts = t_ring_enter(ring, T_DEPTH, 0);
		moment(vm);
	}
	sqe = t_ring_sqe(ring);
	sqe->opcode = opcode;
	sqe->user_data = STOP_USER_DATA;
	all = starts + t_ring_enter(ring, T_DEPTH + 1 - starts, 0);
	return T_EQUAL(all, T_DEPTH + 1, "%u requests and one to stop them", T_DEPTH);
}

unsigned int t_load_stopped(struct t_vm *vm, struct t_ring *ring, t_load load, uint8_t opcode,
			    t_moment moment)
{
	struct stopped stopped = { 0 };
	struct vfio_ccw_ring_cqe cqe;
	unsigned int i;

	if (!submit(vm, ring, load, opcode, moment))
		return 0;
	for (i = 0; i < T_DEPTH + 1; i++) {
		if (t_ring_next(ring, &cqe)) {
			T_CHECK(false, "CQE %u of %u comes", i + 1, T_DEPTH + 1);
			return 0;
		}
		account(&stopped, &cqe,
			opcode == VFIO_CCW_RING_OP_HALT ? T_FUNCTION_HALT : T_FUNCTION_CLEAR);
	}
	check(&stopped);
	T_CHECK(!t_ring_reap(ring, &cqe), "no CQE is left over");
	t_good_start(vm, ring, "a halt or clear");
	return stopped.taken_back;
}
