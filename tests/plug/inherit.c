// SPDX-License-Identifier: MIT
/*
 * Processes that inherit a device and a ring by fork or exec.  Memory is that of
 * the process that mapped it, and goes with it; the last to let go ends all.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plug.h"
#include "pump.h"

struct client {
	struct t_vm vm;
	struct t_ring ring;
	struct t_pump pump;
};

static void open_client(struct client *c)
{
	t_vm_open(&c->vm);
	t_pump_open(&c->pump, &c->vm, &c->ring, c->vm.devices[0].fd);
}

static void close_client(struct client *c)
{
	t_pump_close(&c->pump);
	t_vm_close(&c->vm);
}

/* Exit statuses of those who inherit. */
enum {
	STARTED = 40,
	NO_MEMORY,
	NO_ANSWER,
};

/* The program of the first slot, in whatever memory is mapped there now. */
static int try_to_start(struct t_ring *ring)
{
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe;

	t_sqe_start(&sqe, T_ORB_PLAIN, T_IOVA, 0xc41d);
	if (t_ring_do(ring, &sqe, &cqe) || cqe.user_data != 0xc41d)
		return NO_ANSWER;
	if (!cqe.res && t_irb_good(cqe.irb))
		return STARTED;
	return cqe.res == -EFAULT && cqe.reason == VFIO_CCW_RING_R_CCW_UNMAPPED ? NO_MEMORY
										: NO_ANSWER;
}

static int try_and_stay(void *argument)
{
	struct client *c = argument;
	int status = try_to_start(&c->ring);

	if (status == STARTED)
		pause();
	return status;
}

static void forked(void)
{
	static struct client c;
	struct t_before before;
	uint32_t head;
	pid_t child;

	t_note_before(&before);
	open_client(&c);
	T_EQUAL(t_pump_run(&c.pump, 20), 0, "fork: the device is busy");
	t_pump_drain(&c.pump, "fork");
	head = c.ring.head;
	child = t_start(try_and_stay, &c);
	/* The child's answer is in the ring both see. */
	while (t_ring_cq_tail(&c.ring) == head && t_ended(child, 0) == -1)
		usleep(1000);
	T_EQUAL(t_ended(child, 100), -1, "fork: the child starts a program of its parent");
	c.ring.head = head + 1;
	c.ring.tail++;
	T_EQUAL(t_pump_run(&c.pump, 20), 0, "fork: so does its parent");
	t_pump_drain(&c.pump, "fork, parent");
	close_client(&c);
	T_EQUAL(t_module_users(), before.users + 2, "fork: the child still has device and ring");
	kill(child, SIGKILL);
	T_CHECK(WIFSIGNALED(t_ended(child, T_PATIENCE_MS)), "fork: the child is killed");
	t_check_after(&before, "fork");
}

/* Device and ring stay open over an exec, but for those that are to close. */
static void keep_open(struct client *c)
{
	int fds[] = { c->vm.container, c->vm.devices[0].group, c->vm.devices[0].fd, c->ring.fd };
	unsigned int i;

	for (i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		fcntl(fds[i], F_SETFD, 0);
}

/* The victim's: in the midst of I/O it becomes another program. */
static int become(void *argument)
{
	static struct client c;
	char ring[16];
	int will[2];

	open_client(&c);
	t_load_queue(&c.vm, &c.ring, t_load_sense_id);
	if (t_ring_enter(&c.ring, T_DEPTH, 0) != T_DEPTH)
		return NO_ANSWER;
	if (!argument)
		return execl("/bin/sleep", "sleep", "1000", NULL);
	keep_open(&c);
	/* How the ring is laid out: the heir finds it on its standard input. */
	if (pipe(will) || write(will[1], &c.ring.setup, sizeof(c.ring.setup)) < 0 ||
	    dup2(will[0], STDIN_FILENO))
		return NO_ANSWER;
	snprintf(ring, sizeof(ring), "%d", c.ring.fd);
	return execl("/proc/self/exe", "heir", ring, NULL);
}

static bool becomes(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	return t_becomes(path, name);
}

/* Nothing is inherited: all closes although the process lives. */
static void closed_by_exec(void)
{
	struct t_before before;
	pid_t pid;

	t_note_before(&before);
	pid = t_start(become, NULL);
	T_CHECK(becomes(pid, "sleep"), "exec: a process with I/O becomes another program");
	t_check_after(&before, "exec");
	kill(pid, SIGKILL);
	T_CHECK(WIFSIGNALED(t_ended(pid, T_PATIENCE_MS)), "exec: it has been alive");
}

static void kept_over_exec(void)
{
	struct t_before before;
	char yes;
	int status;

	t_note_before(&before);
	status = t_ended(t_start(become, &yes), T_PATIENCE_MS);
	T_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == NO_MEMORY,
		"exec, files kept: the heir finds every end, and no memory (%#x)", status);
	t_check_after(&before, "exec, files kept");
}

static void map_again(struct t_ring *ring, int fd)
{
	memset(ring, 0, sizeof(*ring));
	ring->fd = fd;
	T_NEED(read(STDIN_FILENO, &ring->setup, sizeof(ring->setup)) == sizeof(ring->setup),
	       "the layout");
	T_NEED(!t_ring_map(ring), "the ring is mapped");
	ring->tail = T_DEPTH;
}

static int heir(int fd)
{
	struct vfio_ccw_ring_cqe cqe;
	unsigned int i, ends = 0;
	struct t_ring ring;

	map_again(&ring, fd);
	for (i = 0; i < T_DEPTH; i++)
		ends += !t_ring_next(&ring, &cqe) && cqe.user_data == i;
	return ends == T_DEPTH ? try_to_start(&ring) : NO_ANSWER;
}

int main(int argc, char **argv)
{
	int i;

	if (argc == 2)
		return heir(atoi(argv[1]));
	for (i = 0; i < 3; i++) {
		forked();
		closed_by_exec();
		kept_over_exec();
	}
	return tap_done();
}
