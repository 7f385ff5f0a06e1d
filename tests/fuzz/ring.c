// SPDX-License-Identifier: MIT
/*
 * ring.c - what a client does to a ring, made of bytes
 *
 * Two devices, a ring, and one thread, so that a run can be repeated exactly: the
 * subchannels go on when the input says so, or when the driver waits for them.  The input
 * is a list of what to do: SQEs that are good, nearly good or any bytes, changed after
 * they have been submitted; heads and tails that lie; ENTER with any argument; memory that
 * goes, comes and is discarded; devices that fail, and are attached, detached, reset and
 * closed.
 *
 * What must hold is in check.c.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include <linux/vfio.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "fuzz.h"
#include "random.h"
#include "unit.h"

#define PROGRAM_SIZE 64
#define PROGRAMS     16
#define LIST	     (CLIENT_IOVA + 0x1000)
#define BYTES	     (RANDOM_END - CLIENT_IOVA)

static uint8_t memory[BYTES] __attribute__((aligned(4096)));
static uint8_t area[RANDOM_AREA_SIZE] __attribute__((aligned(4096)));
static bool area_mapped;
static struct device contents[CHECK_DEVICES];
static struct hosted *devices[CHECK_DEVICES];

/* Programs of all kinds, each at its place; those that are not here are zeros. */
static void put_programs(void)
{
	enum {
		CC = CCWRING_CCW_CC | CCWRING_CCW_SLI,
		CD = CCWRING_CCW_CD,
		SLI = CCWRING_CCW_SLI,
		PCI = 0x08,
	};
	static const struct {
		uint8_t program;
		uint8_t cmd;
		uint8_t flags;
		uint16_t count;
		uint32_t data;
	} ccws[] = {
		{ 0, DEVICE_CMD_NOP, SLI, 1, RANDOM_DATA },
		{ 1, DEVICE_CMD_WRITE, CC, 5000, RANDOM_DATA + 100 },
		{ 1, DEVICE_CMD_READ, SLI, 4000, RANDOM_DATA + 0x2000 },
		{ 2, DEVICE_CMD_SENSE_ID, SLI, 7, RANDOM_AREA },
		{ 3, 0x17, SLI, 1, RANDOM_DATA }, /* unit check */
		{ 4, DEVICE_CMD_NOP, CC, 1, RANDOM_DATA }, /* no end */
		{ 4, DEVICE_CMD_SENSE_ID, CC, 7, RANDOM_DATA },
		{ 4, CCWRING_CMD_TIC, 0, 0, CLIENT_IOVA + 4 * PROGRAM_SIZE },
		{ 4, DEVICE_CMD_NOP, SLI, 1, RANDOM_DATA },
		{ 5, DEVICE_CMD_READ, CD, 10, RANDOM_AREA + 0xffb },
		{ 5, 0, SLI, 3000, RANDOM_DATA + 0x1000 },
		{ 6, DEVICE_CMD_SEARCH, CC, 1, RANDOM_DATA },
		{ 6, CCWRING_CMD_TIC, 0, 0, CLIENT_IOVA + 6 * PROGRAM_SIZE },
		{ 6, DEVICE_CMD_SENSE, SLI, 32, RANDOM_DATA },
		{ 7, DEVICE_CMD_NOP, CC, 1, RANDOM_DATA },
		{ 7, DEVICE_CMD_NOP, SLI | PCI, 1, RANDOM_DATA },
		{ 8, DEVICE_CMD_SENSE_ID, SLI | CCWRING_CCW_IDA, 7, LIST },
		{ 9, DEVICE_CMD_READ_BACK, SLI, 2000, RANDOM_DATA + 0x1100 },
		{ 10, DEVICE_CMD_READ, SLI, 60000, 0x200000 }, /* refused */
		{ 11, DEVICE_CMD_NOP, SLI, 1, 0x80000000 },
		{ 12, CCWRING_CMD_TIC, 0, 0, CLIENT_IOVA },
		{ 13, DEVICE_CMD_WRITE, 0, 100, RANDOM_DATA }, /* of another length */
		{ 13, DEVICE_CMD_READ, 0, 50, RANDOM_DATA },
		{ 14, DEVICE_CMD_SENSE_ID, CC | PCI, 7, RANDOM_DATA },
		{ 14, DEVICE_CMD_SENSE_ID, CC | PCI, 7, RANDOM_DATA },
		{ 14, DEVICE_CMD_SENSE_ID, CC | PCI, 7, RANDOM_AREA },
		{ 14, 0x17, SLI, 7, RANDOM_DATA },
	};
	uint8_t n[PROGRAMS] = { 0 };

	memset(memory, 0, sizeof(memory));
	for (unsigned int i = 0; i < sizeof(ccws) / sizeof(ccws[0]); i++) {
		uint32_t at = CLIENT_IOVA + ccws[i].program * PROGRAM_SIZE;

		client_ccw(at + 8 * n[ccws[i].program]++, ccws[i].cmd, ccws[i].flags, ccws[i].count,
			   ccws[i].data);
	}
	ccwring_put_be64(client_at(LIST), RANDOM_AREA + 0x1000);
}

static void new_device(unsigned int d)
{
	device_reset(&contents[d]);
	assert_int_equal(hosted_new(client_container, &device_ops, &contents[d], &devices[d]), 0);
}

static void map_area(bool map)
{
	if (map && !area_mapped)
		assert_int_equal(hosted_map(client_container, area, RANDOM_AREA, sizeof(area)), 0);
	if (!map && area_mapped)
		assert_int_equal(hosted_unmap(client_container, RANDOM_AREA, sizeof(area)), 0);
	area_mapped = map;
}

/* SQEs */

static struct vfio_ccw_ring_sqe *next_sqe(void)
{
	struct vfio_ccw_ring_sqe *sqe = check_next_sqe();

	if (sqe)
		memset(sqe, 0, sizeof(*sqe));
	return sqe;
}

static void put_start(struct fuzz_input *in)
{
	struct vfio_ccw_ring_sqe *sqe = next_sqe();
	uint8_t program = fuzz_take(in, 1), bits = fuzz_take(in, 1);
	struct ccwring_orb orb;

	if (!sqe)
		return;
	ccwring_orb_init(&orb, CLIENT_IOVA + program % PROGRAMS * PROGRAM_SIZE);
	if (bits & 0x80)
		orb.b[4 + (bits >> 2) % 8] ^= 1 << bits % 4;
	ccwring_prep_start(sqe, check_index(bits & 1), &orb, program % 8);
	sqe->flags = bits & 2 ? VFIO_CCW_RING_SQE_RECOVER : 0;
	check_publish();
}

static void put_request(struct fuzz_input *in)
{
	struct vfio_ccw_ring_sqe *sqe = next_sqe();
	uint8_t what = fuzz_take(in, 1), bits = fuzz_take(in, 1);

	if (!sqe)
		return;
	sqe->opcode = what % 8;
	sqe->subchannel = check_index(bits & 1);
	sqe->user_data = 8 + bits % 8;
	if (sqe->opcode == VFIO_CCW_RING_OP_CANCEL)
		sqe->target = what >> 4;
	check_publish();
}

static void put_any(struct fuzz_input *in)
{
	uint8_t *to = (uint8_t *)next_sqe();

	if (!to)
		return;
	for (size_t i = 0; i < sizeof(struct vfio_ccw_ring_sqe); i++)
		to[i] = fuzz_take(in, 1);
	check_publish();
}

/* Any byte of any SQE, those in use as well. */
static void change_sqe(struct fuzz_input *in)
{
	struct ccwring_ring *ring = &client_ring.ring;
	uint16_t where = fuzz_take(in, 2);

	((uint8_t *)ring->sqes)[where % (ring->sq_entries * sizeof(*ring->sqes))] = fuzz_take(in,
											      1);
}

static void change_memory(struct fuzz_input *in)
{
	uint16_t where = fuzz_take(in, 2);

	memory[where % (PROGRAMS * PROGRAM_SIZE)] = fuzz_take(in, 1);
}

/* Calls */

static void enter(struct fuzz_input *in)
{
	uint8_t bits = fuzz_take(in, 1), more = fuzz_take(in, 1);
	struct {
		struct vfio_ccw_ring_enter enter;
		uint8_t rest[4096];
	} argument = {
		.enter = {
			.size = sizeof(argument.enter),
			.to_submit = bits % 16,
			.min_complete = bits >> 4,
			.flags = more % 16,
			.timeout_ns = 1000000ULL * (more >> 4),
		},
	};

	/* Nobody is there who could interrupt it. */
	if (argument.enter.min_complete)
		argument.enter.flags |= VFIO_CCW_RING_ENTER_TIMEOUT;
	if (more & 0x80) {
		argument.enter.size = fuzz_take(in, 2) % 4100;
		argument.rest[fuzz_take(in, 2) % 4096] = fuzz_take(in, 1);
	}
	check_enter(&argument.enter);
}

/* Not each start: one that finds status pending is tried again for ever. */
static void go_wrong(struct fuzz_input *in)
{
	uint8_t bits = fuzz_take(in, 1);
	struct hosted_faults faults = {
		/* A device that never answers is another test's: each call may fail then. */
		.kinds = fuzz_take(in, 2) & ~(1U << HOSTED_STUCK),
		.one_in = 2 + (bits >> 1) % 8,
		.seed = bits,
	};

	hosted_faults(devices[bits & 1], &faults);
}

static void go_on(struct fuzz_input *in)
{
	uint8_t bits = fuzz_take(in, 1);

	if (bits & 0x80)
		go_wrong(in);
	for (unsigned int n = bits % 8; n && hosted_go_on(); n--)
		;
}

static void attach(struct fuzz_input *in)
{
	uint8_t bits = fuzz_take(in, 1);
	unsigned int d = bits & 1;
	struct vfio_ccw_ring_attach attach = {
		.ring_fd = bits & 2 ? -1 : client_ring.setup.ring_fd,
	};

	if (bits & 0x80)
		attach.ring_fd = bits >> 2;
	if (bits & 0x40)
		attach.flags = 1 << (bits >> 2) % 16;
	check_attach(devices[d], d, &attach);
}

/* A second ring for a device, with any parameters, which is closed again. */
static void other_ring(struct fuzz_input *in)
{
	uint8_t bits = fuzz_take(in, 1);
	struct vfio_ccw_ring_setup setup = {
		.sq_entries = fuzz_take(in, 2),
		.cq_entries = fuzz_take(in, 2),
		.flags = bits & 2 ? fuzz_take(in, 1) & ~6 : 0,
		.poll_us = bits & 4 ? fuzz_take(in, 4) : 0,
		.thread_idle_us = bits & 8 ? fuzz_take(in, 4) : 0,
		.thread_cpu = bits & 16 ? fuzz_take(in, 4) : 0,
		.reserved1 = bits & 32 ? fuzz_take(in, 4) : 0,
		.reserved = { 0, bits & 64 ? fuzz_take(in, 8) : 0 },
	};

	if (check_setup(devices[bits & 1], bits & 1, &setup))
		hosted_close(setup.ring_fd);
}

static void map_ring(struct fuzz_input *in)
{
	uint8_t bits = fuzz_take(in, 1);
	const struct vfio_ccw_ring_setup *setup = &client_ring.setup;
	bool cq = bits & 1, writable = bits & 2;
	size_t size = (cq ? setup->cq_bytes : setup->sq_bytes) + (bits & 4 ? 4096 : 0);
	uint64_t offset = (cq ? VFIO_CCW_RING_OFF_CQ : VFIO_CCW_RING_OFF_SQ) +
			  (bits & 8 ? 4096 : 0);
	void *at;
	int ret = hosted_mmap(setup->ring_fd, offset, size, writable, &at);

	if (bits & 12)
		assert_int_equal(ret, -EINVAL);
	else
		assert_int_equal(ret, cq && writable ? -EPERM : 0);
}

static void open_ring(struct fuzz_input *in)
{
	uint8_t bits = fuzz_take(in, 1);

	client_open_ring(devices[0], 1 + bits % 8, bits & 0x80 ? VFIO_CCW_RING_SETUP_POLL : 0);
	check_begin();
}

static void close_device(unsigned int d)
{
	hosted_free(devices[d]);
	check_detached(d);
	new_device(d);
}

/* The file goes, and with it all that is under way. */
static void close_ring(struct fuzz_input *in)
{
	hosted_close(client_ring.setup.ring_fd);
	open_ring(in);
}

static void act(struct fuzz_input *in)
{
	switch (fuzz_take(in, 1) % 24) {
	case 0 ... 4:
		put_start(in);
		break;
	case 5:
		put_request(in);
		break;
	case 6:
		put_any(in);
		break;
	case 7:
		change_sqe(in);
		break;
	case 8:
		change_memory(in);
		break;
	case 9:
	case 10:
		check_submit(fuzz_take(in, 1) % 16);
		break;
	case 11:
		enter(in);
		break;
	case 12:
		go_on(in);
		break;
	case 13:
		check_reap(fuzz_take(in, 1) % 16);
		break;
	case 14:
		check_lie_tail(fuzz_take(in, 4));
		break;
	case 15:
		check_lie_head(fuzz_take(in, 4));
		break;
	case 16:
		map_area(fuzz_take(in, 1) & 1);
		break;
	case 17:
		hosted_discard(client_container,
			       CLIENT_IOVA + fuzz_take(in, 1) % (BYTES / 4096) * 4096);
		break;
	case 18:
		assert_int_equal(hosted_reset(devices[fuzz_take(in, 1) & 1]), 0);
		break;
	case 19:
		attach(in);
		break;
	case 20:
		other_ring(in);
		break;
	case 21:
		map_ring(in);
		break;
	case 22:
		close_device(fuzz_take(in, 1) & 1);
		break;
	default:
		close_ring(in);
	}
	check_poll();
}

/* In the end nothing is under way, a good request works, and nothing is pinned. */
static void end(void)
{
	for (unsigned int d = 0; d < CHECK_DEVICES; d++)
		hosted_faults(devices[d], &(struct hosted_faults){ 0 });
	check_settle(devices);
	client_ccw(CLIENT_IOVA, DEVICE_CMD_NOP, CCWRING_CCW_SLI, 1, RANDOM_DATA);
	check_usable(devices[0]);
	map_area(false);
	assert_int_equal(hosted_unmap(client_container, CLIENT_IOVA, BYTES), 0);
	assert_int_equal(hosted_pinned(client_container), 0);
	hosted_close(client_ring.setup.ring_fd);
	for (unsigned int d = 0; d < CHECK_DEVICES; d++)
		hosted_free(devices[d]);
	hosted_client_free(client_container);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	hosted_alone();
	client_memory = memory;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };

	assert_int_equal(hosted_client_new(&client_container), 0);
	assert_int_equal(hosted_map(client_container, memory, CLIENT_IOVA, BYTES), 0);
	for (unsigned int d = 0; d < CHECK_DEVICES; d++)
		new_device(d);
	area_mapped = false;
	map_area(true);
	put_programs();
	open_ring(&in);
	while (in.left)
		act(&in);
	end();
	return 0;
}
