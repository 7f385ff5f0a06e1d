// SPDX-License-Identifier: MIT
/* 100,000 starts at depth 32: each ends once, in order, with its own data. */
#include "common.h"

#define DEPTH 32
#define TOTAL 100000U

/* Differs in every bit position from one request to the next. */
static uint64_t user_data(uint32_t number)
{
	return (number + 1) * 0x9e3779b97f4a7c15ULL;
}

static bool top_up(struct t_ring *ring, uint32_t program, uint32_t *submitted, uint32_t reaped)
{
	uint32_t n = 0;

	while (*submitted < TOTAL && *submitted - reaped < DEPTH) {
		t_sqe_start(t_ring_sqe(ring), T_ORB_PLAIN, program, user_data((*submitted)++));
		n++;
	}
	return t_ring_enter(ring, n, 1) == (int)n;
}

static uint32_t run(struct t_ring *ring, uint32_t program, uint32_t *wrong)
{
	struct vfio_ccw_ring_cqe cqe;
	uint32_t submitted = 0, reaped = 0;

	while (reaped < TOTAL) {
		if (!top_up(ring, program, &submitted, reaped))
			return reaped;
		while (t_ring_reap(ring, &cqe)) {
			if (cqe.user_data != user_data(reaped) || cqe.res ||
			    cqe.flags != (VFIO_CCW_RING_CQE_IRB | VFIO_CCW_RING_CQE_GOOD))
				++*wrong;
			reaped++;
		}
	}
	return reaped;
}

int main(void)
{
	const uint32_t program = T_IOVA;
	struct vfio_ccw_ring_cqe cqe;
	struct t_ring ring;
	struct t_vm vm;
	uint32_t wrong = 0;

	t_vm_open(&vm);
	t_ccw1(t_at(&vm, program), T_CMD_NOP, T_CCW_SLI, 1, program + 64);
	t_ring_open(&ring, vm.devices[0].fd, DEPTH);
	T_EQUAL(run(&ring, program, &wrong), TOTAL, "all starts end");
	T_EQUAL(wrong, 0, "each once, in order, with good status");
	T_EQUAL(t_ring_enter(&ring, 0, 0), 0, "ENTER at the end");
	T_CHECK(!t_ring_reap(&ring, &cqe), "no CQE is left over");
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
