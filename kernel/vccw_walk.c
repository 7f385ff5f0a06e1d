// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation of channel programs of any kind: their CCWs.  Where their data are is
 * vccw_data.c.
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
 * Principles of Operation, chapter 15 (CCW, ORB).
 */
#include <linux/align.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/vfio_ccw_ring.h>
#include <asm/byteorder.h>
#include "vccw_ccw.h"
#include "vccw_device.h"
#include "vccw_walk.h"

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
dma64_t *vccw_walk_idal(struct vccw_walk *w, u32 n)
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
	ret = vccw_walk_data(w, ccw, cmd);
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
	/* What is right is not left out for want of memory, or because a page is in use. */
	if (ret < 0 && (!w->optional || w->full || ret == -EBUSY))
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
