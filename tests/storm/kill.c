// SPDX-License-Identifier: MIT
/*
 * A program is killed while its requests are under way.  Half of the programs
 * share their memory with us: it lives on, and the ring in it shows what became
 * of the requests.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "plug.h"
#include "storms.h"

#define STACK_SIZE 0x40000

/**
 * struct victim - who is to be killed
 * @door: its way
 * @waits: it does nothing once requests are under way: where it has to poll for them
 *	they stay so
 * @ready: a pipe, to say that they are
 * @stack: its stack
 */
struct victim {
	enum s_door door;
	bool waits;
	int ready[2];
	char stack[STACK_SIZE];
};

/* The victim's.  We see it if we share memory. */
static struct s_client client;

static int live(void *argument)
{
	struct victim *victim = argument;

	s_open(&client, victim->door, T_DEPTH);
	if (s_submit(&client) || write(victim->ready[1], "r", 1) != 1)
		_exit(1);
	if (victim->waits)
		pause();
	s_run(&client, T_PATIENCE_MS);
	_exit(1);
}

static bool killed_when_ready(struct victim *victim, pid_t pid, unsigned int round)
{
	char byte;
	int status;

	close(victim->ready[1]);
	if (pid < 0 || read(victim->ready[0], &byte, 1) != 1)
		return false;
	/* At once, or somewhere in the midst of it. */
	usleep(round * 7919 % 5 * 500);
	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGKILL;
}

static unsigned long in_flight;

/* Each request has an end in the ring, also those the kill has ended. */
static bool all_ended(unsigned int round)
{
	if (client.door == S_REGION || client.door == S_URING)
		return true;
	in_flight += s_closed_in_ring(&client);
	if (t_ring_sq_head(&client.ring) != t_ring_cq_tail(&client.ring))
		return s_failed(round, "%u SQEs, %u CQEs", t_ring_sq_head(&client.ring),
				t_ring_cq_tail(&client.ring));
	return true;
}

void s_killed(void)
{
	T_CHECK(in_flight, "kill: %lu requests under way were ended by it", in_flight);
}

bool s_kill(unsigned int round)
{
	static struct victim victim;
	int flags = round / S_DOORS % 2 ? CLONE_VM : 0;
	bool ok = true;
	pid_t pid;

	victim.door = round % S_DOORS;
	victim.waits = !(round / S_DOORS / 2 % 2);
	T_NEED(!pipe(victim.ready), "a pipe");
	fflush(stdout);
	pid = clone(live, victim.stack + STACK_SIZE, flags | SIGCHLD, &victim);
	if (!killed_when_ready(&victim, pid, round))
		ok = s_failed(round, "%s: it was not killed", s_door_name(victim.door));
	close(victim.ready[0]);
	if (flags & CLONE_VM) {
		ok &= all_ended(round);
		s_unmap_rest(&client);
	}
	return ok;
}
