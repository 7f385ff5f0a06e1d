/* SPDX-License-Identifier: MIT */
/* sysfs.h - a sysfs of a test's own, in a temporary directory */
#ifndef CCWRING_UNIT_SYSFS_H
#define CCWRING_UNIT_SYSFS_H

extern char sysfs_root[];

void sysfs_make(void);
int sysfs_remove(void);

/* With all directories that lead to @name. */
void sysfs_file(const char *name, const char *content);
/* The first line, nothing if there is none. */
void sysfs_read(const char *name, char *content, int size);
void sysfs_link(const char *name, const char *target);

#endif
