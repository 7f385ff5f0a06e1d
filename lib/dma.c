// SPDX-License-Identifier: MIT
/*
 * dma.c - memory of a context: two arenas, and how devices come to reach it
 *
 * One arena is where CCWs reach; the other, made when first asked for, is beyond.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include <ccwring/ccw.h>

#include "internal.h"

/* Where the upper arena is, and how much address space it has. */
#define HIGH_IOVA     (UINT64_C(1) << 32)
#define HIGH_BYTES    (UINT64_C(256) << 30)

#define LOW_IOVA      (16U << 20)
#define MIN_ALIGNMENT 64U
/* A chunk, and the page behind it. */
#define MIN_BYTES     (DMA_SEGMENT + DMA_PAGE)

static struct dma_arena *high_arena(const struct ccwring_dma *dma)
{
	/* Pairs with the release in make_high_arena(). */
	return atomic_load_explicit(&dma->high, memory_order_acquire);
}

int dma_init(struct ccwring_vfio *vfio, const struct ccwring_vfio_opts *opts)
{
	ccwring_iova_t iova = opts->dma_iova ? opts->dma_iova : LOW_IOVA;
	struct ccwring_dma *dma = &vfio->dma;

	if (iova % DMA_PAGE || iova > CCWRING_CCW_LIMIT - MIN_BYTES ||
	    opts->dma_flags & ~CCWRING_DMA_HUGETLB)
		return -EINVAL;
	dma->pool.vfio = vfio;
	dma->pool.hugetlb = opts->dma_flags & CCWRING_DMA_HUGETLB;
	dma->pool.limit = opts->dma_bytes ? opts->dma_bytes : SIZE_MAX;
	pthread_mutex_init(&dma->pool.lock, NULL);
	return dma_arena_new(&dma->pool, iova, CCWRING_CCW_LIMIT - iova, &dma->low);
}

void dma_fini(struct ccwring_vfio *vfio)
{
	struct ccwring_dma *dma = &vfio->dma;

	dma_arena_free(dma->high);
	dma_arena_free(dma->low);
	pthread_mutex_destroy(&dma->pool.lock);
}

/* For the first device: memory allocated so far becomes reachable. */
int dma_attach(struct ccwring_vfio *vfio, const struct dma_mapper *mapper)
{
	struct dma_arena *high = high_arena(&vfio->dma);
	struct dma_pool *pool = &vfio->dma.pool;
	int err;

	pthread_mutex_lock(&pool->lock);
	pool->mapper = mapper;
	err = dma_window_map(dma_arena_window(vfio->dma.low));
	if (!err && high)
		err = dma_window_map(dma_arena_window(high));
	if (err)
		pool->mapper = NULL;
	else
		vlog(vfio, CCWRING_LOG_INFO, "mapped %zu KiB", pool->mapped >> 10);
	pthread_mutex_unlock(&pool->lock);
	return err;
}

void dma_detach(struct ccwring_vfio *vfio)
{
	struct dma_pool *pool = &vfio->dma.pool;

	pthread_mutex_lock(&pool->lock);
	pool->mapper = NULL;
	pthread_mutex_unlock(&pool->lock);
}

static struct dma_arena *make_high_arena(struct ccwring_vfio *vfio)
{
	struct ccwring_dma *dma = &vfio->dma;
	struct dma_arena *arena;
	int err = 0;

	pthread_mutex_lock(&vfio->lock);
	arena = high_arena(dma);
	if (!arena)
		err = dma_arena_new(&dma->pool, HIGH_IOVA, HIGH_BYTES, &arena);
	if (!err)
		atomic_store_explicit(&dma->high, arena, memory_order_release);
	pthread_mutex_unlock(&vfio->lock);
	if (err)
		errno = -err;
	return err ? NULL : arena;
}

static struct dma_arena *arena_for(struct ccwring_vfio *vfio, unsigned int flags)
{
	struct dma_arena *high;

	if (!(flags & CCWRING_DMA_HIGH))
		return vfio->dma.low;
	high = high_arena(&vfio->dma);
	return high ? high : make_high_arena(vfio);
}

/* The window that has an address, NULL if none does. */
static struct dma_window *window_of(const struct ccwring_dma *dma, const void *ptr)
{
	struct dma_arena *high = high_arena(dma);

	if (dma_window_has(dma_arena_window(dma->low), ptr))
		return dma_arena_window(dma->low);
	if (high && dma_window_has(dma_arena_window(high), ptr))
		return dma_arena_window(high);
	return NULL;
}

/* Small ones do not cross a page, and larger ones begin on one. */
static size_t natural_alignment(size_t size)
{
	size_t alignment = MIN_ALIGNMENT;

	while (alignment < size && alignment < DMA_PAGE)
		alignment *= 2;
	return alignment;
}

/* What is free, but not given back yet, counts against the limit: ask once more. */
static void *alloc_or_trim(struct ccwring_vfio *vfio, struct dma_arena *arena, size_t size,
			   size_t alignment)
{
	struct dma_pool *pool = &vfio->dma.pool;
	void *ptr = dma_arena_alloc(arena, size, alignment);
	int err;

	if (ptr)
		return ptr;
	ccwring_dma_trim(vfio);
	ptr = dma_arena_alloc(arena, size, alignment);
	if (ptr)
		return ptr;
	pthread_mutex_lock(&pool->lock);
	err = pool->err ? pool->err : -ENOMEM;
	pool->failures++;
	pthread_mutex_unlock(&pool->lock);
	vlog(vfio, CCWRING_LOG_INFO, "no %zu bytes of mapped memory: %s", size, strerror(-err));
	errno = -err;
	return NULL;
}

void *ccwring_dma_alloc_aligned(struct ccwring_vfio *vfio, size_t size, size_t alignment,
				unsigned int flags, ccwring_iova_t *iova)
{
	struct dma_arena *arena;
	void *ptr;

	if (vfio->inherited) {
		errno = -INHERITED;
		return NULL;
	}
	if (!size || size > HIGH_BYTES || alignment & (alignment - 1) ||
	    alignment > CCWRING_DMA_MAX_ALIGNMENT || flags & ~CCWRING_DMA_HIGH) {
		errno = EINVAL;
		return NULL;
	}
	if (alignment < natural_alignment(size))
		alignment = natural_alignment(size);
	arena = arena_for(vfio, flags);
	ptr = arena ? alloc_or_trim(vfio, arena, size, alignment) : NULL;
	if (ptr && iova)
		ccwring_dma_iova(vfio, ptr, iova);
	return ptr;
}

void *ccwring_dma_alloc(struct ccwring_vfio *vfio, size_t size, ccwring_iova_t *iova)
{
	return ccwring_dma_alloc_aligned(vfio, size, 0, 0, iova);
}

/* In a child no window has the memory, here and below. */
void ccwring_dma_free(struct ccwring_vfio *vfio, void *ptr)
{
	if (ptr && window_of(&vfio->dma, ptr))
		dma_arena_release(ptr);
}

int ccwring_dma_iova(struct ccwring_vfio *vfio, const void *ptr, ccwring_iova_t *iova)
{
	const struct dma_window *window = window_of(&vfio->dma, ptr);

	if (!window)
		return -EFAULT;
	*iova = window->iova + ((const uint8_t *)ptr - window->base);
	return 0;
}

/* The memory, if it is in one chunk that is in use. */
static void *window_ptr(const struct dma_window *window, ccwring_iova_t iova, size_t len)
{
	const struct dma_chunk *chunk;
	size_t offset = iova - window->iova;
	uint8_t *ptr = window->base + offset;

	if (iova < window->iova || offset >= window->bytes)
		return NULL;
	chunk = dma_window_chunk(window, offset);
	if (!chunk || !chunk->in_use || len > chunk->bytes ||
	    (size_t)(ptr - chunk->base) > chunk->bytes - len)
		return NULL;
	return ptr;
}

void *ccwring_dma_ptr(struct ccwring_vfio *vfio, ccwring_iova_t iova, size_t len)
{
	struct dma_arena *high = high_arena(&vfio->dma);
	void *ptr = window_ptr(dma_arena_window(vfio->dma.low), iova, len);

	if (!ptr && high)
		ptr = window_ptr(dma_arena_window(high), iova, len);
	return ptr;
}

void ccwring_dma_trim(struct ccwring_vfio *vfio)
{
	struct dma_arena *high = high_arena(&vfio->dma);

	if (vfio->inherited)
		return;
	dma_arena_trim(vfio->dma.low);
	if (high)
		dma_arena_trim(high);
}

int ccwring_dma_stats(struct ccwring_vfio *vfio, struct ccwring_dma_stats *stats)
{
	struct dma_arena *high = high_arena(&vfio->dma);
	struct dma_pool *pool = &vfio->dma.pool;
	struct ccwring_dma_stats now = { .size = stats->size };

	if (stats->size < sizeof(stats->size))
		return -EINVAL;
	if (vfio->inherited)
		return INHERITED;
	now.allocated = dma_arena_allocated(vfio->dma.low);
	if (high)
		now.allocated += dma_arena_allocated(high);
	pthread_mutex_lock(&pool->lock);
	now.committed = pool->committed;
	now.mapped = pool->mapped;
	now.hugetlb = pool->huge;
	now.limit = pool->limit;
	now.maps = pool->maps;
	now.unmaps = pool->unmaps;
	now.failures = pool->failures;
	pthread_mutex_unlock(&pool->lock);
	if (stats->size > sizeof(now))
		memset((uint8_t *)stats + sizeof(now), 0, stats->size - sizeof(now));
	memcpy(stats, &now, stats->size < sizeof(now) ? stats->size : sizeof(now));
	return 0;
}
