// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interruption-response blocks: what one says, two in one, and one for an end
 * that the subchannel has no status for.
 *
 * Principles of Operation, chapter 16 (subchannel-status word, extended-status
 * word).
 */
#include <linux/string.h>
#include "vccw_irb.h"

/**
 * vccw_irb_merge - two parts of the status of one function in one IRB
 * @earlier: the part the client has not been given
 * @later: the part that came after it; the whole on return
 *
 * As the subchannel itself does it with status that is not cleared in time.
 * The residual count belongs to the part with primary status.
 */
void vccw_irb_merge(const struct irb *earlier, struct irb *later)
{
	const struct cmd_scsw *from = &earlier->scsw.cmd;
	struct cmd_scsw *to = &later->scsw.cmd;

	if (from->stctl & SCSW_STCTL_PRIM_STATUS)
		to->count = from->count;
	to->dstat |= from->dstat;
	to->cstat |= from->cstat;
	to->stctl |= from->stctl;
	/* Sense data come once. */
	if (from->eswf && earlier->esw.esw0.erw.cons) {
		to->eswf = 1;
		later->esw = earlier->esw;
		memcpy(later->ecw, earlier->ecw, sizeof(later->ecw));
	}
}

/**
 * vccw_irb_make - an IRB for a function that ends without status of its own
 * @irb: filled in
 * @function: SCSW_FCTL_START_FUNC, _HALT_FUNC or _CLEAR_FUNC
 * @cstat: for START: the subchannel status to end it with
 */
void vccw_irb_make(struct irb *irb, u8 function, u8 cstat)
{
	struct cmd_scsw *scsw = &irb->scsw.cmd;

	memset(irb, 0, sizeof(*irb));
	scsw->fctl = function;
	scsw->stctl = SCSW_STCTL_STATUS_PEND;
	if (function != SCSW_FCTL_START_FUNC)
		return;
	scsw->stctl |= SCSW_STCTL_ALERT_STATUS | SCSW_STCTL_PRIM_STATUS |
		       SCSW_STCTL_SEC_STATUS;
	scsw->fmt = 1;
	scsw->pfch = 1;
	scsw->cstat = cstat;
}

/**
 * vccw_irb_hide_addresses - take host addresses out of the extended status
 * @irb: the IRB
 *
 * With some errors the extended-status word, format 0, names the storage that
 * failed and a second CCW, by host addresses the client has no use for.
 */
void vccw_irb_hide_addresses(struct irb *irb)
{
	struct esw0 *esw = &irb->esw.esw0;

	if (!irb->scsw.cmd.eswf || !(esw->erw.fsavf || esw->erw.scavf))
		return;
	esw->erw.fsavf = 0;
	esw->erw.scavf = 0;
	memset(esw->faddr, 0, sizeof(esw->faddr));
	esw->saddr = u32_to_dma32(0);
}
