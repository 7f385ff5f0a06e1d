// SPDX-License-Identifier: MIT
/*
 * in_use.c - would taking a device away hurt somebody?
 *
 * A block device that is mounted, swapped to or claimed by another (LVM, MD)
 * cannot be opened exclusively; a network interface that is up has its flag
 * set; an mdev in use has its VFIO group or its character device open.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
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

/* Is a file open in some process? */
static bool file_open(const char *path, char *why, size_t size)
{
	struct dirent *e;
	DIR *d = opendir("/proc");
	bool found = false;

	if (!d)
		return false;
	while (!found && (e = readdir(d))) {
		if (e->d_name[0] < '0' || e->d_name[0] > '9' || !process_has(e->d_name, path))
			continue;
		snprintf(why, size, "%s is open in process %.20s", path, e->d_name);
		found = true;
	}
	closedir(d);
	return found;
}

static bool mdev_open(const struct ccwring_subchannel *sch, char *why, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio/%d", sch->group);
	if (sch->group >= 0 && file_open(path, why, size))
		return true;
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", sch->cdev);
	return sch->cdev[0] && file_open(path, why, size);
}

static bool interface_up(const char *dir, const char *name, char *why, size_t size)
{
	char path[PATH_MAX], flags[32];
	unsigned int value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%.3000s/flags", dir);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fgets(flags, sizeof(flags), f))
		sscanf(flags, "%x", &value);
	fclose(f);
	if (!(value & IFF_UP))
		return false;
	snprintf(why, size, "network interface %s is up", name);
	return true;
}

/* What hangs below a device: the one disk or interface it can have. */
static bool functions_in_use(const char *dir, char *why, size_t size)
{
	char class[PATH_MAX], path[PATH_MAX], name[64];

	snprintf(class, sizeof(class), "%.3000s/block", dir);
	if (first_entry(class, name, sizeof(name))) {
		snprintf(path, sizeof(path), "%.3000s/%s", class, name);
		return block_in_use(path, name, why, size);
	}
	snprintf(class, sizeof(class), "%.3000s/net", dir);
	if (!first_entry(class, name, sizeof(name)))
		return false;
	snprintf(path, sizeof(path), "%.3000s/%s", class, name);
	return interface_up(path, name, why, size);
}

/* A virtio device is a child of the ccw device, with its functions below. */
static bool device_in_use(const char *dir, char *why, size_t size)
{
	char child[PATH_MAX];
	struct dirent *e;
	bool used = functions_in_use(dir, why, size);
	DIR *d = used ? NULL : opendir(dir);

	if (!d)
		return used;
	while (!used && (e = readdir(d))) {
		if (strncmp(e->d_name, "virtio", strlen("virtio")))
			continue;
		snprintf(child, sizeof(child), "%.3000s/%s", dir, e->d_name);
		used = functions_in_use(child, why, size);
	}
	closedir(d);
	return used;
}

bool in_use(const struct ccwring_subchannel *sch, const char *sysfs, char *why, size_t size)
{
	char dir[PATH_MAX];

	why[0] = '\0';
	if (sch->uuid[0])
		return mdev_open(sch, why, size);
	if (!sch->devno[0])
		return false;
	snprintf(dir, sizeof(dir), "%.1000s/bus/css/devices/%s/%s", sysfs, sch->id, sch->devno);
	return device_in_use(dir, why, size);
}
