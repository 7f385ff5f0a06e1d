// SPDX-License-Identifier: MIT
/*
 * features.c - what the driver says it can do is what it does; and structures of programs
 * that know more or less than it
 */
#include <errno.h>
#include <string.h>

#include "client.h"
#include "unit.h"

#define PROGRAM	   CLIENT_IOVA
#define DATA	   (CLIENT_IOVA + 0x20000)
#define OTHER	   (CLIENT_IOVA + 0x30000)
#define GET_INFO   (VFIO_DEVICE_FEATURE_CCW_RING_INFO | VFIO_DEVICE_FEATURE_GET)
#define SET_INFO   (VFIO_DEVICE_FEATURE_CCW_RING_INFO | VFIO_DEVICE_FEATURE_SET)
#define PROBE	   VFIO_DEVICE_FEATURE_PROBE
#define MAX_STRUCT 4096

static struct vfio_ccw_ring_info info;

static int setup(void **state)
{
	(void)state;
	client_open(4, 0);
	assert_int_equal(hosted_feature(client_device, GET_INFO, &info, sizeof(info)), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	client_close();
	return 0;
}

static void info_of_any_size(void **state)
{
	uint8_t longer[MAX_STRUCT + 1];

	(void)state;
	assert_int_equal(info.size, sizeof(info));
	assert_int_equal(info.abi, VFIO_CCW_RING_ABI);
	assert_int_equal(info.reserved, 0);
	memset(longer, 0xff, sizeof(longer));
	assert_int_equal(hosted_feature(client_device, GET_INFO, longer, MAX_STRUCT), 0);
	assert_memory_equal(longer, &info, sizeof(info));
	for (size_t i = sizeof(info); i < MAX_STRUCT; i++)
		assert_int_equal(longer[i], 0);
	assert_int_equal(longer[MAX_STRUCT], 0xff);
	assert_int_equal(hosted_feature(client_device, GET_INFO, longer, MAX_STRUCT + 1), -E2BIG);
	assert_int_equal(hosted_feature(client_device, GET_INFO, longer, sizeof(info) - 1),
			 -EINVAL);
	assert_int_equal(hosted_feature(client_device, SET_INFO, longer, sizeof(info)), -EINVAL);
	assert_int_equal(hosted_feature(client_device, GET_INFO | PROBE, NULL, 0), 0);
	assert_int_equal(hosted_feature(client_device, CLIENT_MAKE_RING | PROBE, NULL, 0), 0);
	assert_int_equal(hosted_feature(client_device, (GET_INFO | PROBE) + 1, NULL, 0), -ENOTTY);
}

/* Makes a ring of a further device and closes it: 0 or -errno. */
static int try_setup(const void *argument, size_t size)
{
	struct {
		struct vfio_ccw_ring_setup setup;
		uint8_t rest[MAX_STRUCT];
	} copy = { 0 };
	struct hosted *device;
	int ret;

	memcpy(&copy, argument, size < sizeof(copy) ? size : sizeof(copy));
	assert_int_equal(hosted_nop_new(client_container, &device), 0);
	ret = hosted_feature(device, CLIENT_MAKE_RING, &copy, size);
	if (!ret)
		hosted_close(copy.setup.ring_fd);
	hosted_free(device);
	return ret;
}

static int try(struct vfio_ccw_ring_setup setup)
{
	return try_setup(&setup, sizeof(setup));
}

static void setup_of_any_size(void **state)
{
	struct {
		struct vfio_ccw_ring_setup setup;
		uint8_t rest[MAX_STRUCT];
	} longer = { .setup = { .sq_entries = 4 } };

	(void)state;
	assert_int_equal(try_setup(&longer, sizeof(longer.setup)), 0);
	assert_int_equal(try_setup(&longer, sizeof(longer.setup) - 1), -EINVAL);
	assert_int_equal(try_setup(&longer, sizeof(longer.setup) + 8), 0);
	assert_int_equal(try_setup(&longer, MAX_STRUCT), 0);
	assert_int_equal(try_setup(&longer, MAX_STRUCT + 1), -E2BIG);
	longer.rest[7] = 1;
	assert_int_equal(try_setup(&longer, sizeof(longer.setup) + 7), 0);
	assert_int_equal(try_setup(&longer, sizeof(longer.setup) + 8), -E2BIG);
}

static int attach(struct hosted *device, size_t size, uint8_t last)
{
	struct {
		struct vfio_ccw_ring_attach attach;
		uint8_t rest[MAX_STRUCT];
	} longer = { .attach = { .ring_fd = client_ring.setup.ring_fd } };
	int ret;

	if (last)
		((uint8_t *)&longer)[size - 1] = last;
	ret = hosted_feature(device, CLIENT_ATTACH, &longer, size);
	if (ret)
		return ret;
	longer.attach.ring_fd = -1;
	assert_int_equal(hosted_feature(device, CLIENT_ATTACH, &longer, size), 0);
	return 0;
}

static void attach_of_any_size(void **state)
{
	const size_t known = sizeof(struct vfio_ccw_ring_attach);
	struct hosted *device;

	(void)state;
	assert_int_equal(hosted_nop_new(client_container, &device), 0);
	assert_int_equal(attach(device, known, 0), 0);
	assert_int_equal(attach(device, known - 1, 0), -EINVAL);
	assert_int_equal(attach(device, known + 1, 0), 0);
	assert_int_equal(attach(device, MAX_STRUCT, 0), 0);
	assert_int_equal(attach(device, MAX_STRUCT + 1, 0), -E2BIG);
	assert_int_equal(attach(device, known + 1, 1), -E2BIG);
	hosted_free(device);
}

/* Each flag there could be is taken or refused, as is said. */
static void setup_flags(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 32; bit++) {
		uint32_t flag = 1U << bit, with = flag;

		if (flag == VFIO_CCW_RING_SETUP_THREAD_CPU)
			with |= VFIO_CCW_RING_SETUP_THREAD;
		assert_int_equal(try((struct vfio_ccw_ring_setup){ .sq_entries = 1,
								   .flags = with }),
				 info.setup_flags & flag ? 0 : -EINVAL);
	}
	assert_int_equal(!!(info.features & VFIO_CCW_RING_FEAT_POLL),
			 !!(info.setup_flags & VFIO_CCW_RING_SETUP_POLL));
	assert_int_equal(!!(info.features & VFIO_CCW_RING_FEAT_THREAD),
			 !!(info.setup_flags & VFIO_CCW_RING_SETUP_THREAD));
	assert_int_equal(!!(info.features & VFIO_CCW_RING_FEAT_URING), !!info.uring_flags);
}

static void enter_flags(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 32; bit++) {
		struct vfio_ccw_ring_enter enter = { .size = sizeof(enter), .flags = 1U << bit };
		int ret = hosted_ioctl(client_ring.setup.ring_fd, VFIO_CCW_RING_ENTER,
				       (unsigned long)&enter);

		/* There is no thread to wake. */
		if (enter.flags == VFIO_CCW_RING_ENTER_WAKEUP)
			assert_true(info.enter_flags & enter.flags);
		else
			assert_int_equal(ret, info.enter_flags & enter.flags ? 0 : -EINVAL);
	}
}

static struct vfio_ccw_ring_cqe request(uint8_t opcode, uint8_t flags)
{
	client_request(opcode, 1);
	client_ring.ring.sqes[(client_ring.ring.sq_tail - 1) & client_ring.ring.sq_mask].flags =
		flags;
	assert_int_equal(client_enter(1), 1);
	return client_next();
}

static void opcodes_and_flags(void **state)
{
	(void)state;
	for (unsigned int opcode = 0; opcode < 256; opcode++) {
		bool known = opcode < 64 && info.opcodes >> opcode & 1;

		assert_int_equal(request(opcode, 0).reason == VFIO_CCW_RING_R_OPCODE, !known);
	}
	for (unsigned int bit = 0; bit < 8; bit++)
		assert_int_equal(request(VFIO_CCW_RING_OP_NOP, 1 << bit).reason,
				 info.sqe_flags >> bit & 1 ? 0 : VFIO_CCW_RING_R_SQE_FLAGS);
}

static void limits_of_a_ring(void **state)
{
	const uint32_t sq = info.max_sq_entries, cq = info.max_cq_entries, us = info.max_time_us;

	(void)state;
	assert_int_equal(try((struct vfio_ccw_ring_setup){ .sq_entries = sq, .cq_entries = cq }),
			 0);
	assert_int_equal(try((struct vfio_ccw_ring_setup){ .sq_entries = sq + 1 }), -EINVAL);
	assert_int_equal(try((struct vfio_ccw_ring_setup){ .sq_entries = 1, .cq_entries = cq + 1 }),
			 -EINVAL);
	assert_int_equal(try((struct vfio_ccw_ring_setup){ .sq_entries = 1,
							   .flags = VFIO_CCW_RING_SETUP_POLL,
							   .poll_us = us }),
			 0);
	assert_int_equal(try((struct vfio_ccw_ring_setup){ .sq_entries = 1,
							   .flags = VFIO_CCW_RING_SETUP_POLL,
							   .poll_us = us + 1 }),
			 -EINVAL);
}

/* So many NOPs. */
static struct vfio_ccw_ring_cqe long_program(uint32_t ccws)
{
	for (uint32_t i = 0; i < ccws; i++)
		client_ccw(PROGRAM + i * 8, CCWRING_CMD_NOP,
			   CCWRING_CCW_SLI | (i + 1 < ccws ? CCWRING_CCW_CC : 0), 1, DATA);
	client_start(PROGRAM, 1);
	assert_int_equal(client_enter(1), 1);
	return client_next();
}

/* So many parts, each a NOP and a TIC to the next. */
static struct vfio_ccw_ring_cqe program_in_parts(uint32_t parts)
{
	for (uint32_t i = 0; i < parts; i++) {
		client_ccw(OTHER + i * 64, CCWRING_CMD_NOP,
			   CCWRING_CCW_SLI | (i + 1 < parts ? CCWRING_CCW_CC : 0), 1, DATA);
		client_ccw(OTHER + i * 64 + 8, CCWRING_CMD_TIC, 0, 0, OTHER + (i + 1) * 64);
	}
	client_start(OTHER, 1);
	assert_int_equal(client_enter(1), 1);
	return client_next();
}

static void limits_of_a_program(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	cqe = long_program(info.max_ccws);
	assert_true(ccwring_cqe_good(&cqe));
	cqe = long_program(info.max_ccws + 1);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_CCW_TOO_MANY);
	cqe = program_in_parts(info.max_parts);
	assert_true(ccwring_cqe_good(&cqe));
	cqe = program_in_parts(info.max_parts + 1);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_CCW_TOO_MANY);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

RUN(TEST(info_of_any_size), TEST(setup_of_any_size), TEST(attach_of_any_size), TEST(setup_flags),
    TEST(enter_flags), TEST(opcodes_and_flags), TEST(limits_of_a_ring), TEST(limits_of_a_program))
