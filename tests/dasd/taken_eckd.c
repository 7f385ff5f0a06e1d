// SPDX-License-Identifier: MIT
/* Reset, and memory unmapped, with 32 starts truly under way. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
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
	reap_all(ring, VFIO_CCW_RING_R_RESET, &taken);
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

static bool irb_is_error(const uint8_t *irb, uint8_t cstat)
{
	return t_irb_function(irb) == T_FUNCTION_START && t_irb_cstat(irb) == cstat &&
	       !t_irb_dstat(irb);
}

/* Starts what never ends by itself; returns when its data have come. */
static void start_endless(struct t_vm *vm, struct t_ring *ring)
{
	memset(t_at(vm, T_IOVA + ECKD_ENDLESS), 0, ECKD_RECORD);
	eckd_endless(vm, T_IOVA, T_IOVA + ECKD_ENDLESS);
	t_sqe_start(t_ring_sqe(ring), T_ORB_PLAIN, T_IOVA, 1);
	T_NEED(t_ring_enter(ring, 1, 0) == 1, "a start");
	eckd_under_way(vm, T_IOVA + ECKD_ENDLESS);
}

static void ended(struct t_ring *ring, uint16_t reason, uint8_t cstat, const char *what)
{
	struct vfio_ccw_ring_cqe cqe = { 0 };

	T_EQUAL(t_ring_cq_tail(ring) - ring->head, 1, "a start has ended before %s returns", what);
	T_NEED(!t_ring_next(ring, &cqe), "its CQE");
	T_CHECK(cqe.res == -ECANCELED && cqe.reason == reason, "... because of it (%d, %u)",
		cqe.res, cqe.reason);
	T_CHECK(cqe.flags & VFIO_CCW_RING_CQE_IRB && irb_is_error(cqe.irb, cstat),
		"... its IRB shows a start and a channel error (fctl %#x, cstat %#x)",
		t_irb_function(cqe.irb), t_irb_cstat(cqe.irb));
}

/* A device that is under way for certain, and does not stop by itself. */
static void endless(struct t_vm *vm, struct t_ring *ring)
{
	start_endless(vm, ring);
	T_NEED(!t_unmap(vm, T_IOVA, T_SIZE), "unmap");
	ended(ring, VFIO_CCW_RING_R_UNMAPPED, T_CSTAT_PROGRAM_CHECK, "an unmap");
	T_NEED(!t_map(vm, vm->memory, T_SIZE, T_IOVA, 3), "memory is mapped again");
	t_good_start(vm, ring, "it");

	start_endless(vm, ring);
	T_NEED(!ioctl(vm->devices[0].fd, VFIO_DEVICE_RESET), "reset");
	ended(ring, VFIO_CCW_RING_R_RESET, T_CSTAT_INTERFACE_CHECK, "a reset");
	t_good_start(vm, ring, "it");
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
	for (us = 0; us < 3; us++)
		endless(&vm, &ring);
	/* If all were done before, nothing was tested. */
	T_CHECK(back_by_reset, "resets met requests under way (%u)", back_by_reset);
	T_CHECK(back_by_unmap, "so did unmaps (%u)", back_by_unmap);
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
