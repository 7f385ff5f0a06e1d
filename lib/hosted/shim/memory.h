/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory.h - pages, and memory that a channel reaches
 *
 * The software channel subsystem uses the addresses of this process.  What the core
 * takes with GFP_DMA is below 2 GiB, so that 31 bits are enough for it.
 */
#ifndef SHIM_MEMORY_H
#define SHIM_MEMORY_H

#include <stdlib.h>

#include <shim/sync.h>

#define PAGE_SHIFT 12
#define PAGE_MASK  (~(PAGE_SIZE - 1))
#undef PAGE_SIZE
#define PAGE_SIZE	    4096UL
#define PAGE_ALIGN(n)	    (((n) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1))
#define offset_in_page(p)   ((unsigned long)(p) & (PAGE_SIZE - 1))

#define GFP_KERNEL	    0
#define GFP_KERNEL_ACCOUNT  0
#define GFP_DMA		    1
#define __GFP_ZERO	    2
#define __GFP_NOWARN	    0
#define __GFP_RETRY_MAYFAIL 0

static inline int get_order(unsigned long size)
{
	int order = 0;

	while (PAGE_SIZE << order < size)
		order++;
	return order;
}

/* From here on no two pages lie side by side that are free. */
void shim_fragment(void);
/* 0 when there is none. */
unsigned long __get_free_pages(int flags, unsigned int order);
void free_pages(unsigned long addr, unsigned int order);
#define __get_free_page(flags) __get_free_pages(flags, 0)
#define free_page(addr)	       free_pages(addr, 0)

/* Is this memory of __get_free_pages() that has not been freed? */
bool shim_is_low(const void *at, size_t n);

void *shim_alloc(size_t n, size_t size);
void shim_free(const void *p);
#define kcalloc(n, size, flags)	 shim_alloc(n, size)
#define kvcalloc(n, size, flags) shim_alloc(n, size)
#define kzalloc(size, flags)	 shim_alloc(1, size)
#define kfree(p)		 shim_free(p)
#define kvfree(p)		 shim_free(p)
#define __vmalloc(size, flags)	 shim_alloc(1, size)
#define array_size(n, size)	 ((n) * (size))
#define vfree(p)		 shim_free(p)

/*
 * Pages of a client's, and the folios they are part of: alone, or a huge page, which is
 * mapped whole at first, and page by page when one of them has been discarded.
 */
struct address_space;

struct folio {
	atomic_t mapcount; /* entries of page tables: 0 when all has been discarded */
	atomic_t entire; /* how many of them map it as a whole */
	int pages;
	int refs; /* pages that are somewhere still */
	struct address_space *mapping; /* the file it is of, NULL if it is anonymous */
};

struct page {
	struct folio *folio;
	u8 *at;
};

#define page_folio(page)	 ((page)->folio)
#define folio_test_large(f)	 ((f)->pages > 1)
#define folio_test_anon(folio)	 (!READ_ONCE((folio)->mapping))
#define folio_mapping(folio)	 READ_ONCE((folio)->mapping)
#define folio_mapcount(folio)	 atomic_read(&(folio)->mapcount)
#define folio_mapped(folio)	 (folio_mapcount(folio) > 0)
#define folio_entire_mapcount(f) atomic_read(&(f)->entire)
#define folio_nr_pages(f)	 ((f)->pages)
#define page_to_phys(page)	 ((u64)(uintptr_t)(page)->at)

/* Whoever has a page, it is not used for anything else before it is put: client_kept(). */
struct page *pfn_to_page(unsigned long pfn);
void get_page(struct page *page);
void put_page(struct page *page);
#define virt_to_page(p)	   pfn_to_page((uintptr_t)(p) >> PAGE_SHIFT)
#define phys_to_virt(addr) ((void *)(uintptr_t)(addr))

/* Addresses of the channel's */

typedef u32 dma32_t;
typedef u64 dma64_t;

#define u32_to_dma32(x)		    ((dma32_t)(x))
#define dma32_to_u32(x)		    ((u32)(x))
#define u64_to_dma64(x)		    ((dma64_t)(x))
#define dma64_to_u64(x)		    ((u64)(x))
#define virt_to_dma32(p)	    ((dma32_t)(uintptr_t)(p))
#define dma32_to_virt(a)	    ((void *)(uintptr_t)(a))

/* User space is here. */
#define copy_from_user(to, from, n) (memcpy(to, from, n), 0UL)
#define copy_to_user(to, from, n)   (memcpy(to, from, n), 0UL)
#define clear_user(to, n)	    (memset(to, 0, n), 0UL)

static inline int copy_struct_from_user(void *to, size_t size, const void *from, size_t from_size)
{
	if (from_size > size && memchr_inv((const u8 *)from + size, 0, from_size - size))
		return -E2BIG;
	memset(to, 0, size);
	memcpy(to, from, min(size, from_size));
	return 0;
}

#endif
