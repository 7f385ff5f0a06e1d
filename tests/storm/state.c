// SPDX-License-Identifier: MIT
#include "state.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Files close a moment after their process has ended, on a busy machine a long one. */
#define PATIENCE_MS 20000

static long long locked(void)
{
	return t_number_after("/proc/self/status", "VmLck:") +
	       t_number_after("/proc/self/status", "VmPin:");
}

void s_note(struct s_state *state)
{
	t_slabs_count(&state->slabs);
	state->kib = t_kernel_kib();
	t_note_before(&state->before);
	state->before.locked = locked();
	state->areas = t_vmalloc_areas("vfio_ccw");
}

bool s_as_before(const struct s_state *state)
{
	uint64_t end = t_now_ms() + PATIENCE_MS;
	struct t_before now;

	for (;;) {
		t_note_before(&now);
		now.locked = locked();
		if (!memcmp(&now, &state->before, sizeof(now)))
			return true;
		if (t_now_ms() > end)
			break;
		usleep(1000);
	}
	printf("# pinned %lld, before %lld; users %lld, %lld; locked %lld, %lld\n", now.pinned,
	       state->before.pinned, now.users, state->before.users, now.locked,
	       state->before.locked);
	return false;
}

/* How many more of a cache there are after a half than before it. */
static long long more(const struct s_state *before, int cache)
{
	return before[1].slabs.caches[cache].objects - before[0].slabs.caches[cache].objects;
}

/*
 * Free areas of vmalloc() the kernel gathers, and forgets when there are many: those in
 * use are counted.  The others belong to debugobjects and kmemleak, which has an object
 * for each of those areas, and for what is written to the files in which caches are
 * counted: what is leaked is in a cache of its own, too.
 */
static bool grows_by_itself(const char *cache)
{
	static const char *const caches[] = { "vmap_area", "debug_objects_cache", "kmemleak_object",
					      "kmemleak_scan_area" };
	unsigned int i;

	for (i = 0; i < sizeof(caches) / sizeof(*caches); i++) {
		if (!strcmp(cache, caches[i]))
			return true;
	}
	return false;
}

/*
 * What is leaked in each round of one kind is more in both halves: of kinds there are
 * some fifty.
 */
static void check_slabs(const struct s_state *states, const char *storm, unsigned int half)
{
	const long long limit = 8 + half / 64;
	int i, grown = 0;

	for (i = 0; i < states[2].slabs.nr; i++) {
		const char *cache = states[2].slabs.caches[i].name;
		long long first = more(&states[0], i), then = more(&states[1], i);

		if (first <= limit || then <= limit)
			continue;
		printf("# %s: %lld, and then %lld more objects of %s%s\n", storm, first, then,
		       cache, grows_by_itself(cache) ? ", as always" : "");
		grown += !grows_by_itself(cache);
	}
	T_EQUAL(grown, 0, "%s: no slab cache of %d grows", storm, states[2].slabs.nr);
}

static void check_kib(const struct s_state *states, const char *storm, unsigned int half)
{
	const long long limit = 512 + half / 2;
	long long first = states[1].kib - states[0].kib, then = states[2].kib - states[1].kib;

	T_CHECK(first < limit || then < limit, "%s: nor memory, %+lld KiB, %+lld", storm, first,
		then);
}

void s_check(const struct s_state *states, const char *storm, unsigned int half)
{
	check_slabs(states, storm, half);
	check_kib(states, storm, half);
	T_EQUAL(states[2].areas, states[0].areas, "%s: the driver's areas of vmalloc()", storm);
}
