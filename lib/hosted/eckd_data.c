// SPDX-License-Identifier: GPL-2.0-only
/* eckd_data.c - reading and writing records of a disk */
#include "eckd.h"

/* Define Extent, byte 0, bits 0 and 1: what may be written. */
#define MASK	     0xc0
#define MASK_FORMAT  0x00 /* all but home address and record 0 */
#define MASK_INHIBIT 0x40
#define MASK_UPDATE  0x80
#define MASK_ALL     0xc0
#define HOME_SIZE    5

/* May this command come here?  In a domain it is one of those announced. */
static bool in_sequence(struct eckd *e, u8 op)
{
	if (!e->located)
		return true;
	if (!e->left || (e->op != op && !(e->op == ECKD_OP_READ && op == ECKD_OP_READ_DATA)))
		return false;
	e->left--;
	return true;
}

/* Parts of a record, one behind the other. */
static u8 read_from(struct eckd *e, struct hosted_command *c, const u8 *from)
{
	const struct ckd_record *r = &e->record;

	e->place = ECKD_BEHIND_DATA;
	e->found = false;
	e->turns = 0;
	return eckd_give(c, from, r->data + r->data_length - from) |
	       (r->data_length ? 0 : DEV_STAT_UNIT_EXCEP);
}

u8 eckd_read_data(struct eckd *e, struct hosted_command *c)
{
	u8 status;

	if (!in_sequence(e, ECKD_OP_READ_DATA))
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_SEQUENCE);
	status = eckd_to_record(e, c, true);
	return status ? status : read_from(e, c, e->record.data);
}

u8 eckd_read_key_data(struct eckd *e, struct hosted_command *c)
{
	u8 status;

	if (!in_sequence(e, ECKD_OP_READ_DATA))
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_SEQUENCE);
	status = eckd_to_record(e, c, true);
	return status ? status : read_from(e, c, e->record.key);
}

u8 eckd_read_count(struct eckd *e, struct hosted_command *c)
{
	u8 status;

	if (!in_sequence(e, ECKD_OP_READ_DATA))
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_SEQUENCE);
	status = eckd_to_record(e, c, false);
	e->found = false;
	e->turns = 0;
	return status ? status : eckd_give(c, e->record.count, CKD_COUNT_SIZE);
}

u8 eckd_read_ckd(struct eckd *e, struct hosted_command *c)
{
	u8 status;

	if (!in_sequence(e, ECKD_OP_READ_DATA))
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_SEQUENCE);
	status = eckd_to_record(e, c, false);
	return status ? status : read_from(e, c, e->record.count);
}

u8 eckd_read_r0(struct eckd *e, struct hosted_command *c)
{
	if (!in_sequence(e, ECKD_OP_READ_DATA))
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_SEQUENCE);
	eckd_at_index(e, e->track);
	if (!ckd_record(&e->ckd, e->track, e->at, &e->record))
		return eckd_check(e, c, 0, ECKD_NO_RECORD, 0);
	e->at = e->record.end;
	return read_from(e, c, e->record.count);
}

u8 eckd_read_home(struct eckd *e, struct hosted_command *c)
{
	if (!in_sequence(e, ECKD_OP_READ_DATA))
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_SEQUENCE);
	eckd_at_index(e, e->track);
	return eckd_give(c, ckd_track(&e->ckd, e->track), HOME_SIZE);
}

/* Writes are to where a Locate Record or a Search ID Equal has led. */
static u8 may_write(struct eckd *e, struct hosted_command *c, u8 op)
{
	u8 mask = e->mask & MASK;

	if (!in_sequence(e, op) || (!e->located && !e->found))
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_SEQUENCE);
	if (mask == MASK_INHIBIT || (op == ECKD_OP_FORMAT && mask == MASK_UPDATE))
		return eckd_check(e, c, ECKD_REJECT, ECKD_FILE_PROTECTED, ECKD_M_COMMAND);
	return 0;
}

/* Parts of a record; what is missing becomes zero. */
static u8 write_to(struct eckd *e, struct hosted_command *c, u8 *to)
{
	const struct ckd_record *r = &e->record;
	u32 n = r->data + r->data_length - to;

	/* Record 0 is the control program's own. */
	if (!r->count[4] && (e->mask & MASK) != MASK_ALL)
		return eckd_check(e, c, ECKD_REJECT, ECKD_FILE_PROTECTED, ECKD_M_COMMAND);
	c->done = min(c->size, n);
	memcpy(to, c->data, c->done);
	memset(to + c->done, 0, n - c->done);
	e->place = ECKD_BEHIND_DATA;
	e->found = false;
	return ECKD_ENDS;
}

u8 eckd_write_data(struct eckd *e, struct hosted_command *c)
{
	u8 status = may_write(e, c, ECKD_OP_WRITE_DATA);

	if (!status)
		status = eckd_to_record(e, c, true);
	return status ? status : write_to(e, c, e->record.data);
}

u8 eckd_write_key_data(struct eckd *e, struct hosted_command *c)
{
	u8 status = may_write(e, c, ECKD_OP_WRITE_DATA);

	if (!status)
		status = eckd_to_record(e, c, true);
	return status ? status : write_to(e, c, e->record.key);
}

/* A new record behind this one; those that were there are gone. */
u8 eckd_write_ckd(struct eckd *e, struct hosted_command *c)
{
	u8 status = may_write(e, c, ECKD_OP_FORMAT);
	u32 size;

	if (status)
		return status;
	if (c->size < CKD_COUNT_SIZE)
		return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_SHORT);
	if (!ckd_append(&e->ckd, e->track, &e->record, c->data, c->size))
		return eckd_check(e, c, 0, ECKD_INVALID_TRACK, 0);
	ckd_record(&e->ckd, e->track, e->record.end, &e->record);
	size = e->record.end - e->record.at;
	c->done = min(c->size, size);
	e->place = ECKD_BEHIND_DATA;
	e->at = e->record.end;
	return ECKD_ENDS;
}
