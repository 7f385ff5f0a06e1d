/* SPDX-License-Identifier: MIT */
/* Requests to keep a subchannel busy with, and what must become of them. */
#ifndef CCWRING_TESTS_LOAD_H
#define CCWRING_TESTS_LOAD_H

#include "common.h"

#define T_DEPTH 32

/* Prepares the slot-th of T_DEPTH requests in memory of its own. */
typedef void (*t_load)(struct t_vm *vm, unsigned int slot,
		       struct vfio_ccw_ring_sqe *sqe);

/* SENSE ID into 16 pages: many pages to pin for a device that answers at once. */
void t_load_sense_id(struct t_vm *vm, unsigned int slot,
		     struct vfio_ccw_ring_sqe *sqe);

/* Submits T_DEPTH requests without waiting for any. */
void t_load_submit(struct t_vm *vm, struct t_ring *ring, t_load load);

/* T_DEPTH starts and a halt or clear among them: one last CQE each. */
void t_load_stopped(struct t_vm *vm, struct t_ring *ring, t_load load,
		    uint8_t opcode);

/* A process with T_DEPTH requests is killed: nothing of it may stay. */
void t_load_killed(t_load load);

#endif
