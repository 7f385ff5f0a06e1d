// SPDX-License-Identifier: MIT
/*
 * What a write to the I/O region does: any write carries out what the region
 * asks for then.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "abi.h"

#define SHORT_MS 250
#define SIZE	 sizeof(struct ccw_io_region)

static uint8_t functions_now(struct abi *abi)
{
	uint8_t byte;

	T_NEED(pread(abi->fd, &byte, 1, offsetof(struct ccw_io_region, scsw_area) + 2) == 1,
	       "the functions in the region");
	return byte;
}

/* Writes part of a region; says what came back and whether something was started. */
static void part(struct abi *abi, const char *what, const struct ccw_io_region *io, size_t offset,
		 size_t count)
{
	long ret = pwrite(abi->fd, (const uint8_t *)io + offset, count, offset);
	const char *how = result(ret);
	unsigned int interrupts = abi_interrupts(abi, SHORT_MS);
	struct ccw_io_region now;
	char name[48];

	T_NEED(pread(abi->fd, &now, sizeof(now), 0) == sizeof(now), "the I/O region is read");
	snprintf(name, sizeof(name), "io-write.%s", what);
	say(name, "%s, code %s, %u interrupts", how, error_name(now.ret_code), interrupts);
}

static void functions(struct abi *abi)
{
	static const uint8_t combinations[] = { 0x00, 0x10, 0x20, 0x30, 0x40,
						0x50, 0x60, 0x70, 0x80, 0x0f };
	struct ccw_io_region io;
	char name[32];
	unsigned int i;

	for (i = 0; i < sizeof(combinations); i++) {
		abi_io_region(&io, combinations[i], T_ORB_PLAIN, A_PROGRAM);
		snprintf(name, sizeof(name), "functions-%02x", combinations[i]);
		part(abi, name, &io, 0, SIZE);
	}
	abi_io_region(&io, 0, T_ORB_PLAIN, A_PROGRAM);
	io.ret_code = 7;
	part(abi, "no-function-code-7", &io, 0, SIZE);
	io.ret_code = -5;
	part(abi, "no-function-code-EIO", &io, 0, SIZE);
	io.scsw_area[2] = T_FUNCTION_START;
	part(abi, "start-code-EIO", &io, 0, SIZE);
}

/* The region is filled piece by piece; it holds a start from the fourth on. */
static void pieces(struct abi *abi)
{
	struct ccw_io_region none, io;

	abi_io_region(&none, 0, 0, 0);
	abi_io_region(&io, T_FUNCTION_START, T_ORB_PLAIN, A_PROGRAM);
	part(abi, "empty", &none, 0, SIZE);
	part(abi, "orb", &io, 0, 12);
	part(abi, "first-byte", &io, 0, 1);
	part(abi, "scsw", &io, 12, 12);
	part(abi, "orb-while-start", &io, 0, 12);
	part(abi, "irb", &none, 24, 96);
	part(abi, "code", &none, 120, 4);
	part(abi, "last-byte", &none, 123, 1);
	part(abi, "nothing", &none, 0, 0);
	part(abi, "scsw-none", &none, 12, 12);
	part(abi, "nothing-while-none", &none, 0, 0);
}

/* A write that fails half way: does any of it get into the region? */
static void half_readable(struct abi *abi)
{
	struct ccw_io_region io, *half = abi_before_hole(20);

	abi_io_region(&io, 0, 0, 0);
	part(abi, "before-fault", &io, 0, SIZE);
	abi_io_region(&io, 0x7f, T_ORB_PLAIN, A_PROGRAM);
	memcpy(half, &io, 20);
	part(abi, "fault", half, 0, SIZE);
	say("io-write.fault.functions", "%02x", functions_now(abi));
	memset(&io, 0, sizeof(io));
	part(abi, "after-fault", &io, 0, SIZE);
}

void abi_writes(struct abi *abi)
{
	abi_good(abi, "io-write.before");
	functions(abi);
	pieces(abi);
	half_readable(abi);
	abi_good(abi, "io-write.after");
}
