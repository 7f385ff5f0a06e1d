// SPDX-License-Identifier: MIT
/* bench_setup.c - devices, ring and slots of a run */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cmd.h"

#define DEFAULT_CYLINDERS 30

static void log_message(void *arg, int level, const char *message)
{
	(void)arg;
	(void)level;
	complain("%s", message);
}

static int open_context(struct bench *b)
{
	struct ccwring_vfio_opts opts = {
		.size = sizeof(opts),
		.log = log_message,
		.log_level = b->opts.verbose ? CCWRING_LOG_INFO : CCWRING_LOG_ERROR,
		.access = b->opts.access,
	};

	return ccwring_vfio_new(&opts, &b->vfio);
}

static uint32_t ring_entries(const struct bench *b)
{
	/* A thread gives entries back later than their requests may have ended. */
	uint32_t n = b->opts.ring_flags & CCWRING_RING_THREAD ? 2 * b->n_slots : b->n_slots;

	return n < 2 ? 2 : n;
}

static int open_ring(struct bench *b)
{
	struct ccwring_ring_opts opts = {
		.size = sizeof(opts),
		.backend = b->opts.backend,
		.sq_entries = ring_entries(b),
		.flags = b->opts.ring_flags,
		.thread_cpu = b->opts.thread_cpu,
	};
	int ret = ccwring_ring_new(b->devs[0], &opts, &b->ring);

	if (ret) {
		complain("%s: no ring: %s", b->opts.devices[0], strerror(-ret));
		return ret;
	}
	b->index[0] = ccwring_ring_index(b->ring);
	for (unsigned int i = 1; i < b->n_devs; i++) {
		ret = ccwring_ring_attach(b->ring, b->devs[i]);
		if (ret < 0) {
			complain("%s: cannot attach: %s", b->opts.devices[i], strerror(-ret));
			return ret;
		}
		b->index[i] = ret;
	}
	return 0;
}

static int open_devices(struct bench *b)
{
	for (unsigned int i = 0; i < b->opts.n_devices; i++) {
		/* Why it fails, the library tells. */
		int err = ccwring_device_open(b->vfio, b->opts.devices[i], &b->devs[i]);

		if (err)
			return err;
		b->n_devs++;
	}
	return 0;
}

/* One Read Device Characteristics; 0 cylinders if it does not answer. */
static unsigned int ask_cylinders(struct bench *b)
{
	struct ccwring_orb orb;
	ccwring_iova_t iova;
	unsigned int cylinders = 0;
	uint8_t *chars;

	if (ccwring_program_new(b->vfio, 128, &b->ask))
		return 0;
	chars = ccwring_program_param(b->ask, CCWRING_ECKD_CHARS_SIZE, &iova);
	ccwring_program_add(b->ask, CCWRING_ECKD_READ_CHARS, CCWRING_CCW_SLI, iova,
			    CCWRING_ECKD_CHARS_SIZE);
	bench_stop_after(b->opts.duration);
	if (!ccwring_program_finish(b->ask, &orb) && !bench_one(b, b->index[0], &orb) &&
	    ccwring_eckd_chars_heads(chars) == b->geo.heads)
		cylinders = ccwring_eckd_chars_cylinders(chars);
	return cylinders;
}

static void set_geometry(struct bench *b)
{
	unsigned int cylinders = b->opts.cylinders;

	ccwring_eckd_geometry_3390(&b->geo, DEFAULT_CYLINDERS);
	if (!cylinders)
		cylinders = ask_cylinders(b);
	if (cylinders)
		b->geo.cylinders = cylinders;
}

static int make_slot(struct bench *b, unsigned int i)
{
	const struct shape *shape = b->opts.shape;
	struct slot *slot = &b->slots[i];
	size_t bytes = shape->pages * (size_t)4096;
	int err;

	slot->sch = b->index[i % b->n_devs];
	/* More than a chunk, so that data begin on a page. */
	slot->data = ccwring_dma_alloc(b->vfio, bytes, &slot->iova);
	if (!slot->data)
		return -ENOMEM;
	err = ccwring_program_new(b->vfio, 64 + shape->pages * 8, &slot->prog);
	if (!err)
		err = shape->build(b, slot);
	if (!err)
		ccwring_prep_start(&slot->sqe, slot->sch, &slot->orb, (uintptr_t)slot);
	return err;
}

static int make_slots(struct bench *b)
{
	b->slots = calloc(b->n_slots, sizeof(*b->slots));
	if (!b->slots)
		return -ENOMEM;
	for (unsigned int i = 0; i < b->n_slots; i++) {
		int err = make_slot(b, i);

		if (err) {
			complain("slot %u: %s", i, strerror(-err));
			return err;
		}
	}
	return 0;
}

int bench_setup(struct bench *b)
{
	int err;

	b->n_slots = b->opts.depth * b->opts.n_devices;
	if (b->opts.shape->disk || b->opts.verify)
		b->next = b->opts.shape->next;
	b->random = b->opts.seed * 0x9e3779b97f4a7c15ULL | 1;
	err = open_context(b);
	if (!err)
		err = open_devices(b);
	if (!err)
		err = open_ring(b);
	if (!err && b->opts.shape->disk)
		set_geometry(b);
	if (!err)
		err = make_slots(b);
	if (!err && b->opts.calls != CALLS_RING)
		err = bench_uring_open(b);
	return err;
}

/* What is still under way ends with the ring, or through the region with the device. */
void bench_teardown(struct bench *b)
{
	bench_stop_done();
	bench_uring_close(b);
	ccwring_ring_free(b->ring);
	for (unsigned int i = 0; i < b->n_devs; i++)
		ccwring_device_close(b->devs[i]);
	ccwring_program_free(b->ask);
	for (unsigned int i = 0; b->slots && i < b->n_slots; i++)
		ccwring_program_free(b->slots[i].prog);
	free(b->slots);
	ccwring_vfio_free(b->vfio);
}
