// SPDX-License-Identifier: MIT
#include "model.h"

/* More than this is not looked at: CCWs, and bytes there is room for. */
#define MAX_CCWS	 5000
#define MAX_CHAIN	 256
#define MAX_DATA	 (1U << 17)
#define MAX_ALL		 (1U << 20)

#define UNIT_CHECK	 0x02
#define INCORRECT_LENGTH 0x40
#define PROGRAM_CHECK	 0x20

/* One byte; NULL if it is not mapped. */
static uint8_t *byte(struct model *m, uint64_t iova)
{
	for (unsigned int i = 0; i < MODEL_AREAS; i++)
		if (iova >= m->memory[i].iova && iova - m->memory[i].iova < m->memory[i].bytes)
			return m->memory[i].at + (iova - m->memory[i].iova);
	return NULL;
}

/*
 * The CCW that is @n behind another one of its part, or the one a TIC there leads to;
 * NULL if there is none.
 * @at: receives where it is, or would be
 */
static const struct model_read *behind(const struct model *m, const struct model_read *r,
				       unsigned int n, uint32_t *at)
{
	const struct model_read *to = r + n;
	struct model_ccw ccw;

	*at = r->at + n * 8;
	if (to >= m->read + m->n_read || to->part != r->part || !to->taken)
		return NULL;
	if (!to->tic)
		return to;
	model_fetch(m, to->at, &ccw);
	*at = ccw.cda;
	to = model_find(m, ccw.cda, to->chaining);
	return to && !to->tic ? to : NULL;
}

/* Where the data of a CCW are, byte after byte. */
struct walk {
	uint64_t at;
	uint64_t list; /* where the current IDAW is */
	uint32_t moved;
};

static bool walk_begin(const struct model *m, const struct model_ccw *ccw, struct walk *w)
{
	w->list = ccw->cda;
	w->at = ccw->cda;
	w->moved = 0;
	return !(ccw->flags & MODEL_IDA) || model_number(m, w->list, model_idaw_bytes(m), &w->at);
}

/* On to the next byte. */
static bool walk_on(const struct model *m, const struct model_ccw *ccw, bool backward,
		    struct walk *w)
{
	bool last_of_block = model_in_block(m, w->at, backward) == 1;

	w->moved++;
	if (!(ccw->flags & MODEL_IDA) || !last_of_block || w->moved == ccw->count) {
		w->at += backward ? -1 : 1;
		return true;
	}
	w->list += model_idaw_bytes(m);
	return model_number(m, w->list, model_idaw_bytes(m), &w->at);
}

/* A command with its data chain: its CCWs, and how many bytes they hold. */
struct command {
	uint8_t cmd;
	struct model_ccw ccws[MAX_CHAIN];
	const struct model_read *reads[MAX_CHAIN];
	unsigned int n;
	uint32_t size;
};

/*
 * Nothing of the program was taken there, and an invalid CCW stands in its place; or it is
 * a TIC that a TIC leads to.
 */
static void run_out(struct model *m, uint32_t at)
{
	m->dstat = 0;
	m->cstat = PROGRAM_CHECK;
	m->count = 0;
	m->end_cpa = at + 8;
}

/* MODEL_ENDED: the program has, because a part of the chain is missing. */
static enum model_end collect(struct model *m, const struct model_read *r, struct command *c)
{
	c->size = 0;
	for (c->n = 0; c->n < MAX_CHAIN && c->size <= MAX_DATA;) {
		struct model_ccw *ccw = &c->ccws[c->n];
		uint32_t at;

		model_fetch(m, r->at, ccw);
		/* Skipped to, one of a data chain is a command like its chain's. */
		if (!c->n)
			c->cmd = r->chaining ? r->chaining : ccw->cmd;
		c->reads[c->n++] = r;
		c->size += ccw->count;
		if (!(ccw->flags & MODEL_CD))
			return MODEL_GOES_ON;
		r = behind(m, r, 1, &at);
		if (!r) {
			run_out(m, at);
			return MODEL_ENDED;
		}
	}
	return MODEL_ENDLESS;
}

/* Moves bytes of one CCW. */
static bool move_ccw(struct model *m, const struct model_ccw *ccw, uint8_t cmd, uint8_t *buffer,
		     uint32_t n)
{
	struct walk w;

	if (!walk_begin(m, ccw, &w))
		return false;
	for (;; buffer++) {
		uint8_t *b = byte(m, w.at);

		if (!b)
			return false;
		if (model_reads(cmd))
			*b = *buffer;
		else
			*buffer = *b;
		if (!--n)
			return true;
		if (!walk_on(m, ccw, model_backward(cmd), &w))
			return false;
	}
}

/*
 * Moves @n bytes of the command's data, from or to @buffer.
 * @last: receives the CCW at which they end, @left how much of it is left.
 */
static bool move(struct model *m, struct command *c, uint8_t *buffer, uint32_t n,
		 unsigned int *last, uint32_t *left)
{
	for (*last = 0;; ++*last) {
		const struct model_ccw *ccw = &c->ccws[*last];
		uint32_t part = n < ccw->count ? n : ccw->count;

		*left = ccw->count - part;
		if (part && !(model_reads(c->cmd) && ccw->flags & MODEL_SKIP) &&
		    !move_ccw(m, ccw, c->cmd, buffer, part))
			return false;
		buffer += part;
		n -= part;
		if (*left || *last + 1 == c->n)
			return true;
	}
}

/* Has the device carry it out. */
static bool transfer(struct model *m, struct command *c, uint8_t *dstat, unsigned int *last,
		     uint32_t *left)
{
	static uint8_t buffer[MAX_DATA];
	uint8_t sense[DEVICE_SENSE];
	struct hosted_command h = {
		.code = c->cmd, .data = buffer, .size = c->size, .sense = sense
	};

	if (model_reads(c->cmd)) {
		*dstat = device_carry_out(&m->device, &h);
		return move(m, c, buffer, h.done, last, left);
	}
	/* A NO-OPERATION names no data. */
	if (c->cmd != DEVICE_CMD_NOP && c->size && !move(m, c, buffer, c->size, last, left))
		return false;
	*dstat = device_carry_out(&m->device, &h);
	*last = c->n - 1;
	*left = c->size - h.done;
	return true;
}

/* Carries out one command; where the program goes on, NULL at its end. */
static bool carry_out(struct model *m, struct command *c, const struct model_read **next)
{
	bool suppressed, chains;
	unsigned int last = 0;
	uint32_t left, at;
	uint8_t flags;

	*next = NULL;
	if (!transfer(m, c, &m->dstat, &last, &left))
		return false;
	flags = c->ccws[last].flags;
	/* Chain data outdoes the other two flags. */
	suppressed = flags & MODEL_SLI && !(flags & MODEL_CD);
	chains = flags & MODEL_CC && !(flags & MODEL_CD);
	m->cstat = left && c->size && !suppressed && !(m->dstat & UNIT_CHECK) ? INCORRECT_LENGTH
									      : 0;
	m->count = left;
	m->end_cpa = c->reads[last]->at + 8;
	if (!chains || m->cstat || m->dstat & UNIT_CHECK)
		return true;
	*next = behind(m, c->reads[last], m->dstat & DEVICE_STATUS_MODIFIER ? 2 : 1, &at);
	if (!*next)
		run_out(m, at);
	return true;
}

enum model_end model_run(struct model *m)
{
	const struct model_read *next = m->read;
	uint32_t bytes = 0;
	static struct command command;
	enum model_end end;

	if (!next->taken) {
		run_out(m, next->at);
		return MODEL_ENDED;
	}
	for (unsigned int n = 0; n < MAX_CCWS && bytes <= MAX_ALL; n += command.n) {
		end = collect(m, next, &command);
		bytes += command.size;
		if (end != MODEL_GOES_ON)
			return end;
		if (!carry_out(m, &command, &next))
			return MODEL_WRONG;
		if (!next)
			return MODEL_ENDED;
	}
	return MODEL_ENDLESS;
}
