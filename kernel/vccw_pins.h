/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VCCW_PINS_H
#define VCCW_PINS_H

#include <linux/err.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/types.h>
#include "vccw_folio.h"

struct mm_struct;
struct vccw_device;

/**
 * struct vccw_pin - one pinned page of the client
 * @iova_pfn: page number in the client's I/O address space
 * @used: number of the latest requests that used it, see &struct vccw_pins
 * @folio: what the page is part of, NULL if the entry is free
 * @addr: address of the page
 * @state: vccw_folio_state() of @folio when the page was known to be the client's,
 *	and VCCW_PIN_HIGH; 0 of a page that is a folio of its own below 2 GiB
 * @next: number of the next entry of the hash chain or of the free list, counted from
 *	1; 0 behind the last
 */
struct vccw_pin {
	u64 iova_pfn;
	u64 used;
	struct folio *folio;
	u64 addr;
	u32 state;
	u32 next;
};

/* &vccw_pin.state: the page is beyond 2 GiB. */
#define VCCW_PIN_HIGH	(1u << 31)

/* What is in a bucket without an entry, so that there is something to look at. */
extern struct vccw_pin vccw_pin_none;

#define VCCW_NO_PAGE	U64_MAX

/**
 * struct vccw_window - a client page that is being read
 * @at: its host address
 * @folio: the page, NULL if it is of a large folio, which cannot be looked at again
 *	without its entry
 * @iova_pfn: its page number in the client's I/O address space, VCCW_NO_PAGE if
 *	there is none
 */
struct vccw_window {
	void *at;
	struct folio *folio;
	u64 iova_pfn;
};

/**
 * struct vccw_pins - pages of one device that stay pinned between requests
 * @pool: the entries
 * @bucket: hash table of the entries
 * @mask: of what is a distance in bytes from the first bucket to another
 * @size: entries there are; grows with need up to @limit
 * @limit: most pages pinned at a time
 * @allowed: how many VFIO is asked for before one goes; @limit, or fewer since it has
 *	refused more
 * @count: pages pinned now
 * @free: head of the list of free entries
 * @hand: where the search for a victim goes on
 * @clock: number of the requests that are being translated and not queued yet
 * @window: page the latest CCWs were read from; as long as it is pinned
 * @nowhere: where CCWs point that transfer nothing
 * @aged: @clock some seconds ago
 * @unmapping: ranges that tasks are unmapping, see vccw_unmap.c
 * @lost_first: first page of ranges that are not in @unmapping for want of memory
 * @lost_last: last page of those
 * @mm: of the task that has opened the device; devices with the same one are those
 *	of one client, who shares a limit on locked memory among them
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
	struct vccw_pin **bucket;
	u64 mask;
	u32 size;
	u32 limit;
	u32 allowed;
	u32 count;
	u32 free;
	u32 hand;
	u64 clock;
	struct vccw_window window;
	u64 nowhere;
	u64 aged;
	struct list_head unmapping;
	u64 lost_first;
	u64 lost_last;
	struct mm_struct *mm;
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
bool vccw_pins_age(struct vccw_device *dev);
u64 vccw_pins_evict(struct vccw_device *dev);
u64 vccw_pins_idle(struct vccw_device *dev);
void vccw_pins_remove(struct vccw_device *dev, struct vccw_pin *pin);
bool vccw_pins_by_iommufd(struct vccw_device *dev);
struct vccw_pin *vccw_pins_next(struct vccw_pins *pins, u32 *iter,
				u64 first, u64 last);

static inline struct vccw_pin *vccw_pin_at(const struct vccw_pins *pins, u32 number)
{
	return &pins->pool[number - 1];
}

/* Where the chain of a page begins. */
static __always_inline struct vccw_pin **vccw_pins_bucket(const struct vccw_pins *pins,
							  u64 iova_pfn)
{
	u64 offset = ((iova_pfn << 3) ^ (iova_pfn >> 5)) & pins->mask;

	BUILD_BUG_ON(sizeof(*pins->bucket) != 1 << 3);
	return (void *)pins->bucket + offset;
}

bool vccw_pin_unchanged(const struct vccw_pin *pin);

/* The entry of a page, NULL if it is not pinned. */
static __always_inline struct vccw_pin *vccw_pins_find(const struct vccw_pins *pins,
						       u64 iova_pfn)
{
	struct vccw_pin *pin = *vccw_pins_bucket(pins, iova_pfn);

	while (unlikely(pin->iova_pfn != iova_pfn)) {
		if (!pin->next)
			return NULL;
		pin = vccw_pin_at(pins, pin->next);
	}
	return pin;
}

/* Is its page still the client's? */
static __always_inline bool vccw_pin_good(const struct vccw_pin *pin)
{
	return likely(vccw_folio_mapped_as(pin->folio, pin->state & ~VCCW_PIN_HIGH)) ||
	       vccw_pin_unchanged(pin);
}

/* The same, if that is easily said, and can the channel be given its address? */
static __always_inline bool vccw_pin_good_and_low(const struct vccw_pin *pin)
{
	return vccw_folio_mapped_as(pin->folio, pin->state);
}

static __always_inline void vccw_pin_use(struct vccw_pins *pins, struct vccw_pin *pin)
{
	pin->used = pins->clock;
	pins->hits++;
}

/**
 * vccw_pins_hit - use a page that is pinned
 * @pins: the cache
 * @iova_pfn: page number in the client's I/O address space
 *
 * Context: process context, vccw_device.lock held.
 * Return: the entry, whose page stays for as long as the request lasts; NULL if it
 * is not pinned, or may have been discarded: see vccw_pins_get().
 */
static __always_inline struct vccw_pin *vccw_pins_hit(struct vccw_pins *pins,
						      u64 iova_pfn)
{
	struct vccw_pin *pin = vccw_pins_find(pins, iova_pfn);

	if (unlikely(!pin || !vccw_pin_good(pin)))
		return NULL;
	vccw_pin_use(pins, pin);
	return pin;
}

static inline void vccw_window_show(struct vccw_window *window,
				    const struct vccw_pin *pin)
{
	window->at = phys_to_virt(pin->addr);
	window->folio = pin->state & ~VCCW_PIN_HIGH ? NULL : pin->folio;
	window->iova_pfn = pin->iova_pfn;
}

static inline void vccw_window_close(struct vccw_window *window)
{
	window->folio = NULL;
	window->iova_pfn = VCCW_NO_PAGE;
}

/* Can the channel be given its address as it is, without an IDAW? */
static inline bool vccw_pin_is_low(const struct vccw_pin *pin)
{
	return !(pin->state & VCCW_PIN_HIGH);
}

/*
 * Requests are about to be translated, with vccw_device.lock held until they are
 * queued.  What the window shows may have been discarded meanwhile: if in doubt it
 * is opened anew, by vccw_pins_hit().
 */
static inline void vccw_pins_begin(struct vccw_pins *pins)
{
	struct vccw_window *window = &pins->window;

	if (unlikely(!window->folio || !folio_mapped(window->folio)))
		vccw_window_close(window);
}

/* All that were translated are queued. */
static inline void vccw_pins_end(struct vccw_pins *pins)
{
	pins->clock++;
}

#endif /* VCCW_PINS_H */
