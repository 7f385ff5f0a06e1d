/* SPDX-License-Identifier: MIT */
/*
 * model.h - what a channel program does, said as plainly as possible
 *
 * An interpreter that works on the client's own program, byte by byte, and knows nothing
 * of translation, pages or IDAWs of another kind.  It is slow, and is meant to be seen to
 * be right.  Principles of Operation, chapter 15.
 */
#ifndef CCWRING_TESTS_HOSTED_MODEL_H
#define CCWRING_TESTS_HOSTED_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A range of client memory: a copy, which the program changes, and what it was before.
 * CCWs and IDAWs are taken from the latter: a program that changes itself is not held to
 * more than the prefetch its ORB allows.
 */
struct model_memory {
	uint64_t iova;
	size_t bytes;
	uint8_t *at;
	const uint8_t *before;
};

/* The device of nop.c. */
struct model_device {
	uint8_t data[65536];
	uint32_t size;
	uint8_t sense[32];
};

enum model_end {
	MODEL_ENDED, /* with the status below */
	MODEL_WRONG, /* the program breaks a rule, or names what is not mapped */
	MODEL_ENDLESS,
};

struct model {
	struct model_memory memory[2];
	struct model_device device;
	/* What the ORB says. */
	uint32_t cpa;
	bool format1;
	bool idaw_format2;
	bool idaw_2k; /* of format 2 */
	/* How it ended. */
	uint32_t end_cpa;
	uint8_t dstat;
	uint8_t cstat;
	uint16_t count;
};

enum model_end model_run(struct model *model);

#endif
