// SPDX-License-Identifier: MIT
#include "content.h"

#include "eckd.h"

/* Odd, so that no two words of a block are alike. */
#define STEP  0x9e3779b97f4a7c15ULL
#define WORDS (ECKD_RECORD / sizeof(uint64_t))

static uint64_t mix(uint64_t word)
{
	word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9ULL;
	word = (word ^ word >> 27) * 0x94d049bb133111ebULL;
	return word ^ word >> 31;
}

/* The first word, which can be read back. */
static uint64_t name(uint64_t seed, uint32_t block, uint32_t generation)
{
	return ((uint64_t)block << 32 | generation) ^ mix(seed + STEP);
}

void content_fill(void *data, uint64_t seed, uint32_t block, uint32_t generation)
{
	uint64_t *words = data, word;
	size_t i;

	words[0] = name(seed, block, generation);
	word = mix(words[0]);
	for (i = 1; i < WORDS; i++) {
		word += STEP;
		words[i] = word;
	}
}

bool content_is(const void *data, uint64_t seed, uint32_t block, uint32_t generation)
{
	const uint64_t *words = data;
	uint64_t word;
	size_t i;

	word = name(seed, block, generation);
	if (words[0] != word)
		return false;
	word = mix(word);
	for (i = 1; i < WORDS; i++) {
		word += STEP;
		if (words[i] != word)
			return false;
	}
	return true;
}

uint32_t content_generation(const void *data, uint64_t seed)
{
	const uint64_t *words = data;

	return words[0] ^ name(seed, 0, 0);
}

void content_wrong(const void *data, uint64_t seed, uint32_t block, uint32_t generation,
		   const char *where)
{
	uint64_t want[WORDS], found = *(const uint64_t *)data ^ name(seed, 0, 0);
	const uint8_t *bytes = data, *right = (const uint8_t *)want;
	size_t i;

	if (content_is(data, seed, found >> 32, found)) {
		T_CHECK(false, "%s: block %u must hold generation %u and holds %u of block %u",
			where, block, generation, (uint32_t)found, (uint32_t)(found >> 32));
		return;
	}
	content_fill(want, seed, block, generation);
	for (i = 0; i < ECKD_RECORD - 1 && bytes[i] == right[i]; i++)
		;
	T_CHECK(false, "%s: block %u must hold generation %u: byte %zu is %#x, must be %#x", where,
		block, generation, i, bytes[i], right[i]);
}
