// SPDX-License-Identifier: MIT
/* corners.c - programs beside the model that the driver once got wrong */
#include <string.h>

#include "beside.h"
#include "device.h"
#include "unit.h"

#define PROGRAM CLIENT_IOVA
#define OTHER	(CLIENT_IOVA + 0x100)
#define DATA	RANDOM_DATA

#define CC	(CCWRING_CCW_CC | CCWRING_CCW_SLI)
#define SLI	CCWRING_CCW_SLI

static const struct random_kind kind = { .format1 = true, .idaw_format2 = true };

static struct hosted *device;

static int setup(void **state)
{
	(void)state;
	device = beside_open();
	memset(client_memory, 0, RANDOM_END - CLIENT_IOVA);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	beside_close();
	return 0;
}

static enum beside_end run_as(uint32_t at, unsigned int how)
{
	struct ccwring_orb orb = random_orb(at, &kind);

	return beside_run(&orb, how, NULL);
}

static enum beside_end run(uint32_t at)
{
	return run_as(at, 0);
}

static struct vfio_ccw_ring_cqe translate(uint32_t at)
{
	struct ccwring_orb orb = random_orb(at, &kind);
	struct vfio_ccw_ring_cqe cqe;

	hosted_carry_out(device, orb.b, HOSTED_ONLY_TRANSLATE, &cqe);
	return cqe;
}

/* Finds what it is looking for the @nth time, from 0 on. */
static void search(uint32_t at, uint8_t nth)
{
	*beside_at(DATA + nth) = nth;
	client_ccw(at, DEVICE_CMD_SEARCH, CC, 1, DATA + nth);
}

/*
 * The device skips what was left out behind a TIC.  Behind that was whatever the block
 * had held before: CCWs of a program that has ended, with its host addresses.
 */
static void skips_what_is_left_out(void **state)
{
	uint32_t at = PROGRAM;

	(void)state;
	for (; at < PROGRAM + 0x80; at += 8)
		client_ccw(at, CCWRING_CMD_SENSE_ID, CC, 7, DATA + 0x100);
	client_ccw(at, CCWRING_CMD_SENSE_ID, SLI, 7, DATA + 0x100);
	assert_int_equal(run(PROGRAM), BESIDE_TAKEN);
	client_ccw(PROGRAM, CCWRING_CMD_SENSE_ID, CC, 7, DATA + 0x100);
	client_ccw(PROGRAM + 8, CCWRING_CMD_TIC, 0, 0, OTHER);
	client_ccw(PROGRAM + 16, CCWRING_CMD_NOP, SLI, 1, DATA);
	search(OTHER, 0);
	client_ccw(OTHER + 8, CCWRING_CMD_TIC, 0, 0, PROGRAM);
	search(OTHER + 16, 1);
	assert_int_equal(run(PROGRAM), BESIDE_TAKEN);
}

/* The same with what is left to the channel. */
static void skips_what_is_wrong(void **state)
{
	uint32_t at = PROGRAM;

	(void)state;
	for (; at < PROGRAM + 0x80; at += 8)
		client_ccw(at, CCWRING_CMD_SENSE_ID, CC, 7, DATA + 0x100);
	client_ccw(at, CCWRING_CMD_SENSE_ID, SLI, 7, DATA + 0x100);
	assert_int_equal(run_as(PROGRAM, BESIDE_REGION), BESIDE_TAKEN);
	search(OTHER, 0);
	assert_int_equal(run(OTHER), BESIDE_REFUSED);
	assert_int_equal(run_as(OTHER, BESIDE_REGION), BESIDE_TAKEN);
}

/* A TIC to a TIC: that one is at fault, by its number and address. */
static void tic_to_a_tic(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	search(PROGRAM, 0);
	client_ccw(PROGRAM + 8, CCWRING_CMD_TIC, 0, 0, OTHER);
	/* This is left out, and has a number. */
	client_ccw(PROGRAM + 16, CCWRING_CMD_TIC, 0, 0, PROGRAM);
	search(OTHER, 0);
	client_ccw(OTHER + 8, CCWRING_CMD_TIC, 0, 0, OTHER + 8);
	assert_int_equal(run(PROGRAM), BESIDE_REFUSED);
	cqe = translate(PROGRAM);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_CCW_TIC_TIC);
	assert_int_equal(cqe.ccw_index, 4);
	assert_int_equal(cqe.ccw_addr, OTHER + 8);
}

/* Any number of ways to one place, before that has been read for this use. */
static void ways_to_one_place(void **state)
{
	uint32_t at = PROGRAM + 16;

	(void)state;
	client_ccw(PROGRAM, CCWRING_CMD_READ, CCWRING_CCW_CD, 8, DATA + 0x100);
	client_ccw(PROGRAM + 8, CCWRING_CMD_SENSE_ID, CC, 7, DATA + 0x200);
	for (unsigned int i = 0; i < 20; i++, at += 16) {
		search(at, 0);
		client_ccw(at + 8, CCWRING_CMD_TIC, 0, 0, PROGRAM + 8);
	}
	client_ccw(at, CCWRING_CMD_NOP, SLI, 1, DATA);
	assert_int_equal(translate(PROGRAM).res, 0);
	assert_int_equal(run(PROGRAM), BESIDE_TAKEN);
}

/* Data do not go on beyond 31 bits, if there is memory and it is pinned either. */
static void over_31_bits(void **state)
{
	uint8_t *list = client_at(RANDOM_LISTS);

	(void)state;
	ccwring_put_be64(list, 0x80000000);
	client_ccw(PROGRAM, CCWRING_CMD_SENSE_ID, SLI | CCWRING_CCW_IDA, 7, RANDOM_LISTS);
	assert_int_equal(run(PROGRAM), BESIDE_TAKEN);
	client_ccw(PROGRAM, CCWRING_CMD_SENSE_ID, SLI, 7, 0x7ffffff0);
	assert_int_equal(run(PROGRAM), BESIDE_TAKEN);
	client_ccw(PROGRAM, CCWRING_CMD_SENSE_ID, SLI, 17, 0x7ffffff0);
	assert_int_equal(run(PROGRAM), BESIDE_REFUSED);
	assert_int_equal(translate(PROGRAM).reason, VFIO_CCW_RING_R_DATA_UNMAPPED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

RUN(TEST(skips_what_is_left_out), TEST(skips_what_is_wrong), TEST(tic_to_a_tic),
    TEST(ways_to_one_place), TEST(over_31_bits))
