// SPDX-License-Identifier: MIT
/*
 * order_eckd FILE ring|uring|thread: a client is killed while the driver takes its starts.  Those
 * up to some point are carried out and those behind it are not, though pages are pinned for
 * nobody who is being killed, and the last one needs none that is not pinned already.
 *
 * Clients share their memory with their parent: pages that are pinned stay in use.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "eckd.h"
#include "uring.h"

#define STARTS	   8
#define KILLS	   30

/* One block, one page for the program and one for the data, far from those of others. */
#define BLOCK(n)   (100 + (n))
#define PROGRAM(n) (T_IOVA + (n)*0x80000)
#define DATA(n)	   (PROGRAM(n) + T_PAGE)

enum way {
	RING,
	URING,
	THREAD
};

static struct t_vm vm;
static struct t_ring ring;
static void *shared;

static void client_open(void)
{
	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, STARTS);
}

static void client_close(void)
{
	t_ring_close(&ring);
	t_vm_close(&vm);
}

static void add(uint8_t command, unsigned int n)
{
	eckd_program(&vm, PROGRAM(n), command, BLOCK(n), 1, DATA(n));
	t_sqe_start(t_ring_sqe(&ring), T_ORB_PLAIN, PROGRAM(n), n);
}

/* Afterwards its pages are pinned. */
static void carry_out(uint8_t command, unsigned int n)
{
	struct vfio_ccw_ring_cqe cqe;

	add(command, n);
	T_NEED(t_ring_enter(&ring, 1, 1) == 1 && !t_ring_next(&ring, &cqe) && !cqe.res &&
		       t_irb_good(cqe.irb),
	       "command %#x for block %u", command, BLOCK(n));
}

/* Machines differ: from 1 us to 1 ms. */
static unsigned int delay_us(unsigned int number)
{
	return 1 << number / 3;
}

static void kill_me_in(long us)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	const struct itimerspec time = { .it_value.tv_nsec = us * 1000 + 1 };
	timer_t timer;

	T_NEED(!timer_create(CLOCK_MONOTONIC, &event, &timer) &&
		       !timer_settime(timer, 0, &time, NULL),
	       "a timer");
}

static void submit_by_thread(void)
{
	struct vfio_ccw_ring_enter wake = { .flags = VFIO_CCW_RING_ENTER_WAKEUP };

	t_ring_store_tail(&ring, ring.tail);
	t_ring_enter_raw(&ring, &wake);
}

static void submit_all(enum way way, long us)
{
	struct io_uring uring;
	unsigned int i;

	if (way == URING)
		t_uring_open(&uring, T_URING_FLAGS);
	for (i = 0; i < STARTS; i++) {
		add(ECKD_WRITE, i);
		if (way == URING)
			t_uring_start(&uring, ring.fd, T_ORB_PLAIN, PROGRAM(i), i);
	}
	kill_me_in(us);
	if (way == RING)
		t_ring_enter(&ring, STARTS, 0);
	else if (way == URING)
		io_uring_submit(&uring);
	else
		submit_by_thread();
	pause();
}

static void client_to_be_killed(unsigned int number, enum way way)
{
	unsigned int i;

	client_open();
	T_NEED(mremap(shared, T_SIZE, T_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, vm.memory) ==
		       vm.memory,
	       "shared memory");
	carry_out(ECKD_READ, STARTS - 1);
	if (way == THREAD) {
		t_ring_close(&ring);
		t_ring_open_as(&ring, vm.devices[0].fd, STARTS, VFIO_CCW_RING_SETUP_THREAD);
	}
	for (i = 0; i < STARTS; i++)
		memset(t_at(&vm, DATA(i)), number, ECKD_RECORD);
	submit_all(way, delay_us(number));
}

static void kill_a_client(unsigned int number, enum way way)
{
	pid_t pid = fork();
	int status;

	T_NEED(pid >= 0, "a process");
	if (!pid) {
		client_to_be_killed(number, way);
		_exit(1);
	}
	T_NEED(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status), "a client is killed");
}

/* How many writes it has left: all those before one that there is, too. */
static unsigned int left_by(unsigned int number)
{
	unsigned int i, last = 0, all = 0;

	for (i = 0; i < STARTS; i++) {
		carry_out(ECKD_READ, i);
		if (*(uint8_t *)t_at(&vm, DATA(i)) != number)
			continue;
		all++;
		last = i + 1;
	}
	if (last != all)
		T_CHECK(false, "killed after %u us: write %u was carried out, and only %u before",
			delay_us(number), last, all - 1);
	return all;
}

static void restore(const uint8_t *blocks)
{
	unsigned int i;

	for (i = 0; i < STARTS; i++) {
		memcpy(t_at(&vm, DATA(i)), blocks + (size_t)BLOCK(i) * ECKD_RECORD, ECKD_RECORD);
		carry_out(ECKD_WRITE, i);
	}
}

static enum way way_called(const char *name)
{
	if (!strcmp(name, "uring"))
		return URING;
	return strcmp(name, "thread") ? RING : THREAD;
}

int main(int argc, char **argv)
{
	unsigned int i, left[STARTS + 1] = { 0 };

	T_NEED(argc == 3, "the disk's content, and how to submit");
	shared = mmap(NULL, T_SIZE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	T_NEED(shared != MAP_FAILED, "memory");
	for (i = 1; i <= KILLS; i++) {
		kill_a_client(i, way_called(argv[2]));
		client_open();
		left[left_by(i)]++;
		if (i == KILLS)
			restore(disk_expected(argv[1]));
		client_close();
	}
	printf("# clients that left 0 to %u writes:", STARTS);
	for (i = 0; i <= STARTS; i++)
		printf(" %u", left[i]);
	printf("\n");
	T_CHECK(left[0] && left[0] < KILLS, "some were killed before it all, some after");
	return tap_done();
}
