/* SPDX-License-Identifier: MIT */
/* What there was before a storm, and must be again after it. */
#ifndef CCWRING_TESTS_STATE_H
#define CCWRING_TESTS_STATE_H

#include "footprint.h"
#include "plug.h"

/**
 * struct s_state - what there was
 * @before: pages pinned, memory locked, users of the module
 * @areas: of vmalloc() that are the driver's
 * @slabs: objects of all caches
 * @kib: the kernel's memory
 */
struct s_state {
	struct t_before before;
	int areas;
	struct t_slabs slabs;
	long long kib;
};

void s_note(struct s_state *state);
/* What can be told exactly is as before, now or in a moment. */
bool s_as_before(const struct s_state *state);
/* The rest: before, after so many rounds, and after as many again. */
void s_check(const struct s_state *states, const char *storm, unsigned int half);

#endif
