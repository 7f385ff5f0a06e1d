// SPDX-License-Identifier: GPL-2.0-only
/* eckd.c - a 3390 behind a 3990: its commands, and what it says of itself */
#include "eckd.h"

#include <stdlib.h>

#define CMD_NOP		    0x03
#define CMD_SET_SECTOR	    0x23
#define CMD_SENSE	    0x04
#define CMD_SENSE_ID	    0xe4
#define CMD_CHARACTERISTICS 0x64
#define CHARACTERISTICS	    64

u8 eckd_check(struct eckd *e, struct hosted_command *c, u8 sense0, u8 sense1, u8 message)
{
	u32 cylinder = e->track / CKD_HEADS, head = e->track % CKD_HEADS;

	memset(e->sense, 0, sizeof(e->sense));
	e->sense[0] = sense0;
	e->sense[1] = sense1;
	e->sense[5] = cylinder;
	e->sense[6] = cylinder >> 8 << 4 | head;
	e->sense[7] = message;
	memcpy(c->sense, e->sense, sizeof(e->sense));
	c->done = 0;
	return ECKD_ENDS | DEV_STAT_UNIT_CHECK;
}

u8 eckd_give(struct hosted_command *c, const void *from, u32 n)
{
	c->done = min(c->size, n);
	memcpy(c->data, from, c->done);
	return ECKD_ENDS;
}

static u8 nop(struct eckd *e, struct hosted_command *c)
{
	(void)e;
	c->done = c->size;
	return ECKD_ENDS;
}

/* It is told once. */
static u8 sense(struct eckd *e, struct hosted_command *c)
{
	u8 status = eckd_give(c, e->sense, sizeof(e->sense));

	memset(e->sense, 0, sizeof(e->sense));
	return status;
}

/* A 3990 model C2 with a 3390 model 06. */
static u8 sense_id(struct eckd *e, struct hosted_command *c)
{
	static const u8 id[] = { 0xff, 0x39, 0x90, 0xc2, 0x33, 0x90, 0x06 };

	(void)e;
	return eckd_give(c, id, sizeof(id));
}

static u8 characteristics(struct eckd *e, struct hosted_command *c)
{
	u32 cylinders = e->ckd.tracks / CKD_HEADS;
	u8 p[CHARACTERISTICS] = {
		0x39,
		0x90,
		0xc2, /* control unit */
		0x33,
		0x90,
		0x06, /* device */
		[10] = 0x20,
		0x26, /* disk, 3390 */
		[12] = cylinders >> 8,
		cylinders,
		0,
		CKD_HEADS,
		[16] = 224, /* sectors */
		[17] = 0x00,
		0xe5,
		0xa2, /* bytes of a track */
		[22] = 2,
		34,
		19,
		9,
		6,
		116, /* the formula for records, and its factors */
	};

	return eckd_give(c, p, sizeof(p));
}

static const struct {
	u8 code;
	bool multi_track; /* there is one with that bit, too */
	u8 (*carry_out)(struct eckd *e, struct hosted_command *c);
} commands[] = {
	{ CMD_NOP, false, nop },
	{ CMD_SET_SECTOR, false, nop },
	{ CMD_SENSE, false, sense },
	{ CMD_SENSE_ID, false, sense_id },
	{ CMD_CHARACTERISTICS, false, characteristics },
	{ 0x63, false, eckd_define_extent },
	{ 0x47, false, eckd_locate_record },
	{ 0x07, false, eckd_seek },
	{ 0x0b, false, eckd_seek },
	{ 0x31, true, eckd_search_id },
	{ 0x06, true, eckd_read_data },
	{ 0x0e, true, eckd_read_key_data },
	{ 0x12, true, eckd_read_count },
	{ 0x1e, true, eckd_read_ckd },
	{ 0x16, true, eckd_read_r0 },
	{ 0x1a, true, eckd_read_home },
	{ 0x05, true, eckd_write_data },
	{ 0x0d, true, eckd_write_key_data },
	{ 0x1d, false, eckd_write_ckd },
};

static u8 carry_out(void *device, struct hosted_command *c)
{
	struct eckd *e = device;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (c->code == commands[i].code ||
		    (commands[i].multi_track && c->code == (commands[i].code | ECKD_MULTI_TRACK)))
			return commands[i].carry_out(e, c);
	return eckd_check(e, c, ECKD_REJECT, 0, ECKD_M_COMMAND);
}

/* Nothing holds from one program to the next. */
static void begin(void *device)
{
	struct eckd *e = device;

	e->extent = false;
	e->located = false;
	e->mask = 0;
	e->first = 0;
	e->last = e->ckd.tracks - 1;
	e->left = 0;
	eckd_at_index(e, e->track);
}

static void release(void *device)
{
	struct eckd *e = device;

	ckd_close(&e->ckd);
	free(e);
}

static const struct hosted_ops ops = {
	.begin = begin,
	.carry_out = carry_out,
	.free = release,
};

int hosted_3390_new(struct hosted_client *client, const char *path, uint32_t cylinders,
		    struct hosted **out)
{
	struct eckd *e = calloc(1, sizeof(*e));
	int ret;

	if (!e)
		return -ENOMEM;
	ret = ckd_open(path, cylinders, &e->ckd);
	if (ret) {
		free(e);
		return ret;
	}
	ret = hosted_new(client, &ops, e, out);
	if (ret)
		release(e);
	return ret;
}
