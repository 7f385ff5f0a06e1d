// SPDX-License-Identifier: MIT
#include "device.h"

#include <errno.h>
#include <stdlib.h>

struct bench *micro_bench(const char *shape, unsigned int depth, enum bench_calls calls, int *err)
{
	struct bench *b = calloc(1, sizeof(*b));

	*err = -ENOMEM;
	if (!b)
		return NULL;
	b->opts = (struct bench_opts){
		.backend = CCWRING_BACKEND_RING,
		.calls = calls,
		.shape = shape_find(shape),
		.depth = depth,
		.batch = depth > 1 ? depth / 4 : 1,
		.seed = 1,
		.devices = { micro_device() },
		.n_devices = 1,
	};
	*err = bench_setup(b);
	/* Pages are pinned, tables have grown. */
	if (!*err)
		*err = bench_requests(b, 2 * b->n_slots);
	if (!*err)
		return b;
	micro_bench_free(b);
	return NULL;
}

void micro_bench_free(struct bench *b)
{
	bench_teardown(b);
	free(b);
}
