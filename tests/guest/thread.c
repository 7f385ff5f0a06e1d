// SPDX-License-Identifier: MIT
/*
 * thread [COUNT]: rings with a thread: who may, sleeping and waking, ends, and COUNT
 * starts without a call.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common.h"

#define DEPTH	   32
#define PATIENCE_S 60
#define PROGRAM	   T_IOVA

static uint32_t flags(const struct t_ring *ring)
{
	const uint32_t *at = (const void *)(ring->cq + ring->setup.off_flags);

	return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

static int wake(struct t_ring *ring)
{
	struct vfio_ccw_ring_enter enter = { .flags = VFIO_CCW_RING_ENTER_WAKEUP };

	return t_ring_enter_raw(ring, &enter);
}

static time_t now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void open_ring(struct t_ring *ring, struct t_vm *vm, uint32_t more, uint32_t idle_us,
		      uint32_t cpu)
{
	memset(ring, 0, sizeof(*ring));
	ring->setup.sq_entries = 2 * DEPTH;
	ring->setup.flags = VFIO_CCW_RING_SETUP_THREAD | more;
	ring->setup.thread_idle_us = idle_us;
	ring->setup.thread_cpu = cpu;
	t_ring_open_setup(ring, vm->devices[0].fd);
}

static void start(struct t_ring *ring, uint64_t user_data)
{
	t_sqe_start(t_ring_sqe(ring), T_ORB_PLAIN, PROGRAM, user_data);
}

/* Looks at the CQ until there is a CQE. */
static bool look(struct t_ring *ring, struct vfio_ccw_ring_cqe *cqe)
{
	time_t end = now() + PATIENCE_S;

	while (!t_ring_reap(ring, cqe)) {
		if (now() > end)
			return false;
		sched_yield();
	}
	return true;
}

/* Without CAP_SYS_NICE there is no thread. */
static void not_allowed(struct t_vm *vm)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct all[2], fewer[2];
	struct vfio_ccw_ring_setup setup = {
		.flags = VFIO_CCW_RING_SETUP_THREAD,
		.sq_entries = 1,
	};

	T_NEED(!syscall(SYS_capget, &head, all), "capabilities");
	memcpy(fewer, all, sizeof(all));
	fewer[CAP_SYS_NICE / 32].effective &= ~(1U << CAP_SYS_NICE % 32);
	T_NEED(!syscall(SYS_capset, &head, fewer), "fewer of them");
	T_EQUAL(t_ring_setup(vm->devices[0].fd, &setup), -EPERM, "a thread needs CAP_SYS_NICE");
	T_NEED(!syscall(SYS_capset, &head, all), "all of them");
}

/* A busy program makes no call: a thread that sleeps would show. */
static void busy(struct t_vm *vm, uint32_t more, uint32_t many, const char *what)
{
	uint32_t submitted = 0, reaped = 0, wrong = 0, slept = 0;
	struct vfio_ccw_ring_cqe cqe;
	struct t_ring ring;

	open_ring(&ring, vm, more, 10000000, 0);
	while (reaped < many) {
		while (submitted < many && submitted - reaped < DEPTH)
			start(&ring, submitted++);
		t_ring_store_tail(&ring, ring.tail);
		if (!look(&ring, &cqe))
			break;
		do {
			wrong += cqe.user_data != reaped++ || cqe.res || !t_irb_good(cqe.irb);
		} while (t_ring_reap(&ring, &cqe));
		slept += flags(&ring) & VFIO_CCW_RING_NEED_WAKEUP;
	}
	T_EQUAL(reaped, many, "%s: all %u end, and no call was made", what, many);
	T_EQUAL(wrong, 0, "... in order and well");
	T_EQUAL(slept, 0, "... nor was one asked for");
	t_ring_close(&ring);
}

static void sleeps_and_wakes(struct t_vm *vm)
{
	time_t end = now() + PATIENCE_S;
	struct vfio_ccw_ring_cqe cqe = { 0 };
	struct t_ring ring;

	open_ring(&ring, vm, 0, 100, 0);
	while (!(flags(&ring) & VFIO_CCW_RING_NEED_WAKEUP) && now() < end)
		usleep(1000);
	T_CHECK(flags(&ring) & VFIO_CCW_RING_NEED_WAKEUP, "a thread with nothing to do sleeps");
	start(&ring, 7);
	t_ring_store_tail(&ring, ring.tail);
	usleep(50000);
	T_EQUAL(t_ring_sq_head(&ring), 0, "... and sees no tail move");
	T_EQUAL(wake(&ring), 0, "it is woken");
	T_CHECK(look(&ring, &cqe) && cqe.user_data == 7 && !cqe.res, "... and the start ends");
	T_EQUAL(t_ring_enter(&ring, 0, 0), 0, "ENTER without anything to do");
	start(&ring, 8);
	T_CHECK(t_ring_enter(&ring, 1, 1) >= 0, "ENTER may submit and wait");
	T_CHECK(t_ring_reap(&ring, &cqe) && cqe.user_data == 8, "... as on any ring");
	t_ring_close(&ring);
}

/* Who submits by himself, and nobody wakes the thread: it has to poll all the same. */
static void polls_for_others(struct t_vm *vm)
{
	struct vfio_ccw_ring_cqe cqe = { 0 };
	unsigned int i, ended = 0;
	struct t_ring ring;

	open_ring(&ring, vm, VFIO_CCW_RING_SETUP_POLL, 100, 0);
	for (i = 0; i < 20; i++) {
		/* Asleep, or about to. */
		usleep(i * 20);
		start(&ring, i);
		if (t_ring_enter(&ring, 1, 0) < 0 || !look(&ring, &cqe))
			break;
		ended += cqe.user_data == i && !cqe.res;
	}
	T_EQUAL(ended, 20, "a thread that sleeps polls for who has submitted by ENTER");
	start(&ring, 99);
	T_CHECK(t_ring_enter(&ring, 1, 1) >= 0, "... and waits there");
	t_ring_close(&ring);
}

static void lying_tail(struct t_vm *vm)
{
	struct vfio_ccw_ring_cqe cqe = { 0 };
	struct vfio_ccw_ring_enter enter = { .to_submit = 1 };
	struct t_ring ring;

	open_ring(&ring, vm, 0, 1000000, 0);
	t_ring_store_tail(&ring, 1000);
	usleep(20000);
	T_EQUAL(t_ring_sq_head(&ring), 0, "a tail that lies is not followed");
	T_EQUAL(t_ring_enter_raw(&ring, &enter), -EOVERFLOW, "... and ENTER says why");
	start(&ring, 9);
	t_ring_store_tail(&ring, ring.tail);
	T_CHECK(look(&ring, &cqe) && cqe.user_data == 9, "one that does not is");
	t_ring_close(&ring);
}

/* How often of a hundred looks the thread was asleep. */
static unsigned int asleep(const struct t_ring *ring)
{
	unsigned int n = 0, i;

	for (i = 0; i < 100; i++) {
		n += flags(ring) & VFIO_CCW_RING_NEED_WAKEUP;
		usleep(1000);
	}
	return n;
}

/* What cannot be consumed must not keep a CPU busy, and is consumed when it can. */
static void stuck(struct t_vm *vm)
{
	struct vfio_ccw_ring_cqe cqe = { 0 };
	uint32_t submitted = 0, reaped = 0;
	unsigned int slept;
	struct t_ring ring;

	open_ring(&ring, vm, 0, 100, 0);
	t_ring_store_tail(&ring, 1000);
	slept = asleep(&ring);
	T_CHECK(slept > 50, "a thread sleeps before a tail that lies (%u)", slept);
	t_ring_store_tail(&ring, 0);
	while (submitted < ring.setup.cq_entries + DEPTH) {
		start(&ring, submitted++);
		t_ring_store_tail(&ring, ring.tail);
		wake(&ring);
		while (submitted - t_ring_sq_head(&ring) >= DEPTH &&
		       t_ring_cq_tail(&ring) < ring.setup.cq_entries)
			sched_yield();
	}
	slept = asleep(&ring);
	T_CHECK(slept > 50, "... and before a CQ that is full (%u)", slept);
	while (reaped < submitted && look(&ring, &cqe) && cqe.user_data == reaped)
		reaped++;
	T_EQUAL(reaped, submitted, "... and goes on without being told when there is room");
	t_ring_close(&ring);
}

/* Threads of rings this process has made; what @file of one says behind @word. */
static int threads(const char *word, char *value, size_t size)
{
	char name[300], line[256], ours[32];
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	int n = 0;

	T_NEED(proc, "/proc");
	snprintf(ours, sizeof(ours), "vfio-ccw-ring/%d\n", getpid());
	while ((entry = readdir(proc))) {
		FILE *file;

		snprintf(name, sizeof(name), "/proc/%s/comm", entry->d_name);
		file = fopen(name, "r");
		if (!file)
			continue;
		if (fgets(line, sizeof(line), file) && !strcmp(line, ours))
			n++;
		else
			line[0] = 0;
		fclose(file);
		snprintf(name, sizeof(name), "/proc/%s/status", entry->d_name);
		file = line[0] && word ? fopen(name, "r") : NULL;
		while (file && fgets(line, sizeof(line), file))
			if (!strncmp(line, word, strlen(word)))
				snprintf(value, size, "%s", line + strlen(word));
		if (file)
			fclose(file);
	}
	closedir(proc);
	return n;
}

/* The last one: a machine may have no second. */
static void on_its_cpu(struct t_vm *vm)
{
	uint32_t cpu = sysconf(_SC_NPROCESSORS_ONLN) - 1;
	char cpus[32] = "", wanted[32];
	struct t_ring ring;

	snprintf(wanted, sizeof(wanted), "%u\n", cpu);
	open_ring(&ring, vm, VFIO_CCW_RING_SETUP_THREAD_CPU, 0, cpu);
	T_EQUAL(threads("Cpus_allowed_list:\t", cpus, sizeof(cpus)), 1, "a ring has one thread");
	T_CHECK(!strcmp(cpus, wanted), "... on its CPU (%s)", cpus);
	t_ring_close(&ring);
	T_EQUAL(threads(NULL, NULL, 0), 0, "it ends with the ring");
}

int main(int argc, char **argv)
{
	uint32_t many = argc > 1 ? strtoul(argv[1], NULL, 0) : 20000;
	struct vfio_ccw_ring_enter enter = { .flags = VFIO_CCW_RING_ENTER_WAKEUP };
	struct t_ring ring;
	struct t_vm vm;

	t_vm_open(&vm);
	t_ccw1(t_at(&vm, PROGRAM), T_CMD_NOP, T_CCW_SLI, 1, PROGRAM + 64);
	not_allowed(&vm);
	t_ring_open_as(&ring, vm.devices[0].fd, 1, 0);
	T_EQUAL(t_ring_enter_raw(&ring, &enter), -EINVAL, "no thread to wake");
	t_ring_close(&ring);
	sleeps_and_wakes(&vm);
	polls_for_others(&vm);
	lying_tail(&vm);
	stuck(&vm);
	on_its_cpu(&vm);
	busy(&vm, 0, many, "a thread");
	busy(&vm, VFIO_CCW_RING_SETUP_POLL, many, "a thread that polls");
	t_ring_open_as(&ring, vm.devices[0].fd, 8, 0);
	t_good_start(&vm, &ring, "rings with threads");
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
