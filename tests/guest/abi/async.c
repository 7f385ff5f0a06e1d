// SPDX-License-Identifier: MIT
/* The asynchronous command region: HALT and CLEAR, and what is neither. */
#include <stdio.h>
#include <unistd.h>

#include "abi.h"

#define SHORT_MS 250

static void part(struct abi *abi, const char *what, const struct ccw_cmd_region *cmd, size_t offset,
		 size_t count)
{
	long ret = pwrite(abi->fd, (const uint8_t *)cmd + offset, count, A_STRIDE + offset);
	const char *how = result(ret);
	unsigned int interrupts = abi_interrupts(abi, SHORT_MS);
	char name[48];

	snprintf(name, sizeof(name), "async.%s", what);
	say(name, "%s, code %s, %u interrupts", how, abi_cmd_code(abi), interrupts);
	if (!interrupts)
		return;
	snprintf(name, sizeof(name), "async.%s.irb", what);
	say_irb(abi, name);
}

static void command(struct abi *abi, const char *what, uint32_t number)
{
	struct ccw_cmd_region cmd = { .command = number };

	part(abi, what, &cmd, 0, sizeof(cmd));
}

static void pieces(struct abi *abi)
{
	struct ccw_cmd_region halt = { VFIO_CCW_ASYNC_CMD_HSCH, 9 }, none = { 0, 0 };

	part(abi, "piece-command", &halt, 0, 4);
	part(abi, "piece-code", &halt, 4, 4);
	part(abi, "piece-last-byte", &halt, 7, 1);
	part(abi, "piece-nothing", &halt, 0, 0);
	part(abi, "piece-no-command", &none, 0, 4);
	part(abi, "piece-command-last-byte", &halt, 3, 1);
}

void abi_async(struct abi *abi)
{
	abi_good(abi, "async.before");
	command(abi, "halt", VFIO_CCW_ASYNC_CMD_HSCH);
	command(abi, "clear", VFIO_CCW_ASYNC_CMD_CSCH);
	abi_good(abi, "async.start");
	command(abi, "0", 0);
	command(abi, "3", 3);
	command(abi, "4", 4);
	command(abi, "all-ones", UINT32_MAX);
	command(abi, "high-bits", 0x80000001);
	pieces(abi);
	abi_good(abi, "async.after");
}
