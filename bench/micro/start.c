// SPDX-License-Identifier: MIT
/*
 * start.c - a START SUBCHANNEL, from the program and back
 *
 * What a shape takes more than "nop" is its translation: a program's length makes no
 * difference to anything else in the guest.
 */
#include "device.h"

static const struct start {
	const char *shape;
	unsigned int depth;
	enum bench_calls calls;
} starts[] = {
	{ "nop", 1, CALLS_RING },	{ "nop", 32, CALLS_RING },
	{ "1page", 32, CALLS_RING },	{ "16page", 32, CALLS_RING },
	{ "64page", 32, CALLS_RING },	{ "nop", 1, CALLS_URING_CMD },
	{ "nop", 32, CALLS_URING_CMD }, { "nop", 32, CALLS_URING_ENTER },
};

static int setup(const struct micro *micro, void **context)
{
	const struct start *start = &starts[micro->arg];
	int err;

	*context = micro_bench(start->shape, start->depth, start->calls, &err);
	return err;
}

static int run(void *context, uint64_t n)
{
	return bench_requests(context, n);
}

static void teardown(void *context)
{
	micro_bench_free(context);
}

static const struct micro micros[] = {
	{ "start/nop/1", setup, run, teardown, .batch = 256, .arg = 0 },
	{ "start/nop/32", setup, run, teardown, .batch = 1024, .arg = 1 },
	{ "start/1page/32", setup, run, teardown, .batch = 1024, .arg = 2 },
	{ "start/16page/32", setup, run, teardown, .batch = 1024, .arg = 3 },
	{ "start/64page/32", setup, run, teardown, .batch = 1024, .arg = 4 },
	{ "uring_cmd/nop/1", setup, run, teardown, .batch = 256, .arg = 5 },
	{ "uring_cmd/nop/32", setup, run, teardown, .batch = 1024, .arg = 6 },
	{ "uring_enter/nop/32", setup, run, teardown, .batch = 1024, .arg = 7 },
};

void micro_add_start(void)
{
	micro_add(micros, sizeof(micros) / sizeof(micros[0]));
}
