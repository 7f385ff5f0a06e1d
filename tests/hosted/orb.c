// SPDX-License-Identifier: MIT
/*
 * orb.c - every bit of an ORB is carried out, or refused with a reason of its own
 *
 * A bit is carried out if START SUBCHANNEL gets it, or if another program is read because
 * of it.  Through a region, some are left out of account.
 */
#include <errno.h>
#include <string.h>

#include "client.h"
#include "unit.h"

#define PROGRAM	 CLIENT_IOVA
#define LIST	 (CLIENT_IOVA + 0x1000)
#define DATA	 (CLIENT_IOVA + 0x10000)
#define PATTERN	 (CLIENT_IOVA + 0x20000)
#define DEPTH	 8
/* More than the ring has requests, each of which keeps the ORB it had last. */
#define ALL	 40

#define BITS	 (8 * CCWRING_ORB_SIZE)
#define HOST	 0 /* START SUBCHANNEL gets it */
#define LEFT_OUT 1 /* through a region, it does not */
#define READ	 2 /* see reads_another_program() */

#define FORMATS	 (CCWRING_ORB_F | CCWRING_ORB_H | CCWRING_ORB_T)
/* What is there whatever the client says. */
#define ALWAYS	 (CCWRING_ORB_F | CCWRING_ORB_H)

static int setup(void **state)
{
	(void)state;
	client_open(DEPTH, 0);
	client_ccw(PROGRAM, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, 7, DATA);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	client_close();
	return 0;
}

static void flip(struct ccwring_orb *orb, unsigned int bit)
{
	orb->b[bit / 8] ^= 0x80 >> bit % 8;
}

static struct vfio_ccw_ring_cqe by_ring(const struct ccwring_orb *orb)
{
	struct vfio_ccw_ring_sqe *sqe = ccwring_get_sqe(&client_ring.ring);

	assert_non_null(sqe);
	ccwring_prep_start(sqe, client_ring.setup.subchannel, orb, 1);
	assert_int_equal(client_enter(1), 1);
	return client_next();
}

static struct vfio_ccw_ring_cqe by_region(const struct ccwring_orb *orb)
{
	struct vfio_ccw_ring_cqe cqe;

	hosted_carry_out(client_device, orb->b, HOSTED_AS_REGION, &cqe);
	return cqe;
}

static void works(void)
{
	struct ccwring_orb orb;
	struct vfio_ccw_ring_cqe cqe;

	ccwring_orb_init(&orb, PROGRAM);
	cqe = by_ring(&orb);
	assert_true(ccwring_cqe_good(&cqe));
	assert_int_equal(hosted_orb_word(client_device), CCWRING_ORB_DEFAULT);
}

/* What is to become of a start with this bit of a plain ORB changed; no address. */
static int fate(unsigned int bit)
{
	uint32_t mask = 0x80000000U >> bit % 32;

	if (bit < 32)
		return VFIO_CCW_RING_R_ORB_INTPARM;
	if (bit >= 96)
		return VFIO_CCW_RING_R_ORB_EXTENSION;
	switch (mask) {
	case CCWRING_ORB_S:
		return VFIO_CCW_RING_R_ORB_SUSPEND;
	case CCWRING_ORB_P:
		return VFIO_CCW_RING_R_ORB_PREFETCH;
	case CCWRING_ORB_A:
		return VFIO_CCW_RING_R_ORB_ADDR_LIMIT;
	case CCWRING_ORB_B:
		return VFIO_CCW_RING_R_ORB_TRANSPORT;
	case CCWRING_ORB_D:
		return VFIO_CCW_RING_R_ORB_MIDAW;
	case CCWRING_ORB_X:
		return VFIO_CCW_RING_R_ORB_EXTENSION;
	case CCWRING_ORB_F:
	case CCWRING_ORB_H:
	case CCWRING_ORB_T:
		return READ;
	}
	return mask & 0x3e ? VFIO_CCW_RING_R_ORB_RESERVED : HOST;
}

static int fate_by_region(unsigned int bit)
{
	switch (fate(bit)) {
	case VFIO_CCW_RING_R_ORB_INTPARM:
	case VFIO_CCW_RING_R_ORB_SUSPEND:
	case VFIO_CCW_RING_R_ORB_ADDR_LIMIT:
	case VFIO_CCW_RING_R_ORB_EXTENSION:
		return LEFT_OUT;
	case VFIO_CCW_RING_R_ORB_PREFETCH:
		return HOST;
	}
	return fate(bit);
}

static int error_of(int reason)
{
	return reason == VFIO_CCW_RING_R_ORB_INTPARM || reason == VFIO_CCW_RING_R_ORB_RESERVED ||
			       reason == VFIO_CCW_RING_R_ORB_CPA
		       ? -EINVAL
		       : -EOPNOTSUPP;
}

static void check(unsigned int bit, int what, const struct vfio_ccw_ring_cqe *cqe)
{
	uint32_t mask = 0x80000000U >> bit % 32;

	if (what > READ) {
		if (cqe->reason != what || cqe->res != error_of(what))
			fail_msg("bit %u: %d, reason %u", bit, cqe->res, cqe->reason);
		return;
	}
	if (cqe->res || !ccwring_irb_good(cqe->irb))
		fail_msg("bit %u: %d, reason %u", bit, cqe->res, cqe->reason);
	if (hosted_orb_word(client_device) != (CCWRING_ORB_DEFAULT ^ (what == HOST ? mask : 0)))
		fail_msg("bit %u: the ORB has %#x", bit, hosted_orb_word(client_device));
}

/* Behind plain ones, whose ORBs are there still, and with nothing pinned. */
static void bit_by_ring(unsigned int bit)
{
	struct vfio_ccw_ring_cqe cqe;
	struct ccwring_orb orb;

	ccwring_orb_init(&orb, PROGRAM);
	flip(&orb, bit);
	for (unsigned int i = 0; i < 2; i++) {
		works();
		cqe = by_ring(&orb);
		check(bit, fate(bit), &cqe);
		cqe = by_ring(&orb);
		check(bit, fate(bit), &cqe);
		hosted_unpin(client_device);
	}
}

static void bit_by_region(unsigned int bit)
{
	struct vfio_ccw_ring_cqe cqe;
	struct ccwring_orb orb;

	ccwring_orb_init(&orb, PROGRAM);
	flip(&orb, bit);
	for (unsigned int i = 0; i < 2; i++) {
		cqe = by_region(&orb);
		check(bit, fate_by_region(bit), &cqe);
	}
}

static bool is_address(unsigned int bit)
{
	return bit / 32 == 2;
}

static void every_bit(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ALL; i++)
		works();
	for (unsigned int bit = 0; bit < BITS; bit++) {
		if (is_address(bit) || fate(bit) == READ)
			continue;
		bit_by_ring(bit);
		bit_by_region(bit);
	}
	works();
}

/* All of these at once: what is refused is so whatever else there is. */
static void many_bits(void **state)
{
	struct vfio_ccw_ring_cqe cqe;
	struct ccwring_orb orb;

	(void)state;
	works();
	memset(&orb, 0xff, sizeof(orb));
	cqe = by_ring(&orb);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_ORB_TRANSPORT);
	ccwring_orb_init(&orb, PROGRAM);
	memset(orb.b, 0xff, 4);
	cqe = by_ring(&orb);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_ORB_INTPARM);
	ccwring_orb_init(&orb, PROGRAM);
	ccwring_orb_set_word1(&orb, CCWRING_ORB_DEFAULT | 0xf7280080);
	cqe = by_ring(&orb);
	assert_true(ccwring_cqe_good(&cqe));
	assert_int_equal(hosted_orb_word(client_device), CCWRING_ORB_DEFAULT | 0xf7280080);
	/* No path is every path there is, of which this machine has one. */
	ccwring_orb_init(&orb, PROGRAM);
	ccwring_orb_set_lpm(&orb, 0);
	cqe = by_ring(&orb);
	assert_true(ccwring_cqe_good(&cqe));
	assert_int_equal(hosted_orb_word(client_device),
			 (CCWRING_ORB_DEFAULT & ~CCWRING_ORB_LPM_MASK) | 0x8000);
}

/* There is no good program anywhere else: what is wrong says where it was looked for. */
static void address_bits(void **state)
{
	struct vfio_ccw_ring_cqe cqe;
	struct ccwring_orb orb;

	(void)state;
	for (unsigned int bit = 64; bit < 96; bit++) {
		ccwring_orb_init(&orb, PROGRAM);
		flip(&orb, bit);
		works();
		cqe = by_ring(&orb);
		if (bit == 64 || bit > 92) {
			check(bit, VFIO_CCW_RING_R_ORB_CPA, &cqe);
			cqe = by_region(&orb);
			check(bit, VFIO_CCW_RING_R_ORB_CPA, &cqe);
			continue;
		}
		assert_in_range(cqe.reason, VFIO_CCW_RING_R_CCW_UNMAPPED,
				VFIO_CCW_RING_R_IDAW_FORMAT);
		assert_int_equal(cqe.ccw_addr, ccwring_orb_cpa(&orb));
	}
	works();
}

/* 512 bytes, written from one place and read to where a list says. */
static void put_program(uint32_t word)
{
	const uint8_t flags = CCWRING_CCW_IDA;
	uint8_t *from = client_at(PATTERN), *ccws = client_at(PROGRAM), *list = client_at(LIST);

	for (unsigned int i = 0; i < 512; i++)
		from[i] = i % 251 + 1;
	memset(client_at(DATA), 0, 0x2000);
	client_ccw(PROGRAM, CCWRING_CMD_WRITE, CCWRING_CCW_CC, 512, PATTERN);
	client_ccw(PROGRAM + 8, CCWRING_CMD_READ, flags, 512, LIST);
	if (!(word & CCWRING_ORB_F)) {
		ccwring_put_be64(ccws, (uint64_t)CCWRING_CMD_WRITE << 56 | (uint64_t)PATTERN << 32 |
					       CCWRING_CCW_CC << 24 | 512);
		ccwring_put_be64(ccws + 8, (uint64_t)CCWRING_CMD_READ << 56 | (uint64_t)LIST << 32 |
						   flags << 24 | 512);
	}
	/* In blocks of 2 KiB, half of the bytes go to the second place. */
	if (word & CCWRING_ORB_H) {
		ccwring_put_be64(list, DATA + 0x700);
		ccwring_put_be64(list + 8, DATA + 0x1000);
	} else {
		ccwring_put_be32(list, DATA + 0x700);
		ccwring_put_be32(list + 4, DATA + 0x1000);
	}
}

static void reads_another_program(uint32_t word, bool second_place)
{
	const unsigned int first = second_place ? 256 : 512;
	const uint8_t *from = client_at(PATTERN);
	struct vfio_ccw_ring_cqe cqe;
	struct ccwring_orb orb;

	for (unsigned int i = 0; i < 2; i++) {
		put_program(word);
		ccwring_orb_init(&orb, PROGRAM);
		ccwring_orb_set_word1(&orb, word);
		cqe = i ? by_region(&orb) : by_ring(&orb);
		assert_true(!cqe.res && ccwring_irb_good(cqe.irb));
		assert_memory_equal(client_at(DATA + 0x700), from, first);
		assert_memory_equal(client_at(DATA + 0x1000), from + first, 512 - first);
		assert_int_equal(hosted_orb_word(client_device) & ALWAYS, ALWAYS);
		assert_int_equal(!!(hosted_orb_word(client_device) & CCWRING_ORB_T), second_place);
	}
}

/* The formats of CCWs and IDAWs. */
static void format_bits(void **state)
{
	const uint32_t rest = CCWRING_ORB_DEFAULT & ~FORMATS;

	(void)state;
	for (unsigned int f = 0; f < 2; f++) {
		uint32_t word = rest | (f ? CCWRING_ORB_F : 0);

		reads_another_program(word | CCWRING_ORB_H, false);
		reads_another_program(word | CCWRING_ORB_H | CCWRING_ORB_T, true);
		reads_another_program(word, true);
		reads_another_program(word | CCWRING_ORB_T, true);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

RUN(TEST(every_bit), TEST(many_bits), TEST(address_bits), TEST(format_bits))
