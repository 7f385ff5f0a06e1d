/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two instructions every I/O takes, inline.
 *
 * The channel subsystem's own are functions, and TEST SUBCHANNEL's is not
 * exported.  Principles of Operation, chapter 14.
 */
#ifndef VCCW_IOASM_H
#define VCCW_IOASM_H

#include <asm/asm-extable.h>
#include <asm/cio.h>
#include <asm/schid.h>
#include "orb.h"

/* What both take in general register 1. */
static inline unsigned long vccw_schid(struct subchannel_id schid)
{
	return *(u32 *)&schid;
}

/**
 * vccw_ssch - START SUBCHANNEL
 * @schid: the subchannel
 * @orb: the operation-request block
 *
 * Return: condition code, or -EIO for an operand exception.
 */
static inline int vccw_ssch(struct subchannel_id schid, const union orb *orb)
{
	int cc = -EIO;

	asm volatile("	lgr	1,%[schid]\n"
		     "	ssch	%[orb]\n"
		     "0:	ipm	%[cc]\n"
		     "	srl	%[cc],28\n"
		     "1:\n"
		     EX_TABLE(0b, 1b)
		     : [cc] "+d" (cc)
		     : [schid] "d" (vccw_schid(schid)), [orb] "Q" (*orb)
		     : "cc", "memory", "1");
	return cc;
}

/**
 * vccw_tsch - TEST SUBCHANNEL
 * @schid: the subchannel
 * @irb: receives the interruption-response block
 *
 * Return: condition code: 0 if status was pending, 1 if none was, 3.
 */
static inline int vccw_tsch(struct subchannel_id schid, struct irb *irb)
{
	int cc;

	asm volatile("	lgr	1,%[schid]\n"
		     "	tsch	%[irb]\n"
		     "	ipm	%[cc]\n"
		     "	srl	%[cc],28\n"
		     : [cc] "=d" (cc), [irb] "=Q" (*irb)
		     : [schid] "d" (vccw_schid(schid))
		     : "cc", "1");
	return cc;
}

#endif /* VCCW_IOASM_H */
