// SPDX-License-Identifier: MIT
/*
 * Three devices of one container use memory, in batches, while a thread unmaps it and maps
 * it again.  A container that finds a range pinned again ten times while it is being
 * unmapped stops the system.  Two threads that unmap at the same time wait for each other
 * for ever inside VFIO, whatever the driver.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"

#define DEVICES	    3
#define DEPTH	    16
/* CCWs of a program: all in the pages of its device, one for each page of both ranges. */
#define RANGE_IOVA  0x01000000UL
#define RANGE_PAGES 16
#define RANGE_SIZE  (RANGE_PAGES * T_PAGE)
#define RANGES	    2
#define CCWS	    (RANGES * RANGE_PAGES)
#define PROGRAM(i)  (T_IOVA + (i)*T_PAGE)
#define ROUNDS	    60

static struct t_vm vm;
static atomic_bool enough;
static atomic_ulong good;
static void *memory[RANGES];

static uint64_t range_iova(unsigned int r)
{
	return RANGE_IOVA + r * 2 * RANGE_SIZE;
}

static void build(unsigned int device)
{
	struct t_ccw1 *ccw = t_at(&vm, PROGRAM(device));
	unsigned int i;

	for (i = 0; i < CCWS; i++)
		t_ccw1(&ccw[i], T_CMD_SENSE_ID, T_CCW_SLI | (i < CCWS - 1 ? T_CCW_CC : 0), 7,
		       range_iova(i % RANGES) + i / RANGES * T_PAGE);
}

static void *use(void *argument)
{
	unsigned int device = (uintptr_t)argument, i;
	struct vfio_ccw_ring_cqe cqe;
	struct t_ring ring;

	build(device);
	t_ring_open(&ring, vm.devices[device].fd, DEPTH);
	while (!enough) {
		for (i = 0; i < DEPTH; i++)
			t_sqe_start(t_ring_sqe(&ring), T_ORB_PLAIN, PROGRAM(device), i);
		t_ring_store_tail(&ring, ring.tail);
		T_NEED(t_ring_enter(&ring, DEPTH, DEPTH) == DEPTH, "a batch");
		while (t_ring_reap(&ring, &cqe))
			good += !cqe.res && t_irb_good(cqe.irb);
	}
	t_ring_close(&ring);
	return NULL;
}

static void unmap_and_map(unsigned int r)
{
	unsigned long before = good;

	/* All use it again. */
	while (good < before + DEVICES * DEPTH)
		usleep(100);
	T_NEED(!t_unmap(&vm, range_iova(r), RANGE_SIZE), "range %u is unmapped", r);
	T_NEED(!t_map(&vm, memory[r], RANGE_SIZE, range_iova(r), 3), "... and mapped");
}

int main(void)
{
	pthread_t users[DEVICES];
	uintptr_t i;

	t_vm_open(&vm);
	T_NEED(vm.nr_devices >= DEVICES, "%d devices", DEVICES);
	for (i = 0; i < RANGES; i++) {
		memory[i] = mmap(NULL, RANGE_SIZE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		T_NEED(memory[i] != MAP_FAILED &&
			       !t_map(&vm, memory[i], RANGE_SIZE, range_iova(i), 3),
		       "memory");
	}
	for (i = 0; i < DEVICES; i++)
		T_NEED(!pthread_create(&users[i], NULL, use, (void *)i), "a thread");
	for (i = 0; i < ROUNDS; i++)
		unmap_and_map(i % RANGES);
	enough = true;
	for (i = 0; i < DEVICES; i++)
		pthread_join(users[i], NULL);
	T_CHECK(true, "memory under three devices is unmapped %d times", ROUNDS);
	for (i = 0; i < RANGES; i++)
		T_EQUAL(t_unmap(&vm, range_iova(i), RANGE_SIZE), 0, "range %d is unmapped", (int)i);
	t_vm_close(&vm);
	return tap_done();
}
