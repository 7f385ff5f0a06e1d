// SPDX-License-Identifier: MIT
#include "bad.h"

#define USER_DATA 0xbad0bad0bad0bad0ULL

void t_refused(struct t_vm *vm, struct t_ring *ring, const struct vfio_ccw_ring_sqe *sqe,
	       const struct t_refusal *want, const char *what)
{
	struct vfio_ccw_ring_sqe copy = *sqe;
	struct vfio_ccw_ring_cqe cqe = { 0 };

	copy.user_data = USER_DATA;
	if (!T_EQUAL(t_ring_do(ring, &copy, &cqe), 0, "%s: a CQE comes", what))
		return;
	T_EQUAL(cqe.res, want->res, "%s: the error", what);
	T_EQUAL(cqe.reason, want->reason, "%s: the reason", what);
	T_CHECK(cqe.user_data == USER_DATA && !(cqe.flags & VFIO_CCW_RING_CQE_IRB),
		"%s: its own user data and no IRB", what);
	if (want->index >= 0)
		T_EQUAL(cqe.ccw_index, want->index, "%s: the CCW's number", what);
	if (want->index != T_NONE)
		T_EQUAL(cqe.ccw_addr, want->address, "%s: the CCW's address", what);
	t_good_start(vm, ring, what);
}
