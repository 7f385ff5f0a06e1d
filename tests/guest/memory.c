// SPDX-License-Identifier: MIT
/*
 * What a subchannel and its ring cost the kernel, pages it pins apart.
 *
 *	memory now		the kernel's memory in KiB
 *	memory BEFORE BOUND	the test: BEFORE and BOUND are what that was before
 *				the devices were bound and after
 *
 * No counter of the kernel's has all of it: control groups do not see what is
 * not accounted, slabs not what comes by pages.  So this counts what is neither
 * free nor a user's nor a file's, over so many subchannels that what else goes
 * on does not matter.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"

#define DEPTH	    32
#define LIMIT_KIB   256
/* A page: its entry in the pin cache, in tables that come in powers of two. */
#define LIMIT_BYTES 48
#define ENOUGH	    32

/* Programs at the beginning of memory, with data in pages of their own behind. */
#define CCWS	    63
#define PROGRAM(i)  (T_IOVA + (i)*T_PAGE)
#define DATA(i, k)  PROGRAM(DEPTH + (i)*CCWS + (k))

static long long meminfo(const char *word)
{
	long long kib = t_number_after("/proc/meminfo", word);

	T_NEED(kib >= 0, "%s is known", word);
	return kib;
}

/*
 * Free pages, with those that a CPU keeps at hand.  Both are read at once, for
 * the kernel moves megabytes between them when it likes.
 */
static long long free_kib(void)
{
	FILE *stream = fopen("/proc/zoneinfo", "r");
	long long pages, sum = 0;
	char line[256];

	T_NEED(stream, "/proc/zoneinfo opens");
	while (fgets(line, sizeof(line), stream)) {
		if (sscanf(line, " pages free %lld", &pages) == 1 ||
		    sscanf(line, " count: %lld", &pages) == 1)
			sum += pages;
	}
	fclose(stream);
	return sum * (long long)T_PAGE / 1024;
}

/* Lets what is freed with a delay go, and has the counters added up. */
static void settle(void)
{
	usleep(300000);
	t_pages_pinned();
}

/* What the kernel would give back when it needs memory is not in it. */
static long long kernel_kib(void)
{
	settle();
	return meminfo("MemTotal:") - free_kib() - meminfo("AnonPages:") - meminfo("Cached:") -
	       meminfo("Buffers:") - meminfo("SReclaimable:");
}

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
	long long before = kernel_kib(), opened;

	open_rings(vm, rings);
	opened = kernel_kib() - before;
	build_programs(vm, 1);
	/* Every request of every ring is used, and more than once. */
	use_rings(vm, rings, 4, "requests end well");
	printf("# KiB a subchannel: a ring of %d entries %.1f, after I/O %.1f\n", DEPTH,
	       per_device(vm, opened), per_device(vm, kernel_kib() - before));
	return kernel_kib() - before;
}

static void page_bytes(struct t_vm *vm, struct t_ring *rings)
{
	long long before = kernel_kib();
	double bytes;

	build_programs(vm, CCWS);
	use_rings(vm, rings, 1, "requests for many pages end well");
	bytes = per_device(vm, kernel_kib() - before) * 1024 / (DEPTH * (CCWS - 1));
	T_CHECK(bytes <= LIMIT_BYTES, "a page more takes %.1f bytes, at most %d", bytes,
		LIMIT_BYTES);
}

static void measure(struct t_vm *vm, long long bound)
{
	static struct t_ring rings[T_MAX_DEVICES];
	long long opened = kernel_kib();
	double sum;

	t_vm_open(vm);
	T_NEED(vm->nr_devices >= ENOUGH, "%d devices are enough", vm->nr_devices);
	opened = kernel_kib() - opened;
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
		printf("%lld\n", kernel_kib());
		return 0;
	}
	T_NEED(argc == 3, "usage: memory now, memory BEFORE BOUND");
	measure(&vm, atoll(argv[2]) - atoll(argv[1]));
	return tap_done();
}
