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
static __always_inline u64 vccw_straight_ccw(struct vccw_pins *pins, u64 ccw,
					     const u64 *to, u64 **idal)
{
	u32 addr = ccw, count = ccw >> 32 & 0xffff, pfn;

	if (!count || ccw >> 56 == VCCW_CMD_NOP)
		return (ccw & ~0xffffffffull) | pins->nowhere;
	if (unlikely(offset_in_page(addr) + count > PAGE_SIZE))
		return vccw_straight_list(pins, ccw, to, idal);
	pfn = vccw_pins_hit(pins, addr >> PAGE_SHIFT);
	if (unlikely(!pfn))
		return 0;
	if (unlikely(pfn > VCCW_ADDR31 >> PAGE_SHIFT))
		return vccw_straight_list(pins, ccw, to, idal);
	return (ccw & ~0xffffffffull) | (pfn << PAGE_SHIFT) |
	       offset_in_page(addr);
}

/* Translate a straight program.  Return: false if it is none. */
static __always_inline bool vccw_straight(struct vccw_pins *pins,
					  struct vccw_cp *cp, u32 cpa)
{
	u64 *to = cp->block, *idal = cp->block + VCCW_CP_BLOCK, ccw;
	const u64 *from;

	if (unlikely(pins->window.iova_pfn != cpa >> PAGE_SHIFT ||
		     !pins->window.page) &&
	    !vccw_window_move(pins, cpa >> PAGE_SHIFT))
		return false;
	from = pins->window.page + offset_in_page(cpa);
	do {
		ccw = READ_ONCE(*from);
		if (unlikely(!vccw_is_straight(ccw)))
			return false;
		ccw = vccw_straight_ccw(pins, ccw, to, &idal);
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
	cp->segments[0].iova = cpa;
	cp->segments[0].bytes = (void *)to - cp->block;
	cp->nr_segments = 1;
	return true;
}

/* Nothing in the second and third word of an ORB is to be refused. */
static inline bool vccw_orb_good(u32 word, u32 cpa)
{
	return !(word & (VCCW_ORB_TRANSPORT | VCCW_ORB_ZERO)) &&
	       !(cpa & ~(VCCW_ADDR31 & ~7u));
}

/*
 * Make the ORB for SSCH of the second word of the client's; what is not said here
 * is the client's to say, and the rest is as it always is.
 */
static inline void vccw_host_orb(struct vccw_device *dev, struct vccw_cp *cp,
				 u32 word, bool idaw_2k)
{
	word &= ~(VCCW_ORB_KEY | VCCW_ORB_SUSPEND | VCCW_ORB_ADDR_LIMIT |
		  VCCW_ORB_IDAW_2K | VCCW_ORB_EXTENSION);
	word |= PAGE_DEFAULT_KEY << 24 | VCCW_ORB_FORMAT1 |
		VCCW_ORB_IDAW_FORMAT2;
	if (idaw_2k)
		word |= VCCW_ORB_IDAW_2K;
	if (unlikely(!(word & VCCW_ORB_LPM)))
		word |= dev->sch->lpm << 8;
	((u32 *)&cp->orb)[1] = word;
}

/*
 * Translate a program if it is straight, into the small block.  @word, @cpa: of
 * the client's ORB.  Return: whether it was.
 */
static __always_inline bool vccw_cp_translate_straight(struct vccw_device *dev,
						       struct vccw_cp *cp,
						       u32 word, u32 cpa)
{
	if (unlikely(!vccw_orb_good(word, cpa) || !(word & VCCW_ORB_FORMAT1) ||
		     !vccw_straight(&dev->pins, cp, cpa)))
		return false;
	vccw_host_orb(dev, cp, word, false);
	return true;
}

#endif /* VCCW_STRAIGHT_H */
