// SPDX-License-Identifier: MIT
/*
 * uring.c - entries for requests: none is handed out that is too short, and what is written
 * to one stays in it
 */
#include <stdlib.h>
#include <string.h>

#include <ccwring/uring.h>

#include "unit.h"

#define ENTRIES 4

/* An io_uring without a kernel: its entries, and what lies behind them. */
static struct {
	union ccwring_uring_sqe entries[ENTRIES];
	uint8_t behind[128];
} memory, expected;

static struct io_uring uring;
static unsigned int head, tail;

static void make(unsigned int flags)
{
	memset(&memory, 0x5a, sizeof(memory));
	memset(&expected, 0x5a, sizeof(expected));
	memset(&uring, 0, sizeof(uring));
	head = tail = 0;
	uring.flags = flags;
	uring.sq.khead = &head;
	uring.sq.ktail = &tail;
	uring.sq.ring_entries = ENTRIES;
	uring.sq.ring_mask = ENTRIES - 1;
	uring.sq.sqes = &memory.entries[0].sqe;
}

static void none_that_is_too_short(void **state)
{
	static const unsigned int flags[] = { 0, IORING_SETUP_SQE128, IORING_SETUP_CQE32 };

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		make(flags[i]);
		assert_null(ccwring_uring_get_sqe(&uring));
		/* It is there for others. */
		for (unsigned int n = 0; n < ENTRIES; n++)
			assert_non_null(io_uring_get_sqe(&uring));
	}
	make(CCWRING_URING_SETUP);
	for (unsigned int n = 0; n < ENTRIES; n++)
		assert_ptr_equal(ccwring_uring_get_sqe(&uring), &memory.entries[n]);
	assert_null(ccwring_uring_get_sqe(&uring));
}

static struct vfio_ccw_ring_uring_request request_in(const union ccwring_uring_sqe *entry)
{
	struct vfio_ccw_ring_uring_request request;

	memcpy(&request, entry->bytes + 48, sizeof(request));
	return request;
}

/* The last one, behind which anything may be. */
static union ccwring_uring_sqe *last(void)
{
	union ccwring_uring_sqe *entry = NULL;

	make(CCWRING_URING_SETUP);
	for (unsigned int n = 0; n < ENTRIES; n++)
		entry = ccwring_uring_get_sqe(&uring);
	if (!entry)
		abort();
	return entry;
}

static void alone(const union ccwring_uring_sqe *entry, uint8_t opcode)
{
	const struct vfio_ccw_ring_uring_request request = request_in(entry);

	assert_int_equal(entry->sqe.opcode, CCWRING_URING_OPCODE);
	assert_int_equal(entry->sqe.fd, 7);
	assert_int_equal(entry->sqe.cmd_op, VFIO_CCW_RING_URING_REQUEST);
	assert_int_equal(entry->sqe.user_data, 0);
	assert_int_equal(request.opcode, opcode);
	assert_int_equal(request.subchannel, 0x1234);
	assert_int_equal(request.reserved0, 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(request.reserved[i], 0);
	expected.entries[ENTRIES - 1] = *entry;
	assert_memory_equal(&memory, &expected, sizeof(memory));
}

static void stays_in_it(void **state)
{
	uint8_t irb[VFIO_CCW_RING_IRB_SIZE];
	union ccwring_uring_sqe *entry;
	struct ccwring_orb orb;

	(void)state;
	memset(&orb, 0xc3, sizeof(orb));
	entry = last();
	ccwring_uring_prep_start(entry, 7, 0x1234, &orb, irb);
	alone(entry, VFIO_CCW_RING_OP_START);
	assert_memory_equal(request_in(entry).orb, &orb, sizeof(orb));
	assert_int_equal(request_in(entry).irb, (uintptr_t)irb);
	entry = last();
	ccwring_uring_prep_nop(entry, 7, 0x1234);
	alone(entry, VFIO_CCW_RING_OP_NOP);
	entry = last();
	ccwring_uring_prep_halt(entry, 7, 0x1234, irb);
	alone(entry, VFIO_CCW_RING_OP_HALT);
	entry = last();
	ccwring_uring_prep_clear(entry, 7, 0x1234, irb);
	alone(entry, VFIO_CCW_RING_OP_CLEAR);
	entry = last();
	ccwring_uring_prep_cancel(entry, 7, 0x1234, 99);
	alone(entry, VFIO_CCW_RING_OP_CANCEL);
	assert_int_equal(request_in(entry).target, 99);
}

/* A doorbell fits into a short entry, which is 64 bytes of ours. */
static void doorbell(void **state)
{
	struct io_uring_sqe *sqe;

	(void)state;
	make(0);
	sqe = io_uring_get_sqe(&uring);
	if (!sqe)
		abort();
	ccwring_uring_prep_enter(sqe, 7, 3, 2);
	memcpy(expected.entries[0].bytes, sqe, 64);
	assert_memory_equal(&memory, &expected, sizeof(memory));
}

_Static_assert(sizeof(union ccwring_uring_sqe) == 128, "an entry of IORING_SETUP_SQE128");
_Static_assert(CCWRING_URING_AREA == 48, "where its command area begins");
_Static_assert(CCWRING_URING_AREA + sizeof(struct vfio_ccw_ring_uring_request) == 128, "fits");
_Static_assert(CCWRING_URING_AREA + sizeof(struct vfio_ccw_ring_uring_enter) == 64, "fits");

RUN(cmocka_unit_test(none_that_is_too_short), cmocka_unit_test(stays_in_it),
    cmocka_unit_test(doorbell))
