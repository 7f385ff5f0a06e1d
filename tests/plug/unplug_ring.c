// SPDX-License-Identifier: MIT
/*
 * A device is unplugged while a ring keeps it busy, and plugged in again.  Its
 * client learns of it, gets an end for each request, and lets go in one of
 * several ways; a neighbour on the same ring never notices.
 */
#include <linux/vfio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plug.h"
#include "pump.h"

struct client {
	struct t_vm vm;
	struct t_ring ring;
	struct t_pump pump;
	struct t_sub sub;
	int request;
};

static void open_client(struct client *c)
{
	t_vm_open(&c->vm);
	t_find_sub(&c->vm, &c->sub);
	c->request = t_eventfd(c->sub.device->fd, VFIO_CCW_REQ_IRQ_INDEX);
	t_pump_open(&c->pump, &c->vm, &c->ring, c->sub.device->fd);
	t_pump_add_lane(&c->pump, t_neighbour(&c->vm, &c->sub)->fd);
}

static void close_client(struct client *c)
{
	t_pump_close(&c->pump);
	t_vm_close(&c->vm);
	close(c->request);
}

/* Keeps submitting until the client knows, in both ways there are. */
static bool pump_until_gone(struct client *c)
{
	uint64_t end = t_now_ms() + T_PATIENCE_MS;
	bool requested = false;

	while (t_now_ms() < end && (!requested || !c->pump.lanes[0].gone)) {
		if (t_pump_step(&c->pump))
			return false;
		requested |= t_signalled(c->request, 0);
	}
	return requested && c->pump.lanes[0].gone;
}

/* Has a lane had one more good end?  On a kernel that looks for bugs it may take a while. */
static bool pump_until_more(struct client *c, const struct t_lane *lane, unsigned long good)
{
	uint64_t end = t_now_ms() + (t_slow() - 1) * 1000ULL;

	while (lane->good == good && t_now_ms() < end) {
		if (t_pump_step(&c->pump))
			return false;
	}
	return lane->good > good;
}

/* From now on everything is refused, and the neighbour has the ring to itself. */
static void check_gone(struct client *c)
{
	const struct t_lane *gone = &c->pump.lanes[0], *neighbour = &c->pump.lanes[1];
	unsigned long ends = gone->good + gone->held, good = neighbour->good;

	T_EQUAL(t_pump_run(&c->pump, 20), 0, "submissions are taken as before");
	T_CHECK(pump_until_more(c, neighbour, good), "the neighbour goes on");
	T_CHECK(!neighbour->gone && !neighbour->held, "... and has missed nothing");
	T_EQUAL(t_pump_run(&c->pump, 20), 0, "and taken");
	T_CHECK(gone->good + gone->held - ends <= T_DEPTH, "the device does nothing any more");
}

static void unplug(struct client *c)
{
	open_client(c);
	T_EQUAL(t_pump_run(&c->pump, 50), 0, "two devices are busy");
	t_host(T_HOST_DEL);
	T_CHECK(pump_until_gone(c), "the client learns that the device is gone");
	check_gone(c);
}

static void ring_first(struct client *c)
{
	unplug(c);
	t_pump_drain(&c->pump, "ring first");
	close_client(c);
	T_CHECK(t_vanishes(c->sub.sysfs), "the subchannel goes");
	t_plug_in();
}

/* The ring lives on without the device. */
static void device_first(struct client *c)
{
	unsigned long closed;

	unplug(c);
	t_device_close(c->sub.device);
	T_CHECK(t_vanishes(c->sub.sysfs), "the subchannel goes while its ring is open");
	closed = c->pump.lanes[0].closed;
	T_EQUAL(t_pump_run(&c->pump, 20), 0, "submissions are taken as before");
	T_CHECK(c->pump.lanes[0].closed > closed, "... and have no subchannel");
	t_plug_in();
	T_EQUAL(t_pump_run(&c->pump, 20), 0, "also when another device has its place");
	t_pump_drain(&c->pump, "device first");
	close_client(c);
}

/* The new device is there before the client of the old one has let go. */
static void late(struct client *c)
{
	unsigned long good;

	unplug(c);
	t_host(T_HOST_ADD);
	T_EQUAL(t_pump_run(&c->pump, 100), 0, "submissions are taken as before");
	T_CHECK(ioctl(c->sub.device->fd, VFIO_DEVICE_RESET), "a reset does not help");
	good = c->pump.lanes[0].good;
	T_EQUAL(t_pump_run(&c->pump, 20), 0, "submissions are taken as before");
	T_EQUAL(c->pump.lanes[0].good, good, "... but not for the new device");
	t_pump_drain(&c->pump, "late");
	close_client(c);
	T_CHECK(t_becomes("/sys/bus/ccw/devices/" T_DEVNO "/online", "1"),
		"the new device is found");
	t_bind();
}

/* The new device is there before anybody could see that the old one was gone. */
static void swapped(struct client *c)
{
	open_client(c);
	T_EQUAL(t_pump_run(&c->pump, 50), 0, "two devices are busy");
	t_host(T_HOST_DEL "\n@host " T_HOST_ADD);
	T_CHECK(pump_until_gone(c), "the client learns that the device is gone");
	check_gone(c);
	t_pump_drain(&c->pump, "swapped");
	close_client(c);
	T_CHECK(t_becomes("/sys/bus/ccw/devices/" T_DEVNO "/online", "1"),
		"the new device is found");
	t_bind();
}

/* The victim's: it goes on until it is killed. */
static int live(void *argument)
{
	int *ready = argument;
	static struct client c;

	open_client(&c);
	if (write(ready[1], "r", 1) != 1 || !pump_until_gone(&c) || write(ready[1], "r", 1) != 1)
		return 1;
	t_pump_run(&c.pump, T_PATIENCE_MS);
	return 1;
}

static void killed(struct client *c)
{
	char bytes[2];
	int ready[2], status;
	pid_t pid;

	T_NEED(!pipe(ready), "a pipe");
	pid = t_start(live, ready);
	close(ready[1]);
	T_NEED(read(ready[0], bytes, 1) == 1, "a process is busy");
	usleep(20000);
	t_host(T_HOST_DEL);
	T_CHECK(read(ready[0], bytes, 1) == 1, "the process learns that the device is gone");
	kill(pid, SIGKILL);
	status = t_ended(pid, T_PATIENCE_MS);
	T_CHECK(WIFSIGNALED(status), "it is killed");
	close(ready[0]);
	T_CHECK(t_vanishes(c->sub.sysfs), "the subchannel goes");
	t_plug_in();
}

int main(int argc, char **argv)
{
	static const struct {
		void (*run)(struct client *c);
		const char *name;
	} ways[] = {
		{ ring_first, "the ring closes first" },
		{ device_first, "the device closes first" },
		{ killed, "the client is killed" },
		{ late, "the client is late" },
		{ swapped, "the devices are swapped" },
	};
	int i, rounds = argc > 1 ? atoi(argv[1]) : 10;
	static struct client c;
	struct t_before before;

	for (i = 0; i < rounds; i++) {
		printf("# round %d: %s\n", i, ways[i % 5].name);
		t_note_before(&before);
		ways[i % 5].run(&c);
		t_check_after(&before, ways[i % 5].name);
	}
	return tap_done();
}
