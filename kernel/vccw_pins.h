/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VCCW_PINS_H
#define VCCW_PINS_H

#include <linux/err.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/types.h>

struct vccw_device;

/**
 * struct vccw_pin - one pinned page of the client
 * @iova_pfn: page number in the client's I/O address space
 * @used: number of the latest requests that used it, see &struct vccw_pins
 * @page: the page, NULL if the entry is free
 * @addr31: its address if that is below 2 GiB, else 0
 * @next: next entry of the hash chain or of the free list
 *
 * Entries are linked by their distance in bytes from the beginning of the pool,
 * plus one; 0 ends a list.  See vccw_pin_at().
 */
struct vccw_pin {
	u64 iova_pfn;
	u64 used;
	struct page *page;
	u32 addr31;
	u32 next;
};

#define VCCW_NO_PAGE	U64_MAX

/**
 * struct vccw_window - a client page that is being read
 * @at: its host address
 * @page: the page
 * @iova_pfn: its page number in the client's I/O address space, VCCW_NO_PAGE if
 *	there is none
 */
struct vccw_window {
	void *at;
	struct page *page;
	u64 iova_pfn;
};

/**
 * struct vccw_pins - pages of one device that stay pinned between requests
 * @pool: the entries
 * @origin: where links are counted from, one byte before @pool
 * @bucket: hash table of the entries
 * @mask: number of buckets minus one
 * @size: entries there are; grows with need up to @limit
 * @limit: most pages pinned at a time
 * @count: pages pinned now
 * @free: head of the list of free entries
 * @hand: where the search for a victim goes on
 * @clock: number of the requests that are being translated and not queued yet
 * @window: page the latest CCWs were read from; as long as it is pinned
 * @nowhere: where CCWs point that transfer nothing
 * @unmap_first: first page of the range last unmapped
 * @unmap_last: last page of that range
 * @unmap_until: jiffies before which no page of it is pinned anew
 * @unmap_task: who was unmapping it; to be compared only, it may have gone
 * @hits: pages found in the cache
 * @misses: pages pinned because they were not in the cache
 * @evictions: pages unpinned to make room
 * @stale: pages found discarded by their owner and let go
 * @open: entry of the list of open devices
 *
 * A request does not hold references on the pages it uses.  It writes its number,
 * which those translated together share, into their entries, and an entry may go
 * when no request with that number or a lower one is under way; that makes a hit
 * one store.
 *
 * All of it is protected by vccw_device.lock.
 */
struct vccw_pins {
	struct vccw_pin *pool;
	void *origin;
	u32 *bucket;
	u32 mask;
	u32 size;
	u32 limit;
	u32 count;
	u32 free;
	u32 hand;
	u64 clock;
	struct vccw_window window;
	u64 nowhere;
	u64 unmap_first;
	u64 unmap_last;
	unsigned long unmap_until;
	const struct task_struct *unmap_task;
	u64 hits;
	u64 misses;
	u64 evictions;
	u64 stale;
	struct list_head open;
};

int vccw_pins_init(struct vccw_pins *pins, u32 limit);
void vccw_pins_destroy(struct vccw_pins *pins);
struct vccw_pin *vccw_pins_get(struct vccw_device *dev, u64 iova_pfn, u32 run);
void vccw_pins_open(struct vccw_device *dev);
void vccw_pins_close(struct vccw_device *dev);
void vccw_pins_drop(struct vccw_device *dev, u64 first, u64 last);
bool vccw_pins_block(struct vccw_pins *pins, u64 first, u64 last);
struct vccw_pin *vccw_pins_next(struct vccw_pins *pins, u32 *iter,
				u64 first, u64 last);

static inline struct vccw_pin *vccw_pin_at(const struct vccw_pins *pins, u32 at)
{
	return pins->origin + at;
}

static inline u32 vccw_pins_hash(u32 mask, u64 iova_pfn)
{
	return (iova_pfn ^ (iova_pfn >> 8)) & mask;
}

/*
 * Is this very page still mapped by somebody?  Memory that its owner discarded
 * without unmapping the IOVA (MADV_DONTNEED, a balloon) is not, and its page
 * frame must not be used again: the owner sees another one at that address.
 */
static inline bool vccw_page_mapped(struct page *page)
{
	struct folio *folio;

	if (likely(atomic_read(&page->_mapcount) >= 0))
		return true;
	folio = page_folio(page);
	return folio_test_large(folio) && folio_entire_mapcount(folio);
}

/* The entry of a page, NULL if it is not pinned. */
static __always_inline struct vccw_pin *vccw_pins_find(const struct vccw_pins *pins,
						       u64 iova_pfn)
{
	u32 at = pins->bucket[vccw_pins_hash(pins->mask, iova_pfn)];
	struct vccw_pin *pin;

	do {
		if (unlikely(!at))
			return NULL;
		pin = vccw_pin_at(pins, at);
		at = pin->next;
	} while (unlikely(pin->iova_pfn != iova_pfn));
	return pin;
}

/**
 * vccw_pins_hit - use a page that is pinned
 * @pins: the cache
 * @iova_pfn: page number in the client's I/O address space
 *
 * Context: process context, vccw_device.lock held.
 * Return: the entry, whose page stays for as long as the request lasts; NULL if it
 * is not pinned, or has been discarded: see vccw_pins_get().
 */
static __always_inline struct vccw_pin *vccw_pins_hit(struct vccw_pins *pins,
						      u64 iova_pfn)
{
	struct vccw_pin *pin = vccw_pins_find(pins, iova_pfn);

	if (unlikely(!pin || !vccw_page_mapped(pin->page)))
		return NULL;
	pin->used = pins->clock;
	pins->hits++;
	return pin;
}

/* Where a page is for the channel. */
static inline u64 vccw_pin_addr(const struct vccw_pin *pin)
{
	return pin->addr31 ?: page_to_phys(pin->page);
}

/*
 * Requests are about to be translated, with vccw_device.lock held until they are
 * queued.  A page seen before may have been discarded meanwhile.
 */
static inline void vccw_pins_begin(struct vccw_pins *pins)
{
	if (unlikely(pins->window.iova_pfn != VCCW_NO_PAGE &&
		     !vccw_page_mapped(pins->window.page)))
		pins->window.iova_pfn = VCCW_NO_PAGE;
}

/* All that were translated are queued. */
static inline void vccw_pins_end(struct vccw_pins *pins)
{
	pins->clock++;
}

#endif /* VCCW_PINS_H */
