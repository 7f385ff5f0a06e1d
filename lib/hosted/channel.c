// SPDX-License-Identifier: GPL-2.0-only
/*
 * channel.c - a channel that carries out programs
 *
 * What it is given is the driver's translation: CCWs of format 1 and IDAWs of format 2,
 * with addresses of this process, words in this machine's byte order.  It checks what
 * a channel checks.  Where it is led it looks at what it may touch: the driver's own
 * memory, and pages of the client's that are pinned.
 *
 * Principles of Operation, chapter 15 (execution of channel programs).
 */
#include "css.h"

#define CMD_TIC		  0x08
#define CMD_READ_BACKWARD 0x0c
#define FLAG_MIDA	  0x01
#define ADDR31		  0x7fffffffU
/* Data of one command, data chaining included, that a device is shown at once. */
#define MAX_DATA	  (1U << 20)

struct run {
	const struct channel *channel;
	struct irb *irb;
	const struct ccw1 *ccw;
	bool idaw_2k;
	u8 sense[32];
};

static struct cmd_scsw *scsw(struct run *r)
{
	return &r->irb->scsw.cmd;
}

/* The end: the address behind the CCW, and why. */
static void end(struct run *r, u8 dstat, u8 cstat, u32 residual)
{
	scsw(r)->cpa = virt_to_dma32((void *)(r->ccw + 1));
	scsw(r)->dstat = dstat;
	scsw(r)->cstat |= cstat;
	scsw(r)->count = residual;
}

static void program_check(struct run *r)
{
	end(r, 0, SCHN_STAT_PROG_CHECK, r->ccw->count);
}

static bool is_read(u8 cmd)
{
	return (cmd & 3) == 2 || (cmd & 0xf) == 4 || (cmd & 0xf) == CMD_READ_BACKWARD;
}

static bool is_backward(u8 cmd)
{
	return (cmd & 0xf) == CMD_READ_BACKWARD;
}

/* CCWs and IDAWs are in memory of the driver's. */
static void check_own(const void *at, size_t n)
{
	WARN_ON_ONCE(!shim_is_low(at, n));
}

static const struct ccw1 *target(const struct ccw1 *tic)
{
	const struct ccw1 *ccw = dma32_to_virt(tic->cda);

	check_own(ccw, sizeof(*ccw));
	return ccw;
}

/* Is a CCW, not a TIC, one that a channel accepts?  @cmd: what it belongs to. */
static bool valid(const struct ccw1 *ccw, u8 cmd, bool chained)
{
	if (!(cmd & 0xf) || (!chained && (ccw->cmd_code & 0xf) == CMD_TIC))
		return false;
	if (ccw->flags & (FLAG_MIDA | CCW_FLAG_SUSPEND) || dma32_to_u32(ccw->cda) > ADDR31)
		return false;
	return ccw->count || !(chained || ccw->flags & CCW_FLAG_DC);
}

/* Bytes from @at on that are in one IDAW block, going the way the data go. */
static u32 in_block(const struct run *r, u64 at, bool backward)
{
	u32 size = r->idaw_2k ? 2048 : 4096;

	return backward ? at % size + 1 : size - at % size;
}

/* Bytes of one block: what is first in the buffer is last in the area, going backward. */
static void move_block(u8 cmd, u8 *area, u8 *buffer, u32 n)
{
	if (is_backward(cmd))
		for (u32 i = 0; i < n; i++)
			area[n - 1 - i] = buffer[i];
	else if (is_read(cmd))
		memcpy(area, buffer, n);
	else
		memcpy(buffer, area, n);
}

/* Moves bytes between the data area of a CCW and a buffer. */
static void move(struct run *r, const struct ccw1 *ccw, u8 cmd, u8 *buffer, u32 n)
{
	const u64 *idaws = dma32_to_virt(ccw->cda);
	bool backward = is_backward(cmd), ida = ccw->flags & CCW_FLAG_IDA;
	u64 at;

	if (ida)
		check_own(idaws, sizeof(*idaws));
	at = ida ? *idaws : dma32_to_u32(ccw->cda);
	for (u32 moved = 0; moved < n;) {
		u32 part = ida ? min(in_block(r, at, backward), n - moved) : n - moved;
		u8 *area = (u8 *)(uintptr_t)(backward ? at - part + 1 : at);

		WARN_ON_ONCE(!r->channel->may_touch(area, part));
		move_block(cmd, area, buffer + moved, part);
		moved += part;
		if (!ida || moved == n)
			continue;
		check_own(++idaws, sizeof(*idaws));
		at = *idaws;
	}
}

/* The next CCW of a data chain, which a TIC may lead to. */
static const struct ccw1 *chained_to(const struct ccw1 *ccw)
{
	check_own(++ccw, sizeof(*ccw));
	return ccw->cmd_code == CMD_TIC && !ccw->flags && !ccw->count ? target(ccw) : ccw;
}

/*
 * How many bytes a command with its data chain can move, and its last CCW; false: not a
 * valid chain.
 */
static bool measure(struct run *r, u8 cmd, u32 *size, const struct ccw1 **last)
{
	const struct ccw1 *ccw = r->ccw;
	bool chained = false;

	for (*size = 0;; ccw = chained_to(ccw)) {
		*last = ccw;
		if (!valid(ccw, cmd, chained) || *size + ccw->count > MAX_DATA) {
			r->ccw = ccw;
			return false;
		}
		*size += ccw->count;
		if (!(ccw->flags & CCW_FLAG_DC))
			return true;
		chained = true;
	}
}

/* Distributes the data of a command over its chain, or collects them. */
static u32 transfer(struct run *r, u8 cmd, u8 *buffer, u32 n)
{
	u32 moved = 0;

	for (;; r->ccw = chained_to(r->ccw)) {
		u32 part = min((u32)r->ccw->count, n - moved);

		if (part && !(is_read(cmd) && r->ccw->flags & CCW_FLAG_SKIP))
			move(r, r->ccw, cmd, buffer + moved, part);
		moved += part;
		if (part < r->ccw->count || !(r->ccw->flags & CCW_FLAG_DC))
			return r->ccw->count - part;
	}
}

void channel_sense(struct irb *irb, const u8 *sense)
{
	struct erw *erw = &irb->esw.esw0.erw;

	/* As the driver's stock counterpart has it: concurrent sense. */
	irb->scsw.cmd.eswf = 1;
	erw->cons = 1;
	erw->scnt = sizeof(irb->ecw);
	for (unsigned int i = 0; i < sizeof(irb->ecw); i += 4) {
		u32 word = (u32)sense[i] << 24 | sense[i + 1] << 16 | sense[i + 2] << 8 |
			   sense[i + 3];

		memcpy(irb->ecw + i, &word, sizeof(word));
	}
}

/* Carries out the command at r->ccw: true if the program goes on behind it. */
static bool command(struct run *r)
{
	u8 *buffer, cmd = r->ccw->cmd_code, flags, dstat, cstat = 0;
	const struct ccw1 *last, *first = r->ccw;
	struct hosted_command c = { .code = cmd, .sense = r->sense };
	u32 size, residual;

	if (!measure(r, cmd, &size, &last)) {
		program_check(r);
		return false;
	}
	buffer = calloc(1, size ?: 1);
	WARN_ON_ONCE(!buffer);
	c.data = buffer;
	c.size = size;
	if (!is_read(cmd)) {
		transfer(r, cmd, buffer, size);
		r->ccw = first;
	}
	dstat = r->channel->ops->carry_out(r->channel->device, &c);
	residual = is_read(cmd) ? transfer(r, cmd, buffer, c.done) : size - c.done;
	if (!is_read(cmd))
		r->ccw = last;
	free(buffer);
	flags = r->ccw->flags;
	/* Chain data, with data left over, outdoes the other two flags. */
	if (flags & CCW_FLAG_DC)
		flags &= ~(CCW_FLAG_CC | CCW_FLAG_SLI);
	if (residual && !(flags & CCW_FLAG_SLI) && size && !(dstat & DEV_STAT_UNIT_CHECK))
		cstat = SCHN_STAT_INCORR_LEN;
	if (dstat & DEV_STAT_UNIT_CHECK)
		channel_sense(r->irb, r->sense);
	if (!(flags & CCW_FLAG_CC) || cstat ||
	    dstat & ~(DEV_STAT_CHN_END | DEV_STAT_DEV_END | DEV_STAT_STAT_MOD)) {
		end(r, dstat, cstat, residual);
		return false;
	}
	r->ccw += dstat & DEV_STAT_STAT_MOD ? 2 : 1;
	check_own(r->ccw, sizeof(*r->ccw));
	return true;
}

/* Follows a TIC; one must not lead to another. */
static bool follow_tic(struct run *r)
{
	if (r->ccw->cmd_code != CMD_TIC)
		return true;
	r->ccw = target(r->ccw);
	return r->ccw->cmd_code != CMD_TIC;
}

bool channel_run(const struct channel *channel, const union orb *orb, struct irb *irb)
{
	struct run r = {
		.channel = channel,
		.irb = irb,
		.ccw = dma32_to_virt(orb->cmd.cpa),
		.idaw_2k = orb->cmd.i2k,
	};
	bool first = true;

	memset(irb, 0, sizeof(*irb));
	if (channel->ops->begin)
		channel->ops->begin(channel->device);
	do {
		if (channel->stop(channel->arg))
			return false;
		if ((first && r.ccw->cmd_code == CMD_TIC) || !follow_tic(&r)) {
			program_check(&r);
			return true;
		}
		if (!first && r.ccw->flags & CCW_FLAG_PCI)
			channel->pci(channel->arg, virt_to_dma32((void *)(r.ccw + 1)));
		first = false;
	} while (command(&r));
	return true;
}
