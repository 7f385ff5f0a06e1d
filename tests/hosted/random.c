// SPDX-License-Identifier: MIT
#include "random.h"

#include <string.h>

#include "device.h"

static uint64_t state = 1;

void random_seed(uint64_t seed)
{
	state = seed * 0x9e3779b97f4a7c15ULL | 1;
}

uint32_t any(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 32) * n >> 32;
}

bool now_and_then(uint32_t once_in)
{
	return !any(once_in);
}

void random_bytes(void *to, size_t n)
{
	for (uint8_t *p = to; n--; p++)
		*p = any(256);
}

uint32_t random_place(void)
{
	return RANDOM_PROGRAMS + any(16) * 256;
}

struct random_kind random_kind(void)
{
	struct random_kind kind = {
		.format1 = any(4),
		.idaw_format2 = any(3),
		.idaw_2k = any(2),
	};

	return kind;
}

struct ccwring_orb random_orb(uint32_t at, const struct random_kind *kind)
{
	uint32_t word = CCWRING_ORB_DEFAULT & ~(CCWRING_ORB_F | CCWRING_ORB_H | CCWRING_ORB_T);
	struct ccwring_orb orb;

	ccwring_orb_init(&orb, at);
	word |= kind->format1 ? CCWRING_ORB_F : 0;
	word |= kind->idaw_format2 ? CCWRING_ORB_H : 0;
	word |= kind->idaw_2k ? CCWRING_ORB_T : 0;
	ccwring_orb_set_word1(&orb, word);
	return orb;
}

static uint32_t data_address(void)
{
	return RANDOM_DATA + any(RANDOM_END - RANDOM_DATA);
}

/* Mostly of something, sometimes of nothing; around the ends of formats. */
static uint32_t address(void)
{
	switch (any(8)) {
	case 0:
		return now_and_then(4) ? any(UINT32_MAX) : data_address();
	case 1:
		return RANDOM_AREA + any(RANDOM_AREA_SIZE + 64);
	case 2:
		return RANDOM_END - any(5000);
	case 3:
		return (now_and_then(2) ? 1U << 31 : 1U << 24) - 4096 + any(8192);
	default:
		return data_address();
	}
}

static uint8_t command(void)
{
	static const uint8_t known[] = { CCWRING_CMD_WRITE,	CCWRING_CMD_READ,
					 CCWRING_CMD_NOP,	CCWRING_CMD_SENSE,
					 CCWRING_CMD_READ_BACK, CCWRING_CMD_SENSE_ID,
					 DEVICE_CMD_SEARCH };

	return now_and_then(10) ? any(256) : known[any(sizeof(known))];
}

void random_ccw(uint32_t at, const struct random_kind *kind, uint8_t cmd, uint8_t flags,
		uint16_t count, uint32_t data)
{
	uint8_t *to = client_at(at);

	if (kind->format1) {
		client_ccw(at, cmd, flags, count, data);
		return;
	}
	ccwring_put_be32(to, data);
	to[0] = cmd;
	to[4] = flags;
	to[5] = any(256);
	to[6] = count >> 8;
	to[7] = count;
}

static void put_idaws(uint32_t list, const struct random_kind *kind, bool backward)
{
	uint32_t block = kind->idaw_format2 && !kind->idaw_2k ? 4096 : 2048;
	uint8_t *to = client_at(list);

	for (unsigned int i = 0; i < 40; i++) {
		uint64_t idaw = address();

		if (now_and_then(100))
			idaw |= 1ULL << 32;
		if (i && !now_and_then(50))
			idaw = idaw / block * block + (backward ? block - 1 : 0);
		if (kind->idaw_format2)
			ccwring_put_be64(to + i * 8, idaw);
		else
			ccwring_put_be32(to + i * 4, idaw);
	}
}

void random_right(uint32_t at, const struct random_kind *kind)
{
	static const uint8_t commands[] = { CCWRING_CMD_WRITE, CCWRING_CMD_READ, CCWRING_CMD_NOP,
					    CCWRING_CMD_SENSE, CCWRING_CMD_SENSE_ID };
	unsigned int n = 1 + any(6);

	for (unsigned int i = 0; i < n; i++)
		random_ccw(at + i * 8, kind, commands[any(sizeof(commands))],
			   CCWRING_CCW_SLI | (i + 1 < n ? CCWRING_CCW_CC : 0),
			   1 + any(300) * (now_and_then(4) ? 30 : 1), RANDOM_DATA + any(0x2000));
}

void random_wild(uint32_t at, const struct random_kind *kind)
{
	unsigned int n = 1 + any(12);

	for (unsigned int i = 0; i < n; i++) {
		uint32_t ccw = at + i * 8, data = address();
		uint8_t cmd = command(), flags = any(2) ? CCWRING_CCW_SLI : 0;

		flags |= i + 1 < n ? (now_and_then(4) ? CCWRING_CCW_CD : CCWRING_CCW_CC) : 0;
		flags |= now_and_then(10) ? CCWRING_CCW_SKIP : 0;
		if (now_and_then(4)) {
			data = RANDOM_LISTS + any(16) * 512;
			put_idaws(data, kind, cmd == CCWRING_CMD_READ_BACK);
			flags |= CCWRING_CCW_IDA;
		}
		if (now_and_then(40))
			flags = any(256);
		if (now_and_then(10))
			random_ccw(ccw, kind, CCWRING_CMD_TIC, 0, 0,
				   any(3) ? at + any(n + 2) * 8 : random_place() + any(8) * 8);
		else
			random_ccw(ccw, kind, cmd, flags,
				   now_and_then(32) ? any(65536)
						    : any(now_and_then(4) ? 6000 : 300),
				   data);
	}
}
