/* SPDX-License-Identifier: MIT */
/* Channel programs for a 3390 with twelve records of 4096 bytes a track. */
#ifndef CCWRING_TESTS_ECKD_H
#define CCWRING_TESTS_ECKD_H

#include "load.h"

#define ECKD_RECORD	   4096
#define ECKD_TRACK_RECORDS 12
#define ECKD_HEADS	   15

#define ECKD_DEFINE_EXTENT 0x63
#define ECKD_LOCATE_RECORD 0x47
#define ECKD_READ	   0x86
#define ECKD_WRITE	   0x85

/* Cylinders of the disks these tests are given; see the scripts. */
#define ECKD_CYLINDERS	   6
#define ECKD_BLOCKS	   (ECKD_CYLINDERS * ECKD_HEADS * ECKD_TRACK_RECORDS)

/*
 * The two CCWs every program begins with, command chaining in both; their
 * parameters go to the 32 bytes at an IOVA.
 */
void eckd_prefix(struct t_vm *vm, struct t_ccw1 *ccws, uint32_t parameters, uint8_t command,
		 uint32_t block, unsigned int records);

/*
 * A whole program at an IOVA, for records from a block on, each to or from the
 * next 4096 bytes of data.
 */
void eckd_program(struct t_vm *vm, uint32_t program, uint8_t command, uint32_t block,
		  unsigned int records, uint32_t data);

/* Reads of whole tracks all over the disk. */
void eckd_load(struct t_vm *vm, unsigned int slot, struct vfio_ccw_ring_sqe *sqe);

/*
 * Reads a record and then senses its ID for ever: only a skip by status modifier,
 * which a disk does not do there, would lead out.  ECKD_ENDLESS bytes at an IOVA.
 */
void eckd_endless(struct t_vm *vm, uint32_t program, uint32_t data);
#define ECKD_ENDLESS 0x1000

/* Waits until a start has moved data that were zero. */
void eckd_under_way(struct t_vm *vm, uint32_t data);

/* Such a start with others behind it, and the moment when it is under way. */
void eckd_endless_load(struct t_vm *vm, unsigned int slot, struct vfio_ccw_ring_sqe *sqe);
void eckd_endless_moment(struct t_vm *vm);

#endif
