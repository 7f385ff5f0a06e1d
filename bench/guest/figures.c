// SPDX-License-Identifier: MIT
#include "figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void print_percentile(const char *name, const struct figures *figures, unsigned int percent)
{
	if (figures->latency && figures->count)
		printf("\"%s\":%" PRIu64 ",", name,
		       figures->latency[(figures->count - 1) * percent / 100]);
	else
		printf("\"%s\":null,", name);
}

void figures_print(struct figures *figures)
{
	double each = figures->count ? (double)figures->ns / figures->count : 0;

	if (figures->latency)
		qsort(figures->latency, figures->count, sizeof(*figures->latency), by_value);
	printf("{\"backend\":\"%s\",\"shape\":\"%s\",\"qd\":%u,"
	       "\"subchannels\":1,\"ns_per_io\":%.1f,\"iops\":%.1f,",
	       figures->backend, figures->shape, figures->qd, each, each > 0 ? 1e9 / each : 0);
	print_percentile("p50_ns", figures, 50);
	print_percentile("p99_ns", figures, 99);
	printf("\"errors\":%" PRIu64 ",\"count\":%" PRIu64 "}\n", figures->errors, figures->count);
}
