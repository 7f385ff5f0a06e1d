// SPDX-License-Identifier: MIT
/* Opening, closing, resetting; and what one life of the device leaves to the next. */
#include <errno.h>
#include <linux/vfio.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "abi.h"

#define SHORT_MS 250

static void say_reset(struct abi *abi, const char *name)
{
	say(name, "%s", result(ioctl(abi->fd, VFIO_DEVICE_RESET)));
}

static void reset(struct abi *abi)
{
	say_reset(abi, "reset.idle");
	say_reset(abi, "reset.again");
	abi_good(abi, "reset.start");
	say_reset(abi, "reset.after-start");
	say("reset.interrupts", "%u", abi_interrupts(abi, SHORT_MS));
	say_irb(abi, "reset.irb");
	abi_good(abi, "reset.start-after");
	say("reset.unread.start", "%s", result(abi_start(abi, T_ORB_PLAIN, A_PROGRAM)));
	usleep(SHORT_MS * 1000);
	say_reset(abi, "reset.unread");
	say("reset.unread.interrupts", "%u", abi_interrupts(abi, SHORT_MS));
	abi_good(abi, "reset.unread.start-after");
}

/* Two files for one device through its group. */
static void open_twice(struct abi *abi)
{
	struct t_device *device = &abi->vm.devices[0];
	int first = abi->fd, second;

	second = ioctl(device->group, VFIO_GROUP_GET_DEVICE_FD, device->uuid);
	say("twice.open", "%s", second < 0 ? result(-1) : "0");
	if (second >= 0) {
		abi->fd = second;
		abi_good(abi, "twice.start-second");
		close(second);
	}
	abi->fd = first;
	abi_good(abi, "twice.start-first");
}

/* Close with status that nobody has read. */
static void close_unread(struct abi *abi)
{
	t_ccw1(t_at(&abi->vm, A_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI, 7, A_DATA);
	say("unread.start", "%s", result(abi_start(abi, T_ORB_PLAIN, A_PROGRAM)));
	usleep(SHORT_MS * 1000);
	abi_reopen(abi, true);
	say("unread.interrupts", "%u", abi_interrupts(abi, SHORT_MS));
	abi_reopen(abi, true);
	say("unread.interrupts-again", "%u", abi_interrupts(abi, SHORT_MS));
	say_irb(abi, "unread.irb");
	abi_good(abi, "unread.start-after");
}

static void leftovers(struct abi *abi)
{
	struct ccw_io_region io;
	struct ccw_cmd_region cmd = { .command = 9 };

	if (pwrite(abi->fd, &cmd, sizeof(cmd), A_STRIDE) != -1)
		say("left.bogus-command", "taken");
	abi_good(abi, "left.start");
	abi_reopen(abi, true);
	T_NEED(pread(abi->fd, &io, sizeof(io), 0) == sizeof(io), "the I/O region");
	say("left.orb", "%s",
	    memcmp(io.orb_area, (uint8_t[12]){ 0 }, 12) ? "of the last user" : "0");
	say("left.functions", "%02x", io.scsw_area[2]);
	say_irb(abi, "left.irb");
	T_NEED(pread(abi->fd, &cmd, sizeof(cmd), A_STRIDE) == sizeof(cmd), "the command region");
	say("left.command", "%u, code %s", cmd.command, error_name(cmd.ret_code));
}

/* The client closes the device and does not take its eventfds away. */
static void eventfd_left(struct abi *abi)
{
	abi_reopen(abi, false);
	say("left-eventfd.start", "%s", result(abi_start(abi, T_ORB_PLAIN, A_PROGRAM)));
	say("left-eventfd.interrupts", "%u", abi_interrupts(abi, SHORT_MS));
	say_irb(abi, "left-eventfd.irb");
	T_NEED(!abi_set_eventfd(abi, VFIO_CCW_IO_IRQ_INDEX, abi->eventfd), "an eventfd");
	abi_good(abi, "left-eventfd.start-after");
}

/* Status nobody is told of can be read all the same. */
static void without_eventfd(struct abi *abi)
{
	abi_set_eventfd(abi, VFIO_CCW_IO_IRQ_INDEX, -1);
	t_ccw1(t_at(&abi->vm, A_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI, 5, A_DATA);
	say("no-eventfd.start", "%s", result(abi_start(abi, T_ORB_PLAIN, A_PROGRAM)));
	usleep(SHORT_MS * 1000);
	say_irb(abi, "no-eventfd.irb");
	T_NEED(!abi_set_eventfd(abi, VFIO_CCW_IO_IRQ_INDEX, abi->eventfd), "an eventfd");
	abi_good(abi, "no-eventfd.start-after");
}

/*
 * Two starts with nothing of the driver's coming between but interrupts: a real-
 * time process does not let the stock driver's worker run.
 */
static void two_starts(struct abi *abi)
{
	const struct sched_param realtime = { .sched_priority = 1 }, normal = { 0 };
	long first, second;

	T_NEED(!sched_setscheduler(0, SCHED_FIFO, &realtime), "real-time priority");
	first = abi_start(abi, T_ORB_PLAIN, A_PROGRAM);
	second = abi_start(abi, T_ORB_PLAIN, A_PROGRAM);
	T_NEED(!sched_setscheduler(0, SCHED_OTHER, &normal), "normal priority");
	say("soon.first", "%s", result(first));
	errno = second == -1 ? errno : 0;
	say("soon.second", "%s", result(second));
	abi_drain(abi);
	abi_good(abi, "soon.start-after");
}

void abi_life(struct abi *abi)
{
	reset(abi);
	open_twice(abi);
	close_unread(abi);
	leftovers(abi);
	eventfd_left(abi);
	without_eventfd(abi);
	two_starts(abi);
}
