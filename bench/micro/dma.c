// SPDX-License-Identifier: MIT
/*
 * dma.c - memory with IOVAs: the allocator, beside the C library's, and addresses
 *
 * There is no device: nothing is mapped.  See buffer.c for that.
 */
#include <errno.h>
#include <stdlib.h>

#include <ccwring/ccwring.h>

#include "micro.h"

struct memory {
	struct ccwring_vfio *vfio;
	size_t size;
	uint8_t *buffer;
	ccwring_iova_t iova;
};

static void teardown(void *context)
{
	struct memory *m = context;

	ccwring_vfio_free(m->vfio);
	free(m);
}

/* One buffer stays, as in a program that has others. */
static int setup(const struct micro *micro, void **context)
{
	struct memory *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return -ENOMEM;
	m->size = micro->arg;
	err = ccwring_vfio_new(NULL, &m->vfio);
	if (err) {
		free(m);
		return err;
	}
	m->buffer = ccwring_dma_alloc(m->vfio, m->size, &m->iova);
	if (!m->buffer) {
		teardown(m);
		return -ENOMEM;
	}
	*context = m;
	return 0;
}

static int alloc_free(void *context, uint64_t n)
{
	struct memory *m = context;
	ccwring_iova_t iova;

	while (n--) {
		void *p = ccwring_dma_alloc(m->vfio, m->size, &iova);

		if (!p)
			return -ENOMEM;
		micro_use(p);
		ccwring_dma_free(m->vfio, p);
	}
	return 0;
}

static int calloc_free(void *context, uint64_t n)
{
	struct memory *m = context;

	while (n--) {
		void *p = calloc(1, m->size);

		if (!p)
			return -ENOMEM;
		micro_use(p);
		free(p);
	}
	return 0;
}

static int iova_of(void *context, uint64_t n)
{
	struct memory *m = context;
	ccwring_iova_t iova;
	int err = 0;

	while (n-- && !err) {
		err = ccwring_dma_iova(m->vfio, m->buffer + n, &iova);
		micro_use(&iova);
	}
	return err;
}

static int ptr_of(void *context, uint64_t n)
{
	struct memory *m = context;

	while (n--)
		if (!ccwring_dma_ptr(m->vfio, m->iova + n, 1))
			return -EFAULT;
	return 0;
}

static const struct micro micros[] = {
	{ "dma/alloc_free/64", setup, alloc_free, teardown, .batch = 64, .arg = 64 },
	{ "dma/alloc_free/4096", setup, alloc_free, teardown, .batch = 64, .arg = 4096 },
	{ "dma/alloc_free/65536", setup, alloc_free, teardown, .batch = 64, .arg = 65536 },
	{ "dma/calloc_free/64", setup, calloc_free, teardown, .batch = 64, .arg = 64 },
	{ "dma/calloc_free/4096", setup, calloc_free, teardown, .batch = 64, .arg = 4096 },
	{ "dma/calloc_free/65536", setup, calloc_free, teardown, .batch = 64, .arg = 65536 },
	{ "dma/iova", setup, iova_of, teardown, .batch = 64, .arg = 4096 },
	{ "dma/ptr", setup, ptr_of, teardown, .batch = 64, .arg = 4096 },
};

void micro_add_dma(void)
{
	micro_add(micros, sizeof(micros) / sizeof(micros[0]));
}
