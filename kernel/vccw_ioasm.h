/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instructions every I/O takes, inline.
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
 * vccw_ssch_accepted - START SUBCHANNEL, expected to be accepted
 * @schid: the subchannel
 * @orb: the operation-request block
 *
 * Return: whether it was; if not, vccw_ssch() says why.
 */
static __always_inline bool vccw_ssch_accepted(struct subchannel_id schid,
					       const union orb *orb)
{
	register unsigned long r1 asm("1") = vccw_schid(schid);

	asm goto("	ssch	%[orb]\n"
		 "0:	jz	2f\n"
		 "1:	j	%l[not]\n"
		 "2:\n"
		 EX_TABLE(0b, 1b)
		 : : "d" (r1), [orb] "Q" (*orb) : "cc", "memory" : not);
	return true;
not:
	return false;
}

/**
 * vccw_tsch_pending - TEST SUBCHANNEL
 * @schid: the subchannel
 * @irb: receives the interruption-response block
 *
 * Return: whether status was pending; it is no longer.
 */
static __always_inline bool vccw_tsch_pending(struct subchannel_id schid,
					      struct irb *irb)
{
	register unsigned long r1 asm("1") = vccw_schid(schid);

	asm goto("	tsch	%[irb]\n"
		 "	jnz	%l[not]\n"
		 : : "d" (r1), [irb] "Q" (*irb) : "cc", "memory" : not);
	return true;
not:
	return false;
}

/**
 * vccw_stckf - STORE CLOCK FAST
 * @tod: receives the TOD clock
 *
 * As get_tod_clock_fast(), to where it is to be.
 */
static __always_inline void vccw_stckf(u64 *tod)
{
	asm volatile("stckf	%0" : "=Q" (*tod) : : "cc");
}

#endif /* VCCW_IOASM_H */
