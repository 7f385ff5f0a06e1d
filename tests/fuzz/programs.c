// SPDX-License-Identifier: MIT
/*
 * programs.c - channel programs made of bytes, through the driver beside the model
 *
 * The input says what the ORB is, and then piece by piece what is in memory: CCWs one
 * behind the other, lists of IDAWs, bytes.  Addresses are an area and a place in it, so
 * that a changed byte mostly leads to something.  Before the CCWs there may be so many
 * NO-OPERATIONs that they are at the end of the block a translation begins in.
 */
#include <string.h>

#include "beside.h"
#include "device.h"
#include "fuzz.h"

#define NOPS 480

static uint8_t fresh[BESIDE_BYTES];
/* Where the CCWs begin. */
static uint64_t ccws;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	hosted_alone();
	beside_open();
	for (size_t i = 0; i < sizeof(fresh); i++)
		fresh[i] = i * 7 + (i >> 8);
	return 0;
}

/* An address: of something, at an end of something, or of nothing. */
static uint64_t address(struct fuzz_input *in)
{
	static const uint64_t areas[] = {
		CLIENT_IOVA,
		RANDOM_DATA,
		RANDOM_AREA,
		0x00fff000,
		0x7ffff000,
		RANDOM_END,
		0x100000000 + RANDOM_AREA,
		0,
	};
	uint8_t area = fuzz_take(in, 1);
	uint16_t place = fuzz_take(in, 2);

	return areas[area % 8] + (area & 0x80 ? -(uint64_t)place : place);
}

static uint8_t command(struct fuzz_input *in)
{
	static const uint8_t known[] = { DEVICE_CMD_WRITE,     DEVICE_CMD_READ,
					 DEVICE_CMD_NOP,       DEVICE_CMD_SENSE,
					 DEVICE_CMD_READ_BACK, DEVICE_CMD_SEARCH,
					 DEVICE_CMD_SENSE_ID,  CCWRING_CMD_TIC };
	uint8_t cmd = fuzz_take(in, 1);

	return cmd < 0x80 ? known[cmd % 8] : cmd;
}

static void put(uint64_t at, const void *bytes, size_t n)
{
	const uint8_t *from = bytes;

	for (size_t i = 0; i < n; i++) {
		uint8_t *to = beside_at(at + i);

		if (to)
			*to = from[i];
	}
}

static void put_raw(uint64_t at, bool format1, uint8_t cmd, uint8_t flags, uint16_t count,
		    uint32_t data)
{
	uint64_t raw = (uint64_t)cmd << 56;
	uint8_t ccw[8];

	if (format1)
		raw |= (uint64_t)flags << 48 | (uint64_t)count << 32 | data;
	else
		raw |= (uint64_t)(data & 0xffffff) << 32 | (uint64_t)flags << 24 | count;
	ccwring_put_be64(ccw, raw);
	put(at, ccw, sizeof(ccw));
}

static void put_ccw(struct fuzz_input *in, uint64_t at, bool format1, bool tic)
{
	uint8_t cmd = tic ? CCWRING_CMD_TIC : command(in), flags = tic ? 0 : fuzz_take(in, 1);
	uint16_t count = tic ? 0 : fuzz_take(in, 2);
	uint32_t data = tic ? ccws + fuzz_take(in, 1) * 8 : address(in);

	put_raw(at, format1, cmd, flags, count, data);
}

static void put_nops(bool format1)
{
	for (uint64_t at = CLIENT_IOVA; at < ccws; at += 8)
		put_raw(at, format1, DEVICE_CMD_NOP, CCWRING_CCW_CC | CCWRING_CCW_SLI, 1,
			CLIENT_IOVA);
}

/* All but the first on a boundary, or all as they come. */
static void put_idaws(struct fuzz_input *in, bool format2)
{
	uint64_t at = RANDOM_LISTS + fuzz_take(in, 1) * 8;
	uint8_t kind = fuzz_take(in, 1);
	unsigned int block = kind & 0x20 ? 2048 : 4096, n = kind % 32 + 1;

	for (unsigned int i = 0; i < n; i++) {
		uint64_t idaw = address(in);
		uint8_t raw[8];

		if (i && !(kind & 0x40))
			idaw = idaw / block * block + (kind & 0x80 ? block - 1 : 0);
		ccwring_put_be64(raw, format2 ? idaw : idaw << 32);
		put(at, raw, format2 ? 8 : 4);
		at += format2 ? 8 : 4;
	}
}

static void put_bytes(struct fuzz_input *in)
{
	uint64_t at = address(in);
	size_t n = fuzz_take(in, 1) % 32;

	if (n > in->left)
		n = in->left;
	put(at, in->at, n);
	in->at += n;
	in->left -= n;
}

static void fill_memory(struct fuzz_input *in, bool format1, bool idaw_format2)
{
	uint64_t at = ccws;

	while (in->left) {
		switch (fuzz_take(in, 1) % 8) {
		case 0:
			at = ccws + fuzz_take(in, 1) * 8;
			break;
		case 1:
			put_idaws(in, idaw_format2);
			break;
		case 2:
			put_bytes(in);
			break;
		case 3:
			put_ccw(in, at, format1, true);
			at += 8;
			break;
		default:
			put_ccw(in, at, format1, false);
			at += 8;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint8_t bits = fuzz_take(&in, 1);
	const struct random_kind kind = {
		.format1 = !(bits & 1),
		.idaw_format2 = !(bits & 2),
		.idaw_2k = bits & 4,
	};
	struct ccwring_orb orb = random_orb(CLIENT_IOVA + fuzz_take(&in, 1) * 8, &kind);
	unsigned int how = (bits & 8 ? BESIDE_COLD : 0) | (bits & 0x40 ? BESIDE_REGION : 0);

	if (bits & 0x10)
		ccwring_orb_set_word1(&orb, ccwring_orb_word1(&orb) ^ (uint32_t)fuzz_take(&in, 4));
	if (bits & 0x20)
		ccwring_put_be32(orb.b + 8, address(&in));
	beside_load(fresh);
	beside_reset();
	ccws = CLIENT_IOVA + (bits & 0x80 ? NOPS * 8 : 0);
	put_nops(kind.format1);
	fill_memory(&in, kind.format1, kind.idaw_format2);
	beside_run(&orb, how, NULL);
	return 0;
}
