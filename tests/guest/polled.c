// SPDX-License-Identifier: MIT
/* Rings that poll: no interrupts, nobody else disturbed, and interrupts again after. */
#include <errno.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common.h"

#define DEPTH	       16
#define ROUNDS	       250
/* Region 2 of the stock ABI; its PMCW has the interruption subclass in byte 4. */
#define SCHIB_OFFSET   (2UL << 10)
#define SUBCLASS(pmcw) ((pmcw)[4] >> 3 & 7)

/* Interrupts of the common I/O layer so far, on all CPUs. */
static long long interrupts(void)
{
	FILE *file = fopen("/proc/interrupts", "r");
	long long sum = 0, n;
	char line[1024], *at;
	int used;

	T_NEED(file, "/proc/interrupts");
	while (fgets(line, sizeof(line), file)) {
		at = strstr(line, "CIO:");
		if (!at)
			continue;
		for (at += 4; sscanf(at, "%lld%n", &n, &used) == 1; at += used)
			sum += n;
	}
	fclose(file);
	return sum;
}

/* Where interruptions of the subchannel go, as STORE SUBCHANNEL says. */
static unsigned int subclass(const struct t_device *device)
{
	uint8_t schib[52];

	T_NEED(pread(device->fd, schib, sizeof(schib), SCHIB_OFFSET) == sizeof(schib), "a SCHIB");
	return SUBCLASS(schib);
}

static uint32_t program_of(int i)
{
	return T_IOVA + i * T_PAGE;
}

/* Rounds of @depth starts that are waited for together: how many ended well. */
static unsigned int run(struct t_ring *ring, uint32_t program, unsigned int rounds)
{
	struct vfio_ccw_ring_cqe cqe;
	unsigned int good = 0, i;

	while (rounds--) {
		for (i = 0; i < DEPTH; i++)
			t_sqe_start(t_ring_sqe(ring), T_ORB_PLAIN, program, i);
		if (t_ring_enter(ring, DEPTH, DEPTH) != DEPTH)
			break;
		for (i = 0; i < DEPTH && t_ring_reap(ring, &cqe); i++)
			good += !cqe.res && cqe.user_data == i && t_irb_good(cqe.irb);
	}
	return good;
}

static void without_interrupts(struct t_vm *vm)
{
	unsigned int before = subclass(&vm->devices[0]);
	struct vfio_ccw_ring_cqe cqe;
	long long count;
	struct t_ring ring;

	t_ring_open_as(&ring, vm->devices[0].fd, DEPTH, VFIO_CCW_RING_SETUP_POLL);
	T_CHECK(subclass(&vm->devices[0]) != before, "a ring that polls has another subclass");
	count = interrupts();
	T_EQUAL(run(&ring, program_of(0), ROUNDS), ROUNDS * DEPTH, "all starts end well");
	T_CHECK(interrupts() - count < 100, "... by %lld interrupts", interrupts() - count);

	t_sqe_start(t_ring_sqe(&ring), T_ORB_PLAIN, program_of(0), 1);
	T_EQUAL(t_ring_enter(&ring, 1, 0), 1, "a start that is not waited for");
	usleep(20000);
	T_EQUAL(t_ring_cq_tail(&ring), ring.head, "... is not seen to end");
	T_EQUAL(t_ring_enter(&ring, 0, 1), 0, "... but by the one who waits");
	T_CHECK(t_ring_reap(&ring, &cqe) && cqe.user_data == 1, "... for it");
	T_EQUAL(ioctl(vm->devices[0].fd, VFIO_DEVICE_RESET), 0, "a reset");
	T_CHECK(subclass(&vm->devices[0]) != before, "... changes no subclass");
	T_EQUAL(run(&ring, program_of(0), 1), DEPTH, "... and starts go on");
	t_ring_close(&ring);

	T_EQUAL(subclass(&vm->devices[0]), before, "behind the ring it is as it was");
	count = interrupts();
	t_ring_open_as(&ring, vm->devices[0].fd, DEPTH, 0);
	T_EQUAL(run(&ring, program_of(0), ROUNDS), ROUNDS * DEPTH, "a ring with interrupts");
	T_CHECK(interrupts() - count >= ROUNDS * DEPTH, "... has them (%lld)",
		interrupts() - count);
	t_ring_close(&ring);
}

/**
 * struct neighbour - somebody else, with interrupts
 * @ring: on another subchannel
 * @program: the start
 * @stop: to end it
 * @bad: rounds that were not good
 * @rounds: all of them
 */
struct neighbour {
	struct t_ring ring;
	uint32_t program;
	bool stop;
	unsigned int bad;
	unsigned int rounds;
};

static void *be_neighbour(void *argument)
{
	struct neighbour *n = argument;

	while (!__atomic_load_n(&n->stop, __ATOMIC_RELAXED)) {
		n->bad += run(&n->ring, n->program, 1) != DEPTH;
		n->rounds++;
	}
	return NULL;
}

/* One who polls, in vain for most of the time, and one who does not. */
static void undisturbed(struct t_vm *vm)
{
	struct vfio_ccw_ring_enter in_vain = {
		.min_complete = 1,
		.flags = VFIO_CCW_RING_ENTER_TIMEOUT,
		.timeout_ns = 1000000,
	};
	struct neighbour n = { .program = program_of(1) };
	pthread_t thread;
	struct t_ring ring;
	int i;

	t_ring_open_as(&ring, vm->devices[0].fd, DEPTH, VFIO_CCW_RING_SETUP_POLL);
	t_ring_open_as(&n.ring, vm->devices[1].fd, DEPTH, 0);
	T_NEED(!pthread_create(&thread, NULL, be_neighbour, &n), "a thread");
	for (i = 0; i < 200; i++) {
		if (t_ring_enter_raw(&ring, &in_vain) != -ETIME)
			break;
		if (run(&ring, program_of(0), 1) != DEPTH)
			break;
	}
	T_EQUAL(i, 200, "one polls");
	__atomic_store_n(&n.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	T_CHECK(n.rounds && !n.bad, "another is interrupted meanwhile (%u rounds, %u bad)",
		n.rounds, n.bad);
	t_ring_close(&n.ring);
	t_ring_close(&ring);
}

int main(void)
{
	struct t_vm vm;
	int i;

	t_vm_open(&vm);
	T_NEED(vm.nr_devices > 1, "two devices");
	for (i = 0; i < 2; i++)
		t_ccw1(t_at(&vm, program_of(i)), T_CMD_NOP, T_CCW_SLI, 1, program_of(i) + 64);
	without_interrupts(&vm);
	undisturbed(&vm);
	t_vm_close(&vm);
	return tap_done();
}
