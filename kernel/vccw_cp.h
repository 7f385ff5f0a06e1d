/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VCCW_CP_H
#define VCCW_CP_H

#include <linux/sizes.h>
#include <linux/types.h>
#include <asm/cio.h>
#include <asm/dma-types.h>
#include "orb.h"

struct vccw_device;

/* TICs of the client's that leave the part of the program read so far. */
#define VCCW_CP_SEGMENTS	16
/* CCWs in one program. */
#define VCCW_CP_MAX_CCWS	4096
/* CCWs of our own behind those that follow each other: see vccw_walk.c. */
#define VCCW_CP_BEHIND		2
/* Bytes of the block each request has for its translated program. */
#define VCCW_CP_BLOCK		2048
/* Further pages it may have, for as long as it lasts: room for 128 KiB of CCWs and IDAWs, however they lie. */
#define VCCW_CP_PAGES		36
/* Where CCWs point that transfer nothing: an address of the channel's, and bytes. */
extern u32 vccw_cp_nowhere;
#define VCCW_CP_NOWHERE_SIZE	SZ_64K

/**
 * struct vccw_fault - why a program was refused
 * @reason: enum vfio_ccw_ring_reason
 * @ccw_index: number of the CCW, in the order in which they are read
 * @ccw_addr: its IOVA
 */
struct vccw_fault {
	u16 reason;
	u16 ccw_index;
	u32 ccw_addr;
};

/**
 * struct vccw_segment - CCWs that follow each other
 * @iova: where the client has the first one
 * @host: where its translation is
 * @bytes: how many bytes they take
 * @sure: how many of those a TIC may lead to, what follows may not be all there is; at
 *	first the one it begins with
 * @first: number of the first one, in the order in which they are read
 * @cmd: command that is data-chaining into the segment, 0 if none is
 */
struct vccw_segment {
	u32 iova;
	u32 host;
	u16 bytes;
	u16 sure;
	u16 first;
	u8 cmd;
};

/**
 * struct vccw_page - a page that a long program goes on in, at the page's beginning
 * @next: the next one, NULL if this is the last
 * @from: the two CCWs of ours that lead here, NULL if a segment begins here
 * @rest: the CCWs they lead to, which go on with a segment
 *
 * CCWs grow from here, IDAW lists from the page's end.
 */
struct vccw_page {
	struct vccw_page *next;
	struct ccw1 *from;
	struct vccw_segment rest;
};

/* &vccw_cp.words like no client's. */
#define VCCW_CP_NO_WORDS	U64_MAX

/**
 * struct vccw_cp - a translated channel program
 * @orb: what SSCH gets
 * @words: second word of the client's ORB, and the bit behind it, for which @orb and
 *	@nr_segments are right if its program is straight; VCCW_CP_NO_WORDS if there
 *	is none
 * @block: memory the channel reads it from, VCCW_CP_BLOCK bytes below 2 GiB: CCWs grow
 *	from its beginning, IDAW lists from its end
 * @pages: more of it, in the order in which it was needed; NULL for nearly all programs
 * @host: where the channel finds @block
 * @segments: where the parts came from; the first is at the beginning of @block
 * @nr_segments: number of @segments, at least one of a program that runs
 */
struct vccw_cp {
	union orb orb;
	u64 words;
	void *block;
	struct vccw_page *pages;
	u32 host;
	struct vccw_segment segments[VCCW_CP_SEGMENTS];
	u16 nr_segments;
};

/* vccw_cp.c */
int vccw_cp_init(void);
void vccw_cp_exit(void);
int vccw_cp_translate(struct vccw_device *dev, struct vccw_cp *cp,
		      const __be32 *orb, bool lenient, struct vccw_fault *fault);
bool vccw_cp_uses(const struct vccw_cp *cp, u64 pfn);
u32 vccw_cp_find(const struct vccw_cp *cp, u32 host);
void vccw_cp_set_block(struct vccw_cp *cp, void *block);
void vccw_cp_visit(const struct vccw_cp *cp, void (*visit)(u64 pfn, void *data),
		   void *data);
void vccw_cp_release(struct vccw_cp *cp);

/* vccw_walk.c */
int vccw_cp_walk(struct vccw_device *dev, struct vccw_cp *cp, u64 words,
		 bool lenient, struct vccw_fault *fault);

/* Does a program have memory that is given back when it has ended? */
static inline bool vccw_cp_is_large(const struct vccw_cp *cp)
{
	return cp->pages;
}

/* The translation of a segment. */
static inline struct ccw1 *vccw_cp_ccws(const struct vccw_segment *s)
{
	return dma32_to_virt(u32_to_dma32(s->host));
}

/*
 * Go through all there is of a program, &vccw_cp.segments first and then what goes
 * on in pages.
 * Return: what is next, NULL if nothing.
 */
static inline const struct vccw_segment *vccw_cp_next(const struct vccw_cp *cp,
						      const struct vccw_segment *s)
{
	const struct vccw_page *page = cp->pages;

	if (s >= cp->segments && s < cp->segments + VCCW_CP_SEGMENTS) {
		if (++s < cp->segments + cp->nr_segments)
			return s;
	} else {
		page = container_of(s, struct vccw_page, rest)->next;
	}
	while (page && !page->from)
		page = page->next;
	return page ? &page->rest : NULL;
}

/**
 * vccw_cp_iova - client address of a translated CCW
 * @cp: the program, one without pages
 * @host: address the channel gave
 *
 * As vccw_cp_find(), inline for what ends each I/O.
 */
static inline u32 vccw_cp_iova(const struct vccw_cp *cp, u32 host)
{
	const struct vccw_segment *s = cp->segments;

	/* Where nearly all programs end. */
	if (likely(host - cp->host == s->bytes))
		return s->iova + s->bytes;
	do {
		if (host - s->host <= s->bytes + VCCW_CP_BEHIND * 8u)
			return s->iova + (host - s->host);
	} while (++s < cp->segments + cp->nr_segments);
	return 0;
}

#endif /* VCCW_CP_H */
