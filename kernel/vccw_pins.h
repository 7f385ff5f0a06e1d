/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VCCW_PINS_H
#define VCCW_PINS_H

#include <linux/err.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/types.h>

struct vccw_device;

/**
 * struct vccw_pin - one pinned page of the client
 * @iova_pfn: page number in the client's I/O address space
 * @used: number of the latest request that used it, see vccw_pins_get()
 * @pfn: page frame
 * @next: next entry of the hash chain or of the free list, 0 ends it
 */
struct vccw_pin {
	u64 iova_pfn;
	u64 used;
	u32 pfn;
	u32 next;
};

/**
 * struct vccw_pins - pages of one device that stay pinned between requests
 * @pool: entries 1..@limit; entry 0 is not used
 * @bucket: hash table of indices into @pool
 * @mask: number of buckets minus one
 * @limit: most pages pinned at a time
 * @count: pages pinned now
 * @free: head of the list of free entries
 * @hand: where the search for a victim goes on
 * @clock: number of the request being translated
 * @batch: number of the first request translated but not queued yet
 * @unmap_first: first page of the range last unmapped
 * @unmap_last: last page of that range
 * @unmap_until: jiffies before which no page of it is pinned anew
 * @misses: pages pinned because they were not in the cache
 * @evictions: pages unpinned to make room
 * @stale: pages found discarded by their owner and let go
 * @open: entry of the list of open devices
 *
 * A request does not hold references on the pages it uses.  It writes its
 * number into their entries, and an entry may go when no request with that
 * number or a lower one is under way; that makes a hit one store.
 *
 * All of it is protected by vccw_device.lock.
 */
struct vccw_pins {
	struct vccw_pin *pool;
	u32 *bucket;
	u32 mask;
	u32 limit;
	u32 count;
	u32 free;
	u32 hand;
	u64 clock;
	u64 batch;
	u64 unmap_first;
	u64 unmap_last;
	unsigned long unmap_until;
	u64 misses;
	u64 evictions;
	u64 stale;
	struct list_head open;
};

int vccw_pins_init(struct vccw_pins *pins, u32 limit);
void vccw_pins_destroy(struct vccw_pins *pins);
struct vccw_pin *vccw_pins_miss(struct vccw_device *dev, u64 iova_pfn, u32 run);
struct vccw_pin *vccw_pins_stale(struct vccw_device *dev, struct vccw_pin *pin);
void vccw_pins_open(struct vccw_device *dev);
void vccw_pins_close(struct vccw_device *dev);
void vccw_pins_drop(struct vccw_device *dev, u64 first, u64 last);
bool vccw_pins_block(struct vccw_pins *pins, u64 first, u64 last);
struct vccw_pin *vccw_pins_next(struct vccw_pins *pins, u32 *iter,
				u64 first, u64 last);

static inline u32 vccw_pins_hash(const struct vccw_pins *pins, u64 iova_pfn)
{
	return (iova_pfn ^ (iova_pfn >> 16)) & pins->mask;
}

static inline struct vccw_pin *vccw_pins_find(const struct vccw_pins *pins,
					      u64 iova_pfn)
{
	u32 i = pins->bucket[vccw_pins_hash(pins, iova_pfn)];

	for (; i; i = pins->pool[i].next) {
		if (pins->pool[i].iova_pfn == iova_pfn)
			return &pins->pool[i];
	}
	return NULL;
}

/*
 * Is this very page still mapped by somebody?  Memory that its owner discarded
 * without unmapping the IOVA (MADV_DONTNEED, a balloon) is not, and its page
 * frame must not be used again: the owner sees another one at that address.
 */
static inline bool vccw_page_mapped(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (atomic_read(&page->_mapcount) >= 0)
		return true;
	return folio_test_large(folio) && folio_entire_mapcount(folio);
}

#endif /* VCCW_PINS_H */
