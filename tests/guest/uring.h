/* SPDX-License-Identifier: MIT */
/* The ring's commands in an io_uring, byte by byte. */
#ifndef CCWRING_TESTS_URING_H
#define CCWRING_TESTS_URING_H

#include <liburing.h>
#include <linux/vfio_ccw_ring.h>
#include <stdbool.h>
#include <stdint.h>

#define T_URING_FLAGS (IORING_SETUP_SQE128 | IORING_SETUP_CQE32)

/**
 * struct t_done - what a completion says
 * @user_data: of the SQE
 * @res: result
 * @more: the first of its extra words
 */
struct t_done {
	uint64_t user_data;
	int32_t res;
	uint64_t more;
};

void t_uring_open(struct io_uring *uring, uint32_t flags);

/* The next SQE, all 0 but for what every command has; its command area. */
void *t_uring_sqe(struct io_uring *uring, int ring_fd, uint32_t cmd_op, uint64_t user_data,
		  struct io_uring_sqe **sqe);
struct vfio_ccw_ring_uring_request *t_uring_request(struct io_uring *uring, int ring_fd,
						    uint8_t opcode, uint64_t user_data);
/* A START; returns its request for what a test has to add. */
struct vfio_ccw_ring_uring_request *t_uring_start(struct io_uring *uring, int ring_fd,
						  uint32_t orb_flags, uint32_t program,
						  uint64_t user_data);
struct vfio_ccw_ring_uring_enter *t_uring_enter(struct io_uring *uring, int ring_fd,
						uint64_t user_data);

void t_uring_submit(struct io_uring *uring, int n);
/* The next completion; false if there is none for so long. */
bool t_uring_done(struct io_uring *uring, unsigned int ms, struct t_done *done);
/* Submits the one that was prepared, and waits for it. */
struct t_done t_uring_do(struct io_uring *uring);

/* First and third word of an SCSW in a completion. */
static inline uint32_t t_done_word0(const struct t_done *done)
{
	return done->more >> 32;
}

static inline uint8_t t_done_dstat(const struct t_done *done)
{
	return done->more >> 24;
}

static inline uint16_t t_done_reason(const struct t_done *done)
{
	return done->more;
}

static inline uint16_t t_done_index(const struct t_done *done)
{
	return done->more >> 16;
}

static inline uint32_t t_done_address(const struct t_done *done)
{
	return done->more >> 32;
}

#endif
