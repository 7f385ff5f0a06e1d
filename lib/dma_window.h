/* SPDX-License-Identifier: MIT */
/*
 * dma_window.h - address space that mapped memory is taken from
 *
 * A window is a range of addresses of the process and one of I/O virtual
 * addresses, of the same size: what is at an offset in the one is at the same
 * offset in the other.  It costs nothing until a chunk of it is in use.
 *
 * A chunk is what an arena asks for when it grows.  Its pages are committed, that
 * is counted as memory, a few at a time; it is in use, that is mapped for devices as a
 * whole, from the first of them to the last.  A page behind the chunk is mapped with it and never handed out: drivers
 * that fetch CCWs in fixed portions read past the end of a program.
 */
#ifndef CCWRING_DMA_WINDOW_H
#define CCWRING_DMA_WINDOW_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ccwring/dma.h>

#define DMA_PAGE    4096U
/* Chunks begin on a multiple of it, where a huge page does on every machine. */
#define DMA_SEGMENT (2U << 20)

struct ccwring_vfio;

/**
 * struct dma_mapper - how memory gets to devices
 * @map: maps memory of a context; 0 or -errno
 * @unmap: takes it away, all of what one call has mapped
 */
struct dma_mapper {
	int (*map)(struct ccwring_vfio *vfio, void *mem, ccwring_iova_t iova, size_t bytes);
	int (*unmap)(struct ccwring_vfio *vfio, ccwring_iova_t iova, size_t bytes);
};

/* What the windows of a context have in common. */
struct dma_pool {
	pthread_mutex_t lock; /* protects all of this, and the windows' chunks */
	struct ccwring_vfio *vfio;
	const struct dma_mapper *mapper; /* NULL: there is no device yet */
	bool hugetlb; /* take huge pages from the machine's pool */
	size_t limit; /* most bytes to commit */
	size_t committed;
	size_t mapped; /* bytes of chunks that are in use */
	size_t huge; /* of them, from the pool of huge pages */
	uint64_t maps;
	uint64_t unmaps;
	uint64_t failures; /* allocations that found no memory */
	int err; /* why the last growth failed, -errno */
};

struct dma_chunk {
	struct dma_chunk *next;
	uint8_t *base;
	size_t bytes;
	size_t committed;
	atomic_bool in_use;
	size_t huge; /* bytes from its beginning in huge pages of the pool */
};

struct dma_window {
	struct dma_pool *pool;
	void *reserved; /* what was reserved to have an aligned base */
	size_t reserved_bytes;
	uint8_t *base;
	ccwring_iova_t iova;
	size_t bytes;
	size_t used; /* offset of the next chunk */
	struct dma_chunk *chunks;
	_Atomic(struct dma_chunk *) *segments; /* the chunk each is of */
};

/* Reserves addresses for @bytes from @iova on; 0 or -ENOMEM. */
int dma_window_init(struct dma_window *window, struct dma_pool *pool, ccwring_iova_t iova,
		    size_t bytes);
void dma_window_fini(struct dma_window *window);
/* In a child, which has nothing there: nor will anything else be.  False if it is late. */
bool dma_window_keep_place(struct dma_window *window);

static inline bool dma_window_has(const struct dma_window *window, const void *ptr)
{
	return (uintptr_t)ptr - (uintptr_t)window->base < window->bytes;
}

/* The chunk of an offset in the window, NULL if there is none. */
static inline struct dma_chunk *dma_window_chunk(const struct dma_window *window, size_t offset)
{
	return atomic_load_explicit(&window->segments[offset / DMA_SEGMENT], memory_order_acquire);
}

/*
 * Makes a chunk that is in use, no page of it committed yet; NULL if the window is used
 * up or it cannot be mapped, which pool->err then says.  pool->lock held.
 */
struct dma_chunk *dma_chunk_new(struct dma_window *window, size_t bytes, size_t alignment);

/*
 * Commits or gives back whole pages of one chunk.  What is committed is zero, and
 * is where devices reach it.  0 or -errno; pool->lock held.
 */
int dma_chunk_commit(struct dma_window *window, struct dma_chunk *chunk, size_t bytes);
int dma_chunk_decommit(struct dma_window *window, struct dma_chunk *chunk, void *ptr, size_t bytes);

/* Maps the chunks in use with the pool's mapper; 0 or -errno.  pool->lock held. */
int dma_window_map(struct dma_window *window);

#endif
