// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pin cache: client pages stay pinned from one request to the next.
 *
 * Pinning a page costs thousands of instructions, finding it here about ten.
 * The cache is a bounded pool of entries hashed by the page number in the
 * client's I/O address space.  It is given back page by page when the client
 * unmaps (vccw_pins_drop()), when room is needed (vccw_pins_evict()) or when
 * memory has been discarded under it (vccw_pins_stale()).
 */
#include <linux/iommu.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include "vccw_device.h"
#include "vccw_trace.h"

/* Entries a cache has at first. */
#define VCCW_PINS_INITIAL	256u
/* Candidates looked at to find one page to evict. */
#define VCCW_PINS_SAMPLE	16
/* Pages pinned by one call. */
#define VCCW_PINS_RUN		64
/* How long other devices have to let a discarded page go. */
#define VCCW_PINS_STALE_TIMEOUT	(5 * HZ)
/*
 * The VFIO core takes its lock anew between telling us of an unmapped range
 * and removing it.  For that long no page of the range may be pinned again.
 */
#define VCCW_PINS_UNMAP_DELAY	(HZ / 50 + 1)

/* A pool of @size entries: those there are, and the new ones in the free list. */
static int vccw_pins_resize(struct vccw_pins *pins, u32 size)
{
	u32 buckets = roundup_pow_of_two(size), i;
	struct vccw_pin *pool;
	u32 *bucket;

	pool = kvcalloc(size, sizeof(*pool),
			GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	bucket = kvcalloc(buckets, sizeof(*bucket),
			  GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!pool || !bucket) {
		kvfree(pool);
		kvfree(bucket);
		return -ENOMEM;
	}
	if (pins->pool)
		memcpy(pool, pins->pool, pins->size * sizeof(*pool));
	kvfree(pins->pool);
	kvfree(pins->bucket);
	pins->pool = pool;
	pins->origin = (void *)pool - 1;
	pins->bucket = bucket;
	pins->mask = buckets - 1;
	pins->free = 0;
	for (i = size; i-- > 0;) {
		u32 *head = pool[i].page ?
			&bucket[vccw_pins_hash(pins->mask, pool[i].iova_pfn)] :
			&pins->free;

		pool[i].next = *head;
		*head = i * sizeof(*pool) + 1;
	}
	pins->size = size;
	return 0;
}

int vccw_pins_init(struct vccw_pins *pins, u32 limit)
{
	*pins = (struct vccw_pins){
		.limit = limit,
		.clock = 1,
		.nowhere = vccw_cp_nowhere,
		.window.iova_pfn = VCCW_NO_PAGE,
	};
	return vccw_pins_resize(pins, min(limit, VCCW_PINS_INITIAL));
}

void vccw_pins_destroy(struct vccw_pins *pins)
{
	WARN_ON_ONCE(pins->count);
	kvfree(pins->pool);
	kvfree(pins->bucket);
	pins->pool = NULL;
	pins->bucket = NULL;
}

static struct vccw_pin *vccw_pins_insert(struct vccw_pins *pins, u64 iova_pfn,
					 struct page *page)
{
	u32 *head = &pins->bucket[vccw_pins_hash(pins->mask, iova_pfn)];
	u32 at = pins->free;
	struct vccw_pin *pin = vccw_pin_at(pins, at);

	pins->free = pin->next;
	pins->count++;
	*pin = (struct vccw_pin){
		.iova_pfn = iova_pfn,
		.page = page,
		.addr31 = page_to_phys(page) >> 31 ? 0 : page_to_phys(page),
		.used = pins->clock,
		.next = *head,
	};
	*head = at;
	return pin;
}

/* Forget an entry and let its page go. */
static void vccw_pins_remove(struct vccw_device *dev, struct vccw_pin *pin)
{
	struct vccw_pins *pins = &dev->pins;
	u32 *link = &pins->bucket[vccw_pins_hash(pins->mask, pin->iova_pfn)];
	u32 at = (void *)pin - pins->origin;

	while (*link != at)
		link = &vccw_pin_at(pins, *link)->next;
	*link = pin->next;

	if (pins->window.iova_pfn == pin->iova_pfn)
		pins->window.iova_pfn = VCCW_NO_PAGE;
	vfio_unpin_pages(&dev->vdev, (dma_addr_t)pin->iova_pfn << PAGE_SHIFT, 1);
	pin->page = NULL;
	pin->next = pins->free;
	pins->free = at;
	pins->count--;
}

/*
 * Make room for one page: of a few entries that no request uses, the one whose
 * last use is longest ago.
 */
static bool vccw_pins_evict(struct vccw_device *dev)
{
	u64 oldest = min(vccw_queue_oldest(dev), dev->pins.clock);
	struct vccw_pins *pins = &dev->pins;
	struct vccw_pin *victim = NULL;
	u32 seen = 0, i;

	for (i = 0; i < pins->size && seen < VCCW_PINS_SAMPLE; i++) {
		struct vccw_pin *pin = &pins->pool[pins->hand];

		pins->hand = (pins->hand + 1) % pins->size;
		if (!pin->page || pin->used >= oldest)
			continue;
		if (!victim || pin->used < victim->used)
			victim = pin;
		seen++;
	}
	if (!victim)
		return false;
	trace_vccw_evict(dev, victim->iova_pfn);
	vccw_pins_remove(dev, victim);
	pins->evictions++;
	return true;
}

/*
 * Make room for @run pages: how many there is room for, at most @run, 0 if all
 * there may be are in use.
 */
static u32 vccw_pins_room(struct vccw_device *dev, u32 run)
{
	struct vccw_pins *pins = &dev->pins;

	while (pins->size - pins->count < run) {
		if (pins->size < pins->limit &&
		    !vccw_pins_resize(pins, min(pins->limit, 2 * pins->size)))
			continue;
		if (!vccw_pins_evict(dev))
			return pins->size - pins->count;
	}
	return run;
}

static bool vccw_uses_iommufd(struct vccw_device *dev)
{
#if IS_ENABLED(CONFIG_IOMMUFD)
	return dev->vdev.iommufd_access;
#else
	return false;
#endif
}

/*
 * Wait until the VFIO core has removed a range it told us about.  Where the task that
 * was in the core then is here now, it has.
 */
static void vccw_pins_wait_unmap(struct vccw_pins *pins, u64 first, u64 last)
{
	if (!pins->unmap_until || last < pins->unmap_first ||
	    first > pins->unmap_last)
		return;
	while (current != pins->unmap_task &&
	       time_before(jiffies, pins->unmap_until))
		schedule_timeout_uninterruptible(1);
	pins->unmap_until = 0;
}

/* Pages from @iova_pfn on that are not in the cache, at most @run. */
static u32 vccw_pins_missing(struct vccw_pins *pins, u64 iova_pfn, u32 run)
{
	u32 n = 1;

	while (n < run && !vccw_pins_find(pins, iova_pfn + n))
		n++;
	return n;
}

/*
 * Pin a run of pages, fewer if the client's limit on locked memory or our own
 * has no room for all of them.
 */
static int vccw_pins_pin(struct vccw_device *dev, u64 iova_pfn, u32 run,
			 struct page **pages)
{
	dma_addr_t iova = (dma_addr_t)iova_pfn << PAGE_SHIFT;
	struct vccw_pins *pins = &dev->pins;
	int ret;

	/* iommufd unpins what was pinned by one call, not a page of it. */
	if (vccw_uses_iommufd(dev))
		run = 1;
	run = vccw_pins_room(dev, run);
	if (!run)
		return -ENOMEM;
	vccw_pins_wait_unmap(pins, iova_pfn, iova_pfn + run - 1);
	for (;;) {
		ret = vfio_pin_pages(&dev->vdev, iova, run,
				     IOMMU_READ | IOMMU_WRITE, pages);
		if (ret > 0)
			return ret;
		if (run > 1)
			run = 1;	/* the first page at least */
		else if (ret != -ENOMEM || !vccw_pins_evict(dev))
			return ret ?: -EFAULT;
	}
}

/* Pin a page that is not in the cache, and what follows: as vccw_pins_get(). */
static struct vccw_pin *vccw_pins_miss(struct vccw_device *dev, u64 iova_pfn, u32 run)
{
	struct page *pages[VCCW_PINS_RUN];
	struct vccw_pins *pins = &dev->pins;
	struct vccw_pin *first = NULL;
	int n, i;

	lockdep_assert_held(&dev->lock);
	cond_resched();
	run = vccw_pins_missing(pins, iova_pfn, min_t(u32, run, VCCW_PINS_RUN));
	n = vccw_pins_pin(dev, iova_pfn, run, pages);
	if (n < 0)
		return ERR_PTR(n == -ENOMEM ? -ENOMEM : -EFAULT);
	for (i = 0; i < n; i++) {
		struct vccw_pin *pin = vccw_pins_insert(pins, iova_pfn + i,
							pages[i]);

		if (!first)
			first = pin;
	}
	trace_vccw_pin(dev, iova_pfn, n);
	pins->misses += n;
	return first;
}

/* Open devices.  The mutex protects the list and nests inside vccw_device.lock. */
static LIST_HEAD(vccw_pins_open_list);
static DEFINE_MUTEX(vccw_pins_open_lock);

/**
 * vccw_pins_open - the device may pin pages from now on
 * @dev: the device
 *
 * Context: process context, vccw_device.lock held.
 */
void vccw_pins_open(struct vccw_device *dev)
{
	mutex_lock(&vccw_pins_open_lock);
	list_add(&dev->pins.open, &vccw_pins_open_list);
	mutex_unlock(&vccw_pins_open_lock);
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
	mutex_lock(&vccw_pins_open_lock);
	list_del(&dev->pins.open);
	mutex_unlock(&vccw_pins_open_lock);
}

/* Let a discarded page go if no request uses it; vccw_device.lock held. */
static void vccw_pins_drop_stale(struct vccw_device *dev, u64 iova_pfn)
{
	struct vccw_pin *pin = vccw_pins_find(&dev->pins, iova_pfn);

	if (!pin || vccw_page_mapped(pin->page) ||
	    pin->used >= min(vccw_queue_oldest(dev), dev->pins.clock))
		return;
	trace_vccw_stale(dev, iova_pfn);
	vccw_pins_remove(dev, pin);
	dev->pins.stale++;
}

/* Does this very batch have it under lock, and we are the one who has the batch? */
static bool vccw_pins_same_batch(struct vccw_device *dev, struct vccw_device *other)
{
	struct vccw_ring *ring = dev->batch.ring;

	return ring && READ_ONCE(other->batch.ring) == ring;
}

/*
 * Have all other devices let a discarded page go.  With the lock of one held
 * those of others can only be tried for, but for those of the same batch.
 */
static void vccw_pins_drop_stale_others(struct vccw_device *dev, u64 iova_pfn)
{
	struct vccw_device *other;

	mutex_lock(&vccw_pins_open_lock);
	list_for_each_entry(other, &vccw_pins_open_list, pins.open) {
		if (other == dev)
			continue;
		if (vccw_pins_same_batch(dev, other)) {
			vccw_pins_drop_stale(other, iova_pfn);
		} else if (mutex_trylock(&other->lock)) {
			vccw_pins_drop_stale(other, iova_pfn);
			mutex_unlock(&other->lock);
		}
	}
	mutex_unlock(&vccw_pins_open_lock);
}

/*
 * Replace a page that its owner has discarded: as vccw_pins_get().  Requests that
 * still use the old page are waited for first.  VFIO gives the old page out again
 * for as long as another device has it pinned: that one has to let it go, too.
 */
static struct vccw_pin *vccw_pins_stale(struct vccw_device *dev,
					struct vccw_pin *pin)
{
	unsigned long end = jiffies + VCCW_PINS_STALE_TIMEOUT;
	u64 iova_pfn = pin->iova_pfn;
	int ret;

	if (pin->used >= dev->pins.clock)
		return ERR_PTR(-EBUSY);
	if (pin->used >= vccw_queue_oldest(dev)) {
		ret = vccw_queue_settle(dev);
		if (ret)
			return ERR_PTR(ret);
	}
	for (;;) {
		trace_vccw_stale(dev, iova_pfn);
		vccw_pins_remove(dev, pin);
		dev->pins.stale++;
		vccw_pins_drop_stale_others(dev, iova_pfn);
		pin = vccw_pins_miss(dev, iova_pfn, 1);
		if (IS_ERR(pin) || vccw_page_mapped(pin->page))
			return pin;
		if (time_after(jiffies, end)) {
			vccw_pins_remove(dev, pin);
			return ERR_PTR(-EBUSY);
		}
		schedule_timeout_uninterruptible(1);
	}
}

/**
 * vccw_pins_get - have a page pinned that vccw_pins_hit() has not found
 * @dev: the device
 * @iova_pfn: page number in the client's I/O address space
 * @run: pages that will be asked for next, this one included
 *
 * Context: process context, vccw_device.lock held; sleeps.
 * Return: the entry; or -ENOMEM when no page can be pinned within the limits,
 * -EFAULT when the client has not mapped it for reading and writing, -EBUSY when
 * one that its owner has discarded is not let go.
 */
struct vccw_pin *vccw_pins_get(struct vccw_device *dev, u64 iova_pfn, u32 run)
{
	struct vccw_pin *pin = vccw_pins_find(&dev->pins, iova_pfn);

	if (pin)
		pin = vccw_pins_stale(dev, pin);
	else
		pin = vccw_pins_miss(dev, iova_pfn, run);
	if (!IS_ERR(pin))
		pin->used = dev->pins.clock;
	return pin;
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

		if (pin->page && pin->iova_pfn >= first && pin->iova_pfn <= last)
			return pin;
	}
	return NULL;
}

/**
 * vccw_pins_block - the client is unmapping a range
 * @pins: the cache
 * @first: its first page
 * @last: its last page
 *
 * For a moment other tasks will not get pages of the range pinned again.
 *
 * Return: whether any is pinned now.
 */
bool vccw_pins_block(struct vccw_pins *pins, u64 first, u64 last)
{
	u32 iter = 0;

	pins->unmap_first = first;
	pins->unmap_last = last;
	pins->unmap_until = (jiffies + VCCW_PINS_UNMAP_DELAY) ?: 1;
	pins->unmap_task = current;
	return vccw_pins_next(pins, &iter, first, last);
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
