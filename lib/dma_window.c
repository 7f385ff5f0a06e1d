// SPDX-License-Identifier: MIT
/* dma_window.c - address space in chunks, and how they become memory */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "dma_window.h"

#define ROUND_UP(n, to) (((n) + (to)-1) / (to) * (to))

/* The size of huge page that a chunk can consist of: 1 MiB on s390x, else 2 MiB. */
#ifdef __s390x__
#define HUGE_SHIFT 20
#else
#define HUGE_SHIFT 21
#endif
#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

/*
 * Addresses without memory.  A child of fork() has none of it: it could do nothing with it,
 * and need not wait until what devices use is copied.
 *
 * No huge pages: pages are given back one at a time, which would leave such a page in use
 * in part; and whether a page is still that of the program is told by the driver exactly,
 * and soon, of small pages alone.
 */
static void *reserve(void *where, size_t bytes)
{
	void *p = mmap(where, bytes, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			       (where ? MAP_FIXED_NOREPLACE : 0),
		       -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, bytes, MADV_DONTFORK);
	/* Kernels without huge pages refuse it. */
	madvise(p, bytes, MADV_NOHUGEPAGE);
	return p;
}

/* Takes memory away.  Made elsewhere and moved, as take_huge_pages() does, and why. */
static void take_away(void *where, size_t bytes)
{
	void *made = reserve(NULL, bytes);

	if (made && mremap(made, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, where) != MAP_FAILED)
		return;
	madvise(where, bytes, MADV_DONTNEED);
	if (made)
		munmap(made, bytes);
}

int dma_window_init(struct dma_window *window, struct dma_pool *pool, ccwring_iova_t iova,
		    size_t bytes)
{
	*window = (struct dma_window){
		.pool = pool, .iova = iova, .bytes = bytes, .reserved_bytes = bytes + DMA_SEGMENT
	};
	window->segments = calloc(bytes / DMA_SEGMENT + 1, sizeof(*window->segments));
	if (!window->segments)
		return -ENOMEM;
	window->reserved = reserve(NULL, window->reserved_bytes);
	if (!window->reserved) {
		free(window->segments);
		return -ENOMEM;
	}
	window->base = (uint8_t *)ROUND_UP((uintptr_t)window->reserved, DMA_SEGMENT);
	return 0;
}

bool dma_window_keep_place(struct dma_window *window)
{
	void *got = reserve(window->reserved, window->reserved_bytes);

	/* Kernels that do not know the flag take it for a wish. */
	if (got && got != window->reserved)
		munmap(got, window->reserved_bytes);
	return got == window->reserved;
}

void dma_window_fini(struct dma_window *window)
{
	munmap(window->reserved, window->reserved_bytes);
	while (window->chunks) {
		struct dma_chunk *chunk = window->chunks;

		window->chunks = chunk->next;
		free(chunk);
	}
	free(window->segments);
}

/*
 * Made elsewhere and moved into its place: a mapping made in place would leave a hole
 * if it failed, for others to be put there, and be a child's, too, were one forked before
 * it is said not to be.
 */
static bool take_huge_pages(void *where, size_t bytes)
{
	void *made;

	made = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | HUGE_SHIFT << MAP_HUGE_SHIFT, -1,
		    0);
	if (made == MAP_FAILED)
		return false;
	madvise(made, bytes, MADV_DONTFORK);
	if (mremap(made, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, where) != MAP_FAILED)
		return true;
	munmap(made, bytes);
	return false;
}

/* As much as there is in huge pages, the rest and the page behind it in others. */
static int populate(struct dma_pool *pool, struct dma_chunk *chunk)
{
	size_t n = pool->hugetlb ? chunk->bytes >> HUGE_SHIFT : 0;

	while (n && !take_huge_pages(chunk->base, n << HUGE_SHIFT))
		n /= 2;
	chunk->huge = n << HUGE_SHIFT;
	if (mprotect(chunk->base + chunk->huge, chunk->bytes + DMA_PAGE - chunk->huge,
		     PROT_READ | PROT_WRITE))
		return -ENOMEM;
	return 0;
}

static ccwring_iova_t chunk_iova(const struct dma_window *window, const struct dma_chunk *chunk)
{
	return window->iova + (chunk->base - window->base);
}

static int map(struct dma_window *window, struct dma_chunk *chunk)
{
	struct dma_pool *pool = window->pool;
	int err;

	if (!pool->mapper)
		return 0;
	err = pool->mapper->map(pool->vfio, chunk->base, chunk_iova(window, chunk),
				chunk->bytes + DMA_PAGE);
	if (!err)
		pool->maps++;
	return err;
}

static int enter_use(struct dma_window *window, struct dma_chunk *chunk)
{
	struct dma_pool *pool = window->pool;
	int err;

	err = populate(pool, chunk);
	if (!err)
		err = map(window, chunk);
	if (err) {
		take_away(chunk->base, chunk->bytes + DMA_PAGE);
		pool->err = err;
		return err;
	}
	pool->mapped += chunk->bytes;
	pool->huge += chunk->huge;
	chunk->in_use = true;
	return 0;
}

static int leave_use(struct dma_window *window, struct dma_chunk *chunk)
{
	struct dma_pool *pool = window->pool;
	int err = 0;

	if (pool->mapper)
		err = pool->mapper->unmap(pool->vfio, chunk_iova(window, chunk),
					  chunk->bytes + DMA_PAGE);
	if (err)
		return err;
	pool->unmaps += pool->mapper != NULL;
	pool->mapped -= chunk->bytes;
	pool->huge -= chunk->huge;
	chunk->in_use = false;
	take_away(chunk->base, chunk->bytes + DMA_PAGE);
	return 0;
}

/* Where a chunk of so many bytes can begin; false if there is no room. */
static bool find_room(const struct dma_window *window, size_t bytes, size_t alignment,
		      size_t *start)
{
	uintptr_t from = (uintptr_t)window->base + window->used;

	*start = window->used;
	if (alignment > DMA_SEGMENT)
		*start += ROUND_UP(from, alignment) - from;
	return bytes < window->bytes && *start < window->bytes - bytes &&
	       window->bytes - bytes - *start >= DMA_PAGE;
}

/* From now on others find it. */
static void publish(struct dma_window *window, struct dma_chunk *chunk)
{
	size_t start = chunk->base - window->base, end = start + chunk->bytes + DMA_PAGE;

	/* Pairs with the acquire in dma_window_chunk(). */
	for (size_t i = start / DMA_SEGMENT; i * DMA_SEGMENT < end; i++)
		atomic_store_explicit(&window->segments[i], chunk, memory_order_release);
	chunk->next = window->chunks;
	window->chunks = chunk;
	window->used = ROUND_UP(end, DMA_SEGMENT);
	if (window->used > window->bytes)
		window->used = window->bytes;
}

struct dma_chunk *dma_chunk_new(struct dma_window *window, size_t bytes, size_t alignment)
{
	struct dma_chunk *chunk;
	size_t start;

	window->pool->err = -ENOMEM;
	if (!find_room(window, bytes, alignment, &start))
		return NULL;
	chunk = calloc(1, sizeof(*chunk));
	if (!chunk)
		return NULL;
	chunk->base = window->base + start;
	chunk->bytes = bytes;
	if (enter_use(window, chunk)) {
		free(chunk);
		return NULL;
	}
	publish(window, chunk);
	return chunk;
}

int dma_chunk_commit(struct dma_window *window, struct dma_chunk *chunk, size_t bytes)
{
	struct dma_pool *pool = window->pool;
	int err;

	if (bytes > pool->limit - pool->committed) {
		pool->err = -ENOMEM;
		return -ENOMEM;
	}
	err = chunk->in_use ? 0 : enter_use(window, chunk);
	if (err)
		return err;
	chunk->committed += bytes;
	pool->committed += bytes;
	return 0;
}

int dma_chunk_decommit(struct dma_window *window, struct dma_chunk *chunk, void *ptr, size_t bytes)
{
	int err = 0;

	if (chunk->committed == bytes)
		err = leave_use(window, chunk);
	else if (chunk->huge || madvise(ptr, bytes, MADV_DONTNEED))
		memset(ptr, 0, bytes);
	if (err)
		return err;
	chunk->committed -= bytes;
	window->pool->committed -= bytes;
	return 0;
}

int dma_window_map(struct dma_window *window)
{
	for (struct dma_chunk *chunk = window->chunks; chunk; chunk = chunk->next) {
		int err = chunk->in_use ? map(window, chunk) : 0;

		if (err)
			return err;
	}
	return 0;
}
