// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two loops: what the machine itself asks for one I/O, with and without an
 * interrupt.  Whatever a driver needs beyond this is its own.
 */
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/spinlock.h>
#include <asm/isc.h>
#include <asm/page.h>

#include "cio.h"
#include "floor.h"
#include "ioasm.h"

/* A device that has not answered after so many looks never will. */
#define FLOOR_MAX_SPINS		100000000UL
#define FLOOR_TIMEOUT		(15 * HZ)

/*
 * Linux registers no handler for subclass 0 and leaves it disabled in control
 * register 6: status of a subchannel in it stays pending until polled, whatever
 * other CPUs do.
 */
#define FLOOR_ISC_POLLED	0

/* The instruction counter looks for these two instructions. */
static __always_inline void floor_mark_begin(void)
{
	asm volatile("nop 0x7e0" : : : "memory");
}

static __always_inline void floor_mark_end(void)
{
	asm volatile("nop 0x7e1" : : : "memory");
}

/* The kernel's own tsch() is not exported. */
static __always_inline int floor_tsch(struct subchannel_id schid,
				      struct irb *irb)
{
	int cc;

	asm volatile("	l	%%r1,%[schid]\n"
		     "	tsch	%[irb]\n"
		     "	ipm	%[cc]\n"
		     "	srl	%[cc],28\n"
		     : [cc] "=d" (cc), [irb] "=Q" (*irb)
		     : [schid] "R" (schid)
		     : "1", "cc", "memory");
	return cc;
}

static bool floor_good(const struct irb *irb)
{
	return irb->scsw.cmd.dstat == (DEV_STAT_CHN_END | DEV_STAT_DEV_END) &&
	       !irb->scsw.cmd.cstat;
}

/**
 * floor_prepare - build the channel program and the ORB
 * @floor: the subchannel
 */
void floor_prepare(struct floor *floor)
{
	struct cmd_orb *orb = &floor->orb.cmd;

	floor->ccw.cmd_code = CCW_CMD_NOOP;
	floor->ccw.flags = CCW_FLAG_SLI;
	floor->ccw.count = 1;
	floor->ccw.cda = virt_to_dma32(&floor->ccw);

	orb->intparm = (u32)virt_to_phys(floor->sch);
	orb->key = PAGE_DEFAULT_KEY >> 4;
	orb->fmt = 1;
	orb->pfch = 1;
	orb->c64 = 1;
	orb->lpm = 0xff;
}

/* START SUBCHANNEL, with the program that is chosen. */
static int floor_start(struct floor *floor)
{
	if (floor->read.cylinders)
		floor_read_next(&floor->read);
	return ssch(floor->sch->schid, &floor->orb);
}

static void floor_choose(struct floor *floor)
{
	floor->orb.cmd.cpa = virt_to_dma32(floor->read.cylinders ?
					   floor->read.ccws : &floor->ccw);
}

/**
 * floor_interrupt - take the status of one start and issue the next
 * @floor: the subchannel
 *
 * Context: hard interrupt, subchannel lock held.
 */
void floor_interrupt(struct floor *floor)
{
	const struct irb *irb = this_cpu_ptr(&cio_irb);

	/* Channel end may come alone; the start is over with device end. */
	if (!(irb->scsw.cmd.stctl &
	      (SCSW_STCTL_SEC_STATUS | SCSW_STCTL_ALERT_STATUS)))
		return;
	floor->now.count++;
	if (!floor_good(irb))
		floor->now.errors++;
	if (floor->left) {
		floor->left--;
		if (!floor_start(floor))
			return;
		floor->now.errors++;
	}
	WRITE_ONCE(floor->done, true);
}

static int floor_enable(struct floor *floor, int isc)
{
	struct subchannel *sch = floor->sch;
	int ret;

	spin_lock_irq(&sch->lock);
	sch->isc = isc;
	ret = cio_enable_subchannel(sch, (u32)virt_to_phys(sch));
	spin_unlock_irq(&sch->lock);
	return ret;
}

/* A start that never ended keeps the subchannel busy until it is cleared. */
static void floor_disable(struct floor *floor)
{
	struct subchannel *sch = floor->sch;
	int ret, tries = 250;

	do {
		spin_lock_irq(&sch->lock);
		floor->left = 0;
		ret = cio_disable_subchannel(sch);
		if (ret == -EBUSY)
			cio_clear(sch);
		spin_unlock_irq(&sch->lock);
		if (ret == -EBUSY)
			msleep(20);
	} while (ret == -EBUSY && --tries);
	if (ret)
		dev_warn(&sch->dev, "cannot be disabled: %d\n", ret);
}

static int floor_first_start(struct floor *floor, u32 count)
{
	struct subchannel *sch = floor->sch;
	int cc;

	spin_lock_irq(&sch->lock);
	floor->now = (struct floor_result) { };
	floor->left = count - 1;
	floor->done = false;
	floor_choose(floor);
	cc = floor_start(floor);
	spin_unlock_irq(&sch->lock);
	return cc ? -EBUSY : 0;
}

/* The waiter spins: an idle CPU's way in and out would be measured as well. */
static int floor_loop_irq(struct floor *floor, u32 count)
{
	unsigned long end = jiffies + FLOOR_TIMEOUT;
	u64 start;
	int ret;

	floor_mark_begin();
	start = ktime_get_ns();
	ret = floor_first_start(floor, count);
	if (ret)
		return ret;
	while (!READ_ONCE(floor->done)) {
		if (time_after(jiffies, end))
			return -ETIMEDOUT;
		cpu_relax();
	}
	floor->now.ns = ktime_get_ns() - start;
	floor_mark_end();
	return floor->now.count == count ? 0 : -EIO;
}

/**
 * floor_run_irq - SSCH, interrupt, and the next SSCH from its handler
 * @floor: the subchannel
 * @count: number of I/Os, 1..FLOOR_MAX_COUNT
 *
 * Return: 0 with the result in @floor->irq, or -errno.
 */
int floor_run_irq(struct floor *floor, u32 count)
{
	int ret;

	isc_register(IO_SCH_ISC);
	ret = floor_enable(floor, IO_SCH_ISC);
	if (!ret) {
		ret = floor_loop_irq(floor, count);
		floor_disable(floor);
	}
	isc_unregister(IO_SCH_ISC);
	if (!ret)
		floor->irq = floor->now;
	return ret;
}

static int floor_start_and_poll(struct floor *floor, struct irb *irb)
{
	unsigned long spins = FLOOR_MAX_SPINS;

	if (floor_start(floor))
		return -EBUSY;
	while (floor_tsch(floor->sch->schid, irb)) {
		if (!--spins)
			return -ETIMEDOUT;
	}
	return 0;
}

static int floor_loop_poll(struct floor *floor, u32 count)
{
	struct floor_result result = { };
	struct irb irb;
	u64 start;
	int ret = 0;

	spin_lock_irq(&floor->sch->lock);
	floor_choose(floor);
	floor_mark_begin();
	start = ktime_get_ns();
	while (result.count < count) {
		ret = floor_start_and_poll(floor, &irb);
		if (ret)
			break;
		result.count++;
		if (!floor_good(&irb))
			result.errors++;
	}
	result.ns = ktime_get_ns() - start;
	if (!ret)
		floor_mark_end();
	floor->now = result;
	spin_unlock_irq(&floor->sch->lock);
	return ret;
}

/**
 * floor_run_poll - SSCH and TSCH until there is status, interrupts disabled
 * @floor: the subchannel
 * @count: number of I/Os, 1..FLOOR_MAX_COUNT
 *
 * Return: 0 with the result in @floor->poll, or -errno.
 */
int floor_run_poll(struct floor *floor, u32 count)
{
	int ret;

	ret = floor_enable(floor, FLOOR_ISC_POLLED);
	if (ret)
		return ret;
	ret = floor_loop_poll(floor, count);
	floor_disable(floor);
	if (!ret)
		floor->poll = floor->now;
	return ret;
}
