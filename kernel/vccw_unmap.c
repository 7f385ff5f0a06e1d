// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that the client takes away.
 *
 * A type-1 container calls its devices, lets go of its lock, looks whether something of
 * the range is pinned still, or again, and if so calls them once more: not more than
 * ten times, after which it stops the system with a BUG.  Whoever has unpinned a range
 * must therefore leave it alone until the task that unmaps it is done, however long
 * other devices of the container keep that task waiting; and nobody says when it is.
 *
 * The task does, by going back to user space.  What the kernel puts off until then is
 * the end of a file that is let go of for the last time (fput()).  So each call makes a
 * file, and lets go of it: its release is the end of the unmapping.  An iommufd needs
 * none of this: it refuses by itself to pin what is being unmapped.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vfio_ccw_ring.h>
#include "vccw_device.h"

/**
 * struct vccw_unmapping - a range that a task is unmapping
 * @entry: of &vccw_pins.unmapping
 * @dev: the device that has been told, with a reference
 * @first: first page
 * @last: last page
 * @task: the task; to be compared only
 */
struct vccw_unmapping {
	struct list_head entry;
	struct vccw_device *dev;
	u64 first;
	u64 last;
	const struct task_struct *task;
};

/* Protects &vccw_pins.unmapping of all devices. */
static DEFINE_SPINLOCK(vccw_unmap_lock);

/* The task is back in user space, or ends. */
static int vccw_unmap_over(struct inode *inode, struct file *file)
{
	struct vccw_unmapping *u = file->private_data;

	spin_lock(&vccw_unmap_lock);
	list_del(&u->entry);
	spin_unlock(&vccw_unmap_lock);
	put_device(&u->dev->vdev.device);
	kfree(u);
	return 0;
}

static const struct file_operations vccw_unmap_fops = {
	.owner = THIS_MODULE,
	.release = vccw_unmap_over,
};

/* Has this task been here with the same range, and has not been back since? */
static bool vccw_unmap_again(struct vccw_device *dev, u64 first, u64 last)
{
	struct vccw_unmapping *u;
	bool again = false;

	spin_lock(&vccw_unmap_lock);
	list_for_each_entry(u, &dev->pins.unmapping, entry)
		again |= u->task == current && u->first == first && u->last == last;
	spin_unlock(&vccw_unmap_lock);
	return again;
}

/* Leave a range alone until this task is back in user space: 0 or -errno. */
static int vccw_unmap_guard(struct vccw_device *dev, u64 first, u64 last)
{
	struct vccw_unmapping *u;
	struct file *file;

	u = kzalloc(sizeof(*u), GFP_KERNEL_ACCOUNT);
	if (!u)
		return -ENOMEM;
	u->dev = dev;
	u->first = first;
	u->last = last;
	u->task = current;
	file = anon_inode_getfile("[vfio-ccw-unmap]", &vccw_unmap_fops, u, O_RDONLY);
	if (IS_ERR(file)) {
		kfree(u);
		return PTR_ERR(file);
	}
	get_device(&dev->vdev.device);
	spin_lock(&vccw_unmap_lock);
	list_add(&u->entry, &dev->pins.unmapping);
	spin_unlock(&vccw_unmap_lock);
	fput(file);	/* vccw_unmap_over() */
	return 0;
}

/**
 * vccw_unmap - the client takes memory away
 * @dev: the device
 * @first: first page in the client's I/O address space
 * @last: last page
 *
 * On return no page of it is pinned, no request uses it, and none will be pinned before
 * the task has gone back to user space; without memory to know that, before the device
 * is closed.
 *
 * Context: process context, the task that unmaps; sleeps.
 */
void vccw_unmap(struct vccw_device *dev, u64 first, u64 last)
{
	struct vccw_pins *pins = &dev->pins;
	u32 iter = 0;

	mutex_lock(&dev->lock);
	if (!vccw_pins_by_iommufd(dev) && !vccw_unmap_again(dev, first, last) &&
	    vccw_unmap_guard(dev, first, last)) {
		pins->lost_first = min(pins->lost_first, first);
		pins->lost_last = max(pins->lost_last, last);
	}
	if (vccw_pins_next(pins, &iter, first, last)) {
		vccw_queue_stop_range(dev, first, last, VFIO_CCW_RING_R_UNMAPPED);
		vccw_pins_drop(dev, first, last);
	}
	mutex_unlock(&dev->lock);
}

/**
 * vccw_unmap_open - forget what another client has unmapped
 * @dev: the device, which is being opened
 *
 * Context: process context, vccw_device.lock held.
 */
void vccw_unmap_open(struct vccw_device *dev)
{
	dev->pins.lost_first = U64_MAX;
	dev->pins.lost_last = 0;
}

/* How many of @n pages from @at on come before the range from @first to @last. */
static u32 vccw_unmap_before(u64 at, u32 n, u64 first, u64 last)
{
	if (at > last || at + n - 1 < first)
		return n;
	return at < first ? first - at : 0;
}

/**
 * vccw_unmap_spares - how many pages are not being unmapped
 * @dev: the device
 * @first: first page in the client's I/O address space
 * @n: how many there are
 *
 * Context: process context, vccw_device.lock held, which whoever unmaps takes.
 * Return: so many pages from @first on.
 */
u32 vccw_unmap_spares(struct vccw_device *dev, u64 first, u32 n)
{
	struct vccw_pins *pins = &dev->pins;
	struct vccw_unmapping *u;

	n = vccw_unmap_before(first, n, pins->lost_first, pins->lost_last);
	if (!n || list_empty(&pins->unmapping))
		return n;
	spin_lock(&vccw_unmap_lock);
	list_for_each_entry(u, &pins->unmapping, entry) {
		if (n)
			n = vccw_unmap_before(first, n, u->first, u->last);
	}
	spin_unlock(&vccw_unmap_lock);
	return n;
}
