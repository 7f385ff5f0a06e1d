/* SPDX-License-Identifier: MIT */
/* fuzz.h - a fuzz target and its input, taken byte by byte */
#ifndef CCWRING_TESTS_FUZZ_H
#define CCWRING_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/* The next bytes, the first the lowest; zeros behind the end. */
static inline uint64_t fuzz_take(struct fuzz_input *in, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes && in->left; i++, in->left--)
		value |= (uint64_t)*in->at++ << 8 * i;
	return value;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
