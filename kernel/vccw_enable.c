// SPDX-License-Identifier: GPL-2.0-only
/*
 * Enabling and disabling a subchannel, and one that cannot be disabled.
 *
 * A subchannel that is disabled touches no memory.  But MODIFY SUBCHANNEL is refused
 * while a function is in progress: where a device answers neither HALT nor CLEAR, its
 * start may transfer data at any later time.  Such a subchannel is wedged.  Its
 * client is told that the start has ended, and VFIO gets the pages back that it asks
 * for; the memory stays.  There are references of our own to the pages that the
 * program names, its block stays with us, and so does the place where programs point that
 * transfer nothing.  Disabling is tried again, with pauses that grow, and whenever the
 * client opens or resets the device; before that has worked nothing is started.
 *
 * A driver that has to let go of the subchannel first leaves that memory behind.
 *
 * Principles of Operation, chapter 14 (MODIFY SUBCHANNEL).
 */
#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/workqueue.h>
#include "vccw_device.h"

/* Pauses before a wedged subchannel is tried again: the first, and the longest. */
#define VCCW_WEDGED_MIN		(HZ / 10)
#define VCCW_WEDGED_MAX		(10 * HZ)

/* A subchannel we had may use memory still, for good. */
static bool vccw_left_behind;

/**
 * vccw_wedged_left - may a subchannel that is not ours any more use memory of ours?
 *
 * Context: any, no subchannel is bound.
 */
bool vccw_wedged_left(void)
{
	return vccw_left_behind;
}

static struct vccw_wedged *vccw_wedged_of(struct subchannel *sch)
{
	struct vccw_parent *parent = dev_get_drvdata(&sch->dev);

	return &parent->wedged;
}

static void vccw_keep_page(u64 pfn, void *pages)
{
	get_page(pfn_to_page(pfn));
	++*(u32 *)pages;
}

static void vccw_let_page_go(u64 pfn, void *pages)
{
	put_page(pfn_to_page(pfn));
	--*(u32 *)pages;
}

/*
 * Keep what a start uses: the client's pages, which are pinned, and the memory of its
 * program.  That goes with the last of those who have a reference.  The request is not
 * used again before, because the next program would be written over this one.
 */
static void vccw_keep(struct vccw_wedged *w, struct vccw_queue *q,
		      struct vccw_req *req)
{
	struct vccw_page *page;

	w->cp = req->cp;
	vccw_cp_visit(&w->cp, vccw_keep_page, &w->pages);
	get_page(virt_to_page(w->cp.block));
	for (page = w->cp.pages; page; page = page->next)
		get_page(virt_to_page(page));
	q->retired = req;
}

/* It has answered, or is no more. */
static void vccw_give_back(struct vccw_wedged *w)
{
	struct vccw_device *dev = vccw_from_sch(w->sch);
	struct vccw_cp *cp = &w->cp;

	if (cp->block) {
		vccw_cp_visit(cp, vccw_let_page_go, &w->pages);
		free_page((unsigned long)cp->block & PAGE_MASK);
		vccw_cp_release(cp);
		cp->block = NULL;
	}
	if (dev)
		vccw_queue_unretire(&dev->queue);
	w->on = false;
	cancel_delayed_work(&w->work);
	dev_info(&w->sch->dev, "vfio_ccw: the memory kept for the device is given back\n");
}

/**
 * vccw_disable - disable a subchannel
 * @sch: the subchannel
 *
 * If it was wedged, what was kept for it is given back.
 *
 * Context: subchannel.lock held, interrupts off.
 * Return: 0, also when it has no device any more; -errno: it may use memory still.
 */
int vccw_disable(struct subchannel *sch)
{
	struct vccw_parent *parent = dev_get_drvdata(&sch->dev);
	int ret;

	lockdep_assert_held(&sch->lock);
	ret = cio_disable_subchannel(sch);
	if (ret && ret != -ENODEV)
		return ret;
	parent->enabled = false;
	if (parent->wedged.on)
		vccw_give_back(&parent->wedged);
	return 0;
}

/* Wait for it, a little longer each time. */
static void vccw_wedged_again(struct vccw_wedged *w)
{
	schedule_delayed_work(&w->work, w->pause);
	w->pause = min_t(unsigned long, 2 * w->pause, VCCW_WEDGED_MAX);
}

static void vccw_wedged_work(struct work_struct *work)
{
	struct vccw_wedged *w = container_of(to_delayed_work(work),
					     struct vccw_wedged, work);

	spin_lock_irq(&w->sch->lock);
	if (w->on && vccw_disable(w->sch))
		vccw_wedged_again(w);
	spin_unlock_irq(&w->sch->lock);
}

/**
 * vccw_disable_or_keep - disable a subchannel that may not answer
 * @dev: the device
 *
 * If it cannot be, memory that its active start uses is kept.
 *
 * Context: subchannel.lock held, interrupts off.
 */
void vccw_disable_or_keep(struct vccw_device *dev)
{
	struct vccw_wedged *w = vccw_wedged_of(dev->sch);
	int ret = vccw_disable(dev->sch);

	if (!ret || w->on)
		return;
	w->on = true;
	w->pause = VCCW_WEDGED_MIN;
	if (dev->queue.active)
		vccw_keep(w, &dev->queue, dev->queue.active);
	vccw_wedged_again(w);
	dev_warn(&dev->sch->dev, "vfio_ccw: the device does not answer (%d): the memory it may use is kept, %u pages of its client's\n",
		 ret, w->pages);
}

/**
 * vccw_enable - enable a subchannel
 * @sch: the subchannel
 * @intparm: its interruption parameter
 *
 * Context: subchannel.lock held, interrupts off.
 * Return: 0, or -errno; -EBUSY if it is wedged.
 */
int vccw_enable(struct subchannel *sch, u32 intparm)
{
	struct vccw_parent *parent = dev_get_drvdata(&sch->dev);
	int ret;

	lockdep_assert_held(&sch->lock);
	if (parent->wedged.on && vccw_disable(sch))
		return -EBUSY;
	ret = cio_enable_subchannel(sch, intparm);
	parent->enabled = !ret;
	if (ret)
		cio_disable_subchannel(sch);	/* it may have been, in part */
	return ret;
}

/**
 * vccw_is_wedged - is a subchannel one that cannot be disabled?
 * @sch: the subchannel
 *
 * Context: subchannel.lock held.
 */
bool vccw_is_wedged(struct subchannel *sch)
{
	return vccw_wedged_of(sch)->on;
}

/**
 * vccw_replaced - is there another device by now?
 * @sch: the subchannel, its SCHIB up to date
 *
 * Context: subchannel.lock held.
 * Return: whether we have enabled it, and it is not.  What the configuration says is
 * no record of that: it says what was to be done.
 */
bool vccw_replaced(struct subchannel *sch)
{
	struct vccw_parent *parent = dev_get_drvdata(&sch->dev);

	return parent && parent->enabled && !sch->schib.pmcw.ena;
}

void vccw_wedged_init(struct vccw_wedged *w, struct subchannel *sch)
{
	w->sch = sch;
	INIT_DELAYED_WORK(&w->work, vccw_wedged_work);
}

/**
 * vccw_wedged_exit - the driver lets go of a subchannel
 * @w: of that subchannel, which nobody uses any more
 *
 * What a wedged one may use is left behind, with the subchannel, whose address its
 * interrupt will have.
 *
 * Context: process context; sleeps.
 */
void vccw_wedged_exit(struct vccw_wedged *w)
{
	cancel_delayed_work_sync(&w->work);
	spin_lock_irq(&w->sch->lock);
	if (w->on && vccw_disable(w->sch)) {
		get_device(&w->sch->dev);
		WRITE_ONCE(vccw_left_behind, true);
		dev_warn(&w->sch->dev, "vfio_ccw: the device still does not answer: the memory it may use is never given back\n");
	}
	spin_unlock_irq(&w->sch->lock);
}
