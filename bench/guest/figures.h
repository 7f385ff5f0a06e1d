/* SPDX-License-Identifier: MIT */
/* Time and latency of one run, and the line that reports them. */
#ifndef CCWRING_BENCH_FIGURES_H
#define CCWRING_BENCH_FIGURES_H

#include <stdint.h>

/**
 * struct figures - what a run measured
 * @backend: name of what was measured
 * @shape: what one I/O was
 * @qd: I/Os kept under way
 * @count: I/Os
 * @errors: of which failed
 * @ns: time of all
 * @latency: of each in nanoseconds, or NULL; sorted when reported
 */
struct figures {
	const char *backend;
	const char *shape;
	unsigned int qd;
	uint64_t count;
	uint64_t errors;
	uint64_t ns;
	uint64_t *latency;
};

uint64_t now_ns(void);

/* One JSON object on one line of standard output. */
void figures_print(struct figures *figures);

#endif
