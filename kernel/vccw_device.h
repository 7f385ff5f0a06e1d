/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VCCW_DEVICE_H
#define VCCW_DEVICE_H

#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>
#include "css.h"
#include "cio.h"
#include "vccw_enable.h"
#include "vccw_peers.h"
#include "vccw_pins.h"
#include "vccw_queue.h"
#include "vccw_region.h"
#include "vccw_ring.h"
#include "vccw_unmap.h"

/*
 * Memory for a client is charged to it.  When its control group is full there is
 * none: that is better than an end to the client.
 */
#define VCCW_GFP	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* What a START ends with behind the part of the ORB that is used: as many zeros. */
#define VCCW_SQE_ZEROS	36

/**
 * struct vccw_part - a device's part in a batch
 * @ring: whose batch it is, NULL if there is none; whoever holds that ring's submit
 *	lock holds the device's, too
 * @next: the next device that takes part
 * @end: the starts translated but not queued are the first of &vccw_queue.free;
 *	this is where the last of them has the next one, or the list's head
 * @zeros: for comparisons
 */
struct vccw_part {
	struct vccw_ring *ring;
	struct vccw_device *next;
	struct vccw_req **end;
	u8 zeros[VCCW_SQE_ZEROS];
};

/**
 * struct vccw_device - a subchannel handed to user space
 * @vdev: the VFIO device
 * @sch: the subchannel
 * @intparm: what its interrupts are recognised by, see do_cio_interrupt()
 * @lock: serialises what the client asks for in process context: translation,
 *	pinning, open, close, reset, unmap, region writes
 * @pins: the pin cache; @lock
 * @tidy: gives back what has not been needed, see vccw_tidy.c
 * @queue: the requests; see there
 * @regions: the stock ABI; see there
 * @batch: what of it takes part in a batch of SQEs, see vccw_sq.c; @lock
 * @ring_lock: so that a device and a ring which close at the same time agree on
 *	who takes the other apart
 * @ring: the ring it is attached to; @ring_lock
 *
 * Locks nest in this order: vccw_device.ring_lock, vccw_ring.submit,
 * vccw_device.lock (several at a time under one vccw_ring.submit only), subchannel.lock, vccw_ring.cq_lock.
 */
struct vccw_device {
	struct vfio_device vdev;
	struct subchannel *sch;
	u32 intparm;
	struct mutex lock;
	struct vccw_pins pins;
	struct delayed_work tidy;
	struct vccw_queue queue;
	struct vccw_regions regions;
	struct vccw_part batch;
	struct mutex ring_lock;
	struct vccw_ring *ring;
};

/**
 * struct vccw_parent - what the css driver keeps of a bound subchannel
 * @parent: makes mediated devices of it
 * @type: the one type there is
 * @types: list of it
 * @dev: the mediated device's, NULL if there is none; the subchannel's lock
 * @enabled: we have enabled it and not disabled it since; the subchannel's lock
 * @wedged: what is kept for it if it cannot be disabled
 */
struct vccw_parent {
	struct mdev_parent parent;
	struct mdev_type type;
	struct mdev_type *types[1];
	struct vccw_device *dev;
	bool enabled;
	struct vccw_wedged wedged;
};

static inline struct vccw_device *vccw_from_vdev(struct vfio_device *vdev)
{
	return container_of(vdev, struct vccw_device, vdev);
}

static inline struct vccw_device *vccw_of(struct vccw_queue *q)
{
	return container_of(q, struct vccw_device, queue);
}

/* The device of a subchannel, NULL if it has none; subchannel.lock held. */
static inline struct vccw_device *vccw_from_sch(struct subchannel *sch)
{
	struct vccw_parent *parent = dev_get_drvdata(&sch->dev);

	return likely(parent) ? parent->dev : NULL;
}

extern struct mdev_driver vccw_mdev_driver;
extern const struct attribute_group *vccw_groups[];

int vccw_tidy_init(void);
void vccw_tidy_exit(void);
void vccw_tidy_init_device(struct vccw_device *dev);
void vccw_tidy_start(struct vccw_device *dev);
void vccw_tidy_stop(struct vccw_device *dev);

void vccw_chp_init(struct subchannel *sch);
int vccw_chp_event(struct subchannel *sch, struct chp_link *link, int event);

#endif /* VCCW_DEVICE_H */
