// SPDX-License-Identifier: GPL-2.0-only
/*
 * Completions without interrupts: rings made with VFIO_CCW_RING_SETUP_POLL.
 *
 * Their subchannels are moved to an interruption subclass that no CPU is enabled
 * for, so that status stays pending until somebody waits for completions and takes
 * it by TEST SUBCHANNEL.  Other subchannels are none of its business: it looks at
 * no interruption, only at the subchannels of the ring.
 *
 * Principles of Operation, chapter 16 (I/O-interruption subclass, TEST SUBCHANNEL).
 */
#include <linux/hrtimer.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <asm/ctlreg.h>
#include <asm/isc.h>
#include "vccw_device.h"
#include "ioasm.h"

/* Linux knows no user of this subclass. */
#define VCCW_POLL_ISC		0
/* The subclass masks in control register 6. */
#define VCCW_CR6_ISC(isc)	(0x80000000ul >> (isc))
/* Status taken from one subchannel before interrupts are let in. */
#define VCCW_POLL_BUDGET	32
/* Pauses of one who has waited for long: the first, and the longest. */
#define VCCW_PAUSE_MIN_NS	(20 * NSEC_PER_USEC)
#define VCCW_PAUSE_MAX_NS	NSEC_PER_MSEC

/**
 * vccw_poll_possible - is the subclass really nobody's?
 *
 * If it were enabled for interruptions the status would be taken by them.
 *
 * Context: any.
 */
bool vccw_poll_possible(void)
{
	struct ctlreg cr6;

	local_ctl_store(6, &cr6);
	return !(cr6.val & VCCW_CR6_ISC(VCCW_POLL_ISC));
}

/* Move a subchannel, on which nothing is under way, to a subclass. */
static int vccw_poll_move(struct vccw_device *dev, u8 isc)
{
	struct subchannel *sch = dev->sch;

	lockdep_assert_held(&sch->lock);
	/* What is pending would be thrown away. */
	vccw_queue_take(dev, VCCW_POLL_BUDGET);
	if (!vccw_idle(&dev->queue))
		return -EBUSY;
	sch->isc = isc;
	sch->config.isc = isc;
	/* One that is wedged is not enabled again before that is said anew. */
	return vccw_is_wedged(sch) ? 0 : cio_commit_config(sch);
}

/**
 * vccw_poll_begin - have a subchannel interrupt no more
 * @dev: the device
 *
 * Context: subchannel.lock held, interrupts off, nothing under way.
 * Return: 0 or -errno.
 */
int vccw_poll_begin(struct vccw_device *dev)
{
	int ret = vccw_poll_move(dev, VCCW_POLL_ISC);

	dev->queue.polled = !ret;
	wake_up(&dev->queue.idle);	/* who waits has to poll from now on */
	return ret;
}

/**
 * vccw_poll_end - have a subchannel interrupt again
 * @dev: the device
 *
 * Context: subchannel.lock held, interrupts off, nothing under way.
 */
void vccw_poll_end(struct vccw_device *dev)
{
	int ret;

	if (!dev->queue.polled)
		return;
	dev->queue.polled = false;
	ret = vccw_poll_move(dev, VFIO_CCW_ISC);
	if (ret && ret != -ENODEV)
		dev_warn(&dev->sch->dev, "vfio_ccw: cannot enable interrupts (%d)\n",
			 ret);
}

/* Take what is pending: is more to come? */
static bool vccw_poll_device(struct vccw_device *dev)
{
	bool busy;

	spin_lock_irq(&dev->sch->lock);
	vccw_queue_take(dev, VCCW_POLL_BUDGET);
	busy = !vccw_quiet(&dev->queue);
	spin_unlock_irq(&dev->sch->lock);
	return busy;
}

/**
 * vccw_poll_devices - take the status that is pending on the subchannels of a ring
 * @ring: the ring
 * @idle_too: also on those with nothing to do
 *
 * Context: process context, vccw_ring.submit held.
 * Return: whether there is something to do still.
 */
bool vccw_poll_devices(struct vccw_ring *ring, bool idle_too)
{
	struct vccw_device *dev;
	bool busy = false;
	u32 i;

	lockdep_assert_held(&ring->submit);
	for (i = 0; i < ring->top; i++) {
		dev = ring->devices[i];
		/* A glance without the lock: the next one will see it. */
		if (dev && (idle_too || !data_race(vccw_quiet(&dev->queue))))
			busy |= vccw_poll_device(dev);
	}
	return busy;
}

static void vccw_poll_once(struct vccw_ring *ring, bool idle_too)
{
	mutex_lock(&ring->submit);
	vccw_poll_devices(ring, idle_too);
	mutex_unlock(&ring->submit);
}

/* Sleep for a moment: 0, -EINTR, or -ETIME when @timeout comes before its end. */
static int vccw_poll_pause(u64 ns, const ktime_t *timeout)
{
	ktime_t until = ktime_add_ns(ktime_get(), ns);
	bool last = timeout && ktime_compare(*timeout, until) <= 0;

	if (last)
		until = *timeout;
	set_current_state(TASK_INTERRUPTIBLE);
	if (signal_pending(current)) {
		__set_current_state(TASK_RUNNING);
		return -EINTR;
	}
	if (schedule_hrtimeout(&until, HRTIMER_MODE_ABS) == -EINTR)
		return -EINTR;
	return last ? -ETIME : 0;
}

/* One who polls: -EINTR and -ETIME as vccw_poll_wait(). */
static int vccw_poll_spin(const ktime_t *timeout)
{
	if (signal_pending(current))
		return -EINTR;
	if (timeout && ktime_compare(ktime_get(), *timeout) >= 0)
		return -ETIME;
	cond_resched();
	cpu_relax();
	return 0;
}

/**
 * vccw_poll_wait - poll for CQEs
 * @ring: the ring
 * @min: how many the CQ shall hold
 * @timeout: until when, NULL for ever
 *
 * Without a pause at first; then with pauses that grow, in which a signal ends it.
 *
 * Context: process context.
 * Return: 0, -EINTR, -ETIME.
 */
int vccw_poll_wait(struct vccw_ring *ring, u32 min, ktime_t *timeout)
{
	u32 head = READ_ONCE(*ring->cq_head);
	u64 pause = VCCW_PAUSE_MIN_NS;
	ktime_t spin = 0;
	int ret = 0;

	min = min(min, ring->cq_entries);
	while (vccw_cq_pending(ring, head) < min) {
		vccw_poll_once(ring, pause > VCCW_PAUSE_MIN_NS || ret);
		if (ret || vccw_cq_pending(ring, head) >= min)
			break;
		if (!spin)
			spin = ktime_add_ns(ktime_get(), ring->poll_ns);
		if (ktime_compare(ktime_get(), spin) < 0) {
			ret = vccw_poll_spin(timeout);
		} else {
			ret = vccw_poll_pause(pause, timeout);
			pause = min(2 * pause, (u64)VCCW_PAUSE_MAX_NS);
		}
	}
	return vccw_cq_pending(ring, head) >= min ? 0 : ret;
}
