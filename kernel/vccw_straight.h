/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Straight programs: CCWs of format 1 that follow each other in one page, do not
 * chain data, and address their data directly, in pages that are pinned.  Nearly
 * all programs are.  They are taken over here, in one loop, inline because every
 * I/O goes through it; whatever is not straight, or not right, is left to
 * vccw_cp_walk().
 *
 * Principles of Operation, chapter 15 (CCW, ORB).
 */
#ifndef VCCW_STRAIGHT_H
#define VCCW_STRAIGHT_H

#include <linux/mm.h>
#include "vccw_ccw.h"
#include "vccw_device.h"

/*
 * Bits of a CCW, read as one number, that no straight program has: data chaining,
 * skip, IDA, suspend, MIDA, and an address over 31 bits.
 */
#define VCCW_NOT_STRAIGHT	0x0097000080000000ull
#define VCCW_CHAINS		((u64)CCW_FLAG_CC << 48)
/* With both of these 0 a command is invalid, TIC, Read Backward or a Sense. */
#define VCCW_CMD_LOW		(3ull << 56)

static inline bool vccw_is_straight(u64 ccw)
{
	if (unlikely(ccw & VCCW_NOT_STRAIGHT))
		return false;
	return likely(ccw & VCCW_CMD_LOW) || (ccw >> 56 & 0x0f) == 0x04;
}

bool vccw_window_move(struct vccw_pins *pins, u32 iova_pfn);
u64 vccw_straight_list(struct vccw_pins *pins, u64 ccw, const u64 *to, u64 **idal);

/*
 * A CCW with the channel's data address, 0 if the client's page is not pinned or
 * there is no room.
 */
static __always_inline u64 vccw_straight_ccw(struct vccw_pins *pins,
					     const struct vccw_pins_view *view,
					     u64 ccw, const u64 *to, u64 **idal,
					     u32 *hits)
{
	u32 addr = ccw, count = ccw >> 32 & 0xffff, pfn;

	if (!count || ccw >> 56 == VCCW_CMD_NOP)
		return (ccw & ~0xffffffffull) | vccw_cp_nowhere;
	if (unlikely(offset_in_page(addr) + count > PAGE_SIZE))
		return vccw_straight_list(pins, ccw, to, idal);
	pfn = vccw_pins_hit(view, addr >> PAGE_SHIFT);
	if (unlikely(!pfn))
		return 0;
	++*hits;
	if (unlikely(pfn > VCCW_ADDR31 >> PAGE_SHIFT))
		return vccw_straight_list(pins, ccw, to, idal);
	return (ccw & ~0xffffffffull) | (pfn << PAGE_SHIFT) |
	       offset_in_page(addr);
}

/* Translate a straight program.  Return: false if it is none. */
static __always_inline bool vccw_straight(struct vccw_pins *pins,
					  struct vccw_cp *cp, u32 cpa)
{
	const struct vccw_pins_view view = vccw_pins_view(pins);
	u64 *to = cp->block, *idal = cp->block + VCCW_CP_BLOCK, ccw;
	const u64 *from;
	u32 hits = 0, count;

	if (unlikely(pins->window.iova_pfn != cpa >> PAGE_SHIFT ||
		     !pins->window.page) &&
	    !vccw_window_move(pins, cpa >> PAGE_SHIFT))
		return false;
	from = pins->window.page + offset_in_page(cpa);
	do {
		ccw = READ_ONCE(*from);
		if (unlikely(!vccw_is_straight(ccw)))
			return false;
		ccw = vccw_straight_ccw(pins, &view, ccw, to, &idal, &hits);
		if (unlikely(!ccw))
			return false;
		*to++ = ccw;
		if (!(ccw & VCCW_CHAINS))
			goto done;
		from++;
		/* There must be room for one more and a terminator. */
	} while (offset_in_page(from) && to + 2 <= idal);
	return false;
done:
	*to = 0;	/* the terminator */
	count = to - (u64 *)cp->block;
	pins->hits += hits;
	cp->nr_ccws = count + 1;
	cp->nr_segments = 1;
	cp->segments[0].iova = cpa;
	cp->segments[0].host = cp->host;
	cp->segments[0].count = count;
	return true;
}

static inline bool vccw_orb_good(const u32 *orb)
{
	return !(orb[1] & (VCCW_ORB_TRANSPORT | VCCW_ORB_ZERO)) &&
	       !(orb[2] & ~(VCCW_ADDR31 & ~7u));
}

/* Make an ORB for SSCH of the client's; what is not said here is the client's. */
static inline void vccw_host_orb(struct vccw_device *dev, const struct vccw_cp *cp,
				 u32 word, bool idaw_2k, union orb *orb)
{
	u32 *host = (u32 *)orb;

	word &= ~(VCCW_ORB_KEY | VCCW_ORB_SUSPEND | VCCW_ORB_ADDR_LIMIT |
		  VCCW_ORB_IDAW_2K | VCCW_ORB_EXTENSION);
	word |= PAGE_DEFAULT_KEY << 24 | VCCW_ORB_FORMAT1 |
		VCCW_ORB_IDAW_FORMAT2;
	if (idaw_2k)
		word |= VCCW_ORB_IDAW_2K;
	if (!(word & VCCW_ORB_LPM))
		word |= dev->sch->lpm << 8;
	/* Interrupts are told apart by this, see do_cio_interrupt(). */
	host[0] = dev->intparm;
	host[1] = word;
	host[2] = cp->host;
}

/**
 * vccw_cp_translate - check a channel program and make it the channel's
 * @dev: the device
 * @cp: the translated program; its block is the small one
 * @orb: the client's ORB, of which the first three words count
 * @host: receives the ORB for SSCH
 * @lenient: a program that the channel would end with a program check is
 *	translated up to there, so that it does, instead of refused
 * @fault: what is wrong, all zero at first, filled in when it fails
 *
 * Context: process context, vccw_device.lock held; sleeps when pages have to
 * be pinned.
 * Return: 0, or -errno as the reasons of enum vfio_ccw_ring_reason say.
 */
static __always_inline int vccw_cp_translate(struct vccw_device *dev,
					     struct vccw_cp *cp, const u32 *orb,
					     union orb *host, bool lenient,
					     struct vccw_fault *fault)
{
	lockdep_assert_held(&dev->lock);
	if (likely(vccw_orb_good(orb) && orb[1] & VCCW_ORB_FORMAT1 &&
		   vccw_straight(&dev->pins, cp, orb[2]))) {
		vccw_host_orb(dev, cp, orb[1], false, host);
		return 0;
	}
	return vccw_cp_translate_any(dev, cp, orb, host, lenient, fault);
}

#endif /* VCCW_STRAIGHT_H */
