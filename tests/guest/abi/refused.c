// SPDX-License-Identifier: MIT
/*
 * Requests that a driver, or the machine, may refuse.  Programs that would keep
 * the emulated device going for ever are not among them: the emulator runs them
 * inside of START SUBCHANNEL, and nothing would get it out again.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "abi.h"

/* So many NOPs in a chain. */
static void chain(struct abi *abi, uint32_t program, unsigned int count)
{
	struct t_ccw1 *ccws = t_at(&abi->vm, program);
	unsigned int i;

	for (i = 0; i < count; i++)
		t_ccw1(&ccws[i], T_CMD_NOP, T_CCW_SLI | (i < count - 1 ? T_CCW_CC : 0), 1, A_DATA);
}

static void orbs(struct abi *abi)
{
	static const struct {
		const char *name;
		uint32_t flags;
	} orbs[] = {
		{ "orb.transport", T_ORB_PLAIN | T_ORB_TRANSPORT },
		{ "orb.suspend", T_ORB_PLAIN | T_ORB_SUSPEND },
		{ "orb.midaw", T_ORB_PLAIN | T_ORB_MIDAW },
		{ "orb.reserved-byte-7", T_ORB_PLAIN | 0x02 },
		{ "orb.extension", T_ORB_PLAIN | 0x01 },
		{ "orb.streaming", T_ORB_PLAIN | 0x04000000 },
		{ "orb.modification", T_ORB_PLAIN | 0x02000000 },
		{ "orb.synchronization", T_ORB_PLAIN | 0x01000000 },
		{ "orb.initial-status", T_ORB_PLAIN | 0x00200000 },
		{ "orb.address-limit", T_ORB_PLAIN | 0x00100000 },
		{ "orb.no-suspended", T_ORB_PLAIN | 0x00080000 },
		{ "orb.incorrect-length", T_ORB_PLAIN | 0x80 },
		{ "orb.key", T_ORB_PLAIN | 0x30000000 },
		{ "orb.path-zero", T_ORB_PLAIN & ~T_ORB_LPM },
		{ "orb.no-prefetch", T_ORB_PLAIN & ~T_ORB_PREFETCH },
		{ "orb.no-c64", T_ORB_PLAIN & ~T_ORB_IDAW64 },
		{ "orb.2k", T_ORB_PLAIN | T_ORB_IDAW_2K },
		{ "orb.2k-no-c64", (T_ORB_PLAIN & ~T_ORB_IDAW64) | T_ORB_IDAW_2K },
	};
	unsigned int i;

	chain(abi, A_PROGRAM, 1);
	for (i = 0; i < sizeof(orbs) / sizeof(*orbs); i++)
		abi_run(abi, orbs[i].name, orbs[i].flags, A_PROGRAM);
	abi_good(abi, "orb.after");
}

static void addresses(struct abi *abi)
{
	chain(abi, A_PROGRAM, 3);
	abi_run(abi, "cpa.unmapped", T_ORB_PLAIN, T_NOWHERE);
	abi_run(abi, "cpa.zero", T_ORB_PLAIN, 0);
	abi_run(abi, "cpa.bit-0", T_ORB_PLAIN, 0x80000000 | A_PROGRAM);
	abi_run(abi, "cpa.misaligned-4", T_ORB_PLAIN, A_PROGRAM + 4);
	abi_run(abi, "cpa.misaligned-1", T_ORB_PLAIN, A_PROGRAM + 1);
	abi_run(abi, "cpa.read-only", T_ORB_PLAIN, T_RO_IOVA);
	abi_good(abi, "cpa.after");
}

static void chains(struct abi *abi)
{
	chain(abi, A_PROGRAM, 255);
	abi_run(abi, "chain.255", T_ORB_PLAIN, A_PROGRAM);
	chain(abi, A_PROGRAM, 256);
	abi_run(abi, "chain.256", T_ORB_PLAIN, A_PROGRAM);
	chain(abi, A_PROGRAM, 257);
	abi_run(abi, "chain.257", T_ORB_PLAIN, A_PROGRAM);
	chain(abi, A_PROGRAM, 300);
	abi_run(abi, "chain.300", T_ORB_PLAIN, A_PROGRAM);
	chain(abi, A_PROGRAM, 4097);
	abi_run(abi, "chain.4097", T_ORB_PLAIN, A_PROGRAM);
}

/* Segments of one NOP and a TIC to the next, the last one a NOP alone. */
static void segments(struct abi *abi, const char *name, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		uint32_t at = A_PROGRAM + i * 64;
		struct t_ccw1 *ccws = t_at(&abi->vm, at);
		bool last = i == count - 1;

		t_ccw1(&ccws[0], T_CMD_NOP, T_CCW_SLI | (last ? 0 : T_CCW_CC), 1, A_DATA);
		t_ccw1(&ccws[1], last ? 0 : T_CMD_TIC, 0, 0, at + 64);
	}
	abi_run(abi, name, T_ORB_PLAIN, A_PROGRAM);
}

static void tics(struct abi *abi)
{
	struct t_ccw1 *ccws = t_at(&abi->vm, A_PROGRAM);

	memset(ccws, 0, T_PAGE);
	t_ccw1(&ccws[0], T_CMD_TIC, 0, 0, A_PROGRAM + 64);
	chain(abi, A_PROGRAM + 64, 1);
	abi_run(abi, "tic.first", T_ORB_PLAIN, A_PROGRAM);
	t_ccw1(&ccws[0], T_CMD_NOP, T_CCW_SLI | T_CCW_CC, 1, A_DATA);
	t_ccw1(&ccws[1], T_CMD_TIC, 0, 0, A_PROGRAM + 8);
	abi_run(abi, "tic.to-itself", T_ORB_PLAIN, A_PROGRAM);
	t_ccw1(&ccws[1], T_CMD_TIC, 0, 0, A_PROGRAM + 128);
	t_ccw1(&ccws[16], T_CMD_TIC, 0, 0, A_PROGRAM + 64);
	abi_run(abi, "tic.to-tic", T_ORB_PLAIN, A_PROGRAM);
	t_ccw1(&ccws[1], T_CMD_TIC, 0, 0, T_NOWHERE);
	abi_run(abi, "tic.unmapped", T_ORB_PLAIN, A_PROGRAM);
	t_ccw1(&ccws[1], T_CMD_TIC, 0, 0, A_PROGRAM + 68);
	abi_run(abi, "tic.misaligned", T_ORB_PLAIN, A_PROGRAM);
	t_ccw1(&ccws[1], T_CMD_TIC, T_CCW_SLI, 1, A_PROGRAM + 64);
	abi_run(abi, "tic.flags-count", T_ORB_PLAIN, A_PROGRAM);
	t_ccw1(&ccws[1], T_CMD_TIC, 0, 0, A_PROGRAM + 64);
	abi_run(abi, "tic.good", T_ORB_PLAIN, A_PROGRAM);
	memset(ccws, 0, T_PAGE);
	segments(abi, "tic.segments-16", 16);
	segments(abi, "tic.segments-17", 17);
	abi_good(abi, "tic.after");
}

/* One CCW, of format 1. */
static void one(struct abi *abi, const char *name, uint8_t command, uint8_t flags, uint16_t count,
		uint32_t address)
{
	t_ccw1(t_at(&abi->vm, A_PROGRAM), command, flags, count, address);
	abi_run(abi, name, T_ORB_PLAIN, A_PROGRAM);
}

static void ccws(struct abi *abi)
{
	memset(t_at(&abi->vm, A_PROGRAM), 0, T_PAGE);
	one(abi, "ccw.zeros", 0, 0, 0, 0);
	one(abi, "ccw.command-0", 0, T_CCW_SLI, 1, A_DATA);
	one(abi, "ccw.command-10", 0x10, T_CCW_SLI, 1, A_DATA);
	one(abi, "ccw.command-18", 0x18, T_CCW_SLI, 1, A_DATA);
	one(abi, "ccw.midaw", T_CMD_SENSE_ID, T_CCW_SLI | 0x01, 16, A_LIST);
	one(abi, "ccw.nop-count-0", T_CMD_NOP, 0, 0, A_DATA);
	one(abi, "ccw.nop-nowhere", T_CMD_NOP, T_CCW_SLI, 1, T_NOWHERE);
	one(abi, "ccw.nop-bit-0", T_CMD_NOP, T_CCW_SLI, 1, 0x80000000 | A_DATA);
	one(abi, "ccw.count-0", T_CMD_SENSE_ID, T_CCW_SLI, 0, A_DATA);
	one(abi, "ccw.data-unmapped", T_CMD_SENSE_ID, T_CCW_SLI, 16, T_NOWHERE);
	one(abi, "ccw.data-bit-0", T_CMD_SENSE_ID, T_CCW_SLI, 16, 0x80000000 | A_DATA);
	one(abi, "ccw.data-past-end", T_CMD_SENSE_ID, T_CCW_SLI, 16, T_IOVA + T_SIZE - 8);
	one(abi, "ccw.data-before", T_CMD_SENSE_ID, T_CCW_SLI, 16, T_IOVA - 8);
	one(abi, "ccw.read-only-target", T_CMD_SENSE_ID, T_CCW_SLI, 16, T_RO_IOVA);
	one(abi, "ccw.skip-nowhere", T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_SKIP, 16, T_NOWHERE);
	one(abi, "ccw.chain-count-0", T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_CD, 0, A_DATA);
	one(abi, "ccw.chain-to-zeros", T_CMD_NOP, T_CCW_SLI | T_CCW_CC, 1, A_DATA);
	abi_good(abi, "ccw.after");
}

static void indirect(struct abi *abi, const char *name, uint32_t orb_flags, uint16_t count,
		     uint32_t list)
{
	t_ccw1(t_at(&abi->vm, A_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_IDA, count, list);
	abi_run(abi, name, orb_flags, A_PROGRAM);
}

static void idaws(struct abi *abi)
{
	const uint32_t format1 = T_ORB_PLAIN & ~T_ORB_IDAW64;
	uint64_t *list = t_at(&abi->vm, A_LIST);
	uint32_t *list1 = t_at(&abi->vm, A_LIST + 0x100);

	list[0] = A_DATA + T_PAGE - 8;
	list[1] = A_DATA + 2 * T_PAGE;
	indirect(abi, "idaw.list-unmapped", T_ORB_PLAIN, 16, T_NOWHERE);
	indirect(abi, "idaw.list-misaligned", T_ORB_PLAIN, 16, A_LIST + 4);
	indirect(abi, "idaw.list-past-end", T_ORB_PLAIN, 16, T_IOVA + T_SIZE);
	list[1] = A_DATA + 2 * T_PAGE + 64;
	indirect(abi, "idaw.second-misaligned", T_ORB_PLAIN, 16, A_LIST);
	list[1] = T_NOWHERE;
	indirect(abi, "idaw.second-unmapped", T_ORB_PLAIN, 16, A_LIST);
	list[0] = T_NOWHERE;
	indirect(abi, "idaw.first-unmapped", T_ORB_PLAIN, 16, A_LIST);
	list[0] = UINT64_MAX;
	indirect(abi, "idaw.far", T_ORB_PLAIN, 1, A_LIST);
	list1[0] = 0x80000000 | A_DATA;
	indirect(abi, "idaw.format-1-bit-0", format1, 16, A_LIST + 0x100);
	list1[0] = A_DATA;
	indirect(abi, "idaw.format-1-misaligned", format1, 16, A_LIST + 0x102);
	abi_good(abi, "idaw.after");
}

/*
 * The emulated subchannel shows the deferred condition code this leads to for ever
 * after, so it comes last.
 */
void abi_wrong_path(struct abi *abi)
{
	chain(abi, A_PROGRAM, 1);
	abi_run(abi, "path.wrong", (T_ORB_PLAIN & ~T_ORB_LPM) | 0x0100, A_PROGRAM);
	abi_good(abi, "path.after");
}

void abi_refused(struct abi *abi)
{
	orbs(abi);
	addresses(abi);
	chains(abi);
	tics(abi);
	ccws(abi);
	idaws(abi);
}
