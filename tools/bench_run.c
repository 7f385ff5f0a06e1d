// SPDX-License-Identifier: MIT
/*
 * bench_run.c - the measured loop
 *
 * On s390x the loop lies between two marker instructions, so that an
 * instruction counter outside of the guest counts the requests alone.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "cmd.h"

#ifdef __s390x__
#define MARK(n) __asm__ volatile("nop " #n : : : "memory")
#else
#define MARK(n) __asm__ volatile("" : : : "memory")
#endif
#define MARK_BEGIN() MARK(0x7e0)
#define MARK_END()   MARK(0x7e1)

/* How many bad completions are told in words. */
#define MAX_TOLD     5
/* Give up when that many have failed and none has succeeded. */
#define HOPELESS     64

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* A clock to subtract, and its differences in nanoseconds. */
#ifdef __s390x__
static inline uint64_t stamp(void)
{
	uint64_t tod;

	__asm__ volatile("stckf %0" : "=Q"(tod) : : "cc");
	return tod;
}

/* 4096 units of the TOD clock are a microsecond. */
static inline uint64_t stamp_ns(uint64_t difference)
{
	return difference * 125 >> 9;
}
#else
static inline uint64_t stamp(void)
{
	return now_ns();
}

static inline uint64_t stamp_ns(uint64_t difference)
{
	return difference;
}
#endif

static void tell(struct bench *b, const struct vfio_ccw_ring_cqe *cqe, const char *what)
{
	char line[512];

	if (b->errors > MAX_TOLD)
		return;
	ccwring_cqe_describe(cqe, line, sizeof(line));
	complain("%s: %s", what, line);
}

static inline void issue(struct bench *b, struct slot *slot)
{
	/* There is an entry for each slot. */
	if (b->opts.calls == CALLS_URING_CMD)
		bench_uring_issue(b, slot);
	else
		*ccwring_get_sqe(b->ring) = slot->sqe;
	if (b->opts.latency)
		slot->started = stamp();
}

static inline void issue_next(struct bench *b, struct progress *p, struct slot *slot)
{
	if (b->next)
		b->next(b, slot);
	p->issued++;
	issue(b, slot);
}

/* A completion that is not simply good.  Returns true if it counts as one. */
static bool bad(struct bench *b, struct progress *p, struct slot *slot,
		const struct vfio_ccw_ring_cqe *cqe)
{
	if (cqe->flags & (VFIO_CCW_RING_CQE_MORE | VFIO_CCW_RING_CQE_UNSOLICITED)) {
		if (b->opts.verbose)
			tell(b, cqe, "status");
		return false;
	}
	/* Taken back because of another's failure: the same again. */
	if (cqe->res == -ECANCELED && cqe->reason == VFIO_CCW_RING_R_HELD) {
		issue(b, slot);
		return false;
	}
	b->errors++;
	tell(b, cqe, "request failed");
	if (b->errors >= HOPELESS && b->errors > p->done)
		p->target = 0;
	return true;
}

static void check(struct bench *b, struct slot *slot, const struct vfio_ccw_ring_cqe *cqe)
{
	char what[32];

	if (!b->opts.shape->check || b->opts.shape->check(b, slot))
		return;
	b->errors++;
	snprintf(what, sizeof(what), "wrong data, block %u", slot->block);
	tell(b, cqe, what);
}

void bench_reap(struct bench *b, struct progress *p, const struct vfio_ccw_ring_cqe *cqe)
{
	struct slot *slot = (struct slot *)(uintptr_t)cqe->user_data;

	if (__builtin_expect(!ccwring_cqe_good(cqe), 0)) {
		if (!bad(b, p, slot, cqe))
			return;
	} else {
		if (b->opts.latency)
			hist_add(&b->latency, stamp_ns(stamp() - slot->started));
		if (b->opts.verify)
			check(b, slot, cqe);
	}
	p->done++;
	if (p->issued < p->target)
		issue_next(b, p, slot);
}

/* How many completions one call waits for; 0: it does not, whoever spins looks. */
static unsigned int wanted(const struct bench *b, uint64_t under_way)
{
	if (b->opts.spin)
		return 0;
	return b->opts.batch < under_way ? b->opts.batch : under_way;
}

static inline int wait_more(struct bench *b, unsigned int want)
{
	int ret;

	if (b->opts.calls == CALLS_URING_ENTER)
		ret = bench_uring_enter(b, want);
	else if (want)
		ret = ccwring_submit_and_wait(b->ring, want, -1);
	else
		ret = ccwring_submit(b->ring);
	if (ret >= 0 || ret == -EINTR)
		return 0;
	complain("submit: %s", strerror(-ret));
	return ret;
}

/* Issue what has ended well again, as it was; returns how many of @most. */
static inline uint32_t reissue(struct ccwring_ring *ring, uint32_t most)
{
	uint32_t n;

	for (n = 0; n < most; n++) {
		const struct vfio_ccw_ring_cqe *cqe = ccwring_cq_at(ring, n);
		const struct slot *slot = (const struct slot *)(uintptr_t)cqe->user_data;

		if (__builtin_expect(!ccwring_cqe_good(cqe), 0))
			break;
		/* There is an entry for each slot. */
		*ccwring_sq_at(ring, n) = slot->sqe;
	}
	ccwring_sq_take(ring, n);
	ccwring_cqe_seen(ring, n);
	return n;
}

/* The part of loop() in which all there is to do with a completion is to issue the
 * same again, so that what is measured is the ring and not this program.  It ends
 * with the first one that is not good, and when there is no more to issue. */
static __attribute__((noinline)) int loop_alike(struct bench *b, struct progress *p,
						unsigned int want)
{
	struct ccwring_ring *ring = b->ring;
	uint64_t left = p->target - p->issued;
	uint32_t ready, n;
	int err;

	do {
		err = wait_more(b, want);
		ready = ccwring_cq_ready(ring);
		n = reissue(ring, ready < left ? ready : (uint32_t)left);
		left -= n;
	} while (n == ready && left && !err && !bench_stop);
	p->done += p->target - left - p->issued;
	p->issued = p->target - left;
	return err;
}

static int alike(struct bench *b, struct progress *p, unsigned int want)
{
	if (b->opts.calls == CALLS_URING_CMD)
		return bench_uring_alike(b, p, want);
	return loop_alike(b, p, want);
}

/* Wait, and reap what is there. */
static int turn(struct bench *b, struct progress *p, unsigned int want)
{
	uint32_t ready;
	int err;

	if (b->opts.calls == CALLS_URING_CMD)
		return bench_uring_turn(b, p, want);
	err = wait_more(b, want);
	ready = ccwring_cq_ready(b->ring);
	for (uint32_t n = 0; n < ready; n++)
		bench_reap(b, p, ccwring_cq_at(b->ring, n));
	ccwring_cqe_seen(b->ring, ready);
	return err;
}

/* Keeps all slots busy until the target is met, then lets them run out. */
static int loop(struct bench *b, struct progress *p)
{
	bool all_alike = !b->next && !b->opts.latency && !b->opts.verify;
	int err = 0;

	for (unsigned int i = 0; i < b->n_slots && p->issued < p->target; i++)
		issue_next(b, p, &b->slots[i]);
	if (all_alike && p->issued < p->target)
		err = alike(b, p, wanted(b, b->n_slots));
	while (!err && p->done < p->issued && bench_stop != BENCH_LEAVE) {
		if (bench_stop)
			p->target = 0;
		err = turn(b, p, wanted(b, p->issued - p->done));
	}
	return err;
}

/* The same as a part of a run, which may end early. */
static int limited_loop(struct bench *b, struct progress *p)
{
	int err;

	bench_stop_after(b->opts.duration);
	err = bench_stop == BENCH_LEAVE ? 0 : loop(b, p);
	b->under_way = p->issued - p->done;
	b->partial = bench_stop == BENCH_LEAVE;
	return err;
}

int bench_requests(struct bench *b, uint64_t n)
{
	struct progress p = { .target = n };
	int err = loop(b, &p);

	return !err && b->errors ? -EIO : err;
}

static int warm_up(struct bench *b)
{
	struct progress p = { .target = b->opts.warmup };
	bool latency = b->opts.latency;
	int err;

	b->opts.latency = false;
	err = limited_loop(b, &p);
	b->opts.latency = latency;
	if (b->errors)
		complain("%llu requests failed before the measurement",
			 (unsigned long long)b->errors);
	b->errors = 0;
	return err;
}

/* Until when?  That nothing has come since the time was up is not part of what was measured. */
static double measured(const struct bench *b, double seconds)
{
	bool waited = b->partial && b->opts.duration > 0 && seconds > b->opts.duration;

	return waited ? b->opts.duration : seconds;
}

int bench_run(struct bench *b)
{
	struct progress p = { .target = b->opts.count };
	uint64_t begin;
	int err;

	err = warm_up(b);
	if (err || b->partial)
		return err;
	begin = now_ns();
	b->enters = ccwring_ring_enters(b->ring);
	MARK_BEGIN();
	err = limited_loop(b, &p);
	MARK_END();
	b->enters = ccwring_ring_enters(b->ring) - b->enters;
	b->seconds = measured(b, (now_ns() - begin) / 1e9);
	b->done = p.done;
	return err;
}

/* The next completion that is terminal, seen. */
static int wait_terminal(struct bench *b)
{
	const struct vfio_ccw_ring_cqe *cqe;
	int ret;

	for (;;) {
		bool more;

		if (bench_stop == BENCH_LEAVE)
			return -EINTR;
		ret = ccwring_wait_cqe(b->ring, &cqe, -1);
		if (ret == -EINTR)
			continue;
		if (ret)
			return ret;
		more = cqe->flags & (VFIO_CCW_RING_CQE_MORE | VFIO_CCW_RING_CQE_UNSOLICITED);
		if (!ccwring_cqe_good(cqe))
			ret = cqe->res ? cqe->res : -EIO;
		ccwring_cqe_seen(b->ring, 1);
		if (!more)
			return ret;
	}
}

int bench_one(struct bench *b, uint16_t sch, const struct ccwring_orb *orb)
{
	int ret;

	ccwring_prep_start(ccwring_get_sqe(b->ring), sch, orb, 0);
	ret = ccwring_submit(b->ring);
	return ret < 0 ? ret : wait_terminal(b);
}
