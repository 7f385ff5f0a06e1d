// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open devices, as far as their pinned pages concern each other: those of one container
 * keep a page from being replaced for all of them, and those of one client share its
 * limit on locked memory.
 *
 * Nobody waits for another device here.  Its lock is only tried for, and VFIO, which may
 * have us wait for the client of a container, is called for devices of the same client
 * alone.  That those of one container are of one client is so unless a client shares
 * it; pages that such others do not use go by their age.
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include "vccw_device.h"
#include "vccw_trace.h"

/*
 * Open devices.  The mutex protects the list, and nests inside vccw_device.lock; with
 * it held others are tried for and nothing is waited for.
 */
static LIST_HEAD(vccw_peers_list);
static DEFINE_MUTEX(vccw_peers_lock);

/**
 * vccw_peers_join - a device has been opened
 * @dev: the device
 *
 * Context: process context, vccw_device.lock held.
 */
void vccw_peers_join(struct vccw_device *dev)
{
	mutex_lock(&vccw_peers_lock);
	list_add(&dev->pins.open, &vccw_peers_list);
	mutex_unlock(&vccw_peers_lock);
}

/**
 * vccw_peers_leave - a device is being closed
 * @dev: the device
 *
 * Context: process context, vccw_device.lock held.
 */
void vccw_peers_leave(struct vccw_device *dev)
{
	mutex_lock(&vccw_peers_lock);
	list_del(&dev->pins.open);
	mutex_unlock(&vccw_peers_lock);
}

/* Does this very batch have it under lock, and we are the one who has the batch? */
static bool vccw_peers_same_batch(struct vccw_device *dev, struct vccw_device *peer)
{
	struct vccw_ring *ring = dev->batch.ring;

	return ring && READ_ONCE(peer->batch.ring) == ring;
}

/* Give back the lock of one that vccw_peers_next() has returned. */
static void vccw_peers_put(struct vccw_device *dev, struct vccw_device *peer)
{
	if (!vccw_peers_same_batch(dev, peer))
		mutex_unlock(&peer->lock);
}

/*
 * The next device, with its lock held, which keeps it on the list; that of @at, if it is
 * not NULL, is given back.
 * @missed: counts those whose lock could not be had
 * Return: NULL behind the last.
 */
static struct vccw_device *vccw_peers_next(struct vccw_device *dev,
					   struct vccw_device *at, u32 *missed)
{
	struct list_head *from = at ? &at->pins.open : &vccw_peers_list;
	struct vccw_device *peer, *next = NULL;

	mutex_lock(&vccw_peers_lock);
	for (from = from->next; from != &vccw_peers_list && !next; from = from->next) {
		peer = list_entry(from, struct vccw_device, pins.open);
		if (peer == dev)
			continue;
		if (vccw_peers_same_batch(dev, peer) || mutex_trylock(&peer->lock))
			next = peer;
		else
			++*missed;
	}
	mutex_unlock(&vccw_peers_lock);
	if (at)
		vccw_peers_put(dev, at);
	return next;
}

static bool vccw_peers_same_client(struct vccw_device *dev, struct vccw_device *peer)
{
	return peer->pins.mm == dev->pins.mm;
}

/**
 * vccw_peers_drop - have other devices let go of the page at an address
 * @dev: the device that has let go of it itself
 * @iova_pfn: page number in the client's I/O address space
 *
 * Context: process context, vccw_device.lock held; sleeps.
 * Return: whether one may have it pinned still.
 */
bool vccw_peers_drop(struct vccw_device *dev, u64 iova_pfn)
{
	struct vccw_device *peer = NULL;
	struct vccw_pin *pin;
	u32 held = 0;

	while ((peer = vccw_peers_next(dev, peer, &held))) {
		pin = vccw_pins_find(&peer->pins, iova_pfn);
		if (!pin)
			continue;
		if (!vccw_peers_same_client(dev, peer) ||
		    pin->used >= vccw_pins_idle(peer)) {
			held++;
			continue;
		}
		vccw_pins_remove(peer, pin);
	}
	return held;
}

/**
 * vccw_peers_evict - have another device of the client let go of a page
 * @dev: the device that needs room
 * @more_than: only one that has more pages pinned than that
 *
 * Context: process context, vccw_device.lock held; sleeps.
 * Return: whether one has.
 */
bool vccw_peers_evict(struct vccw_device *dev, u32 more_than)
{
	struct vccw_device *peer = NULL;
	u32 missed = 0;

	while ((peer = vccw_peers_next(dev, peer, &missed))) {
		if (vccw_peers_same_client(dev, peer) &&
		    peer->pins.count > more_than &&
		    vccw_pins_evict(peer) != VCCW_NO_PAGE) {
			/* The room is another's now. */
			peer->pins.allowed = peer->pins.count;
			vccw_peers_put(dev, peer);
			return true;
		}
	}
	return false;
}

/**
 * vccw_peers_pinned - have other devices of the client pages pinned?
 * @dev: the device
 *
 * Context: process context, vccw_device.lock held.
 * Return: whether any may have.
 */
bool vccw_peers_pinned(struct vccw_device *dev)
{
	struct vccw_device *peer = NULL;
	u32 pinned = 0;

	while ((peer = vccw_peers_next(dev, peer, &pinned))) {
		if (vccw_peers_same_client(dev, peer))
			pinned += peer->pins.count;
	}
	return pinned;
}
