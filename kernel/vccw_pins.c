// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pin cache: client pages stay pinned from one request to the next.
 *
 * Pinning a page costs thousands of instructions, finding it here about ten.
 * The cache is a bounded pool of entries hashed by the page number in the
 * client's I/O address space.  It is given back page by page when the client
 * unmaps (vccw_pins_drop()), when room is needed (vccw_pins_evict()), when
 * memory has been discarded under it (vccw_pins_renew()), or has not been used for
 * some time (vccw_pins_age()).
 *
 * One rule: a start touches the page its client has at an address when the start is
 * translated, or is refused at once.  Nothing here waits for a request or for another
 * client.
 */
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include <linux/vmalloc.h>
#include "vccw_device.h"
#include "vccw_trace.h"

/* Entries a cache has at first. */
#define VCCW_PINS_INITIAL	256u
/* Candidates looked at to find one page to evict. */
#define VCCW_PINS_SAMPLE	16
/* Pages pinned by one call. */
#define VCCW_PINS_RUN		64
/* Pages unpinned at a time because of their age. */
#define VCCW_PINS_AGED		256

struct vccw_pin vccw_pin_none = { .iova_pfn = VCCW_NO_PAGE };

/* The rest of vccw_pin_good(), for what is not mapped just now, or by parts. */
bool vccw_pin_unchanged(const struct vccw_pin *pin)
{
	return vccw_folio_unchanged(pin->folio, pin->state & ~VCCW_PIN_HIGH);
}

static u32 vccw_pin_number(const struct vccw_pins *pins, const struct vccw_pin *pin)
{
	return pin == &vccw_pin_none ? 0 : pin - pins->pool + 1;
}

/* Put an entry into its hash chain, and take it out. */
static void vccw_pins_link(struct vccw_pins *pins, u32 number)
{
	struct vccw_pin *pin = vccw_pin_at(pins, number);
	struct vccw_pin **head = vccw_pins_bucket(pins, pin->iova_pfn);

	pin->next = vccw_pin_number(pins, *head);
	*head = pin;
}

static void vccw_pins_unlink(struct vccw_pins *pins, struct vccw_pin *pin)
{
	struct vccw_pin **head = vccw_pins_bucket(pins, pin->iova_pfn), *at = *head;

	if (at == pin) {
		*head = pin->next ? vccw_pin_at(pins, pin->next) : &vccw_pin_none;
		return;
	}
	while (vccw_pin_at(pins, at->next) != pin)
		at = vccw_pin_at(pins, at->next);
	at->next = pin->next;
}

static void vccw_pins_free(struct vccw_pins *pins, u32 number)
{
	vccw_pin_at(pins, number)->next = pins->free;
	pins->free = number;
}

/* A pool of @size entries: those there are, and the new ones in the free list. */
static int vccw_pins_resize(struct vccw_pins *pins, u32 size)
{
	u32 buckets = roundup_pow_of_two(size), i;
	struct vccw_pin *pool, **bucket;

	/* By pages: kvcalloc() would round it up to a power of two. */
	pool = __vmalloc(array_size(size, sizeof(*pool)),
			 GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);
	bucket = kvcalloc(buckets, sizeof(*bucket),
			  GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!pool || !bucket) {
		vfree(pool);
		kvfree(bucket);
		return -ENOMEM;
	}
	if (pins->pool)
		memcpy(pool, pins->pool, pins->size * sizeof(*pool));
	vfree(pins->pool);
	kvfree(pins->bucket);
	pins->pool = pool;
	pins->bucket = bucket;
	pins->mask = (buckets - 1) * sizeof(*bucket);
	pins->free = 0;
	for (i = 0; i < buckets; i++)
		bucket[i] = &vccw_pin_none;
	for (i = size; i > 0; i--) {
		if (vccw_pin_at(pins, i)->folio)
			vccw_pins_link(pins, i);
		else
			vccw_pins_free(pins, i);
	}
	pins->size = size;
	return 0;
}

int vccw_pins_init(struct vccw_pins *pins, u32 limit)
{
	*pins = (struct vccw_pins){
		.limit = limit,
		.allowed = limit,
		.clock = 1,
		.unmapping = LIST_HEAD_INIT(pins->unmapping),
		.nowhere = vccw_cp_nowhere,
		.window.iova_pfn = VCCW_NO_PAGE,
	};
	return vccw_pins_resize(pins, min(limit, VCCW_PINS_INITIAL));
}

void vccw_pins_destroy(struct vccw_pins *pins)
{
	WARN_ON_ONCE(pins->count);
	vfree(pins->pool);
	kvfree(pins->bucket);
	pins->pool = NULL;
	pins->bucket = NULL;
}

static struct vccw_pin *vccw_pins_insert(struct vccw_pins *pins, u64 iova_pfn,
					 struct page *page)
{
	struct folio *folio = page_folio(page);
	u64 addr = page_to_phys(page);
	u32 number = pins->free;
	struct vccw_pin *pin = vccw_pin_at(pins, number);

	pins->free = pin->next;
	pins->count++;
	*pin = (struct vccw_pin){
		.iova_pfn = iova_pfn,
		.used = pins->clock,
		.folio = folio,
		.addr = addr,
		.state = vccw_folio_state(folio) | (addr < SZ_2G ? 0 : VCCW_PIN_HIGH),
	};
	vccw_pins_link(pins, number);
	return pin;
}

static void vccw_pins_unpin(struct vccw_device *dev, u64 iova_pfn)
{
	vfio_unpin_pages(&dev->vdev, (dma_addr_t)iova_pfn << PAGE_SHIFT, 1);
}

/**
 * vccw_pins_remove - forget an entry and let its page go
 * @dev: the device
 * @pin: the entry; no request uses it
 *
 * Context: process context, vccw_device.lock held; sleeps.
 */
void vccw_pins_remove(struct vccw_device *dev, struct vccw_pin *pin)
{
	struct vccw_pins *pins = &dev->pins;

	vccw_pins_unlink(pins, pin);
	if (pins->window.iova_pfn == pin->iova_pfn)
		vccw_window_close(&pins->window);
	vccw_pins_unpin(dev, pin->iova_pfn);
	pin->folio = NULL;
	vccw_pins_free(pins, vccw_pin_number(pins, pin));
	pins->count--;
}

/**
 * vccw_pins_idle - what entries no request uses
 * @dev: the device
 *
 * Context: process context, vccw_device.lock held.
 * Return: those last used before this number.
 */
u64 vccw_pins_idle(struct vccw_device *dev)
{
	return min(vccw_queue_oldest(dev), dev->pins.clock);
}

/**
 * vccw_pins_evict - make room for one page
 * @dev: the device
 *
 * Of a few entries that no request uses, the one whose last use is longest ago goes.
 *
 * Context: process context, vccw_device.lock held; sleeps.
 * Return: its number in the client's I/O address space, VCCW_NO_PAGE if there is none.
 */
u64 vccw_pins_evict(struct vccw_device *dev)
{
	u64 idle = vccw_pins_idle(dev);
	struct vccw_pins *pins = &dev->pins;
	struct vccw_pin *victim = NULL;
	u32 seen = 0, i;
	u64 iova_pfn;

	for (i = 0; i < pins->size && seen < VCCW_PINS_SAMPLE; i++) {
		struct vccw_pin *pin = &pins->pool[pins->hand];

		pins->hand = (pins->hand + 1) % pins->size;
		if (!pin->folio || pin->used >= idle)
			continue;
		if (!victim || pin->used < victim->used)
			victim = pin;
		seen++;
	}
	if (!victim)
		return VCCW_NO_PAGE;
	iova_pfn = victim->iova_pfn;
	trace_vccw_evict(dev, iova_pfn);
	vccw_pins_remove(dev, victim);
	pins->evictions++;
	return iova_pfn;
}

/*
 * The client has as many pages pinned as it may: one that is not used goes, first of a
 * device that has more than this one.
 */
static bool vccw_pins_swap(struct vccw_device *dev)
{
	u64 gone;

	if (vccw_peers_evict(dev, dev->pins.count)) {
		dev->pins.allowed++;
		return true;
	}
	gone = vccw_pins_evict(dev);
	if (gone == VCCW_NO_PAGE)
		return false;
	/* A page that others have, too, makes no room before they let go of it. */
	vccw_peers_drop(dev, gone);
	return true;
}

/*
 * Make room for @run pages: how many there is room for, at most @run, 0 if all
 * there may be are in use.
 */
static u32 vccw_pins_room(struct vccw_device *dev, u32 run)
{
	struct vccw_pins *pins = &dev->pins;

	/* What VFIO has refused it would refuse again, and log. */
	while (pins->count + run > pins->allowed) {
		if (!vccw_pins_swap(dev)) {
			run = 1;
			break;
		}
	}
	while (pins->size - pins->count < run) {
		if (pins->size < pins->limit &&
		    !vccw_pins_resize(pins, min(pins->limit, 2 * pins->size)))
			continue;
		if (vccw_pins_evict(dev) == VCCW_NO_PAGE)
			return pins->size - pins->count;
	}
	return run;
}

/**
 * vccw_pins_by_iommufd - has the client opened the device with iommufd?
 * @dev: the device, open
 *
 * Context: any.
 */
bool vccw_pins_by_iommufd(struct vccw_device *dev)
{
#if IS_ENABLED(CONFIG_IOMMUFD)
	return dev->vdev.iommufd_access;
#else
	return false;
#endif
}

/* Pages from @iova_pfn on that are not in the cache, at most @run. */
static u32 vccw_pins_missing(struct vccw_pins *pins, u64 iova_pfn, u32 run)
{
	u32 n = 1;

	while (n < run && !vccw_pins_find(pins, iova_pfn + n))
		n++;
	return n;
}

/* Do starts that are under way, or will be when the batch ends, use pages? */
static bool vccw_pins_in_use(struct vccw_device *dev)
{
	return vccw_queue_oldest(dev) != U64_MAX ||
	       (dev->batch.ring && dev->batch.end != &dev->queue.free);
}

/* What to say when no page can go: will one, when requests have ended? */
static int vccw_pins_full(struct vccw_device *dev)
{
	return vccw_pins_in_use(dev) || vccw_peers_pinned(dev) ? -EBUSY : -ENOMEM;
}

/*
 * Pin a run of pages, fewer if the client's limit on locked memory or our own
 * has no room for all of them, or if some are being unmapped.
 */
static int vccw_pins_pin(struct vccw_device *dev, u64 iova_pfn, u32 run,
			 struct page **pages)
{
	dma_addr_t iova = (dma_addr_t)iova_pfn << PAGE_SHIFT;
	struct vccw_pins *pins = &dev->pins;
	int ret;

	/* iommufd unpins what was pinned by one call, not a page of it. */
	if (vccw_pins_by_iommufd(dev))
		run = 1;
	run = vccw_unmap_spares(dev, iova_pfn, run);
	if (!run)
		return -EBUSY;
	run = vccw_pins_room(dev, run);
	if (!run)
		return vccw_pins_full(dev);
	for (;;) {
		ret = vfio_pin_pages(&dev->vdev, iova, run,
				     IOMMU_READ | IOMMU_WRITE, pages);
		if (ret > 0)
			break;
		if (run > 1) {
			run = 1;	/* the first page at least */
			continue;
		}
		if (ret != -ENOMEM)
			return -EFAULT;
		pins->allowed = pins->count;
		if (!vccw_pins_swap(dev) && !vccw_peers_evict(dev, 0))
			return vccw_pins_full(dev);
	}
	pins->allowed = max(pins->allowed, pins->count + ret);
	return ret;
}

/*
 * Pin a page that is not in the cache, and what follows.  One that its client may have
 * discarded already, because another device holds it, is not taken over.
 * Return: how many have been, or an error as vccw_pins_get().
 */
static int vccw_pins_fill(struct vccw_device *dev, u64 iova_pfn, u32 run)
{
	struct page *pages[VCCW_PINS_RUN];
	struct vccw_pins *pins = &dev->pins;
	int n, i, good = 0;

	lockdep_assert_held(&dev->lock);
	cond_resched();
	run = vccw_pins_missing(pins, iova_pfn, min_t(u32, run, VCCW_PINS_RUN));
	n = vccw_pins_pin(dev, iova_pfn, run, pages);
	if (n < 0)
		return n;
	trace_vccw_pin(dev, iova_pfn, n);
	pins->misses += n;
	for (i = 0; i < n; i++) {
		if (vccw_folio_complete(page_folio(pages[i]))) {
			vccw_pins_insert(pins, iova_pfn + i, pages[i]);
			good++;
		} else {
			vccw_pins_unpin(dev, iova_pfn + i);
		}
	}
	return good;
}

/*
 * What VFIO has at an address may be a page that its client has discarded: it gives one
 * out again for as long as a device of the container has it pinned.  Have the others
 * let go of it, and ask once more.  A page of a large folio that has lost some is the
 * client's if nobody else had it.
 * Return: the entry, or an error as vccw_pins_get().
 */
static struct vccw_pin *vccw_pins_renew(struct vccw_device *dev, u64 iova_pfn)
{
	bool shared = vccw_peers_drop(dev, iova_pfn);
	struct folio *folio;
	struct page *page;
	int ret;

	trace_vccw_stale(dev, iova_pfn);
	dev->pins.stale++;
	ret = vccw_pins_pin(dev, iova_pfn, 1, &page);
	if (ret < 0)
		return ERR_PTR(ret);
	folio = page_folio(page);
	if (vccw_folio_complete(folio) ||
	    (!shared && folio_test_large(folio) && folio_mapped(folio)))
		return vccw_pins_insert(&dev->pins, iova_pfn, page);
	vccw_pins_unpin(dev, iova_pfn);
	return ERR_PTR(-EBUSY);
}

/**
 * vccw_pins_get - have a page pinned that vccw_pins_hit() has not found
 * @dev: the device
 * @iova_pfn: page number in the client's I/O address space
 * @run: pages that will be asked for next, this one included
 *
 * Context: process context, vccw_device.lock held; sleeps.
 * Return: the entry; or -ENOMEM when no page can be pinned within the limits,
 * -EFAULT when the client has not mapped it for reading and writing, -EBUSY when it
 * cannot be pinned before requests that are under way have ended.
 */
struct vccw_pin *vccw_pins_get(struct vccw_device *dev, u64 iova_pfn, u32 run)
{
	struct vccw_pin *pin = vccw_pins_find(&dev->pins, iova_pfn);
	int ret;

	if (!pin) {
		ret = vccw_pins_fill(dev, iova_pfn, run);
		if (ret < 0)
			return ERR_PTR(ret);
		pin = vccw_pins_find(&dev->pins, iova_pfn);
		return pin ?: vccw_pins_renew(dev, iova_pfn);
	}
	if (pin->used >= vccw_pins_idle(dev))
		return ERR_PTR(-EBUSY);
	vccw_pins_remove(dev, pin);
	return vccw_pins_renew(dev, iova_pfn);
}

/**
 * vccw_pins_age - unpin pages that have not been used for some time
 * @dev: the device
 *
 * That is since the call before.  At this chance it is tried again whether VFIO allows
 * more pages than it did.
 *
 * Context: process context, vccw_device.lock held; sleeps.
 * Return: whether there may be more.
 */
bool vccw_pins_age(struct vccw_device *dev)
{
	struct vccw_pins *pins = &dev->pins;
	struct vccw_pin *window = vccw_pins_find(pins, pins->window.iova_pfn);
	u64 old = min(vccw_pins_idle(dev), pins->aged);
	u32 i, n = 0;

	/* Programs are read there without saying so. */
	if (window && pins->clock != pins->aged)
		window->used = max(window->used, pins->clock - 1);
	for (i = 0; i < pins->size; i++) {
		struct vccw_pin *pin = &pins->pool[i];

		if (!pin->folio || pin->used >= old)
			continue;
		if (n++ == VCCW_PINS_AGED)
			return true;
		vccw_pins_remove(dev, pin);
	}
	pins->aged = pins->clock;
	pins->allowed = pins->limit;
	return false;
}

/**
 * vccw_pins_open - the device may pin pages from now on
 * @dev: the device
 *
 * Context: process context, vccw_device.lock held, the client's task.
 */
void vccw_pins_open(struct vccw_device *dev)
{
	dev->pins.mm = current->mm;
	mmgrab(dev->pins.mm);
	vccw_unmap_open(dev);
	dev->pins.aged = dev->pins.clock;
	vccw_peers_join(dev);
}

/**
 * vccw_pins_close - unpin all pages; the device pins no more
 * @dev: the device; no request is under way
 *
 * Context: process context, vccw_device.lock held; sleeps.
 */
void vccw_pins_close(struct vccw_device *dev)
{
	vccw_pins_drop(dev, 0, U64_MAX);
	vccw_peers_leave(dev);
	mmdrop(dev->pins.mm);
}

/**
 * vccw_pins_next - go through the entries of a range
 * @pins: the cache
 * @iter: 0 at first
 * @first: first page of the range
 * @last: last page of the range
 *
 * Return: the next entry, NULL after the last.
 */
struct vccw_pin *vccw_pins_next(struct vccw_pins *pins, u32 *iter,
				u64 first, u64 last)
{
	/* By its pages or by what is pinned, whatever is less to look at. */
	if (last - first < pins->size) {
		while (*iter <= last - first) {
			struct vccw_pin *pin;

			pin = vccw_pins_find(pins, first + (*iter)++);
			if (pin)
				return pin;
		}
		return NULL;
	}
	while (*iter < pins->size) {
		struct vccw_pin *pin = &pins->pool[(*iter)++];

		if (pin->folio && pin->iova_pfn >= first && pin->iova_pfn <= last)
			return pin;
	}
	return NULL;
}

/**
 * vccw_pins_drop - unpin the pages of a range
 * @dev: the device
 * @first: first page
 * @last: last page; no request may be using one of them
 *
 * Context: process context, vccw_device.lock held; sleeps.
 */
void vccw_pins_drop(struct vccw_device *dev, u64 first, u64 last)
{
	struct vccw_pin *pin;
	u32 iter = 0;

	lockdep_assert_held(&dev->lock);
	while ((pin = vccw_pins_next(&dev->pins, &iter, first, last)))
		vccw_pins_remove(dev, pin);
}
