/* SPDX-License-Identifier: MIT */
/* Everything the test programs share. */
#ifndef CCWRING_TESTS_COMMON_H
#define CCWRING_TESTS_COMMON_H

#include "program.h"
#include "region.h"
#include "ring.h"
#include "tap.h"
#include "vm.h"

/* A request that always works, to see that the last one broke nothing. */
void t_good_start(struct t_vm *vm, struct t_ring *ring, const char *after);

/* How many times longer than on the lab's own kernel things may take on this one. */
unsigned int t_slow(void);
/* There is one CPU, so that an interrupt is over when the program goes on. */
bool t_one_cpu(void);
/* Counters of /proc/vmstat and the like: the number behind a word, or -1. */
long long t_number_after(const char *file, const char *word);
/* How many hold the driver's module. */
long long t_module_users(void);
/* Pages pinned and not yet released by anyone in the system. */
long long t_pages_pinned(void);
/* True once so many pages are pinned; gives what lingers a second to go. */
bool t_pages_pinned_become(long long pages);

#endif
