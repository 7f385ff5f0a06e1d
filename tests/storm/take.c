// SPDX-License-Identifier: MIT
/*
 * A device is unplugged, or taken away from its client by unbinding the driver or
 * removing the mediated device, with requests under way.  The client lets go of it
 * when it is asked, or is killed.
 */
#include <linux/vfio.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "plug.h"
#include "storms.h"

static bool killed(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	status = t_ended(pid, T_PATIENCE_MS);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* As if the device were unplugged by somebody who does not wait for it. */
static pid_t unplug(const struct t_sub *sub)
{
	(void)sub;
	t_host(T_HOST_DEL);
	return 0;
}

static bool taken(t_take take, pid_t taker, const struct t_sub *sub)
{
	if (take == unplug)
		return t_vanishes(sub->sysfs);
	return t_exited(taker);
}

static void give_back(t_take take)
{
	if (take == unplug)
		t_plug_in();
	else
		t_bind();
}

/* Until it is told, and has seen it for itself if there is something to see. */
static bool busy_until_told(struct s_client *c, t_take take, int request)
{
	uint64_t end = t_now_ms() + T_PATIENCE_MS;
	bool told = false;

	while (t_now_ms() < end && !(told && (take != unplug || c->ends[S_GONE]))) {
		if (s_submit(c) || s_wait(c))
			return false;
		told |= t_signalled(request, 0);
	}
	return told;
}

static bool from_who_listens(unsigned int round, t_take take)
{
	static struct s_client c;
	struct t_sub sub;
	pid_t taker;
	int request;
	bool ok;

	s_open(&c, round % S_DOORS, T_DEPTH);
	t_find_sub(&c.vm, &sub);
	request = t_eventfd(c.device->fd, VFIO_CCW_REQ_IRQ_INDEX);
	ok = !s_run(&c, 5) && !s_submit(&c);
	taker = take(&sub);
	ok = ok && busy_until_told(&c, take, request);
	/* Half of them leave requests behind. */
	ok = ok && (round / S_DOORS % 2 ? s_drain(&c) : !s_submit(&c));
	s_close(&c);
	close(request);
	return taken(take, taker, &sub) && ok;
}

struct victim {
	enum s_door door;
	int ready[2];
};

static int live(void *argument)
{
	struct victim *victim = argument;
	static struct s_client c;

	s_open(&c, victim->door, T_DEPTH);
	if (s_submit(&c) || write(victim->ready[1], c.device->uuid, 37) != 37)
		return 1;
	for (;;)
		s_run(&c, T_PATIENCE_MS);
}

static bool from_who_does_not(unsigned int round, t_take take)
{
	struct victim victim = { .door = round % S_DOORS };
	struct t_device device;
	struct t_sub sub;
	pid_t pid, taker;
	bool ok;

	T_NEED(!pipe(victim.ready), "a pipe");
	pid = t_start(live, &victim);
	close(victim.ready[1]);
	T_NEED(read(victim.ready[0], device.uuid, 37) == 37, "a process is busy");
	close(victim.ready[0]);
	t_sub_of(&device, &sub);
	taker = take(&sub);
	/* Before it has begun, in the midst of it, or after. */
	usleep(round / S_DOORS % 4 * 7000);
	ok = killed(pid);
	return taken(take, taker, &sub) && ok;
}

static bool take_away(unsigned int round, t_take take, const char *what, bool listens)
{
	bool ok = listens ? from_who_listens(round, take) : from_who_does_not(round, take);

	give_back(take);
	if (!ok)
		return s_failed(round, "%s, %s: a client that %s", what,
				s_door_name(round % S_DOORS), listens ? "listens" : "is killed");
	return true;
}

bool s_unplug(unsigned int round)
{
	return take_away(round, unplug, "unplug", round / 2 % 2);
}

bool s_unbind(unsigned int round)
{
	bool listens = round / 2 % 2;

	if (round / 3 % 2)
		return take_away(round, t_remove_mdev, "remove", listens);
	return take_away(round, t_unbind, "unbind", listens);
}
