// SPDX-License-Identifier: MIT
/*
 * programs [COUNT [SEED]] - random programs through the driver and a channel, beside the
 * model
 */
#include <stdio.h>
#include <stdlib.h>

#include "beside.h"
#include "unit.h"

static unsigned long count = 20000;
static uint64_t seed = 1;

/* One program in so many is long: they take as much time as all others. */
#define LONG 16

/* By the ring, with all that belongs to it. */
static void by_ring(const struct ccwring_orb *orb, struct vfio_ccw_ring_cqe *cqe)
{
	struct vfio_ccw_ring_sqe *sqe = ccwring_get_sqe(&client_ring.ring);

	ccwring_prep_start(sqe, client_ring.setup.subchannel, orb, 1);
	sqe->flags = VFIO_CCW_RING_SQE_RECOVER;
	if (client_enter(1) != 1)
		fail_msg("it does not end");
	do
		*cqe = client_next();
	while (cqe->flags & VFIO_CCW_RING_CQE_MORE);
}

static struct ccwring_orb any_program(bool right, bool is_long)
{
	struct random_kind kind = random_kind();
	uint32_t at = random_place();
	struct ccwring_orb orb;

	if (is_long)
		at = RANDOM_PROGRAMS + any(2) * 0xf00;
	orb = random_orb(at, &kind);
	if (is_long) {
		random_long(at, &kind);
		return orb;
	}
	if (right) {
		random_right(at, &kind);
		return orb;
	}
	random_wild(at, &kind);
	if (now_and_then(64))
		orb.b[now_and_then(4) ? any(32) : 4 + any(8)] ^= 1 << any(8);
	return orb;
}

static void programs(void **state)
{
	unsigned long ends[3] = { 0 }, long_ends[3] = { 0 };
	struct hosted *device = beside_open();

	(void)state;
	client_open_ring(device, 4, 0);
	random_bytes(client_memory, RANDOM_END - CLIENT_IOVA);
	for (unsigned long n = 0; n < count; n++) {
		bool right = now_and_then(8), is_long = now_and_then(LONG);
		struct ccwring_orb orb = any_program(right, is_long);
		enum beside_end end;
		unsigned int how;

		/* Translation and channel alone are many times as fast. */
		how = now_and_then(16) ? BESIDE_COLD : 0;
		if (now_and_then(64))
			end = beside_run(&orb, how, by_ring);
		else
			end = beside_run(&orb, how | (any(2) ? BESIDE_REGION : 0), NULL);
		long_ends[end] += is_long;
		if (is_long ? end == BESIDE_REFUSED : right && end != BESIDE_TAKEN)
			fail_msg("program %lu is right and not taken", n);
		ends[end]++;
	}
	print_message("long: %lu taken, %lu without an end\n", long_ends[BESIDE_TAKEN],
		      long_ends[BESIDE_ENDLESS]);
	print_message("%lu taken, %lu refused, %lu without an end\n", ends[BESIDE_TAKEN],
		      ends[BESIDE_REFUSED], ends[BESIDE_ENDLESS]);
	assert_true(long_ends[BESIDE_TAKEN] > count / LONG / 2);
	assert_true(ends[BESIDE_TAKEN] > count / 10 && ends[BESIDE_REFUSED] > count / 10);
	hosted_close(client_ring.setup.ring_fd);
	beside_close();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(programs) };

	if (argc > 1)
		count = strtoul(argv[1], NULL, 0);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
	print_message("%lu programs, seed %llu\n", count, (unsigned long long)seed);
	random_seed(seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
