// SPDX-License-Identifier: MIT
/* Pages stay pinned from one request to the next, and no longer than they may. */
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "bad.h"

/* A mapping of its own, to be taken away. */
#define AREA_IOVA 0x01000000UL
#define AREA_SIZE 0x00010000UL

static struct t_vm vm;
static struct t_ring ring;
static uint8_t *area;

static long long counter(const char *name)
{
	return t_pins(&vm.devices[0], name);
}

static void map_area(void)
{
	T_NEED(!t_map(&vm, area, AREA_SIZE, AREA_IOVA, 3), "the area is mapped");
}

/* SENSE ID to the beginning of the area: true if its data have come there. */
static bool sense_on(struct t_ring *door, struct vfio_ccw_ring_cqe *cqe)
{
	struct vfio_ccw_ring_sqe sqe;

	memset(area, 0, 8);
	t_ccw1(t_at(&vm, T_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI, 7, AREA_IOVA);
	t_sqe_start(&sqe, T_ORB_PLAIN, T_PROGRAM, 9);
	T_NEED(!t_ring_do(door, &sqe, cqe), "a CQE comes");
	/* The first byte of SENSE ID data is all ones. */
	return !cqe->res && t_irb_good(cqe->irb) && area[0] == 0xff;
}

static bool sense(struct vfio_ccw_ring_cqe *cqe)
{
	return sense_on(&ring, cqe);
}

static void hits(void)
{
	struct vfio_ccw_ring_cqe cqe;
	long long misses, pinned;
	int i, good = 0;

	T_CHECK(sense(&cqe), "the first request works");
	misses = counter("misses");
	pinned = counter("pinned");
	T_EQUAL(pinned, 2, "the program's page and the data's are pinned");
	for (i = 0; i < 100; i++)
		good += sense(&cqe);
	T_EQUAL(good, 100, "so do a hundred more");
	T_EQUAL(counter("misses"), misses, "... without pinning anything");
	T_EQUAL(counter("pinned"), pinned, "... nor unpinning");
}

static void unmapped(void)
{
	struct vfio_ccw_ring_cqe cqe;
	long long pinned = counter("pinned");

	T_EQUAL(t_unmap(&vm, AREA_IOVA, AREA_SIZE), 0, "the area can be unmapped");
	T_EQUAL(counter("pinned"), pinned - 1, "... and its page is not pinned any more");
	T_CHECK(!sense(&cqe), "a request for it is refused");
	T_EQUAL(cqe.reason, VFIO_CCW_RING_R_DATA_UNMAPPED, "... with the right reason");
	map_area();
	T_CHECK(sense(&cqe), "mapped again, it works again");
	T_EQUAL(counter("pinned"), pinned, "... and is pinned again");
}

/* The area moves to other memory without a request in between. */
static void remapped(void)
{
	uint8_t *before = area;
	struct vfio_ccw_ring_cqe cqe;

	area = mmap(NULL, AREA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	T_NEED(area != MAP_FAILED, "memory");
	T_NEED(!t_unmap(&vm, AREA_IOVA, AREA_SIZE), "unmap");
	map_area();
	memset(before, 0, 8);
	T_CHECK(sense(&cqe), "data come to the memory now mapped there");
	T_EQUAL(before[0], 0, "... and not to that mapped before");
	munmap(before, AREA_SIZE);
}

/* A client that maps a buffer for each request. */
static void one_after_the_other(void)
{
	struct timespec begin, end;
	struct vfio_ccw_ring_cqe cqe;
	int i, good = 0;
	long long ms;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (i = 0; i < 50; i++) {
		T_NEED(!t_unmap(&vm, AREA_IOVA, AREA_SIZE), "unmap");
		map_area();
		good += sense(&cqe);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	ms = (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000;
	T_EQUAL(good, 50, "50 requests, each in memory mapped for it");
	T_CHECK(ms < 750 * t_slow(), "... that do not wait for each other (%lld ms)", ms);
}

/* Memory is given back to the system, and the IOVA stays mapped. */
static void discarded(void)
{
	struct vfio_ccw_ring_cqe cqe;
	long long stale = counter("stale");
	int i, good = 0;

	for (i = 0; i < 20; i++) {
		T_NEED(!madvise(area, AREA_SIZE, MADV_DONTNEED), "madvise");
		good += sense(&cqe);
	}
	T_EQUAL(good, 20, "data come to the page that took a discarded one's place");
	T_EQUAL(counter("stale"), stale + 20, "... which has been noticed");
}

/* The same, and a second device has the same pages pinned. */
static void discarded_under_two(void)
{
	struct t_ring second;
	struct vfio_ccw_ring_cqe cqe;
	int i, good = 0;

	t_ring_open(&second, vm.devices[1].fd, 8);
	for (i = 0; i < 20; i++) {
		T_NEED(!madvise(area, AREA_SIZE, MADV_DONTNEED), "madvise");
		good += sense(&cqe);
		good += sense_on(&second, &cqe);
	}
	T_EQUAL(good, 40, "two devices see the page that took a discarded one's place");
	t_ring_close(&second);
}

/* The program itself is given back, and is another one from then on. */
static void discarded_program(void)
{
	uint8_t *program = area + T_PAGE, *data[] = { area + 2 * T_PAGE, area + 3 * T_PAGE };
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe;
	int i, good = 0;

	for (i = 0; i < 20; i++) {
		T_NEED(!madvise(program, T_PAGE, MADV_DONTNEED), "madvise");
		data[0][0] = data[1][0] = 0;
		t_ccw1((void *)program, T_CMD_SENSE_ID, T_CCW_SLI, 7,
		       AREA_IOVA + (2 + i % 2) * T_PAGE);
		t_sqe_start(&sqe, T_ORB_PLAIN, AREA_IOVA + T_PAGE, 9);
		T_NEED(!t_ring_do(&ring, &sqe, &cqe), "a CQE comes");
		good += !cqe.res && data[i % 2][0] == 0xff && !data[!(i % 2)][0];
	}
	T_EQUAL(good, 20, "the program is read from the page that took a discarded one's place");
}

/*
 * Two devices on one ring, both in one batch: the one that finds the page discarded
 * has to make the other let go of it.
 */
static void discarded_in_one_batch(void)
{
	int second = t_ring_attach(&ring, vm.devices[1].fd), i, k, good = 0;
	struct vfio_ccw_ring_sqe *sqe;
	const uint16_t index[] = { second, ring.setup.subchannel, second };
	struct vfio_ccw_ring_cqe cqe;

	T_NEED(second >= 0, "a second subchannel on the ring");
	for (i = 0; i < 20; i++) {
		T_NEED(!madvise(area, T_PAGE, MADV_DONTNEED), "madvise");
		memset(area, 0, 8);
		t_ccw1(t_at(&vm, T_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI, 7, AREA_IOVA);
		t_ccw1(t_at(&vm, T_PROGRAM + 8), T_CMD_NOP, T_CCW_SLI, 1, T_PROGRAM);
		for (k = 0; k < 3; k++) {
			sqe = t_ring_sqe(&ring);
			t_sqe_start(sqe, T_ORB_PLAIN, k ? T_PROGRAM : T_PROGRAM + 8, k);
			sqe->subchannel = index[k];
		}
		T_EQUAL(t_ring_enter(&ring, 3, 3), 3, "three starts at once");
		for (k = 0; k < 3 && t_ring_reap(&ring, &cqe); k++)
			good += !cqe.res && t_irb_good(cqe.irb) && area[0] == 0xff;
	}
	T_EQUAL(good, 60, "two devices of a batch see the page that took a discarded one's place");
}

int main(void)
{
	long long before = t_pages_pinned();

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 8);
	area = mmap(NULL, AREA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	T_NEED(area != MAP_FAILED, "memory");
	map_area();
	hits();
	unmapped();
	remapped();
	one_after_the_other();
	discarded();
	discarded_under_two();
	discarded_program();
	discarded_in_one_batch();
	t_ring_close(&ring);
	t_vm_close(&vm);
	T_CHECK(t_pages_pinned_become(before), "in the end nothing is pinned");
	return tap_done();
}
