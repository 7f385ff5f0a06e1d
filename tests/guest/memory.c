// SPDX-License-Identifier: MIT
/*
 * What a subchannel and its ring cost the kernel, pages it pins apart.
 *
 *	memory now		the kernel's memory in KiB
 *	memory BEFORE BOUND	the test: BEFORE and BOUND are what that was before
 *				the devices were bound and after
 *
 * It is measured over so many subchannels that what else goes on does not matter.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "footprint.h"

#define DEPTH	    32
#define LIMIT_KIB   256
/* A page: its entry in the pin cache, in tables that come in powers of two. */
#define LIMIT_BYTES 56
#define ENOUGH	    32

/* Programs at the beginning of memory, with data in pages of their own behind. */
#define CCWS	    63
#define PROGRAM(i)  (T_IOVA + (i)*T_PAGE)
#define DATA(i, k)  PROGRAM(DEPTH + (i)*CCWS + (k))

static void open_rings(struct t_vm *vm, struct t_ring *rings)
{
	int i;

	for (i = 0; i < vm->nr_devices; i++)
		t_ring_open(&rings[i], vm->devices[i].fd, DEPTH);
}

/* A round: as many requests as the SQ takes, each for a program of its own. */
static int round_of_starts(struct t_ring *ring)
{
	struct vfio_ccw_ring_cqe cqe;
	int i, n, good = 0;

	for (i = 0; i < DEPTH; i++)
		t_sqe_start(t_ring_sqe(ring), T_ORB_PLAIN, PROGRAM(i), i);
	n = t_ring_enter(ring, DEPTH, DEPTH);
	T_NEED(n == DEPTH, "%d requests are taken", n);
	while (t_ring_reap(ring, &cqe))
		good += !cqe.res && t_irb_good(cqe.irb);
	return good;
}

static void use_rings(struct t_vm *vm, struct t_ring *rings, int rounds, const char *what)
{
	int i, good = 0;

	for (i = 0; i < vm->nr_devices * rounds; i++)
		good += round_of_starts(&rings[i / rounds]);
	T_EQUAL(good, DEPTH * rounds * vm->nr_devices, "%s", what);
}

static void build_programs(struct t_vm *vm, int ccws)
{
	int i, k;

	for (i = 0; i < DEPTH; i++) {
		struct t_ccw1 *ccw = t_at(vm, PROGRAM(i));

		for (k = 0; k < ccws; k++)
			t_ccw1(&ccw[k], T_CMD_SENSE_ID, T_CCW_SLI | (k < ccws - 1 ? T_CCW_CC : 0),
			       8, DATA(i, k));
	}
}

static double per_device(const struct t_vm *vm, long long kib)
{
	return (double)kib / vm->nr_devices;
}

/* Everything but what grows with the pages: of these there are few. */
static long long ring_kib(struct t_vm *vm, struct t_ring *rings)
{
	long long before = t_kernel_kib(), opened;

	open_rings(vm, rings);
	opened = t_kernel_kib() - before;
	build_programs(vm, 1);
	/* Every request of every ring is used, and more than once. */
	use_rings(vm, rings, 4, "requests end well");
	printf("# KiB a subchannel: a ring of %d entries %.1f, after I/O %.1f\n", DEPTH,
	       per_device(vm, opened), per_device(vm, t_kernel_kib() - before));
	return t_kernel_kib() - before;
}

static void page_bytes(struct t_vm *vm, struct t_ring *rings)
{
	long long before = t_kernel_kib();
	double bytes;

	build_programs(vm, CCWS);
	use_rings(vm, rings, 1, "requests for many pages end well");
	bytes = per_device(vm, t_kernel_kib() - before) * 1024 / (DEPTH * (CCWS - 1));
	T_CHECK(bytes <= LIMIT_BYTES, "a page more takes %.1f bytes, at most %d", bytes,
		LIMIT_BYTES);
}

static void measure(struct t_vm *vm, long long bound)
{
	static struct t_ring rings[T_MAX_DEVICES];
	long long opened = t_kernel_kib();
	double sum;

	t_vm_open(vm);
	T_NEED(vm->nr_devices >= ENOUGH, "%d devices are enough", vm->nr_devices);
	opened = t_kernel_kib() - opened;
	printf("# KiB a subchannel: bound %.1f, open %.1f\n", per_device(vm, bound),
	       per_device(vm, opened));
	sum = per_device(vm, bound + opened + ring_kib(vm, rings));
	T_CHECK(sum <= LIMIT_KIB, "a subchannel and its ring take %.1f KiB, at most %d", sum,
		LIMIT_KIB);
	page_bytes(vm, rings);
}

int main(int argc, char **argv)
{
	struct t_vm vm;

	if (argc == 2 && !strcmp(argv[1], "now")) {
		printf("%lld\n", t_kernel_kib());
		return 0;
	}
	T_NEED(argc == 3, "usage: memory now, memory BEFORE BOUND");
	measure(&vm, atoll(argv[2]) - atoll(argv[1]));
	return tap_done();
}
