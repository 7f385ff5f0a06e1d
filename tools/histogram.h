/* SPDX-License-Identifier: MIT */
/*
 * histogram.h - latencies in fixed log-linear buckets
 *
 * 32 buckets for each power of two: a value is known to about 3 %.
 */
#ifndef CCWRING_HISTOGRAM_H
#define CCWRING_HISTOGRAM_H

#include <stdint.h>

#define HIST_SUB_BITS 5
#define HIST_SUB      (1U << HIST_SUB_BITS)
#define HIST_BUCKETS  ((64 - HIST_SUB_BITS + 1) * HIST_SUB)

struct histogram {
	uint64_t n;
	uint32_t bucket[HIST_BUCKETS];
};

static inline unsigned int hist_index(uint64_t v)
{
	unsigned int shift;

	if (v < HIST_SUB)
		return v;
	shift = 63 - __builtin_clzll(v) - HIST_SUB_BITS;
	return ((shift + 1) << HIST_SUB_BITS) + ((v >> shift) & (HIST_SUB - 1));
}

static inline void hist_add(struct histogram *h, uint64_t v)
{
	h->bucket[hist_index(v)]++;
	h->n++;
}

/* Middle of the bucket that @percent of the values do not exceed; 0 if empty. */
uint64_t hist_percentile(const struct histogram *h, double percent);

#endif
