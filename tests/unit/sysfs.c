// SPDX-License-Identifier: MIT
#include "sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

char sysfs_root[] = "/tmp/ccwring-sysfs-XXXXXX";

void sysfs_make(void)
{
	assert_non_null(mkdtemp(sysfs_root));
}

int sysfs_remove(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", sysfs_root);
	return system(command);
}

static void path_to(char *path, size_t size, const char *name)
{
	assert_true(snprintf(path, size, "%s/%s", sysfs_root, name) < (int)size);
}

static void make_parents(const char *name)
{
	char path[512];

	path_to(path, sizeof(path), name);
	for (char *p = strchr(path + strlen(sysfs_root), '/'); (p = strchr(p + 1, '/')); *p = '/') {
		*p = '\0';
		assert_true(!mkdir(path, 0755) || errno == EEXIST);
	}
}

void sysfs_file(const char *name, const char *content)
{
	char path[512];
	FILE *f;

	make_parents(name);
	path_to(path, sizeof(path), name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(content, f);
	fclose(f);
}

void sysfs_read(const char *name, char *content, int size)
{
	char path[512];
	FILE *f;

	path_to(path, sizeof(path), name);
	f = fopen(path, "r");
	assert_non_null(f);
	if (!fgets(content, size, f))
		content[0] = '\0';
	fclose(f);
}

void sysfs_link(const char *name, const char *target)
{
	char path[512];

	make_parents(name);
	path_to(path, sizeof(path), name);
	assert_int_equal(symlink(target, path), 0);
}
