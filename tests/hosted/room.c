// SPDX-License-Identifier: MIT
/* room.c - how much memory a long program has, and gives back; and when there is none */
#include <errno.h>

#include "beside.h"
#include "model.h"
#include "unit.h"

#define PROGRAM	 CLIENT_IOVA
#define SMALL	 (CLIENT_IOVA + 0x2000)
#define OTHER	 (CLIENT_IOVA + 0x2800)
/* Addressed directly, and by IDAWs. */
#define LOW	 RANDOM_AREA
#define HIGH	 RANDOM_DATA

#define CC	 (CCWRING_CCW_CC | CCWRING_CCW_SLI)
#define SLI	 CCWRING_CCW_SLI

/* CCWs that a block has room for, and a page. */
#define BLOCK	 252
#define PAGE	 504

/* Of the ring. */
#define ENTRIES	 4
#define REQUESTS 16

static struct hosted *device;
static struct random_kind kind;
static long pages;
static uint32_t at;
static uint8_t area[RANDOM_AREA_SIZE] __attribute__((aligned(4096)));

static int setup(void **state)
{
	(void)state;
	device = beside_open();
	pages = hosted_pages();
	kind = (struct random_kind){ .format1 = true, .idaw_format2 = true };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hosted_tidy(device);
	assert_int_equal(hosted_pages(), pages);
	beside_close();
	return 0;
}

static void put(uint8_t cmd, uint8_t flags, uint16_t count, uint32_t data)
{
	random_ccw(at, &kind, cmd, flags, count, data);
	at += 8;
}

static void nops(unsigned int n)
{
	while (n--)
		put(CCWRING_CMD_NOP, CC, 1, LOW);
}

static void last(void)
{
	put(CCWRING_CMD_NOP, SLI, 1, LOW);
}

static enum beside_end run(void)
{
	struct ccwring_orb orb = random_orb(PROGRAM, &kind);

	beside_reset();
	return beside_run(&orb, 0, NULL);
}

static struct vfio_ccw_ring_cqe translate(void)
{
	struct ccwring_orb orb = random_orb(PROGRAM, &kind);
	struct vfio_ccw_ring_cqe cqe;

	hosted_carry_out(device, orb.b, HOSTED_ONLY_TRANSLATE, &cqe);
	return cqe;
}

static void too_many(unsigned int first, unsigned int last_one)
{
	struct vfio_ccw_ring_cqe cqe;

	assert_int_equal(run(), BESIDE_REFUSED);
	cqe = translate();
	assert_int_equal(cqe.res, -E2BIG);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_CCW_TOO_MANY);
	assert_in_range(cqe.ccw_index, first, last_one);
	assert_int_equal(cqe.ccw_addr, PROGRAM + cqe.ccw_index * 8);
	assert_int_equal(hosted_pages(), pages);
}

static void most_ccws(void **state)
{
	(void)state;
	at = PROGRAM;
	nops(MODEL_CCWS - 1);
	last();
	assert_int_equal(run(), BESIDE_TAKEN);
	assert_int_equal(hosted_pages() - pages, (MODEL_CCWS - BLOCK + PAGE - 1) / PAGE);
	at -= 8;
	nops(1);
	too_many(MODEL_CCWS, MODEL_CCWS);
}

static void put_idaws(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		ccwring_put_be64(beside_at(HIGH + 8 * i), HIGH + 0x1000 + (i ? 0 : 2));
}

/* CCWs with so many IDAWs each, all of one block. */
static void many_idaws(unsigned int n, unsigned int idaws)
{
	put_idaws(idaws);
	at = PROGRAM;
	for (unsigned int i = 0; i < n; i++)
		put(CCWRING_CMD_READ, CCWRING_CCW_IDA | (i + 1 < n ? CC : SLI), 65535, HIGH);
}

/* There is room for so many bytes, however they lie. */
static void most_bytes(unsigned int idaws)
{
	unsigned int room = (MODEL_BYTES - 32) / ((1 + idaws) * 8), more = room + room / 5;

	many_idaws(room, idaws);
	assert_int_not_equal(run(), BESIDE_REFUSED);
	assert_int_equal(translate().res, 0);
	assert_true(hosted_pages() - pages >= MODEL_BYTES / 4096);
	many_idaws(more, idaws);
	too_many(room, more - 1);
}

static void most_idaws(void **state)
{
	(void)state;
	most_bytes(17);
	kind.idaw_2k = true;
	most_bytes(33);
}

static struct vfio_ccw_ring_cqe translate_with(long pages_left)
{
	struct vfio_ccw_ring_cqe cqe;

	hosted_tidy(device);
	hosted_pages_left(pages_left);
	cqe = translate();
	hosted_pages_left(-1);
	return cqe;
}

/* It is not the program's fault, and the next time it works. */
static void no_memory(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	at = PROGRAM;
	nops(3 * PAGE);
	last();
	for (long n = 0; n < 3; n++) {
		assert_int_equal(run(), BESIDE_TAKEN);
		cqe = translate_with(n);
		assert_int_equal(cqe.res, -ENOMEM);
		assert_int_equal(cqe.reason, VFIO_CCW_RING_R_NO_MEMORY);
		assert_int_equal(cqe.ccw_index, BLOCK + n * PAGE);
		assert_int_equal(cqe.ccw_addr, PROGRAM + cqe.ccw_index * 8);
		assert_int_equal(hosted_pages(), pages);
	}
	assert_int_equal(translate_with(3).res, 0);
	assert_int_equal(run(), BESIDE_TAKEN);
}

/* What may be left out because it is wrong is not for want of memory. */
static void no_memory_behind_a_tic(void **state)
{
	(void)state;
	at = OTHER;
	nops(1);
	last();
	put_idaws(17);
	at = PROGRAM;
	put(CCWRING_CMD_SENSE_ID, CC, 7, LOW);
	put(CCWRING_CMD_TIC, 0, 0, OTHER);
	nops(BLOCK - 14);
	put(CCWRING_CMD_READ, CCWRING_CCW_IDA | SLI, 65535, HIGH);
	assert_int_equal(run(), BESIDE_TAKEN);
	assert_int_equal(hosted_pages(), pages + 1);
	assert_int_equal(translate_with(0).reason, VFIO_CCW_RING_R_NO_MEMORY);
	assert_int_equal(run(), BESIDE_TAKEN);
}

/* Through a ring */

static int setup_ring(void **state)
{
	(void)state;
	pages = hosted_pages();
	client_open(ENTRIES, 0);
	assert_int_equal(hosted_map(client_container, area, LOW, sizeof(area)), 0);
	kind = (struct random_kind){ .format1 = true, .idaw_format2 = true };
	at = PROGRAM;
	nops(BLOCK + PAGE);
	last();
	at = SMALL;
	last();
	return 0;
}

static int teardown_ring(void **state)
{
	(void)state;
	client_close();
	assert_int_equal(hosted_pages(), pages);
	return 0;
}

static void starts(uint32_t program, unsigned int n)
{
	while (n--) {
		struct vfio_ccw_ring_cqe cqe;

		client_start(program, n);
		assert_int_equal(client_enter(1), 1);
		cqe = client_next();
		assert_true(ccwring_cqe_good(&cqe));
	}
}

static void given_back(void **state)
{
	long open = hosted_pages();

	(void)state;
	starts(PROGRAM, 1);
	assert_int_equal(hosted_pages(), open + 2);
	hosted_tidy(client_device);
	assert_int_equal(hosted_pages(), open);
	/* Even if nobody tidies up, there is an end to it when all requests have been used. */
	starts(PROGRAM, 3 * REQUESTS);
	assert_in_range(hosted_pages(), open + 2, open + 2 * REQUESTS);
	starts(SMALL, 2 * REQUESTS);
	assert_int_equal(hosted_pages(), open);
	starts(PROGRAM, REQUESTS);
}

static void refused(void **state)
{
	long open = hosted_pages();
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	hosted_pages_left(1);
	client_start(PROGRAM, 1);
	client_start(SMALL, 2);
	assert_int_equal(client_enter(2), 2);
	cqe = client_next();
	assert_int_equal(cqe.user_data, 1);
	assert_int_equal(cqe.res, -ENOMEM);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_NO_MEMORY);
	cqe = client_next();
	assert_true(ccwring_cqe_good(&cqe));
	assert_int_equal(hosted_pages(), open);
	hosted_pages_left(-1);
	starts(PROGRAM, 1);
}

/* What goes is named in a page only: those that use it are ended, under way or waiting. */
static void unmapped(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	at -= 8;
	put(CCWRING_CMD_NOP, SLI, 1, HIGH);
	at = PROGRAM + (BLOCK + PAGE) * 8;
	put(CCWRING_CMD_READ, CC, 1, LOW);
	put(CCWRING_CMD_TIC, 0, 0, PROGRAM);
	last();
	client_start(PROGRAM, 1);
	client_start(SMALL, 2);
	client_start(PROGRAM, 3);
	assert_int_equal(client_enter(0), 3);
	assert_int_equal(hosted_unmap(client_container, LOW, sizeof(area)), 0);
	for (unsigned int i = 0; i < 3; i++) {
		cqe = client_next();
		if (cqe.user_data == 2)
			assert_true(ccwring_cqe_good(&cqe));
		else
			assert_int_equal(cqe.reason, VFIO_CCW_RING_R_UNMAPPED);
	}
}

static struct vfio_ccw_ring_cqe one(uint32_t program)
{
	client_start(program, 7);
	assert_int_equal(client_enter(1), 1);
	return client_next();
}

/* Nor is it because one of its pages is in use just now. */
static void busy_behind_a_tic(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	at = PROGRAM;
	put(CCWRING_CMD_READ, CC, 1, LOW);
	put(CCWRING_CMD_TIC, 0, 0, PROGRAM);
	last();
	at = SMALL;
	put(CCWRING_CMD_NOP, SLI, 1, HIGH);
	at = OTHER;
	put(CCWRING_CMD_SENSE_ID, CC, 7, HIGH);
	put(CCWRING_CMD_TIC, 0, 0, SMALL);
	put(CCWRING_CMD_READ, SLI, 1, LOW);
	client_start(PROGRAM, 1);
	assert_int_equal(client_enter(0), 1);
	hosted_discard(client_container, LOW);
	cqe = one(OTHER);
	assert_int_equal(cqe.res, -EBUSY);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_PAGE_BUSY);
	assert_int_equal(cqe.ccw_index, 2);
	assert_int_equal(hosted_reset(client_device), 0);
	assert_int_equal(client_next().reason, VFIO_CCW_RING_R_RESET);
	cqe = one(OTHER);
	assert_true(ccwring_cqe_good(&cqe));
}

#define TEST(f)	     cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TEST_RING(f) cmocka_unit_test_setup_teardown(f, setup_ring, teardown_ring)

RUN(TEST(most_ccws), TEST(most_idaws), TEST(no_memory), TEST(no_memory_behind_a_tic),
    TEST_RING(given_back), TEST_RING(refused), TEST_RING(unmapped), TEST_RING(busy_behind_a_tic))
