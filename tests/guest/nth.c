// SPDX-License-Identifier: MIT
#include "nth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

/* No attempt has as many places to fail as this. */
#define MOST 5000

/**
 * struct outcome - what became of the attempts
 * @refused: failed with an error that says so
 * @managed: went through all the same
 * @wrong: first other error
 * @wrong_at: which attempt that was
 */
struct outcome {
	int refused;
	int managed;
	int wrong;
	int wrong_at;
};

/* The kernel's word for this task; not closed, so that opening it can never fail. */
static int nth_file(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	T_NEED(fd >= 0, "this kernel can make single allocations fail");
	return fd;
}

static void arm(int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", nth);

	T_NEED(pwrite(nth_file(), text, length, 0) == length, "failure %d is set", nth);
}

/*
 * Reading and writing the file access our memory, and may be what fails: then
 * nothing has failed before.
 */
static bool has_failed(void)
{
	char text[16] = "";
	ssize_t n = pread(nth_file(), text, sizeof(text) - 1, 0);
	bool failed = n > 0 && text[0] == '0';

	if (pwrite(nth_file(), "0", 1, 0) != 1)
		T_NEED(pwrite(nth_file(), "0", 1, 0) == 1, "no failure is set any more");
	return failed;
}

static void note(struct outcome *outcome, const struct t_attempt *attempt, int ret, int nth)
{
	if (!ret) {
		outcome->managed++;
	} else if (ret == -ENOMEM || ret == -EFAULT || ret == attempt->also) {
		outcome->refused++;
	} else if (!outcome->wrong) {
		outcome->wrong = ret;
		outcome->wrong_at = nth;
	}
}

/* True if something has failed in the attempt. */
static bool try(const struct t_attempt *attempt, int nth, int *ret)
{
	bool failed;

	if (attempt->before)
		attempt->before();
	if (nth)
		arm(nth);
	*ret = attempt->make();
	failed = nth && has_failed();
	if (!*ret && attempt->after)
		attempt->after();
	if (attempt->still_good)
		attempt->still_good();
	return failed;
}

int t_fail_each(const struct t_attempt *attempt)
{
	struct outcome outcome = { 0 };
	int nth, ret;

	/* Once for what is done only once, and for the pages of this program. */
	try(attempt, 0, &ret);
	T_EQUAL(ret, 0, "%s: works", attempt->name);
	for (nth = 1; nth < MOST && try(attempt, nth, &ret); nth++)
		note(&outcome, attempt, ret, nth);
	T_CHECK(nth < MOST, "%s: %d failures, %d of them refused, %d managed", attempt->name,
		nth - 1, outcome.refused, outcome.managed);
	T_EQUAL(outcome.wrong, 0, "%s: each refusal says why (failure %d)", attempt->name,
		outcome.wrong_at);
	T_EQUAL(ret, 0, "%s: works again", attempt->name);
	return nth - 1;
}
