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

void t_path_vary(struct t_path *path, bool on)
{
	const char *word = on ? "online" : "offline";
	int fd = open(path->status, O_WRONLY | O_CLOEXEC);

	T_NEED(fd >= 0 && write(fd, word, strlen(word)) == (ssize_t)strlen(word),
	       "path %02x goes %s", path->id, word);
	close(fd);
}
