/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VCCW_IRB_H
#define VCCW_IRB_H

#include <linux/kconfig.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/byteorder.h>
#include <asm/cio.h>

/* First word of an SCSW: deferred condition code, function control. */
#define VCCW_SCSW_CC		0x03000000u
#define VCCW_SCSW_FCTL		0x00007000u
#define VCCW_SCSW_FCTL_START	0x00004000u

/*
 * A start, neither halted nor cleared, ended well: channel end and device end and
 * nothing else.  Looked at as words, because every I/O is.
 */
static inline bool vccw_irb_clean(const struct irb *irb)
{
	const u32 *words = (const u32 *)irb;

	return (words[0] & (VCCW_SCSW_CC | VCCW_SCSW_FCTL)) == VCCW_SCSW_FCTL_START &&
	       words[2] >> 16 == (DEV_STAT_CHN_END | DEV_STAT_DEV_END) << 8;
}

/*
 * Nothing of this part of a start's status is a failure.  The end may come in
 * parts, channel end first, and a program-controlled interruption in any.
 */
static inline bool vccw_irb_harmless(const struct irb *irb)
{
	const struct cmd_scsw *scsw = &irb->scsw.cmd;

	return !(scsw->dstat & ~(DEV_STAT_CHN_END | DEV_STAT_DEV_END)) &&
	       !(scsw->cstat & ~SCHN_STAT_PCI) && !scsw->cc;
}

/* A HALT or CLEAR has been carried out. */
static inline bool vccw_irb_stopped(const struct irb *irb)
{
	return irb->scsw.cmd.fctl & (SCSW_FCTL_HALT_FUNC | SCSW_FCTL_CLEAR_FUNC);
}

/*
 * The subchannel or the device is still at it.  After a HALT only primary status
 * says so: Hercules leaves the activity bits alone when it halts.
 */
static inline bool vccw_irb_goes_on(const struct irb *irb)
{
	const struct cmd_scsw *scsw = &irb->scsw.cmd;

	return scsw->actl & (SCSW_ACTL_SCHACT | SCSW_ACTL_DEVACT) &&
	       !(scsw->stctl & SCSW_STCTL_SEC_STATUS) &&
	       (!vccw_irb_stopped(irb) || scsw->stctl & SCSW_STCTL_PRIM_STATUS);
}

/* To where others read it: as the architecture lays it out. */
static __always_inline void vccw_irb_store(void *to, const struct irb *irb)
{
	BUILD_BUG_ON(sizeof(*irb) % sizeof(u32));
	if (IS_ENABLED(CONFIG_CPU_BIG_ENDIAN))
		memcpy(to, irb, sizeof(*irb));
	else
		cpu_to_be32_array(to, (const u32 *)irb, sizeof(*irb) / sizeof(u32));
}

void vccw_irb_merge(const struct irb *earlier, struct irb *later);
void vccw_irb_make(struct irb *irb, u8 function, u8 cstat);
void vccw_irb_hide_addresses(struct irb *irb);

#endif /* VCCW_IRB_H */
