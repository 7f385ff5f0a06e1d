// SPDX-License-Identifier: MIT
/*
 * Requests of an io_uring with a disk that takes its time: data, and what becomes of
 * those under way when they are halted, their memory is unmapped, their device
 * reset, or their io_uring or task goes away.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "eckd.h"
#include "uring.h"

#define READS	512
/* A page for the program of each slot, and one for its data. */
#define SLOT	(T_IOVA + 0x100000UL)
#define ENDLESS T_IOVA
#define DATA	(T_IOVA + ECKD_ENDLESS)

static struct t_vm vm;
static struct t_ring ring;
static struct io_uring uring;
static uint8_t *irb; /* shared with children */

static uint32_t slot_program(unsigned int slot)
{
	return SLOT + 2 * slot * T_PAGE;
}

static void *slot_data(unsigned int slot)
{
	return t_at(&vm, slot_program(slot) + T_PAGE);
}

static void read_block(unsigned int slot, uint32_t block)
{
	const uint32_t program = slot_program(slot);

	memset(slot_data(slot), 0, ECKD_RECORD);
	eckd_program(&vm, program, ECKD_READ, block, 1, program + T_PAGE);
	t_uring_start(&uring, ring.fd, T_ORB_PLAIN, program, slot | (uint64_t)block << 32);
}

static void reads(const uint8_t *blocks)
{
	unsigned int issued, ended = 0, good = 0, right = 0, slot;
	struct t_done done;

	for (issued = 0; issued < T_DEPTH; issued++)
		read_block(issued, random() % ECKD_BLOCKS);
	while (ended < READS) {
		io_uring_submit(&uring);
		T_NEED(t_uring_done(&uring, 5000, &done), "a read ends");
		slot = (uint32_t)done.user_data;
		ended++;
		good += done.res >= 0 && t_done_dstat(&done) == T_DSTAT_GOOD;
		right += !memcmp(slot_data(slot), blocks + (done.user_data >> 32) * ECKD_RECORD,
				 ECKD_RECORD);
		if (issued < READS) {
			read_block(slot, random() % ECKD_BLOCKS);
			issued++;
		}
	}
	T_EQUAL(good, READS, "%d reads, %d at a time, end well", READS, T_DEPTH);
	T_EQUAL(right, READS, "... with the right data");
}

/* A program-controlled interruption on the way is no failure; there is one end. */
static void interrupted_by_program(void)
{
	struct t_ccw1 *ccws = t_at(&vm, slot_program(0));
	struct t_done done;

	eckd_program(&vm, slot_program(0), ECKD_READ, 3, 1, slot_program(0) + T_PAGE);
	ccws[1].flags |= T_CCW_PCI;
	memset(irb, 0, VFIO_CCW_RING_IRB_SIZE);
	t_uring_start(&uring, ring.fd, T_ORB_PLAIN, slot_program(0), 5)->irb = (uintptr_t)irb;
	done = t_uring_do(&uring);
	T_EQUAL(done.res, slot_program(0) + 24,
		"a start with an interruption on the way ends well");
	T_CHECK(t_irb_cstat(irb) == T_CSTAT_PCI && t_irb_dstat(irb) == T_DSTAT_GOOD,
		"... and says so (%#x, %#x)", t_irb_cstat(irb), t_irb_dstat(irb));
	T_CHECK(!t_uring_done(&uring, 50, &done), "... once");
}

/* One that never ends by itself, and others to be behind it. */
static void prepare_endless(unsigned int behind)
{
	unsigned int i;

	memset(t_at(&vm, DATA), 0, ECKD_RECORD);
	memset(irb, 0, VFIO_CCW_RING_IRB_SIZE);
	eckd_endless(&vm, ENDLESS, DATA);
	for (i = 1; i <= behind; i++) {
		memset(slot_data(i), 0, ECKD_RECORD);
		eckd_program(&vm, slot_program(i), ECKD_READ, i, 1, slot_program(i) + T_PAGE);
	}
}

/* How many of them have moved data. */
static unsigned int carried_out(unsigned int behind)
{
	static const uint8_t zeros[ECKD_RECORD];
	unsigned int i, n = 0;

	for (i = 1; i <= behind; i++)
		n += memcmp(slot_data(i), zeros, ECKD_RECORD) != 0;
	return n;
}

static void submit_endless(struct io_uring *io, unsigned int behind)
{
	unsigned int i;

	t_uring_start(io, ring.fd, T_ORB_PLAIN, ENDLESS, 0)->irb = (uintptr_t)irb;
	for (i = 1; i <= behind; i++)
		t_uring_start(io, ring.fd, T_ORB_PLAIN, slot_program(i), i);
	T_NEED(io_uring_submit(io) == (int)behind + 1, "all are submitted");
}

static void endless(struct io_uring *io, unsigned int behind)
{
	prepare_endless(behind);
	submit_endless(io, behind);
	eckd_under_way(&vm, DATA);
}

/* How those end that were behind it. */
static void taken_back(unsigned int n, int reason, const char *why)
{
	struct t_done done;
	unsigned int taken = 0, i;

	for (i = 0; i < n && t_uring_done(&uring, 5000, &done); i++)
		taken += done.res == -ECANCELED && t_done_reason(&done) == reason;
	T_EQUAL(taken, n, "%u behind it are taken back: %s", n, why);
}

static void usable(const char *after)
{
	struct t_done done;

	read_block(0, 1);
	done = t_uring_do(&uring);
	T_CHECK(done.res >= 0, "a read after %s (%d, %#llx)", after, done.res,
		(unsigned long long)done.more);
	T_CHECK(!t_uring_done(&uring, 20, &done), "... is all that ends");
}

static void halted(uint8_t opcode, uint8_t function, const char *what)
{
	struct t_done done;

	endless(&uring, T_DEPTH - 2);
	t_uring_request(&uring, ring.fd, opcode, 99);
	t_uring_submit(&uring, 1);
	taken_back(T_DEPTH - 2, VFIO_CCW_RING_R_FLUSHED, what);
	T_CHECK(t_uring_done(&uring, 5000, &done) && done.user_data == 0 && done.res == -EIO &&
			t_irb_function(irb) & function,
		"... the one under way ends by it (%d)", done.res);
	T_CHECK(t_uring_done(&uring, 5000, &done) && done.user_data == 99 && done.res >= 0,
		"... which was carried out (%d)", done.res);
	usable(what);
}

/* The driver ends what is under way, and says so. */
static void ended(int reason, uint8_t cstat, const char *why)
{
	struct t_done done;

	T_CHECK(t_uring_done(&uring, 5000, &done) && done.user_data == 0 &&
			done.res == -ECANCELED && t_done_reason(&done) == reason,
		"%s: a start is ended (%d, reason %u)", why, done.res, t_done_reason(&done));
	T_EQUAL(t_irb_cstat(irb), cstat, "... with an IRB of the driver's");
	usable(why);
}

static void unmapped(void)
{
	endless(&uring, 0);
	T_EQUAL(t_unmap(&vm, T_IOVA, T_SIZE), 0, "memory is unmapped");
	T_NEED(!t_map(&vm, vm.memory, T_SIZE, T_IOVA, 3), "memory is mapped again");
	ended(VFIO_CCW_RING_R_UNMAPPED, T_CSTAT_PROGRAM_CHECK, "memory gone");
}

static void reset(void)
{
	endless(&uring, 0);
	T_EQUAL(ioctl(vm.devices[0].fd, VFIO_DEVICE_RESET), 0, "the device is reset");
	ended(VFIO_CCW_RING_R_RESET, T_CSTAT_INTERFACE_CHECK, "a reset");
}

/* By user data, one that waits for its turn. */
static void canceled(void)
{
	struct t_done done, other;

	endless(&uring, 2);
	t_uring_request(&uring, ring.fd, VFIO_CCW_RING_OP_CANCEL, 99)->target = 2;
	t_uring_submit(&uring, 1);
	/* What is done at once is told first. */
	T_NEED(t_uring_done(&uring, 5000, &other) && t_uring_done(&uring, 5000, &done), "two end");
	T_CHECK(done.user_data == 2 && done.res == -ECANCELED &&
			t_done_reason(&done) == VFIO_CCW_RING_R_CANCELED,
		"one that waits is cancelled");
	T_CHECK(other.user_data == 99 && !other.res, "... by another");
	t_uring_request(&uring, ring.fd, VFIO_CCW_RING_OP_CLEAR, 98);
	t_uring_submit(&uring, 1);
	taken_back(1, VFIO_CCW_RING_R_FLUSHED, "a clear");
	T_NEED(t_uring_done(&uring, 5000, &done) && t_uring_done(&uring, 5000, &done),
	       "the rest ends");
	usable("a cancel");
}

/* As many are under way as the CQ has entries. */
static void too_many(void)
{
	const unsigned int most = ring.setup.cq_entries;
	struct t_done done;
	unsigned int i;

	endless(&uring, 31);
	for (i = 32; i < most; i++) {
		t_uring_start(&uring, ring.fd, T_ORB_PLAIN, slot_program(1), i);
		io_uring_submit(&uring);
	}
	T_CHECK(!t_uring_done(&uring, 20, &done), "%u are under way", most);
	t_uring_start(&uring, ring.fd, T_ORB_PLAIN, slot_program(1), most);
	done = t_uring_do(&uring);
	T_CHECK(done.user_data == most && done.res == -EBUSY, "one more is not taken (%d)",
		done.res);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

/*
 * io_uring_queue_exit() does not wait: the kernel cancels what is under way behind it.
 * Until then there is no room for a request, and then there is.
 */
static void exits(void)
{
	uint64_t begin = now_ms();
	struct t_done done;

	io_uring_queue_exit(&uring);
	t_uring_open(&uring, T_URING_FLAGS);
	do {
		t_uring_start(&uring, ring.fd, T_ORB_PLAIN, slot_program(1), 1);
		done = t_uring_do(&uring);
	} while (done.res == -EBUSY && now_ms() - begin < 10000);
	T_CHECK(done.res >= 0, "an io_uring goes away, and what it had with it (%d, %llu ms)",
		done.res, (unsigned long long)(now_ms() - begin));
	usable("an io_uring that went away");
}

/*
 * The victim has the parent's ring, and an io_uring of its own.  It writes nothing
 * to memory of the devices, which is the parent's.
 */
static void killed(void)
{
	struct io_uring own;
	int status = 0;
	pid_t child;

	prepare_endless(31);
	child = fork();
	if (!child) {
		t_uring_open(&own, T_URING_FLAGS);
		submit_endless(&own, 31);
		pause();
		_exit(1);
	}
	T_NEED(child > 0, "a process starts");
	eckd_under_way(&vm, DATA);
	kill(child, SIGKILL);
	T_NEED(waitpid(child, &status, 0) == child, "it ends");
	T_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it was killed");
	usable("a kill");
	/* They are cancelled one by one: some may have had their turn before. */
	T_CHECK(carried_out(31) < 16, "... and what waited behind is not carried out (%u of 31)",
		carried_out(31));
}

int main(int argc, char **argv)
{
	const uint8_t *blocks;
	int i;

	T_NEED(argc == 2, "the disk's content");
	blocks = disk_expected(argv[1]);
	irb = mmap(NULL, T_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	T_NEED(irb != MAP_FAILED, "memory");
	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, T_DEPTH);
	t_uring_open(&uring, T_URING_FLAGS);
	reads(blocks);
	interrupted_by_program();
	halted(VFIO_CCW_RING_OP_HALT, T_FUNCTION_HALT, "a halt");
	halted(VFIO_CCW_RING_OP_CLEAR, T_FUNCTION_CLEAR, "a clear");
	unmapped();
	reset();
	canceled();
	for (i = 0; i < 3; i++) {
		too_many();
		exits();
		killed();
	}
	io_uring_queue_exit(&uring);
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
