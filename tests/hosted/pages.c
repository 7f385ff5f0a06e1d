// SPDX-License-Identifier: MIT
/*
 * pages.c - programs whose translation does not fit into the block of a request
 *
 * Such a one goes on in pages.  Each piece of a program that means something together is
 * moved over the border, CCW by CCW, beside the model.
 */
#include <limits.h>
#include <string.h>

#include "beside.h"
#include "device.h"
#include "unit.h"

#define PROGRAM	  CLIENT_IOVA
/* Where TICs lead out of it. */
#define OTHER	  (CLIENT_IOVA + 0x2800)
#define THIRD	  (CLIENT_IOVA + 0x2900)
/* Addressed directly, and by IDAWs. */
#define LOW	  RANDOM_AREA
#define HIGH	  RANDOM_DATA
#define ARGUMENTS (LOW + 0x1ff0)

#define CC	  (CCWRING_CCW_CC | CCWRING_CCW_SLI)
#define CD	  CCWRING_CCW_CD
#define SLI	  CCWRING_CCW_SLI

/* CCWs that a block has room for, and a page; and those around the last of them. */
#define BLOCK	  252
#define PAGE	  504
#define AROUND	  28

static struct hosted *device;
static struct random_kind kind;
static long pages;
static uint32_t at;

static int setup(void **state)
{
	(void)state;
	device = beside_open();
	random_seed(1);
	pages = hosted_pages();
	kind = (struct random_kind){ .format1 = true, .idaw_format2 = true };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hosted_tidy(device);
	assert_int_equal(hosted_pages(), pages);
	beside_close();
	return 0;
}

/* Pieces */

static void put(uint8_t cmd, uint8_t flags, uint16_t count, uint32_t data)
{
	random_ccw(at, &kind, cmd, flags, count, data);
	at += 8;
}

static void tic(uint32_t target)
{
	put(CCWRING_CMD_TIC, 0, 0, target);
}

/* Leaves a mark that says where it is. */
static void mark(uint8_t flags)
{
	put(CCWRING_CMD_SENSE_ID, flags, 7, LOW + at % 0x1e00);
}

static void marks(unsigned int n)
{
	while (n--)
		mark(CC);
}

/* Finds what it is looking for the @nth time, from 0 on. */
static void search(unsigned int nth)
{
	put(DEVICE_CMD_SEARCH, CC, 1, ARGUMENTS + nth);
}

static void wrong(void)
{
	put(0, 0, 0, 0);
}

/* At another place. */
static void there(uint32_t place, unsigned int n)
{
	uint32_t back = at;

	at = place;
	marks(n);
	mark(SLI);
	at = back;
}

static void plain(unsigned int nth)
{
	marks(3 + nth);
	mark(SLI);
}

static void searches(unsigned int nth)
{
	search(nth);
	search((nth + 1) % 4);
	search(2);
	marks(3);
	mark(SLI);
}

static void loop(unsigned int nth)
{
	search(nth);
	tic(at - 8);
	marks(2);
	mark(SLI);
}

static void skip_to_tic(unsigned int nth)
{
	there(OTHER, 1);
	search(nth);
	mark(CC);
	tic(OTHER);
	mark(SLI);
}

static void skip_to_tic_back(unsigned int nth)
{
	uint32_t begin = at;

	mark(CC);
	search(nth);
	mark(CC);
	tic(begin);
	search(3);
	mark(SLI);
	mark(SLI);
}

static void two_tics(unsigned int nth)
{
	there(OTHER, 1);
	there(THIRD, 2);
	search(nth);
	tic(OTHER);
	tic(THIRD);
	mark(SLI);
}

static void loop_and_tic(unsigned int nth)
{
	there(OTHER, 1);
	search(nth);
	tic(at - 8);
	tic(OTHER);
	marks(2);
	wrong();
}

/* Nothing leads to the last ones but a TIC. */
static void many_tics(unsigned int nth)
{
	uint32_t begin = at;

	search(nth);
	for (unsigned int i = 0; i < 5; i++)
		tic(begin);
	marks(2);
	search(nth);
	tic(begin + 6 * 8);
	mark(SLI);
}

static void tic_to_behind_tics(unsigned int nth)
{
	uint32_t back = at;

	at = OTHER;
	many_tics(nth);
	at = back;
	search(nth);
	tic(OTHER + 6 * 8);
	tic(OTHER + 7 * 8);
}

static void tic_in_loop(unsigned int nth)
{
	uint32_t begin = at;

	marks(3);
	search(nth);
	tic(begin + nth * 8);
	mark(SLI);
}

static void nothing_behind(unsigned int nth)
{
	search(nth);
	mark(SLI);
	wrong();
}

static void tic_behind_no_operation(unsigned int nth)
{
	there(OTHER, 1);
	marks(nth);
	put(CCWRING_CMD_NOP, CC, 1, LOW);
	tic(OTHER);
	wrong();
}

static void data_chain(unsigned int nth)
{
	put(CCWRING_CMD_WRITE, CC, 64, ARGUMENTS - 64);
	put(CCWRING_CMD_READ, CD, 3 + nth, LOW);
	for (unsigned int i = 1; i < 6; i++)
		put(0x5a, CD | (i == 3 ? CCWRING_CCW_SKIP : 0), 5, LOW + 0x100 * i);
	put(0x5a, CC, 8, LOW + 0x700);
	put(CCWRING_CMD_WRITE, CD, 3 + nth, LOW);
	put(0, CD, 7, LOW + 0x100);
	put(0, SLI, 8, LOW + 0x200);
}

/* The data are at an end before the chain is. */
static void data_chain_left(unsigned int nth)
{
	put(CCWRING_CMD_WRITE, CC, 4 * nth + 1, ARGUMENTS - 64);
	put(CCWRING_CMD_READ, CD, 4, LOW);
	put(0, CD, 4, LOW + 0x100);
	put(0, CD | CC, 4, LOW + 0x200);
	put(0, CC, 4, LOW + 0x300);
	mark(SLI);
}

static void tic_in_data_chain(unsigned int nth)
{
	uint32_t back;

	put(CCWRING_CMD_WRITE, CC, 64, ARGUMENTS - 64);
	put(CCWRING_CMD_READ, CD, 3 + nth, LOW);
	put(0, CD, 9, LOW + 0x100);
	tic(OTHER);
	wrong();
	back = at;
	at = OTHER;
	put(0, CD, 4, LOW + 0x200);
	put(0, CC, 4, LOW + 0x300);
	mark(SLI);
	at = back;
}

static void skip_into_data_chain(unsigned int nth)
{
	put(CCWRING_CMD_WRITE, CC, 64, ARGUMENTS - 64);
	search(nth + 1);
	search(nth);
	put(CCWRING_CMD_READ, CD, 6, LOW);
	put(DEVICE_CMD_NOP, CD, 7, LOW + 0x100);
	put(0, CC, 8, LOW + 0x200);
	mark(SLI);
}

static void unit_check(unsigned int nth)
{
	marks(nth);
	put(0x77, CC, 1, LOW);
	mark(SLI);
}

/* The channel finds it, or the driver. */
static void wrong_here(unsigned int nth)
{
	search(nth);
	mark(CC);
	wrong();
	mark(SLI);
}

static void wrong_next(unsigned int nth)
{
	search(nth);
	wrong();
	mark(SLI);
}

static void tic_to_a_tic(unsigned int nth)
{
	loop(nth);
	at -= 8;
	search(0);
	tic(at - 4 * 8);
	mark(SLI);
}

static void wrong_tic(unsigned int nth)
{
	search(nth);
	mark(CC);
	tic(OTHER + 4);
	mark(SLI);
}

/* The next part begins at the border. */
static void next_part(unsigned int nth)
{
	there(OTHER, 2 + nth);
	mark(CC);
	tic(OTHER);
	wrong();
}

/* What may be left out is taken up to a TIC, and is no target. */
static void behind_a_tic(unsigned int nth)
{
	uint32_t begin = at, back;

	there(THIRD, 1);
	search(nth);
	tic(OTHER);
	marks(5);
	tic(THIRD);
	wrong();
	back = at;
	at = OTHER;
	marks(2);
	tic(begin + 4 * 8);
	wrong();
	at = back;
}

static void left_out(unsigned int nth)
{
	there(OTHER, 1);
	search(nth);
	tic(OTHER);
	marks(nth);
	search((nth + 1) % 4);
	mark(CC);
	wrong();
}

static void with_idaws(unsigned int nth)
{
	for (unsigned int i = 0; i < 3; i++) {
		put(CCWRING_CMD_WRITE, CC, 1 + i * 4000, HIGH + i * 100);
		put(CCWRING_CMD_READ, CC, 5000, HIGH + 0x2ff0 + nth * 100);
		search(nth);
		tic(at - 8);
	}
	mark(SLI);
}

static const struct {
	const char *name;
	void (*put)(unsigned int nth);
	bool by_ring; /* and not by the region alone */
} pieces[] = {
	{ "plain", plain, true },
	{ "searches", searches, true },
	{ "loop", loop, true },
	{ "skip to a TIC", skip_to_tic, true },
	{ "skip to a TIC back", skip_to_tic_back, true },
	{ "two TICs", two_tics, true },
	{ "a loop and a TIC", loop_and_tic, true },
	{ "many TICs", many_tics, true },
	{ "a TIC to behind TICs", tic_to_behind_tics, true },
	{ "a TIC in a loop", tic_in_loop, true },
	{ "nothing behind", nothing_behind, true },
	{ "a TIC behind a NO-OPERATION", tic_behind_no_operation, true },
	{ "a data chain", data_chain, true },
	{ "a data chain that is left", data_chain_left, true },
	{ "a TIC in a data chain", tic_in_data_chain, true },
	{ "skip into a data chain", skip_into_data_chain, true },
	{ "unit check", unit_check, true },
	{ "wrong here", wrong_here, false },
	{ "wrong next", wrong_next, false },
	{ "a wrong TIC", wrong_tic, false },
	{ "a TIC to a TIC", tic_to_a_tic, false },
	{ "the next part", next_part, true },
	{ "behind a TIC", behind_a_tic, true },
	{ "left out", left_out, true },
	{ "with IDAWs", with_idaws, true },
};

/* At the border behind so many CCWs. */
static void at_border(unsigned int i, unsigned int nth, unsigned int border)
{
	long least = LONG_MAX, most = 0;

	for (unsigned int n = border - AROUND; n <= border + 1; n++) {
		enum beside_end end;
		struct ccwring_orb orb;
		long used;

		at = PROGRAM;
		marks(n);
		pieces[i].put(nth);
		orb = random_orb(PROGRAM, &kind);
		beside_reset();
		end = beside_run(&orb, BESIDE_REGION, NULL);
		used = hosted_pages() - pages;
		least = used < least ? used : least;
		most = used > most ? used : most;
		if (end == BESIDE_REFUSED)
			fail_msg("%s, %u, behind %u: refused by the region", pieces[i].name, nth,
				 n);
		beside_reset();
		end = beside_run(&orb, now_and_then(8) ? BESIDE_COLD : 0, NULL);
		if (end == (pieces[i].by_ring ? BESIDE_REFUSED : BESIDE_TAKEN))
			fail_msg("%s, %u, behind %u: not so", pieces[i].name, nth, n);
	}
	if (least == most)
		fail_msg("%s: the border is elsewhere: %ld pages", pieces[i].name, most);
}

static void borders(unsigned int border)
{
	for (unsigned int i = 0; i < 4; i++)
		*beside_at(ARGUMENTS + i) = i;
	for (unsigned int i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		for (unsigned int nth = 0; nth < 4; nth++)
			at_border(i, nth, border);
}

static void block_to_page(void **state)
{
	(void)state;
	borders(BLOCK);
}

static void page_to_page(void **state)
{
	(void)state;
	borders(BLOCK + PAGE);
}

static void format_0(void **state)
{
	(void)state;
	kind.format1 = false;
	borders(BLOCK);
}

/* Where a TIC leads, to each CCW around a border. */
static void targets(void **state)
{
	(void)state;
	for (unsigned int n = BLOCK - AROUND; n < BLOCK + AROUND; n++) {
		struct ccwring_orb orb = random_orb(PROGRAM, &kind);

		*beside_at(ARGUMENTS + 2) = 2;
		at = PROGRAM;
		marks(BLOCK + AROUND + 3);
		search(2);
		tic(PROGRAM + n * 8);
		mark(SLI);
		beside_reset();
		assert_int_equal(beside_run(&orb, 0, NULL), BESIDE_TAKEN);
	}
}

/* What was data is a command. */
static void targets_in_data(void **state)
{
	(void)state;
	for (unsigned int n = BLOCK - AROUND; n < BLOCK; n++) {
		struct ccwring_orb orb = random_orb(PROGRAM, &kind);

		*beside_at(ARGUMENTS + 1) = 1;
		memset(beside_at(ARGUMENTS - 512), n, 512);
		at = PROGRAM;
		put(CCWRING_CMD_WRITE, CC, 512, ARGUMENTS - 512);
		marks(n - 1);
		put(CCWRING_CMD_READ, CD, 4, LOW);
		for (unsigned int i = 1; i < AROUND; i++)
			put(CCWRING_CMD_WRITE, CD, 4, LOW + 0x10 * i);
		put(CCWRING_CMD_WRITE, CC, 4, LOW + 0x1000);
		search(1);
		tic(PROGRAM + BLOCK * 8);
		put(CCWRING_CMD_READ, SLI, 512, LOW + 0x1800);
		beside_reset();
		assert_int_equal(beside_run(&orb, 0, NULL), BESIDE_TAKEN);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

RUN(TEST(block_to_page), TEST(page_to_page), TEST(format_0), TEST(targets), TEST(targets_in_data))
