// SPDX-License-Identifier: MIT
/*
 * The driver, or the mediated device, is taken away while a client keeps it
 * busy: the client is asked, served until it lets go, and waited for.
 */
#include <linux/vfio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plug.h"
#include "pump.h"

static void check_taken(pid_t taker, const char *how)
{
	T_CHECK(t_exited(taker), "%s: done when the client is gone", how);
}

/* A client that knows what it is asked for. */
static void polite(t_take by, const char *how)
{
	static struct t_pump pump;
	struct t_ring ring;
	struct t_sub sub;
	struct t_vm vm;
	pid_t taker;
	int request;

	t_vm_open(&vm);
	t_find_sub(&vm, &sub);
	request = t_eventfd(sub.device->fd, VFIO_CCW_REQ_IRQ_INDEX);
	t_pump_open(&pump, &vm, &ring, sub.device->fd);
	T_EQUAL(t_pump_run(&pump, 20), 0, "%s: the device is busy", how);
	T_CHECK(!t_signalled(request, 0), "%s: and its client left alone", how);
	taker = by(&sub);
	while (!t_signalled(request, 0) && !t_pump_step(&pump))
		;
	T_EQUAL(t_pump_run(&pump, 200), 0, "%s: the client is asked, and served still", how);
	T_CHECK(!pump.lanes[0].gone && !pump.lanes[0].held, "%s: ... as before", how);
	T_EQUAL(t_ended(taker, 0), -1, "%s: the other waits", how);
	t_pump_drain(&pump, how);
	t_pump_close(&pump);
	T_EQUAL(t_ended(taker, 50), -1, "%s: also when the ring is closed", how);
	t_vm_close(&vm);
	check_taken(taker, how);
	close(request);
	t_bind();
}

/* The victim's: it has never asked to be told. */
static int ignore(void *argument)
{
	static struct t_pump pump;
	int *ready = argument;
	struct t_ring ring;
	struct t_sub sub;
	struct t_vm vm;

	t_vm_open(&vm);
	t_find_sub(&vm, &sub);
	t_pump_open(&pump, &vm, &ring, sub.device->fd);
	if (t_pump_run(&pump, 20) || write(ready[1], sub.device->uuid, 37) != 37)
		return 1;
	t_pump_run(&pump, T_PATIENCE_MS);
	return 1;
}

static pid_t start_victim(struct t_device *device)
{
	int ready[2];
	pid_t pid;

	T_NEED(!pipe(ready), "a pipe");
	pid = t_start(ignore, ready);
	close(ready[1]);
	T_NEED(read(ready[0], device->uuid, 37) == 37, "a process is busy");
	close(ready[0]);
	return pid;
}

/* A client that must be killed, and a taker that nobody can stop either. */
static void rude(t_take by, const char *how)
{
	struct t_device device;
	struct t_sub sub;
	char mdev[64];
	pid_t victim, taker;

	victim = start_victim(&device);
	t_sub_of(&device, &sub);
	snprintf(mdev, sizeof(mdev), "/sys/bus/mdev/devices/%s", device.uuid);
	taker = by(&sub);
	T_CHECK(t_vanishes(mdev), "%s: under way", how);
	T_EQUAL(t_ended(taker, 200), -1, "%s: waits for a client that does not listen", how);
	T_EQUAL(t_ended(victim, 0), -1, "%s: which goes on", how);
	kill(taker, SIGKILL);
	T_EQUAL(t_ended(taker, 200), -1, "%s: waits also when it is killed", how);
	kill(victim, SIGKILL);
	T_CHECK(WIFSIGNALED(t_ended(victim, T_PATIENCE_MS)), "%s: the client is killed", how);
	T_CHECK(WIFSIGNALED(t_ended(taker, T_PATIENCE_MS)), "%s: and then the other ends", how);
	t_bind();
}

int main(void)
{
	struct t_before before;
	int i;

	t_note_before(&before);
	for (i = 0; i < 3; i++) {
		polite(t_unbind, "unbind");
		polite(t_remove_mdev, "remove");
		rude(t_unbind, "unbind, not asked");
		rude(t_remove_mdev, "remove, not asked");
		t_check_after(&before, "all four");
	}
	return tap_done();
}
