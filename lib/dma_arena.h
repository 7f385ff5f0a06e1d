/* SPDX-License-Identifier: MIT */
/*
 * dma_arena.h - an allocator whose memory is that of a window
 *
 * The allocator is jemalloc, one of its arenas for each window.  What it knows of
 * its memory it keeps elsewhere: devices can write to the window.
 */
#ifndef CCWRING_DMA_ARENA_H
#define CCWRING_DMA_ARENA_H

#include "dma_window.h"

struct dma_arena;

/* An arena in @bytes of addresses from @iova on; 0 or -errno. */
int dma_arena_new(struct dma_pool *pool, ccwring_iova_t iova, size_t bytes, struct dma_arena **out);
/* With all that is still allocated from it; its pool has no mapper any more. */
void dma_arena_free(struct dma_arena *arena);

/* Zeroed; @alignment is a power of two.  NULL if there is no more. */
void *dma_arena_alloc(struct dma_arena *arena, size_t size, size_t alignment);
/* Gives memory back to the arena it is from. */
void dma_arena_release(void *ptr);

/* Gives back to the system what is not in use. */
void dma_arena_trim(struct dma_arena *arena);
/* Bytes in allocations. */
size_t dma_arena_allocated(const struct dma_arena *arena);

struct dma_window *dma_arena_window(struct dma_arena *arena);

#endif
