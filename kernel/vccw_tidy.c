// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an open device has kept for later and nobody has needed goes back, every few
 * seconds.
 *
 * A client can have its devices' locks held for as long as it likes.  The lock is only
 * tried for; and should VFIO keep the work waiting, no other device's is.
 */
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include "vccw_device.h"

#define VCCW_TIDY_PERIOD	(5 * HZ)

static struct workqueue_struct *vccw_tidy_wq;

static void vccw_tidy(struct work_struct *work)
{
	struct vccw_device *dev = container_of(to_delayed_work(work),
					       struct vccw_device, tidy);
	bool more = false;

	if (mutex_trylock(&dev->lock)) {
		more = vccw_pins_age(dev);
		vccw_queue_free_large(dev);
		mutex_unlock(&dev->lock);
	}
	queue_delayed_work(vccw_tidy_wq, &dev->tidy,
			   more ? 1 : round_jiffies_relative(VCCW_TIDY_PERIOD));
}

void vccw_tidy_init_device(struct vccw_device *dev)
{
	INIT_DEFERRABLE_WORK(&dev->tidy, vccw_tidy);
}

/**
 * vccw_tidy_start - a device has been opened
 * @dev: the device
 *
 * Context: process context.
 */
void vccw_tidy_start(struct vccw_device *dev)
{
	queue_delayed_work(vccw_tidy_wq, &dev->tidy,
			   round_jiffies_relative(VCCW_TIDY_PERIOD));
}

/**
 * vccw_tidy_stop - a device is being closed
 * @dev: the device
 *
 * Context: process context, vccw_device.lock not held; sleeps.
 */
void vccw_tidy_stop(struct vccw_device *dev)
{
	cancel_delayed_work_sync(&dev->tidy);
}

int __init vccw_tidy_init(void)
{
	vccw_tidy_wq = alloc_workqueue("vfio_ccw", WQ_UNBOUND, 0);
	return vccw_tidy_wq ? 0 : -ENOMEM;
}

void vccw_tidy_exit(void)
{
	destroy_workqueue(vccw_tidy_wq);
}
