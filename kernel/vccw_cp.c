// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channel programs of clients, made the channel's: the ORB, the rarer parts of
 * vccw_straight.h, and what is asked of a translated program.
 *
 * Principles of Operation, chapter 15 (CCW, ORB).
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/vfio_ccw_ring.h>
#include "vccw_ccw.h"
#include "vccw_device.h"
#include "vccw_straight.h"

/*
 * Where CCWs point that transfer nothing.  A device, or an emulation of one,
 * that ignores the skip flag does no harm there: there is room for any count.
 */
static void *vccw_nowhere;
u32 vccw_cp_nowhere;

/**
 * vccw_cp_init - once, before the first translation
 *
 * Return: 0 or -ENOMEM.
 */
int __init vccw_cp_init(void)
{
	vccw_nowhere = (void *)__get_free_pages(GFP_KERNEL | GFP_DMA | __GFP_ZERO,
						get_order(VCCW_CP_NOWHERE_SIZE));
	if (!vccw_nowhere)
		return -ENOMEM;
	vccw_cp_nowhere = dma32_to_u32(virt_to_dma32(vccw_nowhere));
	return 0;
}

/** vccw_cp_exit - once, after the last */
void vccw_cp_exit(void)
{
	free_pages((unsigned long)vccw_nowhere, get_order(VCCW_CP_NOWHERE_SIZE));
}

/* Have the window show a page that is pinned: false if it is not. */
bool vccw_window_move(struct vccw_pins *pins, u32 iova_pfn)
{
	struct vccw_pin *pin = vccw_pins_hit(pins, iova_pfn);

	if (!pin)
		return false;
	vccw_window_show(&pins->window, pin);
	return true;
}

/*
 * Address a CCW's data area by an IDAW list below @idal.
 * Return: where the list begins, NULL if a page is not pinned, the area goes over
 * 31 bits, or there is no room for the CCW at @to and a terminator.
 */
static u64 *vccw_straight_list(struct vccw_pins *pins, u64 ccw, const u64 *to,
			       u64 *idal)
{
	u32 addr = ccw, count = vccw_ccw_count(ccw);
	u32 n = vccw_blocks(addr, count, PAGE_SIZE), i;
	struct vccw_pin *pin;

	idal -= n;
	if (idal < to + 2 || addr + count > VCCW_ADDR31 + 1)
		return NULL;
	for (i = 0; i < n; i++) {
		pin = vccw_pins_hit(pins, (addr >> PAGE_SHIFT) + i);
		if (unlikely(!pin))
			return NULL;
		idal[i] = pin->addr;
	}
	idal[0] += offset_in_page(addr);
	return idal;
}

/**
 * vccw_straight_rest - the rest of a straight program, with IDAW lists
 * @dev: the device
 * @cp: the translated program
 * @from: next CCW of the client's, in the window
 * @to: where its translation goes
 * @cpa: the client's address of the first CCW
 *
 * Context: process context, vccw_device.lock held.
 * Return: false if the program is not straight, or a page not pinned, or there is
 * no room.
 */
bool vccw_straight_rest(struct vccw_device *dev, struct vccw_cp *cp, const __be64 *from,
			u64 *to, u32 cpa)
{
	struct vccw_pins *pins = &dev->pins;
	u64 *idal = cp->block + VCCW_CP_BLOCK, ccw;
	struct vccw_pin *pin;
	u32 addr;

	while (offset_in_page(from) || to == cp->block) {
		ccw = be64_to_cpu(READ_ONCE(*from++));
		if (unlikely(ccw & VCCW_NOT_STRAIGHT || !vccw_straight_cmd(ccw) ||
			     to + 3 > idal))
			return false;
		addr = offset_in_page(ccw);
		if (!vccw_ccw_count(ccw) || ccw >> 56 == VCCW_CMD_NOP) {
			addr = pins->nowhere;
		} else if (addr + vccw_ccw_count(ccw) <= PAGE_SIZE) {
			pin = vccw_pins_hit(pins, (u32)ccw >> PAGE_SHIFT);
			if (unlikely(!pin))
				return false;
			if (vccw_pin_is_low(pin)) {
				addr += pin->addr;
			} else {
				*--idal = pin->addr + addr;
				addr = 0;
			}
		} else {
			idal = vccw_straight_list(pins, ccw, to, idal);
			if (unlikely(!idal))
				return false;
			addr = 0;
		}
		if (!addr) {
			addr = cp->host + ((void *)idal - cp->block);
			ccw |= (u64)CCW_FLAG_IDA << 48;
		}
		*to++ = (ccw & ~0xffffffffull) | addr;
		if (!(ccw & VCCW_CHAINS)) {
			vccw_straight_end(cp, to, cpa);
			return true;
		}
	}
	return false;
}

/* What is wrong with an ORB, whatever way it came: VFIO_CCW_RING_R_*. */
static u16 vccw_orb_wrong(u32 word)
{
	if (word & VCCW_ORB_TRANSPORT)
		return VFIO_CCW_RING_R_ORB_TRANSPORT;
	if (word & VCCW_ORB_MIDAW)
		return VFIO_CCW_RING_R_ORB_MIDAW;
	return word & VCCW_ORB_ZERO ? VFIO_CCW_RING_R_ORB_RESERVED :
				      VFIO_CCW_RING_R_ORB_CPA;
}

/*
 * What a ring does not carry out as the ORB says, of one that is not wrong; 0 if there
 * is nothing.
 */
static u16 vccw_orb_unsupported(const __be32 *orb)
{
	u32 word = be32_to_cpu(orb[1]);

	if (orb[0])
		return VFIO_CCW_RING_R_ORB_INTPARM;
	if (word & VCCW_ORB_SUSPEND)
		return VFIO_CCW_RING_R_ORB_SUSPEND;
	if (word & VCCW_ORB_ADDR_LIMIT)
		return VFIO_CCW_RING_R_ORB_ADDR_LIMIT;
	static_assert(VCCW_ORB_WORDS == 3 && VFIO_CCW_RING_ORB_SIZE == 32);
	if (word & VCCW_ORB_EXTENSION || orb[3] | orb[4] | orb[5] | orb[6] | orb[7])
		return VFIO_CCW_RING_R_ORB_EXTENSION;
	if (!(word & VCCW_ORB_PREFETCH))
		return VFIO_CCW_RING_R_ORB_PREFETCH;
	return VFIO_CCW_RING_R_NONE;
}

static int vccw_orb_errno(u16 reason)
{
	switch (reason) {
	case VFIO_CCW_RING_R_NONE:
		return 0;
	case VFIO_CCW_RING_R_ORB_CPA:
	case VFIO_CCW_RING_R_ORB_RESERVED:
	case VFIO_CCW_RING_R_ORB_INTPARM:
		return -EINVAL;
	default:
		return -EOPNOTSUPP;
	}
}

/* As vccw_cp_translate(). */
static int vccw_orb_check(const __be32 *orb, u64 words, bool lenient, u16 *reason)
{
	if (!vccw_orb_good(words))
		*reason = vccw_orb_wrong(words >> 32);
	else if (!lenient)
		*reason = vccw_orb_unsupported(orb);
	return vccw_orb_errno(*reason);
}

/**
 * vccw_cp_translate - check a channel program and make it the channel's
 * @dev: the device
 * @cp: the translated program; its block is the small one
 * @orb: the client's ORB
 * @lenient: it came through a region.  Of the ORB the second and the third word count,
 *	and what of the second is not carried out is left out of account instead of
 *	refused.  A program that the channel would end with a program check is
 *	translated up to there, so that it does
 * @fault: what is wrong, all zero at first, filled in when it fails
 *
 * Context: process context, vccw_device.lock held; sleeps when pages have to
 * be pinned.
 * Return: 0, or -errno as the reasons of enum vfio_ccw_ring_reason say.
 */
int vccw_cp_translate(struct vccw_device *dev, struct vccw_cp *cp,
		      const __be32 *orb, bool lenient, struct vccw_fault *fault)
{
	u64 words = (u64)be32_to_cpu(orb[1]) << 32 | be32_to_cpu(orb[2]);
	int ret;

	lockdep_assert_held(&dev->lock);
	ret = vccw_orb_check(orb, words, lenient, &fault->reason);
	if (ret)
		return ret;
	if (vccw_cp_translate_straight(dev, cp, words))
		return 0;
	ret = vccw_cp_walk(dev, cp, words, lenient, fault);
	if (!ret)
		vccw_host_orb(dev, cp, words >> 32, vccw_orb_idaw_2k(words >> 32));
	return ret;
}

/* How many IDAWs a CCW has, for blocks of @size bytes. */
static u32 vccw_idaws(const struct ccw1 *ccw, const dma64_t *idal, u32 size)
{
	u64 first = dma64_to_u64(idal[0]);

	if ((ccw->cmd_code & 0x0f) == VCCW_CMD_READ_BACKWARD)
		first = size - 1 - (first & (size - 1));
	return vccw_blocks(first, ccw->count, size);
}

/* Is a page frame in the IDAW list of a CCW? */
static bool vccw_idal_uses(const struct ccw1 *ccw, u32 size, u64 pfn)
{
	const dma64_t *idal = dma32_to_virt(ccw->cda);
	u32 n = vccw_idaws(ccw, idal, size), i;

	for (i = 0; i < n; i++) {
		if (dma64_to_u64(idal[i]) >> PAGE_SHIFT == pfn)
			return true;
	}
	return false;
}

static bool vccw_segment_uses(const struct vccw_cp *cp,
			      const struct vccw_segment *s, u64 pfn)
{
	const struct ccw1 *ccw = vccw_cp_ccws(s), *end = (void *)ccw + s->bytes;
	u32 size = cp->orb.cmd.i2k ? 2048 : 4096;

	for (; ccw < end; ccw++) {
		if (ccw->cmd_code == VCCW_CMD_TIC)
			continue;
		if (ccw->flags & CCW_FLAG_IDA ? vccw_idal_uses(ccw, size, pfn) :
		    dma32_to_u32(ccw->cda) >> PAGE_SHIFT == pfn)
			return true;
	}
	return false;
}

/**
 * vccw_cp_uses - does a translated program transfer data to or from a page?
 * @cp: the program
 * @pfn: page frame
 *
 * The pages that the program was read from do not count: the channel reads
 * the translation.
 */
bool vccw_cp_uses(const struct vccw_cp *cp, u64 pfn)
{
	const struct vccw_segment *s;

	for (s = cp->segments; s; s = vccw_cp_next(cp, s)) {
		if (vccw_segment_uses(cp, s, pfn))
			return true;
	}
	return false;
}

/* Visit a page unless it is our own. */
static void vccw_visit(u64 addr, void (*visit)(u64 pfn, void *data), void *data)
{
	if (addr - vccw_cp_nowhere >= VCCW_CP_NOWHERE_SIZE)
		visit(addr >> PAGE_SHIFT, data);
}

/**
 * vccw_cp_visit - visit the pages that a program transfers data to or from
 * @cp: the program
 * @visit: called for each area of each CCW: twice where two are in one page
 * @data: for @visit
 */
void vccw_cp_visit(const struct vccw_cp *cp, void (*visit)(u64 pfn, void *data),
		   void *data)
{
	u32 size = cp->orb.cmd.i2k ? 2048 : 4096, n, i;
	const struct ccw1 *ccw, *end;
	const struct vccw_segment *s;
	const dma64_t *idal;

	for (s = cp->segments; s; s = vccw_cp_next(cp, s)) {
		ccw = vccw_cp_ccws(s);
		end = (void *)ccw + s->bytes;
		for (; ccw < end; ccw++) {
			if (ccw->cmd_code == VCCW_CMD_TIC || !ccw->count)
				continue;
			if (!(ccw->flags & CCW_FLAG_IDA)) {
				vccw_visit(dma32_to_u32(ccw->cda), visit, data);
				continue;
			}
			idal = dma32_to_virt(ccw->cda);
			n = vccw_idaws(ccw, idal, size);
			for (i = 0; i < n; i++)
				vccw_visit(dma64_to_u64(idal[i]), visit, data);
		}
	}
}

/**
 * vccw_cp_find - client address of a translated CCW
 * @cp: the program
 * @host: address the channel gave, or that of a CCW's end
 *
 * The CCWs of ours behind those of a segment stand for what the client has there:
 * they lead to its translation, or there is none of it.
 *
 * Return: the address, or 0 if @host is none of the program's.
 */
u32 vccw_cp_find(const struct vccw_cp *cp, u32 host)
{
	const struct vccw_segment *s;

	if (host == cp->host)
		return cp->segments[0].iova;
	/* It is behind a CCW: what a segment begins with is behind another one's end. */
	for (s = cp->segments; s; s = vccw_cp_next(cp, s)) {
		if (host - s->host - 1 < s->bytes + VCCW_CP_BEHIND * sizeof(struct ccw1))
			return s->iova + (host - s->host);
	}
	return 0;
}

/**
 * vccw_cp_set_block - where the translation goes
 * @cp: the program
 * @block: VCCW_CP_BLOCK bytes below 2 GiB
 */
void vccw_cp_set_block(struct vccw_cp *cp, void *block)
{
	cp->block = block;
	cp->host = dma32_to_u32(virt_to_dma32(block));
	cp->orb.cmd.cpa = u32_to_dma32(cp->host);
	cp->segments[0].host = cp->host;
}

/**
 * vccw_cp_release - give back the pages of a program that has ended
 * @cp: the program
 *
 * Context: process context, vccw_device.lock held: who looks through programs relies
 * on their memory being there (vccw_queue_stop_range()).
 */
void vccw_cp_release(struct vccw_cp *cp)
{
	struct vccw_page *page;

	while ((page = cp->pages)) {
		cp->pages = page->next;
		free_page((unsigned long)page);
	}
}
