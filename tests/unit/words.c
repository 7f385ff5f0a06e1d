// SPDX-License-Identifier: MIT
/* words.c - reasons, IRBs and completions in words */
#include <errno.h>
#include <string.h>

#include <ccwring/ring.h>

#include "unit.h"

/* Each name of enum vfio_ccw_ring_reason, taken from the header. */
static const struct {
	unsigned int value;
	const char *name;
} reasons[] = {
#define REASON(name) { name, #name },
#include "reasons.inc"
};

#define N_REASONS (sizeof(reasons) / sizeof(reasons[0]))

static void every_reason_has_words(void **state)
{
	(void)state;
	assert_true(N_REASONS > 25);
	for (size_t i = 0; i < N_REASONS; i++)
		if (!strcmp(ccwring_reason_str(reasons[i].value), "unknown reason"))
			fail_msg("%s has no words", reasons[i].name);
}

static void words_differ(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_REASONS; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ccwring_reason_str(reasons[i].value),
						ccwring_reason_str(reasons[j].value));
}

static void unknown_reasons(void **state)
{
	(void)state;
	assert_string_equal(ccwring_reason_str(5), "unknown reason");
	assert_string_equal(ccwring_reason_str(0xffff), "unknown reason");
	assert_string_equal(ccwring_reason_str(UINT32_MAX), "unknown reason");
}

static void irb_words(void **state)
{
	uint8_t irb[CCWRING_IRB_SIZE] = { [2] = 0x40, [8] = 0x0c, [11] = 9 };
	char line[300];

	(void)state;
	ccwring_put_be32(irb + 4, 0x10008);
	ccwring_irb_describe(irb, line, sizeof(line));
	assert_string_equal(line, "device status channel end + device end, subchannel status none, "
				  "function start, residual count 9, CCW address 0x10008");
}

static void unit_check_words(void **state)
{
	uint8_t irb[CCWRING_IRB_SIZE] = {
		[0] = 0x05, [1] = 0x02, [2] = 0x40, [8] = 0x0e, [9] = 0x20, [16] = 0x11, [17] = 3,
	};
	char line[400];

	(void)state;
	irb[32] = 0x80;
	irb[34] = 0x0f;
	ccwring_irb_describe(irb, line, sizeof(line));
	assert_non_null(strstr(line, "device end + unit check"));
	assert_non_null(strstr(line, "subchannel status program check"));
	assert_non_null(strstr(line, "deferred condition code 1"));
	assert_non_null(strstr(line, "report authorization check"));
	assert_non_null(strstr(line, "sense 80000f"));
}

/* Each status bit is named, and no two alike. */
static void every_bit_has_words(void **state)
{
	char seen[16][300];

	(void)state;
	for (unsigned int i = 0; i < 16; i++) {
		uint8_t irb[CCWRING_IRB_SIZE] = { 0 };

		irb[8 + i / 8] = 0x80 >> i % 8;
		ccwring_irb_describe(irb, seen[i], sizeof(seen[i]));
		assert_null(
			strstr(seen[i], i < 8 ? "device status none" : "subchannel status none"));
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(seen[i], seen[j]);
	}
}

static void cqe_words(void **state)
{
	struct vfio_ccw_ring_cqe cqe = {
		.res = -EFAULT,
		.subchannel = 3,
		.reason = VFIO_CCW_RING_R_DATA_UNMAPPED,
		.ccw_index = 2,
		.ccw_addr = 0x10010,
	};
	char line[300];

	(void)state;
	ccwring_cqe_describe(&cqe, line, sizeof(line));
	assert_string_equal(line,
			    "subchannel 3: Bad address (the data area is not in mapped memory, "
			    "or not writable by the device), CCW 2 at 0x10010");
	cqe = (struct vfio_ccw_ring_cqe){ .flags = VFIO_CCW_RING_CQE_UNSOLICITED |
						   VFIO_CCW_RING_CQE_IRB };
	ccwring_cqe_describe(&cqe, line, sizeof(line));
	assert_non_null(strstr(line, "unsolicited: device status none"));
	cqe = (struct vfio_ccw_ring_cqe){ 0 };
	ccwring_cqe_describe(&cqe, line, sizeof(line));
	assert_string_equal(line, "subchannel 0: done");
}

/* Any buffer will do: the length is that of the whole, nothing runs over. */
static void short_buffers(void **state)
{
	const uint8_t irb[CCWRING_IRB_SIZE] = { [8] = 0xff, [9] = 0xff };
	char whole[600], part[600];
	size_t len = ccwring_irb_describe(irb, whole, sizeof(whole));

	(void)state;
	assert_int_equal(len, strlen(whole));
	for (size_t size = 0; size <= len + 1; size++) {
		memset(part, '#', sizeof(part));
		assert_int_equal(ccwring_irb_describe(irb, part, size), len);
		assert_int_equal(part[size], '#');
		if (size) {
			assert_int_equal(strlen(part), size - 1);
			assert_memory_equal(part, whole, size - 1);
		}
	}
	assert_int_equal(ccwring_irb_describe(irb, NULL, 0), len);
}

RUN(cmocka_unit_test(every_reason_has_words), cmocka_unit_test(words_differ),
    cmocka_unit_test(unknown_reasons), cmocka_unit_test(irb_words),
    cmocka_unit_test(unit_check_words), cmocka_unit_test(every_bit_has_words),
    cmocka_unit_test(cqe_words), cmocka_unit_test(short_buffers))
