/* SPDX-License-Identifier: MIT */
/* A control group whose memory is counted and limited. */
#ifndef CCWRING_TESTS_CGROUP_H
#define CCWRING_TESTS_CGROUP_H

#include <stdbool.h>

/* False if this kernel counts no memory for control groups. */
bool t_cgroup_make(void);
/* It has no process any more. */
void t_cgroup_remove(void);
/* This process from now on, with what it will take. */
void t_cgroup_enter(void);
void t_cgroup_leave(void);

/* Bytes it has: the number behind a word of its memory.stat. */
long long t_cgroup_stat(const char *word);
/* True once there are at least, or at most, so many; the kernel adds up every two seconds. */
bool t_cgroup_stat_reaches(const char *word, long long bytes);
bool t_cgroup_stat_falls(const char *word, long long bytes);

/* It may have so many bytes more than it has, -1 for any number. */
void t_cgroup_limit(long long more);
/* How many processes the kernel has killed because of the limit. */
long long t_cgroup_killed(void);

#endif
