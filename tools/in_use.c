// SPDX-License-Identifier: MIT
/*
 * in_use.c - would taking a device away hurt somebody?
 *
 * A block device that is mounted, swapped to or claimed by another (LVM, MD)
 * cannot be opened exclusively; an mdev in use has its VFIO group open.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

/* First entry of a directory; false if it is missing or empty. */
static bool first_entry(const char *dir, char *name, size_t size)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	bool found = false;

	if (!d)
		return false;
	while (!found && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, size, "%.63s", e->d_name);
		found = true;
	}
	closedir(d);
	return found;
}

static bool has_holder(const char *dir, const char *what, char *why, size_t size)
{
	char holders[PATH_MAX], name[64];

	snprintf(holders, sizeof(holders), "%.3000s/holders", dir);
	if (!first_entry(holders, name, sizeof(name)))
		return false;
	snprintf(why, size, "%s is used by %s", what, name);
	return true;
}

/* Nobody else may have claimed it, if it can be opened exclusively. */
static bool claimed(const char *name, char *why, size_t size)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/dev/%.200s", name);
	fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0) {
		close(fd);
		return false;
	}
	if (errno != EBUSY)
		return false;
	snprintf(why, size, "%s is mounted, swap space or claimed otherwise", path);
	return true;
}

/* The disk and its partitions, directories that begin with its name. */
static bool block_in_use(const char *dir, const char *disk, char *why, size_t size)
{
	char part[PATH_MAX];
	struct dirent *e;
	bool used = has_holder(dir, disk, why, size) || claimed(disk, why, size);
	DIR *d = used ? NULL : opendir(dir);

	if (!d)
		return used;
	while (!used && (e = readdir(d))) {
		if (strncmp(e->d_name, disk, strlen(disk)))
			continue;
		snprintf(part, sizeof(part), "%.3000s/%s", dir, e->d_name);
		used = has_holder(part, e->d_name, why, size) || claimed(e->d_name, why, size);
	}
	closedir(d);
	return used;
}

/* Does process @pid have a file open that is @path? */
static bool process_has(const char *pid, const char *path)
{
	char dir[PATH_MAX], link[PATH_MAX], target[PATH_MAX];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(dir, sizeof(dir), "/proc/%.20s/fd", pid);
	d = opendir(dir);
	if (!d)
		return false;
	while (!found && (e = readdir(d))) {
		ssize_t n;

		snprintf(link, sizeof(link), "%.100s/%s", dir, e->d_name);
		n = readlink(link, target, sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = '\0';
		found = !strcmp(target, path);
	}
	closedir(d);
	return found;
}

static bool group_open(int group, char *why, size_t size)
{
	char path[32];
	struct dirent *e;
	DIR *d = opendir("/proc");
	bool found = false;

	if (!d)
		return false;
	snprintf(path, sizeof(path), "/dev/vfio/%d", group);
	while (!found && (e = readdir(d))) {
		if (e->d_name[0] < '0' || e->d_name[0] > '9' || !process_has(e->d_name, path))
			continue;
		snprintf(why, size, "%s is open in process %.20s", path, e->d_name);
		found = true;
	}
	closedir(d);
	return found;
}

bool in_use(const struct ccwring_subchannel *sch, const char *sysfs, char *why, size_t size)
{
	char dir[PATH_MAX], disk[64], path[PATH_MAX];

	why[0] = '\0';
	if (sch->group >= 0)
		return group_open(sch->group, why, size);
	snprintf(dir, sizeof(dir), "%.1000s/bus/css/devices/%s/%s/block", sysfs, sch->id,
		 sch->devno);
	if (!sch->devno[0] || !first_entry(dir, disk, sizeof(disk)))
		return false;
	snprintf(path, sizeof(path), "%.3000s/%s", dir, disk);
	return block_in_use(path, disk, why, size);
}
