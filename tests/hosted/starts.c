// SPDX-License-Identifier: MIT
/* starts.c - the driver's core, over a subchannel that does its own work */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <linux/vfio_ccw_ring.h>

#include "client.h"
#include "unit.h"

#define PROGRAM CLIENT_IOVA
#define LOOP	(CLIENT_IOVA + 0x100)
#define DATA	(CLIENT_IOVA + 0x10000)
#define DEPTH	32

static int setup(void **state)
{
	(void)state;
	client_open(DEPTH, 0);
	return 0;
}

static int setup_polled(void **state)
{
	(void)state;
	client_open(DEPTH, VFIO_CCW_RING_SETUP_POLL);
	return 0;
}

static int setup_thread(void **state)
{
	(void)state;
	client_open(DEPTH, VFIO_CCW_RING_SETUP_THREAD);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	client_close();
	return 0;
}

static struct vfio_ccw_ring_cqe one(uint64_t program)
{
	client_start(program, 7);
	/* A thread of the ring's may be faster. */
	assert_in_range(client_enter(1), 0, 1);
	return client_next();
}

static void nop(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	client_ccw(PROGRAM, CCWRING_CMD_NOP, CCWRING_CCW_SLI, 1, DATA);
	cqe = one(PROGRAM);
	assert_int_equal(cqe.user_data, 7);
	assert_int_equal(cqe.res, 0);
	assert_true(ccwring_cqe_good(&cqe));
	assert_int_equal(ccwring_irb_dstat(cqe.irb), CCWRING_DSTAT_CHN_END | CCWRING_DSTAT_DEV_END);
	assert_int_equal(ccwring_irb_cstat(cqe.irb), 0);
	assert_int_equal(ccwring_irb_cpa(cqe.irb), PROGRAM + 8);
}

/* What is written comes back, in pieces and over pages. */
static void data(void **state)
{
	struct vfio_ccw_ring_cqe cqe;
	uint8_t *to = client_at(DATA + 0x8001), *from = client_at(DATA + 100);

	(void)state;
	for (unsigned int i = 0; i < 20000; i++)
		from[i] = i * 7 + (i >> 8);
	client_ccw(PROGRAM, CCWRING_CMD_WRITE, CCWRING_CCW_CC, 20000, DATA + 100);
	client_ccw(PROGRAM + 8, CCWRING_CMD_READ, CCWRING_CCW_CD, 5000, DATA + 0x8001);
	client_ccw(PROGRAM + 16, 0, 0, 15000, DATA + 0x8001 + 5000);
	cqe = one(PROGRAM);
	assert_int_equal(cqe.res, 0);
	assert_int_equal(ccwring_irb_cstat(cqe.irb), 0);
	assert_true(ccwring_cqe_good(&cqe));
	assert_memory_equal(to, from, 20000);
}

static void many(void **state)
{
	unsigned int good = 0, ended = 0, issued = 0;

	(void)state;
	client_ccw(PROGRAM, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, 7, DATA);
	while (ended < 2000) {
		for (; issued < 2000 && issued - ended < DEPTH; issued++)
			client_start(PROGRAM, issued);
		assert_true(client_enter(1) >= 0);
		while (ccwring_cq_ready(&client_ring.ring)) {
			struct vfio_ccw_ring_cqe cqe = client_next();

			assert_int_equal(cqe.user_data, ended);
			good += ccwring_cqe_good(&cqe);
			ended++;
		}
	}
	assert_int_equal(good, 2000);
	assert_int_equal(*(uint8_t *)client_at(DATA), 0xff);
}

/* The first SQE of a batch, before it is known for which subchannel. */
static void all_ones(void **state)
{
	struct vfio_ccw_ring_sqe *sqe = ccwring_get_sqe(&client_ring.ring);
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	memset(sqe, 0xff, sizeof(*sqe));
	assert_int_equal(client_enter(1), 1);
	cqe = client_next();
	assert_int_equal(cqe.res, -EOPNOTSUPP);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_OPCODE);
	client_ccw(PROGRAM, CCWRING_CMD_NOP, CCWRING_CCW_SLI, 1, DATA);
	cqe = one(PROGRAM);
	assert_true(ccwring_cqe_good(&cqe));
}

/* A refusal names the rule and the CCW. */
static void refused(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	client_ccw(PROGRAM, CCWRING_CMD_NOP, CCWRING_CCW_SLI | CCWRING_CCW_CC, 1, DATA);
	client_ccw(PROGRAM + 8, CCWRING_CMD_READ, 0, 100, CLIENT_IOVA + CLIENT_BYTES - 50);
	cqe = one(PROGRAM);
	assert_int_equal(cqe.res, -EFAULT);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_DATA_UNMAPPED);
	assert_int_equal(cqe.ccw_index, 1);
	assert_int_equal(cqe.ccw_addr, PROGRAM + 8);
}

/*
 * A CCW that is a command of its own, and is data-chained from a Read Backward by way of
 * a TIC: its data go up the one time and down the other.
 */
static void two_ways(void **state)
{
	uint8_t *page = client_at(DATA + 0x2000);
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	memset(client_at(DATA), 0x5a, 0x8000);
	client_ccw(PROGRAM, CCWRING_CMD_NOP, CCWRING_CCW_CC | CCWRING_CCW_SLI, 1, DATA);
	client_ccw(PROGRAM + 8, CCWRING_CMD_WRITE, CCWRING_CCW_CC, 4000, DATA);
	client_ccw(PROGRAM + 16, CCWRING_CMD_READ_BACK, CCWRING_CCW_CD, 1, DATA + 0x4000);
	client_ccw(PROGRAM + 24, CCWRING_CMD_TIC, 0, 0, PROGRAM + 32);
	client_ccw(PROGRAM + 32, CCWRING_CMD_READ, CCWRING_CCW_SLI, 100, DATA + 0x2000);
	/* The same CCW as a command, too; a device with status modifier could leave. */
	client_ccw(LOOP, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI | CCWRING_CCW_CC, 1, DATA + 0x4010);
	client_ccw(LOOP + 8, CCWRING_CMD_TIC, 0, 0, LOOP + 32);
	client_ccw(LOOP + 16, CCWRING_CMD_NOP, CCWRING_CCW_SLI, 1, DATA);
	client_ccw(LOOP + 32, CCWRING_CMD_WRITE, CCWRING_CCW_CC, 4000, DATA);
	client_ccw(LOOP + 40, CCWRING_CMD_READ, CCWRING_CCW_SLI | CCWRING_CCW_CC, 100,
		   DATA + 0x2000);
	client_ccw(LOOP + 48, CCWRING_CMD_READ_BACK, CCWRING_CCW_CD, 1, DATA + 0x4000);
	client_ccw(LOOP + 56, CCWRING_CMD_TIC, 0, 0, LOOP + 40);
	for (unsigned int i = 0; i < 4000; i++)
		((uint8_t *)client_at(DATA))[i] = i;
	cqe = one(PROGRAM);
	assert_int_equal(cqe.res, 0);
	assert_int_equal(page[0], 1);
	assert_int_equal(page[-1], 2);
	assert_int_equal(page[-99], 100);
	assert_int_equal(page[1], 0x5a);
	memset(page - 100, 0x5a, 300);
	/* Goes round and round, up and down. */
	client_start(LOOP, 8);
	assert_in_range(client_enter(0), 0, 1);
	for (unsigned int i = 0; i < 5000 && client_peek(page - 99) != 100; i++)
		usleep(1000);
	client_request(VFIO_CCW_RING_OP_CLEAR, 9);
	assert_in_range(client_enter(2), 0, 1);
	client_next();
	client_next();
	assert_int_equal(page[99], 99);
	assert_int_equal(page[-99], 100);
}

/* A TIC to what follows it anyway, and another one later. */
static void tic_to_the_next(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	client_ccw(PROGRAM, CCWRING_CMD_SENSE_ID, CCWRING_CCW_CC | CCWRING_CCW_SLI, 7, DATA);
	client_ccw(PROGRAM + 8, CCWRING_CMD_TIC, 0, 0, PROGRAM + 16);
	client_ccw(PROGRAM + 16, CCWRING_CMD_SENSE_ID, CCWRING_CCW_CC | CCWRING_CCW_SLI, 7,
		   DATA + 0x1000);
	client_ccw(PROGRAM + 24, CCWRING_CMD_TIC, 0, 0, PROGRAM + 64);
	client_ccw(PROGRAM + 64, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, 7, DATA + 0x2000);
	cqe = one(PROGRAM);
	assert_int_equal(cqe.res, 0);
	assert_int_equal(ccwring_irb_cstat(cqe.irb), 0);
	assert_int_equal(ccwring_irb_cpa(cqe.irb), PROGRAM + 72);
	assert_int_equal(*(uint8_t *)client_at(DATA + 0x2000), 0xff);
}

/* A failure holds what is behind it. */
static void held(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	client_ccw(PROGRAM, 0x17, CCWRING_CCW_SLI, 1, DATA);
	client_ccw(PROGRAM + 64, CCWRING_CMD_NOP, CCWRING_CCW_SLI, 1, DATA);
	client_start(PROGRAM, 1);
	client_start(PROGRAM + 64, 2);
	assert_int_equal(client_enter(2), 2);
	cqe = client_next();
	assert_int_equal(cqe.user_data, 1);
	assert_int_equal(cqe.res, 0);
	assert_true(ccwring_irb_dstat(cqe.irb) & CCWRING_DSTAT_UNIT_CHECK);
	cqe = client_next();
	assert_int_equal(cqe.user_data, 2);
	assert_int_equal(cqe.res, -ECANCELED);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_HELD);
	cqe = one(PROGRAM + 64);
	assert_true(ccwring_cqe_good(&cqe));
}

/* Ends a start that takes long. */
static void halted_by(uint8_t opcode, uint32_t function)
{
	struct vfio_ccw_ring_cqe cqe;

	hosted_service_time(client_device, 50000000);
	client_ccw(PROGRAM, CCWRING_CMD_NOP, CCWRING_CCW_SLI, 1, DATA);
	client_start(PROGRAM, 1);
	client_start(PROGRAM, 2);
	assert_int_equal(client_enter(0), 2);
	client_request(opcode, 3);
	assert_int_equal(client_enter(3), 1);
	cqe = client_next();
	assert_int_equal(cqe.user_data, 2);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_FLUSHED);
	cqe = client_next();
	assert_int_equal(cqe.user_data, 1);
	assert_int_equal(cqe.res, 0);
	assert_int_equal(ccwring_irb_word0(cqe.irb) & function, function);
	cqe = client_next();
	assert_int_equal(cqe.user_data, 3);
	assert_int_equal(cqe.res, 0);
	hosted_service_time(client_device, 0);
	cqe = one(PROGRAM);
	assert_true(ccwring_cqe_good(&cqe));
}

static void halted(void **state)
{
	(void)state;
	halted_by(VFIO_CCW_RING_OP_HALT, CCWRING_SCSW_FC_HALT);
}

static void cleared(void **state)
{
	(void)state;
	halted_by(VFIO_CCW_RING_OP_CLEAR, CCWRING_SCSW_FC_CLEAR);
}

/* Memory goes while a start uses it. */
static void unmapped(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	hosted_service_time(client_device, 50000000);
	client_ccw(PROGRAM, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, 7, DATA);
	client_start(PROGRAM, 1);
	assert_int_equal(client_enter(0), 1);
	assert_int_equal(hosted_unmap(client_container, CLIENT_IOVA, CLIENT_BYTES), 0);
	cqe = client_next();
	assert_int_equal(cqe.res, -ECANCELED);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_UNMAPPED);
	hosted_service_time(client_device, 0);
	assert_int_equal(hosted_map(client_container, client_memory, CLIENT_IOVA, CLIENT_BYTES), 0);
	cqe = one(PROGRAM);
	assert_true(ccwring_cqe_good(&cqe));
}

static void reset(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	hosted_service_time(client_device, 50000000);
	client_ccw(PROGRAM, CCWRING_CMD_NOP, CCWRING_CCW_SLI, 1, DATA);
	client_start(PROGRAM, 1);
	assert_int_equal(client_enter(0), 1);
	assert_int_equal(hosted_reset(client_device), 0);
	cqe = client_next();
	assert_int_equal(cqe.res, -ECANCELED);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_RESET);
	hosted_service_time(client_device, 0);
	cqe = one(PROGRAM);
	assert_true(ccwring_cqe_good(&cqe));
}

static void refused_for(uint8_t opcode, uint16_t reason)
{
	struct vfio_ccw_ring_cqe cqe;

	client_request(opcode, 8);
	assert_int_equal(client_enter(1), 1);
	cqe = client_next();
	assert_int_equal(cqe.res, -ENODEV);
	assert_int_equal(cqe.reason, reason);
}

/* Gone for good: what is under way, and all that comes. */
static void gone(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	hosted_service_time(client_device, 50000000);
	client_ccw(PROGRAM, CCWRING_CMD_NOP, CCWRING_CCW_SLI, 1, DATA);
	client_start(PROGRAM, 1);
	client_start(PROGRAM, 2);
	assert_int_equal(client_enter(0), 2);
	hosted_gone(client_device);
	for (unsigned int i = 0; i < 2; i++) {
		cqe = client_next();
		assert_int_equal(cqe.res, -ENODEV);
		assert_int_equal(cqe.reason, VFIO_CCW_RING_R_GONE);
	}
	cqe = one(PROGRAM);
	assert_int_equal(cqe.res, -ENODEV);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_GONE);
	refused_for(VFIO_CCW_RING_OP_HALT, VFIO_CCW_RING_R_GONE);
	refused_for(VFIO_CCW_RING_OP_CANCEL, VFIO_CCW_RING_R_GONE);
	refused_for(VFIO_CCW_RING_OP_RESUME, VFIO_CCW_RING_R_GONE);
	assert_int_equal(hosted_reset(client_device), -EINVAL);
	refused_for(VFIO_CCW_RING_OP_CLEAR, VFIO_CCW_RING_R_GONE);
}

#define TEST(f)	       cmocka_unit_test_setup_teardown(f, setup, teardown)
#define POLLED(f)      cmocka_unit_test_setup_teardown(f, setup_polled, teardown)
#define WITH_THREAD(f) cmocka_unit_test_setup_teardown(f, setup_thread, teardown)

RUN(TEST(nop), TEST(data), TEST(many), TEST(all_ones), TEST(refused), TEST(two_ways),
    TEST(tic_to_the_next), TEST(held), TEST(halted), TEST(cleared), TEST(unmapped), TEST(reset),
    TEST(gone), POLLED(nop), POLLED(data), POLLED(many), POLLED(halted), WITH_THREAD(nop))
