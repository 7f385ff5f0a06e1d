// SPDX-License-Identifier: MIT
/* disk.c - a 3390 of software, through the library: what a disk does, and what not */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ccwring/ccwring.h>

#include "unit.h"

#define CYLINDERS     3
#define HEADS	      15
#define RECORDS	      12
#define BLOCK	      4096U
#define AREA	      (16 * BLOCK)
/* An image, as lib/hosted/ckd.h has it. */
#define HEADER	      512L
#define SLOT	      56832L

#define SEEK	      0x07
#define SENSE	      0x04
#define SET_SECTOR    0x23
#define SEARCH_ID     0x31
#define READ_DATA     0x06
#define READ_DATA_MT  0x86
#define READ_KD	      0x0e
#define READ_COUNT    0x12
#define READ_COUNT_MT 0x92
#define READ_CKD      0x1e
#define READ_R0	      0x16
#define READ_HOME     0x1a
#define WRITE_DATA    0x05
#define WRITE_CKD     0x1d
#define FORMAT	      0x03
#define UPDATE_MASK   0x80

/* Sense bytes 0 and 1 */
#define REJECT	      0x8000
#define INVALID_TRACK 0x0040
#define END_OF_CYL    0x0020
#define NO_RECORD     0x0008
#define PROTECTED     0x0004

static char image[] = "/tmp/ccwring-disk-XXXXXX";
static struct ccwring_vfio *vfio;
static struct ccwring_device *dev;
static struct ccwring_ring *ring;
static struct ccwring_program *prog;
static struct ccwring_eckd_geometry geo;
static struct vfio_ccw_ring_cqe cqe;
static uint8_t *area;
static ccwring_iova_t area_iova;

static void open_disk(void)
{
	char id[80];

	snprintf(id, sizeof(id), "hosted:3390=%s,cylinders=%d", image, CYLINDERS);
	assert_int_equal(ccwring_device_open(vfio, id, &dev), 0);
	assert_int_equal(ccwring_ring_new(dev, NULL, &ring), 0);
}

static void close_disk(void)
{
	ccwring_ring_free(ring);
	assert_int_equal(ccwring_device_close(dev), 0);
}

static int setup(void **state)
{
	int fd = mkstemp(strcpy(image, "/tmp/ccwring-disk-XXXXXX"));

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(ccwring_vfio_new(NULL, &vfio), 0);
	area = ccwring_dma_alloc(vfio, AREA, &area_iova);
	assert_non_null(area);
	memset(area, 0, AREA);
	assert_int_equal(ccwring_program_new(vfio, 4096, &prog), 0);
	ccwring_eckd_geometry_3390(&geo, CYLINDERS);
	open_disk();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ccwring_program_free(prog);
	close_disk();
	assert_int_equal(ccwring_vfio_free(vfio), 0);
	unlink(image);
	return 0;
}

/* Adds a CCW with data at an offset in the area. */
static void add(uint8_t cmd, uint8_t flags, uint32_t at, uint32_t n)
{
	assert_true(ccwring_program_add(prog, cmd, flags, area_iova + at, n) >= 0);
}

/* Adds one with parameters of its own. */
static void add_with(uint8_t cmd, const void *parameters, uint32_t n)
{
	ccwring_iova_t iova;
	void *p = ccwring_program_param(prog, n, &iova);

	assert_non_null(p);
	memcpy(p, parameters, n);
	assert_true(ccwring_program_add(prog, cmd, 0, iova, n) >= 0);
}

static void add_extent(uint8_t mask, uint32_t first, uint32_t last)
{
	uint8_t p[CCWRING_ECKD_DE_SIZE];

	ccwring_eckd_define_extent(p, CCWRING_ECKD_READ, &geo);
	p[0] = mask;
	ccwring_put_be32(p + 8, first / HEADS << 16 | first % HEADS);
	ccwring_put_be32(p + 12, last / HEADS << 16 | last % HEADS);
	add_with(CCWRING_ECKD_DEFINE_EXTENT, p, sizeof(p));
}

static void add_locate(uint8_t op, uint32_t track, uint8_t record, uint8_t count)
{
	uint8_t p[CCWRING_ECKD_LR_SIZE];

	ccwring_eckd_locate_record(p, CCWRING_ECKD_READ, &geo, track, record, count);
	p[0] = op;
	add_with(CCWRING_ECKD_LOCATE_RECORD, p, sizeof(p));
}

static void add_seek(uint32_t track)
{
	uint8_t p[6] = { 0 };

	ccwring_put_be32(p + 2, track / HEADS << 16 | track % HEADS);
	add_with(SEEK, p, sizeof(p));
}

/* Search ID Equal, and back to it until it matches. */
static void add_search(uint32_t track, uint8_t record)
{
	unsigned int search = ccwring_program_count(prog);
	uint8_t p[5];

	ccwring_put_be32(p, track / HEADS << 16 | track % HEADS);
	p[4] = record;
	add_with(SEARCH_ID, p, sizeof(p));
	assert_true(ccwring_program_add_tic(prog, search) >= 0);
}

/* Carries out what has been added, and begins anew. */
static void run(void)
{
	const struct vfio_ccw_ring_cqe *next;
	struct ccwring_orb orb;

	assert_int_equal(ccwring_program_finish(prog, &orb), 0);
	ccwring_prep_start(ccwring_get_sqe(ring), ccwring_ring_index(ring), &orb, 1);
	assert_int_equal(ccwring_submit(ring), 1);
	assert_int_equal(ccwring_wait_cqe(ring, &next, 5000000000), 0);
	cqe = *next;
	ccwring_cqe_seen(ring, 1);
	ccwring_program_reset(prog);
	assert_int_equal(cqe.res, 0);
}

static void run_good(void)
{
	run();
	assert_true(ccwring_cqe_good(&cqe));
}

/* It ends with a unit check, whose sense begins so. */
static void run_check(uint16_t sense)
{
	run();
	assert_int_equal(ccwring_irb_dstat(cqe.irb),
			 CCWRING_DSTAT_CHN_END | CCWRING_DSTAT_DEV_END | CCWRING_DSTAT_UNIT_CHECK);
	assert_true(ccwring_irb_erw(cqe.irb) & CCWRING_ERW_SENSE);
	assert_int_equal(ccwring_get_be16(cqe.irb + CCWRING_IRB_ECW), sense);
}

static void transfer(enum ccwring_eckd_op op, uint32_t track, uint8_t record, uint8_t count)
{
	assert_int_equal(ccwring_eckd_build(prog, op, &geo, track, record, count, area_iova, NULL),
			 0);
	run_good();
}

static void fill(uint32_t n, unsigned int seed)
{
	for (uint32_t i = 0; i < n; i++)
		area[i] = (i >> 8) + i * 7 + seed;
}

static void is_filled(uint32_t n, unsigned int seed)
{
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(area[i], (uint8_t)((i >> 8) + i * 7 + seed));
}

/* Reads bytes of the image. */
static void peek(long at, uint8_t *to, size_t n)
{
	FILE *f = fopen(image, "r");

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	assert_int_equal(fread(to, 1, n, f), n);
	fclose(f);
}

/* Tests */

static void says_what_it_is(void **state)
{
	(void)state;
	add(CCWRING_CMD_SENSE_ID, 0, 0, 7);
	add(CCWRING_ECKD_READ_CHARS, 0, 64, CCWRING_ECKD_CHARS_SIZE);
	run_good();
	assert_memory_equal(area, "\xff\x39\x90\xc2\x33\x90\x06", 7);
	assert_int_equal(ccwring_eckd_chars_cylinders(area + 64), CYLINDERS);
	assert_int_equal(ccwring_eckd_chars_heads(area + 64), HEADS);
}

static void a_new_one_is_zero(void **state)
{
	(void)state;
	for (uint32_t track = 0; track < CYLINDERS * HEADS; track++) {
		fill(AREA, 1);
		transfer(CCWRING_ECKD_READ, track, 1, RECORDS);
		for (uint32_t i = 0; i < RECORDS * BLOCK; i++)
			assert_int_equal(area[i], 0);
	}
}

/* What is written is read, also behind a restart, and is in the image. */
static void keeps_what_is_written(void **state)
{
	uint8_t raw[BLOCK];

	(void)state;
	for (uint32_t track = 0; track < CYLINDERS * HEADS; track++) {
		fill(RECORDS * BLOCK, track);
		transfer(CCWRING_ECKD_WRITE, track, 1, RECORDS);
	}
	close_disk();
	open_disk();
	for (uint32_t track = CYLINDERS * HEADS; track--;) {
		memset(area, 0, AREA);
		transfer(CCWRING_ECKD_READ, track, 1, RECORDS);
		is_filled(RECORDS * BLOCK, track);
	}
	peek(HEADER + 20 * SLOT + 21 + 2 * (8 + BLOCK) + 8, raw, BLOCK);
	transfer(CCWRING_ECKD_READ, 20, 3, 1);
	assert_memory_equal(area, raw, BLOCK);
}

/* The way of before there was Locate Record. */
static void searches(void **state)
{
	(void)state;
	fill(BLOCK, 5);
	transfer(CCWRING_ECKD_WRITE, 7, 9, 1);
	memset(area, 0, AREA);
	add_seek(7);
	add(SET_SECTOR, 0, BLOCK, 1);
	add_search(7, 9);
	add(READ_DATA, 0, 0, BLOCK);
	run_good();
	is_filled(BLOCK, 5);
	add_seek(7);
	add_search(7, RECORDS + 1);
	add(READ_DATA, 0, 0, BLOCK);
	run_check(NO_RECORD);
}

/* A write has to be led to its record, and what is too short is filled up. */
static void updates_by_search(void **state)
{
	(void)state;
	fill(2 * BLOCK, 3);
	transfer(CCWRING_ECKD_WRITE, 2, 1, 2);
	add_extent(UPDATE_MASK, 0, 44);
	add_seek(2);
	add_search(2, 2);
	add(WRITE_DATA, 0, 0, 100);
	run_good();
	memset(area, 0xff, 2 * BLOCK);
	transfer(CCWRING_ECKD_READ, 2, 1, 2);
	is_filled(BLOCK, 3);
	for (uint32_t i = 100; i < BLOCK; i++)
		assert_int_equal(area[BLOCK + i], 0);
	add_extent(UPDATE_MASK, 0, 44);
	add_seek(2);
	add(WRITE_DATA, 0, 0, BLOCK);
	run_check(REJECT);
	add_extent(UPDATE_MASK, 0, 44);
	add_seek(2);
	add_search(2, 2);
	add(READ_DATA, 0, 0, BLOCK);
	add(WRITE_DATA, 0, 0, BLOCK);
	run_check(REJECT);
}

/* Count, key and data of a record, at an offset in the area. */
static void put_record(uint32_t at, uint32_t track, uint8_t record, uint8_t key, uint16_t data)
{
	uint8_t *p = area + at;

	ccwring_put_be32(p, track / HEADS << 16 | track % HEADS);
	p[4] = record;
	p[5] = key;
	ccwring_put_be16(p + 6, data);
	memset(p + 8, 0xc0 + record, key);
	memset(p + 8 + key, record, data);
}

/* Track 4 gets records of 100, 200 and no bytes, the first two with keys of 8. */
static void format(void)
{
	put_record(0, 4, 1, 8, 100);
	put_record(1000, 4, 2, 8, 200);
	put_record(2000, 4, 3, 0, 0);
	add_extent(0, 0, 44);
	add_locate(FORMAT, 4, 0, 3);
	add(WRITE_CKD, 0, 0, 116);
	add(WRITE_CKD, 0, 1000, 216);
	add(WRITE_CKD, 0, 2000, 8);
	run_good();
	memset(area, 0xee, AREA);
}

static void formats(void **state)
{
	uint8_t expected[216];

	(void)state;
	format();
	add_seek(4);
	for (int i = 0; i < 3; i++)
		add(READ_COUNT, 0, i * 8, 8);
	run_good();
	assert_memory_equal(area, "\0\0\0\4\1\10\0\144\0\0\0\4\2\10\0\310\0\0\0\4\3\0\0\0", 24);
	put_record(0, 4, 2, 8, 200);
	memcpy(expected, area, sizeof(expected));
	add_seek(4);
	add_search(4, 1);
	add(READ_KD, 0, 1000, 108);
	add(READ_CKD, 0, 2000, 216);
	run_good();
	assert_memory_equal(area + 2000, expected, 216);
	memset(expected, 0xc1, 8);
	memset(expected + 8, 1, 100);
	assert_memory_equal(area + 1000, expected, 108);
	/* The records there were before are gone, those of the next track are not. */
	add_extent(0x40, 0, 44);
	add_locate(READ_DATA, 4, 4, 1);
	add(READ_DATA, 0, 0, BLOCK);
	run_check(NO_RECORD);
	transfer(CCWRING_ECKD_READ, 5, 1, RECORDS);
}

/* A record without data is the end of a file. */
static void ends_a_file(void **state)
{
	(void)state;
	format();
	add_seek(4);
	add_search(4, 3);
	add(READ_DATA, CCWRING_CCW_SLI, 0, 10);
	run();
	assert_int_equal(ccwring_irb_dstat(cqe.irb), CCWRING_DSTAT_CHN_END | CCWRING_DSTAT_DEV_END |
							     CCWRING_DSTAT_UNIT_EXCEPTION);
}

static void formats_what_fits(void **state)
{
	(void)state;
	put_record(0, 6, 1, 0, 56664);
	add_extent(0, 0, 44);
	add_locate(FORMAT, 6, 0, 1);
	add(WRITE_CKD, 0, 0, 8 + 56664);
	run_good();
	put_record(0, 6, 2, 0, 1);
	add_extent(0, 0, 44);
	add_locate(FORMAT, 6, 1, 1);
	add(WRITE_CKD, 0, 0, 9);
	run_check(INVALID_TRACK);
	/* Twelve are there, and there is no room for a thirteenth. */
	put_record(0, 8, 13, 0, 4096);
	add_extent(0, 0, 44);
	add_locate(FORMAT, 8, 12, 1);
	add(WRITE_CKD, 0, 0, 8 + 4096);
	run_check(INVALID_TRACK);
}

static void protects(void **state)
{
	(void)state;
	put_record(0, 4, 1, 0, 10);
	add_extent(0x40, 0, 44);
	add_locate(0x01, 4, 1, 1);
	add(WRITE_DATA, 0, 0, BLOCK);
	run_check(REJECT | PROTECTED);
	add_extent(UPDATE_MASK, 0, 44);
	add_locate(FORMAT, 4, 0, 1);
	add(WRITE_CKD, 0, 0, 18);
	run_check(REJECT | PROTECTED);
	add_extent(UPDATE_MASK, 0, 44);
	add_locate(0x01, 4, 0, 1);
	add(WRITE_DATA, 0, 0, 8);
	run_check(REJECT | PROTECTED);
	add_extent(0x40, 3, 5);
	add_locate(READ_DATA, 6, 1, 1);
	add(READ_DATA, 0, 0, BLOCK);
	run_check(PROTECTED);
	add_extent(0x40, 3, 5);
	add_seek(2);
	run_check(PROTECTED);
	transfer(CCWRING_ECKD_READ, 4, 1, RECORDS);
	for (uint32_t i = 0; i < RECORDS * BLOCK; i++)
		assert_int_equal(area[i], 0);
}

static void keeps_to_the_sequence(void **state)
{
	(void)state;
	add_locate(READ_DATA, 4, 1, 1);
	run_check(REJECT);
	add_extent(0x40, 0, 44);
	add_extent(0x40, 0, 44);
	run_check(REJECT);
	add_extent(0x40, 0, 44);
	add_locate(READ_DATA, 4, 1, 1);
	add(READ_DATA, 0, 0, BLOCK);
	add(READ_DATA, 0, 0, BLOCK);
	run_check(REJECT);
	add_extent(UPDATE_MASK, 0, 44);
	add_locate(READ_DATA, 4, 1, 1);
	add(WRITE_DATA, 0, 0, BLOCK);
	run_check(REJECT);
	add_extent(0x40, 0, 44);
	add_locate(READ_DATA, 4, 1, 1);
	add_seek(4);
	run_check(REJECT);
	add_extent(0x40, 5, 4);
	run_check(REJECT);
	add_extent(0x40, 0, 45);
	run_check(REJECT);
	add(0x9f, 0, 0, 1);
	run_check(REJECT);
	/* Sense tells it once more, and then no more. */
	add(SENSE, 0, 0, 32);
	add(SENSE, 0, 64, 32);
	run_good();
	assert_int_equal(ccwring_get_be16(area), REJECT);
	assert_int_equal(ccwring_get_be16(area + 64), 0);
}

/* From track to track, and no further than the extent or the cylinder. */
static void goes_over_tracks(void **state)
{
	(void)state;
	fill(BLOCK, 1);
	transfer(CCWRING_ECKD_WRITE, 14, 12, 1);
	fill(BLOCK, 2);
	transfer(CCWRING_ECKD_WRITE, 15, 1, 1);
	add_extent(0x40, 0, 44);
	add_locate(READ_DATA, 14, 12, 2);
	add(READ_DATA_MT, 0, BLOCK, BLOCK);
	add(READ_DATA_MT, 0, 0, BLOCK);
	run_good();
	is_filled(BLOCK, 2);
	add_extent(0x40, 0, 14);
	add_locate(READ_DATA, 14, 12, 2);
	add(READ_DATA_MT, 0, BLOCK, BLOCK);
	add(READ_DATA_MT, 0, 0, BLOCK);
	run_check(PROTECTED);
	add_seek(14);
	add_search(14, 12);
	add(READ_DATA_MT, 0, BLOCK, BLOCK);
	add(READ_COUNT_MT, 0, 0, 8);
	run_check(END_OF_CYL);
	add_seek(13);
	add_search(13, 12);
	add(READ_COUNT_MT, 0, 0, 8);
	run_good();
	assert_memory_equal(area, "\0\0\0\16\1\0\20\0", 8);
}

static void begins_a_track(void **state)
{
	(void)state;
	add_seek(31);
	add(READ_HOME, 0, 0, 5);
	add(READ_R0, 0, 8, 16);
	add(READ_COUNT, 0, 24, 8);
	run_good();
	assert_memory_equal(area, "\0\0\2\0\1", 5);
	assert_memory_equal(area + 8, "\0\2\0\1\0\0\0\10\0\0\0\0\0\0\0\0\0\2\0\1\1\0\20\0", 24);
}

static char said[256];

static void hear(void *arg, int level, const char *message)
{
	(void)arg;
	(void)level;
	snprintf(said, sizeof(said), "%s", message);
}

static void refuses_to_open(const char *id, int err, const char *why)
{
	struct ccwring_vfio_opts opts = { .size = sizeof(opts), .log = hear };
	struct ccwring_device *other;
	struct ccwring_vfio *own;

	said[0] = '\0';
	assert_int_equal(ccwring_vfio_new(&opts, &own), 0);
	assert_int_equal(ccwring_device_open(own, id, &other), err);
	assert_non_null(strstr(said, why));
	assert_int_equal(ccwring_vfio_free(own), 0);
}

static void is_opened_in_words(void **state)
{
	char id[100];

	(void)state;
	snprintf(id, sizeof(id), "hosted:3390=%s", image);
	refuses_to_open(id, -EBUSY, "is in use");
	refuses_to_open("hosted:3390=/dev/null", -EPROTO, "not an image of a 3390");
	refuses_to_open("hosted:3390=/tmp/ccwring-no-such", -ENOENT, "No such file");
	refuses_to_open("hosted:3390", -EINVAL, "neither nop nor 3390=FILE");
	refuses_to_open("hosted:nop=x", -EINVAL, "neither nop nor 3390=FILE");
	refuses_to_open("hosted:nop,fault=unit-check+rust", -EINVAL, "'rust' is not a fault");
	refuses_to_open("hosted:nop,service=fast", -EINVAL, "service=fast is not a number");
	refuses_to_open("hosted:nop,seed", -EINVAL, "'seed' has no value");
	refuses_to_open("hosted:nop,colour=red", -EINVAL, "'colour' is not an option");
	refuses_to_open("hosted:nop,cylinders=3", -EINVAL, "cylinders are those of a disk");
}

/* A count that leads out of its slot, as a broken image may have it. */
static void survives_a_broken_image(void **state)
{
	FILE *f = fopen(image, "r+");
	uint8_t count[8] = { 0, 0, 0, 9, 1, 255, 0xff, 0xff };

	(void)state;
	assert_non_null(f);
	assert_int_equal(fseek(f, HEADER + 9 * SLOT + 21, SEEK_SET), 0);
	assert_int_equal(fwrite(count, 1, 8, f), 8);
	fclose(f);
	add_extent(0x40, 0, 44);
	add_locate(READ_DATA, 9, 1, 1);
	add(READ_DATA, 0, 0, BLOCK);
	run_check(NO_RECORD);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

RUN(TEST(says_what_it_is), TEST(a_new_one_is_zero), TEST(keeps_what_is_written), TEST(searches),
    TEST(updates_by_search), TEST(formats), TEST(ends_a_file), TEST(formats_what_fits),
    TEST(protects), TEST(keeps_to_the_sequence), TEST(goes_over_tracks), TEST(begins_a_track),
    TEST(is_opened_in_words), TEST(survives_a_broken_image))
