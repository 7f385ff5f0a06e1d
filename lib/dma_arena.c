// SPDX-License-Identifier: MIT
/*
 * dma_arena.c - extent hooks of jemalloc over a window
 *
 * jemalloc takes chunks with ->alloc and keeps their addresses for good.  ->commit and
 * ->decommit say which pages it has a use for: what becomes free is decommitted some
 * seconds later, at the next occasion, or when it is told to purge.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <jemalloc/jemalloc.h>

#include "dma_arena.h"
#include "fork.h"

/*
 * For this copy of jemalloc, which serves nobody else: no arenas and caches that nothing
 * is taken from, and chunks as described above.  Under this name it outdoes MALLOC_CONF,
 * which a program may have for a jemalloc of its own.
 */
const char *malloc_conf_2_conf_harder = "narenas:1,tcache:false,retain:true";

/*
 * jemalloc takes each chunk larger than the one before.  Those that do not fit any more
 * leave room at the window's end that is used badly.
 */
#define MOST_GROWTH	    ((size_t)64 << 20)
/* The same with huge pages, which are taken from others by the chunk. */
#define MOST_HUGETLB_GROWTH ((size_t)8 << 20)

struct dma_arena {
	extent_hooks_t hooks; /* first: hooks get its address */
	struct fork_node fork;
	struct dma_arena *next_spare;
	struct dma_window window;
	bool hugetlb;
	unsigned int index;
};

/* Bytes the calling thread is about to allocate. */
static _Thread_local size_t wanted;

static struct dma_window *window_of(extent_hooks_t *hooks)
{
	return &((struct dma_arena *)hooks)->window;
}

static struct dma_chunk *chunk_of(const struct dma_window *window, const void *ptr)
{
	return dma_window_chunk(window, (const uint8_t *)ptr - window->base);
}

/*
 * Grow.  What is bound to fail when pages are committed must fail here: addresses that
 * have been handed out do not come back.
 */
static void *take_chunk(struct dma_window *window, size_t size, size_t alignment, bool commit)
{
	struct dma_pool *pool = window->pool;
	size_t least = commit ? size : wanted;
	struct dma_chunk *chunk;

	if (least > pool->limit - pool->committed) {
		pool->err = -ENOMEM;
		return NULL;
	}
	chunk = dma_chunk_new(window, size, alignment);
	if (!chunk)
		return NULL;
	if (commit)
		dma_chunk_commit(window, chunk, size);
	return chunk->base;
}

static void *on_alloc(extent_hooks_t *hooks, void *at, size_t size, size_t alignment, bool *zero,
		      bool *commit, unsigned int index)
{
	struct dma_window *window = window_of(hooks);
	void *ptr = NULL;

	(void)index;
	if (at)
		return NULL;
	pthread_mutex_lock(&window->pool->lock);
	ptr = take_chunk(window, size, alignment, *commit);
	pthread_mutex_unlock(&window->pool->lock);
	*zero = true;
	return ptr;
}

static bool on_commit(extent_hooks_t *hooks, void *ptr, size_t size, size_t offset, size_t length,
		      unsigned int index)
{
	struct dma_window *window = window_of(hooks);
	int err;

	(void)size;
	(void)offset;
	(void)index;
	pthread_mutex_lock(&window->pool->lock);
	err = dma_chunk_commit(window, chunk_of(window, ptr), length);
	pthread_mutex_unlock(&window->pool->lock);
	return err != 0;
}

static bool on_decommit(extent_hooks_t *hooks, void *ptr, size_t size, size_t offset, size_t length,
			unsigned int index)
{
	struct dma_window *window = window_of(hooks);
	int err;

	(void)size;
	(void)index;
	pthread_mutex_lock(&window->pool->lock);
	err = dma_chunk_decommit(window, chunk_of(window, ptr), (uint8_t *)ptr + offset, length);
	pthread_mutex_unlock(&window->pool->lock);
	return err != 0;
}

static bool on_split(extent_hooks_t *hooks, void *ptr, size_t size, size_t size_a, size_t size_b,
		     bool committed, unsigned int index)
{
	(void)hooks;
	(void)ptr;
	(void)size;
	(void)size_a;
	(void)size_b;
	(void)committed;
	(void)index;
	return false;
}

/* Pages of one chunk only: there is an unused page between two. */
static bool on_merge(extent_hooks_t *hooks, void *a, size_t size_a, void *b, size_t size_b,
		     bool committed, unsigned int index)
{
	struct dma_window *window = window_of(hooks);

	(void)size_a;
	(void)size_b;
	(void)committed;
	(void)index;
	return chunk_of(window, a) != chunk_of(window, b);
}

static const extent_hooks_t hooks = {
	.alloc = on_alloc,
	.commit = on_commit,
	.decommit = on_decommit,
	.split = on_split,
	.merge = on_merge,
};

/* What jemalloc 5.3 takes to make an arena; see its arena_types.h. */
struct arena_config {
	extent_hooks_t *hooks;
	bool metadata_use_hooks;
};

static int control(const struct dma_arena *arena, const char *what, size_t *value)
{
	char name[64];

	snprintf(name, sizeof(name), "arena.%u.%s", arena->index, what);
	return mallctl(name, NULL, NULL, value, value ? sizeof(*value) : 0);
}

static int create(struct dma_arena *arena)
{
	struct arena_config config = { .hooks = &arena->hooks, .metadata_use_hooks = false };
	size_t grow = arena->hugetlb ? MOST_HUGETLB_GROWTH : MOST_GROWTH;
	size_t size = sizeof(arena->index);
	int err;

	err = mallctl("experimental.arenas_create_ext", &arena->index, &size, &config,
		      sizeof(config));
	if (!err)
		control(arena, "retain_grow_limit", &grow);
	return -err;
}

/*
 * Arenas that are not used any more.  jemalloc never gives back all of what it needs
 * for one, 2 MiB of addresses, so they wait for the next context that wants one like it.
 * With fork_lock().
 */
static struct dma_arena *spares;

/* The first IOVA says which window it is, and how large. */
static bool is_like(const struct dma_arena *arena, const struct dma_pool *pool, ccwring_iova_t iova)
{
	return arena->window.bytes && arena->window.iova == iova && arena->hugetlb == pool->hugetlb;
}

static struct dma_arena *take_spare(struct dma_pool *pool, ccwring_iova_t iova)
{
	struct dma_arena **at = &spares, *arena;

	fork_lock();
	while (*at && !is_like(*at, pool, iova))
		at = &(*at)->next_spare;
	arena = *at;
	if (arena) {
		*at = arena->next_spare;
		arena->window.pool = pool;
	}
	fork_unlock();
	return arena;
}

/*
 * What was in use is not in the child: no address is one of the window's any more.  Its
 * addresses stay taken, because jemalloc knows them as the arena's.
 */
static void in_child(struct fork_node *node)
{
	struct dma_arena *arena = FORK_NODE_OF(node, struct dma_arena, fork);

	if (!dma_window_keep_place(&arena->window) || arena->window.pool)
		arena->window.bytes = 0;
}

static int make(struct dma_pool *pool, ccwring_iova_t iova, size_t bytes, struct dma_arena **out)
{
	struct dma_arena *arena = calloc(1, sizeof(*arena));
	int err;

	if (!arena)
		return -ENOMEM;
	arena->hooks = hooks;
	arena->hugetlb = pool->hugetlb;
	err = dma_window_init(&arena->window, pool, iova, bytes);
	if (err)
		goto no_window;
	err = create(arena);
	if (err)
		goto no_arena;
	fork_lock();
	fork_add(&arena->fork, in_child);
	fork_unlock();
	*out = arena;
	return 0;

no_arena:
	dma_window_fini(&arena->window);
no_window:
	free(arena);
	return err;
}

int dma_arena_new(struct dma_pool *pool, ccwring_iova_t iova, size_t bytes, struct dma_arena **out)
{
	*out = take_spare(pool, iova);
	return *out ? 0 : make(pool, iova, bytes, out);
}

static void keep(struct dma_arena *arena)
{
	control(arena, "reset", NULL);
	control(arena, "purge", NULL);
	fork_lock();
	arena->window.pool = NULL;
	arena->next_spare = spares;
	spares = arena;
	fork_unlock();
}

/* Chunks do not grow together again: a window in small pieces is not kept. */
void dma_arena_free(struct dma_arena *arena)
{
	if (!arena)
		return;
	if (arena->window.used <= arena->window.bytes / 2) {
		keep(arena);
		return;
	}
	fork_lock();
	fork_remove(&arena->fork);
	fork_unlock();
	control(arena, "destroy", NULL);
	dma_window_fini(&arena->window);
	free(arena);
}

void *dma_arena_alloc(struct dma_arena *arena, size_t size, size_t alignment)
{
	wanted = size;
	return mallocx(size, MALLOCX_ARENA(arena->index) | MALLOCX_TCACHE_NONE | MALLOCX_ZERO |
				     MALLOCX_ALIGN(alignment));
}

void dma_arena_release(void *ptr)
{
	dallocx(ptr, MALLOCX_TCACHE_NONE);
}

void dma_arena_trim(struct dma_arena *arena)
{
	control(arena, "purge", NULL);
}

static size_t statistic(const struct dma_arena *arena, const char *what)
{
	size_t value = 0, size = sizeof(value);
	char name[64];

	snprintf(name, sizeof(name), "stats.arenas.%u.%s.allocated", arena->index, what);
	mallctl(name, &value, &size, NULL, 0);
	return value;
}

size_t dma_arena_allocated(const struct dma_arena *arena)
{
	uint64_t epoch = 1;

	/* Brings the numbers up to date. */
	mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
	return statistic(arena, "small") + statistic(arena, "large");
}

struct dma_window *dma_arena_window(struct dma_arena *arena)
{
	return &arena->window;
}
