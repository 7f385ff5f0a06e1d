/* SPDX-License-Identifier: MIT */
/*
 * beside.h - a channel program through the driver and a channel, beside the model
 *
 * What the model says is refused must be refused, for a reason that is true, with the
 * number and address of the CCW, and change nothing.  All else must be taken, leave every
 * byte of the client's memory as the model leaves it, and end with the same status.  A
 * program without an end is only translated.
 */
#ifndef CCWRING_TESTS_HOSTED_BESIDE_H
#define CCWRING_TESTS_HOSTED_BESIDE_H

#include "random.h"

enum beside_end {
	BESIDE_TAKEN,
	BESIDE_REFUSED,
	BESIDE_ENDLESS,
};

/*
 * Memory: of random.h's two areas, one above 2 GiB of this process and one below, two
 * that lie over the ends of 24 and 31 bits, and one whose addresses look like the second
 * area's if only 32 bits of them are seen.
 */
#define BESIDE_AREAS 5
#define BESIDE_BYTES (0x8000 + 0x2000 + 0x2000 + 0x2000 + 0x1000)

/* A device with that memory; fails the test if it cannot be made. */
struct hosted *beside_open(void);
void beside_close(void);
/* Memory at an IOVA, NULL if there is none. */
uint8_t *beside_at(uint64_t iova);
/* All of memory, one area behind the other, from and to a copy. */
void beside_save(uint8_t *to);
void beside_load(const uint8_t *from);
/* The device as new. */
void beside_reset(void);

#define BESIDE_COLD   (1U << 0) /* with no page pinned */
#define BESIDE_REGION (1U << 1) /* as it comes through the region */

/**
 * beside_run() - the program of an ORB
 * @orb: the ORB
 * @how: BESIDE_*
 * @carry_out: how it is carried out, NULL for hosted_carry_out()
 *
 * Fails the test if there is anything to be said against what the driver does.
 */
enum beside_end beside_run(const struct ccwring_orb *orb, unsigned int how,
			   void (*carry_out)(const struct ccwring_orb *orb,
					     struct vfio_ccw_ring_cqe *cqe));

#endif
