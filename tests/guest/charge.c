// SPDX-License-Identifier: MIT
/*
 * What the driver takes for a client is charged to it: it comes to the client's own limit,
 * is told so, and nobody else feels it; and it goes when it is not needed any more.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "common.h"

/* Of the largest ring. */
#define ENTRIES	  VFIO_CCW_RING_MAX_ENTRIES
#define RINGS	  40
#define MOST	  4000
/* How far the kernel's count may be behind, for each CPU. */
#define SLACK	  (64 * (long long)T_PAGE)
#define MIB	  (1LL << 20)

/* A program whose translation takes 33 pages, and how many of these at once. */
#define CCWS	  900
#define IDAWS	  17
#define LARGE	  32
#define LARGE_MIN (LARGE * 32 * (long long)T_PAGE)
#define PROGRAM	  T_IOVA
#define SMALL	  (T_IOVA + 0x8000)
#define DATA	  (T_IOVA + 0x10000)

static struct t_vm vm;
static int rings[MOST];

/* A ring that no device is attached to any more: 0 or -errno. */
static int make_ring(int *fd, long long *bytes)
{
	struct vfio_ccw_ring_setup setup = { .sq_entries = ENTRIES };
	int ret = t_ring_setup(vm.devices[0].fd, &setup);

	if (ret)
		return ret;
	*fd = setup.ring_fd;
	*bytes += setup.sq_bytes + setup.cq_bytes;
	T_NEED(t_ring_detach(vm.devices[0].fd) >= 0, "the device is detached");
	return 0;
}

static void close_rings(int n)
{
	while (n--)
		close(rings[n]);
}

static long long slack(void)
{
	return SLACK * sysconf(_SC_NPROCESSORS_ONLN);
}

static void rings_are_charged(void)
{
	long long before = t_cgroup_stat("vmalloc"), bytes = 0;
	int i;

	for (i = 0; i < RINGS; i++)
		T_NEED(!make_ring(&rings[i], &bytes), "ring %d", i);
	T_CHECK(t_cgroup_stat_reaches("vmalloc", before + bytes),
		"%d rings of %lld bytes are charged to who has made them", RINGS, bytes);
	close_rings(RINGS);
	T_CHECK(t_cgroup_stat_falls("vmalloc", before + slack()),
		"... and not any more at the end");
}

static void start(struct t_vm *of, struct t_device *device, const char *what)
{
	struct t_ring ring;

	t_ring_open(&ring, device->fd, 8);
	t_good_start(of, &ring, what);
	t_ring_close(&ring);
}

/* Somebody else, who is in no such group. */
static void others_go_on(void)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		t_cgroup_leave();
		start(&vm, &vm.devices[1], "another client's has come to its limit");
		fflush(stdout);
		_exit(0);
	}
	T_CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && !status, "another client goes on");
}

static void rings_have_a_limit(void)
{
	const struct rlimit files = { MOST + 100, MOST + 100 };
	long long bytes = 0;
	int n = 0, ret;

	T_NEED(!setrlimit(RLIMIT_NOFILE, &files), "many files");
	t_cgroup_limit(4 * MIB);
	do
		ret = make_ring(&rings[n], &bytes);
	while (!ret && ++n < MOST);
	T_EQUAL(ret, -ENOMEM, "there is an end to it, here after %d rings", n);
	T_CHECK(bytes <= 4 * MIB + slack(), "... that have %lld bytes", bytes);
	T_EQUAL(t_cgroup_killed(), 0, "... and nobody is killed");
	others_go_on();
	close_rings(n);
	start(&vm, &vm.devices[0], "the end of all these");
	t_cgroup_limit(-1);
}

static void build_programs(void)
{
	struct t_ccw1 *ccw = t_at(&vm, PROGRAM);
	int i;

	for (i = 0; i < CCWS; i++)
		t_ccw1(&ccw[i], T_CMD_SENSE_ID, T_CCW_SLI | (i < CCWS - 1 ? T_CCW_CC : 0),
		       (IDAWS - 1) * T_PAGE - 2, DATA + T_PAGE - 1);
	t_ccw1(t_at(&vm, SMALL), T_CMD_NOP, T_CCW_SLI, 1, DATA);
}

/* So many at once: how many end well; the others must be for want of memory. */
static int starts(struct t_ring *ring, uint32_t program, int n)
{
	struct vfio_ccw_ring_cqe cqe;
	int i, good = 0, wrong = 0;

	for (i = 0; i < n; i++)
		t_sqe_start(t_ring_sqe(ring), T_ORB_PLAIN, program, i);
	T_NEED(t_ring_enter(ring, n, n) == n, "%d starts are taken", n);
	for (i = 0; i < n; i++) {
		T_NEED(!t_ring_next(ring, &cqe), "start %d ends", i);
		if (!cqe.res)
			good += t_irb_good(cqe.irb);
		else if (cqe.res != -ENOMEM || cqe.reason != VFIO_CCW_RING_R_NO_MEMORY)
			wrong++;
	}
	T_EQUAL(wrong, 0, "starts are refused for want of memory only");
	return good;
}

static void programs_have_a_limit(void)
{
	long long before;
	struct t_ring ring;
	int good;

	t_ring_open(&ring, vm.devices[0].fd, LARGE);
	T_EQUAL(starts(&ring, SMALL, LARGE), LARGE, "short programs");
	before = t_cgroup_stat("kernel");
	T_EQUAL(starts(&ring, PROGRAM, LARGE), LARGE, "long programs, as many as the ring takes");
	T_CHECK(t_cgroup_stat_reaches("kernel", before + LARGE_MIN - slack()),
		"... are charged to who starts them");
	T_CHECK(t_cgroup_stat_falls("kernel", before + slack()), "... until they have ended");
	t_cgroup_limit(MIB);
	good = starts(&ring, PROGRAM, LARGE);
	T_CHECK(good > 0 && good < LARGE, "with a limit %d of %d have room", good, LARGE);
	T_EQUAL(starts(&ring, SMALL, LARGE), LARGE, "... and all that are short");
	T_EQUAL(t_cgroup_killed(), 0, "... and nobody is killed");
	t_cgroup_limit(-1);
	T_EQUAL(starts(&ring, PROGRAM, LARGE), LARGE, "without it all have");
	t_ring_close(&ring);
}

int main(void)
{
	if (!t_cgroup_make()) {
		printf("SKIP: this kernel counts no memory for control groups (CONFIG_MEMCG)\n");
		return 77;
	}
	t_vm_open(&vm);
	T_NEED(vm.nr_devices >= 2, "two devices");
	build_programs();
	start(&vm, &vm.devices[0], "nothing");
	t_cgroup_enter();
	rings_are_charged();
	rings_have_a_limit();
	programs_have_a_limit();
	t_cgroup_leave();
	t_vm_close(&vm);
	t_cgroup_remove();
	return tap_done();
}
