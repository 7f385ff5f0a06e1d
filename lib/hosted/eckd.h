/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * eckd.h - a 3390 behind a 3990: what its commands have in common
 *
 * Storage Control Reference of the 3990 (GA32-0099).
 */
#ifndef CCWRING_HOSTED_ECKD_H
#define CCWRING_HOSTED_ECKD_H

#include <shim/cio.h>

#include "ckd.h"
#include "hosted.h"

#define ECKD_ENDS	     (DEV_STAT_CHN_END | DEV_STAT_DEV_END)

/* What a unit check is about: sense bytes 0, 1 and 7. */
#define ECKD_REJECT	     0x80
#define ECKD_DATA_CHECK	     0x08
#define ECKD_INVALID_TRACK   0x40
#define ECKD_END_OF_CYLINDER 0x20
#define ECKD_NO_RECORD	     0x08
#define ECKD_FILE_PROTECTED  0x04
/* Format 0: messages of byte 7 */
#define ECKD_M_COMMAND	     0x01
#define ECKD_M_SEQUENCE	     0x02
#define ECKD_M_SHORT	     0x03
#define ECKD_M_PARAMETER     0x04

/* Locate Record, byte 0, bits 2 to 7 */
#define ECKD_OP_ORIENT	     0x00
#define ECKD_OP_WRITE_DATA   0x01
#define ECKD_OP_FORMAT	     0x03
#define ECKD_OP_READ_DATA    0x06
#define ECKD_OP_READ	     0x16

/* Data commands: bit 0 is multi-track. */
#define ECKD_MULTI_TRACK     0x80

/* Where the head is. */
enum eckd_place {
	ECKD_BETWEEN, /* before the count of the record at @at */
	ECKD_BEHIND_COUNT, /* of @record */
	ECKD_BEHIND_DATA, /* of @record */
};

/**
 * struct eckd - a disk
 * @ckd: what is on it
 * @sense: of the latest unit check
 * @extent: there has been a Define Extent in this program
 * @located: there has been a Locate Record; the following are of its domain
 * @mask: what may be written, byte 0 of Define Extent
 * @first: first track of the extent
 * @last: last one
 * @op: of the domain, ECKD_OP_*
 * @left: commands of the domain to come
 * @track: where the head is
 * @place: likewise
 * @at: likewise, offset in the track's slot
 * @record: likewise
 * @found: a Search ID Equal has matched @record, and nothing came in between
 * @turns: times the index has passed since something was found
 */
struct eckd {
	struct ckd ckd;
	u8 sense[32];
	bool extent;
	bool located;
	u8 mask;
	u32 first;
	u32 last;
	u8 op;
	unsigned int left;
	u32 track;
	enum eckd_place place;
	u32 at;
	struct ckd_record record;
	bool found;
	unsigned int turns;
};

/* A unit check with sense data. */
u8 eckd_check(struct eckd *e, struct hosted_command *c, u8 sense0, u8 sense1, u8 message);
/* A command that brings data in; with its ending status. */
u8 eckd_give(struct hosted_command *c, const void *from, u32 n);

/* eckd_place.c: where to */
u8 eckd_define_extent(struct eckd *e, struct hosted_command *c);
u8 eckd_locate_record(struct eckd *e, struct hosted_command *c);
u8 eckd_seek(struct eckd *e, struct hosted_command *c);
u8 eckd_search_id(struct eckd *e, struct hosted_command *c);
/* The head is before the index point of a track. */
void eckd_at_index(struct eckd *e, u32 track);
/*
 * Goes behind the count of the next record but record 0, or of the one whose count has
 * just been passed if @this_one; 0 or a unit check.
 */
u8 eckd_to_record(struct eckd *e, struct hosted_command *c, bool this_one);

/* eckd_data.c: reading and writing there */
u8 eckd_read_data(struct eckd *e, struct hosted_command *c);
u8 eckd_read_key_data(struct eckd *e, struct hosted_command *c);
u8 eckd_read_count(struct eckd *e, struct hosted_command *c);
u8 eckd_read_ckd(struct eckd *e, struct hosted_command *c);
u8 eckd_read_r0(struct eckd *e, struct hosted_command *c);
u8 eckd_read_home(struct eckd *e, struct hosted_command *c);
u8 eckd_write_data(struct eckd *e, struct hosted_command *c);
u8 eckd_write_key_data(struct eckd *e, struct hosted_command *c);
u8 eckd_write_ckd(struct eckd *e, struct hosted_command *c);

#endif
