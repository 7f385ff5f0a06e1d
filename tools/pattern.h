/* SPDX-License-Identifier: MIT */
/*
 * pattern.h - content of disk blocks that say which they are
 *
 * The same bytes that lab/dasd writes: 64 lines of 64 bytes with the block's
 * number, a seed, and a number that differs from line to line.
 */
#ifndef CCWRING_PATTERN_H
#define CCWRING_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#define PATTERN_BLOCK 4096

void pattern_fill(uint8_t *data, uint32_t block, uint32_t seed);
bool pattern_matches(const uint8_t *data, uint32_t block, uint32_t seed);

#endif
