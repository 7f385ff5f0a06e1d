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
 * The files in which caches are counted.  They stay open, and have been read before it
 * counts: to open one makes objects, and some of those are freed seconds later.
 */
static struct {
	char name[32];
	int shrink;
	int objects;
} caches[T_SLABS];
static int nr_caches;

static int open_counter(const char *cache, const char *file, int flags)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/%s", cache, file);
	fd = open(path, flags | O_CLOEXEC);
	T_NEED(fd >= 0, "%s opens", path);
	return fd;
}

/* What a CPU keeps of a cache counts as in use until it is shrunk. */
static long long objects(int i)
{
	char text[64] = "";

	T_NEED(pwrite(caches[i].shrink, "1", 1, 0) == 1 &&
		       pread(caches[i].objects, text, sizeof(text) - 1, 0) > 0,
	       "the objects of %s are counted", caches[i].name);
	return strtoll(text, NULL, 10);
}

static void open_counters(void)
{
	FILE *stream = fopen("/proc/slabinfo", "r");
	char line[256], name[32];
	int active;

	T_NEED(stream, "/proc/slabinfo opens");
	while (fgets(line, sizeof(line), stream)) {
		/* Two lines above are no caches. */
		if (sscanf(line, "%31s %d", name, &active) != 2)
			continue;
		T_NEED(nr_caches < T_SLABS, "there are at most %d slab caches", T_SLABS);
		strcpy(caches[nr_caches].name, name);
		caches[nr_caches].shrink = open_counter(name, "shrink", O_WRONLY);
		caches[nr_caches].objects = open_counter(name, "objects", O_RDONLY);
		objects(nr_caches++);
	}
	fclose(stream);
	T_NEED(nr_caches, "there are slab caches");
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

	for (i = 0; i < nr_caches; i++) {
		long long now = objects(i);

		less |= slabs->caches[i].objects - now > CHANCE;
		if (slabs->caches[i].objects > now)
			slabs->caches[i].objects = now;
	}
	return less;
}

void t_slabs_count(struct t_slabs *slabs)
{
	int i, tries = 0;

	if (!nr_caches)
		open_counters();
	slabs->nr = nr_caches;
	for (i = 0; i < nr_caches; i++) {
		slabs->caches[i].name = caches[i].name;
		slabs->caches[i].objects = LLONG_MAX;
	}
	do {
		drop_caches();
		settle();
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
