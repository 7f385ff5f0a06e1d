// SPDX-License-Identifier: MIT
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"

#define ROOT  "/sys/fs/cgroup"
#define GROUP ROOT "/ccwring"

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

bool t_cgroup_make(void)
{
	struct stat stat_buffer;

	if (stat(ROOT "/cgroup.procs", &stat_buffer))
		T_NEED(!mount("cgroup2", ROOT, "cgroup2", 0, NULL), "cgroup2 is mounted");
	if (put(ROOT "/cgroup.subtree_control", "+memory"))
		return false;
	T_NEED(!mkdir(GROUP, 0755), "a control group is made");
	return true;
}

void t_cgroup_remove(void)
{
	int tries = 1000 * t_slow();

	/* What has just left it may still be counted. */
	while (rmdir(GROUP) && errno == EBUSY && tries--)
		usleep(1000);
	T_CHECK(access(GROUP, F_OK), "the control group is removed");
}

void t_cgroup_enter(void)
{
	T_NEED(!put(GROUP "/cgroup.procs", "0"), "the control group is entered");
}

void t_cgroup_leave(void)
{
	T_NEED(!put(ROOT "/cgroup.procs", "0"), "the control group is left");
}

long long t_cgroup_stat(const char *word)
{
	long long bytes = t_number_after(GROUP "/memory.stat", word);

	T_NEED(bytes >= 0, "%s of the control group is known", word);
	return bytes;
}

static bool wait_for(const char *word, long long bytes, int sign)
{
	int tries = 1000 * t_slow();
	long long now;

	while (((now = t_cgroup_stat(word)) - bytes) * sign < 0 && tries--)
		usleep(20000);
	printf("# %s: %lld bytes\n", word, now);
	return (now - bytes) * sign >= 0;
}

bool t_cgroup_stat_reaches(const char *word, long long bytes)
{
	return wait_for(word, bytes, 1);
}

bool t_cgroup_stat_falls(const char *word, long long bytes)
{
	return wait_for(word, bytes, -1);
}

void t_cgroup_limit(long long more)
{
	char text[32] = "max";
	long long now = 0;
	FILE *file;

	if (more >= 0) {
		file = fopen(GROUP "/memory.current", "r");
		T_NEED(file && fscanf(file, "%lld", &now) == 1, "the control group's bytes");
		fclose(file);
		snprintf(text, sizeof(text), "%lld", now + more);
	}
	T_NEED(!put(GROUP "/memory.max", text), "the limit is %s", text);
}

long long t_cgroup_killed(void)
{
	return t_number_after(GROUP "/memory.events", "oom_kill");
}
