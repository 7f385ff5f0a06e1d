// SPDX-License-Identifier: MIT
/*
 * hostile [COUNT [SEED]] - a client that is out to do harm
 *
 * So many SQEs by each of three ways: with interrupts, with another thread that writes to
 * the SQEs, and polled.
 *
 * Random programs, some nearly right; SQEs of random bytes, changed by another thread
 * while the driver reads them; heads and tails that lie; memory that goes, comes and
 * is discarded.  What must hold: each SQE consumed has exactly one end, a program
 * touches what is pinned and nothing else (the channel looks), and in the end a good
 * request works and nothing is pinned.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device.h"
#include "random.h"
#include "unit.h"

#define DEPTH	 16

/* One request in so many ends well, for it to be an attack. */
#define GOOD	 200
/*
 * Commands of one program that the device puts up with: some go on for ever, and the
 * driver waits for a page that has been discarded under one for as long as it takes, or
 * five seconds.
 */
#define PATIENCE 500

static uint64_t count = 20000;
static uint64_t seed = 1;

static struct device device = { .patience = PATIENCE };

static uint8_t area[RANDOM_AREA_SIZE] __attribute__((aligned(4096)));
static bool area_mapped;
static uint64_t consumed, ended, started, good;

static void put_start(struct vfio_ccw_ring_sqe *sqe)
{
	struct ccwring_orb orb;
	const struct random_kind kind = { .format1 = true, .idaw_format2 = true };
	uint32_t at = random_place();

	ccwring_orb_init(&orb, at);
	if (now_and_then(20)) {
		random_long(at, &kind);
	} else if (any(2)) {
		random_right(at, &kind);
	} else {
		random_wild(at, &kind);
		if (now_and_then(4))
			orb.b[5] ^= 1 << any(8);
		if (now_and_then(20))
			random_bytes(orb.b + any(12), 2);
	}
	ccwring_prep_start(sqe, client_ring.setup.subchannel, &orb, consumed);
	sqe->flags = any(2) ? VFIO_CCW_RING_SQE_RECOVER : 0;
}

static void put_request(struct vfio_ccw_ring_sqe *sqe)
{
	static const uint8_t others[] = { VFIO_CCW_RING_OP_HALT, VFIO_CCW_RING_OP_CLEAR,
					  VFIO_CCW_RING_OP_CANCEL, VFIO_CCW_RING_OP_RESUME,
					  VFIO_CCW_RING_OP_NOP };

	memset(sqe, 0, sizeof(*sqe));
	if (now_and_then(20)) {
		random_bytes(sqe, sizeof(*sqe));
	} else if (now_and_then(20)) {
		sqe->opcode = others[any(sizeof(others))];
		sqe->subchannel = client_ring.setup.subchannel;
	} else {
		put_start(sqe);
	}
}

static void reap(void)
{
	struct ccwring_ring *ring = &client_ring.ring;
	uint32_t n = ccwring_cq_ready(ring);

	for (uint32_t i = 0; i < n; i++) {
		const struct vfio_ccw_ring_cqe *cqe = ccwring_cq_at(ring, i);

		good += ccwring_cqe_good(cqe);
		started += !cqe->res && cqe->flags & VFIO_CCW_RING_CQE_IRB;
		ended += !(cqe->flags & (VFIO_CCW_RING_CQE_MORE | VFIO_CCW_RING_CQE_UNSOLICITED));
	}
	ccwring_cqe_seen(ring, n);
}

static void submit(void)
{
	uint32_t head = __atomic_load_n(client_ring.ring.k_sq_head, __ATOMIC_ACQUIRE);
	unsigned int n = any(DEPTH);
	struct vfio_ccw_ring_sqe *sqe;
	long ret;

	while (n-- && (sqe = ccwring_get_sqe(&client_ring.ring)))
		put_request(sqe);
	ccwring_flush(&client_ring.ring);
	ret = hosted_ioctl(client_ring.setup.ring_fd, VFIO_CCW_RING_SUBMIT, DEPTH);
	if (ret == -EBUSY)
		ret = 0;
	assert_in_range(ret, 0, DEPTH);
	consumed += *client_ring.ring.k_sq_head - head;
}

/* Takes status; waits for some, if there is any to come. */
static void poll_once(void)
{
	struct vfio_ccw_ring_enter enter = {
		.size = sizeof(enter),
		.min_complete = consumed != ended && any(2),
		.flags = VFIO_CCW_RING_ENTER_TIMEOUT,
		.timeout_ns = 60000000000ULL,
	};

	assert_int_equal(hosted_ioctl(client_ring.setup.ring_fd, VFIO_CCW_RING_ENTER,
				      (unsigned long)&enter),
			 0);
}

/* The driver answers, and goes on when the truth is told. */
static void lie(void)
{
	struct ccwring_ring *ring = &client_ring.ring;
	uint32_t *word = any(2) ? ring->k_sq_tail : ring->k_cq_head, truth = *word;
	long ret;

	__atomic_store_n(word, truth + DEPTH * 4 + any(1 << 30), __ATOMIC_RELEASE);
	ret = hosted_ioctl(client_ring.setup.ring_fd, VFIO_CCW_RING_SUBMIT, 0);
	__atomic_store_n(word, truth, __ATOMIC_RELEASE);
	assert_true(ret == -EOVERFLOW || ret == -ERANGE);
}

static void change_memory(void)
{
	switch (any(3)) {
	case 0:
		hosted_discard(client_container,
			       RANDOM_DATA + any((RANDOM_END - RANDOM_DATA) / 4096) * 4096);
		break;
	case 1:
		if (!area_mapped)
			assert_int_equal(hosted_map(client_container, area, RANDOM_AREA,
						    RANDOM_AREA_SIZE),
					 0);
		area_mapped = true;
		break;
	default:
		if (area_mapped)
			assert_int_equal(hosted_unmap(client_container, RANDOM_AREA,
						      RANDOM_AREA_SIZE),
					 0);
		area_mapped = false;
	}
}

static atomic_bool enough;

/* Writes to SQEs that the driver may be reading. */
static void *tear(void *arg)
{
	struct vfio_ccw_ring_sqe *sqes = client_ring.ring.sqes;
	uint32_t x = 1;

	(void)arg;
	while (!enough) {
		x = x * 1664525 + 1013904223;
		__atomic_store_n((uint8_t *)&sqes[x >> 8 & (DEPTH - 1)] + (x >> 16 & 63), x >> 24,
				 __ATOMIC_RELAXED);
		if (!(x >> 20 & 15))
			sched_yield();
	}
	return NULL;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* All that is under way ends. */
static void settle(void)
{
	assert_int_equal(hosted_reset(client_device), 0);
	reap();
	while (*client_ring.ring.k_sq_head != *client_ring.ring.k_sq_tail) {
		submit();
		assert_int_equal(hosted_reset(client_device), 0);
		reap();
	}
	assert_int_equal(ended, consumed);
}

static void usable(void)
{
	struct vfio_ccw_ring_cqe cqe;

	client_ccw(RANDOM_PROGRAMS, CCWRING_CMD_NOP, CCWRING_CCW_SLI, 1, RANDOM_DATA);
	client_start(RANDOM_PROGRAMS, 7);
	assert_int_equal(client_enter(1), 1);
	cqe = client_next();
	assert_int_equal(cqe.user_data, 7);
	assert_true(ccwring_cqe_good(&cqe));
}

static void attack(uint32_t flags, bool torn)
{
	pthread_t thread;
	double begin = now();

	client_open_with(&device_ops, &device, DEPTH, flags);
	consumed = ended = started = good = 0;
	area_mapped = false;
	enough = false;
	device_reset(&device);
	if (torn)
		pthread_create(&thread, NULL, tear, NULL);
	while (consumed < count) {
		uint64_t before = ended;

		submit();
		if (flags & VFIO_CCW_RING_SETUP_POLL)
			poll_once();
		reap();
		if (now_and_then(8))
			change_memory();
		if (now_and_then(16))
			lie();
		/* A program without an end, and everything waits for it? */
		if (ended == before ? now_and_then(4) : now_and_then(200))
			assert_int_equal(hosted_reset(client_device), 0);
	}
	enough = true;
	if (torn)
		pthread_join(thread, NULL);
	settle();
	usable();
	print_message("%llu SQEs, %llu carried out, %llu of them well, in %.1f s\n",
		      (unsigned long long)consumed, (unsigned long long)started,
		      (unsigned long long)good, now() - begin);
	/* It is no attack if nothing gets through. */
	assert_true(good > count / GOOD);
	if (area_mapped)
		assert_int_equal(hosted_unmap(client_container, RANDOM_AREA, RANDOM_AREA_SIZE), 0);
	assert_int_equal(hosted_unmap(client_container, CLIENT_IOVA, CLIENT_BYTES), 0);
	assert_int_equal(hosted_pinned(client_container), 0);
	client_close();
}

static void interrupts(void **state)
{
	(void)state;
	attack(0, false);
}

static void torn(void **state)
{
	(void)state;
	attack(0, true);
}

static void polled(void **state)
{
	(void)state;
	attack(VFIO_CCW_RING_SETUP_POLL, false);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interrupts),
		cmocka_unit_test(torn),
		cmocka_unit_test(polled),
	};

	if (argc > 1)
		count = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
	random_seed(seed);
	print_message("%llu SQEs each, seed %llu\n", (unsigned long long)count,
		      (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
