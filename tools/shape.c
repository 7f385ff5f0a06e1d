// SPDX-License-Identifier: MIT
/* shape.c - the shapes, and those that any device answers */
#include <errno.h>
#include <string.h>

#include "bench.h"

#define SENSE_ID_LEN 7

static int build_nop(struct bench *b, struct slot *slot)
{
	(void)b;
	ccwring_program_add(slot->prog, CCWRING_CMD_NOP, CCWRING_CCW_SLI, slot->iova, 1);
	return ccwring_program_finish(slot->prog, &slot->orb);
}

static int build_pages(struct bench *b, struct slot *slot)
{
	for (unsigned int i = 0; i < b->opts.shape->pages; i++)
		ccwring_program_add(slot->prog, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI,
				    slot->iova + (ccwring_iova_t)i * 4096, SENSE_ID_LEN);
	return ccwring_program_finish(slot->prog, &slot->orb);
}

/* With --verify alone: what is there afterwards came with this request. */
static void next_pages(struct bench *b, struct slot *slot)
{
	for (unsigned int i = 0; i < b->opts.shape->pages; i++)
		memset(slot->data + (size_t)i * 4096, 0, SENSE_ID_LEN);
}

static bool check_pages(struct bench *b, struct slot *slot)
{
	for (unsigned int i = 0; i < b->opts.shape->pages; i++) {
		const uint8_t *id = slot->data + (size_t)i * 4096;

		/* The first byte of an answer is 0xff; type and model follow. */
		if (id[0] != 0xff || !(id[1] | id[2]) || memcmp(id, slot->data, SENSE_ID_LEN))
			return false;
	}
	return true;
}

static const struct shape shapes[] = {
	{ .name = "nop", .pages = 1, .build = build_nop },
	{ .name = "1page",
	  .pages = 1,
	  .build = build_pages,
	  .next = next_pages,
	  .check = check_pages },
	{ .name = "16page",
	  .pages = 16,
	  .build = build_pages,
	  .next = next_pages,
	  .check = check_pages },
	{ .name = "64page",
	  .pages = 64,
	  .build = build_pages,
	  .next = next_pages,
	  .check = check_pages },
	{ .name = "eckd-4k-read",
	  .pages = 1,
	  .disk = true,
	  .build = eckd_build_read,
	  .next = eckd_next_read,
	  .check = eckd_check_read },
	{ .name = "eckd-4k-write",
	  .pages = WRITE_BLOCKS,
	  .disk = true,
	  .build = eckd_build_write,
	  .next = eckd_next_write },
	{ .name = "eckd-track-read",
	  .pages = 12,
	  .disk = true,
	  .build = eckd_build_track,
	  .next = eckd_next_track,
	  .check = eckd_check_track },
};

const struct shape *shape_find(const char *name)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (!strcmp(shapes[i].name, name))
			return &shapes[i];
	return NULL;
}
