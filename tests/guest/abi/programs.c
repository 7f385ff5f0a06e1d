// SPDX-License-Identifier: MIT
/* Channel programs that are right, and what their status and data look like. */
#include <stdio.h>
#include <string.h>

#include "abi.h"

#define MAX_CCWS	  4
#define GUARD		  0xa5
#define SHOWN		  48

#define CMD_SENSE	  0x04
#define CMD_READ_BACKWARD 0x0c
#define CMD_VIRTIO_RESET  0x33
#define CMD_VIRTIO_QUEUE  0x32
#define CMD_VIRTIO_STATUS 0x31
#define CCW_PCI		  0x08

#define PLAIN		  T_ORB_PLAIN
#define FORMAT_0	  (T_ORB_PLAIN & ~T_ORB_FORMAT1)
#define FORMAT1_IDAWS	  (T_ORB_PLAIN & ~T_ORB_IDAW64)
#define BLOCKS_2K	  (T_ORB_PLAIN | T_ORB_IDAW_2K)

struct program {
	const char *name;
	uint32_t orb_flags;
	unsigned int count;
	struct t_ccw1 ccws[MAX_CCWS];
};

/* clang-format off */
static const struct program programs[] = {
	{ "nop", PLAIN, 1, { { T_CMD_NOP, T_CCW_SLI, 1, A_DATA } } },
	{ "nop-no-sli", PLAIN, 1, { { T_CMD_NOP, 0, 1, A_DATA } } },
	{ "nop-format-0", FORMAT_0, 1, { { T_CMD_NOP, T_CCW_SLI, 1, A_DATA } } },
	{ "sense-id-256", PLAIN, 1, { { T_CMD_SENSE_ID, 0, 256, A_DATA } } },
	{ "sense-id-7", PLAIN, 1, { { T_CMD_SENSE_ID, 0, 7, A_DATA } } },
	{ "sense-id-7-sli", PLAIN, 1, { { T_CMD_SENSE_ID, T_CCW_SLI, 7, A_DATA } } },
	{ "sense-id-300", PLAIN, 1, { { T_CMD_SENSE_ID, 0, 300, A_DATA } } },
	{ "sense-id-300-sli", PLAIN, 1, { { T_CMD_SENSE_ID, T_CCW_SLI, 300, A_DATA } } },
	{ "sense-id-65535", PLAIN, 1, { { T_CMD_SENSE_ID, T_CCW_SLI, 65535, A_DATA + 1 } } },
	{ "sense-id-format-0", FORMAT_0, 1, { { T_CMD_SENSE_ID, T_CCW_SLI, 7, A_DATA } } },
	{ "sense-id-skip", PLAIN, 1, { { T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_SKIP, 7, A_DATA } } },
	{ "unknown-command", PLAIN, 1, { { 0xfb, T_CCW_SLI, 1, A_DATA } } },
	{ "sense-after", PLAIN, 1, { { CMD_SENSE, T_CCW_SLI, 32, A_DATA } } },
	{ "sense-again", PLAIN, 1, { { CMD_SENSE, 0, 32, A_DATA } } },
	{ "read-backward", PLAIN, 1, { { CMD_READ_BACKWARD, T_CCW_SLI, 8, A_DATA + 15 } } },
	{ "sense-after-backward", PLAIN, 1, { { CMD_SENSE, T_CCW_SLI, 4, A_DATA } } },
	{ "two", PLAIN, 2, { { T_CMD_NOP, T_CCW_SLI | T_CCW_CC, 1, A_DATA },
			     { T_CMD_SENSE_ID, T_CCW_SLI, 7, A_DATA } } },
	{ "two-format-0", FORMAT_0, 2, { { T_CMD_NOP, T_CCW_SLI | T_CCW_CC, 1, A_DATA },
					 { T_CMD_SENSE_ID, T_CCW_SLI, 7, A_DATA } } },
	{ "chain-breaks-on-length", PLAIN, 2, { { T_CMD_SENSE_ID, T_CCW_CC, 7, A_DATA },
						{ T_CMD_NOP, T_CCW_SLI, 1, A_DATA } } },
	{ "chain-breaks-on-check", PLAIN, 2, { { 0xfb, T_CCW_SLI | T_CCW_CC, 1, A_DATA },
					       { T_CMD_NOP, T_CCW_SLI, 1, A_DATA } } },
	{ "pci", PLAIN, 1, { { T_CMD_NOP, T_CCW_SLI | CCW_PCI, 1, A_DATA } } },
	{ "pci-second", PLAIN, 2, { { T_CMD_NOP, T_CCW_SLI | T_CCW_CC, 1, A_DATA },
				    { T_CMD_NOP, T_CCW_SLI | CCW_PCI, 1, A_DATA } } },
	{ "data-chain", PLAIN, 2, { { T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_CD, 4, A_DATA },
				    { 0, T_CCW_SLI, 4, A_DATA + 16 } } },
	{ "data-chain-skip", PLAIN, 2,
	  { { T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_CD | T_CCW_SKIP, 1, A_DATA },
	    { 0, T_CCW_SLI, 6, A_DATA + 16 } } },
	{ "data-chain-tic", PLAIN, 3, { { T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_CD, 4, A_DATA },
					{ T_CMD_TIC, 0, 0, A_PROGRAM + 16 },
					{ T_CMD_NOP, T_CCW_SLI, 4, A_DATA + 16 } } },
	{ "tic-format-0", FORMAT_0, 3, { { T_CMD_NOP, T_CCW_SLI | T_CCW_CC, 1, A_DATA },
					 { 0x38, T_CCW_CC, 5, A_PROGRAM + 16 },
					 { T_CMD_SENSE_ID, T_CCW_SLI, 7, A_DATA } } },
	{ "across-pages", PLAIN, 1, { { T_CMD_SENSE_ID, T_CCW_SLI, 8, A_DATA + T_PAGE - 4 } } },
	{ "across-pages-2k", BLOCKS_2K, 1,
	  { { T_CMD_SENSE_ID, T_CCW_SLI, 8, A_DATA + T_PAGE - 4 } } },
	{ "idaw", PLAIN, 1, { { T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_IDA, 7, A_LIST } } },
	{ "idaw-2k", BLOCKS_2K, 1, { { T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_IDA, 7, A_LIST } } },
	{ "idaw-format-1", FORMAT1_IDAWS, 1,
	  { { T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_IDA, 7, A_LIST + 0x100 } } },
	{ "idaw-format-0-format-1", FORMAT_0 & ~T_ORB_IDAW64, 1,
	  { { T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_IDA, 7, A_LIST + 0x100 } } },
	{ "idaw-two", PLAIN, 1, { { T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_IDA, 8, A_LIST + 0x40 } } },
	{ "data-out", PLAIN, 1, { { CMD_VIRTIO_STATUS, T_CCW_SLI, 1, A_LIST + 0x200 } } },
	{ "reset-virtio", PLAIN, 1, { { CMD_VIRTIO_RESET, T_CCW_SLI, 0, 0 } } },
	{ "data-out-read-only", PLAIN, 1, { { CMD_VIRTIO_STATUS, T_CCW_SLI, 1, T_RO_IOVA } } },
};
/* clang-format on */

/* IDAW lists of each format, each in its place. */
static void lists(struct abi *abi)
{
	uint64_t *format2 = t_at(&abi->vm, A_LIST), *two = t_at(&abi->vm, A_LIST + 0x40);
	uint32_t *format1 = t_at(&abi->vm, A_LIST + 0x100);

	format2[0] = A_DATA + 4;
	two[0] = A_DATA + T_PAGE - 4;
	two[1] = A_DATA + T_PAGE;
	format1[0] = A_DATA + 4;
}

static void put(struct abi *abi, const struct program *program)
{
	struct t_ccw1 *format1 = t_at(&abi->vm, A_PROGRAM);
	struct t_ccw0 *format0 = (void *)format1;
	unsigned int i;

	memset(format1, 0, T_PAGE);
	for (i = 0; i < program->count; i++) {
		const struct t_ccw1 *ccw = &program->ccws[i];

		if (program->orb_flags & T_ORB_FORMAT1)
			format1[i] = *ccw;
		else
			t_ccw0(&format0[i], ccw->command, ccw->flags, ccw->count, ccw->address);
	}
}

static void run(struct abi *abi, const struct program *program)
{
	uint8_t *data = t_at(&abi->vm, A_DATA);
	char name[64];

	put(abi, program);
	memset(data, GUARD, 2 * T_PAGE);
	snprintf(name, sizeof(name), "program.%s", program->name);
	abi_run(abi, name, program->orb_flags, A_PROGRAM);
	strcat(name, ".data");
	say_bytes(name, data, SHOWN);
	strcat(name, "-at-page-end");
	say_bytes(name, data + T_PAGE - 8, 16);
}

/* The device reads a number from the data and answers behind it. */
static void both_ways(struct abi *abi)
{
	uint16_t *data = t_at(&abi->vm, A_DATA + T_PAGE - 2);
	uint16_t queue;

	for (queue = 0; queue < 2; queue++) {
		data[0] = queue;
		data[1] = 0xa5a5;
		t_ccw1(t_at(&abi->vm, A_PROGRAM), CMD_VIRTIO_QUEUE, T_CCW_SLI, 4,
		       A_DATA + T_PAGE - 2);
		abi_run(abi, queue ? "program.both-ways-1" : "program.both-ways-0", PLAIN,
			A_PROGRAM);
		say_bytes(queue ? "program.both-ways-1.data" : "program.both-ways-0.data", data, 4);
	}
}

void abi_programs(struct abi *abi)
{
	unsigned int i;

	lists(abi);
	for (i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		run(abi, &programs[i]);
	both_ways(abi);
	abi_good(abi, "program.after");
}
