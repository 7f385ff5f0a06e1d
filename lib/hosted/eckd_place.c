// SPDX-License-Identifier: GPL-2.0-only
/* eckd_place.c - where a program wants to go on a disk */
#include "eckd.h"

#define DEFINE_EXTENT_SIZE 16
#define LOCATE_RECORD_SIZE 16
#define SEEK_SIZE	   6
#define ID_SIZE		   5
/* Locate Record, byte 0, bits 0 and 1: what to be before. */
#define ORIENT		   0xc0
#define ORIENT_COUNT	   0x00
#define ORIENT_DATA	   0x80
#define OP		   0x3f

void eckd_at_index(struct eckd *e, u32 track)
{
	e->track = track;
	e->place = ECKD_BETWEEN;
	e->at = CKD_FIRST;
	e->found = false;
	e->turns = 0;
}

static u32 be16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

/* A cylinder and a head; false if there is no such track. */
static bool track_at(const struct eckd *e, const u8 *cchh, u32 *track)
{
	u32 cylinder = be16(cchh), head = be16(cchh + 2);

	*track = cylinder * CKD_HEADS + head;
	return head < CKD_HEADS && *track < e->ckd.tracks;
}

static bool in_extent(const struct eckd *e, u32 track)
{
	return track >= e->first && track <= e->last;
}

u8 eckd_define_extent(struct eckd *e, struct hosted_command *c)
{
	u32 first, last;

	if (e->extent)
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_SEQUENCE);
	if (c->size < DEFINE_EXTENT_SIZE)
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_SHORT);
	if (!track_at(e, c->data + 8, &first) || !track_at(e, c->data + 12, &last) || first > last)
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_PARAMETER);
	c->done = DEFINE_EXTENT_SIZE;
	e->extent = true;
	e->mask = c->data[0];
	e->first = first;
	e->last = last;
	return ECKD_ENDS;
}

/* Goes behind the count of the record with this identifier. */
static bool find(struct eckd *e, const u8 *id)
{
	struct ckd_record *r = &e->record;

	for (u32 at = CKD_FIRST; ckd_record(&e->ckd, e->track, at, r); at = r->end) {
		if (memcmp(r->count, id, ID_SIZE))
			continue;
		e->place = ECKD_BEHIND_COUNT;
		e->at = r->end;
		return true;
	}
	return false;
}

static bool knows(u8 op)
{
	return op == ECKD_OP_ORIENT || op == ECKD_OP_WRITE_DATA || op == ECKD_OP_FORMAT ||
	       op == ECKD_OP_READ_DATA || op == ECKD_OP_READ;
}

u8 eckd_locate_record(struct eckd *e, struct hosted_command *c)
{
	const u8 *p = c->data;
	u8 orient, op;
	u32 track;

	if (!e->extent || e->left)
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_SEQUENCE);
	if (c->size < LOCATE_RECORD_SIZE)
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_SHORT);
	orient = p[0] & ORIENT;
	op = p[0] & OP;
	if (!knows(op) || (orient != ORIENT_COUNT && orient != ORIENT_DATA) ||
	    !p[3] != (op == ECKD_OP_ORIENT) || !track_at(e, p + 4, &track))
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_PARAMETER);
	if (!in_extent(e, track))
		return eckd_check(e, c, 0, ECKD_FILE_PROTECTED, 0);
	eckd_at_index(e, track);
	if (!find(e, p + 8))
		return eckd_check(e, c, 0, ECKD_NO_RECORD, 0);
	if (orient == ORIENT_DATA)
		e->place = ECKD_BEHIND_DATA;
	c->done = LOCATE_RECORD_SIZE;
	e->located = true;
	e->op = op;
	e->left = p[3];
	return ECKD_ENDS;
}

u8 eckd_seek(struct eckd *e, struct hosted_command *c)
{
	u32 track;

	if (e->located)
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_SEQUENCE);
	if (c->size < SEEK_SIZE)
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_SHORT);
	if (!track_at(e, c->data + 2, &track))
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_PARAMETER);
	if (!in_extent(e, track))
		return eckd_check(e, c, 0, ECKD_FILE_PROTECTED, 0);
	c->done = SEEK_SIZE;
	eckd_at_index(e, track);
	return ECKD_ENDS;
}

/* To the next track of the extent: a multi-track command at the end of one. */
static u8 next_track(struct eckd *e, struct hosted_command *c)
{
	/* Outside of a domain the cylinder is not left. */
	if (!e->located && e->track % CKD_HEADS == CKD_HEADS - 1)
		return eckd_check(e, c, 0, ECKD_END_OF_CYLINDER, 0);
	if (!in_extent(e, e->track + 1))
		return eckd_check(e, c, 0, ECKD_FILE_PROTECTED, 0);
	eckd_at_index(e, e->track + 1);
	return 0;
}

/* Goes behind the next count, record 0 included; 0 or a unit check. */
static u8 next_count(struct eckd *e, struct hosted_command *c)
{
	bool multi_track = c->code & ECKD_MULTI_TRACK;
	u8 status = 0;

	while (!status && !ckd_record(&e->ckd, e->track, e->at, &e->record)) {
		if (multi_track) {
			status = next_track(e, c);
			continue;
		}
		e->at = CKD_FIRST;
		/* The index has passed twice: it is not on this track. */
		if (++e->turns == 2)
			status = eckd_check(e, c, 0, ECKD_NO_RECORD, 0);
	}
	if (status)
		return status;
	e->place = ECKD_BEHIND_COUNT;
	e->at = e->record.end;
	return 0;
}

u8 eckd_search_id(struct eckd *e, struct hosted_command *c)
{
	u8 status;

	if (e->located)
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_SEQUENCE);
	status = next_count(e, c);
	if (status)
		return status;
	c->done = min(c->size, (u32)ID_SIZE);
	e->found = !memcmp(e->record.count, c->data, c->done);
	if (!e->found)
		return ECKD_ENDS;
	e->turns = 0;
	return ECKD_ENDS | DEV_STAT_STAT_MOD;
}

u8 eckd_to_record(struct eckd *e, struct hosted_command *c, bool this_one)
{
	u8 status;

	if (this_one && e->place == ECKD_BEHIND_COUNT)
		return 0;
	do {
		status = next_count(e, c);
	} while (!status && !e->record.count[4]);
	return status;
}
