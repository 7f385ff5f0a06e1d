// SPDX-License-Identifier: MIT
/*
 * HALT and CLEAR of a start that is under way and would never end, with 31 behind
 * it.  The moment is when its first data are there: Hercules 3.13 forgets a HALT
 * that meets a start which is pending, and with it the device.
 */
#include "eckd.h"

static void stop(struct t_vm *vm, struct t_ring *ring, uint8_t opcode)
{
	T_EQUAL(t_load_stopped(vm, ring, eckd_endless_load, opcode, eckd_endless_moment),
		T_DEPTH - 1, "all behind it are taken back");
}

int main(void)
{
	struct t_ring ring;
	struct t_vm vm;
	unsigned int i;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 2 * T_DEPTH);
	for (i = 0; i < 5; i++) {
		stop(&vm, &ring, VFIO_CCW_RING_OP_HALT);
		stop(&vm, &ring, VFIO_CCW_RING_OP_CLEAR);
	}
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
