// SPDX-License-Identifier: MIT
/* dma.c - contexts without devices: options and the memory allocator */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ccwring/device.h>

#include "unit.h"

static struct ccwring_vfio *new_context(size_t bytes)
{
	const struct ccwring_vfio_opts opts = { .size = sizeof(opts), .dma_bytes = bytes };
	struct ccwring_vfio *vfio;

	assert_int_equal(ccwring_vfio_new(&opts, &vfio), 0);
	return vfio;
}

/* Options of a program compiled against a later header. */
struct later_opts {
	struct ccwring_vfio_opts opts;
	uint64_t later;
};

static void options(void **state)
{
	struct later_opts later = { .opts.size = sizeof(later) };
	struct ccwring_vfio_opts opts = { .size = 4 };
	struct ccwring_vfio *vfio;

	(void)state;
	assert_int_equal(ccwring_vfio_new(&later.opts, &vfio), 0);
	ccwring_vfio_free(vfio);
	later.later = 1;
	assert_int_equal(ccwring_vfio_new(&later.opts, &vfio), -EINVAL);
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), -EINVAL);
	/* An earlier one, which knew the first field only. */
	opts = (struct ccwring_vfio_opts){ .size = 8, .dma_iova = 5 };
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), 0);
	ccwring_vfio_free(vfio);
}

static void placement(void **state)
{
	struct ccwring_vfio_opts opts = { .size = sizeof(opts), .dma_iova = 0x1800 };
	struct ccwring_vfio *vfio;

	(void)state;
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), -EINVAL);
	opts.dma_iova = 0x7ffff000;
	opts.dma_bytes = 8192;
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), -EINVAL);
	opts.dma_iova = 0x7fffe000;
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), 0);
	ccwring_vfio_free(vfio);
	opts.dma_bytes = (size_t)3 << 30;
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), -EINVAL);
}

static void addresses(void **state)
{
	struct ccwring_vfio *vfio = new_context(0);
	ccwring_iova_t iova, again;
	uint8_t *p;

	(void)state;
	p = ccwring_dma_alloc(vfio, 5000, &iova);
	assert_non_null(p);
	assert_int_equal(iova % 4096, 0);
	assert_int_equal(ccwring_dma_iova(vfio, p + 4999, &again), 0);
	assert_int_equal(again, iova + 4999);
	assert_ptr_equal(ccwring_dma_ptr(vfio, iova + 7, 16), p + 7);
	assert_int_equal(ccwring_dma_iova(vfio, &vfio, &again), -EFAULT);
	assert_null(ccwring_dma_ptr(vfio, 0, 1));
	assert_null(ccwring_dma_ptr(vfio, iova, (size_t)16 << 20 | 1));
	assert_null(ccwring_dma_ptr(vfio, iova, SIZE_MAX));
	assert_null(ccwring_dma_ptr(vfio, UINT64_MAX, 2));
	ccwring_vfio_free(vfio);
}

static void chunks(void **state)
{
	struct ccwring_vfio *vfio = new_context(0);
	ccwring_iova_t iova;

	(void)state;
	for (size_t size = 1; size <= 2048; size++) {
		size_t rounded = 64;
		uint8_t *p = ccwring_dma_alloc(vfio, size, &iova);

		while (rounded < size)
			rounded *= 2;
		assert_non_null(p);
		assert_int_equal(iova % rounded, 0);
		assert_int_equal(iova / 4096, (iova + size - 1) / 4096);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, rounded);
		if (size % 3)
			ccwring_dma_free(vfio, p);
	}
	assert_null(ccwring_dma_alloc(vfio, 0, &iova));
	ccwring_vfio_free(vfio);
}

/* The last page is never given out; everything else is, and comes back. */
static void exhaustion(void **state)
{
	struct ccwring_vfio *vfio = new_context(16 * 4096);
	void *pages[15];

	(void)state;
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < 15; i++) {
			pages[i] = ccwring_dma_alloc(vfio, 4096, NULL);
			assert_non_null(pages[i]);
		}
		assert_null(ccwring_dma_alloc(vfio, 1, NULL));
		for (unsigned int i = 0; i < 15; i++)
			ccwring_dma_free(vfio, pages[i]);
	}
	/* In pieces, too: pages of chunks become pages again. */
	for (unsigned int i = 0; i < 15; i++)
		pages[i] = ccwring_dma_alloc(vfio, 2048, NULL);
	for (unsigned int i = 0; i < 15; i++)
		ccwring_dma_free(vfio, pages[i]);
	pages[0] = ccwring_dma_alloc(vfio, 15 * 4096, NULL);
	assert_non_null(pages[0]);
	assert_null(ccwring_dma_alloc(vfio, 1, NULL));
	assert_null(ccwring_dma_alloc(vfio, SIZE_MAX, NULL));
	ccwring_vfio_free(vfio);
}

#define MODEL 200

/* Random sizes; each allocation keeps its own bytes. */
static void against_model(void **state)
{
	struct ccwring_vfio *vfio = new_context(256 * 4096);
	struct {
		uint8_t *p;
		size_t size;
	} model[MODEL] = { { NULL, 0 } };

	(void)state;
	srand(1);
	for (unsigned int step = 0; step < 20000; step++) {
		unsigned int i = rand() % MODEL;

		for (size_t k = 0; k < model[i].size; k++)
			assert_int_equal(model[i].p[k], i);
		ccwring_dma_free(vfio, model[i].p);
		model[i].size = rand() % (step % 2 ? 300 : 9000) + 1;
		model[i].p = ccwring_dma_alloc(vfio, model[i].size, NULL);
		if (!model[i].p)
			model[i].size = 0;
		else
			memset(model[i].p, i, model[i].size);
	}
	for (unsigned int i = 0; i < MODEL; i++)
		ccwring_dma_free(vfio, model[i].p);
	assert_non_null(ccwring_dma_alloc(vfio, 255 * 4096, NULL));
	ccwring_vfio_free(vfio);
}

RUN(cmocka_unit_test(options), cmocka_unit_test(placement), cmocka_unit_test(addresses),
    cmocka_unit_test(chunks), cmocka_unit_test(exhaustion), cmocka_unit_test(against_model))
