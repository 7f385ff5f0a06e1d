// SPDX-License-Identifier: MIT
/*
 * pins.c - a page that the driver has pinned already, and one that it has not
 *
 * One request at a time, each with data in the next page.  There are a few of them, or
 * twice as many as the driver keeps pinned, so that each has been let go of before its
 * turn comes again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

#define LIMIT "/sys/module/vfio_ccw/parameters/pin_limit"
#define FEW   64
#define PAGE  4096

struct pins {
	struct bench *bench;
	ccwring_iova_t data;
	unsigned int n_pages;
	unsigned int next;
};

enum {
	HIT,
	MISS
};

static unsigned int pin_limit(void)
{
	FILE *f = fopen(LIMIT, "r");
	unsigned int n = 0;

	if (f && fscanf(f, "%u", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

static void teardown(void *context)
{
	struct pins *pins = context;

	micro_bench_free(pins->bench);
	free(pins);
}

/* Pages that the kernel has given already: what is measured is pinning them. */
static int take_pages(struct pins *pins, unsigned int n)
{
	void *memory = ccwring_dma_alloc(pins->bench->vfio, (size_t)n * PAGE, &pins->data);

	if (!memory)
		return -ENOMEM;
	memset(memory, 1, (size_t)n * PAGE);
	pins->n_pages = n;
	return 0;
}

static int setup(const struct micro *micro, void **context)
{
	unsigned int n = micro->arg == HIT ? FEW : 2 * pin_limit();
	struct pins *pins;
	int err;

	if (!n)
		return -ENOENT;
	pins = calloc(1, sizeof(*pins));
	if (!pins)
		return -ENOMEM;
	pins->bench = micro_bench("1page", 1, CALLS_RING, &err);
	if (!pins->bench) {
		free(pins);
		return err;
	}
	err = take_pages(pins, n);
	if (err)
		teardown(pins);
	*context = pins;
	return err;
}

static int run(void *context, uint64_t n)
{
	struct pins *pins = context;
	struct slot *slot = pins->bench->slots;
	int err = 0;

	while (n-- && !err) {
		ccwring_iova_t data = pins->data + (size_t)pins->next * PAGE;

		if (++pins->next == pins->n_pages)
			pins->next = 0;
		err = ccwring_program_set_data(slot->prog, 0, data);
		if (!err)
			err = bench_one(pins->bench, slot->sch, &slot->orb);
	}
	return err;
}

static const struct micro micros[] = {
	{ "pins/hit", setup, run, teardown, .batch = 256, .arg = HIT },
	{ "pins/miss", setup, run, teardown, .batch = 256, .arg = MISS },
};

void micro_add_pins(void)
{
	micro_add(micros, sizeof(micros) / sizeof(micros[0]));
}
