// SPDX-License-Identifier: MIT
/*
 * followed.c - preloaded into a program that is profiled from outside
 *
 * Before the program itself runs: where it and its libraries are, added to the
 * file that CCWRING_PROFILE_MAPS names, and then the marker that says so.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "marker.h"

/* The kernel gives no more than a page at a time. */
static char page[4096];

static void copy(int from, int to)
{
	ssize_t n;

	while ((n = read(from, page, sizeof(page))) > 0)
		if (write(to, page, n) != n)
			perror("followed: writing the maps");
}

static void write_maps(const char *path)
{
	int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	int out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (maps < 0 || out < 0) {
		perror("followed");
	} else {
		dprintf(out, "process %d\n", (int)getpid());
		copy(maps, out);
	}
	close(maps);
	close(out);
}

static void __attribute__((constructor)) start(void)
{
	const char *path = getenv("CCWRING_PROFILE_MAPS");

	if (!path)
		return;
	write_maps(path);
	marker_track();
}
