// SPDX-License-Identifier: MIT
/* histogram.c - percentiles */
#include "histogram.h"

static uint64_t bucket_middle(unsigned int index)
{
	unsigned int shift;

	if (index < HIST_SUB)
		return index;
	shift = (index >> HIST_SUB_BITS) - 1;
	return ((uint64_t)(HIST_SUB + (index & (HIST_SUB - 1))) << shift) +
	       ((UINT64_C(1) << shift) >> 1);
}

uint64_t hist_percentile(const struct histogram *h, double percent)
{
	uint64_t want = (uint64_t)(h->n * percent / 100.0);
	uint64_t seen = 0;

	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (h->bucket[i] && seen > want)
			return bucket_middle(i);
	}
	for (unsigned int i = HIST_BUCKETS; i-- > 0;)
		if (h->bucket[i])
			return bucket_middle(i);
	return 0;
}
