// SPDX-License-Identifier: MIT
#include "beside.h"

#include <string.h>
#include <sys/mman.h>

#include "model.h"
#include "unit.h"

_Static_assert(BESIDE_AREAS == MODEL_AREAS, "areas");

/* Addresses of this process below 2 GiB at which nothing else is. */
#define LOW_MEMORY 0x08000000UL

static struct area {
	uint64_t iova;
	size_t bytes;
	bool low;
	uint8_t *at;
} areas[BESIDE_AREAS] = {
	{ CLIENT_IOVA, RANDOM_END - CLIENT_IOVA, false, NULL },
	{ RANDOM_AREA, RANDOM_AREA_SIZE, true, NULL },
	{ 0x00fff000, 0x2000, true, NULL },
	{ 0x7ffff000, 0x2000, false, NULL },
	{ 0x100000000 + RANDOM_AREA, 0x1000, false, NULL },
};

static struct hosted *hosted;
static struct device device;
static struct model model;
static uint8_t model_memory[BESIDE_BYTES], before[BESIDE_BYTES];

static void map_memory(void)
{
	uint8_t *low = (uint8_t *)LOW_MEMORY;

	for (struct area *a = areas; a < areas + BESIDE_AREAS; a++) {
		a->at = mmap(a->low ? low : NULL, a->bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | (a->low ? MAP_FIXED_NOREPLACE : 0), -1,
			     0);
		assert_ptr_not_equal(a->at, MAP_FAILED);
		low += a->low ? a->bytes : 0;
		assert_int_equal(hosted_map(client_container, a->at, a->iova, a->bytes), 0);
	}
	client_memory = areas[0].at;
}

static void model_areas(void)
{
	size_t offset = 0;

	for (unsigned int i = 0; i < BESIDE_AREAS; offset += areas[i++].bytes)
		model.memory[i] = (struct model_memory){ areas[i].iova, areas[i].bytes,
							 model_memory + offset, before + offset };
	assert_int_equal(offset, BESIDE_BYTES);
}

struct hosted *beside_open(void)
{
	assert_int_equal(hosted_client_new(&client_container), 0);
	assert_int_equal(hosted_new(client_container, &device_ops, &device, &hosted), 0);
	map_memory();
	model_areas();
	beside_reset();
	return hosted;
}

void beside_close(void)
{
	hosted_free(hosted);
	hosted_client_free(client_container);
	for (struct area *a = areas; a < areas + BESIDE_AREAS; a++)
		munmap(a->at, a->bytes);
}

uint8_t *beside_at(uint64_t iova)
{
	for (struct area *a = areas; a < areas + BESIDE_AREAS; a++)
		if (iova >= a->iova && iova - a->iova < a->bytes)
			return a->at + (iova - a->iova);
	return NULL;
}

void beside_save(uint8_t *to)
{
	for (struct area *a = areas; a < areas + BESIDE_AREAS; to += a++->bytes)
		memcpy(to, a->at, a->bytes);
}

void beside_load(const uint8_t *from)
{
	for (struct area *a = areas; a < areas + BESIDE_AREAS; from += a++->bytes)
		memcpy(a->at, from, a->bytes);
}

static bool memory_is(const uint8_t *as)
{
	for (struct area *a = areas; a < areas + BESIDE_AREAS; as += a++->bytes)
		if (memcmp(as, a->at, a->bytes) != 0)
			return false;
	return true;
}

static void copy_device(struct device *to, const struct device *from)
{
	memcpy(to->data, from->data, from->size);
	to->size = from->size;
	to->turn = from->turn;
	memcpy(to->sense, from->sense, sizeof(to->sense));
}

void beside_reset(void)
{
	device_reset(&device);
}

/* For whoever has to find out what is different: what the model has read. */
static void show(void)
{
	print_message("ORB %08x %08x; the model: reasons %#llx, CCW %u at %#x\n", model.word,
		      model.cpa, (unsigned long long)model.refusal.reasons, model.refusal.number,
		      model.refusal.at);
	for (const struct model_read *r = model.read; r < model.read + model.n_read; r++) {
		uint64_t raw = 0;

		model_number(&model, r->at, 8, &raw);
		print_message("%3d, part %u, %#x: %016llx%s%s", (int)(r - model.read), r->part,
			      r->at, (unsigned long long)raw, r->taken ? "" : ", not taken",
			      r->target ? "" : ", no target");
		print_message(r->chaining ? ", data of %02x\n" : "\n", r->chaining);
	}
}

#define FAIL(...)                      \
	do {                           \
		show();                \
		fail_msg(__VA_ARGS__); \
	} while (0)

/* Is this why, and where? */
static bool is_true(const struct vfio_ccw_ring_cqe *cqe)
{
	const struct model_refusal *r = &model.refusal;

	/* Only the driver knows when its block for the translation is full. */
	if (cqe->reason == VFIO_CCW_RING_R_CCW_TOO_MANY && model.bytes > MODEL_BYTES)
		return true;
	/* It has gone on, and come upon something else. */
	if (r->perhaps)
		return true;
	return r->reasons >> cqe->reason & 1 && cqe->ccw_index == r->number &&
	       cqe->ccw_addr == r->at;
}

static void check_refused(const struct vfio_ccw_ring_cqe *cqe)
{
	if (!is_true(cqe))
		FAIL("refused: %d, reason %u, CCW %u at %#x", cqe->res, cqe->reason, cqe->ccw_index,
		     cqe->ccw_addr);
	if (!memory_is(before))
		FAIL("refused, and has changed memory");
}

/* Is it taken?  It is refused if it should be, and not otherwise. */
static bool is_taken(const struct vfio_ccw_ring_cqe *cqe)
{
	if (cqe->res)
		check_refused(cqe);
	else if (model.refusal.reasons && !model.refusal.perhaps && model.bytes <= MODEL_BYTES)
		FAIL("taken");
	return !cqe->res;
}

static void check_status(const uint8_t *irb)
{
	if (ccwring_irb_dstat(irb) != model.dstat ||
	    (ccwring_irb_cstat(irb) & ~CCWRING_CSTAT_PCI) != model.cstat ||
	    ccwring_irb_cpa(irb) != model.end_cpa || ccwring_irb_residual(irb) != model.count)
		FAIL("status %02x%02x, at %#x, %u left; the model: %02x%02x, %#x, %u",
		     ccwring_irb_dstat(irb), ccwring_irb_cstat(irb), ccwring_irb_cpa(irb),
		     ccwring_irb_residual(irb), model.dstat, model.cstat, model.end_cpa,
		     model.count);
}

static enum beside_end run(const struct ccwring_orb *orb,
			   void (*carry_out)(const struct ccwring_orb *orb,
					     struct vfio_ccw_ring_cqe *cqe))
{
	struct vfio_ccw_ring_cqe cqe;
	enum model_end end;

	memcpy(model_memory, before, BESIDE_BYTES);
	copy_device(&model.device, &device);
	end = model_run(&model);
	if (end == MODEL_WRONG)
		FAIL("the model's rules and its channel do not agree");
	if (end == MODEL_ENDLESS)
		return BESIDE_ENDLESS;
	if (carry_out)
		carry_out(orb, &cqe);
	else
		hosted_carry_out(hosted, orb->b, model.by_region ? HOSTED_AS_REGION : 0, &cqe);
	if (!is_taken(&cqe))
		return BESIDE_REFUSED;
	check_status(cqe.irb);
	if (!memory_is(model_memory))
		FAIL("memory is not as the model has it");
	return BESIDE_TAKEN;
}

enum beside_end beside_run(const struct ccwring_orb *orb, unsigned int how,
			   void (*carry_out)(const struct ccwring_orb *orb,
					     struct vfio_ccw_ring_cqe *cqe))
{
	struct vfio_ccw_ring_cqe cqe;

	beside_save(before);
	model.intparm = ccwring_get_be32(orb->b);
	model.word = ccwring_orb_word1(orb);
	model.cpa = ccwring_get_be32(orb->b + 8);
	model.extended = false;
	for (size_t i = 12; i < sizeof(orb->b); i++)
		model.extended |= orb->b[i];
	model.by_region = how & BESIDE_REGION;
	model_examine(&model);
	if (how & BESIDE_COLD)
		hosted_unpin(hosted);
	hosted_carry_out(hosted, orb->b,
			 HOSTED_ONLY_TRANSLATE | (model.by_region ? HOSTED_AS_REGION : 0), &cqe);
	if (!is_taken(&cqe))
		return BESIDE_REFUSED;
	/* Taken, and the model does not know up to where. */
	if (model.refusal.perhaps)
		return BESIDE_ENDLESS;
	return run(orb, carry_out);
}
