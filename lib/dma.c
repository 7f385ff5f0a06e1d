// SPDX-License-Identifier: MIT
/*
 * dma.c - allocator of a context's mapped memory
 *
 * Whole pages first-fit, and below that chunks of 64 << class bytes cut from
 * pages of one class each.  Everything it knows lies outside the mapped memory
 * (a device can write there), but for the links of free chunks.
 *
 * The last page is never given out: drivers that fetch CCWs in fixed portions
 * read past the end of a program, which must stay within the mapping.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <ccwring/ccw.h>
#include <ccwring/dma.h>

#include "internal.h"

#define PAGE	  4096U
#define MIN_CHUNK 64U
#define N_CLASSES ARRAY_SIZE(((struct dma_area *)0)->free_chunks)
#define MAX_CHUNK (MIN_CHUNK << (N_CLASSES - 1))

enum page_state {
	PAGE_FREE,
	PAGE_RUN, /* first page of a run of whole pages */
	PAGE_BODY, /* further page of a run */
	PAGE_CHUNKS,
};

struct dma_page {
	uint32_t run; /* pages of the run, or chunks in use */
	uint8_t state;
	uint8_t class;
};

int dma_area_init(struct dma_area *area, size_t bytes, ccwring_iova_t iova)
{
	bytes = bytes ? (bytes + PAGE - 1) & ~(size_t)(PAGE - 1) : 16U << 20;
	iova = iova ? iova : 16U << 20;
	if (iova % PAGE || bytes < 2 * PAGE || bytes > CCWRING_CCW_LIMIT ||
	    iova > CCWRING_CCW_LIMIT - bytes)
		return -EINVAL;

	area->n_pages = bytes / PAGE;
	area->pages = calloc(area->n_pages, sizeof(*area->pages));
	if (!area->pages)
		return -ENOMEM;
	area->base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area->base == MAP_FAILED) {
		free(area->pages);
		return -ENOMEM;
	}
	area->bytes = bytes;
	area->iova = iova;
	area->pages[area->n_pages - 1].state = PAGE_RUN;
	area->pages[area->n_pages - 1].run = 1;
	memset(area->free_chunks, 0, sizeof(area->free_chunks));
	pthread_mutex_init(&area->lock, NULL);
	return 0;
}

void dma_area_fini(struct dma_area *area)
{
	munmap(area->base, area->bytes);
	free(area->pages);
	pthread_mutex_destroy(&area->lock);
}

static size_t page_of(const struct dma_area *area, const void *ptr)
{
	return ((const uint8_t *)ptr - area->base) / PAGE;
}

static void *alloc_pages(struct dma_area *area, size_t n)
{
	size_t free_run = 0;

	for (size_t i = 0; i < area->n_pages; i++) {
		free_run = area->pages[i].state == PAGE_FREE ? free_run + 1 : 0;
		if (free_run < n)
			continue;
		for (size_t j = i - n + 1; j <= i; j++)
			area->pages[j].state = PAGE_BODY;
		area->pages[i - n + 1].state = PAGE_RUN;
		area->pages[i - n + 1].run = n;
		return area->base + (i - n + 1) * PAGE;
	}
	return NULL;
}

static void free_pages(struct dma_area *area, size_t first)
{
	size_t n = area->pages[first].run;

	for (size_t i = first; i < first + n; i++)
		area->pages[i] = (struct dma_page){ .state = PAGE_FREE };
}

static bool refill(struct dma_area *area, unsigned int class)
{
	size_t chunk = (size_t)MIN_CHUNK << class;
	uint8_t *page = alloc_pages(area, 1);

	if (!page)
		return false;
	area->pages[page_of(area, page)] = (struct dma_page){
		.state = PAGE_CHUNKS,
		.class = class,
	};
	for (size_t off = PAGE; off; off -= chunk) {
		void *p = page + off - chunk;

		memcpy(p, &area->free_chunks[class], sizeof(void *));
		area->free_chunks[class] = p;
	}
	return true;
}

static void *alloc_chunk(struct dma_area *area, size_t size)
{
	unsigned int class = 0;
	void *p;

	while (((size_t)MIN_CHUNK << class) < size)
		class ++;
	if (!area->free_chunks[class] && !refill(area, class))
		return NULL;
	p = area->free_chunks[class];
	memcpy(&area->free_chunks[class], p, sizeof(void *));
	area->pages[page_of(area, p)].run++;
	return p;
}

/* Take the chunks of an unused page off their list and give the page back. */
static void drop_page(struct dma_area *area, size_t page)
{
	void **list = &area->free_chunks[area->pages[page].class];
	void *keep = NULL;

	while (*list) {
		void *p = *list;

		memcpy(list, p, sizeof(void *));
		if (page_of(area, p) == page)
			continue;
		memcpy(p, &keep, sizeof(void *));
		keep = p;
	}
	*list = keep;
	area->pages[page] = (struct dma_page){ .state = PAGE_FREE };
}

static void free_chunk(struct dma_area *area, void *ptr)
{
	size_t page = page_of(area, ptr);
	unsigned int class = area->pages[page].class;

	memcpy(ptr, &area->free_chunks[class], sizeof(void *));
	area->free_chunks[class] = ptr;
	if (!--area->pages[page].run)
		drop_page(area, page);
}

void *ccwring_dma_alloc(struct ccwring_vfio *vfio, size_t size, ccwring_iova_t *iova)
{
	struct dma_area *area = &vfio->dma;
	void *p;

	if (!size || size > area->bytes)
		return NULL;
	pthread_mutex_lock(&area->lock);
	p = size <= MAX_CHUNK ? alloc_chunk(area, size)
			      : alloc_pages(area, (size + PAGE - 1) / PAGE);
	pthread_mutex_unlock(&area->lock);
	if (!p)
		return NULL;
	memset(p, 0, size);
	if (iova)
		*iova = area->iova + ((uint8_t *)p - area->base);
	return p;
}

void ccwring_dma_free(struct ccwring_vfio *vfio, void *ptr)
{
	struct dma_area *area = &vfio->dma;
	size_t page;

	if (!ptr)
		return;
	page = page_of(area, ptr);
	pthread_mutex_lock(&area->lock);
	if (area->pages[page].state == PAGE_CHUNKS)
		free_chunk(area, ptr);
	else if (area->pages[page].state == PAGE_RUN)
		free_pages(area, page);
	pthread_mutex_unlock(&area->lock);
}

int ccwring_dma_iova(struct ccwring_vfio *vfio, const void *ptr, ccwring_iova_t *iova)
{
	uintptr_t off = (uintptr_t)ptr - (uintptr_t)vfio->dma.base;

	if (off >= vfio->dma.bytes)
		return -EFAULT;
	*iova = vfio->dma.iova + off;
	return 0;
}

void *ccwring_dma_ptr(struct ccwring_vfio *vfio, ccwring_iova_t iova, size_t len)
{
	const struct dma_area *area = &vfio->dma;

	if (iova < area->iova || iova - area->iova > area->bytes ||
	    len > area->bytes - (iova - area->iova))
		return NULL;
	return area->base + (iova - area->iova);
}
