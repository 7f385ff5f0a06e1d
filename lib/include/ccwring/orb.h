/* SPDX-License-Identifier: MIT */
/*
 * ccwring/orb.h - the operation-request block
 *
 * What START SUBCHANNEL takes: 32 bytes, z/Architecture Principles of
 * Operation, chapter 15, "Operation-Request Block".  An ORB is plain memory;
 * it belongs to the caller, and prep copies it into the submission entry.
 */
#ifndef _CCWRING_ORB_H
#define _CCWRING_ORB_H

#include <ccwring/bytes.h>

#define CCWRING_ORB_SIZE 32

/**
 * struct ccwring_orb - byte image of an ORB
 * @b: word 0 interruption parameter, word 1 controls and path mask, word 2
 *	channel-program address
 */
struct ccwring_orb {
	uint8_t b[CCWRING_ORB_SIZE];
} __attribute__((aligned(8)));

/* Word 1. */
#define CCWRING_ORB_KEY_SHIFT 28
#define CCWRING_ORB_S	      0x08000000U /* suspend control */
#define CCWRING_ORB_C	      0x04000000U /* streaming-mode control */
#define CCWRING_ORB_M	      0x02000000U /* modification control */
#define CCWRING_ORB_Y	      0x01000000U /* synchronization control */
#define CCWRING_ORB_F	      0x00800000U /* format-1 CCWs */
#define CCWRING_ORB_P	      0x00400000U /* prefetch allowed */
#define CCWRING_ORB_I	      0x00200000U /* initial-status interruption */
#define CCWRING_ORB_A	      0x00100000U /* address-limit checking */
#define CCWRING_ORB_U	      0x00080000U /* suppress suspended interruption */
#define CCWRING_ORB_B	      0x00040000U /* transport mode */
#define CCWRING_ORB_H	      0x00020000U /* format-2 IDAWs */
#define CCWRING_ORB_T	      0x00010000U /* 2K blocks of format-2 IDAWs */
#define CCWRING_ORB_LPM_SHIFT 8
#define CCWRING_ORB_LPM_MASK  0x0000ff00U
#define CCWRING_ORB_L	      0x00000080U /* incorrect-length suppression */
#define CCWRING_ORB_D	      0x00000040U /* modified indirect addressing */
#define CCWRING_ORB_X	      0x00000001U /* ORB extension */

/* What programs of the builder need: format-1 CCWs, format-2 4K IDAWs. */
#define CCWRING_ORB_DEFAULT   (CCWRING_ORB_F | CCWRING_ORB_P | CCWRING_ORB_H | CCWRING_ORB_LPM_MASK)

/**
 * ccwring_orb_init() - an ORB that starts a program of the builder
 * @orb: written in full
 * @cpa: IOVA of the first CCW
 *
 * Sets CCWRING_ORB_DEFAULT: key 0, every path.
 */
static inline void ccwring_orb_init(struct ccwring_orb *orb, uint32_t cpa)
{
	__builtin_memset(orb, 0, sizeof(*orb));
	ccwring_put_be32(orb->b + 4, CCWRING_ORB_DEFAULT);
	ccwring_put_be32(orb->b + 8, cpa);
}

/** ccwring_orb_word1() - controls, CCWRING_ORB_* */
static inline uint32_t ccwring_orb_word1(const struct ccwring_orb *orb)
{
	return ccwring_get_be32(orb->b + 4);
}

/** ccwring_orb_set_word1() - replace the controls, CCWRING_ORB_* */
static inline void ccwring_orb_set_word1(struct ccwring_orb *orb, uint32_t word1)
{
	ccwring_put_be32(orb->b + 4, word1);
}

/** ccwring_orb_cpa() - IOVA of the first CCW */
static inline uint32_t ccwring_orb_cpa(const struct ccwring_orb *orb)
{
	return ccwring_get_be32(orb->b + 8);
}

/** ccwring_orb_set_lpm() - choose channel paths, bit 0x80 is path 0 */
static inline void ccwring_orb_set_lpm(struct ccwring_orb *orb, uint8_t lpm)
{
	orb->b[6] = lpm;
}

/** ccwring_orb_lpm() - channel paths chosen */
static inline uint8_t ccwring_orb_lpm(const struct ccwring_orb *orb)
{
	return orb->b[6];
}

#endif
