// SPDX-License-Identifier: MIT
/*
 * programs [COUNT [SEED]] - random programs through the driver and a channel, beside the
 * model
 *
 * A program that the driver takes must leave every byte of the client's memory as the
 * model leaves it, and end with the same status; one that it refuses must leave all as
 * it was.  What the model finds wrong must be refused, and what is right must not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "random.h"
#include "unit.h"

static unsigned long count = 20000;
static uint64_t seed = 1;

static uint8_t area[RANDOM_AREA_SIZE] __attribute__((aligned(4096)));
/* What the model works on, and what memory was before. */
static uint8_t model_client[CLIENT_BYTES], model_area[RANDOM_AREA_SIZE];
static uint8_t before_client[CLIENT_BYTES], before_area[RANDOM_AREA_SIZE];
static struct model model;

static struct random_kind any_kind(void)
{
	struct random_kind kind = {
		.format1 = any(4),
		.idaw_format2 = any(3),
		.idaw_2k = any(2),
	};

	return kind;
}

static struct ccwring_orb orb_of(uint32_t at, const struct random_kind *kind)
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

static void remember(uint8_t *client, uint8_t *apart)
{
	memcpy(client, client_memory, CLIENT_BYTES);
	memcpy(apart, area, RANDOM_AREA_SIZE);
}

static bool is_as(const uint8_t *client, const uint8_t *apart)
{
	return !memcmp(client, client_memory, CLIENT_BYTES) &&
	       !memcmp(apart, area, RANDOM_AREA_SIZE);
}

static enum model_end ask_model(uint32_t at, const struct random_kind *kind)
{
	remember(model_client, model_area);
	model.memory[0] = (struct model_memory){ CLIENT_IOVA, CLIENT_BYTES, model_client,
						 before_client };
	model.memory[1] = (struct model_memory){ RANDOM_AREA, RANDOM_AREA_SIZE, model_area,
						 before_area };
	model.cpa = at;
	model.format1 = kind->format1;
	model.idaw_format2 = kind->idaw_format2;
	model.idaw_2k = kind->idaw_2k;
	return model_run(&model);
}

/* For whoever has to find out what is different. */
static void show(uint32_t at, const struct random_kind *kind)
{
	print_message("format %d, IDAWs of format %d, %s\n", kind->format1, kind->idaw_format2 + 1,
		      kind->idaw_2k ? "2K" : "4K");
	for (uint32_t ccw = at; ccw < at + 14 * 8; ccw += 8) {
		const uint8_t *raw = client_at(ccw);

		print_message("%#x: %08x %08x\n", ccw, ccwring_get_be32(raw),
			      ccwring_get_be32(raw + 4));
	}
}

/* By the ring, with all that belongs to it. */
static struct vfio_ccw_ring_cqe by_ring(uint32_t at, const struct random_kind *kind)
{
	struct ccwring_orb orb = orb_of(at, kind);
	struct vfio_ccw_ring_sqe *sqe = ccwring_get_sqe(&client_ring.ring);
	struct vfio_ccw_ring_cqe cqe;

	ccwring_prep_start(sqe, client_ring.setup.subchannel, &orb, 1);
	sqe->flags = VFIO_CCW_RING_SQE_RECOVER;
	if (client_enter(1) != 1) {
		show(at, kind);
		fail_msg("it does not end; model: %02x%02x, at %#x", model.dstat, model.cstat,
			 model.end_cpa);
	}
	do
		cqe = client_next();
	while (cqe.flags & VFIO_CCW_RING_CQE_MORE);
	return cqe;
}

/* Translation and channel alone are many times as fast. */
static struct vfio_ccw_ring_cqe carry_out(uint32_t at, const struct random_kind *kind)
{
	struct ccwring_orb orb = orb_of(at, kind);
	struct vfio_ccw_ring_cqe cqe = { 0 };

	if (now_and_then(64))
		return by_ring(at, kind);
	cqe.res = hosted_carry_out(client_device, orb.b, cqe.irb, &cqe.reason);
	return cqe;
}

static bool same_status(const uint8_t *irb)
{
	return ccwring_irb_dstat(irb) == model.dstat &&
	       (ccwring_irb_cstat(irb) & ~CCWRING_CSTAT_PCI) == model.cstat &&
	       ccwring_irb_cpa(irb) == model.end_cpa && ccwring_irb_residual(irb) == model.count;
}

static void compare(unsigned long n, const struct vfio_ccw_ring_cqe *cqe)
{
	const uint8_t *irb = cqe->irb;

	if (!same_status(irb))
		fail_msg("program %lu: status %02x%02x, at %#x, %u left; model: %02x%02x, %#x, %u",
			 n, ccwring_irb_dstat(irb), ccwring_irb_cstat(irb), ccwring_irb_cpa(irb),
			 ccwring_irb_residual(irb), model.dstat, model.cstat, model.end_cpa,
			 model.count);
	if (!is_as(model_client, model_area))
		fail_msg("program %lu: memory is not as the model has it", n);
}

static void programs(void **state)
{
	unsigned long taken = 0, refused = 0, endless = 0;

	(void)state;
	client_open(4, 0);
	assert_int_equal(hosted_map(client_container, area, RANDOM_AREA, RANDOM_AREA_SIZE), 0);
	random_bytes(client_memory, CLIENT_BYTES);
	random_bytes(area, RANDOM_AREA_SIZE);
	for (unsigned long n = 0; n < count; n++) {
		bool right = now_and_then(8);
		struct random_kind kind = any_kind();
		struct vfio_ccw_ring_cqe cqe;
		uint32_t at = random_place();
		static struct model_device device;
		enum model_end end;

		if (right)
			random_right(at, &kind);
		else
			random_wild(at, &kind);
		remember(before_client, before_area);
		device = model.device;
		end = ask_model(at, &kind);
		if (end == MODEL_ENDLESS) {
			model.device = device;
			endless++;
			continue;
		}
		cqe = carry_out(at, &kind);
		if (cqe.res) {
			if (right)
				fail_msg("program %lu: refused (%d, reason %u, CCW %u)", n, cqe.res,
					 cqe.reason, cqe.ccw_index);
			if (!is_as(before_client, before_area))
				fail_msg("program %lu: refused, and has changed memory", n);
			model.device = device;
			refused++;
			continue;
		}
		if (end == MODEL_WRONG) {
			show(at, &kind);
			fail_msg("program %lu: wrong, and taken; the channel: %02x%02x, at %#x", n,
				 ccwring_irb_dstat(cqe.irb), ccwring_irb_cstat(cqe.irb),
				 ccwring_irb_cpa(cqe.irb));
		}
		if (!same_status(cqe.irb) || !is_as(model_client, model_area))
			show(at, &kind);
		compare(n, &cqe);
		taken++;
	}
	print_message("%lu taken, %lu refused, %lu without an end\n", taken, refused, endless);
	assert_true(taken > count / 10 && refused > count / 10);
	client_close();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(programs) };

	if (argc > 1)
		count = strtoul(argv[1], NULL, 0);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
	print_message("%lu programs, seed %llu\n", count, (unsigned long long)seed);
	random_seed(seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
