// SPDX-License-Identifier: MIT
/*
 * hostile [SECONDS [SEED]] - a client that is out to do harm
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

#include "client.h"
#include "unit.h"

#define DEPTH	  16
#define PROGRAMS  CLIENT_IOVA
#define DATA	  (CLIENT_IOVA + 0x40000)
/* Mapped apart, so that it can be taken away. */
#define AREA	  0x300000UL
#define AREA_SIZE 0x8000UL

static double seconds = 1;
static uint64_t seed = 1;

static uint64_t state_of_random;

static uint32_t any(uint32_t n)
{
	state_of_random ^= state_of_random << 13;
	state_of_random ^= state_of_random >> 7;
	state_of_random ^= state_of_random << 17;
	return (state_of_random >> 32) * n >> 32;
}

static bool now_and_then(uint32_t once_in)
{
	return !any(once_in);
}

static uint8_t area[AREA_SIZE] __attribute__((aligned(4096)));
static bool area_mapped;
static uint64_t consumed, ended, started, good;

/* Addresses: mostly of something, sometimes of nothing. */
static uint32_t address(void)
{
	switch (any(8)) {
	case 0:
		return any(UINT32_MAX);
	case 1:
		return AREA + any(AREA_SIZE + 64);
	case 2:
		return CLIENT_IOVA + CLIENT_BYTES - any(5000);
	default:
		return DATA + any(0x20000);
	}
}

static uint32_t program(void)
{
	return PROGRAMS + any(64) * 256;
}

static uint8_t command(void)
{
	static const uint8_t known[] = { CCWRING_CMD_WRITE,	CCWRING_CMD_READ,
					 CCWRING_CMD_NOP,	CCWRING_CMD_SENSE,
					 CCWRING_CMD_READ_BACK, CCWRING_CMD_SENSE_ID };

	return now_and_then(10) ? any(256) : known[any(sizeof(known))];
}

static void put_idaws(uint64_t list, bool of_4k)
{
	uint8_t *to = client_at(list);

	for (unsigned int i = 0; i < 20; i++) {
		uint64_t idaw = address();

		if (i && !now_and_then(20))
			idaw &= of_4k ? ~4095ULL : ~2047ULL;
		ccwring_put_be64(to + i * 8, idaw);
	}
}

/* A program there is nothing to say against. */
static void put_right(uint32_t at)
{
	static const uint8_t commands[] = { CCWRING_CMD_WRITE, CCWRING_CMD_READ, CCWRING_CMD_NOP,
					    CCWRING_CMD_SENSE, CCWRING_CMD_SENSE_ID };
	unsigned int n = 1 + any(6);

	for (unsigned int i = 0; i < n; i++)
		client_ccw(at + i * 8, commands[any(sizeof(commands))],
			   CCWRING_CCW_SLI | (i + 1 < n ? CCWRING_CCW_CC : 0), 1 + any(9000),
			   DATA + any(0x20000));
}

/* A few CCWs that chain, more or less. */
static void put_wild(uint32_t at)
{
	unsigned int n = 1 + any(12);

	for (unsigned int i = 0; i < n; i++) {
		uint32_t ccw = at + i * 8, data = address();
		uint8_t flags = any(2) ? CCWRING_CCW_SLI : 0;

		flags |= i + 1 < n ? (now_and_then(4) ? CCWRING_CCW_CD : CCWRING_CCW_CC) : 0;
		if (now_and_then(6)) {
			data = PROGRAMS + 0x8000 + any(100) * 200 / 8 * 8;
			put_idaws(data, any(2));
			flags |= CCWRING_CCW_IDA;
		}
		if (now_and_then(30))
			flags = any(256);
		if (now_and_then(10))
			client_ccw(ccw, CCWRING_CMD_TIC, 0, 0,
				   any(3) ? at + any(n) * 8 : program());
		else
			client_ccw(ccw, command(), flags, now_and_then(8) ? any(65536) : any(6000),
				   data);
	}
}

static void random_bytes(void *to, size_t n)
{
	for (uint8_t *p = to; n--; p++)
		*p = any(256);
}

static void put_start(struct vfio_ccw_ring_sqe *sqe)
{
	struct ccwring_orb orb;
	uint32_t at = program();

	ccwring_orb_init(&orb, at);
	if (any(2)) {
		put_right(at);
	} else {
		put_wild(at);
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
		hosted_discard(client_device, DATA + any(0x20) * 4096);
		break;
	case 1:
		if (!area_mapped)
			assert_int_equal(hosted_map(client_device, area, AREA, AREA_SIZE), 0);
		area_mapped = true;
		break;
	default:
		if (area_mapped)
			assert_int_equal(hosted_unmap(client_device, AREA, AREA_SIZE), 0);
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

	client_ccw(PROGRAMS, CCWRING_CMD_NOP, CCWRING_CCW_SLI, 1, DATA);
	client_start(PROGRAMS, 7);
	assert_int_equal(client_enter(1), 1);
	cqe = client_next();
	assert_int_equal(cqe.user_data, 7);
	assert_true(ccwring_cqe_good(&cqe));
}

static void attack(uint32_t flags, bool torn)
{
	double end = now() + seconds;
	pthread_t thread;

	client_open(DEPTH, flags);
	consumed = ended = started = good = 0;
	area_mapped = false;
	enough = false;
	if (torn)
		pthread_create(&thread, NULL, tear, NULL);
	while (now() < end) {
		uint64_t before = ended;

		submit();
		if (flags & VFIO_CCW_RING_SETUP_POLL)
			client_enter(any(2));
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
	print_message("%llu requests, %llu carried out, %llu of them well\n",
		      (unsigned long long)consumed, (unsigned long long)started,
		      (unsigned long long)good);
	/* It is no attack if nothing gets through. */
	assert_true(good > 5);
	if (area_mapped)
		assert_int_equal(hosted_unmap(client_device, AREA, AREA_SIZE), 0);
	assert_int_equal(hosted_unmap(client_device, CLIENT_IOVA, CLIENT_BYTES), 0);
	assert_int_equal(hosted_pinned(client_device), 0);
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
		seconds = strtod(argv[1], NULL);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
	state_of_random = seed * 0x9e3779b97f4a7c15ULL | 1;
	print_message("seed %llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
