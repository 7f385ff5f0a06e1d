/* SPDX-License-Identifier: MIT */
/*
 * ccwring/irb.h - the interruption-response block
 *
 * What TEST SUBCHANNEL stores: 96 bytes, z/Architecture Principles of
 * Operation, chapter 16.  Bytes 0-11 are the SCSW, 12-31 the extended-status
 * word, 32-63 the extended-control word (sense data), 64-95 measurements.
 *
 * Accessors take the byte image, read only, from any thread.
 */
#ifndef _CCWRING_IRB_H
#define _CCWRING_IRB_H

#include <stdbool.h>
#include <stddef.h>

#include <ccwring/bytes.h>
#include <ccwring/version.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CCWRING_IRB_SIZE	     96
#define CCWRING_IRB_ECW		     32
#define CCWRING_IRB_ECW_SIZE	     32

/* SCSW word 0. */
#define CCWRING_SCSW_KEY_SHIFT	     28
#define CCWRING_SCSW_S		     0x08000000U /* suspend control */
#define CCWRING_SCSW_L		     0x04000000U /* extended-status word format */
#define CCWRING_SCSW_CC_SHIFT	     24
#define CCWRING_SCSW_CC_MASK	     0x03000000U /* deferred condition code */
#define CCWRING_SCSW_F		     0x00800000U /* CCW format */
#define CCWRING_SCSW_P		     0x00400000U /* prefetch */
#define CCWRING_SCSW_I		     0x00200000U /* initial-status interruption */
#define CCWRING_SCSW_A		     0x00100000U /* address-limit checking */
#define CCWRING_SCSW_U		     0x00080000U /* suppress suspended interruption */
#define CCWRING_SCSW_Z		     0x00040000U /* zero condition code */
#define CCWRING_SCSW_E		     0x00020000U /* extended control: the ECW is valid */
#define CCWRING_SCSW_N		     0x00010000U /* path not operational */
#define CCWRING_SCSW_FC_START	     0x00004000U
#define CCWRING_SCSW_FC_HALT	     0x00002000U
#define CCWRING_SCSW_FC_CLEAR	     0x00001000U
#define CCWRING_SCSW_FC_MASK	     0x00007000U
#define CCWRING_SCSW_AC_RESUME	     0x00000800U /* resume pending */
#define CCWRING_SCSW_AC_START	     0x00000400U /* start pending */
#define CCWRING_SCSW_AC_HALT	     0x00000200U /* halt pending */
#define CCWRING_SCSW_AC_CLEAR	     0x00000100U /* clear pending */
#define CCWRING_SCSW_AC_SCHACT	     0x00000080U /* subchannel active */
#define CCWRING_SCSW_AC_DEVACT	     0x00000040U /* device active */
#define CCWRING_SCSW_AC_SUSP	     0x00000020U /* suspended */
#define CCWRING_SCSW_AC_MASK	     0x00000fe0U
#define CCWRING_SCSW_SC_ALERT	     0x00000010U
#define CCWRING_SCSW_SC_INTER	     0x00000008U /* intermediate */
#define CCWRING_SCSW_SC_PRIMARY	     0x00000004U
#define CCWRING_SCSW_SC_SECOND	     0x00000002U
#define CCWRING_SCSW_SC_PENDING	     0x00000001U
#define CCWRING_SCSW_SC_MASK	     0x0000001fU

/* Device status, SCSW byte 8. */
#define CCWRING_DSTAT_ATTENTION	     0x80
#define CCWRING_DSTAT_STAT_MOD	     0x40
#define CCWRING_DSTAT_CU_END	     0x20
#define CCWRING_DSTAT_BUSY	     0x10
#define CCWRING_DSTAT_CHN_END	     0x08
#define CCWRING_DSTAT_DEV_END	     0x04
#define CCWRING_DSTAT_UNIT_CHECK     0x02
#define CCWRING_DSTAT_UNIT_EXCEPTION 0x01

/* Subchannel status, SCSW byte 9. */
#define CCWRING_CSTAT_PCI	     0x80
#define CCWRING_CSTAT_INCORR_LEN     0x40
#define CCWRING_CSTAT_PROG_CHECK     0x20
#define CCWRING_CSTAT_PROT_CHECK     0x10
#define CCWRING_CSTAT_CHN_DATA_CHK   0x08
#define CCWRING_CSTAT_CHN_CTRL_CHK   0x04
#define CCWRING_CSTAT_INTF_CTRL_CHK  0x02
#define CCWRING_CSTAT_CHAIN_CHECK    0x01

/* Extended-report word, IRB bytes 16-19. */
#define CCWRING_ERW_AUTH	     0x10000000U /* authorization check */
#define CCWRING_ERW_PVRF	     0x08000000U /* path verification required */
#define CCWRING_ERW_TIMEOUT	     0x04000000U /* channel-path timeout */
#define CCWRING_ERW_FSA		     0x02000000U /* failing-storage address valid */
#define CCWRING_ERW_SENSE	     0x01000000U /* concurrent sense */
#define CCWRING_ERW_SCNT_SHIFT	     16
#define CCWRING_ERW_SCNT_MASK	     0x003f0000U /* bytes of concurrent sense */

/** ccwring_irb_word0() - SCSW word 0, CCWRING_SCSW_* */
static inline uint32_t ccwring_irb_word0(const uint8_t *irb)
{
	return ccwring_get_be32(irb);
}

/** ccwring_irb_cc() - deferred condition code */
static inline unsigned int ccwring_irb_cc(const uint8_t *irb)
{
	return irb[0] & 3;
}

/** ccwring_irb_cpa() - address of the CCW after the last one executed */
static inline uint32_t ccwring_irb_cpa(const uint8_t *irb)
{
	return ccwring_get_be32(irb + 4);
}

/** ccwring_irb_dstat() - device status, CCWRING_DSTAT_* */
static inline uint8_t ccwring_irb_dstat(const uint8_t *irb)
{
	return irb[8];
}

/** ccwring_irb_cstat() - subchannel status, CCWRING_CSTAT_* */
static inline uint8_t ccwring_irb_cstat(const uint8_t *irb)
{
	return irb[9];
}

/** ccwring_irb_residual() - bytes of the last CCW's count not transferred */
static inline uint16_t ccwring_irb_residual(const uint8_t *irb)
{
	return ccwring_get_be16(irb + 10);
}

/** ccwring_irb_erw() - extended-report word, CCWRING_ERW_* */
static inline uint32_t ccwring_irb_erw(const uint8_t *irb)
{
	return ccwring_get_be32(irb + 16);
}

/**
 * ccwring_irb_good() - the program ended as it should
 * @irb: the IRB
 *
 * Return: true if device status is channel end with device end and nothing
 *	else, subchannel status is 0, no condition code was deferred, and neither
 *	a halt nor a clear cut the program short.
 */
static inline bool ccwring_irb_good(const uint8_t *irb)
{
	return (ccwring_get_be32(irb + 8) >> 16) ==
		       ((CCWRING_DSTAT_CHN_END | CCWRING_DSTAT_DEV_END) << 8) &&
	       !(ccwring_irb_word0(irb) &
		 (CCWRING_SCSW_CC_MASK | CCWRING_SCSW_FC_HALT | CCWRING_SCSW_FC_CLEAR));
}

/**
 * ccwring_irb_final() - the function is over at the subchannel and the device
 * @irb: the IRB
 */
static inline bool ccwring_irb_final(const uint8_t *irb)
{
	return !(ccwring_irb_word0(irb) & (CCWRING_SCSW_AC_SCHACT | CCWRING_SCSW_AC_DEVACT));
}

/**
 * ccwring_irb_unsolicited() - status no function asked for
 * @irb: the IRB
 */
static inline bool ccwring_irb_unsolicited(const uint8_t *irb)
{
	return !(irb[0] & 3) && (ccwring_irb_word0(irb) & CCWRING_SCSW_SC_MASK) ==
					(CCWRING_SCSW_SC_ALERT | CCWRING_SCSW_SC_PENDING);
}

/**
 * ccwring_irb_sense() - concurrent sense data
 * @irb: the IRB
 * @len: receives the number of sense bytes
 *
 * Return: the first sense byte inside @irb, NULL if it has none.
 */
CCWRING_API const uint8_t *ccwring_irb_sense(const uint8_t *irb, size_t *len);

/**
 * ccwring_irb_describe() - an IRB in words
 * @irb: the IRB
 * @buf: receives a NUL-terminated line
 * @size: bytes of @buf
 *
 * Names each bit of device and subchannel status, the functions, the residual
 * count and the sense bytes.
 *
 * Context: any thread.
 * Return: bytes the whole line takes without its NUL, as snprintf() counts.
 */
CCWRING_API size_t ccwring_irb_describe(const uint8_t *irb, char *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif
