// SPDX-License-Identifier: MIT
/*
 * data FILE COUNT SEED: random reads and writes of records and tracks through the I/O
 * region.  What is read is compared with what FILE and all writes before say; what is
 * written goes to FILE.  Rings are verify's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "eckd.h"

#define SLOT_SIZE  0x10000
#define TRACK_SIZE (ECKD_TRACK_RECORDS * ECKD_RECORD)

/**
 * struct slot - a request
 * @data: IOVA of its data
 * @bytes: to compare, 0 for a write
 * @block: first block, for the report
 * @want: what must be read
 */
struct slot {
	uint32_t data;
	uint32_t bytes;
	uint32_t block;
	uint8_t want[TRACK_SIZE];
};

struct test {
	struct t_vm vm;
	struct t_region region;
	uint8_t *expected;
	struct slot *slots;
	unsigned int reads, writes, tracks, bad;
};

static void build_write(struct test *test, struct slot *slot, uint32_t program)
{
	uint32_t *data = t_at(&test->vm, slot->data);
	uint32_t block = random() % ECKD_BLOCKS;
	unsigned int i;

	for (i = 0; i < ECKD_RECORD / 4; i++)
		data[i] = random() ^ (uint32_t)random() << 16;
	memcpy(test->expected + (size_t)block * ECKD_RECORD, data, ECKD_RECORD);
	slot->block = block;
	slot->bytes = 0;
	test->writes++;
	eckd_program(&test->vm, program, ECKD_WRITE, block, 1, slot->data);
}

static void build_read(struct test *test, struct slot *slot, uint32_t program, unsigned int records)
{
	slot->block = random() % (ECKD_BLOCKS / records) * records;
	slot->bytes = records * ECKD_RECORD;
	memcpy(slot->want, test->expected + (size_t)slot->block * ECKD_RECORD, slot->bytes);
	memset(t_at(&test->vm, slot->data), 0xdb, slot->bytes);
	test->reads += records == 1;
	test->tracks += records > 1;
	eckd_program(&test->vm, program, ECKD_READ, slot->block, records, slot->data);
}

/* Half reads, a third writes, some tracks; data at any address. */
static void prepare(struct test *test, unsigned int number, uint8_t *orb)
{
	uint32_t program = T_IOVA + number * SLOT_SIZE;
	struct slot *slot = &test->slots[number];
	unsigned int dice = random() % 6;

	slot->data = program + T_PAGE + random() % T_PAGE / 4 * 4;
	if (dice < 2)
		build_write(test, slot, program);
	else
		build_read(test, slot, program, dice < 5 ? 1 : ECKD_TRACK_RECORDS);
	t_orb(orb, T_ORB_PLAIN, program);
}

static void verify(struct test *test, unsigned int number, const uint8_t *irb)
{
	const struct slot *slot = &test->slots[number];
	const uint8_t *got = t_at(&test->vm, slot->data);
	uint32_t i;

	if (!t_irb_good(irb)) {
		test->bad++;
		T_CHECK(false, "block %u: dstat %#x, cstat %#x", slot->block, t_irb_dstat(irb),
			t_irb_cstat(irb));
		return;
	}
	if (!memcmp(got, slot->want, slot->bytes))
		return;
	for (i = 0; got[i] == slot->want[i]; i++)
		;
	test->bad++;
	T_CHECK(false, "block %u: byte %u of %u is %#x, must be %#x", slot->block, i, slot->bytes,
		got[i], slot->want[i]);
}

static unsigned int run(struct test *test, unsigned int count)
{
	uint8_t orb[VFIO_CCW_RING_ORB_SIZE], irb[VFIO_CCW_RING_IRB_SIZE];
	unsigned int done;

	for (done = 0; done < count; done++) {
		prepare(test, done % T_DEPTH, orb);
		if (t_region_start(&test->region, orb) || t_region_wait(&test->region, irb, 5000))
			break;
		verify(test, done % T_DEPTH, irb);
	}
	return done;
}

int main(int argc, char **argv)
{
	struct test test = { 0 };
	unsigned int count;

	T_NEED(argc == 4, "three arguments");
	test.expected = disk_expected(argv[1]);
	count = strtoul(argv[2], NULL, 0);
	srandom(strtoul(argv[3], NULL, 0));
	test.slots = calloc(T_DEPTH, sizeof(*test.slots));
	T_NEED(test.slots, "memory");
	t_vm_open(&test.vm);
	t_region_open(&test.region, test.vm.devices[0].fd);
	T_EQUAL(run(&test, count), count, "all requests end");
	T_EQUAL(test.bad, 0, "%u records, %u tracks read right, %u written", test.reads,
		test.tracks, test.writes);
	t_region_close(&test.region);
	t_vm_close(&test.vm);
	return tap_done();
}
