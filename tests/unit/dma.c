// SPDX-License-Identifier: MIT
/* dma.c - contexts without devices: options and memory */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ccwring/device.h>

#include "unit.h"

static struct ccwring_vfio *new_context(size_t bytes)
{
	const struct ccwring_vfio_opts opts = { .size = sizeof(opts), .dma_bytes = bytes };
	struct ccwring_vfio *vfio;

	assert_int_equal(ccwring_vfio_new(&opts, &vfio), 0);
	return vfio;
}

/* Options of a program compiled against a later header. */
struct later_opts {
	struct ccwring_vfio_opts opts;
	uint64_t later;
};

static void options(void **state)
{
	struct later_opts later = { .opts.size = sizeof(later) };
	struct ccwring_vfio_opts opts = { .size = 4 };
	struct ccwring_vfio *vfio;

	(void)state;
	assert_int_equal(ccwring_vfio_new(&later.opts, &vfio), 0);
	ccwring_vfio_free(vfio);
	later.later = 1;
	assert_int_equal(ccwring_vfio_new(&later.opts, &vfio), -EINVAL);
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), -EINVAL);
	/* An earlier one, which knew the first field only. */
	opts = (struct ccwring_vfio_opts){ .size = 8, .dma_iova = 5 };
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), 0);
	ccwring_vfio_free(vfio);
}

static void placement(void **state)
{
	struct ccwring_vfio_opts opts = { .size = sizeof(opts), .dma_iova = 0x1800 };
	struct ccwring_vfio *vfio;
	ccwring_iova_t iova;

	(void)state;
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), -EINVAL);
	opts.dma_iova = 0x7ffff000;
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), -EINVAL);
	opts.dma_iova = UINT64_MAX & ~4095;
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), -EINVAL);
	opts.dma_iova = 0x1000;
	opts.dma_flags = 1U << 31;
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), -EINVAL);
	opts.dma_flags = 0;
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), 0);
	assert_non_null(ccwring_dma_alloc(vfio, 1, &iova));
	assert_in_range(iova, 0x1000, 0x1000 + (8 << 20));
	ccwring_vfio_free(vfio);
}

/* What there is below 2 GiB, most of it, and no more than that. */
static void below_2g(void **state)
{
	const size_t piece = 262144;
	struct ccwring_vfio *vfio = new_context(0);
	ccwring_iova_t iova;
	size_t n = 0;

	(void)state;
	while (ccwring_dma_alloc(vfio, piece, &iova)) {
		assert_in_range(iova, 16 << 20, 0x80000000 - piece - 4096);
		n++;
	}
	assert_int_equal(errno, ENOMEM);
	assert_in_range(n * piece, 1600UL << 20, 2032UL << 20);
	/* There is more beyond. */
	assert_non_null(ccwring_dma_alloc_aligned(vfio, piece, 0, CCWRING_DMA_HIGH, &iova));
	assert_true(iova >= UINT64_C(1) << 32);
	ccwring_vfio_free(vfio);
}

static void addresses(void **state)
{
	struct ccwring_vfio *vfio = new_context(0);
	ccwring_iova_t iova, again;
	size_t reach = 5000;
	uint8_t *p;

	(void)state;
	p = ccwring_dma_alloc(vfio, 5000, &iova);
	assert_non_null(p);
	assert_int_equal(iova % 4096, 0);
	assert_int_equal(ccwring_dma_iova(vfio, p + 4999, &again), 0);
	assert_int_equal(again, iova + 4999);
	assert_ptr_equal(ccwring_dma_ptr(vfio, iova + 7, 16), p + 7);
	assert_int_equal(ccwring_dma_iova(vfio, &vfio, &again), -EFAULT);
	assert_null(ccwring_dma_ptr(vfio, 0, 1));
	assert_null(ccwring_dma_ptr(vfio, iova, (size_t)1 << 30));
	assert_null(ccwring_dma_ptr(vfio, iova + (1 << 30), 1));
	while (ccwring_dma_ptr(vfio, iova, reach + 1))
		reach++;
	assert_in_range(reach, 5000, 8 << 20);
	assert_ptr_equal(ccwring_dma_ptr(vfio, iova + 1, reach - 1), p + 1);
	assert_null(ccwring_dma_ptr(vfio, iova + 1, reach));
	assert_null(ccwring_dma_ptr(vfio, iova, SIZE_MAX));
	assert_null(ccwring_dma_ptr(vfio, UINT64_MAX, 2));
	ccwring_vfio_free(vfio);
}

static void chunks(void **state)
{
	struct ccwring_vfio *vfio = new_context(0);
	ccwring_iova_t iova;

	(void)state;
	for (size_t size = 1; size <= 2048; size++) {
		size_t rounded = 64;
		uint8_t *p = ccwring_dma_alloc(vfio, size, &iova);

		while (rounded < size)
			rounded *= 2;
		assert_non_null(p);
		assert_int_equal(iova % rounded, 0);
		assert_int_equal(iova / 4096, (iova + size - 1) / 4096);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, rounded);
		if (size % 3)
			ccwring_dma_free(vfio, p);
	}
	assert_null(ccwring_dma_alloc(vfio, 0, &iova));
	ccwring_vfio_free(vfio);
}

static struct ccwring_dma_stats stats_of(struct ccwring_vfio *vfio)
{
	struct ccwring_dma_stats stats = { .size = sizeof(stats) };

	assert_int_equal(ccwring_dma_stats(vfio, &stats), 0);
	return stats;
}

static void aligned(void **state)
{
	struct ccwring_vfio *vfio = new_context(0);
	ccwring_iova_t iova;
	uint8_t *p;

	(void)state;
	for (size_t alignment = 1; alignment <= (size_t)64 << 20; alignment *= 2) {
		for (unsigned int flags = 0; flags <= CCWRING_DMA_HIGH; flags++) {
			p = ccwring_dma_alloc_aligned(vfio, 100, alignment, flags, &iova);
			assert_non_null(p);
			assert_int_equal((uintptr_t)p % alignment, 0);
			assert_int_equal(iova % (alignment < 4096 ? alignment : 4096), 0);
			assert_int_equal(flags, iova >= UINT64_C(1) << 31);
			assert_ptr_equal(ccwring_dma_ptr(vfio, iova, 100), p);
			p[99] = 1;
			if (alignment % 3 == 1)
				ccwring_dma_free(vfio, p);
		}
	}
	assert_null(ccwring_dma_alloc_aligned(vfio, 100, 96, 0, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(ccwring_dma_alloc_aligned(vfio, 100, (size_t)1 << 31, 0, NULL));
	assert_null(ccwring_dma_alloc_aligned(vfio, 100, 0, 2, NULL));
	assert_null(ccwring_dma_alloc_aligned(vfio, 0, 0, 0, NULL));
	ccwring_vfio_free(vfio);
}

#define LIMIT (1U << 20)
#define PIECE 8192U

/* Exhaustion is an error, and what is free can be had again, in other sizes, too. */
static void exhaustion(void **state)
{
	struct ccwring_vfio *vfio = new_context(LIMIT);
	void *pieces[LIMIT / PIECE + 1];
	unsigned int n;

	(void)state;
	for (unsigned int round = 0; round < 3; round++) {
		for (n = 0; (pieces[n] = ccwring_dma_alloc(vfio, PIECE, NULL)); n++)
			memset(pieces[n], 0xff, PIECE);
		assert_int_equal(errno, ENOMEM);
		assert_int_equal(n, LIMIT / PIECE);
		assert_int_equal(stats_of(vfio).committed, LIMIT);
		assert_int_equal(stats_of(vfio).failures, 2 * round + 1);
		assert_null(ccwring_dma_alloc(vfio, 1, NULL));
		while (n)
			ccwring_dma_free(vfio, pieces[--n]);
		/* Behind a large one jemalloc leaves a page. */
		pieces[0] = ccwring_dma_alloc(vfio, LIMIT / 8 * 7, NULL);
		assert_non_null(pieces[0]);
		ccwring_dma_free(vfio, pieces[0]);
	}
	assert_null(ccwring_dma_alloc(vfio, SIZE_MAX, NULL));
	assert_int_equal(stats_of(vfio).limit, LIMIT);
	ccwring_vfio_free(vfio);
}

/* Failures take no addresses away. */
static void failures(void **state)
{
	struct ccwring_vfio *vfio = new_context(64 * LIMIT);
	void *pieces[60];

	(void)state;
	for (unsigned int i = 0; i < 60; i++)
		pieces[i] = ccwring_dma_alloc(vfio, LIMIT - 4096, NULL);
	for (unsigned int i = 0; i < 5000; i++)
		assert_null(ccwring_dma_alloc(vfio, 8 * LIMIT, NULL));
	for (unsigned int i = 0; i < 60; i++)
		ccwring_dma_free(vfio, pieces[i]);
	assert_non_null(ccwring_dma_alloc(vfio, 56 * LIMIT, NULL));
	ccwring_vfio_free(vfio);
}

static bool resident(void *page)
{
	unsigned char in;

	return !mincore(page, 4096, &in) && in & 1;
}

static void trim(void **state)
{
	struct ccwring_vfio *vfio = new_context(0);
	struct ccwring_dma_stats stats;
	ccwring_iova_t iova;
	uint8_t *p, *big;

	(void)state;
	p = ccwring_dma_alloc(vfio, 100, NULL);
	big = ccwring_dma_alloc(vfio, 64 << 20, &iova);
	assert_non_null(big);
	memset(big, 0xff, 64 << 20);
	memset(p, 0xff, 100);
	stats = stats_of(vfio);
	assert_in_range(stats.allocated, (64 << 20) + 100, (64 << 20) + 4096);
	assert_in_range(stats.committed, 64 << 20, 65 << 20);
	assert_in_range(stats.mapped, stats.committed, 100 << 20);
	ccwring_dma_free(vfio, big);
	ccwring_dma_trim(vfio);
	stats = stats_of(vfio);
	assert_in_range(stats.allocated, 100, 4096);
	assert_in_range(stats.committed, 4096, 65536);
	assert_in_range(stats.mapped, stats.committed, 8 << 20);
	assert_false(resident(big));
	assert_null(ccwring_dma_ptr(vfio, iova, 1));
	assert_int_equal(p[99], 0xff);
	ccwring_dma_free(vfio, p);
	ccwring_dma_trim(vfio);
	stats = stats_of(vfio);
	assert_int_equal(stats.allocated, 0);
	assert_int_equal(stats.committed, 0);
	assert_int_equal(stats.mapped, 0);
	assert_int_equal(stats.maps, 0); /* there is no device */
	big = ccwring_dma_alloc(vfio, 64 << 20, NULL);
	for (size_t i = 0; i < 64 << 20; i += 512)
		assert_int_equal(big[i], 0);
	ccwring_vfio_free(vfio);
}

/* What the kernel knows of the memory at an address: flags of two letters. */
static void flags_of(const void *mem, char *flags, size_t size)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long from, to;
	char line[512];
	bool in = false;

	assert_non_null(f);
	flags[0] = '\0';
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			in = (uintptr_t)mem >= from && (uintptr_t)mem < to;
		else if (in && !strncmp(line, "VmFlags:", 8))
			snprintf(flags, size, "%.200s", line + 8);
	}
	fclose(f);
}

/* No child gets it, and no huge page of it is made, whether or not it is in use. */
static void assert_flags(const void *mem)
{
	const bool huge = !access("/sys/kernel/mm/transparent_hugepage", F_OK);
	char flags[256];

	flags_of(mem, flags, sizeof(flags));
	assert_non_null(strstr(flags, " dc"));
	assert_null(strstr(flags, " hg"));
	if (huge)
		assert_non_null(strstr(flags, " nh"));
}

static void advice(void **state)
{
	struct ccwring_vfio *vfio = new_context(0);
	uint8_t *p = ccwring_dma_alloc(vfio, 16 << 20, NULL);

	(void)state;
	assert_non_null(p);
	assert_flags(p);
	assert_flags(p + (16 << 20) - 1);
	ccwring_dma_free(vfio, p);
	ccwring_dma_trim(vfio);
	assert_flags(p);
	assert_ptr_equal(ccwring_dma_alloc(vfio, 16 << 20, NULL), p);
	assert_flags(p);
	ccwring_vfio_free(vfio);
	assert_flags(p);
}

/* From the pool if there is one here, and else from elsewhere. */
static void hugetlb(void **state)
{
	const struct ccwring_vfio_opts opts = {
		.size = sizeof(opts),
		.dma_flags = CCWRING_DMA_HUGETLB,
	};
	struct ccwring_vfio *vfio;
	char flags[256];
	uint8_t *p;

	(void)state;
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), 0);
	p = ccwring_dma_alloc(vfio, 1 << 20, NULL);
	assert_non_null(p);
	p[0] = p[(1 << 20) - 1] = 1;
	flags_of(p, flags, sizeof(flags));
	assert_non_null(strstr(flags, " dc"));
	ccwring_vfio_free(vfio);
}

/* Programs that know less or more of it. */
static void statistics(void **state)
{
	struct {
		struct ccwring_dma_stats stats;
		uint64_t later;
	} later = { .stats.size = sizeof(later), .later = 1 };
	struct ccwring_dma_stats stats = { .size = 2 * sizeof(uint64_t), .committed = 1 };
	struct ccwring_vfio *vfio = new_context(0);

	(void)state;
	ccwring_dma_alloc(vfio, 64, NULL);
	assert_int_equal(ccwring_dma_stats(vfio, &later.stats), 0);
	assert_int_equal(later.later, 0);
	assert_int_equal(later.stats.allocated, 64);
	assert_int_equal(ccwring_dma_stats(vfio, &stats), 0);
	assert_int_equal(stats.allocated, 64);
	assert_int_equal(stats.committed, 1);
	stats.size = 4;
	assert_int_equal(ccwring_dma_stats(vfio, &stats), -EINVAL);
	ccwring_vfio_free(vfio);
}

/* It is cleared before it is given out again, given back in between or not. */
static void zeroed(void **state)
{
	static const size_t sizes[] = { 1, 100, 2048, 4096, 5000, 70000, 3 << 20 };
	struct ccwring_vfio *vfio = new_context(0);
	uint8_t *others[20];

	(void)state;
	/* Something stays, so that nothing is given back as a whole. */
	for (unsigned int i = 0; i < 20; i++)
		others[i] = ccwring_dma_alloc(vfio, LIMIT, NULL);
	for (unsigned int i = 1; i < 20; i += 2)
		ccwring_dma_free(vfio, others[i]);
	for (unsigned int step = 0; step < 2000; step++) {
		size_t size = sizes[step % 7];
		uint8_t *p = ccwring_dma_alloc(vfio, size, NULL);

		for (size_t i = 0; i < size; i++)
			if (p[i])
				fail_msg("step %u: byte %zu of %zu", step, i, size);
		memset(p, 0xff, size);
		ccwring_dma_free(vfio, p);
		if (step % 5 == 0)
			ccwring_dma_trim(vfio);
	}
	ccwring_vfio_free(vfio);
}

#define MODEL 200

/* Random sizes and places; each allocation keeps its own bytes. */
static void against_model(struct ccwring_vfio *vfio, unsigned int seed, unsigned int steps)
{
	struct {
		uint8_t *p;
		size_t size;
	} model[MODEL] = { { NULL, 0 } };

	for (unsigned int step = 0; step < steps; step++) {
		unsigned int i = rand_r(&seed) % MODEL;
		uint8_t mark = i ^ seed;

		for (size_t k = 1; k < model[i].size; k++)
			if (model[i].p[k] != model[i].p[0])
				fail_msg("byte %zu of %zu", k, model[i].size);
		ccwring_dma_free(vfio, model[i].p);
		model[i].size = rand_r(&seed) % (step % 2 ? 300 : 9000) + 1;
		model[i].p = ccwring_dma_alloc_aligned(vfio, model[i].size, 0, step % 3 == 0, NULL);
		if (!model[i].p)
			model[i].size = 0;
		else
			memset(model[i].p, mark, model[i].size);
		if (step % 1000 == 0)
			ccwring_dma_trim(vfio);
	}
	for (unsigned int i = 0; i < MODEL; i++)
		ccwring_dma_free(vfio, model[i].p);
}

static void model(void **state)
{
	struct ccwring_vfio *vfio = new_context(256 * 4096);

	(void)state;
	against_model(vfio, 1, 20000);
	assert_int_equal(stats_of(vfio).allocated, 0);
	assert_non_null(ccwring_dma_alloc(vfio, 224 * 4096, NULL));
	ccwring_vfio_free(vfio);
}

static struct ccwring_vfio *shared;

static void *thread(void *arg)
{
	against_model(shared, (uintptr_t)arg, 5000);
	return NULL;
}

static void threads(void **state)
{
	pthread_t ids[4];

	(void)state;
	shared = new_context(4 << 20);
	for (uintptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&ids[i], NULL, thread, (void *)(i + 1)), 0);
	for (unsigned int i = 0; i < 4; i++)
		pthread_join(ids[i], NULL);
	assert_int_equal(stats_of(shared).allocated, 0);
	ccwring_dma_trim(shared);
	assert_int_equal(stats_of(shared).committed, 0);
	ccwring_vfio_free(shared);
}

static size_t address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

/* Contexts go with all they had. */
static void contexts(void **state)
{
	size_t before = 0;

	(void)state;
	for (unsigned int i = 0; i < 500; i++) {
		struct ccwring_vfio *vfio = new_context(0);

		assert_non_null(ccwring_dma_alloc(vfio, 100000, NULL));
		assert_non_null(ccwring_dma_alloc_aligned(vfio, 1, 0, CCWRING_DMA_HIGH, NULL));
		ccwring_vfio_free(vfio);
		if (i == 100)
			before = address_space();
	}
	assert_in_range(address_space(), 0, before + (1 << 20));
}

RUN(cmocka_unit_test(options), cmocka_unit_test(placement), cmocka_unit_test(below_2g),
    cmocka_unit_test(addresses), cmocka_unit_test(chunks), cmocka_unit_test(aligned),
    cmocka_unit_test(exhaustion), cmocka_unit_test(failures), cmocka_unit_test(trim),
    cmocka_unit_test(advice), cmocka_unit_test(hugetlb), cmocka_unit_test(statistics),
    cmocka_unit_test(zeroed), cmocka_unit_test(model), cmocka_unit_test(threads),
    cmocka_unit_test(contexts))
