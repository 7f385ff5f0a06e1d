// SPDX-License-Identifier: MIT
/* ENTER: bad arguments, heads and tails that lie, waiting, a full CQ. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "common.h"

#define ENTRIES 8

static void refuse(struct t_ring *ring, struct vfio_ccw_ring_enter enter, int want,
		   const char *what)
{
	uint32_t head = t_ring_sq_head(ring);

	T_EQUAL(t_ring_enter_raw(ring, &enter), want, "ENTER with %s", what);
	T_EQUAL(t_ring_sq_head(ring), head, "... consumed nothing");
}

/* @byte: one that is not 0, NULL if all are. */
static void bad_size(struct t_ring *ring, void *at, uint32_t size, uint8_t *byte, int want,
		     const char *what)
{
	struct vfio_ccw_ring_enter *enter = at;
	uint32_t head = t_ring_sq_head(ring);
	int ret;

	enter->size = size;
	enter->to_submit = 1;
	if (byte)
		*byte = 1;
	ret = ioctl(ring->fd, VFIO_CCW_RING_ENTER, enter) < 0 ? -errno : 0;
	if (byte)
		*byte = 0;
	T_EQUAL(ret, want, "ENTER with %s", what);
	T_EQUAL(t_ring_sq_head(ring), head, "... consumed nothing");
}

/* The size a caller says is what is read. */
static void bad_sizes(struct t_ring *ring)
{
	const uint32_t known = sizeof(struct vfio_ccw_ring_enter);
	uint8_t *page = mmap(NULL, 2 * T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	uint8_t *end = page + T_PAGE;

	T_NEED(page != MAP_FAILED && !mprotect(end, T_PAGE, PROT_NONE), "a page before none");
	bad_size(ring, page, 0, NULL, -EINVAL, "no size");
	bad_size(ring, end - known, known - 1, NULL, -EINVAL, "a size that is too small");
	bad_size(ring, page, known + 8, page + known + 7, -E2BIG,
		 "a byte the driver does not know");
	bad_size(ring, page, T_PAGE, end - 1, -E2BIG, "a page, whose last byte is not 0");
	bad_size(ring, page, T_PAGE + 1, NULL, -E2BIG, "more than a page");
	bad_size(ring, end - known, known + 1, NULL, -EFAULT, "less memory than its size");
	munmap(page, 2 * T_PAGE);
}

/* The structure of a program that knows more than the driver. */
static void longer(struct t_ring *ring)
{
	struct {
		struct vfio_ccw_ring_enter enter;
		uint64_t more[4];
	} longer = { .enter = { .size = sizeof(longer), .to_submit = 1, .min_complete = 1 } };
	struct vfio_ccw_ring_cqe cqe = { 0 };

	t_ring_sqe(ring)->user_data = 2;
	t_ring_store_tail(ring, ring->tail);
	T_EQUAL(ioctl(ring->fd, VFIO_CCW_RING_ENTER, &longer), 1, "a longer structure, all 0");
	T_CHECK(t_ring_reap(ring, &cqe) && cqe.user_data == 2, "... does what the shorter does");
}

static void bad_arguments(struct t_vm *vm, struct t_ring *ring)
{
#define WITH(...) (struct vfio_ccw_ring_enter){ __VA_ARGS__ }
	t_ring_sqe(ring)->user_data = 1;
	t_ring_store_tail(ring, ring->tail);
	refuse(ring, WITH(.to_submit = 1, .flags = 4), -EINVAL, "an unknown flag");
	refuse(ring, WITH(.to_submit = 1, .flags = 1U << 31), -EINVAL, "the highest flag");
	refuse(ring, WITH(.to_submit = 1, .flags = VFIO_CCW_RING_ENTER_WAKEUP), -EINVAL,
	       "no thread to wake");
	refuse(ring, WITH(.to_submit = 1, .timeout_ns = 1), -EINVAL, "a time that is no limit");
	bad_sizes(ring);
	T_CHECK(ioctl(ring->fd, VFIO_CCW_RING_ENTER, NULL) < 0 && errno == EFAULT,
		"ENTER without an argument");
	T_CHECK(ioctl(ring->fd, _IO(VFIO_CCW_RING_MAGIC, 0x55), 0) < 0 && errno == ENOTTY,
		"an unknown ioctl");
	T_EQUAL(t_ring_enter(ring, 1, 1), 1, "the NOP then goes through");
	ring->head = t_ring_cq_tail(ring);
	t_ring_store_head(ring, ring->head);
	longer(ring);
	t_good_start(vm, ring, "bad arguments");
}

/* SUBMIT: the number itself is the argument. */
static void submit(struct t_vm *vm, struct t_ring *ring)
{
	struct vfio_ccw_ring_cqe cqe = { 0 };
	unsigned int i;

	T_EQUAL(ioctl(ring->fd, VFIO_CCW_RING_SUBMIT, 1), 0, "SUBMIT of what is not there");
	for (i = 0; i < 5; i++)
		t_ring_sqe(ring)->user_data = 200 + i;
	t_ring_store_tail(ring, ring->tail);
	T_EQUAL(ioctl(ring->fd, VFIO_CCW_RING_SUBMIT, 0), 0, "SUBMIT of none");
	T_EQUAL(t_ring_cq_tail(ring), ring->head, "... consumes none");
	T_EQUAL(ioctl(ring->fd, VFIO_CCW_RING_SUBMIT, 2), 2, "SUBMIT of 2 of 5");
	T_EQUAL(ioctl(ring->fd, VFIO_CCW_RING_SUBMIT, ~0U), 3, "SUBMIT of all there are");
	for (i = 0; i < 5; i++)
		T_CHECK(t_ring_reap(ring, &cqe) && cqe.user_data == 200 + i, "... NOP %u", i);
	t_ring_store_tail(ring, ring->tail + ENTRIES + 1);
	T_CHECK(ioctl(ring->fd, VFIO_CCW_RING_SUBMIT, 1) < 0 && errno == EOVERFLOW,
		"SUBMIT with an SQ tail too far ahead");
	t_ring_store_tail(ring, ring->tail);
	t_good_start(vm, ring, "SUBMIT");
}

static void lying_tail(struct t_vm *vm, struct t_ring *ring)
{
	static const uint32_t ahead[] = { ENTRIES + 1, 1000, 1U << 31, ~0U };
	unsigned int i;

	for (i = 0; i < sizeof(ahead) / sizeof(*ahead); i++) {
		t_ring_store_tail(ring, ring->tail + ahead[i]);
		refuse(ring, WITH(.to_submit = ENTRIES), -EOVERFLOW, "an SQ tail too far ahead");
	}
	t_ring_store_tail(ring, ring->tail);
	t_good_start(vm, ring, "a lying SQ tail");
}

/* One back is where the driver has last seen it: that is no lie. */
static void lying_head(struct t_vm *vm, struct t_ring *ring)
{
	static const uint32_t off[] = { 1, 2, 1U << 31, -2U, -3U, -1000U };
	struct vfio_ccw_ring_cqe cqe = { 0 };
	unsigned int i;

	for (i = 0; i < sizeof(off) / sizeof(*off); i++) {
		t_ring_sqe(ring)->user_data = 70 + i;
		t_ring_store_tail(ring, ring->tail);
		t_ring_store_head(ring, ring->head + off[i]);
		refuse(ring, WITH(.to_submit = 1), -ERANGE,
		       (int32_t)off[i] > 0 ? "a CQ head ahead of the tail"
					   : "a CQ head that went back");
		t_ring_store_head(ring, ring->head);
		T_EQUAL(t_ring_enter(ring, 1, 1), 1, "the NOP then goes through");
		T_CHECK(t_ring_reap(ring, &cqe) && cqe.user_data == 70 + i, "... once");
		t_good_start(vm, ring, "a lying CQ head");
	}
#undef WITH
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void waiting(struct t_vm *vm, struct t_ring *ring)
{
	struct vfio_ccw_ring_enter enter = {
		.min_complete = 1,
		.flags = VFIO_CCW_RING_ENTER_TIMEOUT,
		.timeout_ns = 50000000,
	};
	uint64_t start = now_ns();

	T_EQUAL(t_ring_enter_raw(ring, &enter), -ETIME, "a wait in vain");
	T_CHECK(now_ns() - start >= enter.timeout_ns, "... takes its time");
	enter.timeout_ns = 0;
	T_EQUAL(t_ring_enter_raw(ring, &enter), -ETIME, "a wait of no time");
	enter.min_complete = 0;
	T_EQUAL(t_ring_enter_raw(ring, &enter), 0, "no wait at all");
	enter.to_submit = ENTRIES;
	T_EQUAL(t_ring_enter_raw(ring, &enter), 0, "nothing to submit");
	t_good_start(vm, ring, "waiting in vain");
}

/* One NOP, and a wait for two CQEs. */
static void add_nop(struct t_ring *ring, struct vfio_ccw_ring_enter *enter)
{
	t_ring_sqe(ring)->user_data = 90;
	t_ring_store_tail(ring, ring->tail);
	enter->to_submit = 1;
	enter->min_complete = 2;
}

/* What ends a wait does not hide that something was consumed. */
static void consumed_in_vain(struct t_vm *vm, struct t_ring *ring)
{
	struct vfio_ccw_ring_enter enter = {
		.flags = VFIO_CCW_RING_ENTER_TIMEOUT,
		.timeout_ns = 20000000,
	};
	struct vfio_ccw_ring_cqe cqe = { 0 };

	add_nop(ring, &enter);
	T_EQUAL(t_ring_enter_raw(ring, &enter), 1, "one is consumed, and two do not come in time");
	T_EQUAL(t_ring_enter_raw(ring, &enter), -ETIME, "... nor the next time");
	T_CHECK(t_ring_reap(ring, &cqe) && cqe.user_data == 90, "... the one does");
	t_good_start(vm, ring, "that");
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void alarm_soon(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = { .it_value.tv_usec = 50000 };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void interrupted(struct t_vm *vm, struct t_ring *ring)
{
	struct vfio_ccw_ring_enter enter = { 0 };
	struct vfio_ccw_ring_cqe cqe = { 0 };

	alarm_soon();
	T_EQUAL(t_ring_enter(ring, 0, 1), -EINTR, "a signal ends a wait");
	add_nop(ring, &enter);
	alarm_soon();
	T_EQUAL(t_ring_enter_raw(ring, &enter), 1, "... and one for what was consumed before it");
	T_CHECK(t_ring_reap(ring, &cqe) && cqe.user_data == 90, "... which is there");
	t_good_start(vm, ring, "a signal");
}

/* Nothing is read from the CQ: the driver must stop before it overflows. */
struct waiter {
	struct t_ring *ring;
	uint32_t min;
	int ret;
	long sleeps;
	volatile bool back;
};

static void *wait_in_enter(void *arg)
{
	struct waiter *w = arg;
	struct vfio_ccw_ring_enter enter = { .min_complete = w->min };
	struct rusage before, after;

	getrusage(RUSAGE_THREAD, &before);
	w->ret = t_ring_enter_raw(w->ring, &enter); /* for ever */
	getrusage(RUSAGE_THREAD, &after);
	w->sleeps = after.ru_nvcsw - before.ru_nvcsw;
	w->back = true;
	return NULL;
}

static void post_one(struct t_ring *ring, uint64_t user_data)
{
	t_ring_sqe(ring)->user_data = user_data;
	t_ring_store_tail(ring, ring->tail);
	T_EQUAL(t_ring_enter(ring, 1, 0), 1, "a NOP is consumed");
}

/* One who sleeps is woken by what another one submits, and by nothing less than he wants. */
static void woken(struct t_vm *vm, struct t_ring *ring)
{
	struct waiter w = { .ring = ring, .min = 2 };
	struct vfio_ccw_ring_cqe cqe;
	struct timespec until;
	pthread_t thread;

	T_NEED(!pthread_create(&thread, NULL, wait_in_enter, &w), "a thread");
	usleep(200000);
	post_one(ring, 300);
	usleep(200000);
	T_CHECK(!w.back, "one CQE does not wake who waits for two");
	post_one(ring, 301);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	T_NEED(!pthread_timedjoin_np(thread, NULL, &until), "two do");
	T_EQUAL(w.ret, 0, "... and it has submitted nothing");
	if (!(ring->setup.flags & VFIO_CCW_RING_SETUP_POLL))
		T_EQUAL(w.sleeps, 1, "... and has slept once");
	T_CHECK(t_ring_reap(ring, &cqe) && cqe.user_data == 300, "the first CQE is there");
	T_CHECK(t_ring_reap(ring, &cqe) && cqe.user_data == 301, "... and the second");
	t_good_start(vm, ring, "waiting");
}

static void full_cq(struct t_vm *vm, struct t_ring *ring)
{
	struct vfio_ccw_ring_cqe cqe;
	uint32_t submitted = 0, reaped = 0;
	bool in_order = true;
	int ret;

	do {
		while (ring->tail - t_ring_sq_head(ring) < ENTRIES)
			t_ring_sqe(ring)->user_data = submitted++;
		ret = t_ring_enter(ring, ENTRIES, 0);
	} while (ret > 0);
	T_EQUAL(ret, -EBUSY, "a full CQ stops submission");
	T_EQUAL(t_ring_cq_tail(ring) - ring->head, ring->setup.cq_entries,
		"the CQ is full to the last slot");
	T_EQUAL(t_ring_enter(ring, 0, ring->setup.cq_entries + 1), 0,
		"one who waits for more than that has all there can be");
	while (reaped < submitted) {
		if (t_ring_reap(ring, &cqe))
			in_order &= cqe.user_data == reaped++ && !cqe.res;
		else if (t_ring_enter(ring, ENTRIES, 1) <= 0)
			break;
	}
	T_EQUAL(reaped, submitted, "none is lost");
	T_CHECK(in_order, "each comes once and in order");
	t_good_start(vm, ring, "a full CQ");
}

int main(void)
{
	struct t_ring ring;
	struct t_vm vm;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, ENTRIES);
	bad_arguments(&vm, &ring);
	submit(&vm, &ring);
	lying_tail(&vm, &ring);
	lying_head(&vm, &ring);
	waiting(&vm, &ring);
	consumed_in_vain(&vm, &ring);
	interrupted(&vm, &ring);
	woken(&vm, &ring);
	full_cq(&vm, &ring);
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
