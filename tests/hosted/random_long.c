// SPDX-License-Identifier: MIT
/* random_long.c - long channel programs that are right, made of dice */
#include "device.h"
#include "random.h"

/* Lists behind the longest program, of IDAWs that are right. */
#define LONG_CCWS  1200
#define LONG_LISTS (RANDOM_END - 0x1000)
#define LIST_IDAWS 36
/* Parts that a program may have, and some of these are made twice. */
#define LONG_FAR   10

/**
 * struct long_program - one that is being made
 * @kind: of it
 * @at: where the next CCW goes
 * @far: TICs out of the part that may still be
 */
struct long_program {
	const struct random_kind *kind;
	uint32_t at;
	unsigned int far;
};

static void add(struct long_program *p, uint8_t cmd, uint8_t flags, uint16_t count, uint32_t data)
{
	random_ccw(p->at, p->kind, cmd, flags, count, data);
	p->at += 8;
}

static void add_tic(struct long_program *p, uint32_t target)
{
	add(p, CCWRING_CMD_TIC, 0, 0, target);
}

static void long_lists(const struct random_kind *kind)
{
	uint32_t block = kind->idaw_format2 && !kind->idaw_2k ? 4096 : 2048;

	for (uint32_t list = LONG_LISTS; list < RANDOM_END; list += 512)
		for (unsigned int i = 0; i < LIST_IDAWS; i++) {
			uint64_t idaw = any(2) ? RANDOM_AREA + any(RANDOM_AREA_SIZE)
					       : RANDOM_DATA + any(0x3000);

			idaw -= i ? idaw % block : 0;
			if (kind->idaw_format2)
				ccwring_put_be64(client_at(list + i * 8), idaw);
			else
				ccwring_put_be32(client_at(list + i * 4), idaw);
		}
}

static uint8_t long_command(void)
{
	static const uint8_t commands[] = { CCWRING_CMD_WRITE, CCWRING_CMD_READ, CCWRING_CMD_NOP,
					    CCWRING_CMD_SENSE_ID, CCWRING_CMD_SENSE };

	return commands[any(sizeof(commands))];
}

/* One that ends with its data. */
static uint8_t patient_command(void)
{
	return any(2) ? CCWRING_CMD_WRITE : CCWRING_CMD_NOP;
}

static void add_command(struct long_program *p, uint8_t cmd, uint8_t flags)
{
	uint16_t count = 1 + any(now_and_then(16) ? 6000 : 40);
	uint32_t data = now_and_then(2) ? RANDOM_AREA + any(RANDOM_AREA_SIZE - 6000)
					: RANDOM_DATA + any(0x2000);

	if (now_and_then(6)) {
		flags |= CCWRING_CCW_IDA;
		data = LONG_LISTS + any(8) * 512;
	}
	add(p, cmd, flags, count, data);
}

static void add_commands(struct long_program *p, unsigned int n)
{
	while (n--)
		add_command(p, long_command(), CCWRING_CCW_CC | CCWRING_CCW_SLI);
}

static void add_search(struct long_program *p)
{
	add(p, DEVICE_CMD_SEARCH, CCWRING_CCW_CC | CCWRING_CCW_SLI, 1,
	    RANDOM_AREA + any(RANDOM_AREA_SIZE));
}

/* Mostly of a command that does not end before its chain, and with it the program. */
static void add_chain(struct long_program *p)
{
	unsigned int n = any(5);

	add_command(p, now_and_then(500) ? long_command() : patient_command(), CCWRING_CCW_CD);
	while (n--) {
		if (p->far && now_and_then(8)) {
			/* On in the next CCW, as it were elsewhere. */
			p->far--;
			add_tic(p, p->at + 8);
		}
		add_command(p, patient_command(), CCWRING_CCW_CD | (any(2) ? CCWRING_CCW_CC : 0));
	}
	add_command(p, patient_command(), CCWRING_CCW_CC | CCWRING_CCW_SLI);
}

/* Over some CCWs that may be anything. */
static void add_far(struct long_program *p)
{
	unsigned int n = any(4);
	uint32_t to = p->at + 8 + n * 8;

	p->far--;
	add_tic(p, to);
	while (p->at < to) {
		if (now_and_then(3))
			add(p, any(256), any(256), any(100), any(UINT32_MAX));
		else
			add_commands(p, 1);
	}
}

static void add_piece(struct long_program *p)
{
	uint32_t begin = p->at;

	switch (any(8)) {
	case 0:
		add_search(p);
		break;
	case 1:
		add_commands(p, any(3));
		add_search(p);
		add_tic(p, begin);
		if (p->far && now_and_then(8))
			add_far(p);
		break;
	case 2:
		add_search(p);
		add_commands(p, any(2));
		if (p->far && now_and_then(3))
			add_far(p);
		break;
	case 3:
		add_chain(p);
		break;
	default:
		add_commands(p, 1 + any(3));
	}
}

void random_long(uint32_t at, const struct random_kind *kind)
{
	struct long_program p = { .kind = kind, .at = at, .far = LONG_FAR };
	uint32_t end = at + (200 + any(LONG_CCWS - 220)) * 8;

	long_lists(kind);
	add_commands(&p, 1);
	while (p.at < end)
		add_piece(&p);
	add_command(&p, long_command(), CCWRING_CCW_SLI);
}
