// SPDX-License-Identifier: GPL-2.0-only
/*
 * The requests of a queue and their memory.  Nothing is allocated per I/O: a
 * ring brings as many requests as its CQ has slots, or more, each with a block for its
 * channel program, and the region has one of its own.  Only long programs have further
 * pages, until some time after their end.
 */
#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "vccw_device.h"

static void vccw_req_link(struct vccw_req **at, struct vccw_req *req)
{
	req->next = *at;
	*at = req;
}

/**
 * vccw_queue_free_region - give back what the region's last program took, if it has ended
 * @dev: the device
 *
 * Context: process context, vccw_device.lock held.
 */
void vccw_queue_free_region(struct vccw_device *dev)
{
	struct vccw_queue *q = &dev->queue;

	lockdep_assert_held(&dev->lock);
	/* Pairs with vccw_no_active(). */
	if (smp_load_acquire(&q->active) != &q->region_req)
		vccw_cp_release(&q->region_req.cp);
}

/**
 * vccw_queue_free_large - give back the memory of long programs that have ended
 * @dev: the device
 *
 * Context: process context, vccw_device.lock held; sleeps.
 */
void vccw_queue_free_large(struct vccw_device *dev)
{
	struct vccw_queue *q = &dev->queue;
	struct vccw_req *large, **end;

	lockdep_assert_held(&dev->lock);
	vccw_queue_free_region(dev);
	spin_lock_irq(&dev->sch->lock);
	large = q->done_large;
	q->done_large = NULL;
	spin_unlock_irq(&dev->sch->lock);
	if (!large)
		return;
	for (end = &large; *end; end = &(*end)->next) {
		vccw_cp_release(&(*end)->cp);
		cond_resched();
	}
	spin_lock_irq(&dev->sch->lock);
	*end = q->done;
	q->done = large;
	spin_unlock_irq(&dev->sch->lock);
}

/**
 * vccw_queue_refill - collect the requests that have ended
 * @dev: the device
 * @at: end of the list of those that are free
 *
 * Context: process context, vccw_device.lock held.
 */
void vccw_queue_refill(struct vccw_device *dev, struct vccw_req **at)
{
	struct vccw_queue *q = &dev->queue;

	spin_lock_irq(&dev->sch->lock);
	if (unlikely(q->done_large)) {
		spin_unlock_irq(&dev->sch->lock);
		vccw_queue_free_large(dev);
		spin_lock_irq(&dev->sch->lock);
	}
	*at = q->done;
	q->done = NULL;
	spin_unlock_irq(&dev->sch->lock);
}

/**
 * vccw_queue_unretire - use a request again that could not be, if there is one
 * @q: the queue
 *
 * Context: subchannel.lock held.
 */
void vccw_queue_unretire(struct vccw_queue *q)
{
	struct vccw_req *req = q->retired;

	q->retired = NULL;
	if (req && req != &q->region_req)
		vccw_req_link(vccw_cp_is_large(&req->cp) ? &q->done_large : &q->done,
			      req);
}

static void vccw_req_init(struct vccw_device *dev, struct vccw_req *req,
			  void *block)
{
	/* Interrupts are told apart by this, see do_cio_interrupt(). */
	req->cp.orb.cmd.intparm = dev->intparm;
	req->cp.words = VCCW_CP_NO_WORDS;
	vccw_cp_set_block(&req->cp, block);
}

/**
 * vccw_queue_init - initialise a queue
 * @dev: the device, its queue zeroed
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int vccw_queue_init(struct vccw_device *dev)
{
	struct vccw_queue *q = &dev->queue;
	void *block = (void *)__get_free_page(VCCW_GFP | GFP_DMA);

	if (!block)
		return -ENOMEM;
	q->state = VCCW_QUEUE_CLOSED;
	q->schid = dev->sch->schid;
	init_waitqueue_head(&q->idle);
	INIT_WORK(&q->path_work, vccw_queue_path_work);
	vccw_req_init(dev, &q->region_req, block);
	q->region_req.region = true;
	q->region_func.region = true;
	return 0;
}

void vccw_queue_destroy(struct vccw_queue *q)
{
	vccw_cp_release(&q->region_req.cp);
	free_page((unsigned long)q->region_req.cp.block);
}

static void vccw_free_pool(struct vccw_queue *q)
{
	u32 i;

	for (i = 0; q->pool && i < q->pool_size; i++)
		vccw_cp_release(&q->pool[i].cp);
	for (i = 0; q->pool_pages && i * 2 < q->pool_size; i++)
		free_page(q->pool_pages[i]);
	vfree(q->pool);
	kfree(q->pool_pages);
	q->pool = NULL;
	q->pool_pages = NULL;
	q->done = NULL;
	q->done_large = NULL;
	q->free = NULL;
}

/* How a CQE of the subchannel says that a start has ended well. */
static u64 vccw_good(u16 index)
{
	const struct vfio_ccw_ring_cqe cqe = {
		.flags = VFIO_CCW_RING_CQE_IRB | VFIO_CCW_RING_CQE_GOOD,
		.subchannel = index,
	};

	BUILD_BUG_ON(offsetofend(typeof(cqe), subchannel) -
		     offsetof(typeof(cqe), res) != sizeof(u64));
	return *(const u64 *)&cqe.res;
}

static int vccw_alloc_pool(struct vccw_device *dev, u16 index, u32 requests)
{
	struct vccw_queue *q = &dev->queue;
	u32 i;

	q->pool_size = requests;
	/* By pages: kvcalloc() would round it up to a power of two. */
	q->pool = __vmalloc(array_size(requests, sizeof(*q->pool)), VCCW_GFP | __GFP_ZERO);
	q->pool_pages = kcalloc(DIV_ROUND_UP(requests, 2),
				sizeof(*q->pool_pages), VCCW_GFP);
	if (!q->pool || !q->pool_pages)
		return -ENOMEM;
	for (i = 0; i < requests; i++) {
		unsigned long *page = &q->pool_pages[i / 2];

		if (!*page)
			*page = __get_free_page(VCCW_GFP | GFP_DMA);
		if (!*page)
			return -ENOMEM;
		vccw_req_init(dev, &q->pool[i],
			      (void *)*page + i % 2 * VCCW_CP_BLOCK);
		q->pool[i].good = vccw_good(index);
		vccw_req_link(&q->free, &q->pool[i]);
	}
	return 0;
}

/* The pool is there: point the queue to the ring; sch->lock held. */
static int vccw_use_ring(struct vccw_device *dev, struct vccw_ring *ring,
			 u16 index)
{
	struct vccw_queue *q = &dev->queue;
	int ret;

	if (!vccw_idle(q))
		return -EBUSY;
	q->held = false;
	q->unsolicited = false;
	q->ring = ring;
	q->ring_index = index;
	ret = ring->polled ? vccw_poll_begin(dev) : 0;
	if (ret)
		q->ring = NULL;
	return ret;
}

/**
 * vccw_queue_attach - let a ring use the queue
 * @dev: the device
 * @ring: the ring
 * @index: index of this subchannel in it
 * @requests: most requests it can have under way
 *
 * Context: process context, vccw_device.lock held; sleeps.
 * Return: 0, -EBUSY while the region has a request under way, -ENOMEM, or why the
 * subchannel cannot be polled.
 */
int vccw_queue_attach(struct vccw_device *dev, struct vccw_ring *ring,
		      u16 index, u32 requests)
{
	struct vccw_queue *q = &dev->queue;
	int ret;

	lockdep_assert_held(&dev->lock);
	ret = vccw_alloc_pool(dev, index, requests);
	if (!ret) {
		spin_lock_irq(&dev->sch->lock);
		ret = vccw_use_ring(dev, ring, index);
		spin_unlock_irq(&dev->sch->lock);
	}
	if (ret)
		vccw_free_pool(q);
	return ret;
}

/**
 * vccw_queue_detach - end a ring's requests, and its use of the queue
 * @dev: the device
 *
 * Context: process context, vccw_device.lock held; sleeps.
 */
void vccw_queue_detach(struct vccw_device *dev)
{
	struct vccw_queue *q = &dev->queue;

	vccw_queue_stop_all(dev, VFIO_CCW_RING_R_CLOSED);
	spin_lock_irq(&dev->sch->lock);
	vccw_poll_end(dev);
	q->ring = NULL;
	q->held = false;
	if (q->retired != &q->region_req)
		q->retired = NULL;
	spin_unlock_irq(&dev->sch->lock);
	vccw_free_pool(q);
}
