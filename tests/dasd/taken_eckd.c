// SPDX-License-Identifier: MIT
/* Reset, and memory unmapped, with 32 starts truly under way. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "eckd.h"

struct taken {
	unsigned int finals[T_DEPTH];
	unsigned int done;
	unsigned int back;
	unsigned int wrong;
};

/* Carried out, or taken back for this reason: nothing else may happen. */
static void account(struct taken *taken, const struct vfio_ccw_ring_cqe *cqe, uint16_t reason)
{
	if (cqe->user_data < T_DEPTH)
		taken->finals[cqe->user_data]++;
	if (!cqe->res && t_irb_good(cqe->irb))
		taken->done++;
	else if (cqe->res == -ECANCELED && cqe->reason == reason)
		taken->back++;
	else
		taken->wrong++;
}

/* What is under way when memory goes, or the device starts afresh, has ended by then. */
static void all_ended(struct t_ring *ring)
{
	T_EQUAL(t_ring_cq_tail(ring) - ring->head, T_DEPTH, "... all had ended before it returned");
}

static void reap_all(struct t_ring *ring, uint16_t reason, struct taken *taken)
{
	struct vfio_ccw_ring_cqe cqe;
	unsigned int i, not_once = 0;

	for (i = 0; i < T_DEPTH; i++) {
		if (!T_CHECK(!t_ring_next(ring, &cqe), "CQE %u of %u comes", i + 1, T_DEPTH))
			return;
		account(taken, &cqe, reason);
	}
	for (i = 0; i < T_DEPTH; i++)
		not_once += taken->finals[i] != 1;
	T_EQUAL(not_once, 0, "each start ends exactly once");
	T_EQUAL(taken->wrong, 0, "... well, or for the right reason");
	T_CHECK(!t_ring_reap(ring, &cqe), "no CQE is left over");
}

static void pause_us(unsigned int us)
{
	const struct timespec time = { .tv_nsec = us * 1000L };

	if (us)
		nanosleep(&time, NULL);
}

static void load(struct t_vm *vm, struct t_ring *ring, unsigned int us)
{
	t_load_queue(vm, ring, eckd_load);
	T_NEED(t_ring_enter(ring, T_DEPTH, 0) == T_DEPTH, "%u starts", T_DEPTH);
	pause_us(us);
}

static void reset(struct t_vm *vm, struct t_ring *ring, unsigned int us, unsigned int *back)
{
	struct taken taken = { 0 };

	load(vm, ring, us);
	T_EQUAL(ioctl(vm->devices[0].fd, VFIO_DEVICE_RESET), 0, "a reset with I/O under way");
	all_ended(ring);
	reap_all(ring, VFIO_CCW_RING_R_CLOSED, &taken);
	t_good_start(vm, ring, "it");
	*back += taken.back;
}

static void unmap(struct t_vm *vm, struct t_ring *ring, unsigned int us, unsigned int *back)
{
	struct taken taken = { 0 };

	load(vm, ring, us);
	T_EQUAL(t_unmap(vm, T_IOVA, T_SIZE), 0, "memory unmapped with I/O under way");
	all_ended(ring);
	reap_all(ring, VFIO_CCW_RING_R_UNMAPPED, &taken);
	T_NEED(!t_map(vm, vm->memory, T_SIZE, T_IOVA, 3), "memory is mapped again");
	t_good_start(vm, ring, "it");
	*back += taken.back;
}

/* Memory of its own for the data of a long program. */
#define DATA_IOVA 0x01000000UL
#define DATA_SIZE (ECKD_TRACK_RECORDS * ECKD_RECORD)

/*
 * Memory goes under one long program.  Gives whether that stopped it; when the
 * emulator has carried it out before, it did not.
 */
static bool unmap_long(struct t_vm *vm, struct t_ring *ring)
{
	void *data = mmap(NULL, DATA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
	struct vfio_ccw_ring_cqe cqe = { 0 };
	bool stopped;

	T_NEED(data != MAP_FAILED && !t_map(vm, data, DATA_SIZE, DATA_IOVA, 3), "memory");
	eckd_long_program(vm, T_IOVA, DATA_IOVA);
	t_sqe_start(t_ring_sqe(ring), T_ORB_PLAIN, T_IOVA, 1);
	T_NEED(t_ring_enter(ring, 1, 0) == 1, "a start");
	T_NEED(!t_unmap(vm, DATA_IOVA, DATA_SIZE), "unmap");
	T_EQUAL(t_ring_cq_tail(ring) - ring->head, 1, "a long program ends before an unmap does");
	T_NEED(!t_ring_next(ring, &cqe), "its CQE");
	stopped = cqe.res == -ECANCELED && cqe.reason == VFIO_CCW_RING_R_UNMAPPED;
	T_CHECK(stopped || (!cqe.res && t_irb_good(cqe.irb)),
		"... well or because of it (res %d, reason %u)", cqe.res, cqe.reason);
	t_good_start(vm, ring, "it");
	munmap(data, DATA_SIZE);
	return stopped;
}

static void unmap_long_programs(struct t_vm *vm, struct t_ring *ring)
{
	unsigned int tries, stopped = 0;

	for (tries = 0; tries < 100 && stopped < 3; tries++)
		stopped += unmap_long(vm, ring);
	T_CHECK(stopped, "%u of %u long programs were stopped", stopped, tries);
}

int main(void)
{
	unsigned int us, back_by_reset = 0, back_by_unmap = 0;
	struct t_ring ring;
	struct t_vm vm;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 2 * T_DEPTH);
	for (us = 0; us <= 200; us += 20) {
		reset(&vm, &ring, us, &back_by_reset);
		unmap(&vm, &ring, us, &back_by_unmap);
	}
	unmap_long_programs(&vm, &ring);
	/* If all were done before, nothing was tested. */
	T_CHECK(back_by_reset, "resets met requests under way (%u)", back_by_reset);
	T_CHECK(back_by_unmap, "so did unmaps (%u)", back_by_unmap);
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
