/* SPDX-License-Identifier: MIT */
/*
 * How the guest tells the host what happened.
 *
 * The guest sends one stream of records.  A record is a 20-byte header, all
 * numbers big-endian, and a payload:
 *
 *	offset	bytes	meaning
 *	0	4	"CCWR"
 *	4	1	type, one of enum wire_type
 *	5	3	zero
 *	8	4	sequence number: 0, 1, 2, ...
 *	12	4	length of the payload
 *	16	4	CRC-32 (as zlib computes it) of bytes 0 to 15 and the payload
 *
 * The first record is a HELLO, the last an END.  A stream with a bad magic, CRC
 * or sequence number, or without its END, is incomplete, and the run a failure.
 *
 * Under QEMU the stream is the bytes of a virtio-serial port, and the host answers
 * the END with one byte, because a machine that is switched off forgets what is
 * still in its port.  Under Hercules
 * there is no binary way out: the stream is cut into pieces of at most
 * WIRE_LINE_BYTES bytes, and each becomes a line of the emulator's log:
 *
 *	@SSSSSS BASE64
 *
 * with a six-digit hexadecimal line number, modulo 2^24, starting at 0.
 */
#ifndef LAB_GUEST_WIRE_H
#define LAB_GUEST_WIRE_H

#include <stddef.h>
#include <stdint.h>

enum wire_type {
	WIRE_HELLO = 'H', /* payload: protocol version, one byte */
	WIRE_OUTPUT = 'O', /* bytes the program wrote to stdout or stderr */
	WIRE_KLOG = 'K', /* one kernel log record, as /dev/kmsg gives it */
	WIRE_KLOST = 'L', /* the kernel overwrote log records before they were read */
	WIRE_FILE = 'F', /* a file begins: 4 bytes mode, then its path below /out */
	WIRE_DATA = 'D', /* its next bytes */
	WIRE_CLOSE = 'C', /* it ends: 8 bytes size */
	WIRE_STATUS = 'X', /* 4 bytes: the program's wait status */
	WIRE_ERROR = 'E', /* text: init could not do its part */
	WIRE_END = 'Z', /* nothing follows */
};

#define WIRE_VERSION	  1
#define WIRE_HEADER_BYTES 20
#define WIRE_PAYLOAD_MAX  32768
#define WIRE_LINE_BYTES	  144

/* Opens the way out.  With lines set the stream goes out as lines of text. */
void wire_open(int fd, int lines);

/* Waits until the host has the END; no longer than it may take a busy host. */
void wire_wait_taken(void);

/* Sends one record of at most WIRE_PAYLOAD_MAX bytes; blocks as long as it takes. */
void wire_send(enum wire_type type, const void *payload, size_t len);

#endif
