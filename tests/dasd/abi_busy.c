// SPDX-License-Identifier: MIT
/*
 * What a client of the stock ABI sees while an I/O is under way: a program that does
 * not end by itself is started, and when its first data have come, something
 * happens to it.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi.h"
#include "eckd.h"

#define PROGRAM	  T_IOVA

/* The data have a mapping of their own. */
#define DATA_IOVA 0x01000000UL
#define DATA_SIZE ((size_t)ECKD_RECORD)

#define WAIT_MS	  500
#define LONG_MS	  5000

static volatile uint8_t *data;

static bool began(void)
{
	return *(const volatile uint32_t *)data;
}

static void map_data(struct abi *abi)
{
	T_NEED(!t_map(&abi->vm, (void *)data, DATA_SIZE, DATA_IOVA, 3), "data are mapped");
}

/* Starts the program and returns when its first record is there. */
static void start(struct abi *abi)
{
	unsigned int us;

	memset((void *)data, 0, DATA_SIZE);
	eckd_endless(&abi->vm, PROGRAM, DATA_IOVA);
	T_NEED(abi_start(abi, T_ORB_PLAIN, PROGRAM) == sizeof(struct ccw_io_region),
	       "a program without end is started");
	for (us = 0; !began() && us < 5000000; us += 20)
		usleep(20);
	T_NEED(began(), "it reads something");
}

/* What may differ from run to run is left out: where it stopped, and what was left. */
static void say_status(struct abi *abi, const char *name)
{
	struct ccw_io_region io;

	T_NEED(pread(abi->fd, &io, sizeof(io), 0) == sizeof(io), "the I/O region is read");
	say(name, "functions %02x activity %02x status %02x cc %u dstat %02x cstat %02x",
	    t_irb_function(io.irb_area), (io.irb_area[2] & 0x0f) << 3 | io.irb_area[3] >> 5,
	    io.irb_area[3] & 0x1f, io.irb_area[0] & 3, t_irb_dstat(io.irb_area),
	    t_irb_cstat(io.irb_area));
}

/* What follows: interrupts, their status, and whether the device can be used. */
static void say_rest(struct abi *abi, const char *what, int timeout_ms)
{
	unsigned int interrupts = abi_interrupts(abi, timeout_ms);
	char name[48];

	snprintf(name, sizeof(name), "busy.%s.interrupts", what);
	say(name, "%u", interrupts);
	snprintf(name, sizeof(name), "busy.%s.irb", what);
	say_status(abi, name);
	abi_drain(abi);
	snprintf(name, sizeof(name), "busy.%s.start-after", what);
	t_ccw1(t_at(&abi->vm, A_PROGRAM + 0x80000), T_CMD_NOP, T_CCW_SLI, 1, 0);
	abi_run(abi, name, T_ORB_PLAIN, A_PROGRAM + 0x80000);
	/* Whatever it was, the next one begins with a fresh device. */
	abi_reopen(abi, true);
	abi_drain(abi);
}

typedef long (*t_action)(struct abi *abi);

static long again(struct abi *abi)
{
	return abi_start(abi, T_ORB_PLAIN, PROGRAM);
}

static long async(struct abi *abi, uint32_t command)
{
	struct ccw_cmd_region cmd = { .command = command };

	return pwrite(abi->fd, &cmd, sizeof(cmd), A_STRIDE);
}

static long halt(struct abi *abi)
{
	return async(abi, VFIO_CCW_ASYNC_CMD_HSCH);
}

static long clear(struct abi *abi)
{
	return async(abi, VFIO_CCW_ASYNC_CMD_CSCH);
}

static long reset(struct abi *abi)
{
	return ioctl(abi->fd, VFIO_DEVICE_RESET);
}

static long unmap(struct abi *abi)
{
	errno = -t_unmap(&abi->vm, DATA_IOVA, DATA_SIZE);
	return errno ? -1 : 0;
}

static long reopen(struct abi *abi)
{
	abi_reopen(abi, true);
	return 0;
}

/* Does it while the program is under way. */
static void happens(struct abi *abi, const char *what, t_action action, int timeout_ms)
{
	char name[48];

	start(abi);
	snprintf(name, sizeof(name), "busy.%s", what);
	say(name, "%s", result(action(abi)));
	if (action == again)
		T_NEED(clear(abi) > 0, "the program ends");
	if (action == unmap)
		map_data(abi);
	say_rest(abi, what, timeout_ms);
}

int main(void)
{
	struct abi abi;

	abi_open(&abi);
	data = mmap(NULL, DATA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	T_NEED(data != MAP_FAILED, "memory");
	map_data(&abi);
	happens(&abi, "start", again, LONG_MS);
	happens(&abi, "halt", halt, LONG_MS);
	happens(&abi, "clear", clear, LONG_MS);
	happens(&abi, "reset", reset, WAIT_MS);
	happens(&abi, "unmap", unmap, WAIT_MS);
	happens(&abi, "reopen", reopen, WAIT_MS);
	abi_close(&abi);
	return 0;
}
