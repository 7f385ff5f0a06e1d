// SPDX-License-Identifier: MIT
/* program.c - building channel programs, and aiming one that is there at another record */
#include <errno.h>
#include <stdlib.h>

#include <ccwring/ccwring.h>

#include "micro.h"

#define PAGES 64
#define BLOCK 4096

struct builder {
	struct ccwring_vfio *vfio;
	struct ccwring_program *prog;
	struct ccwring_eckd_geometry geo;
	ccwring_iova_t data;
	ccwring_iova_t pages[PAGES];
	unsigned int n; /* CCWs or IDAWs */
	uint8_t *locate;
	struct ccwring_orb orb;
};

static void teardown(void *context)
{
	struct builder *b = context;

	ccwring_program_free(b->prog);
	ccwring_vfio_free(b->vfio);
	free(b);
}

static int fill(struct builder *b)
{
	int err = ccwring_vfio_new(NULL, &b->vfio);

	if (err)
		return err;
	if (!ccwring_dma_alloc(b->vfio, PAGES * BLOCK, &b->data))
		return -ENOMEM;
	for (unsigned int i = 0; i < PAGES; i++)
		b->pages[i] = b->data + i * BLOCK;
	ccwring_eckd_geometry_3390(&b->geo, 30);
	return ccwring_program_new(b->vfio, 2048, &b->prog);
}

static int setup(const struct micro *micro, void **context)
{
	struct builder *b = calloc(1, sizeof(*b));
	int err;

	if (!b)
		return -ENOMEM;
	b->n = micro->arg;
	err = fill(b);
	if (err)
		teardown(b);
	else
		*context = b;
	return err;
}

/* A NO-OPERATION, or CCWs that read a page each. */
static int ccws(void *context, uint64_t n)
{
	struct builder *b = context;
	int err = 0;

	while (n-- && !err) {
		ccwring_program_reset(b->prog);
		if (!b->n)
			ccwring_program_add(b->prog, CCWRING_CMD_NOP, CCWRING_CCW_SLI, b->data, 1);
		for (unsigned int i = 0; i < b->n; i++)
			ccwring_program_add(b->prog, CCWRING_CMD_READ, 0, b->pages[i], BLOCK);
		err = ccwring_program_finish(b->prog, &b->orb);
	}
	return err;
}

/* One CCW with as many IDAWs; its count holds fifteen blocks. */
static int ida(void *context, uint64_t n)
{
	struct builder *b = context;
	int err = 0;

	while (n-- && !err) {
		ccwring_program_reset(b->prog);
		ccwring_program_add_ida(b->prog, CCWRING_CMD_READ, 0, b->pages, b->n, b->n * BLOCK);
		err = ccwring_program_finish(b->prog, &b->orb);
	}
	return err;
}

static int eckd(void *context, uint64_t n)
{
	struct builder *b = context;
	int err = 0;

	while (n-- && !err) {
		ccwring_program_reset(b->prog);
		ccwring_eckd_build(b->prog, CCWRING_ECKD_READ, &b->geo, n & 15, 1, 1, b->data,
				   &b->locate);
		err = ccwring_program_finish(b->prog, &b->orb);
	}
	return err;
}

static const struct micro micros[] = {
	{ "program/nop", setup, ccws, teardown, .batch = 64 },
	{ "program/ccws/1", setup, ccws, teardown, .batch = 64, .arg = 1 },
	{ "program/ccws/16", setup, ccws, teardown, .batch = 64, .arg = 16 },
	{ "program/ccws/64", setup, ccws, teardown, .batch = 64, .arg = 64 },
	{ "program/idaws/15", setup, ida, teardown, .batch = 64, .arg = 15 },
	{ "program/eckd_read", setup, eckd, teardown, .batch = 64 },
};

void micro_add_program(void)
{
	micro_add(micros, sizeof(micros) / sizeof(micros[0]));
}
