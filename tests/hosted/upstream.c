// SPDX-License-Identifier: MIT
/*
 * upstream.c - what the in-tree driver's translation got wrong (docs/security.md)
 *
 * Lists and CCWs that change while they are read, programs that are just too long, TICs that
 * lead on and on.  The channel looks where each translated program leads it.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "device.h"
#include "random.h"
#include "unit.h"

#define PROGRAM	      CLIENT_IOVA
#define LIST	      (CLIENT_IOVA + 0x30000) /* a page of its own */
#define DATA	      (CLIENT_IOVA + 0x31000)
#define ENTRIES	      8
#define MOST_CCWS     4096
#define MOST_SEGMENTS 16
/* Far too little for a function that calls itself for each TIC. */
#define STACK	      ((size_t)256 << 10)

#define CC	      (CCWRING_CCW_CC | CCWRING_CCW_SLI)
#define SLI	      CCWRING_CCW_SLI

static struct device device;

static int setup(void **state)
{
	(void)state;
	device_reset(&device);
	client_open_with(&device_ops, &device, ENTRIES, 0);
	memset(client_memory, 0, CLIENT_BYTES);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	client_close();
	return 0;
}

/*
 * A doubleword that is another each time the driver looks at it: as bad as a client's other
 * thread can be, without having to meet the moment.  A look is a fault, at which the page
 * is made readable for one instruction.
 */
static struct {
	uint8_t *page;
	uint64_t *at;
	uint64_t values[2]; /* as they are in memory */
	unsigned int looks;
} watched;

#ifdef __x86_64__
#define TRAP_FLAG 0x100

static void protect(int protection)
{
	if (mprotect(watched.page, 4096, protection))
		abort();
}

static void on_look(int sig, siginfo_t *info, void *context)
{
	uintptr_t offset = (uintptr_t)info->si_addr - (uintptr_t)watched.page;
	ucontext_t *uc = context;

	/* Somebody else's fault: it comes again, and is the end. */
	if (offset >= 4096) {
		signal(sig, SIG_DFL);
		return;
	}
	protect(PROT_READ | PROT_WRITE);
	if (((uintptr_t)info->si_addr & ~7UL) == (uintptr_t)watched.at)
		*watched.at = watched.values[watched.looks++ & 1];
	uc->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void on_step(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)info;
	protect(PROT_NONE);
	uc->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

static void watch(uint64_t at, uint64_t one, uint64_t other)
{
	struct sigaction look = { .sa_sigaction = on_look, .sa_flags = SA_SIGINFO };
	struct sigaction step = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };

	watched.at = client_at(at);
	watched.page = (uint8_t *)((uintptr_t)watched.at & ~4095UL);
	watched.values[0] = one;
	watched.values[1] = other;
	watched.looks = 0;
	sigaction(SIGSEGV, &look, NULL);
	sigaction(SIGTRAP, &step, NULL);
	protect(PROT_NONE);
}

static void unwatch(void)
{
	protect(PROT_READ | PROT_WRITE);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGTRAP, SIG_DFL);
}
#else
static void watch(uint64_t at, uint64_t one, uint64_t other)
{
	(void)at;
	(void)one;
	(void)other;
	skip();
}

static void unwatch(void)
{
}
#endif

static uint64_t idaw(uint64_t iova)
{
	uint64_t value;

	ccwring_put_be64((uint8_t *)&value, iova);
	return value;
}

static uint64_t ccw(uint8_t cmd, uint8_t flags, uint16_t count, uint32_t data)
{
	struct ccwring_ccw it = ccwring_ccw_make(cmd, flags, count, data);
	uint64_t value;

	memcpy(&value, &it, sizeof(value));
	return value;
}

static struct vfio_ccw_ring_cqe run(uint32_t at, unsigned int how)
{
	struct vfio_ccw_ring_cqe cqe;
	struct ccwring_orb orb;

	ccwring_orb_init(&orb, at);
	hosted_carry_out(client_device, orb.b, how, &cqe);
	return cqe;
}

/*
 * The program is taken, and ends well, whichever of the two is seen first; returns how often
 * it was looked at.
 */
static unsigned int while_it_changes(uint64_t at, uint64_t one, uint64_t other)
{
	unsigned int most = 0;

	for (int i = 0; i < 2; i++) {
		struct vfio_ccw_ring_cqe cqe;

		watch(at, i ? other : one, i ? one : other);
		cqe = run(PROGRAM, 0);
		unwatch();
		if (cqe.res || !ccwring_irb_good(cqe.irb))
			fail_msg("%d, reason %u after %u looks", cqe.res, cqe.reason,
				 watched.looks);
		if (watched.looks > most)
			most = watched.looks;
	}
	return most;
}

/*
 * The first IDAW says where in its block the data begin, and so how many blocks there are:
 * looked at twice it could say two, and then begin so late that there are three.
 */
static void first_idaw(void **state)
{
	(void)state;
	client_ccw(PROGRAM, CCWRING_CMD_READ, SLI | CCWRING_CCW_IDA, 6144, LIST);
	for (unsigned int i = 1; i < 3; i++)
		ccwring_put_be64((uint8_t *)client_at(LIST) + i * 8, DATA + i * 4096);
	device.size = 6144;
	assert_int_equal(while_it_changes(LIST, idaw(DATA), idaw(DATA + 3072)), 1);
}

/*
 * The same with count and address of a CCW: only together they stay within the memory.  A
 * program that turns out not to be straight is begun anew, and of what was seen before
 * nothing is left.
 */
static void count_and_address(void **state)
{
	const uint32_t end = CLIENT_IOVA + CLIENT_BYTES;
	const uint64_t small = ccw(CCWRING_CMD_READ, SLI, 8, end - 8);
	const uint64_t large = ccw(CCWRING_CMD_READ, SLI, 9000, DATA);

	(void)state;
	device.size = 65535;
	/* Once before: the pages are pinned. */
	client_ccw(PROGRAM, CCWRING_CMD_READ, SLI, 8, end - 8);
	assert_int_equal(run(PROGRAM, 0).res, 0);
	client_ccw(PROGRAM, CCWRING_CMD_READ, SLI, 9000, DATA);
	assert_int_equal(run(PROGRAM, 0).res, 0);
	assert_in_range(while_it_changes(PROGRAM, small, large), 1, 2);
	client_ccw(PROGRAM, CCWRING_CMD_READ, SLI | CCWRING_CCW_CD, 8, DATA);
	assert_int_equal(while_it_changes(PROGRAM + 8, small, large), 1);
}

static void of_length(uint32_t at, unsigned int n, unsigned int how)
{
	struct vfio_ccw_ring_cqe cqe = run(at, how);

	if (n > MOST_CCWS) {
		assert_int_equal(cqe.res, -E2BIG);
		assert_int_equal(cqe.reason, VFIO_CCW_RING_R_CCW_TOO_MANY);
		assert_int_equal(cqe.ccw_index, MOST_CCWS);
		assert_int_equal(cqe.ccw_addr, at + MOST_CCWS * 8);
		return;
	}
	if (cqe.res || !ccwring_irb_good(cqe.irb))
		fail_msg("%u CCWs: %d, reason %u", n, cqe.res, cqe.reason);
	/* It has got to the last one: its address is the client's. */
	assert_int_equal(ccwring_irb_cpa(cqe.irb), at + n * 8);
}

/* By both doors, at every length there is room for in blocks of several sizes. */
static void lengths(void **state)
{
	(void)state;
	for (unsigned int n = 1; n <= MOST_CCWS + 4; n++) {
		/* Its last CCW is the only one that does not chain. */
		if (n > 1)
			client_ccw(PROGRAM + (n - 2) * 8, CCWRING_CMD_NOP, CC, 1, DATA);
		client_ccw(PROGRAM + (n - 1) * 8, CCWRING_CMD_NOP, SLI, 1, DATA);
		if (n > 1024 && n < MOST_CCWS - 4)
			continue;
		of_length(PROGRAM, n, 0);
		of_length(PROGRAM, n, HOSTED_AS_REGION);
	}
}

/* What is written for one is not in what was written for the others. */
static void side_by_side(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	for (unsigned int n = 240; n < 264; n++) {
		for (unsigned int i = 0; i < n; i++)
			client_ccw(PROGRAM + i * 8, CCWRING_CMD_NOP, i < n - 1 ? CC : SLI, 1, DATA);
		for (unsigned int i = 0; i < ENTRIES; i++)
			client_start(PROGRAM, i);
		assert_int_equal(client_enter(ENTRIES), ENTRIES);
		for (unsigned int i = 0; i < ENTRIES; i++) {
			cqe = client_next();
			if (!ccwring_cqe_good(&cqe) || cqe.user_data != i)
				fail_msg("%u CCWs: %d, reason %u", n, cqe.res, cqe.reason);
		}
	}
}

struct led {
	unsigned int segments;
	struct vfio_ccw_ring_cqe cqe;
};

static void *lead_on(void *arg)
{
	struct led *led = arg;

	led->cqe = run(PROGRAM, 0);
	return NULL;
}

/* So many segments of one command, each behind the TIC that leads to it. */
static struct vfio_ccw_ring_cqe led_through(unsigned int segments)
{
	struct led led = { .segments = segments };
	pthread_attr_t attr;
	pthread_t thread;
	uint32_t at = PROGRAM;

	for (unsigned int i = 1; i < segments; i++, at += 32) {
		client_ccw(at, CCWRING_CMD_NOP, CC, 1, DATA);
		client_ccw(at + 8, CCWRING_CMD_TIC, 0, 0, at + 32);
	}
	client_ccw(at, CCWRING_CMD_NOP, SLI, 1, DATA);
	pthread_attr_init(&attr);
	assert_int_equal(pthread_attr_setstacksize(&attr, STACK), 0);
	assert_int_equal(pthread_create(&thread, &attr, lead_on, &led), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
	return led.cqe;
}

static void tics(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	for (unsigned int n = 1; n <= MOST_SEGMENTS; n++) {
		cqe = led_through(n);
		assert_int_equal(cqe.res, 0);
		assert_true(ccwring_irb_good(cqe.irb));
	}
	for (unsigned int n = MOST_SEGMENTS + 1; n < 6000; n = n * 3 / 2) {
		cqe = led_through(n);
		assert_int_equal(cqe.res, -E2BIG);
		assert_int_equal(cqe.reason, VFIO_CCW_RING_R_CCW_TOO_MANY);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

RUN(TEST(first_idaw), TEST(count_and_address), TEST(lengths), TEST(side_by_side), TEST(tics))
