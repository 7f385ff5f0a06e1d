// SPDX-License-Identifier: MIT
/*
 * threads.c [STARTS] - the library and the driver's core, from several threads at once
 *
 * One submits, one reaps, one attaches and detaches a second device, one maps and unmaps
 * memory that some of the starts use.  Each start has one end.  A thread sanitizer sees
 * both sides of the ring here.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ccwring/ccwring.h>

#include "unit.h"

#define ENTRIES	    64
#define SMALL	    4096
#define LARGE	    (4U << 20)
#define SHORT_LIVED 8 /* one start in so many uses memory that may go */

/* In any thread. */
#define CHECK(condition)                                                                        \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)
#define CHECK_EQUAL(value, expected)                                                       \
	do {                                                                               \
		long long value_ = (value);                                                \
                                                                                           \
		if (value_ != (expected)) {                                                \
			fprintf(stderr, "%s:%d: %s is %lld\n", __FILE__, __LINE__, #value, \
				value_);                                                   \
			abort();                                                           \
		}                                                                          \
	} while (0)

static uint64_t starts = 20000;

#ifdef __SANITIZE_THREAD__
/* A batch holds the locks of its devices in any order, all of them under the ring's. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "deadlock:vccw_part_begin\n";
}
#endif

static struct ccwring_vfio *vfio;
static struct ccwring_device *steady, *coming;
static struct ccwring_ring *ring;
/* A program for each device. */
static struct ccwring_program *lasting[2];
static struct ccwring_orb lasting_orb[2];
static uint8_t *lasting_data[2];
static _Atomic ccwring_iova_t short_lived; /* of a program, 0 for none */
static atomic_uint coming_index = UINT16_MAX;
static atomic_bool done;
static uint64_t reaped, good, unmapped, gone;

static void make_program(int i)
{
	ccwring_iova_t iova;

	lasting_data[i] = ccwring_dma_alloc(vfio, SMALL, &iova);
	assert_non_null(lasting_data[i]);
	assert_int_equal(ccwring_program_new(vfio, 64, &lasting[i]), 0);
	ccwring_program_add(lasting[i], CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, iova, 7);
	assert_int_equal(ccwring_program_finish(lasting[i], &lasting_orb[i]), 0);
}

static void open_all(uint32_t flags)
{
	struct ccwring_ring_opts opts = {
		.size = sizeof(opts),
		.sq_entries = ENTRIES,
		.flags = flags,
	};

	assert_int_equal(ccwring_vfio_new(NULL, &vfio), 0);
	assert_int_equal(ccwring_device_open(vfio, "hosted:nop", &steady), 0);
	assert_int_equal(ccwring_device_open(vfio, "hosted:nop", &coming), 0);
	assert_int_equal(ccwring_ring_new(steady, &opts, &ring), 0);
	assert_int_equal(ccwring_ring_backend(ring), CCWRING_BACKEND_HOSTED);
	make_program(0);
	make_program(1);
	done = false;
	reaped = good = unmapped = gone = 0;
}

static void close_all(void)
{
	for (int i = 0; i < 2; i++) {
		ccwring_program_free(lasting[i]);
		ccwring_dma_free(vfio, lasting_data[i]);
	}
	ccwring_ring_free(ring);
	assert_int_equal(ccwring_device_close(coming), 0);
	assert_int_equal(ccwring_device_close(steady), 0);
	assert_int_equal(ccwring_vfio_free(vfio), 0);
}

/* Hands over what there is; some of it may have to wait for room in the CQ. */
static int hand_over(void)
{
	int ret = ccwring_submit(ring);

	CHECK(ret >= 0 || ret == -EBUSY);
	if (ret <= 0)
		sched_yield();
	return ret;
}

static struct vfio_ccw_ring_sqe *next_sqe(void)
{
	struct vfio_ccw_ring_sqe *sqe;

	while (!(sqe = ccwring_get_sqe(ring)))
		hand_over();
	return sqe;
}

static void *submit(void *arg)
{
	(void)arg;
	for (uint64_t i = 0; i < starts; i++) {
		bool other_device = i % 3 == 0;
		uint16_t index = other_device ? coming_index : ccwring_ring_index(ring);
		struct ccwring_orb orb = lasting_orb[other_device];
		ccwring_iova_t other = short_lived;

		/* Of one device alone: both would write to the same place. */
		if (other && !other_device && i % SHORT_LIVED == 1)
			ccwring_orb_init(&orb, other);
		ccwring_prep_start(next_sqe(), index, &orb, i);
		if (i % 7 == 0)
			hand_over();
	}
	while (hand_over())
		;
	return NULL;
}

static void count(const struct vfio_ccw_ring_cqe *cqe)
{
	if (cqe->flags & (VFIO_CCW_RING_CQE_UNSOLICITED | VFIO_CCW_RING_CQE_MORE))
		return;
	reaped++;
	good += ccwring_cqe_good(cqe);
	unmapped += cqe->reason == VFIO_CCW_RING_R_UNMAPPED ||
		    cqe->reason == VFIO_CCW_RING_R_CCW_UNMAPPED ||
		    cqe->reason == VFIO_CCW_RING_R_DATA_UNMAPPED;
	gone += cqe->reason == VFIO_CCW_RING_R_SUBCHANNEL;
}

static void *reap(void *arg)
{
	const struct vfio_ccw_ring_cqe *cqe;

	(void)arg;
	while (reaped < starts) {
		int ret = ccwring_wait_cqe(ring, &cqe, 10000000000);

		CHECK_EQUAL(ret, 0);
		count(cqe);
		ccwring_cqe_seen(ring, 1);
	}
	done = true;
	return NULL;
}

static void *come_and_go(void *arg)
{
	uint64_t *times = arg;

	for (; !done; ++*times) {
		int index = ccwring_ring_attach(ring, coming);

		CHECK(index > 0);
		coming_index = index;
		sched_yield();
		CHECK_EQUAL(ccwring_ring_detach(ring, coming), 0);
	}
	return NULL;
}

/* A program at the beginning of memory that is soon unmapped. */
static void *map_and_unmap(void *arg)
{
	uint64_t *times = arg;

	for (; !done; ++*times) {
		struct ccwring_ccw ccw;
		ccwring_iova_t iova;
		uint64_t *p, word;

		p = ccwring_dma_alloc(vfio, LARGE, &iova);
		CHECK(p);
		ccw = ccwring_ccw_make(CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, 7, iova + 8192);
		memcpy(&word, &ccw, sizeof(word));
		/* There may be one who comes late, to what was here before. */
		__atomic_store_n(p, word, __ATOMIC_RELAXED);
		short_lived = iova;
		sched_yield();
		short_lived = 0;
		ccwring_dma_free(vfio, p);
		ccwring_dma_trim(vfio);
	}
	return NULL;
}

static void run(uint32_t flags)
{
	uint64_t attached = 0, mapped = 0;
	pthread_t threads[4];

	open_all(flags);
	assert_int_equal(pthread_create(&threads[0], NULL, submit, NULL), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, reap, NULL), 0);
	assert_int_equal(pthread_create(&threads[2], NULL, come_and_go, &attached), 0);
	assert_int_equal(pthread_create(&threads[3], NULL, map_and_unmap, &mapped), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	printf("%llu starts: %llu good, %llu without their memory, %llu without their device; "
	       "%llu times attached, %llu mapped\n",
	       (unsigned long long)reaped, (unsigned long long)good, (unsigned long long)unmapped,
	       (unsigned long long)gone, (unsigned long long)attached, (unsigned long long)mapped);
	assert_int_equal(reaped, starts);
	assert_true(good > starts / 4);
	assert_true(attached > 10);
	assert_true(mapped > 10);
	close_all();
}

static void by_interrupts(void **state)
{
	(void)state;
	run(0);
}

static void polled(void **state)
{
	(void)state;
	run(CCWRING_RING_POLL);
}

static void with_thread(void **state)
{
	(void)state;
	run(CCWRING_RING_THREAD);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_interrupts),
		cmocka_unit_test(polled),
		cmocka_unit_test(with_thread),
	};

	if (argc == 2)
		starts = strtoull(argv[1], NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
