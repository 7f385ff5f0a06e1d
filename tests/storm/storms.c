// SPDX-License-Identifier: MIT
/*
 * storms: all storms, a few rounds each.
 * storms NAME ROUNDS: so many of one.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "state.h"
#include "storms.h"

/**
 * struct storm - one kind of them
 * @name: what it is called
 * @round: a round
 * @verdict: what there is to say after all of them, or NULL
 * @few: rounds of a short one, and before a long one
 */
static const struct storm {
	const char *name;
	bool (*round)(unsigned int round);
	void (*verdict)(void);
	unsigned int few;
} storms[] = {
	{ "kill", s_kill, s_killed, 12 }, { "reopen", s_reopen, NULL, 24 },
	{ "unmap", s_unmap, NULL, 12 },	  { "unplug", s_unplug, NULL, 3 },
	{ "unbind", s_unbind, NULL, 4 },  { "share", s_share, NULL, 15 },
};

#define STORMS (sizeof(storms) / sizeof(*storms))

/* Before, in the middle, and after. */
static struct s_state states[3];

bool s_failed(unsigned int round, const char *format, ...)
{
	va_list args;

	printf("# round %u: ", round);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	return false;
}

static void run(const struct storm *storm, unsigned int first, unsigned int rounds)
{
	unsigned int i, good = 0, back = 0;
	uint64_t begin = t_now_ms();

	for (i = first; i < first + rounds; i++) {
		good += storm->round(i);
		back += s_as_before(&states[0]);
	}
	T_EQUAL(good, rounds, "%s: %u rounds in %llu ms", storm->name, rounds,
		(unsigned long long)(t_now_ms() - begin));
	T_EQUAL(back, rounds, "%s: after each nothing is pinned, locked or in use", storm->name);
}

/* What the kernel keeps for good it has after the first few. */
static void run_one(const struct storm *storm, unsigned int rounds)
{
	unsigned int i, half = (rounds + 1) / 2;

	for (i = 0; i < storm->few; i++)
		T_NEED(storm->round(i), "%s: the first rounds", storm->name);
	s_note(&states[0]);
	run(storm, 0, half);
	s_note(&states[1]);
	run(storm, half, rounds - half);
	s_note(&states[2]);
	s_check(states, storm->name, half);
	if (storm->verdict)
		storm->verdict();
}

static void run_all(void)
{
	unsigned int i, pass;

	for (pass = 0; pass < 3; pass++) {
		s_note(&states[pass]);
		for (i = 0; i < STORMS && pass < 2; i++)
			run(&storms[i], pass * storms[i].few, storms[i].few);
	}
	s_check(states, "all of them", storms[0].few);
	for (i = 0; i < STORMS; i++) {
		if (storms[i].verdict)
			storms[i].verdict();
	}
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc == 1) {
		run_all();
		return tap_done();
	}
	for (i = 0; i < STORMS; i++) {
		if (argc == 3 && !strcmp(storms[i].name, argv[1]))
			run_one(&storms[i], strtoul(argv[2], NULL, 0));
	}
	return tap_done();
}
