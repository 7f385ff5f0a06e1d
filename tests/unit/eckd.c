// SPDX-License-Identifier: MIT
/* eckd.c - parameter blocks and programs, against bytes a 3390 has executed */
#include <errno.h>
#include <string.h>

#include <ccwring/eckd.h>

#include "unit.h"

#define IOVA 0x10000
#define DATA 0x100000

static _Alignas(8) uint8_t memory[256];

/* Define Extent: cylinders 0-29, 15 heads. */
static const uint8_t extent_read[16] = {
	0x40, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 29, 0, 14,
};
static const uint8_t extent_write[16] = {
	0x80, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 29, 0, 14,
};
/* Locate Record: cylinder 1, head 2, record 3. */
static const uint8_t locate_read[16] = {
	0x06, 0x80, 0, 1, 0, 1, 0, 2, 0, 1, 0, 2, 3, 0xff, 0x10, 0,
};
static const uint8_t locate_write[16] = {
	0x01, 0x80, 0, 1, 0, 1, 0, 2, 0, 1, 0, 2, 3, 0xff, 0x10, 0,
};

static void parameters(void **state)
{
	struct ccwring_eckd_geometry geo;
	uint8_t p[16];

	(void)state;
	ccwring_eckd_geometry_3390(&geo, 30);
	memset(p, 0xee, sizeof(p));
	ccwring_eckd_define_extent(p, CCWRING_ECKD_READ, &geo);
	assert_memory_equal(p, extent_read, sizeof(p));
	ccwring_eckd_define_extent(p, CCWRING_ECKD_WRITE, &geo);
	assert_memory_equal(p, extent_write, sizeof(p));
	ccwring_eckd_locate_record(p, CCWRING_ECKD_READ, &geo, 17, 3, 1);
	assert_memory_equal(p, locate_read, sizeof(p));
	ccwring_eckd_locate_record(p, CCWRING_ECKD_WRITE, &geo, 17, 3, 1);
	assert_memory_equal(p, locate_write, sizeof(p));
}

static void seek(void **state)
{
	struct ccwring_eckd_geometry geo;
	uint8_t p[16], fresh[16];

	(void)state;
	ccwring_eckd_geometry_3390(&geo, 10017);
	ccwring_eckd_locate_record(p, CCWRING_ECKD_READ, &geo, 0, 1, 1);
	for (uint32_t track = 0; track < ccwring_eckd_tracks(&geo); track += 997) {
		ccwring_eckd_seek(p, &geo, track, 12);
		ccwring_eckd_locate_record(fresh, CCWRING_ECKD_READ, &geo, track, 12, 1);
		assert_memory_equal(p, fresh, sizeof(p));
		assert_int_equal(ccwring_get_be16(p + 4), track / 15);
		assert_int_equal(ccwring_get_be16(p + 6), track % 15);
	}
}

static struct ccwring_program *new_program(void)
{
	struct ccwring_program *prog;

	assert_int_equal(ccwring_program_new_at(memory, IOVA, sizeof(memory), &prog), 0);
	return prog;
}

static void one_record(void **state)
{
	static const uint8_t expected[] = {
		0x63, 0x40, 0x00, 0x10, 0x00, 0x01, 0x00, 0xf0, /* */
		0x47, 0x40, 0x00, 0x10, 0x00, 0x01, 0x00, 0xe0, /* */
		0x86, 0x00, 0x10, 0x00, 0x00, 0x10, 0x00, 0x00, /* */
	};
	struct ccwring_program *prog = new_program();
	struct ccwring_eckd_geometry geo;
	uint8_t *locate;

	(void)state;
	ccwring_eckd_geometry_3390(&geo, 30);
	assert_int_equal(ccwring_eckd_build(prog, CCWRING_ECKD_READ, &geo, 17, 3, 1, DATA, &locate),
			 0);
	assert_int_equal(ccwring_program_finish(prog, NULL), 0);
	assert_memory_equal(ccwring_program_ccws(prog), expected, sizeof(expected));
	assert_memory_equal(memory + 0xf0, extent_read, 16);
	assert_memory_equal(memory + 0xe0, locate_read, 16);
	assert_ptr_equal(locate, memory + 0xe0);

	ccwring_program_reset(prog);
	assert_int_equal(ccwring_eckd_build(prog, CCWRING_ECKD_WRITE, &geo, 17, 3, 1, DATA, NULL),
			 0);
	assert_int_equal(ccwring_program_ccws(prog)[2].cmd, 0x85);
	assert_memory_equal(memory + 0xf0, extent_write, 16);
	assert_memory_equal(memory + 0xe0, locate_write, 16);
	ccwring_program_free(prog);
}

static void whole_track(void **state)
{
	struct ccwring_program *prog = new_program();
	const struct ccwring_ccw *ccws = ccwring_program_ccws(prog);
	struct ccwring_eckd_geometry geo;

	(void)state;
	ccwring_eckd_geometry_3390(&geo, 30);
	assert_int_equal(ccwring_eckd_build(prog, CCWRING_ECKD_READ, &geo, 449, 1, 12, DATA, NULL),
			 0);
	assert_int_equal(ccwring_program_finish(prog, NULL), 0);
	assert_int_equal(ccwring_program_count(prog), 14);
	assert_int_equal(memory[0xe3], 12);
	for (unsigned int i = 0; i < 12; i++) {
		assert_int_equal(ccws[2 + i].cmd, 0x86);
		assert_int_equal(ccws[2 + i].flags, i < 11 ? CCWRING_CCW_CC : 0);
		assert_int_equal(CCWRING_BE32(ccws[2 + i].cda), DATA + i * 4096);
	}
	ccwring_program_free(prog);
}

static void outside(void **state)
{
	static const struct {
		uint32_t track;
		uint8_t record, count;
	} places[] = {
		{ 450, 1, 1 }, { 0, 0, 1 }, { 0, 13, 1 }, { 0, 1, 13 }, { 0, 12, 2 }, { 0, 1, 0 },
	};
	struct ccwring_program *prog = new_program();
	struct ccwring_eckd_geometry geo;

	(void)state;
	ccwring_eckd_geometry_3390(&geo, 30);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		assert_int_equal(ccwring_eckd_build(prog, CCWRING_ECKD_READ, &geo, places[i].track,
						    places[i].record, places[i].count, DATA, NULL),
				 -ERANGE);
	assert_int_equal(ccwring_eckd_build(prog, CCWRING_ECKD_READ, &geo, 449, 12, 1, DATA, NULL),
			 0);
	ccwring_program_free(prog);
}

static void no_room(void **state)
{
	struct ccwring_eckd_geometry geo;
	struct ccwring_program *prog;

	(void)state;
	ccwring_eckd_geometry_3390(&geo, 30);
	/* One CCW less than it takes, then nothing but one parameter block. */
	assert_int_equal(ccwring_program_new_at(memory, IOVA, 48, &prog), 0);
	assert_int_equal(ccwring_eckd_build(prog, CCWRING_ECKD_READ, &geo, 0, 1, 1, DATA, NULL),
			 -ENOSPC);
	ccwring_program_free(prog);
	assert_int_equal(ccwring_program_new_at(memory, IOVA, 24, &prog), 0);
	assert_int_equal(ccwring_eckd_build(prog, CCWRING_ECKD_READ, &geo, 0, 1, 1, DATA, NULL),
			 -ENOSPC);
	ccwring_program_free(prog);
}

static void characteristics(void **state)
{
	/* A 3390-3: 3339 cylinders, 15 heads. */
	static const uint8_t chars[CCWRING_ECKD_CHARS_SIZE] = {
		0x39, 0x90, 0xe9, 0x33, 0x90, 0x0a, 0, 0, 0, 0, 0x20, 0x26, 0x0d, 0x0b, 0, 15,
	};

	(void)state;
	assert_int_equal(ccwring_eckd_chars_cylinders(chars), 3339);
	assert_int_equal(ccwring_eckd_chars_heads(chars), 15);
}

RUN(cmocka_unit_test(parameters), cmocka_unit_test(seek), cmocka_unit_test(one_record),
    cmocka_unit_test(whole_track), cmocka_unit_test(outside), cmocka_unit_test(no_room),
    cmocka_unit_test(characteristics))
