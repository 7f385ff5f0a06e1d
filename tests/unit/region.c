// SPDX-License-Identifier: MIT
/*
 * region.c - what the region transport does behind the queues
 *
 * The device is a file: what the library writes to a region is what the test
 * reads there, and the IRB the test leaves is what the library finds.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "region_queue.h"
#include "unit.h"

#define IO_OFFSET  0
#define CMD_OFFSET 4096

static struct ccwring_device dev;
static struct region_queue queue;
static struct region_sch *sch;
static uint32_t seen;

static int setup(void **state)
{
	(void)state;
	memset(&queue, 0, sizeof(queue));
	memset(&dev, 0, sizeof(dev));
	dev.fd = memfd_create("regions", MFD_CLOEXEC);
	assert_int_equal(ftruncate(dev.fd, 8192), 0);
	dev.region[REGION_IO] = (struct region_info){ IO_OFFSET, sizeof(struct ccw_io_region) };
	dev.region[REGION_CMD] = (struct region_info){ CMD_OFFSET, sizeof(struct ccw_cmd_region) };
	assert_int_equal(region_queue_init(&queue, 4, 8), 0);
	/* Counters wrap in every test. */
	queue.sq_tail = queue.sq_head = queue.cq_head = queue.cq_tail = seen = 0xfffffffe;
	assert_int_equal(region_queue_add(&queue, &dev, -1), 0);
	sch = &queue.schs[0];
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(dev.fd);
	region_queue_fini(&queue);
	return 0;
}

static struct vfio_ccw_ring_sqe *push(uint8_t opcode, uint64_t user_data)
{
	struct vfio_ccw_ring_sqe *sqe = &queue.sqes[queue.sq_tail++ % 4];

	*sqe = (struct vfio_ccw_ring_sqe){ .opcode = opcode, .user_data = user_data };
	return sqe;
}

/* The start the device was last given is wiped out, to tell the next one. */
static void assert_started(uint32_t cpa)
{
	struct ccw_io_region region;

	assert_int_equal(pread(dev.fd, &region, sizeof(region), IO_OFFSET), sizeof(region));
	assert_int_equal(ccwring_get_be32(region.orb_area + 8), cpa);
	assert_int_equal(ccwring_get_be32(region.scsw_area),
			 cpa ? (unsigned int)CCWRING_SCSW_FC_START : 0);
	memset(&region, 0, sizeof(region));
	assert_int_equal(pwrite(dev.fd, &region, sizeof(region), IO_OFFSET), sizeof(region));
}

static void push_start(uint32_t cpa)
{
	ccwring_orb_init((struct ccwring_orb *)push(VFIO_CCW_RING_OP_START, cpa)->orb, cpa);
}

static void interrupt(uint32_t word0, uint8_t dstat)
{
	struct ccw_io_region region = { .ret_code = 0 };

	ccwring_put_be32(region.irb_area, word0);
	region.irb_area[8] = dstat;
	assert_int_equal(pwrite(dev.fd, &region, sizeof(region), IO_OFFSET), sizeof(region));
	memset(&region, 0, sizeof(region));
	assert_int_equal(region_queue_reap(&queue, sch), 0);
}

#define GOOD	     0x0c
#define START_STATUS (CCWRING_SCSW_FC_START | 0x07)
#define HALT_STATUS  (CCWRING_SCSW_FC_HALT | 0x07)
/* Flags of the completion of a start with this status. */
#define WELL	     (VFIO_CCW_RING_CQE_IRB | VFIO_CCW_RING_CQE_GOOD)

static void assert_cqe(uint64_t user_data, int res, unsigned int reason, unsigned int flags)
{
	const struct vfio_ccw_ring_cqe *cqe = &queue.cqes[seen % 8];

	assert_int_not_equal(seen, queue.cq_tail);
	assert_int_equal(cqe->user_data, user_data);
	assert_int_equal(cqe->res, res);
	assert_int_equal(cqe->reason, reason);
	assert_int_equal(cqe->flags, flags);
	seen++;
}

static void assert_no_cqe(void)
{
	assert_int_equal(seen, queue.cq_tail);
}

static void one_at_a_time(void **state)
{
	(void)state;
	push_start(0x1000);
	push_start(0x2000);
	assert_int_equal(region_queue_consume(&queue), 2);
	assert_int_equal(queue.sq_head, queue.sq_tail);
	assert_started(0x1000);
	assert_no_cqe();
	interrupt(START_STATUS, GOOD);
	assert_cqe(0x1000, 0, 0, WELL);
	assert_started(0x2000);
	interrupt(START_STATUS, GOOD);
	assert_cqe(0x2000, 0, 0, WELL);
	assert_no_cqe();
	assert_int_equal(queue.reserved, 0);
}

static void refusals(void **state)
{
	(void)state;
	push(99, 1);
	push(VFIO_CCW_RING_OP_NOP, 2)->flags = 0x80;
	push(VFIO_CCW_RING_OP_NOP, 3)->reserved = 1;
	push(VFIO_CCW_RING_OP_START, 4)->subchannel = 1;
	assert_int_equal(region_queue_consume(&queue), 4);
	assert_cqe(1, -EOPNOTSUPP, VFIO_CCW_RING_R_OPCODE, 0);
	assert_cqe(2, -EINVAL, VFIO_CCW_RING_R_SQE_FLAGS, 0);
	assert_cqe(3, -EINVAL, VFIO_CCW_RING_R_SQE_RESERVED, 0);
	assert_int_equal(queue.cqes[seen % 8].subchannel, 1);
	assert_cqe(4, -ENXIO, VFIO_CCW_RING_R_SUBCHANNEL, 0);
	push(VFIO_CCW_RING_OP_NOP, 5);
	region_queue_consume(&queue);
	assert_cqe(5, 0, 0, 0);
	assert_started(0);
}

static void refused_orb(unsigned int byte, uint8_t bits, int res, unsigned int reason)
{
	push_start(0x1000);
	queue.sqes[(queue.sq_tail - 1) % 4].orb[byte] ^= bits;
	assert_int_equal(region_queue_consume(&queue), 1);
	assert_cqe(0x1000, res, reason, 0);
	assert_started(0);
	queue.cq_head = seen;
}

/* What of an ORB the region itself would take no notice of, a driver with rings refuses. */
static void refused_orbs(void **state)
{
	(void)state;
	refused_orb(3, 1, -EINVAL, VFIO_CCW_RING_R_ORB_INTPARM);
	refused_orb(4, 0x08, -EOPNOTSUPP, VFIO_CCW_RING_R_ORB_SUSPEND);
	refused_orb(5, 0x40, -EOPNOTSUPP, VFIO_CCW_RING_R_ORB_PREFETCH);
	refused_orb(5, 0x10, -EOPNOTSUPP, VFIO_CCW_RING_R_ORB_ADDR_LIMIT);
	refused_orb(5, 0x04, -EOPNOTSUPP, VFIO_CCW_RING_R_ORB_TRANSPORT);
	refused_orb(7, 0x40, -EOPNOTSUPP, VFIO_CCW_RING_R_ORB_MIDAW);
	refused_orb(7, 0x20, -EINVAL, VFIO_CCW_RING_R_ORB_RESERVED);
	refused_orb(7, 0x01, -EOPNOTSUPP, VFIO_CCW_RING_R_ORB_EXTENSION);
	refused_orb(8, 0x80, -EINVAL, VFIO_CCW_RING_R_ORB_CPA);
	refused_orb(11, 0x04, -EINVAL, VFIO_CCW_RING_R_ORB_CPA);
	refused_orb(12, 0x80, -EOPNOTSUPP, VFIO_CCW_RING_R_ORB_EXTENSION);
	refused_orb(31, 0x01, -EOPNOTSUPP, VFIO_CCW_RING_R_ORB_EXTENSION);
	push(VFIO_CCW_RING_OP_HALT, 1)->orb[31] = 1;
	region_queue_consume(&queue);
	assert_cqe(1, -EINVAL, VFIO_CCW_RING_R_SQE_RESERVED, 0);
	/* The rest is for the subchannel. */
	push_start(0x2000);
	queue.sqes[(queue.sq_tail - 1) % 4].orb[4] = 0xf7;
	queue.sqes[(queue.sq_tail - 1) % 4].orb[5] ^= 0xab;
	region_queue_consume(&queue);
	assert_started(0x2000);
}

static void intermediate_and_unsolicited(void **state)
{
	(void)state;
	interrupt(0x11, CCWRING_DSTAT_ATTENTION);
	assert_cqe(0, 0, 0, VFIO_CCW_RING_CQE_UNSOLICITED | VFIO_CCW_RING_CQE_IRB);
	push_start(0x1000);
	region_queue_consume(&queue);
	interrupt(0x11, CCWRING_DSTAT_ATTENTION);
	assert_cqe(0, 0, 0, VFIO_CCW_RING_CQE_UNSOLICITED | VFIO_CCW_RING_CQE_IRB);
	interrupt(CCWRING_SCSW_FC_START | CCWRING_SCSW_AC_DEVACT | 0x05, CCWRING_DSTAT_CHN_END);
	assert_cqe(0x1000, 0, 0, VFIO_CCW_RING_CQE_MORE | VFIO_CCW_RING_CQE_IRB);
	interrupt(CCWRING_SCSW_FC_START | 0x03, CCWRING_DSTAT_DEV_END);
	assert_cqe(0x1000, 0, 0, VFIO_CCW_RING_CQE_IRB);
	assert_int_equal(queue.reserved, 0);
	/* An end in two parts is no failure. */
	push_start(0x2000);
	region_queue_consume(&queue);
	assert_started(0x2000);
}

/* Starts behind a failed one are taken back until its completion is seen. */
static void held(void **state)
{
	(void)state;
	push_start(0x1000);
	push_start(0x2000);
	region_queue_consume(&queue);
	assert_started(0x1000);
	interrupt(START_STATUS, GOOD | CCWRING_DSTAT_UNIT_CHECK);
	push_start(0x3000);
	region_queue_consume(&queue);
	assert_cqe(0x1000, 0, 0, VFIO_CCW_RING_CQE_IRB);
	assert_cqe(0x2000, -ECANCELED, VFIO_CCW_RING_R_HELD, 0);
	assert_cqe(0x3000, -ECANCELED, VFIO_CCW_RING_R_HELD, 0);
	assert_int_equal(sch->running, NULL);
	queue.cq_head = seen - 2; /* the failure is seen, what followed is not */
	push_start(0x4000);
	region_queue_consume(&queue);
	assert_started(0x4000);
}

static void push_recover(uint32_t cpa)
{
	push_start(cpa);
	queue.sqes[(queue.sq_tail - 1) % 4].flags = VFIO_CCW_RING_SQE_RECOVER;
}

/* Submitted before or after the failure: it is carried out, with what is behind it. */
static void recovers(void **state)
{
	(void)state;
	push_start(0x1000);
	push_start(0x2000);
	push_recover(0x3000);
	push_start(0x4000);
	region_queue_consume(&queue);
	interrupt(START_STATUS, GOOD | CCWRING_DSTAT_UNIT_CHECK);
	assert_cqe(0x1000, 0, 0, VFIO_CCW_RING_CQE_IRB);
	assert_cqe(0x2000, -ECANCELED, VFIO_CCW_RING_R_HELD, 0);
	assert_started(0x3000);
	interrupt(START_STATUS, GOOD);
	assert_cqe(0x3000, 0, 0, WELL);
	assert_started(0x4000);
	interrupt(START_STATUS, GOOD | CCWRING_DSTAT_UNIT_CHECK);
	assert_cqe(0x4000, 0, 0, VFIO_CCW_RING_CQE_IRB);
	push_recover(0x5000);
	push_start(0x6000);
	region_queue_consume(&queue);
	assert_started(0x5000);
	interrupt(START_STATUS, GOOD);
	assert_cqe(0x5000, 0, 0, WELL);
	assert_started(0x6000);
}

/* Unit check that nobody asked for holds, until its own completion has been seen. */
static void held_by_unsolicited(void **state)
{
	const unsigned int flags = VFIO_CCW_RING_CQE_UNSOLICITED | VFIO_CCW_RING_CQE_IRB;

	(void)state;
	interrupt(0x11, CCWRING_DSTAT_UNIT_CHECK);
	assert_cqe(0, 0, 0, flags);
	push_start(0x1000);
	region_queue_consume(&queue);
	assert_cqe(0x1000, -ECANCELED, VFIO_CCW_RING_R_HELD, 0);
	queue.cq_head = seen;
	while (seen != queue.cq_head + 8) {
		push(VFIO_CCW_RING_OP_NOP, 9);
		region_queue_consume(&queue);
		assert_cqe(9, 0, 0, 0);
	}
	/* There is no room for it, and what is seen is something else. */
	interrupt(0x11, CCWRING_DSTAT_UNIT_CHECK);
	interrupt(0x11, CCWRING_DSTAT_ATTENTION);
	assert_no_cqe();
	queue.cq_head++;
	push_start(0x2000);
	region_queue_consume(&queue);
	assert_int_equal(queue.cqes[seen % 8].irb[8],
			 CCWRING_DSTAT_UNIT_CHECK | CCWRING_DSTAT_ATTENTION);
	assert_cqe(0, 0, 0, flags | VFIO_CCW_RING_CQE_MERGED);
	queue.cq_head = seen - 1;
	region_queue_consume(&queue);
	assert_cqe(0x2000, -ECANCELED, VFIO_CCW_RING_R_HELD, 0);
	queue.cq_head = seen;
	push_start(0x3000);
	region_queue_consume(&queue);
	assert_started(0x3000);
}

static void halts(void **state)
{
	struct ccw_cmd_region cmd;

	(void)state;
	push_start(0x1000);
	push_start(0x2000);
	push(VFIO_CCW_RING_OP_HALT, 7);
	region_queue_consume(&queue);
	assert_started(0x1000);
	assert_int_equal(pread(dev.fd, &cmd, sizeof(cmd), CMD_OFFSET), sizeof(cmd));
	assert_int_equal(cmd.command, VFIO_CCW_ASYNC_CMD_HSCH);
	assert_cqe(0x2000, -ECANCELED, VFIO_CCW_RING_R_FLUSHED, 0);
	assert_no_cqe();
	interrupt(HALT_STATUS | CCWRING_SCSW_FC_START, GOOD);
	assert_cqe(0x1000, 0, 0, VFIO_CCW_RING_CQE_IRB);
	assert_cqe(7, 0, 0, VFIO_CCW_RING_CQE_IRB);
	assert_int_equal(queue.reserved, 0);
	/* What was stopped has not failed, and holds nothing back. */
	push_start(0x3000);
	region_queue_consume(&queue);
	assert_started(0x3000);
}

static void cancels_what_waits(void **state)
{
	(void)state;
	push_start(0x1000);
	push_start(0x2000);
	push_start(0x3000);
	region_queue_consume(&queue);
	push(VFIO_CCW_RING_OP_CANCEL, 7)->target = 0x3000;
	push(VFIO_CCW_RING_OP_CANCEL, 8)->target = 0x1000;
	push(VFIO_CCW_RING_OP_CANCEL, 9)->target = 0x4000;
	push(VFIO_CCW_RING_OP_RESUME, 10);
	region_queue_consume(&queue);
	assert_cqe(0x3000, -ECANCELED, VFIO_CCW_RING_R_CANCELED, 0);
	assert_cqe(7, 0, 0, 0);
	assert_cqe(8, -EBUSY, VFIO_CCW_RING_R_BUSY, 0);
	assert_cqe(9, -ENOENT, VFIO_CCW_RING_R_NO_START, 0);
	assert_cqe(10, -EOPNOTSUPP, VFIO_CCW_RING_R_OPCODE, 0);
	/* The list of those that wait is whole. */
	push_start(0x5000);
	region_queue_consume(&queue);
	interrupt(START_STATUS, GOOD);
	assert_cqe(0x1000, 0, 0, WELL);
	interrupt(START_STATUS, GOOD);
	assert_cqe(0x2000, 0, 0, WELL);
	assert_started(0x5000);
	interrupt(START_STATUS, GOOD);
	assert_cqe(0x5000, 0, 0, WELL);
	assert_int_equal(queue.reserved, 0);
}

static void clears_idle(void **state)
{
	struct ccw_cmd_region cmd;

	(void)state;
	push(VFIO_CCW_RING_OP_CLEAR, 7);
	push_start(0x1000); /* waits for the end of the clear */
	region_queue_consume(&queue);
	assert_int_equal(pread(dev.fd, &cmd, sizeof(cmd), CMD_OFFSET), sizeof(cmd));
	assert_int_equal(cmd.command, VFIO_CCW_ASYNC_CMD_CSCH);
	assert_started(0);
	interrupt(CCWRING_SCSW_FC_CLEAR | 1, 0);
	assert_cqe(7, 0, 0, VFIO_CCW_RING_CQE_IRB);
	assert_started(0x1000);
}

/* Room in the CQ is set aside for what was consumed. */
static void cq_room(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int k = 0; k < 4; k++)
			push_start(0x1000 * (4 * i + k + 1));
		assert_int_equal(region_queue_consume(&queue), 4);
	}
	push(VFIO_CCW_RING_OP_NOP, 9);
	assert_int_equal(region_queue_consume(&queue), 0);
	/* No room for status nobody asked for: it comes when there is some. */
	interrupt(0x11, CCWRING_DSTAT_ATTENTION);
	assert_no_cqe();
	/* Nor for that in the middle of a start: it is merged into its end. */
	interrupt(CCWRING_SCSW_FC_START | CCWRING_SCSW_AC_DEVACT | 0x05, CCWRING_DSTAT_CHN_END);
	assert_no_cqe();
	interrupt(START_STATUS, CCWRING_DSTAT_DEV_END);
	assert_int_equal(queue.cqes[seen % 8].irb[8], GOOD);
	assert_cqe(0x1000, 0, 0, VFIO_CCW_RING_CQE_IRB | VFIO_CCW_RING_CQE_MERGED);
	assert_int_equal(region_queue_consume(&queue), 0);
	queue.cq_head = seen;
	assert_int_equal(region_queue_consume(&queue), 0);
	assert_cqe(0, 0, 0, VFIO_CCW_RING_CQE_UNSOLICITED | VFIO_CCW_RING_CQE_IRB);
	queue.cq_head = seen;
	assert_int_equal(region_queue_consume(&queue), 1);
}

static void open_ring(struct ring *ring)
{
	*ring = (struct ring){
		.ops = &transport_region,
		.transport = &queue,
		.fd = epoll_create1(EPOLL_CLOEXEC),
		.pub = {
			.sq_tail = queue.sq_tail,
			.sq_head = queue.sq_head,
			.sq_entries = queue.sq_entries,
			.k_sq_tail = &queue.sq_tail,
			.k_sq_head = &queue.sq_head,
			.cq_entries = queue.cq_entries,
		},
	};
	sch->eventfd = eventfd(0, EFD_CLOEXEC);
	assert_true(ring->fd >= 0 && sch->eventfd >= 0);
}

static void close_ring(struct ring *ring)
{
	close(sch->eventfd);
	close(ring->fd);
}

/* What was consumed is said, and only if nothing was, what has ended the wait. */
static void tells_what_it_consumed(void **state)
{
	struct ring ring;

	(void)state;
	push_start(0x1000);
	push_start(0x2000);
	open_ring(&ring);
	assert_int_equal(transport_region.enter(&ring, 2, 1, 1000000), 2);
	assert_no_cqe();
	assert_int_equal(transport_region.enter(&ring, 0, 1, 1000000), -ETIME);
	close_ring(&ring);
}

/* More completions than there can be are not waited for. */
static void waits_for_what_can_be(void **state)
{
	struct ring ring;

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		push(VFIO_CCW_RING_OP_NOP, i);
		region_queue_consume(&queue);
	}
	open_ring(&ring);
	assert_int_equal(ccwring_submit_and_wait(&ring.pub, 9, 1000000), 0);
	assert_int_equal(ccwring_submit_and_wait(&ring.pub, UINT32_MAX, -1), 0);
	close_ring(&ring);
}

/* A subchannel leaves when nothing of it is under way, and its index is given away. */
static void leaves(void **state)
{
	(void)state;
	push_start(0x1000);
	region_queue_consume(&queue);
	assert_int_equal(region_queue_remove(&queue, &dev), -EBUSY);
	interrupt(START_STATUS, GOOD);
	sch->eventfd = 77;
	assert_int_equal(region_queue_remove(&queue, &dev), 77);
	push_start(0x2000);
	region_queue_consume(&queue);
	assert_cqe(0x1000, 0, 0, WELL);
	assert_cqe(0x2000, -ENXIO, VFIO_CCW_RING_R_SUBCHANNEL, 0);
	assert_int_equal(region_queue_add(&queue, &dev, -1), 0);
	assert_int_equal(region_queue_add(&queue, &dev, -1), 1);
	push_start(0x3000);
	region_queue_consume(&queue);
	interrupt(START_STATUS, GOOD);
	assert_cqe(0x3000, 0, 0, WELL);
}

static void device_gone(void **state)
{
	(void)state;
	dev.region[REGION_CMD].size = 0;
	push(VFIO_CCW_RING_OP_HALT, 1);
	close(dev.fd);
	push_start(0x1000);
	region_queue_consume(&queue);
	assert_cqe(1, -EOPNOTSUPP, VFIO_CCW_RING_R_NONE, 0);
	assert_cqe(0x1000, -EBADF, VFIO_CCW_RING_R_NONE, 0);
	assert_int_equal(region_queue_reap(&queue, sch), -EBADF);
}

#define WITH_QUEUE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

RUN(WITH_QUEUE(one_at_a_time), WITH_QUEUE(refusals), WITH_QUEUE(refused_orbs),
    WITH_QUEUE(intermediate_and_unsolicited), WITH_QUEUE(held), WITH_QUEUE(recovers),
    WITH_QUEUE(held_by_unsolicited), WITH_QUEUE(halts), WITH_QUEUE(cancels_what_waits),
    WITH_QUEUE(clears_idle), WITH_QUEUE(cq_room), WITH_QUEUE(tells_what_it_consumed),
    WITH_QUEUE(waits_for_what_can_be), WITH_QUEUE(leaves), WITH_QUEUE(device_gone))
