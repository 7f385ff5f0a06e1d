// SPDX-License-Identifier: MIT
/* A process without privilege pins no more than its limit allows. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bad.h"

#define LIMIT_PAGES 16
#define FEW_PAGES   4
#define MANY_PAGES  64

/* Looked at when memory is mapped: must go first. */
static void drop_privilege(void)
{
	const struct rlimit limit = { LIMIT_PAGES * T_PAGE, LIMIT_PAGES * T_PAGE };
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	T_NEED(!syscall(SYS_capget, &header, data), "capget");
	data[CAP_TO_INDEX(CAP_IPC_LOCK)].effective &= ~CAP_TO_MASK(CAP_IPC_LOCK);
	T_NEED(!syscall(SYS_capset, &header, data), "capset");
	T_NEED(!setrlimit(RLIMIT_MEMLOCK, &limit), "setrlimit");
}

/* SENSE ID by one CCW into each of so many pages, from page number first. */
static void build_at(struct t_vm *vm, uint32_t program, struct vfio_ccw_ring_sqe *sqe,
		     unsigned int pages, unsigned int first)
{
	struct t_ccw1 *ccw = t_at(vm, program);
	unsigned int i;

	for (i = 0; i < pages; i++)
		t_ccw1(&ccw[i], T_CMD_SENSE_ID, T_CCW_SLI | (i < pages - 1 ? T_CCW_CC : 0), 8,
		       T_DATA + (first + i) * T_PAGE);
	t_sqe_start(sqe, T_ORB_PLAIN, program, 1);
}

static void build(struct t_vm *vm, struct vfio_ccw_ring_sqe *sqe, unsigned int pages,
		  unsigned int first)
{
	build_at(vm, T_PROGRAM, sqe, pages, first);
}

static void over_the_limit(struct t_vm *vm, struct t_ring *ring)
{
	const struct t_refusal want = { -ENOMEM, VFIO_CCW_RING_R_PIN_LIMIT, T_NONE, 0 };
	struct vfio_ccw_ring_sqe sqe;

	build(vm, &sqe, MANY_PAGES, 0);
	t_refused(vm, ring, &sqe, &want, "more pages than may be pinned");
}

/* Each on pages of its own: what is kept pinned has to give way. */
static void again_and_again(struct t_vm *vm, struct t_ring *ring)
{
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe = { 0 };
	unsigned int round, good = 0;

	for (round = 0; round < 100; round++) {
		build(vm, &sqe, FEW_PAGES, round * FEW_PAGES);
		if (!t_ring_do(ring, &sqe, &cqe) && !cqe.res && t_irb_good(cqe.irb))
			good++;
	}
	T_EQUAL(good, 100,
		"small programs all over memory work "
		"(last: res %d, reason %u)",
		cqe.res, cqe.reason);
}

static void good(struct t_vm *vm, struct t_ring *ring, unsigned int pages, unsigned int first,
		 const char *what)
{
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe = { 0 };

	build(vm, &sqe, pages, first);
	T_CHECK(!t_ring_do(ring, &sqe, &cqe) && !cqe.res && t_irb_good(cqe.irb), "%s", what);
}

/* A start that is queued keeps its pages, although they were used least of all before,
 * and another one of its batch needs room. */
static void queued_keeps(struct t_vm *vm, struct t_ring *ring)
{
	struct vfio_ccw_ring_cqe cqe = { 0 };
	const unsigned int rest = LIMIT_PAGES - 1 - FEW_PAGES;
	long long misses, evictions;

	good(vm, ring, FEW_PAGES, 0, "pages are used");
	good(vm, ring, rest, FEW_PAGES, "... and then others");
	good(vm, ring, rest, FEW_PAGES, "... again");
	T_EQUAL(t_pins(&vm->devices[0], "pinned"), LIMIT_PAGES, "... as many as may be");
	evictions = t_pins(&vm->devices[0], "evictions");
	build_at(vm, T_PROGRAM, t_ring_sqe(ring), FEW_PAGES, 0);
	build_at(vm, T_PROGRAM + T_PAGE / 2, t_ring_sqe(ring), rest, LIMIT_PAGES);
	t_ring_store_tail(ring, ring->tail);
	T_EQUAL(t_ring_enter(ring, 2, 2), 2, "a batch with the first again, and new ones");
	T_CHECK(t_ring_reap(ring, &cqe) && !cqe.res && t_irb_good(cqe.irb), "... works");
	T_CHECK(t_ring_reap(ring, &cqe) && !cqe.res && t_irb_good(cqe.irb), "... all of it");
	T_CHECK(t_pins(&vm->devices[0], "evictions") - evictions >= rest, "... where others were");
	misses = t_pins(&vm->devices[0], "misses");
	good(vm, ring, FEW_PAGES, 0, "the first pages are used again");
	T_EQUAL(t_pins(&vm->devices[0], "misses"), misses, "... and have never been let go");
}

/* Lines in which VFIO says that the limit was met, of all there are. */
static unsigned int complaints(void)
{
	static char log[1 << 20];
	int n = klogctl(3, log, sizeof(log) - 1);
	unsigned int lines = 0;
	char *at = log;

	T_NEED(n >= 0, "the kernel's log");
	log[n] = 0;
	while ((at = strstr(at, "RLIMIT_MEMLOCK"))) {
		lines++;
		at++;
	}
	return lines;
}

/* The limit is the process's: what one device does not use is another one's. */
static void shared_limit(struct t_vm *vm, struct t_ring *first)
{
	unsigned int before, good_ones = 0, i;
	struct t_ring second, *rings[] = { first, &second };
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe;
	long long misses;

	t_ring_open(&second, vm->devices[1].fd, 8);
	good(vm, first, LIMIT_PAGES - 1, 0, "one device has all pages");
	good(vm, &second, LIMIT_PAGES - 1, LIMIT_PAGES, "the other one gets them");
	good(vm, first, LIMIT_PAGES - 1, 0, "... and the first one again");
	before = complaints();
	misses = t_pins(&vm->devices[0], "misses") + t_pins(&vm->devices[1], "misses");
	for (i = 0; i < 300; i++) {
		build(vm, &sqe, FEW_PAGES, i * FEW_PAGES % 256);
		good_ones += !t_ring_do(rings[i % 2], &sqe, &cqe) && !cqe.res &&
			     t_irb_good(cqe.irb);
	}
	T_EQUAL(good_ones, 300, "both in turn, on pages all over memory");
	misses = t_pins(&vm->devices[0], "misses") + t_pins(&vm->devices[1], "misses") - misses;
	T_CHECK(complaints() - before <= 300 / 10,
		"... and the log has %u lines of it for %lld pages", complaints() - before, misses);
	t_ring_close(&second);
}

int main(void)
{
	struct t_ring ring;
	struct t_vm vm;
	int i;

	drop_privilege();
	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 8);
	for (i = 0; i < 3; i++) {
		again_and_again(&vm, &ring);
		over_the_limit(&vm, &ring);
	}
	queued_keeps(&vm, &ring);
	if (vm.nr_devices > 1)
		shared_limit(&vm, &ring);
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
