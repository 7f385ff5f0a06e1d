/* SPDX-License-Identifier: MIT */
/*
 * ccwring/uring.h - subchannels in a program's io_uring
 *
 * For programs that have an io_uring loop already: a ring's requests become
 * entries of theirs, next to sockets, files and timers.  There are three ways:
 *
 * One request, one command.  ccwring_uring_get_sqe() takes an entry of the io_uring,
 * ccwring_uring_prep_start() and its like fill it in; its completion is that of the
 * request.  The io_uring is made with CCWRING_URING_SETUP.  Nothing of the ring's own
 * queues is used, except that there can be as many requests under way as its CQ has
 * entries.
 *
 * A doorbell.  Requests are entries of the ring, as in ccwring/ring.h, but instead of
 * ccwring_submit() an entry of the io_uring, ccwring_uring_prep_enter(), submits
 * them and completes when so many have ended.  Any io_uring will do.  An
 * I/O costs less this way, because one command serves a batch.
 *
 * A poll.  io_uring_prep_poll_multishot() on ccwring_ring_fd() says that there are
 * completions in the ring.
 *
 * Everything is inline and touches memory only.  Works with liburing 2.3 and later,
 * whose header wants _GNU_SOURCE.  pkg-config knows this one as ccwring-uring.
 */
#ifndef _CCWRING_URING_H
#define _CCWRING_URING_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <liburing.h>
#include <linux/vfio_ccw_ring.h>

#include <ccwring/irb.h>
#include <ccwring/orb.h>
#include <ccwring/ring.h>

#ifdef __cplusplus
extern "C" {
#endif

/* IORING_OP_URING_CMD: an enumerator that not each liburing's headers have. */
#define CCWRING_URING_OPCODE 46

/**
 * CCWRING_URING_SETUP - flags an io_uring for requests is made with
 *
 * A request is longer than an ordinary entry, and its status than an ordinary
 * completion.  All entries of such an io_uring are of that size.
 */
#define CCWRING_URING_SETUP  (IORING_SETUP_SQE128 | IORING_SETUP_CQE32)

/**
 * ccwring_uring_check() - can requests go through this io_uring?
 * @uring: the io_uring
 * @ring: the ring
 *
 * To be asked once, when both have been made.
 *
 * Return: 0; -EMSGSIZE if it was made without IORING_SETUP_SQE128, -EOVERFLOW
 *	without IORING_SETUP_CQE32; -EOPNOTSUPP if the ring polls, or is none of the
 *	driver's, or the driver knows no io_uring.
 */
static inline int ccwring_uring_check(const struct io_uring *uring, const struct ccwring_ring *ring)
{
	if (!(ccwring_ring_features(ring) & VFIO_CCW_RING_FEAT_URING))
		return -EOPNOTSUPP;
	if (!(uring->flags & IORING_SETUP_SQE128))
		return -EMSGSIZE;
	return uring->flags & IORING_SETUP_CQE32 ? 0 : -EOVERFLOW;
}

/**
 * union ccwring_uring_sqe - a long entry, for a request
 * @sqe: what each entry begins with: user data and flags are set here, after prep
 * @bytes: all of it
 *
 * An entry of the io_uring, from ccwring_uring_get_sqe(), or memory of the program's, to
 * be copied to one.
 */
union ccwring_uring_sqe {
	struct io_uring_sqe sqe;
	uint8_t bytes[128];
};

/**
 * ccwring_uring_get_sqe() - take a free entry for a request
 * @uring: the io_uring
 *
 * Entries of other sizes are not handed out, so that a request is not written over its
 * neighbours.
 *
 * Return: the entry, to be filled in by prep; NULL if there is none, or the io_uring was
 *	not made with CCWRING_URING_SETUP, see ccwring_uring_check().
 */
static inline union ccwring_uring_sqe *ccwring_uring_get_sqe(struct io_uring *uring)
{
	if ((uring->flags & CCWRING_URING_SETUP) != CCWRING_URING_SETUP)
		return NULL;
	return (union ccwring_uring_sqe *)io_uring_get_sqe(uring);
}

/* All of an entry but its command area; liburing 2.3 has no function for it. */
static inline void ccwring_uring_prep_cmd(struct io_uring_sqe *sqe, int fd, uint32_t cmd_op)
{
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = CCWRING_URING_OPCODE;
	sqe->fd = fd;
	sqe->cmd_op = cmd_op;
}

/* Where the command area begins, which takes up the rest of an entry. */
#define CCWRING_URING_AREA offsetof(struct io_uring_sqe, cmd)

/* A request without ORB. */
static inline struct vfio_ccw_ring_uring_request *
ccwring_uring_prep_request(union ccwring_uring_sqe *entry, int fd, uint8_t opcode, uint16_t sch,
			   uint8_t *irb)
{
	struct vfio_ccw_ring_uring_request *request =
		(struct vfio_ccw_ring_uring_request *)(entry->bytes + CCWRING_URING_AREA);

	ccwring_uring_prep_cmd(&entry->sqe, fd, VFIO_CCW_RING_URING_REQUEST);
	memset(request, 0, sizeof(*request));
	request->opcode = opcode;
	request->subchannel = sch;
	request->irb = (uintptr_t)irb;
	return request;
}

/**
 * ccwring_uring_prep_start() - START SUBCHANNEL
 * @entry: the entry
 * @fd: ccwring_ring_fd() of the ring; a registered file with IOSQE_FIXED_FILE set
 *	afterwards
 * @sch: index of the device in the ring
 * @orb: copied
 * @irb: where the IRB goes unless the start ends well, VFIO_CCW_RING_IRB_SIZE bytes,
 *	the driver's until the completion; NULL if it is not wanted
 *
 * User data are set afterwards, in &union ccwring_uring_sqe.sqe, as with liburing's own
 * functions.
 */
static inline void ccwring_uring_prep_start(union ccwring_uring_sqe *entry, int fd, uint16_t sch,
					    const struct ccwring_orb *orb, uint8_t *irb)
{
	struct vfio_ccw_ring_uring_request *request =
		ccwring_uring_prep_request(entry, fd, VFIO_CCW_RING_OP_START, sch, irb);

	request->flags = VFIO_CCW_RING_URING_BRIEF;
	memcpy(request->orb, orb->b, sizeof(request->orb));
}

/** ccwring_uring_prep_nop() - complete at once, touch nothing */
static inline void ccwring_uring_prep_nop(union ccwring_uring_sqe *entry, int fd, uint16_t sch)
{
	ccwring_uring_prep_request(entry, fd, VFIO_CCW_RING_OP_NOP, sch, NULL);
}

/** ccwring_uring_prep_halt() - HALT SUBCHANNEL; parameters as of a start */
static inline void ccwring_uring_prep_halt(union ccwring_uring_sqe *entry, int fd, uint16_t sch,
					   uint8_t *irb)
{
	ccwring_uring_prep_request(entry, fd, VFIO_CCW_RING_OP_HALT, sch, irb);
}

/** ccwring_uring_prep_clear() - CLEAR SUBCHANNEL; parameters as of a start */
static inline void ccwring_uring_prep_clear(union ccwring_uring_sqe *entry, int fd, uint16_t sch,
					    uint8_t *irb)
{
	ccwring_uring_prep_request(entry, fd, VFIO_CCW_RING_OP_CLEAR, sch, irb);
}

/**
 * ccwring_uring_prep_cancel() - take back a start that has not begun
 * @entry: the entry
 * @fd: as of a start
 * @sch: index of the device in the ring
 * @target: user data of the start; of several the oldest that has not begun
 *
 * As ccwring_prep_cancel().  io_uring's own cancel does not find requests.
 */
static inline void ccwring_uring_prep_cancel(union ccwring_uring_sqe *entry, int fd, uint16_t sch,
					     uint64_t target)
{
	ccwring_uring_prep_request(entry, fd, VFIO_CCW_RING_OP_CANCEL, sch, NULL)->target = target;
}

/**
 * ccwring_uring_prep_enter() - a doorbell for the ring's own entries
 * @sqe: the entry, of any io_uring, long or not
 * @fd: as of a start
 * @to_submit: how many to submit, of ccwring_flush()
 * @min_complete: complete when the ring holds so many completions, 0: at once
 */
static inline void ccwring_uring_prep_enter(struct io_uring_sqe *sqe, int fd, uint32_t to_submit,
					    uint32_t min_complete)
{
	struct vfio_ccw_ring_uring_enter *enter =
		(struct vfio_ccw_ring_uring_enter *)((uint8_t *)sqe + CCWRING_URING_AREA);

	ccwring_uring_prep_cmd(sqe, fd, VFIO_CCW_RING_URING_ENTER);
	enter->to_submit = to_submit;
	enter->min_complete = min_complete;
	enter->reserved = 0;
}

/**
 * ccwring_uring_good() - did a start end well?
 * @cqe: its completion
 *
 * Return: true for channel end with device end and nothing else.  If it is false
 *	and the result is -EIO, the device has something to say, which is in the IRB
 *	and in part in ccwring_uring_status(); with any other error the request was
 *	refused or taken back, for ccwring_uring_reason().
 */
static inline bool ccwring_uring_good(const struct io_uring_cqe *cqe)
{
	return cqe->res >= 0;
}

/**
 * ccwring_uring_status() - the beginning of an IRB, from a completion
 * @cqe: completion of a request with a result of 0 or more, or -EIO
 * @scsw: receives the 12 bytes of the subchannel-status word; with -EIO its second
 *	word, the channel-program address, is 0
 *
 * ccwring/irb.h has what they mean.
 */
static inline void ccwring_uring_status(const struct io_uring_cqe *cqe, uint8_t *scsw)
{
	uint64_t more = cqe->big_cqe[0];

	ccwring_put_be32(scsw, more >> 32);
	ccwring_put_be32(scsw + 4, cqe->res < 0 ? 0 : cqe->res);
	ccwring_put_be32(scsw + 8, more);
}

/** ccwring_uring_reason() - enum vfio_ccw_ring_reason of a request with another error */
static inline uint16_t ccwring_uring_reason(const struct io_uring_cqe *cqe)
{
	return cqe->big_cqe[0];
}

/** ccwring_uring_ccw_index() - number of the CCW at fault, if the reason names one */
static inline uint16_t ccwring_uring_ccw_index(const struct io_uring_cqe *cqe)
{
	return cqe->big_cqe[0] >> 16;
}

/** ccwring_uring_ccw_addr() - IOVA of the CCW at fault, if the reason names one */
static inline uint32_t ccwring_uring_ccw_addr(const struct io_uring_cqe *cqe)
{
	return cqe->big_cqe[0] >> 32;
}

#ifdef __cplusplus
}
#endif

#endif
