/* SPDX-License-Identifier: MIT */
/*
 * ccwring/ring.h - requests in, completions out
 *
 * A ring takes requests for one or more devices and returns completions.
 * Five verbs, kept apart:
 *
 *	sqe = ccwring_get_sqe(ring);		a free entry, or NULL
 *	ccwring_prep_start(sqe, sch, &orb, 7);	fill it in: memory only
 *	ccwring_submit(ring);			hand over what was filled in
 *	ccwring_wait_cqe(ring, &cqe, -1);	or ccwring_peek_cqe()
 *	ccwring_cqe_seen(ring, 1);		give the entry back
 *
 * What a verb returns says whether the verb worked; what became of a request
 * is in its completion alone: cqe->res tells whether it was carried out, and
 * if it is 0 the IRB tells how it went.
 *
 * Lifetime: each submitted request gets exactly one completion without
 * VFIO_CCW_RING_CQE_MORE, whatever happens.  The ORB may change as soon as
 * prep has copied it; CCWs, IDAWs, parameters and data stay the device's
 * until that completion.  Halts and clears overtake queued starts.  Starts
 * behind one that failed complete with -ECANCELED until its completion has
 * been seen.
 *
 * Threads: one thread submits (get_sqe, prep, submit) and one thread, the
 * same or another, reaps (peek, wait, seen); they need no lock between them.
 * Two submitters, or two reapers, need one.  ccwring_submit_and_wait() is
 * both at once: its caller is the submitter, and no other thread may be
 * reaping meanwhile.
 *
 * In a child of fork() an inherited ring is empty, and submitting and waiting return
 * -ECHILD; see ccwring/device.h.
 *
 * Entries are those of linux/vfio_ccw_ring.h, whatever transport is below.
 */
#ifndef _CCWRING_RING_H
#define _CCWRING_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/vfio_ccw_ring.h>

#include <ccwring/irb.h>
#include <ccwring/orb.h>
#include <ccwring/version.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ccwring_device;

/**
 * enum ccwring_backend - how requests reach the subchannel
 * @CCWRING_BACKEND_AUTO: the ring if the driver has it, else the region
 * @CCWRING_BACKEND_RING: rings shared with the driver
 * @CCWRING_BACKEND_REGION: the I/O region of every vfio-ccw driver: write,
 *	eventfd, read for each request, one at a time a subchannel.  Requests
 *	wait in the library while their subchannel is busy, and move on only
 *	inside ccwring_submit*(), ccwring_wait_cqe() and ccwring_peek_cqe().
 * @CCWRING_BACKEND_HOSTED: the driver's core in this process; hosted devices have
 *	this alone, and no others have it
 */
enum ccwring_backend {
	CCWRING_BACKEND_AUTO = 0,
	CCWRING_BACKEND_RING = 1,
	CCWRING_BACKEND_REGION = 2,
	CCWRING_BACKEND_HOSTED = 3,
};

/*
 * &ccwring_ring_opts.flags; what they mean is said at the flags of the same names
 * in linux/vfio_ccw_ring.h.  A driver without it, and the region, answer
 * -EOPNOTSUPP.
 */
#define CCWRING_RING_POLL	VFIO_CCW_RING_SETUP_POLL
#define CCWRING_RING_THREAD	VFIO_CCW_RING_SETUP_THREAD
#define CCWRING_RING_THREAD_CPU VFIO_CCW_RING_SETUP_THREAD_CPU

/**
 * struct ccwring_ring_opts - how to make a ring
 * @size: sizeof(struct ccwring_ring_opts)
 * @backend: enum ccwring_backend
 * @sq_entries: 1..VFIO_CCW_RING_MAX_ENTRIES, rounded up to a power of two;
 *	0 for 64
 * @cq_entries: 0 for twice that; how many requests can be under way
 * @flags: CCWRING_RING_*
 * @poll_us: with CCWRING_RING_POLL: how long a wait polls without a pause, 0 for a
 *	default
 * @thread_idle_us: with CCWRING_RING_THREAD: how long the thread looks for requests
 *	in vain before it sleeps, 0 for a default
 * @thread_cpu: with CCWRING_RING_THREAD_CPU: the CPU the thread runs on
 *
 * Set to zero what is not chosen.  Fields are only ever added at the end.
 */
struct ccwring_ring_opts {
	size_t size;
	int backend;
	uint32_t sq_entries;
	uint32_t cq_entries;
	uint32_t flags;
	uint32_t poll_us;
	uint32_t thread_idle_us;
	uint32_t thread_cpu;
};

/**
 * struct ccwring_ring - the part of a ring that the inline verbs work on
 *
 * For the functions of this file alone.  The library allocates it, so it may
 * grow at the end.  k_* point into memory shared with the driver; everything
 * else is private.  The reaper's half is on a cache line (256 bytes on s390x)
 * of its own.
 */
struct ccwring_ring {
	/* the submitter's */
	uint32_t sq_tail;
	uint32_t sq_head;
	uint32_t sq_entries;
	uint32_t sq_mask;
	struct vfio_ccw_ring_sqe *sqes;
	const uint32_t *k_sq_head;
	uint32_t *k_sq_tail;

	/* the reaper's */
	uint32_t cq_head __attribute__((aligned(256)));
	uint32_t cq_tail;
	uint32_t cq_entries;
	uint32_t cq_mask;
	const struct vfio_ccw_ring_cqe *cqes;
	const uint32_t *k_cq_tail;
	uint32_t *k_cq_head;
	uint32_t peek_enters;
};

/**
 * ccwring_ring_new() - make a ring with a device attached
 * @dev: the device
 * @opts: options, NULL for defaults
 * @ring: receives the ring
 *
 * Return: 0; -EINVAL for options this library or the driver does not know;
 *	-EOPNOTSUPP if the driver has no ring and one was asked for; -EBUSY if
 *	the device has a ring; another -errno.
 */
CCWRING_API int ccwring_ring_new(struct ccwring_device *dev, const struct ccwring_ring_opts *opts,
				 struct ccwring_ring **ring);

/**
 * ccwring_ring_attach() - attach a further device
 * @ring: the ring; others go on meanwhile
 * @dev: a device of the same context
 *
 * Context: the submitter, with no wait under way.
 * Return: index of the device in the ring, or -errno.
 */
CCWRING_API int ccwring_ring_attach(struct ccwring_ring *ring, struct ccwring_device *dev);

/**
 * ccwring_ring_detach() - take a device out of a ring
 * @ring: the ring
 * @dev: a device attached to it, the one it was made with among them
 *
 * Others go on meanwhile.  Requests of the device that are under way end
 * (VFIO_CCW_RING_R_CLOSED); their completions are there on return.  Through the
 * region, the caller waits for them first.  The device's index may be given to
 * another one that is attached later; the device itself may be attached again, here or
 * elsewhere.
 *
 * Context: as ccwring_ring_attach().
 * Return: 0; -ENOTCONN if the device is not attached to this ring; -EBUSY through the
 *	region, while a request of the device is under way; another -errno.
 */
CCWRING_API int ccwring_ring_detach(struct ccwring_ring *ring, struct ccwring_device *dev);

/**
 * ccwring_ring_free() - close a ring and detach its devices
 * @ring: the ring, or NULL
 *
 * Requests under way are taken back by the driver before this returns, except
 * through the region, where the caller waits for them first.
 */
CCWRING_API void ccwring_ring_free(struct ccwring_ring *ring);

/** ccwring_ring_index() - index of the device the ring was made with */
CCWRING_API uint16_t ccwring_ring_index(const struct ccwring_ring *ring);

/** ccwring_ring_backend() - enum ccwring_backend in use, never AUTO */
CCWRING_API int ccwring_ring_backend(const struct ccwring_ring *ring);

/** ccwring_ring_features() - VFIO_CCW_RING_FEAT_* of the driver that this ring has */
CCWRING_API uint64_t ccwring_ring_features(const struct ccwring_ring *ring);

/** ccwring_ring_enters() - how often the ring's driver was called, to submit or wait */
CCWRING_API uint64_t ccwring_ring_enters(const struct ccwring_ring *ring);

/**
 * ccwring_ring_fd() - file that polls readable when there are completions
 * @ring: the ring
 *
 * For poll(2) and its like; owned by the ring.  Through the region or hosted, a readable
 * file means that ccwring_peek_cqe() may find something, and the file is to be
 * asked for again after ccwring_ring_attach().
 *
 * Context: the reaper.
 * Return: the file, or -errno.
 */
CCWRING_API int ccwring_ring_fd(struct ccwring_ring *ring);

/**
 * ccwring_get_sqe() - take a free submission entry
 * @ring: the ring
 *
 * The entry holds old data: a prep function writes all of it.
 *
 * Context: the submitter.
 * Return: the entry, or NULL when the queue is full: submit first.
 */
static inline struct vfio_ccw_ring_sqe *ccwring_get_sqe(struct ccwring_ring *ring)
{
	uint32_t tail = ring->sq_tail;

	if (tail - ring->sq_head == ring->sq_entries) {
		/* Acquire: pairs with the driver's release of the SQ head, after
		 * which it no longer reads the entries we are about to reuse. */
		ring->sq_head = __atomic_load_n(ring->k_sq_head, __ATOMIC_ACQUIRE);
		if (tail - ring->sq_head == ring->sq_entries)
			return NULL;
	}
	ring->sq_tail = tail + 1;
	return &ring->sqes[tail & ring->sq_mask];
}

/**
 * ccwring_sq_free() - how many submission entries are free
 * @ring: the ring
 *
 * So many ccwring_sq_at() has: for filling in a batch and taking it with one
 * ccwring_sq_take().
 *
 * Context: the submitter.
 */
static inline uint32_t ccwring_sq_free(struct ccwring_ring *ring)
{
	/* Acquire: as in ccwring_get_sqe(). */
	ring->sq_head = __atomic_load_n(ring->k_sq_head, __ATOMIC_ACQUIRE);
	return ring->sq_entries - (ring->sq_tail - ring->sq_head);
}

/**
 * ccwring_sq_at() - the free submission entry @n behind the first
 * @ring: the ring
 * @n: less than ccwring_sq_free() has said
 *
 * Context: the submitter.
 */
static inline struct vfio_ccw_ring_sqe *ccwring_sq_at(struct ccwring_ring *ring, uint32_t n)
{
	return &ring->sqes[(ring->sq_tail + n) & ring->sq_mask];
}

/**
 * ccwring_sq_take() - take the first @n free submission entries
 * @ring: the ring
 * @n: not more than ccwring_sq_free() has said
 *
 * Context: the submitter; filled in they are, or will be before the next submit.
 */
static inline void ccwring_sq_take(struct ccwring_ring *ring, uint32_t n)
{
	ring->sq_tail += n;
}

/* Fill in all of an entry but the ORB. */
static inline void ccwring_prep_common(struct vfio_ccw_ring_sqe *sqe, uint8_t opcode, uint16_t sch,
				       uint64_t user_data)
{
	sqe->opcode = opcode;
	sqe->flags = 0;
	sqe->subchannel = sch;
	sqe->reserved0 = 0;
	sqe->user_data = user_data;
	sqe->target = 0;
	sqe->reserved = 0;
}

/**
 * ccwring_prep_start() - START SUBCHANNEL
 * @sqe: the entry
 * @sch: index of the device in the ring
 * @orb: copied
 * @user_data: returned in the completions
 *
 * Set VFIO_CCW_RING_SQE_RECOVER in sqe->flags afterwards to start although an
 * earlier start has failed, or fails while this one is queued behind it, and its
 * completion has not been seen.
 */
static inline void ccwring_prep_start(struct vfio_ccw_ring_sqe *sqe, uint16_t sch,
				      const struct ccwring_orb *orb, uint64_t user_data)
{
	ccwring_prep_common(sqe, VFIO_CCW_RING_OP_START, sch, user_data);
	__builtin_memcpy(sqe->orb, orb->b, sizeof(sqe->orb));
}

/** ccwring_prep_nop() - complete at once, touch nothing */
static inline void ccwring_prep_nop(struct vfio_ccw_ring_sqe *sqe, uint16_t sch, uint64_t user_data)
{
	ccwring_prep_common(sqe, VFIO_CCW_RING_OP_NOP, sch, user_data);
	__builtin_memset(sqe->orb, 0, sizeof(sqe->orb));
}

/** ccwring_prep_halt() - HALT SUBCHANNEL */
static inline void ccwring_prep_halt(struct vfio_ccw_ring_sqe *sqe, uint16_t sch,
				     uint64_t user_data)
{
	ccwring_prep_common(sqe, VFIO_CCW_RING_OP_HALT, sch, user_data);
	__builtin_memset(sqe->orb, 0, sizeof(sqe->orb));
}

/** ccwring_prep_clear() - CLEAR SUBCHANNEL */
static inline void ccwring_prep_clear(struct vfio_ccw_ring_sqe *sqe, uint16_t sch,
				      uint64_t user_data)
{
	ccwring_prep_common(sqe, VFIO_CCW_RING_OP_CLEAR, sch, user_data);
	__builtin_memset(sqe->orb, 0, sizeof(sqe->orb));
}

/**
 * ccwring_prep_cancel() - take back a start that has not begun
 * @sqe: the entry
 * @sch: index of the device in the ring
 * @target: user_data of the start; of several the oldest that has not begun
 * @user_data: returned in the completion of the cancel itself
 *
 * The start completes with -ECANCELED and VFIO_CCW_RING_R_CANCELED, the cancel
 * with 0; or the cancel with -EBUSY if the start has begun, -ENOENT if there is
 * none.  Through the region, which knows no CANCEL SUBCHANNEL, a start that the
 * subchannel has accepted counts as begun.
 */
static inline void ccwring_prep_cancel(struct vfio_ccw_ring_sqe *sqe, uint16_t sch, uint64_t target,
				       uint64_t user_data)
{
	ccwring_prep_common(sqe, VFIO_CCW_RING_OP_CANCEL, sch, user_data);
	__builtin_memset(sqe->orb, 0, sizeof(sqe->orb));
	sqe->target = target;
}

/**
 * ccwring_prep_resume() - RESUME SUBCHANNEL
 *
 * Channel programs that suspend are refused, so this completes with -EINVAL and
 * VFIO_CCW_RING_R_NOT_SUSPENDED; through the region with -EOPNOTSUPP.
 */
static inline void ccwring_prep_resume(struct vfio_ccw_ring_sqe *sqe, uint16_t sch,
				       uint64_t user_data)
{
	ccwring_prep_common(sqe, VFIO_CCW_RING_OP_RESUME, sch, user_data);
	__builtin_memset(sqe->orb, 0, sizeof(sqe->orb));
}

/**
 * ccwring_submit() - hand over every entry taken with ccwring_get_sqe()
 * @ring: the ring
 *
 * Context: the submitter; all entries taken must have been filled in.
 * Return: number of entries the driver consumed, or with CCWRING_RING_THREAD that
 *	its thread will.  Those it did not consume are offered again by the next
 *	call.  -EBUSY: none, because all completion entries are in use: reap and
 *	call again.  Another -errno: the ring is broken or gone.
 */
CCWRING_API int ccwring_submit(struct ccwring_ring *ring);

/**
 * ccwring_flush() - show the driver every entry taken, without calling it
 * @ring: the ring
 *
 * For those who ring the doorbell by other means than ccwring_submit(); see
 * ccwring/uring.h.
 *
 * Context: as ccwring_submit().
 * Return: how many entries are to be submitted.
 */
static inline uint32_t ccwring_flush(struct ccwring_ring *ring)
{
	/* Release: pairs with the driver's acquire of the SQ tail; the entries
	 * are written before. */
	__atomic_store_n(ring->k_sq_tail, ring->sq_tail, __ATOMIC_RELEASE);
	/* Acquire: as in ccwring_get_sqe(). */
	ring->sq_head = __atomic_load_n(ring->k_sq_head, __ATOMIC_ACQUIRE);
	return ring->sq_tail - ring->sq_head;
}

/**
 * ccwring_submit_and_wait() - submit, then wait, in one system call
 * @ring: the ring
 * @min_complete: completions that must be there before this returns; no more than
 *	the ring has room for are waited for
 * @timeout_ns: limit for the wait, negative for none
 *
 * Context: see the head of this file.
 * Return: number of entries consumed, if there were any, also when the wait ended
 *	early: ccwring_cq_ready() tells whether what was waited for is there.  If
 *	none was consumed: 0 after the wait, -ETIME, -EINTR or as ccwring_submit().
 */
CCWRING_API int ccwring_submit_and_wait(struct ccwring_ring *ring, uint32_t min_complete,
					int64_t timeout_ns);

/**
 * ccwring_wait_cqe() - wait for a completion
 * @ring: the ring
 * @cqe: receives the oldest completion, valid until ccwring_cqe_seen()
 * @timeout_ns: limit, negative for none, 0 to look only
 *
 * Context: the reaper.
 * Return: 0, -ETIME, -EINTR or another -errno.
 */
CCWRING_API int ccwring_wait_cqe(struct ccwring_ring *ring, const struct vfio_ccw_ring_cqe **cqe,
				 int64_t timeout_ns);

/** ccwring_peek_enter() - the part of ccwring_peek_cqe() that is not inline */
CCWRING_API const struct vfio_ccw_ring_cqe *ccwring_peek_enter(struct ccwring_ring *ring);

/**
 * ccwring_peek_cqe() - look for a completion
 * @ring: the ring
 *
 * No system call, except through the region and with CCWRING_RING_POLL.
 *
 * Context: the reaper.
 * Return: the oldest completion, valid until ccwring_cqe_seen(), or NULL.
 */
static inline const struct vfio_ccw_ring_cqe *ccwring_peek_cqe(struct ccwring_ring *ring)
{
	uint32_t head = ring->cq_head;

	if (head == ring->cq_tail) {
		/* Acquire: pairs with the driver's release of the CQ tail, before
		 * which it has written the entry. */
		ring->cq_tail = __atomic_load_n(ring->k_cq_tail, __ATOMIC_ACQUIRE);
		if (head == ring->cq_tail)
			return ring->peek_enters ? ccwring_peek_enter(ring) : NULL;
	}
	return &ring->cqes[head & ring->cq_mask];
}

/**
 * ccwring_cq_next() - look at the completion @n behind the oldest
 * @ring: the ring
 * @n: 0 for the oldest
 *
 * For handling a batch and giving it back with one ccwring_cqe_seen().
 *
 * Context: the reaper.
 * Return: the completion or NULL.
 */
static inline const struct vfio_ccw_ring_cqe *ccwring_cq_next(struct ccwring_ring *ring, uint32_t n)
{
	if (ring->cq_tail - ring->cq_head <= n) {
		/* Acquire: as in ccwring_peek_cqe(). */
		ring->cq_tail = __atomic_load_n(ring->k_cq_tail, __ATOMIC_ACQUIRE);
		if (ring->cq_tail - ring->cq_head <= n)
			return NULL;
	}
	return &ring->cqes[(ring->cq_head + n) & ring->cq_mask];
}

/**
 * ccwring_cq_ready() - how many completions there are
 * @ring: the ring
 *
 * So many ccwring_cq_at() has.
 *
 * Context: the reaper.
 */
static inline uint32_t ccwring_cq_ready(struct ccwring_ring *ring)
{
	/* Acquire: as in ccwring_peek_cqe(). */
	ring->cq_tail = __atomic_load_n(ring->k_cq_tail, __ATOMIC_ACQUIRE);
	return ring->cq_tail - ring->cq_head;
}

/**
 * ccwring_cq_at() - the completion @n behind the oldest
 * @ring: the ring
 * @n: less than what ccwring_cq_ready() has returned
 *
 * Context: the reaper.
 */
static inline const struct vfio_ccw_ring_cqe *ccwring_cq_at(const struct ccwring_ring *ring,
							    uint32_t n)
{
	return &ring->cqes[(ring->cq_head + n) & ring->cq_mask];
}

/**
 * ccwring_cqe_seen() - give back the oldest completions
 * @ring: the ring
 * @n: how many
 *
 * Context: the reaper.
 */
static inline void ccwring_cqe_seen(struct ccwring_ring *ring, uint32_t n)
{
	ring->cq_head += n;
	/* Release: pairs with the driver's acquire of the CQ head; our reads of
	 * the entries come before it overwrites them. */
	__atomic_store_n(ring->k_cq_head, ring->cq_head, __ATOMIC_RELEASE);
}

/**
 * ccwring_cqe_good() - carried out, finished, and nothing to complain about
 * @cqe: the completion of a start
 */
static inline bool ccwring_cqe_good(const struct vfio_ccw_ring_cqe *cqe)
{
	return cqe->flags & VFIO_CCW_RING_CQE_GOOD;
}

/**
 * ccwring_reason_str() - enum vfio_ccw_ring_reason in words
 * @reason: from a completion
 *
 * Context: any thread.
 * Return: a static string, "unknown reason" for a value this library does not
 *	know.
 */
CCWRING_API const char *ccwring_reason_str(unsigned int reason);

/**
 * ccwring_cqe_describe() - a completion in words
 * @cqe: the completion
 * @buf: receives a NUL-terminated line
 * @size: bytes of @buf
 *
 * Context: any thread.
 * Return: bytes the whole line takes without its NUL, as snprintf() counts.
 */
CCWRING_API size_t ccwring_cqe_describe(const struct vfio_ccw_ring_cqe *cqe, char *buf,
					size_t size);

#ifdef __cplusplus
}
#endif

#endif
