// SPDX-License-Identifier: MIT
/*
 * Programs that do not fit into the block of a request: as long as a Linux guest's for 190
 * blocks of a disk, and as long as any may be.  Where the kernel can do so it has no two
 * pages side by side for them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common.h"

/* Define Extent, Locate Record, and so many blocks, each by an IDAW list of its own. */
#define BLOCKS	190
#define BLOCK	4096
#define MOST	4096
#define AT_ONCE 16

#define PROGRAM T_IOVA
#define LISTS	(T_IOVA + 0x10000)
#define BEFORE	(T_IOVA + 0x20000)
#define DATA	(T_IOVA + 0x100000)
#define ID	0xff /* the first byte of Sense ID's data */

#define FAULTS	"/sys/kernel/debug/fail_page_alloc/"

static struct t_vm vm;

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

/* From here on this program gets single pages from the kernel, and nothing larger. */
static void fragment(void)
{
	static const char *const settings[][2] = {
		{ FAULTS "verbose", "0" },	    { FAULTS "ignore-gfp-wait", "N" },
		{ FAULTS "min-order", "1" },	    { FAULTS "task-filter", "Y" },
		{ FAULTS "probability", "100" },    { FAULTS "times", "-1" },
		{ "/proc/self/make-it-fail", "1" },
	};

	if (access(FAULTS, F_OK)) {
		printf("# this kernel cannot be made to have single pages only\n");
		return;
	}
	for (unsigned int i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		T_NEED(put(settings[i][0], settings[i][1]), "%s is set", settings[i][0]);
}

static void heal(void)
{
	put("/proc/self/make-it-fail", "0");
	put(FAULTS "probability", "0");
}

static void build_blocks(void)
{
	struct t_ccw1 *ccw = t_at(&vm, PROGRAM);
	uint64_t *idaws = t_at(&vm, LISTS);

	t_ccw1(ccw++, T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_CC, 16, BEFORE);
	t_ccw1(ccw++, T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_CC, 16, BEFORE + 16);
	for (unsigned int i = 0; i < BLOCKS; i++, ccw++) {
		idaws[i] = DATA + i * BLOCK;
		t_ccw1(ccw, T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_IDA | (i < BLOCKS - 1 ? T_CCW_CC : 0),
		       BLOCK, LISTS + i * 8);
	}
}

static void clear_blocks(void)
{
	for (unsigned int i = 0; i < BLOCKS; i++)
		*(uint8_t *)t_at(&vm, DATA + i * BLOCK) = 0;
}

static unsigned int blocks_read(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < BLOCKS; i++)
		n += *(uint8_t *)t_at(&vm, DATA + i * BLOCK) == ID;
	return n;
}

static void build_most(void)
{
	struct t_ccw1 *ccw = t_at(&vm, PROGRAM);

	for (unsigned int i = 0; i < MOST; i++)
		t_ccw1(&ccw[i], T_CMD_NOP, T_CCW_SLI | (i < MOST - 1 ? T_CCW_CC : 0), 1, DATA);
}

static void by_ring(struct t_ring *ring, unsigned int ccws, const char *what)
{
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe = { 0 };

	t_sqe_start(&sqe, T_ORB_PLAIN, PROGRAM, 1);
	T_EQUAL(t_ring_do(ring, &sqe, &cqe), 0, "%s: it ends", what);
	T_CHECK(!cqe.res && t_irb_good(cqe.irb), "%s: well (%d, reason %u)", what, cqe.res,
		cqe.reason);
	T_EQUAL(t_irb_cpa(cqe.irb), PROGRAM + ccws * 8, "%s: behind its last CCW", what);
}

static void many_by_ring(struct t_ring *ring)
{
	struct vfio_ccw_ring_cqe cqe;
	unsigned int good = 0;

	for (unsigned int i = 0; i < AT_ONCE; i++)
		t_sqe_start(t_ring_sqe(ring), T_ORB_PLAIN, PROGRAM, i);
	T_EQUAL(t_ring_enter(ring, AT_ONCE, AT_ONCE), AT_ONCE, "several at once");
	for (unsigned int i = 0; i < AT_ONCE; i++)
		good += !t_ring_next(ring, &cqe) && !cqe.res && t_irb_good(cqe.irb);
	T_EQUAL(good, AT_ONCE, "... end well");
}

static void by_region(unsigned int ccws, const char *what)
{
	uint8_t orb[VFIO_CCW_RING_ORB_SIZE], irb[96] = { 0 };
	struct t_region region;

	t_region_open(&region, vm.devices[0].fd);
	t_orb(orb, T_ORB_PLAIN, PROGRAM);
	/* What the last one took has been given back, or is used again. */
	for (int i = 0; i < 2; i++) {
		T_EQUAL(t_region_start(&region, orb), 0, "%s: a start through the region", what);
		T_EQUAL(t_region_wait(&region, irb, 5000 * t_slow()), 0, "%s: ends", what);
		T_CHECK(t_irb_good(irb) && t_irb_cpa(irb) == PROGRAM + ccws * 8, "%s: well", what);
	}
	t_region_close(&region);
}

int main(void)
{
	struct t_ring ring;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, AT_ONCE);
	fragment();
	build_blocks();
	clear_blocks();
	by_ring(&ring, BLOCKS + 2, "190 blocks");
	T_EQUAL(blocks_read(), BLOCKS, "all are there");
	many_by_ring(&ring);
	build_most();
	by_ring(&ring, MOST, "4096 CCWs");
	many_by_ring(&ring);
	t_good_start(&vm, &ring, "long ones");
	heal();
	t_ring_close(&ring);
	fragment();
	by_region(MOST, "4096 CCWs");
	build_blocks();
	clear_blocks();
	by_region(BLOCKS + 2, "190 blocks");
	T_EQUAL(blocks_read(), BLOCKS, "all are there");
	heal();
	t_vm_close(&vm);
	return tap_done();
}
