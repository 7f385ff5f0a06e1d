/* SPDX-License-Identifier: MIT */
/*
 * ORBs, CCWs and IRBs as byte images.  The tests build them by hand, not with
 * the library, because they must also build what the library refuses to.
 */
#ifndef CCWRING_TESTS_PROGRAM_H
#define CCWRING_TESTS_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

/* Flags in bytes 4..7 of an ORB. */
#define T_ORB_SUSPEND		0x08000000U
#define T_ORB_FORMAT1		0x00800000U
#define T_ORB_PREFETCH		0x00400000U
#define T_ORB_ADDR_LIMIT	0x00100000U
#define T_ORB_TRANSPORT		0x00040000U
#define T_ORB_IDAW64		0x00020000U
#define T_ORB_IDAW_2K		0x00010000U
#define T_ORB_LPM		0x0000ff00U
#define T_ORB_MIDAW		0x00000040U
#define T_ORB_EXTENSION		0x00000001U

/* What every well-behaved program here uses. */
#define T_ORB_PLAIN		(T_ORB_FORMAT1 | T_ORB_PREFETCH | T_ORB_IDAW64 | T_ORB_LPM)

#define T_CCW_CD		0x80
#define T_CCW_CC		0x40
#define T_CCW_SLI		0x20
#define T_CCW_SKIP		0x10
#define T_CCW_PCI		0x08
#define T_CCW_IDA		0x04
#define T_CCW_SUSPEND		0x02

#define T_CMD_NOP		0x03
#define T_CMD_TIC		0x08
#define T_CMD_SENSE_ID		0xe4

#define T_DSTAT_GOOD		0x0c /* channel end, device end */
#define T_DSTAT_CHECK		0x02 /* unit check */
#define T_DSTAT_ATTENTION	0x80

#define T_CSTAT_PCI		0x80
#define T_CSTAT_PROGRAM_CHECK	0x20
#define T_CSTAT_INTERFACE_CHECK 0x02

struct t_ccw1 {
	uint8_t command;
	uint8_t flags;
	uint16_t count;
	uint32_t address;
};

struct t_ccw0 {
	uint8_t command;
	uint8_t address[3];
	uint8_t flags;
	uint8_t reserved;
	uint16_t count;
};

void t_orb(uint8_t *orb, uint32_t flags, uint32_t program);
void t_ccw1(struct t_ccw1 *ccw, uint8_t command, uint8_t flags, uint16_t count, uint32_t address);
void t_ccw0(struct t_ccw0 *ccw, uint8_t command, uint8_t flags, uint16_t count, uint32_t address);

/* The subchannel-status word at the beginning of an IRB. */
uint8_t t_irb_function(const uint8_t *irb);
uint32_t t_irb_cpa(const uint8_t *irb);
uint8_t t_irb_dstat(const uint8_t *irb);
uint8_t t_irb_cstat(const uint8_t *irb);
uint16_t t_irb_residual(const uint8_t *irb);
bool t_irb_good(const uint8_t *irb);

#define T_FUNCTION_START 0x40
#define T_FUNCTION_HALT	 0x20
#define T_FUNCTION_CLEAR 0x10

#endif
