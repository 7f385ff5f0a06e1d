/* SPDX-License-Identifier: MIT */
/*
 * ccwring/dma.h - memory that channel programs can name
 *
 * A context has memory mapped for all its devices: what is allocated here has an
 * I/O virtual address (IOVA) for them.  It grows and shrinks with what is in use.
 * Sizes and addresses are in bytes.
 *
 * CCWs hold 31-bit addresses.  Memory is taken below 2 GiB, where they reach, unless
 * it is asked for beyond, for data that IDAWs name.
 *
 * A child of fork() has none of it: touching it there is a fault, and asking for more
 * fails with ECHILD.
 *
 * Context: any thread, several at a time.
 */
#ifndef _CCWRING_DMA_H
#define _CCWRING_DMA_H

#include <stddef.h>
#include <stdint.h>

#include <ccwring/version.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ccwring_vfio;

/** typedef ccwring_iova_t - address as a device sees it */
typedef uint64_t ccwring_iova_t;

/**
 * ccwring_dma_alloc() - allocate mapped memory
 * @vfio: the context
 * @size: bytes
 * @iova: receives the IOVA, may be NULL
 *
 * The memory is zeroed and below 2 GiB.  Up to 2048 bytes it is aligned to its size
 * rounded up to a power of two (at least 64) and never crosses a page; beyond that
 * it starts on a page.
 *
 * Return: the memory, owned by the caller until ccwring_dma_free(), or NULL with
 *	errno set: EINVAL for a size of 0, ENOMEM if there is no more (of the
 *	context's limit, of addresses or of the machine's memory), another of VFIO
 *	or iommufd if memory cannot be mapped.
 */
CCWRING_API void *ccwring_dma_alloc(struct ccwring_vfio *vfio, size_t size, ccwring_iova_t *iova);

/**
 * enum ccwring_dma_where - which addresses will do
 * @CCWRING_DMA_HIGH: take memory beyond 2 GiB.  CCWs cannot name it, IDAWs can,
 *	ccwring_program_add_ida()
 */
enum ccwring_dma_where {
	CCWRING_DMA_HIGH = 1 << 0,
};

#define CCWRING_DMA_MAX_ALIGNMENT (UINT32_C(1) << 30)

/**
 * ccwring_dma_alloc_aligned() - allocate mapped memory, and say where
 * @vfio: the context
 * @size: bytes
 * @alignment: a power of two up to CCWRING_DMA_MAX_ALIGNMENT, or 0: of the memory and
 *	of its IOVA up to 4096, of the memory beyond.  That of ccwring_dma_alloc() if
 *	this is less
 * @flags: enum ccwring_dma_where
 * @iova: receives the IOVA, may be NULL
 *
 * Return: as ccwring_dma_alloc(); EINVAL for an alignment or flags that are none, too.
 */
CCWRING_API void *ccwring_dma_alloc_aligned(struct ccwring_vfio *vfio, size_t size,
					    size_t alignment, unsigned int flags,
					    ccwring_iova_t *iova);

/**
 * ccwring_dma_free() - give memory back
 * @vfio: the context
 * @ptr: from ccwring_dma_alloc(), or NULL
 *
 * Every request that names the memory must have had its terminal completion.  The
 * memory stays mapped for a while, for the next allocation.
 */
CCWRING_API void ccwring_dma_free(struct ccwring_vfio *vfio, void *ptr);

/**
 * ccwring_dma_trim() - give back to the system what is not in use
 * @vfio: the context
 *
 * Without it that is done when memory has been free for about ten seconds, in one of
 * the next calls that allocate or free.  A context that nothing is allocated in has
 * nothing mapped.
 */
CCWRING_API void ccwring_dma_trim(struct ccwring_vfio *vfio);

/**
 * struct ccwring_dma_stats - memory of a context
 * @size: sizeof(struct ccwring_dma_stats), filled in by the caller
 * @allocated: bytes in allocations, as they have been rounded up
 * @committed: bytes of pages in use, or free and not given back yet; what the limit is
 *	for
 * @mapped: bytes of address space that devices reach
 * @hugetlb: of them, in pages of the machine's pool of huge pages
 * @limit: what @committed can grow to, the context's dma_bytes
 * @maps: how often memory has been mapped
 * @unmaps: how often it has been unmapped
 * @failures: allocations that found no memory
 *
 * Fields are only ever added at the end.
 */
struct ccwring_dma_stats {
	size_t size;
	uint64_t allocated;
	uint64_t committed;
	uint64_t mapped;
	uint64_t hugetlb;
	uint64_t limit;
	uint64_t maps;
	uint64_t unmaps;
	uint64_t failures;
};

/**
 * ccwring_dma_stats() - how much memory there is, and what has become of it
 * @vfio: the context
 * @stats: receives it; only ->size counts before
 *
 * Each is right by itself; while others allocate they need not fit each other.
 *
 * Return: 0, or -EINVAL if the size is not one.
 */
CCWRING_API int ccwring_dma_stats(struct ccwring_vfio *vfio, struct ccwring_dma_stats *stats);

/**
 * ccwring_dma_iova() - IOVA of a byte of mapped memory
 * @vfio: the context
 * @ptr: anywhere in memory from ccwring_dma_alloc()
 * @iova: receives it
 *
 * Takes no lock.
 *
 * Return: 0, or -EFAULT if @ptr is no address of the context's.
 */
CCWRING_API int ccwring_dma_iova(struct ccwring_vfio *vfio, const void *ptr, ccwring_iova_t *iova);

/**
 * ccwring_dma_ptr() - memory behind an IOVA
 * @vfio: the context
 * @iova: first byte
 * @len: bytes that must all be mapped, and be of one allocation
 *
 * Takes no lock.
 *
 * Return: the memory, or NULL if not all of it is mapped.
 */
CCWRING_API void *ccwring_dma_ptr(struct ccwring_vfio *vfio, ccwring_iova_t iova, size_t len);

#ifdef __cplusplus
}
#endif

#endif
