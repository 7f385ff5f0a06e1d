// SPDX-License-Identifier: MIT
/*
 * Read Backward on a tape: data are stored from an address downwards.  Every byte
 * of the block has to be in its place, and none beside it touched, however the
 * program addresses them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

#define TAPE_WRITE	   0x01
#define TAPE_REWIND	   0x07
#define TAPE_READ_BACKWARD 0x0c

#define BLOCK		   10000
#define AREA		   (T_IOVA + 0x100000)
#define SIZE		   0x10000
#define PATTERN		   0xa5
#define PROGRAM		   T_IOVA
#define IDAL		   (T_IOVA + 0x800)
#define WRITTEN		   (T_IOVA + 0x200000)

enum addressing {
	DIRECT,
	IDAW_4K,
	IDAW_2K,
	IDAW_FORMAT1
};

static const struct layout {
	const char *what;
	enum addressing addressing;
	uint32_t last; /* of the data, from the area's beginning */
	uint16_t count;
} layouts[] = {
	{ "in one page", DIRECT, 0x3f00, 3000 },
	{ "up to the end of a page", DIRECT, 0x3fff, 4096 },
	{ "over three pages", DIRECT, 0x5123, BLOCK },
	{ "one byte", DIRECT, 0x4000, 1 },
	{ "IDAWs, blocks of 4 KiB", IDAW_4K, 0x5123, BLOCK },
	{ "IDAWs, blocks of 4 KiB, from a boundary", IDAW_4K, 0x5fff, 8192 },
	{ "IDAWs, blocks of 2 KiB", IDAW_2K, 0x5123, BLOCK },
	{ "IDAWs of format 1", IDAW_FORMAT1, 0x5923, BLOCK },
};

static struct t_vm vm;
static struct t_ring ring;

static void run(const char *what, uint32_t orb_flags)
{
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe;

	t_sqe_start(&sqe, orb_flags, PROGRAM, 1);
	T_NEED(!t_ring_do(&ring, &sqe, &cqe), "%s: a CQE", what);
	T_CHECK(!cqe.res && t_irb_good(cqe.irb), "%s: it works (%d, reason %u, status %#x %#x)",
		what, cqe.res, cqe.reason, t_irb_dstat(cqe.irb), t_irb_cstat(cqe.irb));
}

static void write_block(const uint8_t *block)
{
	memcpy(t_at(&vm, WRITTEN), block, BLOCK);
	t_ccw1(t_at(&vm, PROGRAM), TAPE_REWIND, T_CCW_CC | T_CCW_SLI, 1, WRITTEN);
	t_ccw1(t_at(&vm, PROGRAM + 8), TAPE_WRITE, 0, BLOCK, WRITTEN);
	run("a block is written", T_ORB_PLAIN);
}

/* The last byte of each part, from the end of the data downwards. */
static void idaws(const struct layout *layout)
{
	uint32_t size = layout->addressing == IDAW_4K ? 4096 : 2048;
	uint32_t last = AREA + layout->last, first = last - layout->count + 1;
	unsigned int i;

	for (i = 0; last >= first; i++) {
		if (layout->addressing == IDAW_FORMAT1)
			((uint32_t *)t_at(&vm, IDAL))[i] = last;
		else
			((uint64_t *)t_at(&vm, IDAL))[i] = last;
		last = (last & ~(size - 1)) - 1;
	}
}

static uint32_t orb_flags(enum addressing addressing)
{
	if (addressing == IDAW_FORMAT1)
		return T_ORB_PLAIN & ~T_ORB_IDAW64;
	return addressing == IDAW_2K ? T_ORB_PLAIN | T_ORB_IDAW_2K : T_ORB_PLAIN;
}

/* The end of the block is read first. */
static void expect(const struct layout *layout, const uint8_t *block)
{
	const uint8_t *area = t_at(&vm, AREA);
	uint32_t first = layout->last - layout->count + 1, i, wrong = 0;

	for (i = 0; i < SIZE; i++) {
		bool data = i >= first && i <= layout->last;

		wrong += area[i] != (data ? block[BLOCK - layout->count + i - first] : PATTERN);
	}
	T_EQUAL(wrong, 0, "%s: every byte is where it must be", layout->what);
}

static void read_backward(const struct layout *layout, const uint8_t *block)
{
	bool direct = layout->addressing == DIRECT;

	write_block(block);
	memset(t_at(&vm, AREA), PATTERN, SIZE);
	idaws(layout);
	t_ccw1(t_at(&vm, PROGRAM), TAPE_READ_BACKWARD, T_CCW_SLI | (direct ? 0 : T_CCW_IDA),
	       layout->count, direct ? AREA + layout->last : IDAL);
	run(layout->what, orb_flags(layout->addressing));
	expect(layout, block);
}

int main(void)
{
	uint8_t block[BLOCK];
	unsigned int i;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 8);
	srandom(1);
	for (i = 0; i < BLOCK; i++)
		block[i] = random();
	for (i = 0; i < sizeof(layouts) / sizeof(*layouts); i++)
		read_backward(&layouts[i], block);
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
