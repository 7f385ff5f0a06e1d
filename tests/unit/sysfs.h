/* SPDX-License-Identifier: MIT */
/* sysfs.h - a sysfs of a test's own, in a temporary directory */
#ifndef CCWRING_UNIT_SYSFS_H
#define CCWRING_UNIT_SYSFS_H

extern char sysfs_root[];

void sysfs_make(void);
int sysfs_remove(void);

/* With all directories that lead to @name. */
void sysfs_file(const char *name, const char *content);
void sysfs_link(const char *name, const char *target);

#endif
