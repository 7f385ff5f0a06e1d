/* SPDX-License-Identifier: MIT */
/* Requests that must be refused, each for its own reason. */
#ifndef CCWRING_TESTS_BAD_H
#define CCWRING_TESTS_BAD_H

#include "common.h"

/* Where the tests for bad requests build programs, lists and data. */
#define T_PROGRAM (T_IOVA + 0x10000)
#define T_LIST	  (T_IOVA + 0x20000)
#define T_DATA	  (T_IOVA + 0x40000)

#define T_NONE	  (-1)
#define T_ANY	  (-2)

/**
 * struct t_refusal - how the driver says no
 * @res: -errno
 * @reason: VFIO_CCW_RING_R_*
 * @index: number of the CCW at fault, T_ANY if any will do, T_NONE if none is
 *	named, or any
 * @address: its IOVA, unless @index is T_NONE
 */
struct t_refusal {
	int res;
	int reason;
	int index;
	uint32_t address;
};

/* Submits, compares, and sees that a good request works afterwards. */
void t_refused(struct t_vm *vm, struct t_ring *ring, const struct vfio_ccw_ring_sqe *sqe,
	       const struct t_refusal *want, const char *what);

#endif
