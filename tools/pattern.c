// SPDX-License-Identifier: MIT
/* pattern.c - content of disk blocks that say which they are */
#include <stdio.h>
#include <string.h>

#include "pattern.h"

#define LINE  64
#define LINES (PATTERN_BLOCK / LINE)

static void put_line(char *line, uint32_t block, uint32_t seed, uint32_t i)
{
	uint32_t mix = (block * LINES + i) * 2654435761U + seed;
	int n = snprintf(line, LINE, "block %010u seed %010u %08x", block, seed, mix);

	memset(line + n, '.', LINE - 1 - n);
	line[LINE - 1] = '\n';
}

void pattern_fill(uint8_t *data, uint32_t block, uint32_t seed)
{
	for (uint32_t i = 0; i < LINES; i++)
		put_line((char *)data + (size_t)i * LINE, block, seed, i);
}

bool pattern_matches(const uint8_t *data, uint32_t block, uint32_t seed)
{
	char line[LINE];

	for (uint32_t i = 0; i < LINES; i++) {
		put_line(line, block, seed, i);
		if (memcmp(data + (size_t)i * LINE, line, LINE))
			return false;
	}
	return true;
}
