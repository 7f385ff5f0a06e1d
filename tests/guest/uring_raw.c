// SPDX-License-Identifier: MIT
#include "uring.h"

#include <string.h>

#include "program.h"
#include "tap.h"

/* liburing 2.3 has neither a name nor a helper for it. */
#define OP_URING_CMD 46

void t_uring_open(struct io_uring *uring, uint32_t flags)
{
	struct io_uring_params params = { .flags = flags };

	T_NEED(!io_uring_queue_init_params(64, uring, &params), "an io_uring");
}

void *t_uring_sqe(struct io_uring *uring, int ring_fd, uint32_t cmd_op, uint64_t user_data,
		  struct io_uring_sqe **sqe)
{
	struct io_uring_sqe *s = io_uring_get_sqe(uring);

	T_NEED(s, "room in the io_uring");
	memset(s, 0, uring->flags & IORING_SETUP_SQE128 ? 128 : 64);
	s->opcode = OP_URING_CMD;
	s->fd = ring_fd;
	s->cmd_op = cmd_op;
	s->user_data = user_data;
	if (sqe)
		*sqe = s;
	return s->cmd;
}

struct vfio_ccw_ring_uring_request *t_uring_request(struct io_uring *uring, int ring_fd,
						    uint8_t opcode, uint64_t user_data)
{
	struct vfio_ccw_ring_uring_request *request =
		t_uring_sqe(uring, ring_fd, VFIO_CCW_RING_URING_REQUEST, user_data, NULL);

	request->opcode = opcode;
	return request;
}

struct vfio_ccw_ring_uring_request *t_uring_start(struct io_uring *uring, int ring_fd,
						  uint32_t orb_flags, uint32_t program,
						  uint64_t user_data)
{
	struct vfio_ccw_ring_uring_request *request =
		t_uring_request(uring, ring_fd, VFIO_CCW_RING_OP_START, user_data);

	t_orb(request->orb, orb_flags, program);
	return request;
}

struct vfio_ccw_ring_uring_enter *t_uring_enter(struct io_uring *uring, int ring_fd,
						uint64_t user_data)
{
	return t_uring_sqe(uring, ring_fd, VFIO_CCW_RING_URING_ENTER, user_data, NULL);
}

void t_uring_submit(struct io_uring *uring, int n)
{
	T_EQUAL(io_uring_submit(uring), n, "%d submitted", n);
}

bool t_uring_done(struct io_uring *uring, unsigned int ms, struct t_done *done)
{
	struct __kernel_timespec timeout = { ms / 1000, ms % 1000 * 1000000LL };
	struct io_uring_cqe *cqe;

	memset(done, 0, sizeof(*done));
	if (io_uring_wait_cqe_timeout(uring, &cqe, &timeout))
		return false;
	done->user_data = cqe->user_data;
	done->res = cqe->res;
	if (uring->flags & IORING_SETUP_CQE32)
		done->more = cqe->big_cqe[0];
	io_uring_cqe_seen(uring, cqe);
	return true;
}

struct t_done t_uring_do(struct io_uring *uring)
{
	struct t_done done;

	T_NEED(io_uring_submit(uring) == 1, "one is submitted");
	T_NEED(t_uring_done(uring, 5000, &done), "it ends");
	return done;
}
