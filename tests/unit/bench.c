// SPDX-License-Identifier: MIT
/* bench.c - what the bench's figures and checks stand on */
#include <string.h>

#include "histogram.h"
#include "pattern.h"
#include "unit.h"

static void buckets_are_ordered(void **state)
{
	unsigned int last = 0;

	(void)state;
	for (uint64_t v = 0; v < 100000; v++) {
		unsigned int i = hist_index(v);

		assert_true(i == last || i == last + 1);
		last = i;
	}
	for (unsigned int bit = 17; bit < 64; bit++) {
		assert_true(hist_index(UINT64_C(1) << bit) > hist_index((UINT64_C(1) << bit) - 1));
		assert_true(hist_index(UINT64_C(1) << bit) < HIST_BUCKETS);
	}
	assert_true(hist_index(UINT64_MAX) < HIST_BUCKETS);
}

static void assert_near(uint64_t value, uint64_t expected)
{
	assert_in_range(value, expected - expected / 25 - 1, expected + expected / 25 + 1);
}

static void percentiles(void **state)
{
	static struct histogram h;

	(void)state;
	memset(&h, 0, sizeof(h));
	assert_int_equal(hist_percentile(&h, 50), 0);
	for (uint64_t v = 1; v <= 1000; v++)
		hist_add(&h, v * 1000);
	assert_near(hist_percentile(&h, 0), 1000);
	assert_near(hist_percentile(&h, 50), 500000);
	assert_near(hist_percentile(&h, 99), 990000);
	assert_near(hist_percentile(&h, 100), 1000000);
}

static void one_value(void **state)
{
	static struct histogram h;

	(void)state;
	for (uint64_t v = 1; v < UINT64_C(1) << 62; v = v * 3 + 1) {
		memset(&h, 0, sizeof(h));
		hist_add(&h, v);
		assert_near(hist_percentile(&h, 50), v);
		assert_near(hist_percentile(&h, 99), v);
	}
}

/* Lines of lab/dasd pattern. */
static void pattern_lines(void **state)
{
	uint8_t block[PATTERN_BLOCK];

	(void)state;
	pattern_fill(block, 123, 7);
	assert_memory_equal(block,
			    "block 0000000123 seed 0000000007 29de02c7......................\n",
			    64);
	assert_memory_equal(block + 63 * 64,
			    "block 0000000123 seed 0000000007 1984f556......................\n",
			    64);
	pattern_fill(block, 4294967295, 4294967295);
	assert_memory_equal(block,
			    "block 4294967295 seed 4294967295 722193bf......................\n",
			    64);
	assert_memory_equal(block + 63 * 64,
			    "block 4294967295 seed 4294967295 61c8864e......................\n",
			    64);
}

static void pattern_differs(void **state)
{
	uint8_t block[PATTERN_BLOCK];

	(void)state;
	pattern_fill(block, 5, 1);
	assert_true(pattern_matches(block, 5, 1));
	assert_false(pattern_matches(block, 6, 1));
	assert_false(pattern_matches(block, 5, 2));
	for (size_t i = 0; i < sizeof(block); i++) {
		block[i] ^= 1;
		assert_false(pattern_matches(block, 5, 1));
		block[i] ^= 1;
	}
}

RUN(cmocka_unit_test(buckets_are_ordered), cmocka_unit_test(percentiles),
    cmocka_unit_test(one_value), cmocka_unit_test(pattern_lines), cmocka_unit_test(pattern_differs))
