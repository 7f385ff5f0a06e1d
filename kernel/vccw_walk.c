// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation of channel programs of any kind.
 *
 * The client's program names addresses of its own I/O address space and may
 * change while we look at it.  Each CCW and each IDAW is therefore read once,
 * checked, and written with host addresses into a block of ours, which is what
 * the channel gets to see.
 *
 * A program is read in segments: CCWs that follow each other up to one that
 * does not chain, or to a TIC.  TICs out of a segment make new segments.  CCWs
 * keep their neighbours, because a device may skip one with status modifier,
 * and behind each segment stand CCWs of zeros that the channel rejects with a
 * program check, should it ever get there: two of them, because the device may
 * skip the first.
 *
 * Where a segment does not fit into the request's block any more, it goes on in
 * a page, and there in the next one.  Instead of the zeros two TICs stand behind
 * the last CCW that did fit, because the device may skip the first of these, too:
 *
 *   block or page      next page
 *     CCW n       .--->  CCW n + 1
 *     TIC  -------' .->  CCW n + 2
 *     TIC  ---------'    ...
 *
 * A TIC must not lead to another.  If CCW n + 2 is one, the second TIC is that
 * one itself.  CCW n + 1 is none: the client's TICs stay where they are, for which
 * there is more room behind a CCW than two of ours need.
 *
 * Principles of Operation, chapter 15 (CCW, IDAW, ORB).
 */
#include <linux/align.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/vfio_ccw_ring.h>
#include <asm/byteorder.h>
#include "vccw_ccw.h"
#include "vccw_device.h"

/**
 * struct vccw_walk - state of one translation
 * @dev: the device
 * @cp: the program written
 * @fault: where to say what is wrong
 * @lenient: what the channel rejects is left to the channel
 * @suspend: the client allows suspension
 * @format1: format of the client's CCWs
 * @idaw_format1: the client's IDAWs are of format 1, else of format 2
 * @idaw_2k: blocks of 2 KiB in the client's IDAWs and in ours, else 4 KiB
 * @segment: the segment that is being read
 * @part: the part of it that is being written: @segment, or what goes on with it in a page
 * @iova: where the client has the next CCW
 * @chaining: command that is data-chaining into that, 0 if none is
 * @before: command of the CCW before
 * @optional: it may be left out if it is not right
 * @full: it is not wrong, but there is no memory for it
 * @at: where the next CCW goes
 * @idals: lowest IDAW list written there
 * @next_page: where the next page is linked
 * @pages: how many there are
 * @reads: CCWs read
 * @tics: TICs among them
 * @ends: CCWs among them that end the program
 */
struct vccw_walk {
	struct vccw_device *dev;
	struct vccw_cp *cp;
	struct vccw_fault *fault;
	bool lenient;
	bool suspend;
	bool format1;
	bool idaw_format1;
	bool idaw_2k;
	struct vccw_segment *segment;
	struct vccw_segment *part;
	u32 iova;
	u8 chaining;
	u8 before;
	bool optional;
	bool full;
	struct ccw1 *at;
	void *idals;
	struct vccw_page **next_page;
	u32 pages;
	u32 reads;
	u32 tics;
	u32 ends;
};

static int vccw_refuse(struct vccw_walk *w, int err, u16 reason)
{
	w->fault->reason = reason;
	return err;
}

/*
 * A client page, pinned for as long as the request lasts, or an error.  @reason is
 * what to say when it is not mapped.
 */
static struct vccw_pin *vccw_pin(struct vccw_walk *w, u64 iova_pfn, u32 run,
				 u16 reason)
{
	struct vccw_pin *pin = vccw_pins_hit(&w->dev->pins, iova_pfn);

	if (likely(pin))
		return pin;
	pin = vccw_pins_get(w->dev, iova_pfn, run);
	if (pin == ERR_PTR(-EBUSY))
		reason = VFIO_CCW_RING_R_PAGE_BUSY;
	else if (pin == ERR_PTR(-ENOMEM))
		reason = VFIO_CCW_RING_R_PIN_LIMIT;
	if (IS_ERR(pin))
		vccw_refuse(w, PTR_ERR(pin), reason);
	return pin;
}

/*
 * Have the window show a client address.  @reason is what to say when it is
 * not mapped.
 */
static inline int vccw_show(struct vccw_walk *w, struct vccw_window *window,
			    u64 iova, u16 reason)
{
	u64 iova_pfn = iova >> PAGE_SHIFT;
	struct vccw_pin *pin;

	if (window->iova_pfn == iova_pfn)
		return 0;
	pin = vccw_pin(w, iova_pfn, 1, reason);
	if (IS_ERR(pin))
		return PTR_ERR(pin);
	vccw_window_show(window, pin);
	return 0;
}

/* Where the channel finds a CCW or an IDAW list. */
static u32 vccw_host(void *at)
{
	return dma32_to_u32(virt_to_dma32(at));
}

/* Go on in a page. */
static int vccw_turn_page(struct vccw_walk *w)
{
	struct ccw1 *from = w->at;
	struct vccw_page *page;

	w->full = true;
	if (w->pages == VCCW_CP_PAGES)
		return vccw_refuse(w, -E2BIG, VFIO_CCW_RING_R_CCW_TOO_MANY);
	cond_resched();	/* a batch may be full of these */
	page = (void *)__get_free_page(VCCW_GFP | GFP_DMA);
	if (!page)
		return vccw_refuse(w, -ENOMEM, VFIO_CCW_RING_R_NO_MEMORY);
	w->full = false;
	memset(page, 0, sizeof(*page));
	*w->next_page = page;
	w->next_page = &page->next;
	w->pages++;
	w->at = (void *)(page + 1);
	w->idals = (void *)page + PAGE_SIZE;
	if (!w->segment->bytes) {	/* It begins there. */
		w->segment->host = vccw_host(w->at);
		return 0;
	}
	page->from = from;
	page->rest = (struct vccw_segment){
		.iova = w->iova,
		.host = vccw_host(w->at),
		.first = w->fault->ccw_index,
		.cmd = w->chaining,
	};
	w->part = &page->rest;
	return 0;
}

/*
 * Have room for the next CCW with so many bytes of IDAWs, and for so many CCWs
 * behind it: those of ours, and any TICs of the client's before those.
 */
static int vccw_room(struct vccw_walk *w, u32 idaws, u32 behind)
{
	if (likely((void *)(w->at + 1 + behind) + idaws <= w->idals))
		return 0;
	return vccw_turn_page(w);
}

/* Behind a TIC, and behind a CCW that two TICs may follow which must not go elsewhere. */
#define VCCW_BEHIND_TIC		VCCW_CP_BEHIND
#define VCCW_BEHIND_CCW		(VCCW_CP_BEHIND + 2)

/* Room for a list of @n IDAWs and its CCW. */
static dma64_t *vccw_alloc_idal(struct vccw_walk *w, u32 n)
{
	int ret = vccw_room(w, n * sizeof(dma64_t), VCCW_BEHIND_CCW);

	if (ret)
		return ERR_PTR(ret);
	w->idals -= n * sizeof(dma64_t);
	return w->idals;
}

/* Write the next CCW. */
static int vccw_put(struct vccw_walk *w, const struct ccw1 *ccw, u32 behind)
{
	int ret = vccw_room(w, 0, behind);

	if (ret)
		return ret;
	*w->at++ = *ccw;
	w->part->bytes += sizeof(*ccw);
	if (!w->optional)
		w->part->sure = w->part->bytes;
	w->iova += sizeof(*ccw);
	w->before = ccw->cmd_code;
	return 0;
}

static u32 vccw_block_size(const struct vccw_walk *w)
{
	return w->idaw_2k ? 2048 : 4096;
}

/* Write an IDAW for a client address; @run as in vccw_pin(). */
static int vccw_put_idaw(struct vccw_walk *w, dma64_t *idaw, u64 iova, u32 run)
{
	struct vccw_pin *pin = vccw_pin(w, iova >> PAGE_SHIFT, run,
					VFIO_CCW_RING_R_DATA_UNMAPPED);

	if (IS_ERR(pin))
		return PTR_ERR(pin);
	*idaw = u64_to_dma64(pin->addr + offset_in_page(iova));
	return 0;
}

/* Address the data area [first, first + count) by an IDAW list. */
static noinline int vccw_list(struct vccw_walk *w, struct ccw1 *ccw, u32 first)
{
	u32 size = vccw_block_size(w), n = vccw_blocks(first, ccw->count, size), i;
	u32 last_page = (first + ccw->count - 1) >> PAGE_SHIFT;
	dma64_t *idal;
	int ret;

	idal = vccw_alloc_idal(w, n);
	if (IS_ERR(idal))
		return PTR_ERR(idal);
	for (i = 0; i < n; i++) {
		u32 iova = i ? ALIGN_DOWN(first, size) + i * size : first;

		ret = vccw_put_idaw(w, &idal[i], iova,
				    last_page - (iova >> PAGE_SHIFT) + 1);
		if (ret)
			return ret;
	}
	ccw->cda = virt_to_dma32(idal);
	ccw->flags |= CCW_FLAG_IDA;
	return 0;
}

/*
 * Data area [first, first + count) that the client addresses directly: as it
 * is if it lies in one page below 2 GiB, by an IDAW list if not.
 */
static int vccw_direct(struct vccw_walk *w, struct ccw1 *ccw, u32 first)
{
	u32 offset = offset_in_page(first);
	struct vccw_pin *pin;

	if (offset + ccw->count > PAGE_SIZE)
		return vccw_list(w, ccw, first);
	pin = vccw_pin(w, first >> PAGE_SHIFT, 1, VFIO_CCW_RING_R_DATA_UNMAPPED);
	if (IS_ERR(pin))
		return PTR_ERR(pin);
	if (!vccw_pin_is_low(pin))
		return vccw_list(w, ccw, first);
	ccw->cda = u32_to_dma32(pin->addr + offset);
	return 0;
}

/*
 * Read backward fills the area from @last downwards, so the first IDAW names
 * its last byte and each further one the last byte of a block.
 */
static int vccw_backward(struct vccw_walk *w, struct ccw1 *ccw, u32 last)
{
	u32 size = vccw_block_size(w), first = last - ccw->count + 1;
	u32 n = last / size - first / size + 1, i;
	dma64_t *idal;
	int ret;

	idal = vccw_alloc_idal(w, n);
	if (IS_ERR(idal))
		return PTR_ERR(idal);
	for (i = 0; i < n; i++) {
		u32 iova = i ? ALIGN_DOWN(last, size) - (i - 1) * size - 1 : last;

		ret = vccw_put_idaw(w, &idal[i], iova, 1);
		if (ret)
			return ret;
	}
	ccw->cda = virt_to_dma32(idal);
	ccw->flags |= CCW_FLAG_IDA;
	return 0;
}

/**
 * struct vccw_idaw_reader - where the client's IDAW list is being read
 * @iova: address of the next IDAW
 * @window: its page
 */
struct vccw_idaw_reader {
	u64 iova;
	struct vccw_window window;
};

/* Read one IDAW, once. */
static int vccw_read_idaw(struct vccw_walk *w, struct vccw_idaw_reader *r,
			  u64 *idaw)
{
	void *from;
	int ret;

	ret = vccw_show(w, &r->window, r->iova, VFIO_CCW_RING_R_IDAL_UNMAPPED);
	if (ret)
		return ret;
	from = r->window.at + offset_in_page(r->iova);
	if (!w->idaw_format1) {
		*idaw = be64_to_cpu(READ_ONCE(*(__be64 *)from));
		r->iova += sizeof(u64);
		return 0;
	}
	*idaw = be32_to_cpu(READ_ONCE(*(__be32 *)from));
	r->iova += sizeof(u32);
	if (*idaw > VCCW_ADDR31)
		return vccw_refuse(w, -EINVAL, VFIO_CCW_RING_R_IDAW_FORMAT);
	return 0;
}

/*
 * An IDAW of a backward operation names the last byte of its part, all but the
 * first therefore the last byte of a block; forward it is the first byte.
 */
static bool vccw_idaw_aligned(u64 idaw, u32 size, bool backward)
{
	return IS_ALIGNED(backward ? idaw + 1 : idaw, size);
}

/* Data area that the client addresses by an IDAW list. */
static int vccw_indirect(struct vccw_walk *w, struct ccw1 *ccw, u32 list,
			 bool backward)
{
	struct vccw_idaw_reader reader = {
		.iova = list,
		.window.iova_pfn = VCCW_NO_PAGE,
	};
	u32 size = vccw_block_size(w), n, i;
	u64 idaw, start;
	dma64_t *idal;
	int ret;

	if (!IS_ALIGNED(list, w->idaw_format1 ? sizeof(u32) : sizeof(u64)))
		return vccw_refuse(w, -EINVAL, VFIO_CCW_RING_R_IDAL_ALIGN);
	ret = vccw_read_idaw(w, &reader, &idaw);
	if (ret)
		return ret;
	start = backward ? size - 1 - (idaw & (size - 1)) : idaw;
	n = vccw_blocks(start, ccw->count, size);
	idal = vccw_alloc_idal(w, n);
	if (IS_ERR(idal))
		return PTR_ERR(idal);
	for (i = 0; i < n; i++) {
		if (i) {
			ret = vccw_read_idaw(w, &reader, &idaw);
			if (ret)
				return ret;
			if (!vccw_idaw_aligned(idaw, size, backward))
				return vccw_refuse(w, -EINVAL,
						   VFIO_CCW_RING_R_IDAW_ALIGN);
		}
		ret = vccw_put_idaw(w, &idal[i], idaw, 1);
		if (ret)
			return ret;
	}
	ccw->cda = virt_to_dma32(idal);
	return 0;
}

/* Commands whose data go to storage, so that the skip flag suppresses them. */
static bool vccw_cmd_reads(u8 cmd)
{
	return (cmd & 0x03) == 0x02 || (cmd & 0x0f) == VCCW_CMD_READ_BACKWARD ||
	       (cmd & 0x0f) == 0x04;
}

/* No byte of the data area is touched. */
static bool vccw_no_data(const struct ccw1 *ccw, u8 cmd)
{
	if (!ccw->count || cmd == VCCW_CMD_NOP)
		return true;
	return (ccw->flags & CCW_FLAG_SKIP) && vccw_cmd_reads(cmd);
}

/*
 * Give a CCW host addresses.  @cmd is the command it belongs to: its own, or
 * that of the CCW which data-chains into it.
 */
static int vccw_translate_data(struct vccw_walk *w, struct ccw1 *ccw, u8 cmd)
{
	bool backward = (cmd & 0x0f) == VCCW_CMD_READ_BACKWARD;
	u32 addr = dma32_to_u32(ccw->cda);

	if (addr > (w->format1 ? VCCW_ADDR31 : VCCW_ADDR24))
		return vccw_refuse(w, -EINVAL, VFIO_CCW_RING_R_CCW_FORMAT);
	if (vccw_no_data(ccw, cmd)) {
		ccw->cda = u32_to_dma32(vccw_cp_nowhere +
				(backward ? VCCW_CP_NOWHERE_SIZE - 1 : 0));
		ccw->flags &= ~CCW_FLAG_IDA;
		return 0;
	}
	if (ccw->flags & CCW_FLAG_IDA)
		return vccw_indirect(w, ccw, addr, backward);
	if (backward) {
		if (addr + 1 < ccw->count)
			return vccw_refuse(w, -EFAULT,
					   VFIO_CCW_RING_R_DATA_UNMAPPED);
		return vccw_backward(w, ccw, addr);
	}
	if ((u64)addr + ccw->count - 1 > (w->format1 ? VCCW_ADDR31 : VCCW_ADDR24))
		return vccw_refuse(w, -EFAULT, VFIO_CCW_RING_R_DATA_UNMAPPED);
	return vccw_direct(w, ccw, addr);
}

/* What the format says of a CCW that is not a TIC. */
static int vccw_check(struct vccw_walk *w, const struct ccw1 *ccw)
{
	bool chained = w->chaining;

	if (!chained && !(ccw->cmd_code & 0x0f))
		return vccw_refuse(w, -EINVAL, VFIO_CCW_RING_R_CCW_FORMAT);
	if (!chained && (ccw->cmd_code & 0x0f) == VCCW_CMD_TIC)
		return vccw_refuse(w, -EINVAL, VFIO_CCW_RING_R_CCW_FORMAT);
	if (ccw->flags & VCCW_FLAG_MIDA)
		return vccw_refuse(w, -EINVAL, VFIO_CCW_RING_R_CCW_FORMAT);
	if (ccw->flags & CCW_FLAG_SUSPEND)
		return vccw_refuse(w, -EOPNOTSUPP, VFIO_CCW_RING_R_CCW_SUSPEND);
	if (!ccw->count && (!w->format1 || (ccw->flags & CCW_FLAG_DC) || chained))
		return vccw_refuse(w, -EINVAL, VFIO_CCW_RING_R_CCW_COUNT);
	return 0;
}

static bool vccw_is_tic(const struct vccw_walk *w, const struct ccw1 *ccw)
{
	if (w->format1)
		return ccw->cmd_code == VCCW_CMD_TIC;
	return (ccw->cmd_code & 0x0f) == VCCW_CMD_TIC;
}

/* Read the next CCW, once, into format 1. */
static int vccw_read_ccw(struct vccw_walk *w, struct ccw1 *ccw)
{
	u32 iova = w->iova;
	u64 raw;
	int ret;

	w->fault->ccw_index = w->reads;
	w->fault->ccw_addr = iova;
	if (w->reads == VCCW_CP_MAX_CCWS)
		return vccw_refuse(w, -E2BIG, VFIO_CCW_RING_R_CCW_TOO_MANY);
	w->reads++;
	if (iova > (w->format1 ? VCCW_ADDR31 : VCCW_ADDR24))
		return vccw_refuse(w, -EFAULT, VFIO_CCW_RING_R_CCW_UNMAPPED);
	ret = vccw_show(w, &w->dev->pins.window, iova, VFIO_CCW_RING_R_CCW_UNMAPPED);
	if (ret)
		return ret;
	raw = be64_to_cpu(READ_ONCE(*(__be64 *)(w->dev->pins.window.at +
						offset_in_page(iova))));
	if (!w->format1)	/* byte 5 is ignored, the address has 24 bits */
		raw = (raw & 0xff00000000000000ull) |
		      (raw & 0xff000000ull) << 24 | (raw & 0xffffull) << 32 |
		      (raw >> 32 & VCCW_ADDR24);
	BUILD_BUG_ON(sizeof(*ccw) != sizeof(raw));
	memcpy(ccw, &raw, sizeof(raw));
	return 0;
}

/* The translation of a client's CCW of a segment. */
static const struct ccw1 *vccw_ccw_of(const struct vccw_segment *s, u32 iova)
{
	return (void *)vccw_cp_ccws(s) + (iova - s->iova);
}

/*
 * The command that is data-chaining into a CCW of a segment, 0 if none is.  Behind a
 * TIC none is: see vccw_skippable().
 */
static u8 vccw_chaining(const struct vccw_segment *s, u32 iova)
{
	const struct ccw1 *before;

	if (iova == s->iova)
		return s->cmd;
	before = vccw_ccw_of(s, iova) - 1;
	return before->cmd_code != VCCW_CMD_TIC && before->flags & CCW_FLAG_DC ?
		before->cmd_code : 0;
}

/*
 * The segment, or what goes on with one in a page, that has the CCW at a client address,
 * translated for the command @cmd that is data-chaining into it (0: none); NULL if there
 * is none yet.  What a CCW means, and which way its data go, depends on that: one that
 * is reached in two ways is translated twice.  A segment without a CCW is one that is
 * still to be read, or whose first CCW is left to the channel: there is only its
 * beginning.
 */
static const struct vccw_segment *vccw_find(const struct vccw_cp *cp, u32 iova,
					    u8 cmd)
{
	const struct vccw_segment *s;

	for (s = cp->segments; s; s = vccw_cp_next(cp, s)) {
		if (iova - s->iova < s->sure && vccw_chaining(s, iova) == cmd)
			return s;
	}
	return NULL;
}

static int vccw_add_segment(struct vccw_walk *w, u32 iova, u8 cmd)
{
	struct vccw_cp *cp = w->cp;

	if (cp->nr_segments == VCCW_CP_SEGMENTS)
		return vccw_refuse(w, -E2BIG, VFIO_CCW_RING_R_CCW_TOO_MANY);
	cp->segments[cp->nr_segments++] = (struct vccw_segment){
		.iova = iova,
		.sure = sizeof(struct ccw1),
		.cmd = cmd,
	};
	return 0;
}

/*
 * A TIC leads to what there is already: to another TIC?  That one is the CCW at
 * fault.
 */
static int vccw_check_target(struct vccw_walk *w, const struct vccw_segment *to,
			     u32 target)
{
	if (!to->bytes || vccw_ccw_of(to, target)->cmd_code != VCCW_CMD_TIC)
		return 0;
	if (w->lenient) {
		w->ends++;	/* by a program check */
		return 0;
	}
	w->fault->ccw_index = to->first + (target - to->iova) / sizeof(struct ccw1);
	w->fault->ccw_addr = target;
	return vccw_refuse(w, -ELOOP, VFIO_CCW_RING_R_CCW_TIC_TIC);
}

/* Make a TIC's target part of the program. */
static int vccw_note_target(struct vccw_walk *w, u32 target)
{
	const struct vccw_segment *to = vccw_find(w->cp, target, w->chaining);

	return to ? vccw_check_target(w, to, target) :
		    vccw_add_segment(w, target, w->chaining);
}

/* What is wrong with a TIC. */
static int vccw_check_tic(struct vccw_walk *w, const struct ccw1 *ccw)
{
	u32 target = dma32_to_u32(ccw->cda);

	if (w->reads == 1)
		return vccw_refuse(w, -EINVAL, VFIO_CCW_RING_R_CCW_TIC_FIRST);
	if (w->iova == w->segment->iova)
		return vccw_refuse(w, -ELOOP, VFIO_CCW_RING_R_CCW_TIC_TIC);
	if (w->format1 && (ccw->flags || ccw->count))
		return vccw_refuse(w, -EINVAL, VFIO_CCW_RING_R_CCW_FORMAT);
	if (target > VCCW_ADDR31 || !IS_ALIGNED(target, 8))
		return vccw_refuse(w, -EINVAL, VFIO_CCW_RING_R_CCW_TIC_ADDR);
	return 0;
}

/*
 * What follows a TIC is reached only if the device skips the TIC with status
 * modifier, which it cannot present in the middle of data chaining nor to a
 * NOP.
 */
static bool vccw_skippable(const struct vccw_walk *w)
{
	return !w->chaining && w->before != VCCW_CMD_NOP;
}

/*
 * Behind a TIC that loops back into its own segment (search ID, TIC back to
 * it, read) that is the way out of the loop, so it must be right.  Behind any
 * other TIC it may be anything, and is left out if it is not right: a
 * terminator stands there.
 */
static bool vccw_optional(const struct vccw_walk *w, u32 target)
{
	return target - w->segment->iova >= w->iova - w->segment->iova;
}

/*
 * Take a TIC over with the client's address in it; vccw_resolve_tics() has it
 * replaced when all segments are known.
 * Return: as vccw_step().
 */
static int vccw_take_tic(struct vccw_walk *w, struct ccw1 *ccw)
{
	bool skippable = vccw_skippable(w);
	int ret;

	ret = vccw_check_tic(w, ccw);
	if (ret)
		return ret;
	ccw->cmd_code = VCCW_CMD_TIC;
	ccw->flags = 0;
	ccw->count = 0;
	ret = vccw_put(w, ccw, VCCW_BEHIND_TIC);
	if (ret)
		return ret;
	w->tics++;
	ret = vccw_note_target(w, dma32_to_u32(ccw->cda));
	if (ret)
		return ret;
	w->optional = vccw_optional(w, dma32_to_u32(ccw->cda));
	return !skippable;
}

/* Take any other CCW over: as vccw_step(). */
static int vccw_take_ccw(struct vccw_walk *w, struct ccw1 *ccw)
{
	u8 cmd = w->chaining ?: ccw->cmd_code;
	int ret;

	ret = vccw_check(w, ccw);
	if (ret)
		return ret;
	/* A command code that data chaining ignores must not look like a TIC. */
	ccw->cmd_code = cmd;
	ret = vccw_translate_data(w, ccw, cmd);
	if (!ret)
		ret = vccw_put(w, ccw, VCCW_BEHIND_CCW);
	if (ret)
		return ret;
	w->chaining = ccw->flags & CCW_FLAG_DC ? cmd : 0;
	if (ccw->flags & (CCW_FLAG_CC | CCW_FLAG_DC))
		return 0;
	w->ends++;
	return 1;
}

/*
 * Would the channel end the program with a program check there?  Not so what we
 * alone refuse, nor what depends on the client's memory being mapped.
 */
static bool vccw_is_program_check(const struct vccw_walk *w)
{
	switch (w->fault->reason) {
	case VFIO_CCW_RING_R_CCW_TIC_FIRST:
	case VFIO_CCW_RING_R_CCW_TIC_TIC:
	case VFIO_CCW_RING_R_CCW_TIC_ADDR:
	case VFIO_CCW_RING_R_CCW_FORMAT:
	case VFIO_CCW_RING_R_CCW_COUNT:
	case VFIO_CCW_RING_R_IDAL_ALIGN:
	case VFIO_CCW_RING_R_IDAW_ALIGN:
	case VFIO_CCW_RING_R_IDAW_FORMAT:
		return true;
	case VFIO_CCW_RING_R_CCW_SUSPEND:
		return !w->suspend;
	default:
		return false;
	}
}

/*
 * Take the next CCW over.
 * Return: 1 at the segment's end, 0 before, -errno.
 */
static int vccw_step(struct vccw_walk *w)
{
	struct ccw1 ccw;
	int ret;

	ret = vccw_read_ccw(w, &ccw);
	if (ret)
		return ret;
	if (!vccw_is_tic(w, &ccw))
		return vccw_take_ccw(w, &ccw);
	return w->optional ? 1 : vccw_take_tic(w, &ccw);
}

static int vccw_walk_segment(struct vccw_walk *w, struct vccw_segment *s)
{
	int ret;

	w->segment = s;
	w->part = s;
	w->iova = s->iova;
	w->chaining = s->cmd;
	w->before = 0;
	w->optional = false;
	ret = vccw_room(w, 0, VCCW_CP_BEHIND - 1);
	if (ret)
		return ret;
	s->host = vccw_host(w->at);
	s->first = w->reads;
	do
		ret = vccw_step(w);
	while (!ret);
	if (ret < 0 && w->lenient && vccw_is_program_check(w)) {
		/* A terminator has the channel say so, when it gets there. */
		w->ends++;
		ret = 1;
	}
	if (ret < 0 && (!w->optional || w->full))
		return ret;
	/* There is room: vccw_room() has seen to it. */
	memset(w->at, 0, VCCW_CP_BEHIND * sizeof(*w->at));
	w->at += VCCW_CP_BEHIND;
	return 0;
}

/* Put a host address into a TIC, the one at @ccw, of a segment. */
static int vccw_resolve_tic(struct vccw_walk *w, const struct vccw_segment *s,
			    struct ccw1 *ccw)
{
	u32 iova = s->iova + (vccw_host(ccw) - s->host), target = dma32_to_u32(ccw->cda);
	const struct vccw_segment *to;

	to = vccw_find(w->cp, target, vccw_chaining(s, iova));
	if (WARN_ON_ONCE(!to))
		return -EINVAL;
	ccw->cda = u32_to_dma32(to->host + (target - to->iova));
	w->tics--;
	return 0;
}

static int vccw_resolve_tics(struct vccw_walk *w)
{
	const struct vccw_segment *s;
	struct ccw1 *ccw;
	int ret = 0;

	for (s = w->cp->segments; s && w->tics; s = vccw_cp_next(w->cp, s)) {
		struct ccw1 *end = vccw_cp_ccws(s) + s->bytes / sizeof(*ccw);

		for (ccw = vccw_cp_ccws(s); !ret && ccw < end; ccw++) {
			if (ccw->cmd_code == VCCW_CMD_TIC)
				ret = vccw_resolve_tic(w, s, ccw);
		}
	}
	return ret;
}

static struct ccw1 vccw_tic(u32 host)
{
	return (struct ccw1){
		.cmd_code = VCCW_CMD_TIC,
		.cda = u32_to_dma32(host),
	};
}

/* Have what goes on in a page do so; TICs are resolved. */
static void vccw_link_pages(const struct vccw_cp *cp)
{
	const struct vccw_page *page;

	for (page = cp->pages; page; page = page->next) {
		const struct ccw1 *ccws = (const void *)(page + 1);

		if (!page->from)
			continue;
		page->from[0] = vccw_tic(page->rest.host);
		page->from[1] = ccws[1].cmd_code == VCCW_CMD_TIC ?
			ccws[1] : vccw_tic(page->rest.host + sizeof(*ccws));
	}
}

static int vccw_translate(struct vccw_walk *w, u32 cpa)
{
	struct vccw_cp *cp = w->cp;
	int ret, i;

	cp->nr_segments = 0;
	ret = vccw_add_segment(w, cpa, 0);
	for (i = 0; !ret && i < cp->nr_segments; i++)
		ret = vccw_walk_segment(w, &cp->segments[i]);
	if (!ret && w->tics)
		ret = vccw_resolve_tics(w);
	/* A loop nothing leads out of. */
	if (!ret && !w->ends)
		ret = vccw_refuse(w, -E2BIG, VFIO_CCW_RING_R_CCW_TOO_MANY);
	if (!ret)
		vccw_link_pages(cp);
	return ret;
}

/**
 * vccw_cp_walk - translate any channel program
 * @dev: the device
 * @cp: the translated program, without pages; it has some only on success
 * @words: second and third word of the client's ORB
 * @lenient: as in vccw_cp_translate()
 * @fault: what is wrong, filled in when it fails
 *
 * Context: process context, vccw_device.lock held; sleeps when pages have to
 * be pinned.
 * Return: 0 or -errno.
 */
int vccw_cp_walk(struct vccw_device *dev, struct vccw_cp *cp, u64 words,
		 bool lenient, struct vccw_fault *fault)
{
	u32 word = words >> 32, cpa = words;
	struct vccw_walk w = {
		.dev = dev,
		.cp = cp,
		.fault = fault,
		.lenient = lenient,
		.suspend = word & VCCW_ORB_SUSPEND,
		.format1 = word & VCCW_ORB_FORMAT1,
		.idaw_format1 = !(word & VCCW_ORB_IDAW_FORMAT2),
		.idaw_2k = vccw_orb_idaw_2k(word),
		.at = cp->block,
		.idals = cp->block + VCCW_CP_BLOCK,
		.next_page = &cp->pages,
	};
	int ret;

	cp->words = VCCW_CP_NO_WORDS;
	ret = vccw_translate(&w, cpa);
	if (ret)
		vccw_cp_release(cp);
	return ret;
}
