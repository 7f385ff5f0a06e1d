// SPDX-License-Identifier: MIT
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

#define STACK_SIZE 0x40000

struct victim {
	t_load load;
	int ready[2];
};

/* The victim's.  Its parent sees them if they share memory. */
static struct t_ring ring;
static struct t_vm vm;

/* Wherever the kill strikes, requests are under way. */
static void keep_busy(t_load load)
{
	struct vfio_ccw_ring_cqe cqe;

	while (!t_ring_next(&ring, &cqe) && !cqe.res) {
		load(&vm, cqe.user_data, t_ring_sqe(&ring));
		if (t_ring_enter(&ring, 1, 0) != 1)
			return;
	}
}

/* Whatever it locks counts for the memory it shares with its parent. */
static int live_and_wait(void *argument)
{
	struct victim *victim = argument;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, T_DEPTH);
	t_load_queue(&vm, &ring, victim->load);
	if (t_ring_enter(&ring, T_DEPTH, 0) != T_DEPTH || write(victim->ready[1], "r", 1) != 1)
		_exit(1);
	keep_busy(victim->load);
	_exit(1);
}

static void kill_when_ready(struct victim *victim, pid_t pid)
{
	char byte;
	int status;

	T_NEED(pid > 0, "a process starts");
	close(victim->ready[1]);
	T_NEED(read(victim->ready[0], &byte, 1) == 1, "it is under way");
	usleep(10000);
	kill(pid, SIGKILL);
	T_NEED(waitpid(pid, &status, 0) == pid, "it ends");
	T_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it was killed");
}

/* Shared memory, separate files: the kill closes the files, memory lives on. */
static void kill_one(struct victim *victim, int flags)
{
	char *stack;
	pid_t pid;

	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	T_NEED(stack != MAP_FAILED && !pipe(victim->ready), "a stack, a pipe");
	pid = clone(live_and_wait, stack + STACK_SIZE, flags | SIGCHLD, victim);
	kill_when_ready(victim, pid);
	close(victim->ready[0]);
	munmap(stack, STACK_SIZE);
}

/* Shared memory keeps the mappings of the victim, and they keep the ring. */
static void unmap_rest(int flags)
{
	if (!(flags & CLONE_VM))
		return;
	t_ring_unmap(&ring);
	munmap(vm.memory, T_SIZE);
	munmap(vm.read_only, T_RO_SIZE);
}

static void check_usable(void)
{
	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, T_DEPTH);
	t_good_start(&vm, &ring, "a kill");
	t_ring_close(&ring);
	t_vm_close(&vm);
}

static void killed(t_load load, int flags, const char *how)
{
	struct victim victim = { .load = load };
	long long pinned = t_pages_pinned();
	long long users = t_module_users();
	long long locked = t_number_after("/proc/self/status", "VmLck:");
	int tries = 100;

	kill_one(&victim, flags);
	T_CHECK(t_pages_pinned_become(pinned),
		"%s: no page stays pinned "
		"(%lld, before %lld)",
		how, t_pages_pinned(), pinned);
	T_EQUAL(t_number_after("/proc/self/status", "VmLck:"), locked, "%s: no memory stays locked",
		how);
	unmap_rest(flags);
	while (t_module_users() != users && tries--)
		usleep(10000);
	T_EQUAL(t_module_users(), users, "%s: the module's users are back", how);
	check_usable();
	T_CHECK(t_pages_pinned_become(pinned), "%s: nor after the next user", how);
}

void t_load_killed(t_load load)
{
	killed(load, 0, "a process of its own");
	killed(load, CLONE_VM, "a process that shares our memory");
}
