/* SPDX-License-Identifier: MIT */
/* device.h - benches with a device: the runs of `ccwring bench` */
#ifndef CCWRING_BENCH_MICRO_DEVICE_H
#define CCWRING_BENCH_MICRO_DEVICE_H

#include "bench.h"
#include "micro.h"

/* A run of a shape with @depth requests under way, ready; NULL and *err if not. */
struct bench *micro_bench(const char *shape, unsigned int depth, enum bench_calls calls, int *err);
void micro_bench_free(struct bench *b);

#endif
