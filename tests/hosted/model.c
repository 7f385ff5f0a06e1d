// SPDX-License-Identifier: MIT
#include "model.h"

#include <string.h>

#define MAX_CCWS	       3000
#define MAX_DATA	       (1U << 20)

#define CC		       0x40
#define CD		       0x80
#define SLI		       0x20
#define SKIP		       0x10
#define IDA		       0x04

#define CHANNEL_END_DEVICE_END 0x0c
#define UNIT_CHECK	       0x02
#define INCORRECT_LENGTH       0x40

struct ccw {
	uint32_t at;
	uint8_t cmd;
	uint8_t flags;
	uint16_t count;
	uint32_t cda;
};

/* One byte; false if it is not mapped. */
static uint8_t *byte(struct model *m, uint64_t iova)
{
	for (unsigned int i = 0; i < 2; i++)
		if (iova >= m->memory[i].iova && iova - m->memory[i].iova < m->memory[i].bytes)
			return m->memory[i].at + (iova - m->memory[i].iova);
	return NULL;
}

/* As it was before. */
static const uint8_t *old_byte(const struct model *m, uint64_t iova)
{
	for (unsigned int i = 0; i < 2; i++)
		if (iova >= m->memory[i].iova && iova - m->memory[i].iova < m->memory[i].bytes)
			return m->memory[i].before + (iova - m->memory[i].iova);
	return NULL;
}

/* A number of so many bytes, the first the highest. */
static bool number(struct model *m, uint64_t iova, unsigned int bytes, uint64_t *value)
{
	for (*value = 0; bytes; bytes--, iova++) {
		const uint8_t *b = old_byte(m, iova);

		if (!b)
			return false;
		*value = *value << 8 | *b;
	}
	return true;
}

static bool fetch(struct model *m, uint32_t at, struct ccw *ccw)
{
	uint64_t raw;

	if (at % 8 || !number(m, at, 8, &raw))
		return false;
	ccw->at = at;
	ccw->cmd = raw >> 56;
	if (m->format1) {
		ccw->flags = raw >> 48;
		ccw->count = raw >> 32;
		ccw->cda = raw;
	} else {
		ccw->cda = raw >> 32 & 0xffffff;
		ccw->flags = raw >> 24;
		ccw->count = raw;
	}
	return true;
}

static bool is_tic(const struct model *m, const struct ccw *ccw)
{
	return m->format1 ? ccw->cmd == 0x08 : (ccw->cmd & 0x0f) == 0x08;
}

/* The CCW at an address, or the one a TIC there leads to. */
static bool follow(struct model *m, uint32_t at, struct ccw *ccw)
{
	if (!fetch(m, at, ccw))
		return false;
	if (!is_tic(m, ccw))
		return true;
	if (m->format1 && (ccw->flags || ccw->count))
		return false;
	return fetch(m, ccw->cda, ccw) && !is_tic(m, ccw);
}

static bool backward(uint8_t cmd)
{
	return (cmd & 0x0f) == 0x0c;
}

static bool reads(uint8_t cmd)
{
	return (cmd & 0x03) == 0x02 || (cmd & 0x0f) == 0x04 || backward(cmd);
}

/* Where the data of a CCW are, byte after byte. */
struct walk {
	uint64_t at;
	uint64_t list; /* where the current IDAW is */
	uint32_t moved;
};

static unsigned int idaw_bytes(const struct model *m)
{
	return m->idaw_format2 ? 8 : 4;
}

static uint32_t block(const struct model *m)
{
	return !m->idaw_format2 || m->idaw_2k ? 2048 : 4096;
}

static bool walk_begin(struct model *m, const struct ccw *ccw, struct walk *w)
{
	w->list = ccw->cda;
	w->at = ccw->cda;
	w->moved = 0;
	return !(ccw->flags & IDA) || number(m, w->list, idaw_bytes(m), &w->at);
}

/* On to the next byte. */
static bool walk_on(struct model *m, const struct ccw *ccw, uint8_t cmd, struct walk *w)
{
	bool last_of_block;

	w->moved++;
	last_of_block = backward(cmd) ? w->at % block(m) == 0 : w->at % block(m) == block(m) - 1;
	if (!(ccw->flags & IDA) || !last_of_block || w->moved == ccw->count) {
		w->at += backward(cmd) ? -1 : 1;
		return true;
	}
	w->list += idaw_bytes(m);
	if (!number(m, w->list, idaw_bytes(m), &w->at))
		return false;
	return backward(cmd) ? w->at % block(m) == block(m) - 1 : w->at % block(m) == 0;
}

/* A command with its data chain: its CCWs, and how many bytes they hold. */
struct command {
	uint8_t cmd;
	struct ccw ccws[256];
	unsigned int n;
	uint32_t size;
};

static bool valid(const struct model *m, const struct ccw *ccw, bool chained)
{
	if (!chained && (!(ccw->cmd & 0x0f) || (ccw->cmd & 0x0f) == 0x08))
		return false;
	if (ccw->flags & 0x03 || ccw->cda > 0x7fffffff)
		return false;
	return ccw->count || (m->format1 && !chained && !(ccw->flags & CD));
}

static enum model_end collect(struct model *m, const struct ccw *first, struct command *c)
{
	c->cmd = first->cmd;
	c->ccws[0] = *first;
	c->size = 0;
	for (c->n = 1;; c->n++) {
		const struct ccw *ccw = &c->ccws[c->n - 1];

		if (!valid(m, ccw, c->n > 1))
			return MODEL_WRONG;
		c->size += ccw->count;
		if (!(ccw->flags & CD))
			return MODEL_ENDED;
		if (c->n == 256 || c->size > MAX_DATA)
			return MODEL_ENDLESS;
		if (!follow(m, ccw->at + 8, &c->ccws[c->n]))
			return MODEL_WRONG;
	}
}

/* Moves bytes of one CCW. */
static bool move_ccw(struct model *m, const struct ccw *ccw, uint8_t cmd, uint8_t *buffer,
		     uint32_t n)
{
	struct walk w;

	if (!walk_begin(m, ccw, &w))
		return false;
	for (;; buffer++) {
		uint8_t *b = byte(m, w.at);

		if (!b)
			return false;
		if (reads(cmd))
			*b = *buffer;
		else
			*buffer = *b;
		if (!--n)
			return true;
		if (!walk_on(m, ccw, cmd, &w))
			return false;
	}
}

/*
 * Moves @n bytes of the command's data, from or to @buffer.
 * @last: receives the CCW at which they end, @left how much of it is left.
 */
static bool move(struct model *m, struct command *c, uint8_t *buffer, uint32_t n,
		 const struct ccw **last, uint32_t *left)
{
	for (unsigned int i = 0;; i++) {
		const struct ccw *ccw = &c->ccws[i];
		uint32_t part = n < ccw->count ? n : ccw->count;

		*last = ccw;
		*left = ccw->count - part;
		if (part && !(reads(c->cmd) && ccw->flags & SKIP) &&
		    !move_ccw(m, ccw, c->cmd, buffer, part))
			return false;
		buffer += part;
		n -= part;
		if (*left || i + 1 == c->n)
			return true;
	}
}

/* What the device has for a command that reads; how much. */
static uint32_t device_gives(struct model *m, uint8_t cmd, uint8_t *to, uint8_t *dstat)
{
	static const uint8_t id[] = { 0xff, 0x38, 0x32, 0x01, 0, 0, 0 };
	struct model_device *d = &m->device;

	switch (cmd) {
	case 0x02:
	case 0x0c:
		memcpy(to, d->data, d->size);
		return d->size;
	case 0x04:
		memcpy(to, d->sense, sizeof(d->sense));
		return sizeof(d->sense);
	case 0xe4:
		memcpy(to, id, sizeof(id));
		return sizeof(id);
	default:
		memset(d->sense, 0, sizeof(d->sense));
		d->sense[0] = 0x80;
		*dstat |= UNIT_CHECK;
		return 0;
	}
}

/* How much of what is written the device takes. */
static uint32_t device_takes(struct model *m, uint8_t cmd, const uint8_t *from, uint32_t n,
			     uint8_t *dstat)
{
	struct model_device *d = &m->device;

	if (cmd == 0x03)
		return n;
	if (cmd == 0x01) {
		d->size = n < sizeof(d->data) ? n : sizeof(d->data);
		memcpy(d->data, from, d->size);
		return d->size;
	}
	memset(d->sense, 0, sizeof(d->sense));
	d->sense[0] = 0x80;
	*dstat |= UNIT_CHECK;
	return 0;
}

/* Carries out one command; where the program goes on, 0 at its end. */
static bool carry_out(struct model *m, struct command *c, uint32_t *next)
{
	static uint8_t buffer[MAX_DATA + 65536];
	const struct ccw *last = &c->ccws[c->n - 1];
	uint8_t dstat = CHANNEL_END_DEVICE_END;
	bool suppressed, chains;
	uint32_t left, done;

	if (reads(c->cmd)) {
		done = device_gives(m, c->cmd, buffer, &dstat);
		done = done < c->size ? done : c->size;
		if (!move(m, c, buffer, done, &last, &left))
			return false;
	} else {
		/* A NO-OPERATION names no data. */
		if (c->cmd != 0x03 && c->size && !move(m, c, buffer, c->size, &last, &left))
			return false;
		last = &c->ccws[c->n - 1];
		left = c->size - device_takes(m, c->cmd, buffer, c->size, &dstat);
	}
	/* Chain data outdoes the other two flags. */
	suppressed = last->flags & SLI && !(last->flags & CD);
	chains = last->flags & CC && !(last->flags & CD);
	m->cstat = left && c->size && !suppressed && !(dstat & UNIT_CHECK) ? INCORRECT_LENGTH : 0;
	m->dstat = dstat;
	m->count = left;
	m->end_cpa = last->at + 8;
	*next = chains && !m->cstat && !(dstat & UNIT_CHECK) ? last->at + 8 : 0;
	return true;
}

enum model_end model_run(struct model *m)
{
	static struct command command;
	enum model_end end;
	struct ccw ccw;
	uint32_t next;

	if (!fetch(m, m->cpa, &ccw) || is_tic(m, &ccw))
		return MODEL_WRONG;
	for (unsigned int n = 0; n < MAX_CCWS; n += command.n) {
		end = collect(m, &ccw, &command);
		if (end != MODEL_ENDED)
			return end;
		if (!carry_out(m, &command, &next))
			return MODEL_WRONG;
		if (!next)
			return MODEL_ENDED;
		if (!follow(m, next, &ccw))
			return MODEL_WRONG;
	}
	return MODEL_ENDLESS;
}
