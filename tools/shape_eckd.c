// SPDX-License-Identifier: MIT
/* shape_eckd.c - reads and writes of a 3390 */
#include <errno.h>
#include <string.h>

#include "bench.h"
#include "pattern.h"

/* Define Extent, Locate Record, then the data. */
#define FIRST_DATA_CCW 2

static uint32_t random_block(struct bench *b)
{
	return bench_random(b, ccwring_eckd_tracks(&b->geo) * b->geo.records);
}

static void seek(const struct bench *b, struct slot *slot, uint32_t block)
{
	uint32_t track = block / b->geo.records;

	slot->block = block;
	ccwring_eckd_seek(slot->locate, &b->geo, track, block - track * b->geo.records + 1);
}

static int build(struct bench *b, struct slot *slot, enum ccwring_eckd_op op, uint8_t count)
{
	int err = ccwring_eckd_build(slot->prog, op, &b->geo, 0, 1, count, slot->iova,
				     &slot->locate);

	return err ? err : ccwring_program_finish(slot->prog, &slot->orb);
}

int eckd_build_read(struct bench *b, struct slot *slot)
{
	return build(b, slot, CCWRING_ECKD_READ, 1);
}

int eckd_build_track(struct bench *b, struct slot *slot)
{
	return build(b, slot, CCWRING_ECKD_READ, b->geo.records);
}

/* What a slot will write is chosen and filled in beforehand, so that a run
 * measures requests and not patterns. */
int eckd_build_write(struct bench *b, struct slot *slot)
{
	for (unsigned int i = 0; i < WRITE_BLOCKS; i++) {
		slot->blocks[i] = random_block(b);
		pattern_fill(slot->data + (size_t)i * PATTERN_BLOCK, slot->blocks[i],
			     b->opts.write_seed);
	}
	return build(b, slot, CCWRING_ECKD_WRITE, 1);
}

void eckd_next_read(struct bench *b, struct slot *slot)
{
	if (b->opts.verify)
		memset(slot->data, 0, PATTERN_BLOCK);
	seek(b, slot, random_block(b));
}

void eckd_next_track(struct bench *b, struct slot *slot)
{
	if (b->opts.verify)
		memset(slot->data, 0, (size_t)b->geo.records * PATTERN_BLOCK);
	seek(b, slot, bench_random(b, ccwring_eckd_tracks(&b->geo)) * b->geo.records);
}

void eckd_next_write(struct bench *b, struct slot *slot)
{
	unsigned int i = slot->turn++ % WRITE_BLOCKS;

	seek(b, slot, slot->blocks[i]);
	ccwring_program_set_data(slot->prog, FIRST_DATA_CCW,
				 slot->iova + (ccwring_iova_t)i * PATTERN_BLOCK);
}

/* A block holds the pattern it was made with, or that of an earlier write. */
static bool block_ok(const struct bench *b, const uint8_t *data, uint32_t block)
{
	return pattern_matches(data, block, b->opts.disk_seed) ||
	       (b->opts.write_seed != b->opts.disk_seed &&
		pattern_matches(data, block, b->opts.write_seed));
}

bool eckd_check_read(struct bench *b, struct slot *slot)
{
	return block_ok(b, slot->data, slot->block);
}

bool eckd_check_track(struct bench *b, struct slot *slot)
{
	for (unsigned int i = 0; i < b->geo.records; i++)
		if (!block_ok(b, slot->data + (size_t)i * PATTERN_BLOCK, slot->block + i))
			return false;
	return true;
}

/* Blocks of one slot, into its own first page. */
static int read_back_slot(struct bench *b, struct slot *slot)
{
	unsigned int n = slot->turn < WRITE_BLOCKS ? slot->turn : WRITE_BLOCKS;
	int wrong = 0;
	int err;

	ccwring_program_reset(slot->prog);
	err = eckd_build_read(b, slot);
	for (unsigned int i = 0; i < n && !err; i++) {
		memset(slot->data, 0, PATTERN_BLOCK);
		seek(b, slot, slot->blocks[i]);
		err = bench_one(b, slot->sch, &slot->orb);
		wrong += !err && !pattern_matches(slot->data, slot->blocks[i], b->opts.write_seed);
	}
	return err ? err : wrong;
}

int eckd_read_back(struct bench *b)
{
	int wrong = 0;

	for (unsigned int i = 0; i < b->n_slots; i++) {
		int n = read_back_slot(b, &b->slots[i]);

		if (n < 0)
			return n;
		wrong += n;
	}
	return wrong;
}
