// SPDX-License-Identifier: MIT
/* program.c - the channel-program builder: what it builds, what it refuses */
#include <errno.h>
#include <string.h>

#include <ccwring/device.h>
#include <ccwring/program.h>

#include "unit.h"

#define IOVA 0x1000000

static _Alignas(8) uint8_t memory[256];

static int setup(void **state)
{
	memset(memory, 0xee, sizeof(memory));
	return ccwring_program_new_at(memory, IOVA, sizeof(memory),
				      (struct ccwring_program **)state);
}

static int teardown(void **state)
{
	ccwring_program_free(*state);
	return 0;
}

/* The program refuses, with words, at @index, and stays so. */
static void assert_refused(struct ccwring_program *prog, int ret, int err, unsigned int index)
{
	unsigned int at = 99;

	assert_int_equal(ret, err);
	assert_non_null(ccwring_program_error(prog, &at));
	assert_int_equal(at, index);
	assert_int_equal(ccwring_program_add(prog, 0x03, 0, 0, 1), err);
	assert_int_equal(ccwring_program_add_tic(prog, 0), err);
	assert_int_equal(ccwring_program_finish(prog, NULL), err);
}

static void chains_commands(void **state)
{
	static const uint8_t expected[] = {
		0x63, 0x40, 0x00, 0x10, 0x00, 0x02, 0x00, 0x00, /* chained */
		0x47, 0x40, 0x00, 0x10, 0x00, 0x02, 0x01, 0x00, /* chained */
		0x86, 0x20, 0x10, 0x00, 0x00, 0x10, 0x00, 0x00, /* the last */
	};
	struct ccwring_program *prog = *state;
	struct ccwring_orb orb;

	assert_int_equal(ccwring_program_add(prog, 0x63, 0, 0x20000, 16), 0);
	assert_int_equal(ccwring_program_add(prog, 0x47, 0, 0x20100, 16), 1);
	assert_int_equal(ccwring_program_add(prog, 0x86, CCWRING_CCW_SLI, 0x100000, 4096), 2);
	assert_int_equal(ccwring_program_finish(prog, &orb), 0);
	assert_memory_equal(ccwring_program_ccws(prog), expected, sizeof(expected));
	assert_int_equal(ccwring_program_count(prog), 3);
	assert_int_equal(ccwring_program_iova(prog), IOVA);
	assert_int_equal(ccwring_orb_cpa(&orb), IOVA);
	assert_null(ccwring_program_error(prog, NULL));
}

static void chains_data(void **state)
{
	struct ccwring_program *prog = *state;

	assert_int_equal(ccwring_program_add(prog, 0x02, CCWRING_CCW_CD, 0x1000, 8), 0);
	/* The command code behind data chaining is ignored, even 0. */
	assert_int_equal(ccwring_program_add(prog, 0x00, 0, 0x2000, 8), 1);
	assert_int_equal(ccwring_program_finish(prog, NULL), 0);
	assert_int_equal(ccwring_program_ccws(prog)[0].flags, CCWRING_CCW_CD);
	assert_int_equal(ccwring_program_ccws(prog)[1].flags, 0);
}

static void refuses_flags(void **state)
{
	static const struct {
		uint8_t flag;
		int err;
	} flags[] = {
		{ CCWRING_CCW_CC, -EINVAL },
		{ CCWRING_CCW_IDA, -EINVAL },
		{ CCWRING_CCW_S, -EOPNOTSUPP },
		{ CCWRING_CCW_MIDA, -EOPNOTSUPP },
	};
	struct ccwring_program *prog = *state;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		ccwring_program_reset(prog);
		assert_refused(prog, ccwring_program_add(prog, 0x02, flags[i].flag, 0x1000, 8),
			       flags[i].err, 0);
	}
}

static void takes_flags(void **state)
{
	const uint8_t flags = CCWRING_CCW_SLI | CCWRING_CCW_SKIP | CCWRING_CCW_PCI;
	struct ccwring_program *prog = *state;

	assert_int_equal(ccwring_program_add(prog, 0x02, flags, 0x1000, 8), 0);
	assert_int_equal(ccwring_program_ccws(prog)[0].flags, flags);
}

/* Format 1: four low zero bits are invalid, and of codes ending in 8 only TIC
 * exists, which has a function of its own. */
static void command_codes(void **state)
{
	struct ccwring_program *prog = *state;

	for (unsigned int cmd = 0; cmd < 256; cmd++) {
		int ret;

		ccwring_program_reset(prog);
		ret = ccwring_program_add(prog, cmd, 0, 0x1000, 8);
		if ((cmd & 0x0f) == 0 || (cmd & 0x0f) == 8)
			assert_refused(prog, ret, -EINVAL, 0);
		else
			assert_int_equal(ret, 0);
	}
}

static void counts(void **state)
{
	struct ccwring_program *prog = *state;

	assert_int_equal(ccwring_program_add(prog, 0x03, 0, 0, 0), 0);
	assert_int_equal(ccwring_program_add(prog, 0x02, 0, 0x1000, 65535), 1);
	assert_refused(prog, ccwring_program_add(prog, 0x02, 0, 0x1000, 65536), -EINVAL, 2);

	ccwring_program_reset(prog);
	assert_refused(prog, ccwring_program_add(prog, 0x02, CCWRING_CCW_CD, 0x1000, 0), -EINVAL,
		       0);

	ccwring_program_reset(prog);
	ccwring_program_add(prog, 0x02, CCWRING_CCW_CD, 0x1000, 1);
	assert_refused(prog, ccwring_program_add(prog, 0x02, 0, 0x1000, 0), -EINVAL, 1);
}

static void addresses(void **state)
{
	struct ccwring_program *prog = *state;

	assert_int_equal(ccwring_program_add(prog, 0x02, 0, 0x7fffffff, 1), 0);
	assert_refused(prog, ccwring_program_add(prog, 0x02, 0, 0x7fffffff, 2), -EINVAL, 1);
	ccwring_program_reset(prog);
	assert_refused(prog, ccwring_program_add(prog, 0x02, 0, 0x80000000, 1), -EINVAL, 0);
	ccwring_program_reset(prog);
	assert_refused(prog, ccwring_program_add(prog, 0x02, 0, 0x100000000, 1), -EINVAL, 0);
	ccwring_program_reset(prog);
	assert_refused(prog, ccwring_program_add(prog, 0x02, 0, UINT64_MAX, 1), -EINVAL, 0);
}

static void set_data(void **state)
{
	struct ccwring_program *prog = *state;

	ccwring_program_add(prog, 0x02, 0, 0x1000, 4096);
	ccwring_program_add_tic(prog, 0);
	assert_int_equal(ccwring_program_set_data(prog, 0, 0x7ffff000), 0);
	assert_int_equal(CCWRING_BE32(ccwring_program_ccws(prog)[0].cda), 0x7ffff000);
	assert_int_equal(ccwring_program_set_data(prog, 0, 0x7ffff001), -EINVAL);
	assert_int_equal(ccwring_program_set_data(prog, 1, 0x1000), -EINVAL);
	assert_int_equal(ccwring_program_set_data(prog, 2, 0x1000), -EINVAL);
	assert_int_equal(CCWRING_BE32(ccwring_program_ccws(prog)[0].cda), 0x7ffff000);
}

static void tic(void **state)
{
	static const uint8_t expected[] = { 0x08, 0, 0, 0, 0x01, 0, 0, 0 };
	struct ccwring_program *prog = *state;

	/* Search, go back until it is found, read. */
	assert_int_equal(ccwring_program_add(prog, 0x31, 0, 0x1000, 5), 0);
	assert_int_equal(ccwring_program_add_tic(prog, 0), 1);
	assert_int_equal(ccwring_program_add(prog, 0x06, 0, 0x2000, 8), 2);
	assert_int_equal(ccwring_program_finish(prog, NULL), 0);
	assert_memory_equal(&ccwring_program_ccws(prog)[1], expected, sizeof(expected));
	assert_int_equal(ccwring_program_ccws(prog)[0].flags, CCWRING_CCW_CC);
}

static void tic_forward(void **state)
{
	struct ccwring_program *prog = *state;

	ccwring_program_add(prog, 0x03, 0, 0, 1);
	ccwring_program_add_tic(prog, 2);
	assert_int_equal(ccwring_program_add(prog, 0x03, 0, 0, 1), 2);
	assert_int_equal(ccwring_program_finish(prog, NULL), 0);
}

static void tic_refused(void **state)
{
	struct ccwring_program *prog = *state;

	assert_refused(prog, ccwring_program_add_tic(prog, 0), -EINVAL, 0);

	ccwring_program_reset(prog);
	ccwring_program_add(prog, 0x03, 0, 0, 1);
	assert_refused(prog, ccwring_program_add_tic(prog, sizeof(memory) / 8), -EINVAL, 1);

	ccwring_program_reset(prog);
	ccwring_program_add(prog, 0x03, 0, 0, 1);
	ccwring_program_add_tic(prog, 2); /* nothing comes there */
	assert_refused(prog, ccwring_program_finish(prog, NULL), -EINVAL, 1);

	ccwring_program_reset(prog);
	ccwring_program_add(prog, 0x03, 0, 0, 1);
	ccwring_program_add_tic(prog, 2);
	ccwring_program_add_tic(prog, 0);
	assert_refused(prog, ccwring_program_finish(prog, NULL), -ELOOP, 1);

	ccwring_program_reset(prog);
	ccwring_program_add(prog, 0x03, 0, 0, 0);
	ccwring_program_add(prog, 0x02, CCWRING_CCW_CD, 0x1000, 8);
	ccwring_program_add_tic(prog, 0); /* data chained to a count of 0 */
	assert_refused(prog, ccwring_program_finish(prog, NULL), -EINVAL, 0);
}

static void ends(void **state)
{
	struct ccwring_program *prog = *state;

	assert_refused(prog, ccwring_program_finish(prog, NULL), -EINVAL, 0);
	ccwring_program_reset(prog);
	ccwring_program_add(prog, 0x02, CCWRING_CCW_CD, 0x1000, 8);
	assert_refused(prog, ccwring_program_finish(prog, NULL), -EINVAL, 0);
}

static void ida(void **state)
{
	static const ccwring_iova_t blocks[] = { 0x100ff0, 0x200000, 0x123456000 };
	static const uint8_t expected[] = {
		0, 0,	 0, 0, 0, 0x10, 0x0f, 0xf0, 0,	  0,	0,    0,
		0, 0x20, 0, 0, 0, 0,	0,    1,    0x23, 0x45, 0x60, 0,
	};
	struct ccwring_program *prog = *state;
	const struct ccwring_ccw *ccw = ccwring_program_ccws(prog);

	assert_int_equal(ccwring_program_add_ida(prog, 0x86, 0, blocks, 3, 16 + 4096 + 1), 0);
	assert_int_equal(ccw->flags, CCWRING_CCW_IDA);
	assert_int_equal(CCWRING_BE32(ccw->cda), IOVA + sizeof(memory) - 24);
	assert_memory_equal(memory + sizeof(memory) - 24, expected, sizeof(expected));
	assert_int_equal(ccwring_program_set_data(prog, 0, 0x1000), -EINVAL);
	assert_int_equal(ccwring_program_finish(prog, NULL), 0);
}

static void ida_refused(void **state)
{
	static const ccwring_iova_t blocks[] = { 0x100ff0, 0x200000, 0x300800 };
	struct ccwring_program *prog = *state;

	assert_refused(prog, ccwring_program_add_ida(prog, 0x86, 0, blocks, 3, 16 + 4096 + 1),
		       -EINVAL, 0); /* the third is not on a boundary */
	ccwring_program_reset(prog);
	assert_refused(prog, ccwring_program_add_ida(prog, 0x86, 0, blocks, 2, 16), -EINVAL, 0);
	ccwring_program_reset(prog);
	assert_refused(prog, ccwring_program_add_ida(prog, 0x86, 0, blocks, 1, 17), -EINVAL, 0);
	ccwring_program_reset(prog);
	assert_refused(prog, ccwring_program_add_ida(prog, 0x86, 0, blocks, 1, 0), -EINVAL, 0);
	ccwring_program_reset(prog);
	assert_refused(prog, ccwring_program_add_ida(prog, 0x86, 0, blocks, 0, 8), -EINVAL, 0);
}

/* CCWs and parameters share the memory and never meet. */
static void room(void **state)
{
	struct ccwring_program *prog = *state;
	ccwring_iova_t iova;

	assert_ptr_equal(ccwring_program_param(prog, 9, &iova), memory + sizeof(memory) - 16);
	assert_int_equal(iova, IOVA + sizeof(memory) - 16);
	for (unsigned int i = 0; i < (sizeof(memory) - 16) / 8; i++)
		assert_int_equal(ccwring_program_add(prog, 0x03, 0, 0, 1), i);
	assert_refused(prog, ccwring_program_add(prog, 0x03, 0, 0, 1), -ENOSPC, 30);
	assert_int_equal(memory[sizeof(memory) - 16], 0);

	ccwring_program_reset(prog);
	assert_null(ccwring_program_param(prog, sizeof(memory) + 1, &iova));
	assert_refused(prog, ccwring_program_finish(prog, NULL), -ENOSPC, 0);
	ccwring_program_reset(prog);
	assert_null(ccwring_program_param(prog, SIZE_MAX, &iova));
	ccwring_program_reset(prog);
	assert_null(ccwring_program_param(prog, 0, &iova));
}

static void places(void **state)
{
	struct ccwring_program *prog;

	(void)state;
	assert_int_equal(ccwring_program_new_at(memory + 4, IOVA, 64, &prog), -EINVAL);
	assert_int_equal(ccwring_program_new_at(memory, IOVA + 4, 64, &prog), -EINVAL);
	assert_int_equal(ccwring_program_new_at(memory, 0x80000000 - 56, 64, &prog), -EINVAL);
	assert_int_equal(ccwring_program_new_at(memory, IOVA, 7, &prog), -EINVAL);
	assert_int_equal(ccwring_program_new_at(memory, IOVA, 65544, &prog), -EINVAL);
}

/* With a context, data must be in its memory. */
static void mapped(void **state)
{
	struct ccwring_program *prog;
	struct ccwring_vfio *vfio;
	ccwring_iova_t iova;

	(void)state;
	assert_int_equal(ccwring_vfio_new(NULL, &vfio), 0);
	assert_non_null(ccwring_dma_alloc(vfio, 8192, &iova));
	assert_int_equal(ccwring_program_new(vfio, 128, &prog), 0);
	assert_int_equal(ccwring_program_add(prog, 0x02, 0, iova, 8192), 0);
	/* No data are moved: any address will do. */
	assert_int_equal(ccwring_program_add(prog, 0x03, 0, 0, 1), 1);
	assert_int_equal(ccwring_program_add(prog, 0x02, CCWRING_CCW_SKIP, 0, 8), 2);
	assert_int_equal(ccwring_program_set_data(prog, 0, 0x1000), -EFAULT);
	assert_refused(prog, ccwring_program_add(prog, 0x02, 0, 0x1000, 8), -EFAULT, 3);
	ccwring_program_reset(prog);
	assert_refused(prog,
		       ccwring_program_add_ida(prog, 0x02, 0, (ccwring_iova_t[]){ 0x1000 }, 1, 8),
		       -EFAULT, 0);
	ccwring_program_free(prog);
	assert_int_equal(ccwring_vfio_free(vfio), 0);
}

#define WITH_PROGRAM(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

RUN(WITH_PROGRAM(chains_commands), WITH_PROGRAM(chains_data), WITH_PROGRAM(refuses_flags),
    WITH_PROGRAM(takes_flags), WITH_PROGRAM(command_codes), WITH_PROGRAM(counts),
    WITH_PROGRAM(addresses), WITH_PROGRAM(set_data), WITH_PROGRAM(tic), WITH_PROGRAM(tic_forward),
    WITH_PROGRAM(tic_refused), WITH_PROGRAM(ends), WITH_PROGRAM(ida), WITH_PROGRAM(ida_refused),
    WITH_PROGRAM(room), cmocka_unit_test(places), cmocka_unit_test(mapped))
