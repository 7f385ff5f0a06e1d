// SPDX-License-Identifier: MIT
/* The sending side of the record stream described in wire.h. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"

#define LINE_CHARS (1 + 6 + 1 + (WIRE_LINE_BYTES + 2) / 3 * 4 + 1)

static struct {
	int fd;
	int lines;
	uint32_t seq;
	uint32_t line_seq;
} wire = { .fd = -1 };

void wire_open(int fd, int lines)
{
	wire.fd = fd;
	wire.lines = lines;
}

static uint32_t crc32(uint32_t crc, const unsigned char *p, size_t len)
{
	static uint32_t table[256];

	if (!table[1]) {
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t c = i;

			for (int k = 0; k < 8; k++)
				c = c & 1 ? 0xedb88320 ^ (c >> 1) : c >> 1;
			table[i] = c;
		}
	}
	crc = ~crc;
	while (len--)
		crc = table[(crc ^ *p++) & 0xff] ^ (crc >> 8);
	return ~crc;
}

static void put_be32(unsigned char *p, uint32_t v)
{
	p[0] = v >> 24;
	p[1] = v >> 16;
	p[2] = v >> 8;
	p[3] = v;
}

static void write_all(const void *buf, size_t len)
{
	const char *p = buf;

	while (len) {
		ssize_t n = write(wire.fd, p, len);

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		/* Nobody left to tell; the host sees a stream without an END. */
		if (n <= 0)
			return;
		p += n;
		len -= n;
	}
}

static size_t base64(char *out, const unsigned char *in, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *o = out;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = in[i] << 16;

		if (i + 1 < len)
			v |= in[i + 1] << 8;
		if (i + 2 < len)
			v |= in[i + 2];
		*o++ = digits[v >> 18];
		*o++ = digits[v >> 12 & 63];
		*o++ = i + 1 < len ? digits[v >> 6 & 63] : '=';
		*o++ = i + 2 < len ? digits[v & 63] : '=';
	}
	return o - out;
}

/* Many lines a write: each write is a system call, each line only a DIAGNOSE. */
static void write_lines(const unsigned char *p, size_t len)
{
	static char text[64 * (LINE_CHARS + 1)];
	size_t used = 0;

	while (len) {
		size_t n = len < WIRE_LINE_BYTES ? len : WIRE_LINE_BYTES;

		if (used + LINE_CHARS >= sizeof(text)) {
			write_all(text, used);
			used = 0;
		}
		used += sprintf(text + used, "@%06x ", wire.line_seq++ & 0xffffff);
		used += base64(text + used, p, n);
		text[used++] = '\n';
		p += n;
		len -= n;
	}
	write_all(text, used);
}

void wire_send(enum wire_type type, const void *payload, size_t len)
{
	static unsigned char record[WIRE_HEADER_BYTES + WIRE_PAYLOAD_MAX];
	uint32_t crc;

	memcpy(record, "CCWR", 4);
	record[4] = type;
	put_be32(record + 8, wire.seq++);
	put_be32(record + 12, len);
	memcpy(record + WIRE_HEADER_BYTES, payload, len);
	crc = crc32(0, record, 16);
	crc = crc32(crc, record + WIRE_HEADER_BYTES, len);
	put_be32(record + 16, crc);

	if (wire.lines)
		write_lines(record, WIRE_HEADER_BYTES + len);
	else
		write_all(record, WIRE_HEADER_BYTES + len);
}

void wire_wait_taken(void)
{
	struct pollfd port = { .fd = wire.fd, .events = POLLIN };

	/* A line is out when its write returns. */
	if (!wire.lines)
		poll(&port, 1, 60000);
}
