// SPDX-License-Identifier: MIT
/* ring.c - the verbs against queues whose other side is the test */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include <ccwring/ring.h>

#include "driver.h"
#include "unit.h"

/* Counters wrap within the test, or are about to become negative. */
static const uint32_t starts[] = { 0, 0xfffffffb, 0x7ffffffd };

#define N_STARTS (sizeof(starts) / sizeof(starts[0]))

static struct driver driver;
static struct ring private;
static struct ccwring_ring *const ring = &private.pub;

static void prep_writes_all(void **state)
{
	struct vfio_ccw_ring_sqe sqe, expected = { .opcode = VFIO_CCW_RING_OP_START,
						   .subchannel = 0x1234,
						   .user_data = 0x1122334455667788 };
	struct ccwring_orb orb;

	(void)state;
	for (unsigned int i = 0; i < sizeof(orb.b); i++)
		orb.b[i] = i;
	memcpy(expected.orb, orb.b, sizeof(orb.b));
	memset(&sqe, 0xff, sizeof(sqe));
	ccwring_prep_start(&sqe, 0x1234, &orb, 0x1122334455667788);
	assert_memory_equal(&sqe, &expected, sizeof(sqe));

	memset(expected.orb, 0, sizeof(expected.orb));
	memset(&sqe, 0xff, sizeof(sqe));
	ccwring_prep_halt(&sqe, 0x1234, 0x1122334455667788);
	expected.opcode = VFIO_CCW_RING_OP_HALT;
	assert_memory_equal(&sqe, &expected, sizeof(sqe));
	memset(&sqe, 0xff, sizeof(sqe));
	ccwring_prep_clear(&sqe, 0x1234, 0x1122334455667788);
	expected.opcode = VFIO_CCW_RING_OP_CLEAR;
	assert_memory_equal(&sqe, &expected, sizeof(sqe));
	memset(&sqe, 0xff, sizeof(sqe));
	ccwring_prep_nop(&sqe, 0x1234, 0x1122334455667788);
	expected.opcode = VFIO_CCW_RING_OP_NOP;
	assert_memory_equal(&sqe, &expected, sizeof(sqe));
	memset(&sqe, 0xff, sizeof(sqe));
	ccwring_prep_resume(&sqe, 0x1234, 0x1122334455667788);
	expected.opcode = VFIO_CCW_RING_OP_RESUME;
	assert_memory_equal(&sqe, &expected, sizeof(sqe));
	memset(&sqe, 0xff, sizeof(sqe));
	ccwring_prep_cancel(&sqe, 0x1234, 0x99, 0x1122334455667788);
	expected.opcode = VFIO_CCW_RING_OP_CANCEL;
	expected.target = 0x99;
	assert_memory_equal(&sqe, &expected, sizeof(sqe));
}

/* The driver sees nothing before submit, and everything after it. */
static void publishes_at_submit(void **state)
{
	struct vfio_ccw_ring_sqe sqe;

	(void)state;
	for (size_t s = 0; s < N_STARTS; s++) {
		driver_connect(&driver, &private, starts[s]);
		for (unsigned int i = 0; i < 3; i++)
			ccwring_prep_nop(ccwring_get_sqe(ring), 0, i);
		assert_false(driver_take(&driver, &sqe));
		ccwring_submit(ring);
		assert_int_equal(driver.to_submit, 3);
		assert_int_equal(driver.min_complete, 0);
		for (unsigned int i = 0; i < 3; i++) {
			assert_true(driver_take(&driver, &sqe));
			assert_int_equal(sqe.user_data, i);
		}
		assert_false(driver_take(&driver, &sqe));
		/* All consumed: nothing to enter for. */
		assert_int_equal(ccwring_submit(ring), 0);
		assert_int_equal(driver.entered, 1);
	}
}

/* A batch filled in where it lies, and taken at once, is a batch of ccwring_get_sqe()'s. */
static void takes_a_batch(void **state)
{
	struct vfio_ccw_ring_sqe sqe;

	(void)state;
	for (size_t s = 0; s < N_STARTS; s++) {
		driver_connect(&driver, &private, starts[s]);
		ccwring_prep_nop(ccwring_get_sqe(ring), 0, 0);
		assert_int_equal(ccwring_sq_free(ring), SQ_ENTRIES - 1);
		for (unsigned int i = 0; i < SQ_ENTRIES - 1; i++)
			ccwring_prep_nop(ccwring_sq_at(ring, i), 0, i + 1);
		assert_int_equal(ccwring_sq_free(ring), SQ_ENTRIES - 1);
		ccwring_sq_take(ring, SQ_ENTRIES - 1);
		assert_int_equal(ccwring_sq_free(ring), 0);
		assert_null(ccwring_get_sqe(ring));
		assert_false(driver_take(&driver, &sqe));
		ccwring_submit(ring);
		assert_int_equal(driver.to_submit, SQ_ENTRIES);
		for (unsigned int i = 0; i < SQ_ENTRIES; i++) {
			assert_true(driver_take(&driver, &sqe));
			assert_int_equal(sqe.user_data, i);
			assert_int_equal(ccwring_sq_free(ring), i + 1);
		}
	}
}

static void sq_full(void **state)
{
	struct vfio_ccw_ring_sqe sqe;

	(void)state;
	for (size_t s = 0; s < N_STARTS; s++) {
		driver_connect(&driver, &private, starts[s]);
		for (unsigned int i = 0; i < SQ_ENTRIES; i++) {
			struct vfio_ccw_ring_sqe *e = ccwring_get_sqe(ring);

			assert_ptr_equal(e, &driver.sqes[(starts[s] + i) % SQ_ENTRIES]);
			ccwring_prep_nop(e, 0, i);
		}
		assert_null(ccwring_get_sqe(ring));
		ccwring_submit(ring);
		assert_null(ccwring_get_sqe(ring));
		assert_true(driver_take(&driver, &sqe));
		assert_non_null(ccwring_get_sqe(ring));
		assert_null(ccwring_get_sqe(ring));
		/* What was not consumed is offered again. */
		ccwring_submit(ring);
		assert_int_equal(driver.to_submit, SQ_ENTRIES);
	}
}

static void reaps_in_order(void **state)
{
	(void)state;
	for (size_t s = 0; s < N_STARTS; s++) {
		driver_connect(&driver, &private, starts[s]);
		assert_null(ccwring_peek_cqe(ring));
		for (uint64_t i = 0; i < 3 * CQ_ENTRIES; i++) {
			assert_true(driver_post(&driver, i));
			assert_int_equal(ccwring_peek_cqe(ring)->user_data, i);
			assert_int_equal(ccwring_peek_cqe(ring)->user_data, i);
			ccwring_cqe_seen(ring, 1);
			assert_null(ccwring_peek_cqe(ring));
			assert_int_equal(driver.cq_head, driver.cq_tail);
		}
		assert_int_equal(driver.entered, 0);
	}
}

static void reaps_a_batch(void **state)
{
	(void)state;
	for (size_t s = 0; s < N_STARTS; s++) {
		driver_connect(&driver, &private, starts[s]);
		for (uint64_t i = 0; i < CQ_ENTRIES; i++)
			assert_true(driver_post(&driver, i));
		assert_false(driver_post(&driver, 99));
		for (uint32_t i = 0; i < CQ_ENTRIES; i++)
			assert_int_equal(ccwring_cq_next(ring, i)->user_data, i);
		assert_null(ccwring_cq_next(ring, CQ_ENTRIES));
		assert_int_equal(driver.cq_head, starts[s]); /* not given back yet */
		ccwring_cqe_seen(ring, CQ_ENTRIES - 1);
		assert_int_equal(ccwring_cq_next(ring, 0)->user_data, CQ_ENTRIES - 1);
		assert_true(driver_post(&driver, 100));
		assert_int_equal(ccwring_cq_next(ring, 1)->user_data, 100);
	}
}

static int post_one(struct driver *d)
{
	driver_post(d, 42);
	return 0;
}

static int time_out(struct driver *d)
{
	(void)d;
	return -ETIME;
}

/* How far the wait came is in the CQ. */
static int take_one(struct driver *d)
{
	struct vfio_ccw_ring_sqe sqe;

	return driver_take(d, &sqe);
}

static int busy_then_post(struct driver *d)
{
	if (d->to_submit)
		return -EBUSY;
	return post_one(d);
}

static void waits(void **state)
{
	const struct vfio_ccw_ring_cqe *cqe;

	(void)state;
	driver_connect(&driver, &private, 0);
	driver.answer = post_one;
	assert_int_equal(ccwring_wait_cqe(ring, &cqe, -1), 0);
	assert_int_equal(cqe->user_data, 42);
	assert_int_equal(driver.to_submit, 0);
	assert_int_equal(driver.min_complete, 1);
	assert_int_equal(driver.timeout, -1);
	/* Not seen: it is still there, and nobody enters. */
	assert_int_equal(ccwring_wait_cqe(ring, &cqe, -1), 0);
	assert_int_equal(driver.entered, 1);
	ccwring_cqe_seen(ring, 1);
	driver.answer = time_out;
	assert_int_equal(ccwring_wait_cqe(ring, &cqe, 1000), -ETIME);
	assert_int_equal(driver.timeout, 1000);
	assert_null(cqe);
}

/* A wait must not hand over what the submitter has not submitted. */
static void wait_submits_nothing(void **state)
{
	const struct vfio_ccw_ring_cqe *cqe;

	(void)state;
	driver_connect(&driver, &private, 0);
	driver.answer = post_one;
	ccwring_prep_nop(ccwring_get_sqe(ring), 0, 0);
	assert_int_equal(ccwring_wait_cqe(ring, &cqe, -1), 0);
	assert_int_equal(driver.to_submit, 0);
	assert_int_equal(driver.sq_tail, 0);
}

static void submit_and_wait(void **state)
{
	(void)state;
	driver_connect(&driver, &private, 0xffffffff);
	ccwring_prep_nop(ccwring_get_sqe(ring), 0, 0);
	ccwring_prep_nop(ccwring_get_sqe(ring), 0, 1);
	driver.answer = take_one;
	/* One was consumed: that is what is told, not the wait's end. */
	assert_int_equal(ccwring_submit_and_wait(ring, 1, 5), 1);
	assert_int_equal(driver.to_submit, 2);
	assert_int_equal(driver.min_complete, 1);
	driver.answer = time_out;
	assert_int_equal(ccwring_submit_and_wait(ring, 1, 5), -ETIME);
	/* Nobody waits for more than there can be. */
	assert_int_equal(ccwring_submit_and_wait(ring, CQ_ENTRIES + 1, 5), -ETIME);
	assert_int_equal(driver.min_complete, CQ_ENTRIES);
	driver.answer = busy_then_post;
	/* No room for more, but something to wait for. */
	driver.entered = 0;
	assert_int_equal(ccwring_submit_and_wait(ring, 1, 5), 0);
	assert_int_equal(driver.entered, 2);
	assert_int_equal(ccwring_peek_cqe(ring)->user_data, 42);
	assert_int_equal(ccwring_submit(ring), -EBUSY);
}

#define MANY 200000

static void *submitter(void *arg)
{
	(void)arg;
	for (uint64_t i = 0; i < MANY; i++) {
		struct vfio_ccw_ring_sqe *sqe;

		while (!(sqe = ccwring_get_sqe(ring))) {
			ccwring_submit(ring);
			sched_yield();
		}
		ccwring_prep_nop(sqe, 0, i);
		sqe->target = ~i;
		if (i % 3 == 0)
			ccwring_submit(ring);
	}
	ccwring_submit(ring);
	return NULL;
}

static void *player(void *arg)
{
	struct vfio_ccw_ring_sqe sqe;

	(void)arg;
	for (uint64_t i = 0; i < MANY; i++) {
		while (!driver_take(&driver, &sqe))
			sched_yield();
		/* A torn or reused entry would show. */
		while (!driver_post(&driver,
				    sqe.user_data == ~sqe.target ? sqe.user_data : UINT64_MAX))
			sched_yield();
	}
	return NULL;
}

/* Submitter, driver and reaper, each a thread, with no lock between them. */
static void three_threads(void **state)
{
	const struct vfio_ccw_ring_cqe *cqe;
	pthread_t threads[2];

	(void)state;
	driver_connect(&driver, &private, (uint32_t)-MANY / 2);
	assert_int_equal(pthread_create(&threads[0], NULL, submitter, NULL), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, player, NULL), 0);
	for (uint64_t i = 0; i < MANY; i++) {
		while (!(cqe = ccwring_peek_cqe(ring)))
			sched_yield();
		assert_int_equal(cqe->user_data, i);
		ccwring_cqe_seen(ring, 1);
	}
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

RUN(cmocka_unit_test(prep_writes_all), cmocka_unit_test(publishes_at_submit),
    cmocka_unit_test(takes_a_batch), cmocka_unit_test(sq_full), cmocka_unit_test(reaps_in_order),
    cmocka_unit_test(reaps_a_batch), cmocka_unit_test(waits),
    cmocka_unit_test(wait_submits_nothing), cmocka_unit_test(submit_and_wait),
    cmocka_unit_test(three_threads))
