/* SPDX-License-Identifier: MIT */
/*
 * ccwring/ccw.h - the format-1 channel-command word
 *
 * z/Architecture Principles of Operation, chapter 15, "Channel-Command Word".
 */
#ifndef _CCWRING_CCW_H
#define _CCWRING_CCW_H

#include <ccwring/bytes.h>

/**
 * struct ccwring_ccw - format-1 CCW
 * @cmd: command code
 * @flags: CCWRING_CCW_*
 * @count: byte count, big endian
 * @cda: data address (31 bits), big endian
 */
struct ccwring_ccw {
	uint8_t cmd;
	uint8_t flags;
	uint16_t count;
	uint32_t cda;
} __attribute__((aligned(8)));

/* &ccwring_ccw.flags */
#define CCWRING_CCW_CD	       0x80 /* chain data */
#define CCWRING_CCW_CC	       0x40 /* chain command */
#define CCWRING_CCW_SLI	       0x20 /* suppress length indication */
#define CCWRING_CCW_SKIP       0x10 /* suppress transfer to storage */
#define CCWRING_CCW_PCI	       0x08 /* program-controlled interruption */
#define CCWRING_CCW_IDA	       0x04 /* cda is the address of an IDAW list */
#define CCWRING_CCW_S	       0x02 /* suspend */
#define CCWRING_CCW_MIDA       0x01 /* modified indirect addressing */

/* Command codes every device class shares. */
#define CCWRING_CMD_WRITE      0x01
#define CCWRING_CMD_READ       0x02
#define CCWRING_CMD_NOP	       0x03
#define CCWRING_CMD_SENSE      0x04
#define CCWRING_CMD_TIC	       0x08
#define CCWRING_CMD_READ_BACK  0x0c
#define CCWRING_CMD_SENSE_PGID 0x34
#define CCWRING_CMD_SENSE_ID   0xe4
#define CCWRING_CMD_READ_CONF  0xfa

/* Bytes of data one format-2 4K IDAW names at most. */
#define CCWRING_IDA_BLOCK      4096

/* Addresses in CCWs end below this. */
#define CCWRING_CCW_LIMIT      0x80000000UL

/**
 * ccwring_ccw_make() - put a CCW together
 * @cmd: command code
 * @flags: CCWRING_CCW_*
 * @count: byte count
 * @cda: data address
 */
static inline struct ccwring_ccw ccwring_ccw_make(uint8_t cmd, uint8_t flags, uint16_t count,
						  uint32_t cda)
{
	struct ccwring_ccw ccw = {
		.cmd = cmd,
		.flags = flags,
		.count = CCWRING_BE16(count),
		.cda = CCWRING_BE32(cda),
	};

	return ccw;
}

#endif
