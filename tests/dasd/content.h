/* SPDX-License-Identifier: MIT */
/*
 * What is written to a block: each byte depends on the block, on how often it has been
 * written (its generation), and on a seed.
 */
#ifndef CCWRING_TESTS_CONTENT_H
#define CCWRING_TESTS_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void content_fill(void *data, uint64_t seed, uint32_t block, uint32_t generation);
bool content_is(const void *data, uint64_t seed, uint32_t block, uint32_t generation);

/* The generation a block begins with; whether the rest is of it, content_is() says. */
uint32_t content_generation(const void *data, uint64_t seed);

/* Says what is wrong with a block that must hold a generation. */
void content_wrong(const void *data, uint64_t seed, uint32_t block, uint32_t generation,
		   const char *where);

#endif
