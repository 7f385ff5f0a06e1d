/* SPDX-License-Identifier: MIT */
/*
 * check.h - what must hold of a ring, whatever is done to it
 *
 * Each SQE that is consumed has exactly one end, and what its CQE says agrees with the
 * SQE and with itself.  Calls answer as vfio_ccw_ring.h says, to the number.  Fails the
 * test if not.
 */
#ifndef CCWRING_TESTS_FUZZ_CHECK_H
#define CCWRING_TESTS_FUZZ_CHECK_H

#include "client.h"

#define CHECK_DEVICES 2

/* client_ring is new, with the first device. */
void check_begin(void);

/* The next free SQE, NULL if there is none; then it is the driver's. */
struct vfio_ccw_ring_sqe *check_next_sqe(void);
void check_publish(void);
/* Index of a device in the ring; if it has none, one that nobody has. */
uint16_t check_index(unsigned int device);

void check_submit(uint32_t n);
/* With room for @enter->size bytes, whatever that is. */
void check_enter(const struct vfio_ccw_ring_enter *enter);
void check_reap(uint32_t n);
void check_poll(void);
/* A tail and a head that are so far from what is true. */
void check_lie_tail(uint32_t distance);
void check_lie_head(uint32_t distance);

void check_attach(struct hosted *hosted, unsigned int device, struct vfio_ccw_ring_attach *attach);
/* Whether there is a ring now, for the caller to close. */
bool check_setup(struct hosted *hosted, unsigned int device, struct vfio_ccw_ring_setup *setup);
/* A device that has been closed. */
void check_detached(unsigned int device);

/* All that is under way ends. */
void check_settle(struct hosted *const *devices);
/* The program at CLIENT_IOVA, which is right, ends well. */
void check_usable(struct hosted *hosted);

#endif
