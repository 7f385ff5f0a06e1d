// SPDX-License-Identifier: MIT
/*
 * The yardstick: what io_uring itself asks for a request that does nothing, by
 * its own no-operation and by a command to a driver that ignores it.
 *
 *	ccwring-bench-uring nop|cmd DEPTH COUNT
 */
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "marker.h"

/* liburing of this age has neither a name nor a helper for it. */
#define OP_URING_CMD 46

struct yardstick {
	struct io_uring ring;
	struct figures figures;
	int null;
	bool cmd;
};

static void prepare(struct yardstick *yardstick)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&yardstick->ring);

	io_uring_prep_nop(sqe);
	if (yardstick->cmd) {
		sqe->opcode = OP_URING_CMD;
		sqe->fd = yardstick->null;
	}
}

static void batch(struct yardstick *yardstick)
{
	struct io_uring *ring = &yardstick->ring;
	struct io_uring_cqe *cqes[64];
	unsigned int i, n, left = yardstick->figures.qd;

	for (i = 0; i < left; i++)
		prepare(yardstick);
	io_uring_submit_and_wait(ring, left);
	while (left) {
		n = io_uring_peek_batch_cqe(ring, cqes, 64);
		for (i = 0; i < n; i++)
			yardstick->figures.errors += cqes[i]->res < 0;
		io_uring_cq_advance(ring, n);
		left -= n;
	}
}

static void run(struct yardstick *yardstick, uint64_t count)
{
	struct figures *figures = &yardstick->figures;
	uint64_t start;

	figures->count = 0;
	figures->errors = 0;
	marker_begin();
	start = now_ns();
	for (; figures->count < count; figures->count += figures->qd)
		batch(yardstick);
	figures->ns = now_ns() - start;
	marker_end();
}

int main(int argc, char **argv)
{
	struct io_uring_params params = {
		/* A command of the ring's size needs the larger SQE. */
		.flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
	};
	struct yardstick yardstick = { 0 };
	uint64_t count;

	if (argc != 4) {
		fprintf(stderr, "usage: %s nop|cmd DEPTH COUNT\n", argv[0]);
		return 2;
	}
	yardstick.cmd = !strcmp(argv[1], "cmd");
	yardstick.figures.backend = yardstick.cmd ? "io_uring-cmd" : "io_uring-nop";
	yardstick.figures.shape = "nop";
	yardstick.figures.qd = strtoul(argv[2], NULL, 0);
	count = strtoull(argv[3], NULL, 0);
	yardstick.null = open("/dev/null", O_RDWR);
	if (!yardstick.figures.qd || yardstick.figures.qd > 64 || !count || yardstick.null < 0 ||
	    io_uring_queue_init_params(64, &yardstick.ring, &params)) {
		fprintf(stderr, "%s: cannot set up io_uring\n", argv[0]);
		return 1;
	}
	batch(&yardstick);
	run(&yardstick, count);
	figures_print(&yardstick.figures);
	return yardstick.figures.errors != 0;
}
