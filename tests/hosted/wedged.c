// SPDX-License-Identifier: MIT
/*
 * wedged.c - devices that answer neither HALT nor CLEAR, and subchannels that can be
 * neither enabled nor disabled
 *
 * Whatever ends a start on such a device, the client has its end, and VFIO its pages.
 * What the device may use stays: it goes on late, to where its program sends it.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/vfio_ccw_ring.h>

#include "client.h"
#include "unit.h"

#define PROGRAM	   CLIENT_IOVA
#define OTHER	   (CLIENT_IOVA + 0x1000)
#define DATA	   (CLIENT_IOVA + 0x10000)
#define OTHER_DATA (CLIENT_IOVA + 0x20000)
#define NEW_IOVA   0x1000000UL
#define DEPTH	   16
/* More than the block of a request has room for. */
#define LARGE_CCWS 300
/* More data than fit into one page: IDAWs. */
#define LONG	   0x3000
#define HURRY	   20

static uint8_t *memory; /* of the client, where the device may go late */

static int open_with(uint32_t flags)
{
	client_open(DEPTH, flags);
	memory = client_memory;
	client_ccw(PROGRAM, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, 7, DATA);
	client_ccw(OTHER, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, 7, OTHER_DATA);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return open_with(0);
}

static int setup_polled(void **state)
{
	(void)state;
	return open_with(VFIO_CCW_RING_SETUP_POLL);
}

static int setup_thread(void **state)
{
	(void)state;
	return open_with(VFIO_CCW_RING_SETUP_POLL | VFIO_CCW_RING_SETUP_THREAD);
}

static int teardown(void **state)
{
	(void)state;
	client_close();
	assert_int_equal(hosted_all_kept(), 0);
	return 0;
}

static void inject(uint32_t kinds)
{
	struct hosted_faults faults = { .kinds = kinds, .one_in = 1 };

	hosted_faults(client_device, &faults);
}

static void works(void)
{
	struct vfio_ccw_ring_cqe cqe;

	client_start(PROGRAM, 7);
	assert_in_range(client_enter(1), 0, 1);
	cqe = client_next();
	assert_true(ccwring_cqe_good(&cqe));
}

/* A start the device is stuck at, and one behind it. */
static void get_stuck(void)
{
	inject(1U << HOSTED_STUCK);
	client_start(PROGRAM, 1);
	client_start(PROGRAM, 2);
	assert_in_range(client_enter(0), 0, 2);
	/* It has begun, and cannot be cancelled any more. */
	while (!hosted_stuck(client_device))
		usleep(100);
	inject(0);
}

/* Each has one end. */
static void both_ended(int res, uint16_t behind)
{
	struct vfio_ccw_ring_cqe cqe[2];

	for (int i = 0; i < 2; i++) {
		cqe[i] = client_next();
		/* What waits is taken back first. */
		if (cqe[i].user_data == 1) {
			assert_int_equal(cqe[i].res, -ENODEV);
			assert_int_equal(cqe[i].reason, VFIO_CCW_RING_R_NOT_OPERATIONAL);
			assert_true(cqe[i].flags & VFIO_CCW_RING_CQE_IRB);
		} else {
			assert_int_equal(cqe[i].user_data, 2);
			assert_int_equal(cqe[i].res, res);
			assert_int_equal(cqe[i].reason, behind);
		}
	}
	assert_int_not_equal(cqe[0].user_data, cqe[1].user_data);
}

/* As many as there can be, more than once: no request gets the block of the first. */
static void refuses(uint16_t reason)
{
	for (int round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < DEPTH; i++)
			client_start(OTHER, i);
		assert_in_range(client_enter(DEPTH), 0, DEPTH);
		for (uint64_t i = 0; i < DEPTH; i++) {
			struct vfio_ccw_ring_cqe cqe = client_next();

			assert_int_equal(cqe.user_data, i);
			assert_int_equal(cqe.res, -ENODEV);
			assert_int_equal(cqe.reason, reason);
		}
	}
}

/* It goes where it was sent, and nowhere else. */
static void goes_on_late(void)
{
	memset(memory + (DATA - CLIENT_IOVA), 0, 8);
	memset(memory + (OTHER_DATA - CLIENT_IOVA), 0, 8);
	hosted_late(client_device);
	assert_memory_equal(memory + (DATA - CLIENT_IOVA), "\xff\x38\x32", 3);
	assert_memory_equal(memory + (OTHER_DATA - CLIENT_IOVA), "\0\0\0", 3);
}

static void unmap(void)
{
	assert_int_equal(hosted_unmap(client_container, CLIENT_IOVA, CLIENT_BYTES), 0);
	assert_int_equal(hosted_pinned(client_container), 0);
}

static void map(void)
{
	assert_int_equal(hosted_map(client_container, client_memory, CLIENT_IOVA, CLIENT_BYTES), 0);
}

/* The driver tries again by itself. */
static void answers(void)
{
	hosted_answer(client_device);
	while (hosted_wedged(client_device))
		usleep(1000);
	assert_int_equal(hosted_all_kept(), 0);
}

static void reset(void **state)
{
	(void)state;
	get_stuck();
	assert_true(hosted_reset(client_device) < 0);
	both_ended(-ECANCELED, VFIO_CCW_RING_R_RESET);
	assert_int_equal(hosted_kept(client_device), 1);
	refuses(VFIO_CCW_RING_R_NOT_OPERATIONAL);
	goes_on_late();
	unmap();
	goes_on_late();
	assert_true(hosted_reset(client_device) < 0);
	goes_on_late();
	/* The first to try is this. */
	hosted_answer(client_device);
	assert_int_equal(hosted_reset(client_device), 0);
	assert_int_equal(hosted_all_kept(), 0);
	map();
	works();
}

/* Reset by the client itself is not the only way out, and is needed once it has answered. */
static void unmapped(void **state)
{
	(void)state;
	get_stuck();
	unmap();
	both_ended(-ECANCELED, VFIO_CCW_RING_R_UNMAPPED);
	goes_on_late();
	map();
	refuses(VFIO_CCW_RING_R_NOT_OPERATIONAL);
	goes_on_late();
	answers();
	refuses(VFIO_CCW_RING_R_NOT_OPERATIONAL);
	assert_int_equal(hosted_reset(client_device), 0);
	works();
}

static void path_gone(void **state)
{
	(void)state;
	get_stuck();
	hosted_vary(client_device, 0x80, false);
	hosted_settle(client_device);
	both_ended(-ENODEV, VFIO_CCW_RING_R_NOT_OPERATIONAL);
	hosted_vary(client_device, 0x80, true);
	unmap();
	goes_on_late();
	answers();
	map();
	assert_int_equal(hosted_reset(client_device), 0);
	works();
}

/* The ring goes, and with it the page that has the block. */
static void ring_closed(void **state)
{
	(void)state;
	get_stuck();
	hosted_close(client_ring.setup.ring_fd);
	goes_on_late();
	unmap();
	map();
	client_open_ring(client_device, DEPTH, client_ring.setup.flags);
	refuses(VFIO_CCW_RING_R_NOT_OPERATIONAL);
	goes_on_late();
	answers();
	assert_int_equal(hosted_reset(client_device), 0);
	works();
}

static void device_closed(void **state)
{
	(void)state;
	get_stuck();
	assert_int_equal(hosted_reopen(client_device), -EBUSY);
	assert_int_equal(hosted_pinned(client_container), 0);
	goes_on_late();
	hosted_close(client_ring.setup.ring_fd);
	goes_on_late();
	assert_int_equal(hosted_reopen(client_device), -EBUSY);
	hosted_answer(client_device);
	assert_int_equal(hosted_reopen(client_device), 0);
	assert_int_equal(hosted_all_kept(), 0);
	client_open_ring(client_device, DEPTH, client_ring.setup.flags);
	works();
}

/* For good, as far as this driver is concerned. */
static void shut_down(void **state)
{
	(void)state;
	get_stuck();
	hosted_shutdown(client_device);
	both_ended(-ECANCELED, VFIO_CCW_RING_R_CLOSED);
	unmap();
	goes_on_late();
	answers();
	assert_true(hosted_reset(client_device) < 0);
}

/* A large block, many pages, IDAWs: all of it is where it was. */
static void large(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < LARGE_CCWS; i++)
		client_ccw(PROGRAM + i * 8, CCWRING_CMD_NOP, CCWRING_CCW_SLI | CCWRING_CCW_CC, 1,
			   DATA);
	client_ccw(PROGRAM + LARGE_CCWS * 8, CCWRING_CMD_WRITE, CCWRING_CCW_SLI | CCWRING_CCW_CC,
		   LONG, OTHER_DATA + 0x800);
	client_ccw(PROGRAM + LARGE_CCWS * 8 + 8, CCWRING_CMD_READ, CCWRING_CCW_SLI, LONG,
		   DATA + 0x400);
	get_stuck();
	assert_true(hosted_reset(client_device) < 0);
	both_ended(-ECANCELED, VFIO_CCW_RING_R_RESET);
	assert_int_equal(hosted_kept(client_device), 8);
	hosted_close(client_ring.setup.ring_fd);
	unmap();
	memset(memory + (OTHER_DATA - CLIENT_IOVA), 0xc3, 2 * LONG);
	hosted_late(client_device);
	for (uint32_t i = 0; i < LONG; i++)
		assert_int_equal(memory[DATA - CLIENT_IOVA + 0x400 + i], 0xc3);
	answers();
	map();
	assert_int_equal(hosted_reset(client_device), 0);
	client_open_ring(client_device, DEPTH, client_ring.setup.flags);
	works();
}

/* Pages that their owner discards are not used for anything else. */
static void discarded(void **state)
{
	void *frames;

	(void)state;
	assert_int_equal(hosted_map_frames(client_container, NEW_IOVA, CLIENT_BYTES, false,
					   &frames),
			 0);
	client_ccw(PROGRAM, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, 7, NEW_IOVA);
	get_stuck();
	assert_true(hosted_reset(client_device) < 0);
	both_ended(-ECANCELED, VFIO_CCW_RING_R_RESET);
	hosted_discard(client_container, NEW_IOVA);
	hosted_late(client_device);
	assert_memory_equal(frames, "\0\0\0", 3);
	assert_int_equal(hosted_unmap(client_container, NEW_IOVA, CLIENT_BYTES), 0);
	hosted_late(client_device);
	answers();
	assert_int_equal(hosted_reset(client_device), 0);
	client_ccw(PROGRAM, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, 7, DATA);
	works();
}

/* Again and again: nothing is used up. */
static void often(void **state)
{
	(void)state;
	for (int i = 0; i < DEPTH + 4; i++) {
		get_stuck();
		assert_true(hosted_reset(client_device) < 0);
		both_ended(-ECANCELED, VFIO_CCW_RING_R_RESET);
		hosted_answer(client_device);
		assert_int_equal(hosted_reset(client_device), 0);
	}
	for (uint64_t i = 0; i < DEPTH; i++)
		client_start(PROGRAM, i);
	assert_in_range(client_enter(DEPTH), 0, DEPTH);
	for (uint64_t i = 0; i < DEPTH; i++) {
		struct vfio_ccw_ring_cqe cqe = client_next();

		assert_true(ccwring_cqe_good(&cqe));
	}
}

/* One that cannot be enabled is not taken for another device, nor is one that cannot be
 * disabled. */
static void denied(void **state)
{
	(void)state;
	works();
	hosted_deny(client_device, true);
	assert_true(hosted_reset(client_device) < 0);
	hosted_event(client_device);
	hosted_deny(client_device, false);
	assert_int_equal(hosted_reset(client_device), 0);
	works();
	hosted_deny(client_device, true);
	assert_int_equal(hosted_reopen(client_device), -EBUSY);
	hosted_deny(client_device, false);
	hosted_event(client_device);
	hosted_close(client_ring.setup.ring_fd);
	assert_int_equal(hosted_reopen(client_device), 0);
	client_open_ring(client_device, DEPTH, client_ring.setup.flags);
	works();
}

/* Another one is. */
static void replaced(void **state)
{
	(void)state;
	works();
	hosted_replace(client_device);
	refuses(VFIO_CCW_RING_R_GONE);
	assert_true(hosted_reset(client_device) < 0);
}

/* ... also when it could not be disabled. */
static void replaced_denied(void **state)
{
	(void)state;
	works();
	hosted_deny(client_device, true);
	assert_true(hosted_reset(client_device) < 0);
	hosted_replace(client_device);
	hosted_deny(client_device, false);
	assert_true(hosted_reset(client_device) < 0);
}

/* The driver goes before it has answered: what it may use is never given back. */
static void left_behind(void **state)
{
	(void)state;
	open_with(0);
	get_stuck();
	client_close();
	assert_int_not_equal(hosted_all_kept(), 0);
}

#define TEST(f)	  cmocka_unit_test_setup_teardown(f, setup, teardown)
#define POLLED(f) cmocka_unit_test_setup_teardown(f, setup_polled, teardown)
#define THREAD(f) cmocka_unit_test_setup_teardown(f, setup_thread, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reset),
		TEST(unmapped),
		TEST(path_gone),
		TEST(ring_closed),
		TEST(device_closed),
		TEST(shut_down),
		TEST(large),
		TEST(discarded),
		TEST(often),
		TEST(denied),
		TEST(replaced),
		TEST(replaced_denied),
		POLLED(reset),
		POLLED(path_gone),
		POLLED(ring_closed),
		POLLED(device_closed),
		THREAD(reset),
		THREAD(ring_closed),
		cmocka_unit_test(left_behind),
	};

	hosted_hurry(HURRY);
	/* So that one batch uses all the requests there are. */
	client_cq_entries = DEPTH;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
