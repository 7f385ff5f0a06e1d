// SPDX-License-Identifier: MIT
/*
 * place_eckd FILE: the bytes of a record go where CCWs and IDAWs say, by every
 * format, by data chaining and past what is skipped, and of many records in one program.
 */
#include <string.h>

#include "disk.h"
#include "eckd.h"
#include "layouts.h"

#define PARAMETERS (T_IOVA + 0x90000)
#define LONG	   190

static const struct t_layout whole_record[] = {
	{ "a chain of tiny pieces", T_ORB_PLAIN, T_CHAINED,
	  T_PIECES({ 0x1001, 1 }, { 0x1003, 2 }, { 0x1fff, 3 }, { 0x3000, 5 }, { 0x4ffd, 7 },
		   { 0x6001, 11 }, { 0x8123, 4067 }) },
	{ "a chain backwards", T_ORB_PLAIN, T_CHAINED,
	  T_PIECES({ 0x9000, 1024 }, { 0x8c00, 1024 }, { 0x5801, 1024 }, { 0x2fff, 1024 }) },
	{ "a format-0 chain", T_FORMAT0, T_CHAINED,
	  T_PIECES({ 0x1fff, 1 }, { 0x3fff, 2 }, { 0x6ffd, 4000 }, { 0x9003, 93 }) },
	{ "a chain with skipped pieces", T_ORB_PLAIN, T_CHAINED,
	  T_PIECES({ 0x1ffe, 100 }, { 0x4000, 1900, true }, { 0x6fff, 96 }, { 0x9000, 1000, true },
		   { 0xb001, 1000 }) },
	{ "a chain that begins with a skip", T_ORB_PLAIN, T_CHAINED,
	  T_PIECES({ 0x1000, 4000, true }, { 0x5fd0, 96 }) },
	{ "a format-0 chain with a skip", T_FORMAT0, T_CHAINED,
	  T_PIECES({ 0x1ffe, 95 }, { 0x4000, 1, true }, { 0x6fff, 4000 }) },
	{ "everything skipped", T_ORB_PLAIN, T_CHAINED, T_PIECES({ 0x1000, 4096, true }) },
	{ "4K IDAWs from the middle of a page", T_ORB_PLAIN, T_IDAWS,
	  T_PIECES({ 0x1801, 2047 }, { 0x7000, 2049 }) },
	{ "64-bit 2K IDAWs", T_IDAW2K(T_ORB_PLAIN), T_IDAWS,
	  T_PIECES({ 0x17ff, 1 }, { 0x9800, 2048 }, { 0x4000, 2047 }) },
	{ "32-bit IDAWs", T_IDAW1(T_ORB_PLAIN), T_IDAWS,
	  T_PIECES({ 0x1fc1, 63 }, { 0x3000, 2048 }, { 0x9800, 1985 }) },
	{ "32-bit IDAWs in format 0", T_IDAW1(T_FORMAT0), T_IDAWS,
	  T_PIECES({ 0x1fff, 1 }, { 0x4800, 2048 }, { 0x4000, 2047 }) },
};

static void run(struct t_vm *vm, struct t_ring *ring, const struct t_layout *layout,
		const uint8_t *expected, uint32_t block)
{
	struct t_ccw1 prefix[2];
	const struct t_command read = {
		.prefix = prefix,
		.nr_prefix = 2,
		.code = ECKD_READ,
		.flags = T_CCW_SLI,
	};

	eckd_prefix(vm, prefix, PARAMETERS, ECKD_READ, block, 1);
	t_layout_run(vm, ring, &read, layout, expected + (size_t)block * ECKD_RECORD);
}

/*
 * As many records as a Linux guest asks for at once, over sixteen tracks, each over the end of a
 * page: that translation goes on in pages of its own.
 */
static void long_read(struct t_vm *vm, struct t_ring *ring, const uint8_t *expected)
{
	const uint32_t program = T_IOVA + 0x100000, data = T_IOVA + 0x200000 + 100;
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe = { 0 };

	for (uint32_t block = 7; block < 400; block += 131) {
		memset(t_at(vm, data), 0, LONG * ECKD_RECORD);
		eckd_program(vm, program, ECKD_READ, block, LONG, data);
		t_sqe_start(&sqe, T_ORB_PLAIN, program, block);
		T_CHECK(!t_ring_do(ring, &sqe, &cqe) && !cqe.res && t_irb_good(cqe.irb) &&
				t_irb_cpa(cqe.irb) == program + (2 + LONG) * 8,
			"%d records from %u on are read by one program", LONG, block);
		T_CHECK(!memcmp(t_at(vm, data), expected + (size_t)block * ECKD_RECORD,
				LONG * ECKD_RECORD),
			"... each to its place");
	}
}

int main(int argc, char **argv)
{
	const unsigned int common = sizeof(t_common_layouts) / sizeof(*t_common_layouts);
	const unsigned int whole = sizeof(whole_record) / sizeof(*whole_record);
	uint8_t *expected;
	struct t_ring ring;
	struct t_vm vm;
	unsigned int i;

	T_NEED(argc == 2, "one argument");
	expected = disk_expected(argv[1]);
	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 8);
	for (i = 0; i < common; i++)
		run(&vm, &ring, &t_common_layouts[i], expected, i * 41);
	for (i = 0; i < whole; i++)
		run(&vm, &ring, &whole_record[i], expected, i * 97 + 5);
	long_read(&vm, &ring, expected);
	t_good_start(&vm, &ring, "all that");
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
