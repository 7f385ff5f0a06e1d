/* SPDX-License-Identifier: MIT */
/*
 * model.h - what a channel program does, said as plainly as possible
 *
 * Two readings of the client's own program, which know nothing of translation, pages or
 * IDAWs of another kind.  rules.c looks at all of it that could be reached, as the
 * driver says it does before it starts anything, and knows why it would be refused.
 * model.c carries it out, byte by byte.  They are slow, and are meant to be seen to be
 * right.  Principles of Operation, chapter 15.
 */
#ifndef CCWRING_TESTS_HOSTED_MODEL_H
#define CCWRING_TESTS_HOSTED_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device.h"

#define MODEL_AREAS 5
/* What the driver says it takes. */
#define MODEL_CCWS  4096
#define MODEL_PARTS 16
#define MODEL_BYTES (128 * 1024)

#define MODEL_CC    0x40
#define MODEL_CD    0x80
#define MODEL_SLI   0x20
#define MODEL_SKIP  0x10
#define MODEL_IDA   0x04

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

struct model_ccw {
	uint8_t cmd;
	uint8_t flags;
	uint16_t count;
	uint32_t cda;
};

/**
 * struct model_read - a CCW that has been looked at
 * @at: where it is
 * @chaining: command that is data-chaining into it, 0 if none is
 * @part: CCWs that follow each other and have been read as such
 * @tic: it is a TIC
 * @taken: it is part of the program; if not the channel finds an invalid CCW instead
 * @target: TICs may lead to it
 */
struct model_read {
	uint32_t at;
	uint8_t chaining;
	uint8_t part;
	bool tic;
	bool taken;
	bool target;
};

/**
 * struct model_refusal - why a program is refused
 * @reasons: one bit for each enum vfio_ccw_ring_reason that is true of the CCW (or the
 *	ORB); 0 if it is not refused
 * @perhaps: by the region; some of them are left to the channel
 * @number: of the CCW, in the order in which they are read
 * @at: where it is
 */
struct model_refusal {
	uint64_t reasons;
	bool perhaps;
	unsigned int number;
	uint32_t at;
};

enum model_end {
	MODEL_ENDED, /* with the status below */
	MODEL_WRONG, /* what rules.c should have found */
	MODEL_ENDLESS,
	MODEL_GOES_ON,
};

struct model {
	struct model_memory memory[MODEL_AREAS];
	struct device device;
	/* What the ORB says: its first three words, and whether there is more. */
	uint32_t intparm;
	uint32_t word;
	uint32_t cpa;
	bool extended;
	/* It comes through the region, and not through a ring. */
	bool by_region;
	/* rules.c: what has been read; bytes its translation may take. */
	struct model_read read[MODEL_CCWS + 1];
	unsigned int n_read;
	unsigned int bytes;
	struct model_refusal refusal;
	/* model.c: how it ended. */
	uint32_t end_cpa;
	uint8_t dstat;
	uint8_t cstat;
	uint16_t count;
};

/* rules.c: fills in read, bytes and refusal */
void model_examine(struct model *model);
/* What has been taken at that address, as reached in that way; NULL if nothing. */
const struct model_read *model_find(const struct model *model, uint32_t at, uint8_t chaining);

/* model.c: carries out a program that has been examined and found right */
enum model_end model_run(struct model *model);

/* Formats; both */
bool model_format1(const struct model *model);
unsigned int model_idaw_bytes(const struct model *model);
uint32_t model_block(const struct model *model);
bool model_mapped(const struct model *model, uint64_t iova);
/* A number of so many bytes, the first the highest; false if it is not mapped. */
bool model_number(const struct model *model, uint64_t iova, unsigned int bytes, uint64_t *value);
bool model_fetch(const struct model *model, uint32_t at, struct model_ccw *ccw);
bool model_is_tic(const struct model *model, const struct model_ccw *ccw);
bool model_backward(uint8_t cmd);
bool model_reads(uint8_t cmd);
/* Bytes from @at on in its IDAW block, going the way the data go. */
uint32_t model_in_block(const struct model *model, uint64_t at, bool backward);

#endif
