/* SPDX-License-Identifier: MIT */
/* Requests to keep a subchannel busy with, and what must become of them. */
#ifndef CCWRING_TESTS_LOAD_H
#define CCWRING_TESTS_LOAD_H

#include "common.h"

#define T_DEPTH	     32

/* Each has its own memory: a page of program, and then pages of data. */
#define T_SLOT_SIZE  0x20000
#define T_SLOT_PAGES 16

/* Prepares the slot-th of T_DEPTH requests in memory of its own. */
typedef void (*t_load)(struct t_vm *vm, unsigned int slot, struct vfio_ccw_ring_sqe *sqe);

/* SENSE ID into 16 pages: many pages to pin for a device that answers at once. */
void t_load_sense_id(struct t_vm *vm, unsigned int slot, struct vfio_ccw_ring_sqe *sqe);

/* Fills SQEs for T_DEPTH requests; t_ring_enter() submits them. */
void t_load_queue(struct t_vm *vm, struct t_ring *ring, t_load load);

/* Returns when it is time to stop what is under way. */
typedef void (*t_moment)(struct t_vm *vm);

/*
 * T_DEPTH starts and, when the moment has come, a halt or clear: one last CQE
 * each.  With no moment all are one batch.  Gives the number of starts that were
 * taken back.
 */
unsigned int t_load_stopped(struct t_vm *vm, struct t_ring *ring, t_load load, uint8_t opcode,
			    t_moment moment);

/* A process with T_DEPTH requests is killed: nothing of it may stay. */
void t_load_killed(t_load load);

#endif
