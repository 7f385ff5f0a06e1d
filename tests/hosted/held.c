// SPDX-License-Identifier: MIT
/*
 * held.c - what a failure holds, and until when: in a process of one thread, where the
 * subchannel goes on when it is told to
 */
#include <errno.h>

#include "client.h"
#include "unit.h"

#define BAD	CLIENT_IOVA
#define GOOD	(CLIENT_IOVA + 64)
#define DATA	(CLIENT_IOVA + 0x10000)
#define RECOVER VFIO_CCW_RING_SQE_RECOVER

static void open_with(uint32_t flags)
{
	client_open(4, flags);
	client_ccw(BAD, 0x17, CCWRING_CCW_SLI, 1, DATA);
	client_ccw(GOOD, CCWRING_CMD_NOP, CCWRING_CCW_SLI, 1, DATA);
}

static int setup(void **state)
{
	(void)state;
	open_with(0);
	return 0;
}

static int setup_polled(void **state)
{
	(void)state;
	open_with(VFIO_CCW_RING_SETUP_POLL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	client_close();
	return 0;
}

/* Something with its number for user data. */
static void add(uint64_t program, uint8_t flags)
{
	struct ccwring_ring *ring = &client_ring.ring;

	client_start(program, ring->sq_tail);
	ring->sqes[(ring->sq_tail - 1) & ring->sq_mask].flags = flags;
}

/* Until there is nothing to do any more, and nothing to be polled for. */
static void go_on(void)
{
	for (unsigned int i = 0; i < 8; i++) {
		while (hosted_go_on())
			;
		client_enter_for(client_ring.ring.cq_entries, 0);
	}
}

/* Hands over and lets all end; nothing is consumed. */
static void enter(long n)
{
	assert_int_equal(client_enter(0), n);
	go_on();
}

enum end {
	WELL,
	FAILED,
	HELD,
	STATUS,
};

static void is(const struct vfio_ccw_ring_cqe *cqe, enum end end)
{
	switch (end) {
	case WELL:
		assert_int_equal(cqe->reason, 0);
		assert_true(ccwring_cqe_good(cqe));
		break;
	case FAILED:
		assert_int_equal(cqe->res, 0);
		assert_true(ccwring_irb_dstat(cqe->irb) & CCWRING_DSTAT_UNIT_CHECK);
		break;
	case HELD:
		assert_int_equal(cqe->res, -ECANCELED);
		assert_int_equal(cqe->reason, VFIO_CCW_RING_R_HELD);
		break;
	case STATUS:
		assert_true(cqe->flags & VFIO_CCW_RING_CQE_UNSOLICITED);
		assert_int_equal(ccwring_irb_dstat(cqe->irb), CCWRING_DSTAT_UNIT_CHECK);
	}
}

/* There are these, the oldest first; they stay. */
static void are(const enum end *ends, unsigned int n)
{
	assert_int_equal(ccwring_cq_ready(&client_ring.ring), n);
	for (unsigned int i = 0; i < n; i++)
		is(ccwring_cq_at(&client_ring.ring, i), ends[i]);
}

#define ARE(...)                               \
	are((const enum end[]){ __VA_ARGS__ }, \
	    sizeof((const enum end[]){ __VA_ARGS__ }) / sizeof(enum end))

static void seen(uint32_t n)
{
	ccwring_cqe_seen(&client_ring.ring, n);
}

/* Queued together, before anything has failed. */
static void in_one_batch(void **state)
{
	(void)state;
	add(BAD, 0);
	add(GOOD, 0);
	add(GOOD, RECOVER);
	add(GOOD, 0);
	enter(4);
	ARE(FAILED, HELD, WELL, WELL);
}

/* One that is to recover fails itself, and another recovers from that. */
static void fails_again(void **state)
{
	(void)state;
	add(BAD, 0);
	add(BAD, RECOVER);
	add(GOOD, 0);
	add(GOOD, RECOVER);
	enter(4);
	ARE(FAILED, FAILED, HELD, WELL);
	add(GOOD, 0);
	enter(1);
	is(ccwring_cq_at(&client_ring.ring, 4), WELL);
}

/* In the next batch, and behind what does not recover. */
static void in_another_batch(void **state)
{
	(void)state;
	add(BAD, 0);
	enter(1);
	add(GOOD, 0);
	add(GOOD, RECOVER);
	add(GOOD, 0);
	enter(3);
	ARE(FAILED, HELD, WELL, WELL);
}

/* The failure has to be consumed, and nothing that came after it. */
static void until_it_is_seen(void **state)
{
	(void)state;
	add(GOOD, 0);
	add(BAD, 0);
	add(GOOD, 0);
	enter(3);
	ARE(WELL, FAILED, HELD);
	seen(1);
	add(GOOD, 0);
	enter(1);
	ARE(FAILED, HELD, HELD);
	seen(1);
	add(GOOD, 0);
	enter(1);
	ARE(HELD, HELD, WELL);
}

static void present(uint8_t dstat)
{
	hosted_present(client_device, dstat);
	go_on();
}

static void unsolicited(void **state)
{
	(void)state;
	present(CCWRING_DSTAT_UNIT_CHECK);
	ARE(STATUS);
	add(GOOD, 0);
	add(GOOD, RECOVER);
	add(GOOD, 0);
	enter(3);
	ARE(STATUS, HELD, WELL, WELL);
	seen(4);
	present(CCWRING_DSTAT_UNIT_CHECK);
	seen(1);
	add(GOOD, 0);
	enter(1);
	ARE(WELL);
}

static void fill_cq(void)
{
	while (ccwring_cq_ready(&client_ring.ring) < client_ring.ring.cq_entries) {
		client_request(VFIO_CCW_RING_OP_NOP, 99);
		enter(1);
	}
}

/* There is no room for the status: what has been consumed meanwhile does not count. */
static void unsolicited_and_no_room(void **state)
{
	const uint32_t all = client_ring.ring.cq_entries;

	(void)state;
	fill_cq();
	present(CCWRING_DSTAT_UNIT_CHECK);
	assert_int_equal(ccwring_cq_ready(&client_ring.ring), all);
	/* Room for one. */
	seen(1);
	add(GOOD, 0);
	enter(1);
	is(ccwring_cq_at(&client_ring.ring, all - 1), HELD);
	seen(all);
	add(GOOD, 0);
	enter(1);
	ARE(STATUS, HELD);
	seen(1);
	add(GOOD, 0);
	enter(1);
	ARE(HELD, WELL);
}

/* Nor does it for what recovers. */
static void recovers_without_room(void **state)
{
	(void)state;
	fill_cq();
	present(CCWRING_DSTAT_UNIT_CHECK);
	seen(2);
	add(GOOD, RECOVER);
	add(GOOD, 0);
	enter(2);
	is(ccwring_cq_at(&client_ring.ring, client_ring.ring.cq_entries - 1), WELL);
	seen(client_ring.ring.cq_entries);
	add(GOOD, 0);
	enter(1);
	ARE(STATUS, WELL);
}

#define TEST(f)	  cmocka_unit_test_setup_teardown(f, setup, teardown)
#define POLLED(f) cmocka_unit_test_setup_teardown(f, setup_polled, teardown)
#define BOTH(f)	  TEST(f), POLLED(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(in_one_batch),	     BOTH(fails_again), BOTH(in_another_batch),
		BOTH(until_it_is_seen),	     BOTH(unsolicited), BOTH(unsolicited_and_no_room),
		BOTH(recovers_without_room),
	};

	hosted_alone();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
