// SPDX-License-Identifier: MIT
/* library.c - devices of software behind the library's functions */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <ccwring/ccwring.h>

#include "unit.h"

static struct ccwring_vfio *vfio;
static struct ccwring_device *dev;
static struct ccwring_ring *ring;
static struct ccwring_program *prog;
static struct ccwring_orb orb;
static uint8_t *data;

static int open_with(const char *id)
{
	struct ccwring_ring_opts opts = { .size = sizeof(opts), .sq_entries = 8 };
	ccwring_iova_t iova;

	assert_int_equal(ccwring_vfio_new(NULL, &vfio), 0);
	assert_int_equal(ccwring_device_open(vfio, id, &dev), 0);
	assert_int_equal(ccwring_ring_new(dev, &opts, &ring), 0);
	data = ccwring_dma_alloc(vfio, 4096, &iova);
	assert_non_null(data);
	memset(data, 0, 8);
	assert_int_equal(ccwring_program_new(vfio, 64, &prog), 0);
	ccwring_program_add(prog, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, iova, 7);
	assert_int_equal(ccwring_program_finish(prog, &orb), 0);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return open_with("hosted:nop");
}

static int setup_slow(void **state)
{
	(void)state;
	return open_with("hosted:nop,service=30000");
}

static int teardown(void **state)
{
	(void)state;
	ccwring_program_free(prog);
	ccwring_dma_free(vfio, data);
	ccwring_ring_free(ring);
	assert_int_equal(ccwring_device_close(dev), 0);
	assert_int_equal(ccwring_vfio_free(vfio), 0);
	return 0;
}

static void submit(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		ccwring_prep_start(ccwring_get_sqe(ring), ccwring_ring_index(ring), &orb, i);
	assert_int_equal(ccwring_submit(ring), n);
}

static void is_what_it_is(void **state)
{
	struct ccwring_ring_opts opts = { .size = sizeof(opts), .backend = CCWRING_BACKEND_REGION };
	struct ccwring_ring *other;
	struct vfio_ccw_ring_info info;
	uint8_t schib[CCWRING_SCHIB_SIZE];
	uint32_t crw;

	(void)state;
	assert_int_equal(ccwring_vfio_access(vfio), CCWRING_ACCESS_HOSTED);
	assert_int_equal(ccwring_ring_backend(ring), CCWRING_BACKEND_HOSTED);
	assert_string_equal(ccwring_device_name(dev), "hosted:nop");
	assert_int_equal(ccwring_device_fd(dev), -1);
	assert_int_equal(ccwring_device_has_ring(dev), 1);
	assert_int_equal(ccwring_device_schib(dev, schib), -EOPNOTSUPP);
	assert_int_equal(ccwring_device_crw(dev, &crw), -EOPNOTSUPP);
	assert_int_equal(ccwring_device_event_fd(dev, CCWRING_EVENT_CRW), -EOPNOTSUPP);
	assert_int_equal(ccwring_device_ring_info(dev, &info, sizeof(info)), 0);
	assert_int_equal(info.size, sizeof(info));
	assert_int_equal(info.abi, VFIO_CCW_RING_ABI);
	assert_int_equal(info.features, ccwring_ring_features(ring));
	ccwring_ring_free(ring);
	assert_int_equal(ccwring_ring_new(dev, &opts, &other), -EOPNOTSUPP);
	opts.backend = CCWRING_BACKEND_RING;
	assert_int_equal(ccwring_ring_new(dev, &opts, &other), -EOPNOTSUPP);
	opts.backend = CCWRING_BACKEND_HOSTED;
	assert_int_equal(ccwring_ring_new(dev, &opts, &ring), 0);
}

/* One context, one way to devices. */
static void is_alone(void **state)
{
	struct ccwring_vfio_opts opts = { .size = sizeof(opts), .access = CCWRING_ACCESS_GROUP };
	struct ccwring_device *other;
	struct ccwring_vfio *group;

	(void)state;
	assert_int_equal(ccwring_vfio_new(&opts, &group), 0);
	assert_int_equal(ccwring_device_open(group, "hosted:nop", &other), -EXDEV);
	assert_int_equal(ccwring_vfio_free(group), 0);
}

static void does_what_is_asked(void **state)
{
	const struct vfio_ccw_ring_cqe *cqe;

	(void)state;
	submit(8);
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(ccwring_wait_cqe(ring, &cqe, 5000000000), 0);
		assert_int_equal(cqe->user_data, i);
		assert_true(ccwring_cqe_good(cqe));
		ccwring_cqe_seen(ring, 1);
	}
	assert_memory_equal(data, "\xff\x38\x32\x01", 4);
}

static int polls(int timeout)
{
	struct pollfd p = { .fd = ccwring_ring_fd(ring), .events = POLLIN };

	assert_true(p.fd >= 0);
	return poll(&p, 1, timeout);
}

/* The ring's file is one that poll() takes, and quiet when all has been seen. */
static void polls_readable(void **state)
{
	unsigned int seen = 0;

	(void)state;
	assert_int_equal(polls(0), 0);
	submit(3);
	while (seen < 3) {
		assert_int_equal(polls(5000), 1);
		while (ccwring_peek_cqe(ring)) {
			ccwring_cqe_seen(ring, 1);
			seen++;
		}
	}
	assert_int_equal(polls(0), 0);
	submit(1);
	assert_int_equal(polls(5000), 1);
	/* Asked for when there is something: it says so at once. */
	ccwring_ring_free(ring);
	assert_int_equal(ccwring_ring_new(dev, NULL, &ring), 0);
	submit(1);
	while (!ccwring_cq_ready(ring))
		;
	assert_int_equal(polls(0), 1);
}

static void takes_its_time(void **state)
{
	const struct vfio_ccw_ring_cqe *cqe;

	(void)state;
	submit(2);
	assert_int_equal(ccwring_wait_cqe(ring, &cqe, 1000000), -ETIME);
	assert_int_equal(ccwring_device_reset(dev), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(ccwring_wait_cqe(ring, &cqe, 5000000000), 0);
		assert_int_equal(cqe->res, -ECANCELED);
		assert_int_equal(cqe->reason, VFIO_CCW_RING_R_RESET);
		ccwring_cqe_seen(ring, 1);
	}
}

/* Two of them on one ring, each answers for itself. */
static void shares_a_ring(void **state)
{
	const struct vfio_ccw_ring_cqe *cqe;
	struct ccwring_device *second;
	unsigned int bad = 0;
	int index;

	(void)state;
	assert_int_equal(ccwring_device_open(vfio, "hosted:nop,fault=unit-check", &second), 0);
	index = ccwring_ring_attach(ring, second);
	assert_true(index > 0);
	for (int i = 0; i < 4; i++)
		ccwring_prep_start(ccwring_get_sqe(ring), i % 2 ? index : ccwring_ring_index(ring),
				   &orb, i);
	assert_int_equal(ccwring_submit(ring), 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(ccwring_wait_cqe(ring, &cqe, 5000000000), 0);
		bad += !ccwring_cqe_good(cqe);
		assert_int_equal(!ccwring_cqe_good(cqe), cqe->user_data % 2);
		ccwring_cqe_seen(ring, 1);
	}
	assert_int_equal(bad, 2);
	assert_int_equal(ccwring_ring_detach(ring, second), 0);
	assert_int_equal(ccwring_device_close(second), 0);
}

#define TEST(f)	  cmocka_unit_test_setup_teardown(f, setup, teardown)
#define SLOWLY(f) cmocka_unit_test_setup_teardown(f, setup_slow, teardown)

RUN(TEST(is_what_it_is), TEST(is_alone), TEST(does_what_is_asked), TEST(polls_readable),
    SLOWLY(takes_its_time), TEST(shares_a_ring))
