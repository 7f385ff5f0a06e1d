// SPDX-License-Identifier: MIT
/*
 * buffer.c - a read to a buffer of its own: from the library's memory, which is mapped,
 * and from malloc() with a mapping for each
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "device.h"
#include "internal.h"

#define PAGE 4096
/* Below what the library uses. */
#define IOVA 0x800000UL

struct buffers {
	struct bench *bench;
	size_t size;
	struct ccwring_program *prog; /* not checked against the library's memory */
	struct ccwring_orb orb;
};

static void teardown(void *context)
{
	struct buffers *b = context;

	ccwring_program_free(b->prog);
	micro_bench_free(b->bench);
	free(b);
}

static int build(struct buffers *b)
{
	ccwring_iova_t iova;
	void *memory = ccwring_dma_alloc(b->bench->vfio, 64, &iova);
	int err;

	if (!memory)
		return -ENOMEM;
	err = ccwring_program_new_at(memory, iova, 64, &b->prog);
	if (err)
		return err;
	ccwring_program_add(b->prog, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, IOVA, 7);
	return ccwring_program_finish(b->prog, &b->orb);
}

static int setup(const struct micro *micro, void **context)
{
	struct buffers *b = calloc(1, sizeof(*b));
	int err;

	if (!b)
		return -ENOMEM;
	b->size = micro->arg;
	b->bench = micro_bench("nop", 1, CALLS_RING, &err);
	if (!b->bench) {
		free(b);
		return err;
	}
	err = build(b);
	if (err)
		teardown(b);
	*context = b;
	return err;
}

static int read_to(struct buffers *b, ccwring_iova_t iova)
{
	int err = ccwring_program_set_data(b->prog, 0, iova);

	return err ? err : bench_one(b->bench, b->bench->slots[0].sch, &b->orb);
}

static int arena(void *context, uint64_t n)
{
	struct buffers *b = context;
	ccwring_iova_t iova;
	int err = 0;

	while (n-- && !err) {
		void *p = ccwring_dma_alloc(b->bench->vfio, b->size, &iova);

		if (!p)
			return -ENOMEM;
		err = read_to(b, iova);
		ccwring_dma_free(b->bench->vfio, p);
	}
	return err;
}

static int map(struct buffers *b, void *memory)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory,
		.iova = IOVA,
		.size = b->size,
	};

	return ioctl(b->bench->vfio->container, VFIO_IOMMU_MAP_DMA, &arg) ? -errno : 0;
}

static int unmap(struct buffers *b)
{
	struct vfio_iommu_type1_dma_unmap arg = {
		.argsz = sizeof(arg),
		.iova = IOVA,
		.size = b->size,
	};

	return ioctl(b->bench->vfio->container, VFIO_IOMMU_UNMAP_DMA, &arg) ? -errno : 0;
}

static int malloc_map(void *context, uint64_t n)
{
	struct buffers *b = context;
	int err = 0;

	while (n-- && !err) {
		void *p = aligned_alloc(PAGE, b->size);

		err = p ? map(b, p) : -ENOMEM;
		if (!err) {
			err = read_to(b, IOVA);
			unmap(b);
		}
		free(p);
	}
	return err;
}

static const struct micro micros[] = {
	{ "buffer/arena/4096", setup, arena, teardown, .batch = 64, .arg = 4096 },
	{ "buffer/arena/65536", setup, arena, teardown, .batch = 64, .arg = 65536 },
	{ "buffer/malloc_map/4096", setup, malloc_map, teardown, .batch = 64, .arg = 4096 },
	{ "buffer/malloc_map/65536", setup, malloc_map, teardown, .batch = 64, .arg = 65536 },
};

void micro_add_buffer(void)
{
	micro_add(micros, sizeof(micros) / sizeof(micros[0]));
}
