// SPDX-License-Identifier: GPL-2.0-only
/*
 * nop.c - a device that does nothing, and remembers
 *
 * NO-OPERATION, Sense, Sense ID; Read returns what the latest Write has brought.
 * Everything else is rejected.
 */
#include <stdlib.h>

#include <shim/cio.h>

#include "hosted.h"

#define CMD_WRITE	  0x01
#define CMD_READ	  0x02
#define CMD_NOP		  0x03
#define CMD_SENSE	  0x04
#define CMD_READ_BACKWARD 0x0c
#define CMD_SENSE_ID	  0xe4
#define ENDS		  (DEV_STAT_CHN_END | DEV_STAT_DEV_END)
#define SENSE_REJECT	  0x80

struct nop {
	u8 data[65536];
	u32 size;
	u8 sense[32];
};

/* 3832 and no device. */
static const u8 id[] = { 0xff, 0x38, 0x32, 0x01, 0, 0, 0 };

static u8 give(struct hosted_command *c, const u8 *from, u32 n)
{
	c->done = min(c->size, n);
	memcpy(c->data, from, c->done);
	return ENDS;
}

static u8 take(struct nop *nop, struct hosted_command *c)
{
	c->done = min(c->size, (u32)sizeof(nop->data));
	memcpy(nop->data, c->data, c->done);
	nop->size = c->done;
	return ENDS;
}

static u8 reject(struct nop *nop, struct hosted_command *c)
{
	c->done = 0;
	memset(nop->sense, 0, sizeof(nop->sense));
	nop->sense[0] = SENSE_REJECT;
	memcpy(c->sense, nop->sense, sizeof(nop->sense));
	return ENDS | DEV_STAT_UNIT_CHECK;
}

static u8 carry_out(void *device, struct hosted_command *c)
{
	struct nop *nop = device;

	switch (c->code) {
	case CMD_NOP:
		c->done = c->size;
		return ENDS;
	case CMD_WRITE:
		return take(nop, c);
	case CMD_READ:
	case CMD_READ_BACKWARD:
		return give(c, nop->data, nop->size);
	case CMD_SENSE:
		return give(c, nop->sense, sizeof(nop->sense));
	case CMD_SENSE_ID:
		return give(c, id, sizeof(id));
	default:
		return reject(nop, c);
	}
}

static const struct hosted_ops ops = { .carry_out = carry_out, .free = free };

int hosted_nop_new(struct hosted_client *client, struct hosted **out)
{
	struct nop *nop = calloc(1, sizeof(*nop));
	int ret;

	if (!nop)
		return -ENOMEM;
	ret = hosted_new(client, &ops, nop, out);
	if (ret)
		free(nop);
	return ret;
}
