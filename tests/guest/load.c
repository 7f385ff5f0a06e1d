// SPDX-License-Identifier: MIT
#include "load.h"

void t_load_sense_id(struct t_vm *vm, unsigned int slot, struct vfio_ccw_ring_sqe *sqe)
{
	uint32_t program = T_IOVA + slot * T_SLOT_SIZE;
	struct t_ccw1 *ccw = t_at(vm, program);
	unsigned int i;

	for (i = 0; i < T_SLOT_PAGES; i++)
		t_ccw1(&ccw[i], T_CMD_SENSE_ID, T_CCW_SLI | (i < T_SLOT_PAGES - 1 ? T_CCW_CC : 0),
		       16, program + (i + 1) * T_PAGE);
	t_sqe_start(sqe, T_ORB_PLAIN, program, slot);
}

void t_load_queue(struct t_vm *vm, struct t_ring *ring, t_load load)
{
	unsigned int slot;

	for (slot = 0; slot < T_DEPTH; slot++)
		load(vm, slot, t_ring_sqe(ring));
}
