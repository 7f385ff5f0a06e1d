/* SPDX-License-Identifier: MIT */
/*
 * Results in the Test Anything Protocol: one line a check, the plan at the end.
 */
#ifndef CCWRING_TESTS_TAP_H
#define CCWRING_TESTS_TAP_H

#include <stdbool.h>

bool tap_check(bool ok, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool tap_equal(long long got, long long want, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void tap_bail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));
int tap_done(void);

/* Says what holds, e.g. T_CHECK(fd >= 0, "a ring opens"). */
#define T_CHECK(ok, ...)	tap_check(ok, __FILE__, __LINE__, __VA_ARGS__)
#define T_EQUAL(got, want, ...) tap_equal(got, want, __FILE__, __LINE__, __VA_ARGS__)

/* For what the test stands on rather than tests: ends the program. */
#define T_NEED(ok, ...)		((ok) ? (void)0 : tap_bail(__FILE__, __LINE__, __VA_ARGS__))

#endif
