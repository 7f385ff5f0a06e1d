// SPDX-License-Identifier: MIT
/* blocks.c - ORB, CCW, SCSW and IRB against byte images */
#include <string.h>

#include <ccwring/ccw.h>
#include <ccwring/irb.h>
#include <ccwring/orb.h>
#include <ccwring/ring.h>

#include "unit.h"

static void orb_image(void **state)
{
	static const uint8_t expected[CCWRING_ORB_SIZE] = {
		0,    0,    0,	  0, /* interruption parameter */
		0x00, 0xc2, 0xff, 0x00, /* format 1, prefetch, format-2 IDAWs, all paths */
		0x00, 0x01, 0x00, 0x08, /* channel-program address */
	};
	struct ccwring_orb orb;

	(void)state;
	memset(&orb, 0xa5, sizeof(orb));
	ccwring_orb_init(&orb, 0x10008);
	assert_memory_equal(orb.b, expected, sizeof(expected));
	assert_int_equal(ccwring_orb_cpa(&orb), 0x10008);
	assert_int_equal(ccwring_orb_word1(&orb), 0x00c2ff00);
}

static void orb_bits(void **state)
{
	/* Each flag is one bit of one byte. */
	static const struct {
		uint32_t flag;
		unsigned int byte;
		uint8_t value;
	} bits[] = {
		{ CCWRING_ORB_S, 4, 0x08 }, { CCWRING_ORB_C, 4, 0x04 }, { CCWRING_ORB_M, 4, 0x02 },
		{ CCWRING_ORB_Y, 4, 0x01 }, { CCWRING_ORB_F, 5, 0x80 }, { CCWRING_ORB_P, 5, 0x40 },
		{ CCWRING_ORB_I, 5, 0x20 }, { CCWRING_ORB_A, 5, 0x10 }, { CCWRING_ORB_U, 5, 0x08 },
		{ CCWRING_ORB_B, 5, 0x04 }, { CCWRING_ORB_H, 5, 0x02 }, { CCWRING_ORB_T, 5, 0x01 },
		{ CCWRING_ORB_L, 7, 0x80 }, { CCWRING_ORB_D, 7, 0x40 }, { CCWRING_ORB_X, 7, 0x01 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		uint8_t expected[CCWRING_ORB_SIZE] = { 0 };
		struct ccwring_orb orb = { { 0 } };

		expected[bits[i].byte] = bits[i].value;
		ccwring_orb_set_word1(&orb, bits[i].flag);
		assert_memory_equal(orb.b, expected, sizeof(expected));
	}
}

static void orb_path_mask(void **state)
{
	struct ccwring_orb orb;

	(void)state;
	ccwring_orb_init(&orb, 0);
	ccwring_orb_set_lpm(&orb, 0x40);
	assert_int_equal(orb.b[6], 0x40);
	assert_int_equal(ccwring_orb_lpm(&orb), 0x40);
	assert_int_equal(ccwring_orb_word1(&orb), 0x00c24000);
}

static void ccw_image(void **state)
{
	static const uint8_t expected[8] = { 0x86, 0x60, 0x10, 0x00, 0x01, 0x23, 0x45, 0x67 };
	struct ccwring_ccw ccw = ccwring_ccw_make(0x86, CCWRING_CCW_CC | CCWRING_CCW_SLI, 4096,
						  0x01234567);

	(void)state;
	assert_memory_equal(&ccw, expected, sizeof(expected));
}

/* As a 3390 answered: channel end, device end. */
static const uint8_t good_irb[CCWRING_IRB_SIZE] = {
	0x00, 0xc2, 0x40, 0x07, 0x00, 0x01, 0x00, 0x18, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x80,
};

static void irb_good(void **state)
{
	(void)state;
	assert_true(ccwring_irb_good(good_irb));
	assert_true(ccwring_irb_final(good_irb));
	assert_false(ccwring_irb_unsolicited(good_irb));
	assert_int_equal(ccwring_irb_cpa(good_irb), 0x10018);
	assert_int_equal(ccwring_irb_dstat(good_irb),
			 CCWRING_DSTAT_CHN_END | CCWRING_DSTAT_DEV_END);
	assert_int_equal(ccwring_irb_word0(good_irb) & CCWRING_SCSW_FC_MASK, CCWRING_SCSW_FC_START);
}

static void set_bit_breaks(unsigned int byte, uint8_t bit)
{
	uint8_t irb[CCWRING_IRB_SIZE];

	memcpy(irb, good_irb, sizeof(irb));
	irb[byte] ^= bit;
	assert_false(ccwring_irb_good(irb));
}

/* Nothing but exactly channel end with device end is good. */
static void irb_not_good(void **state)
{
	(void)state;
	for (unsigned int bit = 1; bit < 0x100; bit <<= 1) {
		set_bit_breaks(8, bit);
		set_bit_breaks(9, bit);
	}
	set_bit_breaks(0, 0x01);
	set_bit_breaks(0, 0x02);
	set_bit_breaks(2, 0x20); /* halted */
	set_bit_breaks(2, 0x10); /* cleared */
}

/* A residual count alone is no failure: suppressed length indication. */
static void irb_residual(void **state)
{
	uint8_t irb[CCWRING_IRB_SIZE];

	(void)state;
	memcpy(irb, good_irb, sizeof(irb));
	irb[10] = 0x12;
	irb[11] = 0x34;
	assert_true(ccwring_irb_good(irb));
	assert_int_equal(ccwring_irb_residual(irb), 0x1234);
}

static void irb_intermediate(void **state)
{
	uint8_t irb[CCWRING_IRB_SIZE] = { 0, 0, 0x40, 0x40 | 0x05, 0, 0, 0, 0, 0x08 };

	(void)state;
	assert_false(ccwring_irb_final(irb)); /* device active */
	irb[3] = 0x80 | 0x09;
	assert_false(ccwring_irb_final(irb)); /* subchannel active */
	irb[3] = 0x07;
	assert_true(ccwring_irb_final(irb));
}

static void irb_unsolicited(void **state)
{
	uint8_t irb[CCWRING_IRB_SIZE] = { 0, 0, 0, 0x11, 0, 0, 0, 0, 0x80 };

	(void)state;
	assert_true(ccwring_irb_unsolicited(irb));
	irb[0] = 0x01; /* a deferred condition code belongs to a start */
	assert_false(ccwring_irb_unsolicited(irb));
	irb[0] = 0;
	irb[3] = 0x15; /* primary status does, too */
	assert_false(ccwring_irb_unsolicited(irb));
}

static void irb_sense(void **state)
{
	uint8_t irb[CCWRING_IRB_SIZE] = { [1] = 0x02, [8] = 0x0e, [16] = 0x01, [17] = 24 };
	size_t len = 99;

	(void)state;
	irb[32] = 0x80;
	assert_ptr_equal(ccwring_irb_sense(irb, &len), irb + 32);
	assert_int_equal(len, 24);
	irb[17] = 63; /* more than there is room for */
	assert_non_null(ccwring_irb_sense(irb, &len));
	assert_int_equal(len, 32);
	irb[1] = 0; /* the extended-control word is not valid */
	assert_null(ccwring_irb_sense(irb, &len));
	assert_int_equal(len, 0);
	irb[1] = 0x02;
	irb[16] = 0; /* what is there is not sense */
	assert_null(ccwring_irb_sense(irb, &len));
}

static void cqe_good(void **state)
{
	struct vfio_ccw_ring_cqe cqe = { .flags = VFIO_CCW_RING_CQE_IRB };

	(void)state;
	assert_false(ccwring_cqe_good(&cqe));
	cqe.flags |= VFIO_CCW_RING_CQE_GOOD;
	assert_true(ccwring_cqe_good(&cqe));
}

RUN(cmocka_unit_test(orb_image), cmocka_unit_test(orb_bits), cmocka_unit_test(orb_path_mask),
    cmocka_unit_test(ccw_image), cmocka_unit_test(irb_good), cmocka_unit_test(irb_not_good),
    cmocka_unit_test(irb_residual), cmocka_unit_test(irb_intermediate),
    cmocka_unit_test(irb_unsolicited), cmocka_unit_test(irb_sense), cmocka_unit_test(cqe_good))
