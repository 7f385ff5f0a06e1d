// SPDX-License-Identifier: MIT
/*
 * Memory of each kind is discarded while its IOVA stays mapped, and two devices use it.
 * Data must come to the page that the client has then, and not to the one it had.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bad.h"

/* A huge page of s390 has 1 MiB. */
#define HUGE	  0x00100000UL
#define AREA_IOVA 0x01000000UL
#define AREA_SIZE (2 * HUGE)
#define PAGES	  (AREA_SIZE / T_PAGE)

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

static struct t_vm vm;
static struct t_ring rings[2];

/* A kind of memory: what it is called, where it is, of which file. */
struct memory {
	const char *name;
	uint8_t *at;
	int fd;
};

static void *reserve(void)
{
	uint8_t *at = mmap(NULL, AREA_SIZE + HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	T_NEED(at != MAP_FAILED, "addresses");
	return (void *)(((uintptr_t)at + HUGE - 1) & ~(HUGE - 1));
}

static struct memory map_memory(const char *name, int flags, int fd, int advice)
{
	struct memory memory = { name, reserve(), fd };

	T_NEED(mmap(memory.at, AREA_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED | flags, fd, 0) !=
		       MAP_FAILED,
	       "%s memory", name);
	if (advice >= 0)
		T_NEED(!madvise(memory.at, AREA_SIZE, advice), "%s: madvise", name);
	T_NEED(!t_map(&vm, memory.at, AREA_SIZE, AREA_IOVA, 3), "%s: mapped", name);
	return memory;
}

static void unmap_memory(struct memory *memory)
{
	T_EQUAL(t_unmap(&vm, AREA_IOVA, AREA_SIZE), 0, "%s: can be unmapped", memory->name);
	munmap(memory->at, AREA_SIZE);
	if (memory->fd >= 0)
		close(memory->fd);
}

static int file_of(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	T_NEED(fd >= 0 && !ftruncate(fd, AREA_SIZE), "a file");
	return fd;
}

/* SENSE ID to a page, which nobody touches before: do its data come there? */
static bool sense_to(struct memory *memory, unsigned int device, unsigned int page)
{
	const uint8_t *to = memory->at + page * T_PAGE;
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe;

	t_ccw1(t_at(&vm, T_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI, 7, AREA_IOVA + page * T_PAGE);
	t_sqe_start(&sqe, T_ORB_PLAIN, T_PROGRAM, 9);
	T_NEED(!t_ring_do(&rings[device], &sqe, &cqe), "a CQE comes");
	return !cqe.res && t_irb_good(cqe.irb) && to[0] == 0xff;
}

static bool sense(struct memory *memory, unsigned int device, unsigned int page)
{
	memset(memory->at + page * T_PAGE, 0, 8);
	return sense_to(memory, device, page);
}

static const unsigned int some_pages[] = { 0, 1, 7, 100, PAGES / 2, PAGES - 1 };
#define SOME (sizeof(some_pages) / sizeof(some_pages[0]))

static unsigned int sense_all(struct memory *memory, unsigned int device)
{
	unsigned int i, good = 0;

	for (i = 0; i < SOME; i++)
		good += sense(memory, device, some_pages[i]);
	return good;
}

static void advise(struct memory *memory, unsigned int page, unsigned int pages, int advice)
{
	T_NEED(!madvise(memory->at + page * T_PAGE, pages * T_PAGE, advice), "%s: madvise",
	       memory->name);
}

static void punch(struct memory *memory, unsigned int page, unsigned int pages)
{
	T_NEED(!fallocate(memory->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, page * T_PAGE,
			  pages * T_PAGE),
	       "%s: a hole", memory->name);
}

/* What one device has pinned is discarded, and the other one uses it for the first time. */
static void first_use(struct memory *memory, void (*discard)(struct memory *, unsigned int))
{
	unsigned int i, good = 0;

	for (i = 0; i < 20; i++) {
		unsigned int page = some_pages[i % SOME];

		good += sense(memory, i % 2, page);
		discard(memory, page);
		good += sense(memory, !(i % 2), page);
		good += sense(memory, i % 2, page);
	}
	T_EQUAL(good, 60, "%s: two devices see the page that took a discarded one's place",
		memory->name);
	T_EQUAL(sense_all(memory, 0) + sense_all(memory, 1), 2 * SOME, "%s: ... and all others",
		memory->name);
}

static void discard_page(struct memory *memory, unsigned int page)
{
	advise(memory, page, 1, MADV_DONTNEED);
}

static void punch_page(struct memory *memory, unsigned int page)
{
	punch(memory, page, 1);
}

/* Truncated and grown again. */
static void truncate_file(struct memory *memory, unsigned int page)
{
	(void)page;
	T_NEED(!ftruncate(memory->fd, 0) && !ftruncate(memory->fd, AREA_SIZE), "%s: ftruncate",
	       memory->name);
}

static void anonymous(void)
{
	struct memory memory = map_memory("anonymous", MAP_PRIVATE | MAP_ANONYMOUS, -1,
					  MADV_NOHUGEPAGE);

	first_use(&memory, discard_page);
	unmap_memory(&memory);
}

/* A child has had the memory since it was pinned, and keeps it. */
static void forked(void)
{
	struct memory memory = map_memory("forked", MAP_PRIVATE | MAP_ANONYMOUS, -1,
					  MADV_NOHUGEPAGE);
	pid_t child;

	sense_all(&memory, 0);
	child = fork();
	if (!child) {
		pause();
		_exit(0);
	}
	T_NEED(child > 0, "fork");
	first_use(&memory, discard_page);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	unmap_memory(&memory);
}

/* As it is mapped: by nobody for a while, the file's all the same. */
static void file_kept(struct memory *memory)
{
	long long misses;
	unsigned int i, k, good = 0;

	sense_all(memory, 0);
	sense_all(memory, 1);
	misses = t_pins(&vm.devices[0], "misses") + t_pins(&vm.devices[1], "misses");
	for (i = 0; i < 10; i++) {
		for (k = 0; k < SOME; k++)
			memset(memory->at + some_pages[k] * T_PAGE, 0, 8);
		advise(memory, 0, PAGES, i % 2 ? MADV_PAGEOUT : MADV_DONTNEED);
		for (k = 0; k < SOME; k++)
			good += sense_to(memory, i / 2 % 2, some_pages[k]);
	}
	T_EQUAL(good, 10 * SOME, "%s: data come to pages that nobody maps just now", memory->name);
	T_EQUAL(t_pins(&vm.devices[0], "misses") + t_pins(&vm.devices[1], "misses"), misses,
		"%s: ... which stay pinned", memory->name);
}

static void shared_file(int advice, const char *name)
{
	struct memory memory = map_memory(name, MAP_SHARED, file_of(name), advice);

	file_kept(&memory);
	first_use(&memory, punch_page);
	first_use(&memory, truncate_file);
	file_kept(&memory);
	unmap_memory(&memory);
}

static void private_file(void)
{
	struct memory memory = map_memory("private file", MAP_PRIVATE, file_of("private"),
					  MADV_NOHUGEPAGE);

	first_use(&memory, discard_page);
	unmap_memory(&memory);
}

static void shared_anonymous(void)
{
	struct memory memory = map_memory("shared anonymous", MAP_SHARED | MAP_ANONYMOUS, -1, -1);

	file_kept(&memory);
	unmap_memory(&memory);
}

/* Bytes of an area that are in huge pages. */
static long huge_bytes(const struct memory *memory)
{
	char line[256], want[32];
	bool here = false;
	long kib, sum = 0;
	FILE *maps = fopen("/proc/self/smaps", "re");

	T_NEED(maps, "smaps");
	snprintf(want, sizeof(want), "%lx-", (unsigned long)memory->at);
	while (fgets(line, sizeof(line), maps)) {
		if (strchr(line, '-') && strchr(line, '-') < strchr(line, ' '))
			here = !strncmp(line, want, strlen(want));
		if (here && sscanf(line, "AnonHugePages: %ld kB", &kib) == 1)
			sum += kib * 1024;
	}
	fclose(maps);
	return sum;
}

static bool huge_memory(struct memory *memory)
{
	*memory = map_memory("huge", MAP_PRIVATE | MAP_ANONYMOUS, -1, MADV_HUGEPAGE);
	memset(memory->at, 1, AREA_SIZE);
	if (huge_bytes(memory) == AREA_SIZE)
		return true;
	T_CHECK(true, "no huge pages here # SKIP this kernel gives none");
	unmap_memory(memory);
	return false;
}

/* Parts of huge pages, and what is left of them. */
static void huge(void)
{
	struct memory memory;
	long long misses;

	if (!huge_memory(&memory))
		return;
	sense_all(&memory, 0);
	misses = t_pins(&vm.devices[0], "misses");
	sense_all(&memory, 0);
	T_EQUAL(t_pins(&vm.devices[0], "misses"), misses, "huge: pages stay pinned");
	first_use(&memory, discard_page);
	unmap_memory(&memory);
}

/* All but one page goes, and what is left is mapped once, as the whole was. */
static void huge_but_one(void)
{
	struct memory memory;

	if (!huge_memory(&memory))
		return;
	sense(&memory, 0, 3);
	sense(&memory, 0, 4);
	advise(&memory, 0, 4, MADV_DONTNEED);
	advise(&memory, 5, PAGES / 2 - 5, MADV_DONTNEED);
	T_CHECK(sense(&memory, 0, 3), "all of a huge page but one: data come to a page that went");
	T_CHECK(sense(&memory, 1, 3), "... by the other device, too");
	T_CHECK(sense(&memory, 0, 4), "... and to the one that is left");
	T_CHECK(sense(&memory, 1, 4), "... by the other device, too");
	unmap_memory(&memory);
}

static void discard_huge(struct memory *memory, unsigned int page)
{
	(void)page;
	advise(memory, 0, PAGES, MADV_DONTNEED);
}

/* Of a pool that is there for this. */
static void hugetlb(void)
{
	struct memory memory = { "hugetlb", reserve(), -1 };
	FILE *pool = fopen("/proc/sys/vm/nr_hugepages", "we");

	if (!pool || fprintf(pool, "8\n") < 0 || fclose(pool) ||
	    mmap(memory.at, AREA_SIZE, PROT_READ | PROT_WRITE,
		 MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0) == MAP_FAILED) {
		T_CHECK(true, "no hugetlb pages here # SKIP this kernel gives none");
		return;
	}
	T_NEED(!t_map(&vm, memory.at, AREA_SIZE, AREA_IOVA, 3), "hugetlb: mapped");
	first_use(&memory, discard_huge);
	unmap_memory(&memory);
}

int main(void)
{
	long long before = t_pages_pinned();
	int i;

	t_vm_open(&vm);
	for (i = 0; i < 2; i++)
		t_ring_open(&rings[i], vm.devices[i].fd, 8);
	anonymous();
	forked();
	private_file();
	shared_file(-1, "shared file");
	shared_file(MADV_HUGEPAGE, "shared file, huge");
	shared_anonymous();
	huge();
	huge_but_one();
	hugetlb();
	for (i = 0; i < 2; i++)
		t_ring_close(&rings[i]);
	t_vm_close(&vm);
	T_CHECK(t_pages_pinned_become(before), "in the end nothing is pinned");
	return tap_done();
}
