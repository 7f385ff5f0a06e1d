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
#include <asm/byteorder.h>
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

static inline bool vccw_straight_cmd(u64 ccw)
{
	return likely(ccw & VCCW_CMD_LOW) || (ccw >> 56 & 0x0f) == VCCW_CMD_SENSE;
}

bool vccw_window_move(struct vccw_pins *pins, u32 iova_pfn);
bool vccw_straight_rest(struct vccw_device *dev, struct vccw_cp *cp, const __be64 *from,
			u64 *to, u32 cpa);

/* The last CCW has been written before @to. */
static __always_inline void vccw_straight_end(struct vccw_cp *cp, u64 *to, u32 cpa)
{
	*to = 0;	/* the terminator */
	cp->segments[0].iova = cpa;
	cp->segments[0].bytes = (void *)to - cp->block;
}

/*
 * Translate a straight program.  The loop is for data in one page below 2 GiB;
 * from the first CCW with other data on, and when the program is long,
 * vccw_straight_rest() takes over.
 * Return: false if it is none.
 */
static __always_inline bool vccw_straight(struct vccw_device *dev,
					  struct vccw_cp *cp, u32 cpa)
{
	struct vccw_pins *pins = &dev->pins;
	u64 *to = cp->block, ccw, addr;
	struct vccw_pin *pin;
	const __be64 *from;

	if (unlikely(pins->window.iova_pfn != cpa >> PAGE_SHIFT) &&
	    !vccw_window_move(pins, cpa >> PAGE_SHIFT))
		return false;
	from = pins->window.at + offset_in_page(cpa);
	do {
		ccw = be64_to_cpu(READ_ONCE(*from));
		if (unlikely(ccw & VCCW_NOT_STRAIGHT))
			return false;
		if (likely(ccw >> 56 != VCCW_CMD_NOP)) {
			if (unlikely(!vccw_straight_cmd(ccw)))
				return false;
			addr = offset_in_page(ccw);
			if (unlikely(addr + vccw_ccw_count(ccw) > PAGE_SIZE))
				break;
			pin = vccw_pins_find(pins, (u32)ccw >> PAGE_SHIFT);
			if (unlikely(!pin || !vccw_pin_good_and_low(pin)))
				break;
			vccw_pin_use(pins, pin);
			addr += pin->addr;
		} else {
			addr = pins->nowhere;
		}
		*to++ = (ccw & ~0xffffffffull) | addr;
		if (!(ccw & VCCW_CHAINS)) {
			vccw_straight_end(cp, to, cpa);
			return true;
		}
		from++;
		/* So far there is room: this is half a block. */
	} while ((unsigned long)from % (VCCW_CP_BLOCK / 2));
	return vccw_straight_rest(dev, cp, from, to, cpa);
}

/* What must be zero in the second and third word of an ORB, as one number. */
#define VCCW_ORB_BAD	((u64)(VCCW_ORB_TRANSPORT | VCCW_ORB_ZERO) << 32 | \
			 (u32)~(VCCW_ADDR31 & ~7u))

static inline bool vccw_orb_good(u64 words)
{
	return !(words & VCCW_ORB_BAD);
}

/* In the second word: refused by rings, left out of account for regions. */
#define VCCW_ORB_LENIENT	(VCCW_ORB_SUSPEND | VCCW_ORB_ADDR_LIMIT | \
				 VCCW_ORB_EXTENSION)

/*
 * Make the ORB for SSCH of the second word of the client's; what is not said here
 * is the client's to say, and the rest is as it always is.
 *
 * The key is the client's, too.  The channel compares it with the key of each block of
 * storage: it stores where the two are the same or the client's is 0, and fetches
 * unless the block is fetch-protected.  Our own blocks have the kernel's key and no
 * fetch protection: the channel reads CCWs and IDAWs from them with any key.
 */
static inline void vccw_host_orb(struct vccw_device *dev, struct vccw_cp *cp,
				 u32 word, bool idaw_2k)
{
	word &= ~(VCCW_ORB_LENIENT | VCCW_ORB_IDAW_2K);
	word |= VCCW_ORB_FORMAT1 | VCCW_ORB_IDAW_FORMAT2;
	if (idaw_2k)
		word |= VCCW_ORB_IDAW_2K;
	if (unlikely(!(word & VCCW_ORB_LPM)))
		word |= READ_ONCE(dev->sch->lpm) << 8;
	((u32 *)&cp->orb)[1] = word;
}

/* Make the ORB for a straight program, if the client's is one that may have one. */
static inline bool vccw_straight_orb(struct vccw_device *dev, struct vccw_cp *cp,
				     u64 words)
{
	const u64 ones = (u64)(VCCW_ORB_FORMAT1 | VCCW_ORB_PREFETCH) << 32;
	const u64 zeros = VCCW_ORB_BAD | (u64)VCCW_ORB_LENIENT << 32;

	if ((words & (zeros | ones)) != ones)
		return false;
	vccw_host_orb(dev, cp, words >> 32, false);
	cp->nr_segments = 1;
	/* Which paths there are when the client leaves it to us may change. */
	cp->words = words >> 32 & VCCW_ORB_LPM ? words >> 31 : VCCW_CP_NO_WORDS;
	return true;
}

/*
 * Translate a program if it is straight, into the small block.  @words: the second
 * and third of the client's ORB.  Most clients' differ in the address only, and the
 * ORB of the request's last program will do again.
 * Return: whether it was.
 */
static __always_inline bool vccw_cp_translate_straight(struct vccw_device *dev,
						       struct vccw_cp *cp,
						       u64 words)
{
	/* What is left of the address is aligned, and bit 31 among what was compared. */
	if (unlikely((words >> 31 != cp->words || words & 7) &&
		     !vccw_straight_orb(dev, cp, words)))
		return false;
	return vccw_straight(dev, cp, words);
}

#endif /* VCCW_STRAIGHT_H */
