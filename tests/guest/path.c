// SPDX-License-Identifier: MIT
#include "path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

void t_path_find(struct t_path *path, const char *uuid)
{
	unsigned int id;
	char name[128];
	FILE *file;

	/* The mediated device lies in its subchannel's directory. */
	snprintf(name, sizeof(name), "/sys/bus/mdev/devices/%s/../chpids", uuid);
	file = fopen(name, "r");
	T_NEED(file && fscanf(file, "%2x", &id) == 1, "%s", name);
	fclose(file);
	path->id = id;
	snprintf(path->status, sizeof(path->status), "/sys/devices/css0/chp0.%02x/status", id);
}

static void put(const char *name, const char *words)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC);

	T_NEED(fd >= 0 && write(fd, words, strlen(words)) == (ssize_t)strlen(words), "%s into %s",
	       words, name);
	close(fd);
}

void t_path_vary(struct t_path *path, bool on)
{
	put(path->status, on ? "online" : "offline");
}

#define CIO "/sys/kernel/debug/s390/cio/"

void t_path_report(struct t_path *path, bool on)
{
	char crw[64];

	/* Solicited, overflow, chained, source, ancillary, error recovery, source ID. */
	snprintf(crw, sizeof(crw), "0 0 0 4 0 %x %x", on ? 2 : 6, path->id);
	put(CIO "enable_inject", "1");
	put(CIO "crw_inject", crw);
}
