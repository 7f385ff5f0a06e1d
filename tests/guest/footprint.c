// SPDX-License-Identifier: MIT
#include "footprint.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"

/*
 * Much is freed with a delay, on a busy machine with a long one: it is counted again as
 * long as a cache has so many objects less, and so often at most.
 */
#define CHANCE 4
#define TRIES  20

static long long meminfo(const char *word)
{
	long long kib = t_number_after("/proc/meminfo", word);

	T_NEED(kib >= 0, "%s is known", word);
	return kib;
}

/*
 * Free pages, with those that a CPU keeps at hand.  Both are read at once, for
 * the kernel moves megabytes between them when it likes.
 */
static long long free_kib(void)
{
	FILE *stream = fopen("/proc/zoneinfo", "r");
	long long pages, sum = 0;
	char line[256];

	T_NEED(stream, "/proc/zoneinfo opens");
	while (fgets(line, sizeof(line), stream)) {
		if (sscanf(line, " pages free %lld", &pages) == 1 ||
		    sscanf(line, " count: %lld", &pages) == 1)
			sum += pages;
	}
	fclose(stream);
	return sum * (long long)T_PAGE / 1024;
}

/* Lets what is freed with a delay go, and has the counters added up. */
static void settle(void)
{
	usleep(300000);
	t_pages_pinned();
}

long long t_kernel_kib(void)
{
	settle();
	return meminfo("MemTotal:") - free_kib() - meminfo("AnonPages:") - meminfo("Cached:") -
	       meminfo("Buffers:") - meminfo("SReclaimable:");
}

static void put(const char *path, const char *word)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	T_NEED(fd >= 0 && write(fd, word, strlen(word)) == (ssize_t)strlen(word), "%s into %s",
	       word, path);
	close(fd);
}

/*
 * What a CPU keeps of a cache counts as in use until it is shrunk.  All is open by
 * then, so that little is allocated in between.
 */
static long long objects(const char *cache)
{
	char path[96], text[64] = "";
	int shrink, objects;

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", cache);
	shrink = open(path, O_WRONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/objects", cache);
	objects = open(path, O_RDONLY | O_CLOEXEC);
	T_NEED(shrink >= 0 && objects >= 0 && write(shrink, "1", 1) == 1 &&
		       read(objects, text, sizeof(text) - 1) > 0,
	       "the objects of %s are counted", cache);
	close(shrink);
	close(objects);
	return strtoll(text, NULL, 10);
}

static void list_slabs(struct t_slabs *slabs)
{
	FILE *stream = fopen("/proc/slabinfo", "r");
	char line[256];
	int active;

	T_NEED(stream, "/proc/slabinfo opens");
	slabs->nr = 0;
	while (fgets(line, sizeof(line), stream)) {
		T_NEED(slabs->nr < T_SLABS, "there are at most %d slab caches", T_SLABS);
		/* Two lines above are no caches. */
		if (sscanf(line, "%31s %d", slabs->caches[slabs->nr].name, &active) == 2)
			slabs->nr++;
	}
	fclose(stream);
	T_NEED(slabs->nr, "there are slab caches");
}

/* Names and inodes that nobody needs, without a line in the log. */
static void drop_caches(void)
{
	put("/proc/sys/vm/drop_caches", "4");
	put("/proc/sys/vm/drop_caches", "2");
}

/* Counts, and keeps what is less: is it, by more than chance, of any cache? */
static bool count_less(struct t_slabs *slabs)
{
	bool less = false;
	int i;

	for (i = 0; i < slabs->nr; i++) {
		long long now = objects(slabs->caches[i].name);

		less |= slabs->caches[i].objects - now > CHANCE;
		if (slabs->caches[i].objects > now)
			slabs->caches[i].objects = now;
	}
	return less;
}

void t_slabs_count(struct t_slabs *slabs)
{
	int i, tries = 0;

	list_slabs(slabs);
	for (i = 0; i < slabs->nr; i++)
		slabs->caches[i].objects = LLONG_MAX;
	do {
		settle();
		drop_caches();
	} while (count_less(slabs) && ++tries < TRIES);
}

int t_vmalloc_areas(const char *module)
{
	FILE *stream = fopen("/proc/vmallocinfo", "r");
	char line[256], mark[64];
	int areas = 0;

	T_NEED(stream, "/proc/vmallocinfo opens");
	snprintf(mark, sizeof(mark), "[%s]", module);
	while (fgets(line, sizeof(line), stream))
		areas += strstr(line, mark) != NULL;
	fclose(stream);
	return areas;
}
