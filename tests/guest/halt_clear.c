// SPDX-License-Identifier: MIT
/* HALT and CLEAR, of an idle subchannel and behind queued starts. */
#include <unistd.h>

#include "load.h"

static void idle(struct t_vm *vm, struct t_ring *ring, uint8_t opcode, uint8_t function,
		 const char *what)
{
	struct vfio_ccw_ring_sqe sqe = { .opcode = opcode, .user_data = 7 };
	struct vfio_ccw_ring_cqe cqe;

	if (!T_EQUAL(t_ring_do(ring, &sqe, &cqe), 0, "%s: a CQE comes", what))
		return;
	T_CHECK(!cqe.res && cqe.user_data == 7 && (cqe.flags & VFIO_CCW_RING_CQE_IRB) &&
			(t_irb_function(cqe.irb) & function),
		"%s: its IRB shows the function", what);
	T_EQUAL(t_ring_enter(ring, 0, 0), 0, "%s: ENTER", what);
	T_CHECK(!t_ring_reap(ring, &cqe), "%s: and no other", what);
	t_good_start(vm, ring, what);
}

static void soon(struct t_vm *vm)
{
	(void)vm;
	usleep(100);
}

int main(void)
{
	static const t_moment moments[] = { NULL, soon };
	struct t_ring ring;
	struct t_vm vm;
	unsigned int i;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 2 * T_DEPTH);
	for (i = 0; i < 4; i++) {
		idle(&vm, &ring, VFIO_CCW_RING_OP_HALT, T_FUNCTION_HALT, "an idle halt");
		idle(&vm, &ring, VFIO_CCW_RING_OP_CLEAR, T_FUNCTION_CLEAR, "an idle clear");
		t_load_stopped(&vm, &ring, t_load_sense_id, VFIO_CCW_RING_OP_HALT, moments[i % 2]);
		t_load_stopped(&vm, &ring, t_load_sense_id, VFIO_CCW_RING_OP_CLEAR, moments[i % 2]);
	}
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
