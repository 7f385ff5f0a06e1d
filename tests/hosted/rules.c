// SPDX-License-Identifier: MIT
/*
 * rules.c - which programs are refused, and why
 *
 * What the driver's documentation says (docs/architecture.md, "Translation"; enum
 * vfio_ccw_ring_reason).  It looks at everything the channel could be led to before it
 * starts anything, whatever the device would do, and names the first CCW that is wrong in
 * the order in which it reads:
 *
 * - A part is CCWs that follow each other.  The first begins at the ORB's address, a further
 *   one where a TIC leads that is not in a part already, for the same use: as a command
 *   or data-chained, from which command.
 * - A part ends with a CCW that chains nothing; or with a TIC, unless the device can
 *   skip that with status modifier: not behind a NO-OPERATION, nor within a data chain.
 * - What follows a TIC back into its own part must be right.  What follows another TIC is
 *   taken if it is right, up to the next TIC, and is no target of TICs.
 *
 * Of several things wrong with one CCW the driver may name any: reasons are sets.
 *
 * What comes through the region is not refused for what the channel would reject: the
 * program ends before that CCW.  If there is more against it, the driver may do either.
 *
 * A program that has been taken cannot come upon anything wrong but in two ways: the device
 * skips, and comes to where nothing was taken; or it came through the region.  Then it ends
 * with a program check (model.c).
 */
#include <linux/vfio_ccw_ring.h>

#include "model.h"

#define ORB_SUSPEND    0x08000000
#define ORB_PREFETCH   0x00400000
#define ORB_ADDR_LIMIT 0x00100000
#define ORB_TRANSPORT  0x00040000
#define ORB_MIDAW      0x00000040
#define ORB_ZERO       0x0000003e
#define ORB_EXTENSION  0x00000001

#define ADDR31	       0x7fffffffU
#define ADDR24	       0x00ffffffU
#define PAGE	       4096U

#define R(reason)      (1ULL << VFIO_CCW_RING_R_##reason)

/* The parts found so far, and what is known while they are read. */
struct parts {
	uint32_t at[MODEL_PARTS];
	uint8_t chaining[MODEL_PARTS];
	unsigned int n;
	unsigned int ends; /* CCWs that end the program */
};

static uint64_t orb_reasons(const struct model *m)
{
	uint64_t reasons = 0;

	reasons |= m->word & ORB_TRANSPORT ? R(ORB_TRANSPORT) : 0;
	reasons |= m->word & ORB_MIDAW ? R(ORB_MIDAW) : 0;
	reasons |= m->word & ORB_ZERO ? R(ORB_RESERVED) : 0;
	reasons |= m->cpa % 8 || m->cpa > ADDR31 ? R(ORB_CPA) : 0;
	/* The region does without. */
	if (m->by_region)
		return reasons;
	reasons |= m->intparm ? R(ORB_INTPARM) : 0;
	reasons |= m->word & ORB_SUSPEND ? R(ORB_SUSPEND) : 0;
	reasons |= m->word & ORB_PREFETCH ? 0 : R(ORB_PREFETCH);
	reasons |= m->word & ORB_ADDR_LIMIT ? R(ORB_ADDR_LIMIT) : 0;
	reasons |= m->word & ORB_EXTENSION || m->extended ? R(ORB_EXTENSION) : 0;
	return reasons;
}

const struct model_read *model_find(const struct model *m, uint32_t at, uint8_t chaining)
{
	for (const struct model_read *r = m->read; r < m->read + m->n_read; r++)
		if (r->taken && r->target && r->at == at && r->chaining == chaining)
			return r;
	return NULL;
}

/* The data area of a CCW */

static bool no_data(const struct model_ccw *ccw, uint8_t cmd)
{
	return !ccw->count || cmd == DEVICE_CMD_NOP ||
	       (ccw->flags & MODEL_SKIP && model_reads(cmd));
}

static uint64_t direct_reasons(struct model *m, const struct model_ccw *ccw, bool backward)
{
	int64_t first = backward ? (int64_t)ccw->cda - ccw->count + 1 : ccw->cda;
	int64_t last = first + ccw->count - 1, block = model_block(m);

	if (first < 0 || last > (model_format1(m) ? ADDR31 : ADDR24))
		return R(DATA_UNMAPPED);
	m->bytes += (last / block - first / block + 1) * 8;
	for (int64_t page = first / PAGE; page <= last / PAGE; page++)
		if (!model_mapped(m, page * PAGE))
			return R(DATA_UNMAPPED);
	return 0;
}

/* No block crosses the end of a page, so its first byte speaks for all. */
static uint64_t idaw_reasons(const struct model *m, uint64_t idaw, bool first, bool backward)
{
	uint64_t reasons = 0;

	if (model_idaw_bytes(m) == 4 && idaw > ADDR31)
		reasons |= R(IDAW_FORMAT);
	if (!first && model_in_block(m, idaw, backward) != model_block(m))
		reasons |= R(IDAW_ALIGN);
	if (!model_mapped(m, idaw))
		reasons |= R(DATA_UNMAPPED);
	return reasons;
}

static uint64_t indirect_reasons(struct model *m, const struct model_ccw *ccw, bool backward)
{
	uint64_t list = ccw->cda, idaw, reasons;
	uint32_t moved = 0;

	if (list % model_idaw_bytes(m))
		return R(IDAL_ALIGN);
	while (moved < ccw->count) {
		if (!model_number(m, list, model_idaw_bytes(m), &idaw))
			return R(IDAL_UNMAPPED);
		reasons = idaw_reasons(m, idaw, !moved, backward);
		if (reasons)
			return reasons;
		moved += model_in_block(m, idaw, backward);
		list += model_idaw_bytes(m);
		m->bytes += 8;
	}
	return 0;
}

static uint64_t data_reasons(struct model *m, const struct model_ccw *ccw, uint8_t cmd)
{
	if (no_data(ccw, cmd))
		return 0;
	return ccw->flags & MODEL_IDA ? indirect_reasons(m, ccw, model_backward(cmd))
				      : direct_reasons(m, ccw, model_backward(cmd));
}

/* A CCW that is not a TIC; @chaining as in struct model_read. */
static uint64_t ccw_reasons(struct model *m, const struct model_ccw *ccw, uint8_t chaining)
{
	uint8_t digit = ccw->cmd & 0x0f;
	uint64_t reasons = 0;

	if ((!chaining && (!digit || digit == 0x08)) || ccw->flags & 0x01 || ccw->cda > ADDR31)
		reasons |= R(CCW_FORMAT);
	if (ccw->flags & 0x02)
		reasons |= R(CCW_SUSPEND);
	if (!ccw->count && (!model_format1(m) || chaining || ccw->flags & MODEL_CD))
		reasons |= R(CCW_COUNT);
	return reasons ? reasons : data_reasons(m, ccw, chaining ? chaining : ccw->cmd);
}

/* TICs */

static uint64_t tic_reasons(const struct model *m, const struct model_ccw *ccw,
			    const struct model_read *r)
{
	uint64_t reasons = 0;

	if (r == m->read)
		reasons |= R(CCW_TIC_FIRST);
	else if (r[-1].part != r->part)
		reasons |= R(CCW_TIC_TIC);
	if (model_format1(m) && (ccw->flags || ccw->count))
		reasons |= R(CCW_FORMAT);
	if (ccw->cda % 8 || ccw->cda > ADDR31)
		reasons |= R(CCW_TIC_ADDR);
	return reasons;
}

static bool is_part(const struct parts *parts, uint32_t at, uint8_t chaining)
{
	for (unsigned int i = 0; i < parts->n; i++)
		if (parts->at[i] == at && parts->chaining[i] == chaining)
			return true;
	return false;
}

/* Where a TIC leads.  One that leads to another: it is that one which is wrong. */
static void note_target(struct model *m, struct parts *parts, uint32_t at, uint8_t chaining)
{
	const struct model_read *to = model_find(m, at, chaining);

	if (to && to->tic && m->by_region) {
		parts->ends++;
	} else if (to && to->tic) {
		m->refusal.reasons = R(CCW_TIC_TIC);
		m->refusal.number = to - m->read;
		m->refusal.at = at;
	} else if (!to && !is_part(parts, at, chaining)) {
		if (parts->n == MODEL_PARTS) {
			m->refusal.reasons = R(CCW_TOO_MANY);
			return;
		}
		parts->at[parts->n] = at;
		parts->chaining[parts->n++] = chaining;
	}
}

/* Can the device skip the TIC, which was read last, of this part? */
static bool skippable(const struct model *m, const struct model_read *tic)
{
	struct model_ccw before;

	model_fetch(m, tic->at - 8, &before);
	return !tic->chaining &&
	       (tic[-1].chaining ? tic[-1].chaining : before.cmd) != DEVICE_CMD_NOP;
}

/* Reads the next CCW; what it is is in @ccw.  Sets what would be wrong with it. */
static struct model_read *read_one(struct model *m, unsigned int part, uint32_t at,
				   uint8_t chaining, struct model_ccw *ccw)
{
	struct model_read *r = &m->read[m->n_read];

	m->refusal = (struct model_refusal){ .number = m->n_read, .at = at };
	if (m->n_read == MODEL_CCWS) {
		m->refusal.reasons = R(CCW_TOO_MANY);
		return r;
	}
	*r = (struct model_read){ .at = at, .chaining = chaining, .part = part };
	m->n_read++;
	m->bytes += 8;
	if (!model_fetch(m, at, ccw)) {
		m->refusal.reasons = R(CCW_UNMAPPED);
		return r;
	}
	r->tic = model_is_tic(m, ccw);
	m->refusal.reasons = r->tic ? tic_reasons(m, ccw, r) : ccw_reasons(m, ccw, chaining);
	return r;
}

/* What the channel rejects, with a program check. */
static uint64_t program_checks(const struct model *m)
{
	return R(CCW_TIC_FIRST) | R(CCW_TIC_TIC) | R(CCW_TIC_ADDR) | R(CCW_FORMAT) | R(CCW_COUNT) |
	       R(IDAL_ALIGN) | R(IDAW_ALIGN) | R(IDAW_FORMAT) |
	       (m->word & ORB_SUSPEND ? 0 : R(CCW_SUSPEND));
}

/* Something is wrong with a CCW: is the program refused for it, or does it end before it? */
static void weigh(struct model *m, struct parts *parts, bool optional)
{
	uint64_t checks = m->refusal.reasons & program_checks(m);

	m->refusal.perhaps = m->by_region && checks && checks != m->refusal.reasons;
	if (m->by_region && checks == m->refusal.reasons) {
		parts->ends++;
		m->refusal.reasons = 0;
	} else if (optional && !m->refusal.perhaps) {
		m->refusal.reasons = 0;
	}
}

static void read_part(struct model *m, struct parts *parts, unsigned int part)
{
	uint32_t at = parts->at[part], begin = at;
	uint8_t chaining = parts->chaining[part];
	bool optional = false;

	for (;; at += 8) {
		struct model_ccw ccw;
		struct model_read *r = read_one(m, part, at, chaining, &ccw);

		if (optional && r->tic) {
			m->refusal.reasons = 0;
			return;
		}
		if (m->refusal.reasons) {
			weigh(m, parts, optional);
			return;
		}
		r->taken = true;
		r->target = !optional;
		if (r->tic) {
			note_target(m, parts, ccw.cda, chaining);
			optional = ccw.cda < begin || ccw.cda > at;
			if (m->refusal.reasons || !skippable(m, r))
				return;
			continue;
		}
		if (!(ccw.flags & (MODEL_CC | MODEL_CD))) {
			parts->ends++;
			return;
		}
		if (!(ccw.flags & MODEL_CD))
			chaining = 0;
		else if (!chaining)
			chaining = ccw.cmd;
	}
}

void model_examine(struct model *m)
{
	struct parts parts = { .at = { m->cpa }, .n = 1 };

	m->n_read = 0;
	m->refusal = (struct model_refusal){ .reasons = orb_reasons(m) };
	m->bytes = 0;
	for (unsigned int i = 0; i < parts.n && !m->refusal.reasons; i++)
		read_part(m, &parts, i);
	/* Invalid CCWs behind each part, and some room. */
	m->bytes += (parts.n + 1) * 2 * 8;
	/* A loop nothing leads out of; said of the CCW that was read last. */
	if (!m->refusal.reasons && !parts.ends)
		m->refusal.reasons = R(CCW_TOO_MANY);
}
