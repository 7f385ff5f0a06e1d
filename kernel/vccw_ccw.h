/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ORBs and CCWs look like where asm/cio.h and the channel subsystem's own
 * headers do not say.  Principles of Operation, chapter 15.
 */
#ifndef VCCW_CCW_H
#define VCCW_CCW_H

#include <linux/types.h>

/* Commands, and CCW flags. */
#define VCCW_CMD_NOP		0x03
#define VCCW_CMD_SENSE		0x04	/* the last digit of */
#define VCCW_CMD_TIC		0x08
#define VCCW_CMD_READ_BACKWARD	0x0c
#define VCCW_FLAG_MIDA		0x01

#define VCCW_ADDR24		0x00ffffffu
#define VCCW_ADDR31		0x7fffffffu

/* Second word of an ORB. */
#define VCCW_ORB_SUSPEND	0x08000000u
#define VCCW_ORB_FORMAT1	0x00800000u
#define VCCW_ORB_PREFETCH	0x00400000u
#define VCCW_ORB_ADDR_LIMIT	0x00100000u
#define VCCW_ORB_TRANSPORT	0x00040000u
#define VCCW_ORB_IDAW_FORMAT2	0x00020000u
#define VCCW_ORB_IDAW_2K	0x00010000u
#define VCCW_ORB_LPM		0x0000ff00u
#define VCCW_ORB_MIDAW		0x00000040u
#define VCCW_ORB_ZERO		0x0000007eu	/* with the one above */
#define VCCW_ORB_EXTENSION	0x00000001u

/* A CCW of format 1, as one number. */
static inline u32 vccw_ccw_count(u64 ccw)
{
	return ccw >> 32 & 0xffff;
}

/* Words of an ORB without extension, and its bytes. */
#define VCCW_ORB_WORDS		3
#define VCCW_ORB_BYTES		(VCCW_ORB_WORDS * 4)

/* IDAWs of format 1 are always of 2 KiB. */
static inline bool vccw_orb_idaw_2k(u32 word)
{
	return !(word & VCCW_ORB_IDAW_FORMAT2) || word & VCCW_ORB_IDAW_2K;
}

/* Number of blocks the bytes [addr, addr + count) touch. */
static inline u32 vccw_blocks(u64 addr, u32 count, u32 size)
{
	return ((addr & (size - 1)) + count + size - 1) / size;
}

#endif /* VCCW_CCW_H */
