/* SPDX-License-Identifier: MIT */
/* The memory the kernel has for itself, and what of it are the driver's objects. */
#ifndef CCWRING_TESTS_FOOTPRINT_H
#define CCWRING_TESTS_FOOTPRINT_H

#define T_SLABS 256

/**
 * struct t_slabs - objects of all slab caches there were at the first count
 * @nr: caches
 * @caches: in the order the kernel lists them
 */
struct t_slabs {
	int nr;
	struct {
		const char *name;
		long long objects;
	} caches[T_SLABS];
};

/*
 * In KiB, what can be given back not counted.  No counter of the kernel's has all
 * of it: control groups do not see what is not accounted, slabs not what comes by
 * pages.  So this is what is neither free nor a user's nor a file's.
 */
long long t_kernel_kib(void);

/* Objects in use, after those that nobody needs have been let go. */
void t_slabs_count(struct t_slabs *slabs);
/* Areas of vmalloc() that a module has: exact, without the kernel's delay. */
int t_vmalloc_areas(const char *module);

#endif
