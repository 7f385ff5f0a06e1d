// SPDX-License-Identifier: MIT
/* uring.c - the yardstick: a request of an io_uring that does nothing */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#include "micro.h"

struct nops {
	struct io_uring ring;
	unsigned int depth;
};

static int setup(const struct micro *micro, void **context)
{
	struct nops *nops = calloc(1, sizeof(*nops));
	int err;

	if (!nops)
		return -ENOMEM;
	nops->depth = micro->arg;
	err = io_uring_queue_init(64, &nops->ring, IORING_SETUP_SQE128 | IORING_SETUP_CQE32);
	if (err)
		free(nops);
	else
		*context = nops;
	return err;
}

static void teardown(void *context)
{
	struct nops *nops = context;

	io_uring_queue_exit(&nops->ring);
	free(nops);
}

static int turn(struct nops *nops)
{
	struct io_uring_cqe *cqes[64];
	unsigned int n, left = nops->depth;

	for (n = 0; n < nops->depth; n++)
		io_uring_prep_nop(io_uring_get_sqe(&nops->ring));
	if (io_uring_submit_and_wait(&nops->ring, nops->depth) < 0)
		return -EIO;
	while (left) {
		n = io_uring_peek_batch_cqe(&nops->ring, cqes, 64);
		if (cqes[0]->res < 0)
			return cqes[0]->res;
		io_uring_cq_advance(&nops->ring, n);
		left -= n;
	}
	return 0;
}

static int run(void *context, uint64_t n)
{
	struct nops *nops = context;
	int err = 0;

	for (; n && !err; n -= nops->depth)
		err = turn(nops);
	return err;
}

static const struct micro micros[] = {
	{ "io_uring/nop/1", setup, run, teardown, .batch = 32, .arg = 1 },
	{ "io_uring/nop/32", setup, run, teardown, .batch = 32, .arg = 32 },
};

void micro_add_uring(void)
{
	micro_add(micros, sizeof(micros) / sizeof(micros[0]));
}
