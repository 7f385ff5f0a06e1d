// SPDX-License-Identifier: MIT
/* Lists of indirect data addresses the driver must refuse. */
#include <errno.h>
#include <string.h>

#include "bad.h"

#define MAX_IDAWS 3

struct bad_list {
	const char *what;
	uint32_t orb_flags;
	uint32_t list;
	uint16_t count;
	uint64_t idaws[MAX_IDAWS];
	int nr_idaws;
	int res;
	int reason;
};

#define FORMAT2		    T_ORB_PLAIN
#define FORMAT2_2K	    (T_ORB_PLAIN | T_ORB_IDAW_2K)
#define FORMAT1		    (T_ORB_PLAIN & ~T_ORB_IDAW64)

#define L		    T_LIST
#define D		    T_DATA
#define END		    (T_IOVA + T_SIZE)
#define IDAWS(...)	    { __VA_ARGS__ }, sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t)
#define WANT(errno, reason) -(errno), VFIO_CCW_RING_R_##reason

static const struct bad_list lists[] = {
	{ "a format-2 list on a word boundary", FORMAT2, L + 4, 8, IDAWS(D),
	  WANT(EINVAL, IDAL_ALIGN) },
	{ "a format-2 list on a byte boundary", FORMAT2, L + 1, 8, IDAWS(D),
	  WANT(EINVAL, IDAL_ALIGN) },
	{ "a format-1 list on a halfword boundary", FORMAT1, L + 2, 8, IDAWS(D),
	  WANT(EINVAL, IDAL_ALIGN) },
	{ "a format-2 list outside memory",
	  FORMAT2,
	  T_NOWHERE,
	  8,
	  {},
	  0,
	  WANT(EFAULT, IDAL_UNMAPPED) },
	{ "a format-1 list outside memory",
	  FORMAT1,
	  T_NOWHERE,
	  8,
	  {},
	  0,
	  WANT(EFAULT, IDAL_UNMAPPED) },
	{ "a format-2 list that leaves memory", FORMAT2, END - 8, 8192, IDAWS(D),
	  WANT(EFAULT, IDAL_UNMAPPED) },
	{ "a format-2 IDAW inside a 4K block", FORMAT2, L, 8192, IDAWS(D, D + 4096 + 8),
	  WANT(EINVAL, IDAW_ALIGN) },
	{ "a format-2 IDAW on a 2K boundary of 4K blocks", FORMAT2, L, 8192,
	  IDAWS(D, D + 4096 + 2048), WANT(EINVAL, IDAW_ALIGN) },
	{ "a format-2 IDAW inside a 2K block", FORMAT2_2K, L, 4096, IDAWS(D, D + 2048 + 8),
	  WANT(EINVAL, IDAW_ALIGN) },
	{ "a format-1 IDAW inside a 2K block", FORMAT1, L, 4096, IDAWS(D, D + 2048 + 4),
	  WANT(EINVAL, IDAW_ALIGN) },
	{ "the third IDAW inside a block", FORMAT2, L, 12288, IDAWS(D, D + 8192, D + 4096 + 1),
	  WANT(EINVAL, IDAW_ALIGN) },
	{ "a format-1 IDAW over 31 bits", FORMAT1, L, 8, IDAWS(0x80000000U | D),
	  WANT(EINVAL, IDAW_FORMAT) },
	{ "a format-2 IDAW outside memory", FORMAT2, L, 8, IDAWS(T_NOWHERE),
	  WANT(EFAULT, DATA_UNMAPPED) },
	{ "a format-2 IDAW at the end of the world", FORMAT2, L, 8, IDAWS(~0xfffULL),
	  WANT(EFAULT, DATA_UNMAPPED) },
	{ "a second IDAW outside memory", FORMAT2, L, 8192, IDAWS(D, T_NOWHERE),
	  WANT(EFAULT, DATA_UNMAPPED) },
	{ "a format-1 IDAW outside memory", FORMAT1, L, 8, IDAWS(T_NOWHERE),
	  WANT(EFAULT, DATA_UNMAPPED) },
	{ "an IDAW into memory to be read only", FORMAT2, L, 8, IDAWS(T_RO_IOVA),
	  WANT(EFAULT, DATA_UNMAPPED) },
};

static void build_list(struct t_vm *vm, const struct bad_list *bad)
{
	uint32_t word, at = bad->list;
	int i;

	for (i = 0; i < bad->nr_idaws; i++) {
		if (bad->orb_flags & T_ORB_IDAW64) {
			memcpy(t_at(vm, at), &bad->idaws[i], 8);
			at += 8;
		} else {
			word = bad->idaws[i];
			memcpy(t_at(vm, at), &word, 4);
			at += 4;
		}
	}
}

/* In second place, so that a driver that always names the first is caught. */
static void refuse_list(struct t_vm *vm, struct t_ring *ring, const struct bad_list *bad)
{
	const struct t_refusal want = { bad->res, bad->reason, 1, T_PROGRAM + 8 };
	struct t_ccw1 *program = t_at(vm, T_PROGRAM);
	struct vfio_ccw_ring_sqe sqe;

	build_list(vm, bad);
	t_ccw1(&program[0], T_CMD_NOP, T_CCW_SLI | T_CCW_CC, 1, T_DATA);
	t_ccw1(&program[1], T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_IDA, bad->count, bad->list);
	t_sqe_start(&sqe, bad->orb_flags, T_PROGRAM, 0);
	t_refused(vm, ring, &sqe, &want, bad->what);
}

int main(void)
{
	struct t_ring ring;
	struct t_vm vm;
	unsigned int i;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 8);
	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		refuse_list(&vm, &ring, &lists[i]);
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
