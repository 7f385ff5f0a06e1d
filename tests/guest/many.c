// SPDX-License-Identifier: MIT
/* Several subchannels: each on a ring of its own, and all on one. */
#include <errno.h>

#include "common.h"

#define DEPTH 32

static int rounds;

static uint32_t program_of(int index)
{
	return T_IOVA + index * T_PAGE;
}

static void build(struct t_vm *vm)
{
	int i;

	for (i = 0; i < vm->nr_devices; i++)
		t_ccw1(t_at(vm, program_of(i)), T_CMD_SENSE_ID, T_CCW_SLI, 8, program_of(i) + 64);
}

static void submit_round(struct t_ring *ring, int nr, const int *index)
{
	struct vfio_ccw_ring_sqe *sqe;
	int i;

	for (i = 0; i < DEPTH; i++) {
		sqe = t_ring_sqe(ring);
		t_sqe_start(sqe, T_ORB_PLAIN, program_of(i % nr),
			    (uint64_t)index[i % nr] << 32 | i);
		sqe->subchannel = index[i % nr];
	}
}

/* Counts good CQEs whose subchannel is the one the request was for. */
static uint32_t run_rounds(struct t_ring *ring, int nr, const int *index)
{
	struct vfio_ccw_ring_cqe cqe;
	uint32_t good = 0;
	int round, i;

	for (round = 0; round < rounds; round++) {
		submit_round(ring, nr, index);
		if (t_ring_enter(ring, DEPTH, DEPTH) != DEPTH)
			break;
		for (i = 0; i < DEPTH && t_ring_reap(ring, &cqe); i++)
			good += !cqe.res && t_irb_good(cqe.irb) &&
				cqe.subchannel == cqe.user_data >> 32;
	}
	return good;
}

static void rings_of_their_own(struct t_vm *vm)
{
	struct t_ring rings[T_MAX_DEVICES];
	int i;

	for (i = 0; i < vm->nr_devices; i++)
		t_ring_open(&rings[i], vm->devices[i].fd, DEPTH);
	for (i = 0; i < vm->nr_devices; i++)
		T_EQUAL(run_rounds(&rings[i], 1, (int *)&rings[i].setup.subchannel), rounds * DEPTH,
			"subchannel %d on its own ring", i);
	for (i = 0; i < vm->nr_devices; i++)
		t_ring_close(&rings[i]);
}

static void attach_all(struct t_vm *vm, struct t_ring *ring, int *index)
{
	int i, k;

	index[0] = ring->setup.subchannel;
	for (i = 1; i < vm->nr_devices; i++) {
		index[i] = t_ring_attach(ring, vm->devices[i].fd);
		T_CHECK(index[i] >= 0, "subchannel %d is attached as %d", i, index[i]);
		for (k = 0; k < i; k++)
			T_CHECK(index[k] != index[i], "... a new index");
		T_EQUAL(t_ring_attach(ring, vm->devices[i].fd), -EBUSY, "... not twice");
	}
}

static void one_ring_for_all(struct t_vm *vm)
{
	int index[T_MAX_DEVICES];
	struct t_ring ring;

	t_ring_open(&ring, vm->devices[0].fd, DEPTH);
	attach_all(vm, &ring, index);
	T_EQUAL(run_rounds(&ring, vm->nr_devices, index), rounds * DEPTH,
		"%d subchannels on one ring", vm->nr_devices);
	t_good_start(vm, &ring, "all that");
	t_ring_close(&ring);
}

/* A device that goes must not take the ring or its neighbours along. */
static void one_goes(struct t_vm *vm)
{
	struct t_device *last = &vm->devices[vm->nr_devices - 1];
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe = { 0 };
	int index[T_MAX_DEVICES];
	struct t_ring ring;

	t_ring_open(&ring, vm->devices[0].fd, DEPTH);
	attach_all(vm, &ring, index);
	t_device_close(last);
	t_sqe_start(&sqe, T_ORB_PLAIN, program_of(0), 1);
	sqe.subchannel = index[vm->nr_devices - 1];
	T_EQUAL(t_ring_do(&ring, &sqe, &cqe), 0, "a start of a closed device");
	T_CHECK(cqe.res == -ENXIO || cqe.res == -ENODEV, "... is refused (res %d, reason %u)",
		cqe.res, cqe.reason);
	T_EQUAL(run_rounds(&ring, vm->nr_devices - 1, index), rounds * DEPTH, "the others go on");
	t_device_open(vm, last);
	T_CHECK(t_ring_attach(&ring, last->fd) >= 0, "it can come back");
	t_ring_close(&ring);
}

int main(void)
{
	struct t_vm vm;

	t_vm_open(&vm);
	T_NEED(vm.nr_devices > 1, "%d devices are enough", vm.nr_devices);
	rounds = 800 / vm.nr_devices;
	build(&vm);
	rings_of_their_own(&vm);
	one_ring_for_all(&vm);
	one_goes(&vm);
	t_vm_close(&vm);
	return tap_done();
}
