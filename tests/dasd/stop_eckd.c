// SPDX-License-Identifier: MIT
/*
 * HALT and CLEAR with one start truly under way and 31 behind it.  The moment is
 * when the first program's first data are there: Hercules 3.13 forgets a HALT
 * that meets a start which is pending, and with it the device.
 */
#include "eckd.h"

static unsigned int stopped(struct t_vm *vm, struct t_ring *ring, uint8_t opcode)
{
	return t_load_stopped(vm, ring, eckd_long_load, opcode, eckd_long_under_way);
}

int main(void)
{
	unsigned int i, halted = 0, cleared = 0;
	struct t_ring ring;
	struct t_vm vm;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 2 * T_DEPTH);
	for (i = 0; i < 5; i++) {
		halted += stopped(&vm, &ring, VFIO_CCW_RING_OP_HALT);
		cleared += stopped(&vm, &ring, VFIO_CCW_RING_OP_CLEAR);
	}
	T_CHECK(halted, "halts overtook starts that were waiting (%u)", halted);
	T_CHECK(cleared, "so did clears (%u)", cleared);
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
