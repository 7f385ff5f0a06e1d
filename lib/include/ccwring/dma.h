/* SPDX-License-Identifier: MIT */
/*
 * ccwring/dma.h - memory that channel programs can name
 *
 * A context has one area of memory mapped for all its devices.  Its I/O
 * virtual addresses (IOVAs) lie below 2 GiB, where the 31-bit addresses of
 * CCWs reach.  Sizes and addresses are in bytes.
 *
 * Context: any thread; an area's allocations are serialised by a lock and are
 * meant for setting up, not for each request.
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
 * The memory is zeroed.  Up to 2048 bytes it is aligned to its size rounded up
 * to a power of two (at least 64) and never crosses a page; beyond that it
 * starts on a page.
 *
 * Return: the memory, owned by the caller until ccwring_dma_free(); NULL if
 *	@size is 0 or nothing of that size is left.
 */
CCWRING_API void *ccwring_dma_alloc(struct ccwring_vfio *vfio, size_t size, ccwring_iova_t *iova);

/**
 * ccwring_dma_free() - give memory back
 * @vfio: the context
 * @ptr: from ccwring_dma_alloc(), or NULL
 *
 * Every request that names the memory must have had its terminal completion.
 */
CCWRING_API void ccwring_dma_free(struct ccwring_vfio *vfio, void *ptr);

/**
 * ccwring_dma_iova() - IOVA of a byte of mapped memory
 * @vfio: the context
 * @ptr: anywhere in the context's area
 * @iova: receives it
 *
 * Return: 0, or -EFAULT if @ptr is not in the area.
 */
CCWRING_API int ccwring_dma_iova(struct ccwring_vfio *vfio, const void *ptr, ccwring_iova_t *iova);

/**
 * ccwring_dma_ptr() - memory behind an IOVA
 * @vfio: the context
 * @iova: first byte
 * @len: bytes that must all be mapped
 *
 * Return: the memory, or NULL if not all of it is mapped.
 */
CCWRING_API void *ccwring_dma_ptr(struct ccwring_vfio *vfio, ccwring_iova_t iova, size_t len);

#ifdef __cplusplus
}
#endif

#endif
