// SPDX-License-Identifier: MIT
/*
 * Which parts of which region can be read and written.  Writes that would reach
 * the regions with a function are in writes.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "abi.h"

#define REGIONS 5

static const uint32_t sizes[REGIONS] = { 124, 8, 52, 8, 8 };

static uint8_t buffer[2 * A_STRIDE];

static void read_at(struct abi *abi, uint32_t index, const char *what, size_t count, off_t offset)
{
	char name[48];

	snprintf(name, sizeof(name), "read.%u.%s", index, what);
	say(name, "%s", result(pread(abi->fd, buffer, count, (off_t)index * A_STRIDE + offset)));
}

static void write_at(struct abi *abi, uint32_t index, const char *what, size_t count, off_t offset)
{
	char name[48];

	snprintf(name, sizeof(name), "write.%u.%s", index, what);
	say(name, "%s", result(pwrite(abi->fd, buffer, count, (off_t)index * A_STRIDE + offset)));
}

static void reads(struct abi *abi, uint32_t index)
{
	uint32_t size = sizes[index];

	read_at(abi, index, "whole", size, 0);
	read_at(abi, index, "first-byte", 1, 0);
	read_at(abi, index, "middle", 3, size / 2);
	read_at(abi, index, "last-byte", 1, size - 1);
	read_at(abi, index, "nothing", 0, 0);
	read_at(abi, index, "nothing-at-end", 0, size);
	read_at(abi, index, "nothing-behind", 0, size + 1);
	read_at(abi, index, "one-too-many", size + 1, 0);
	read_at(abi, index, "over-the-end", 2, size - 1);
	read_at(abi, index, "behind", 1, size);
	read_at(abi, index, "gap", 4, A_STRIDE / 2);
	read_at(abi, index, "into-next", 8, A_STRIDE - 4);
	read_at(abi, index, "huge", SIZE_MAX / 2, 0);
	read_at(abi, index, "larger-than-int", (size_t)UINT32_MAX + 1, 0);
}

/* Nothing here is inside of a region that takes writes. */
static void writes(struct abi *abi, uint32_t index)
{
	uint32_t size = sizes[index];

	write_at(abi, index, "one-too-many", size + 1, 0);
	write_at(abi, index, "over-the-end", 2, size - 1);
	write_at(abi, index, "behind", 1, size);
	write_at(abi, index, "nothing-behind", 0, size + 1);
	write_at(abi, index, "gap", 4, A_STRIDE / 2);
	write_at(abi, index, "huge", SIZE_MAX / 2, 0);
	if (index < 2)
		return;
	write_at(abi, index, "whole", size, 0);
	write_at(abi, index, "first-byte", 1, 0);
	write_at(abi, index, "nothing", 0, 0);
}

static void bad_pointers(struct abi *abi)
{
	void *nowhere = (void *)16;
	char name[32];
	uint32_t index;

	for (index = 0; index < REGIONS; index++) {
		snprintf(name, sizeof(name), "read.%u.fault", index);
		say(name, "%s",
		    result(pread(abi->fd, nowhere, sizes[index], (off_t)index * A_STRIDE)));
		snprintf(name, sizeof(name), "write.%u.fault", index);
		say(name, "%s",
		    result(pwrite(abi->fd, nowhere, sizes[index], (off_t)index * A_STRIDE)));
	}
}

static void far_away(struct abi *abi)
{
	say("read.5", "%s", result(pread(abi->fd, buffer, 1, 5 * A_STRIDE)));
	say("read.1-GiB", "%s", result(pread(abi->fd, buffer, 1, 1L << 30)));
	say("read.4-TiB", "%s", result(pread(abi->fd, buffer, 124, 1L << 42)));
	say("read.last", "%s", result(pread(abi->fd, buffer, 1, INT64_MAX)));
	say("read.negative", "%s", result(pread(abi->fd, buffer, 1, -1)));
	say("write.5", "%s", result(pwrite(abi->fd, buffer, 1, 5 * A_STRIDE)));
}

/* Reads do not move the file's position, so the second sees what the first saw. */
static void positions(struct abi *abi)
{
	struct iovec parts[2] = { { buffer, 60 }, { buffer + 60, 64 } };

	say("read.position.1", "%s", result(read(abi->fd, buffer, 124)));
	say("read.position.2", "%s", result(read(abi->fd, buffer, 124)));
	say("read.seek", "%s", result(lseek(abi->fd, A_STRIDE, SEEK_SET)));
	say("read.vector", "%s", result(preadv(abi->fd, parts, 2, 0)));
}

static void contents(struct abi *abi)
{
	T_NEED(pread(abi->fd, buffer, 124, 0) == 124, "the I/O region");
	say_bytes("content.0.orb-scsw", buffer, 24);
	say_bytes("content.0.code", buffer + 120, 4);
	T_NEED(pread(abi->fd, buffer, 8, A_STRIDE) == 8, "the command region");
	say_bytes("content.1", buffer, 8);
	T_NEED(pread(abi->fd, buffer, 8, 3 * A_STRIDE) == 8, "the CRW region");
	say_bytes("content.3", buffer, 8);
	T_NEED(pread(abi->fd, buffer, 8, 3 * A_STRIDE) == 8, "the CRW region");
	say_bytes("content.3.again", buffer, 8);
}

void abi_access(struct abi *abi)
{
	uint32_t index;

	contents(abi);
	for (index = 0; index < REGIONS; index++) {
		reads(abi, index);
		writes(abi, index);
	}
	bad_pointers(abi);
	far_away(abi);
	positions(abi);
}
