/* SPDX-License-Identifier: MIT */
/* random.h - channel programs made of dice */
#ifndef CCWRING_TESTS_HOSTED_RANDOM_H
#define CCWRING_TESTS_HOSTED_RANDOM_H

#include "client.h"

/* Where there are programs, IDAWs and data; in the client's memory. */
#define RANDOM_PROGRAMS	 CLIENT_IOVA
#define RANDOM_LISTS	 (CLIENT_IOVA + 0x1000)
#define RANDOM_DATA	 (CLIENT_IOVA + 0x3000)
#define RANDOM_END	 (CLIENT_IOVA + 0x8000)
/* Memory mapped apart. */
#define RANDOM_AREA	 0x300000UL
#define RANDOM_AREA_SIZE 0x2000UL

/* What the ORB says of a program. */
struct random_kind {
	bool format1;
	bool idaw_format2;
	bool idaw_2k;
};

struct random_kind random_kind(void);
/* An ORB for the program there. */
struct ccwring_orb random_orb(uint32_t at, const struct random_kind *kind);

void random_seed(uint64_t seed);
/* Less than @n. */
uint32_t any(uint32_t n);
bool now_and_then(uint32_t once_in);
void random_bytes(void *to, size_t n);

/* A CCW of that kind. */
void random_ccw(uint32_t at, const struct random_kind *kind, uint8_t cmd, uint8_t flags,
		uint16_t count, uint32_t data);
/* Where a program may begin. */
uint32_t random_place(void);
/* A program there is nothing to say against, and one that is more or less one. */
void random_right(uint32_t at, const struct random_kind *kind);
void random_wild(uint32_t at, const struct random_kind *kind);
/*
 * One that is right and long: searches, loops, data chains and IDAWs, one behind the
 * other, so that any of them is where the driver's translation goes on elsewhere.
 */
void random_long(uint32_t at, const struct random_kind *kind);

#endif
