// SPDX-License-Identifier: MIT
/* HALT and CLEAR with 32 starts truly under way. */
#include "eckd.h"

int main(void)
{
	struct t_ring ring;
	struct t_vm vm;
	unsigned int us, halted = 0, cleared = 0;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 2 * T_DEPTH);
	/* Much later they are all done: the CPU that submits also completes. */
	for (us = 0; us <= 120; us += 4) {
		halted += t_load_stopped(&vm, &ring, eckd_load, VFIO_CCW_RING_OP_HALT, us);
		cleared += t_load_stopped(&vm, &ring, eckd_load, VFIO_CCW_RING_OP_CLEAR, us);
	}
	T_CHECK(halted, "halts overtook starts that were waiting (%u)", halted);
	T_CHECK(cleared, "so did clears (%u)", cleared);
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
