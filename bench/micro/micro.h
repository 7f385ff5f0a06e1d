/* SPDX-License-Identifier: MIT */
/*
 * micro.h - benches written in C, carried out by google-benchmark
 *
 * shim.cc stands between the two.  Each file here has benches of one concern; their
 * names begin with its name.
 */
#ifndef CCWRING_BENCH_MICRO_H
#define CCWRING_BENCH_MICRO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct micro - one bench
 * @name: CONCERN/WHAT[/ARGUMENT]
 * @setup: makes what @run needs; 0 or -errno.  NULL: nothing is needed
 * @run: does it @n times; 0 or -errno
 * @teardown: undoes @setup
 * @batch: how many times @run is asked for at a time
 * @arg: for @setup
 *
 * It may be carried out several times, each with its own @setup, until it is known
 * how often it has to be repeated for a figure.
 */
struct micro {
	const char *name;
	int (*setup)(const struct micro *micro, void **context);
	int (*run)(void *context, uint64_t n);
	void (*teardown)(void *context);
	uint64_t batch;
	int64_t arg;
};

/* Adds @n benches; they are the caller's, who keeps them. */
void micro_add(const struct micro *micros, size_t n);

/* Keeps the compiler from leaving out what has no effect. */
static inline void micro_use(const void *pointer)
{
	__asm__ volatile("" : : "r"(pointer) : "memory");
}

/* The device benches may have, a device number; NULL if there is none. */
const char *micro_device(void);

/* What the files here have. */
void micro_add_ring(void);
void micro_add_program(void);
void micro_add_dma(void);
void micro_add_uring(void);
/* With a device only. */
void micro_add_start(void);
void micro_add_pins(void);
void micro_add_buffer(void);

#ifdef __cplusplus
}
#endif

#endif
