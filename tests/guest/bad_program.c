// SPDX-License-Identifier: MIT
/* Channel programs the driver must refuse, by the CCW at fault. */
#include <errno.h>

#include "bad.h"

#define MAX_CCWS 4

struct bad_program {
	const char *what;
	uint32_t orb_flags;
	uint32_t start;
	struct t_ccw1 ccws[MAX_CCWS];
	int nr_ccws;
	struct t_refusal want;
};

/* clang-format off */
#define P		T_PROGRAM
#define D		T_DATA
#define LAST_CCW	(T_IOVA + T_SIZE - 8)
#define END		(T_IOVA + T_SIZE)
#define FORMAT0		(T_ORB_PLAIN & ~T_ORB_FORMAT1)

#define NOP(flags)	{ T_CMD_NOP, T_CCW_SLI | (flags), 1, D }
#define TIC(to)		{ T_CMD_TIC, 0, 0, to }
#define SENSE(flags, count, to) { T_CMD_SENSE_ID, T_CCW_SLI | (flags), count, to }
/* A format-0 CCW, written down in the fields of a format-1 CCW. */
#define CCW0(command, flags, count, address) \
	{ command, (address) >> 16, (address) & 0xffff, \
	  (uint32_t)(flags) << 24 | (count) }

#define CCWS(...) \
	.ccws = { __VA_ARGS__ }, \
	.nr_ccws = sizeof((struct t_ccw1[]) { __VA_ARGS__ }) / \
		   sizeof(struct t_ccw1)
#define WANT(res, reason, index, address) \
	.want = { -(res), VFIO_CCW_RING_R_##reason, index, address }
/* clang-format on */

static const struct bad_program programs[] = {
	{ "a program outside memory", T_ORB_PLAIN, T_NOWHERE, .nr_ccws = 0,
	  WANT(EFAULT, CCW_UNMAPPED, 0, T_NOWHERE) },
	{ "a format-0 program outside memory", FORMAT0, 0x8000, .nr_ccws = 0,
	  WANT(EFAULT, CCW_UNMAPPED, 0, 0x8000) },
	{ "a program at 0", T_ORB_PLAIN, 0, .nr_ccws = 0, WANT(EFAULT, CCW_UNMAPPED, 0, 0) },
	{ "a program that leaves memory", T_ORB_PLAIN, LAST_CCW, CCWS(NOP(T_CCW_CC)),
	  WANT(EFAULT, CCW_UNMAPPED, 1, END) },
	{ "a TIC out of memory", T_ORB_PLAIN, P, CCWS(NOP(T_CCW_CC), TIC(T_NOWHERE)),
	  WANT(EFAULT, CCW_UNMAPPED, 2, T_NOWHERE) },
	{ "a TIC out of memory behind a command that may skip it", T_ORB_PLAIN, P,
	  CCWS(SENSE(T_CCW_CC, 8, D), TIC(T_NOWHERE), NOP(0)),
	  WANT(EFAULT, CCW_UNMAPPED, T_ANY, T_NOWHERE) },
	{ "a TIC at the beginning", T_ORB_PLAIN, P, CCWS(TIC(P + 8), NOP(0)),
	  WANT(EINVAL, CCW_TIC_FIRST, 0, P) },
	{ "a TIC to itself", T_ORB_PLAIN, P, CCWS(NOP(T_CCW_CC), TIC(P + 8)),
	  WANT(ELOOP, CCW_TIC_TIC, 1, P + 8) },
	{ "a TIC to a TIC", T_ORB_PLAIN, P, CCWS(NOP(T_CCW_CC), TIC(P + 24), NOP(0), TIC(P + 16)),
	  WANT(ELOOP, CCW_TIC_TIC, 2, P + 24) },
	{ "a chain without end, by TIC", T_ORB_PLAIN, P, CCWS(NOP(T_CCW_CC), TIC(P)),
	  WANT(E2BIG, CCW_TOO_MANY, T_NONE, 0) },
	{ "a format-0 chain without end", FORMAT0, P,
	  CCWS(CCW0(T_CMD_NOP, T_CCW_SLI | T_CCW_CC, 1, D), CCW0(T_CMD_TIC, 0, 0, P)),
	  WANT(E2BIG, CCW_TOO_MANY, T_NONE, 0) },
	{ "a TIC to a word boundary", T_ORB_PLAIN, P, CCWS(NOP(T_CCW_CC), TIC(P + 20)),
	  WANT(EINVAL, CCW_TIC_ADDR, 1, P + 8) },
	{ "a TIC over 31 bits", T_ORB_PLAIN, P, CCWS(NOP(T_CCW_CC), TIC(0x80000000U | P)),
	  WANT(EINVAL, CCW_TIC_ADDR, 1, P + 8) },
	{ "a format-1 TIC with flags", T_ORB_PLAIN, P,
	  CCWS(NOP(T_CCW_CC), { T_CMD_TIC, T_CCW_CC, 0, P + 16 }, NOP(0)),
	  WANT(EINVAL, CCW_FORMAT, 1, P + 8) },
	{ "a format-1 TIC with a modifier", T_ORB_PLAIN, P,
	  CCWS(NOP(T_CCW_CC), { 0xf8, 0, 0, P + 16 }, NOP(0)), WANT(EINVAL, CCW_FORMAT, 1, P + 8) },
	{ "a format-1 data address over 31 bits", T_ORB_PLAIN, P,
	  CCWS(SENSE(0, 8, 0x80000000U | D)), WANT(EINVAL, CCW_FORMAT, 0, P) },
	{ "a MIDAW flag without MIDAWs in the ORB", T_ORB_PLAIN, P, CCWS(SENSE(0x01, 8, D)),
	  WANT(EINVAL, CCW_FORMAT, 0, P) },
	{ "a command code of 0", T_ORB_PLAIN, P, CCWS({ 0, 0, 1, D }),
	  WANT(EINVAL, CCW_FORMAT, 0, P) },
	{ "a suspend flag", T_ORB_PLAIN, P, CCWS(NOP(T_CCW_CC), NOP(T_CCW_SUSPEND)),
	  WANT(EOPNOTSUPP, CCW_SUSPEND, 1, P + 8) },
	{ "a format-0 count of 0", FORMAT0, P, CCWS(CCW0(T_CMD_NOP, T_CCW_SLI, 0, D)),
	  WANT(EINVAL, CCW_COUNT, 0, P) },
	{ "a format-1 count of 0 in a data chain", T_ORB_PLAIN, P,
	  CCWS(SENSE(T_CCW_CD, 0, D), SENSE(0, 8, D)), WANT(EINVAL, CCW_COUNT, 0, P) },
	{ "data outside memory", T_ORB_PLAIN, P, CCWS(SENSE(0, 8, T_NOWHERE)),
	  WANT(EFAULT, DATA_UNMAPPED, 0, P) },
	{ "data that leave memory", T_ORB_PLAIN, P, CCWS(SENSE(0, 256, END - 4)),
	  WANT(EFAULT, DATA_UNMAPPED, 0, P) },
	{ "data in memory to be read only", T_ORB_PLAIN, P, CCWS(SENSE(0, 8, T_RO_IOVA)),
	  WANT(EFAULT, DATA_UNMAPPED, 0, P) },
	{ "data of the second CCW outside memory", T_ORB_PLAIN, P,
	  CCWS(NOP(T_CCW_CC), SENSE(0, 8, T_NOWHERE)), WANT(EFAULT, DATA_UNMAPPED, 1, P + 8) },
};

static void refuse_programs(struct t_vm *vm, struct t_ring *ring)
{
	const struct bad_program *program;
	struct vfio_ccw_ring_sqe sqe;
	unsigned int i;
	int k;

	for (i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		program = &programs[i];
		for (k = 0; k < program->nr_ccws; k++)
			*(struct t_ccw1 *)t_at(vm, program->start + k * 8) = program->ccws[k];
		t_sqe_start(&sqe, program->orb_flags, program->start, 0);
		t_refused(vm, ring, &sqe, &program->want, program->what);
	}
}

/* Longer than anything an implementation may take: 512 KiB of CCWs. */
static void refuse_long_program(struct t_vm *vm, struct t_ring *ring)
{
	const struct t_refusal want = { -E2BIG, VFIO_CCW_RING_R_CCW_TOO_MANY, T_NONE, 0 };
	const uint32_t start = T_IOVA + 0x100000;
	struct vfio_ccw_ring_sqe sqe;
	uint32_t i;

	for (i = 0; i < 65536; i++)
		t_ccw1(t_at(vm, start + i * 8), T_CMD_NOP, T_CCW_SLI | (i < 65535 ? T_CCW_CC : 0),
		       1, D);
	t_sqe_start(&sqe, T_ORB_PLAIN, start, 0);
	t_refused(vm, ring, &sqe, &want, "a chain of 65,536 CCWs");
}

int main(void)
{
	struct t_ring ring;
	struct t_vm vm;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 8);
	refuse_programs(&vm, &ring);
	refuse_long_program(&vm, &ring);
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
