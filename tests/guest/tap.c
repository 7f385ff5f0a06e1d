// SPDX-License-Identifier: MIT
#include "tap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks, failures;

static void tap_line(bool ok, const char *format, va_list args)
{
	checks++;
	failures += !ok;
	printf("%s %d - ", ok ? "ok" : "not ok", checks);
	vprintf(format, args);
	printf("\n");
}

/* The console may be slow and the guest may die: a failure must get out. */
static void tap_where(const char *file, int line)
{
	const char *name = strrchr(file, '/');

	printf("# %s:%d", name ? name + 1 : file, line);
}

bool tap_check(bool ok, const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tap_line(ok, format, args);
	va_end(args);
	if (!ok) {
		tap_where(file, line);
		printf("\n");
	}
	fflush(stdout);
	return ok;
}

bool tap_equal(long long got, long long want, const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tap_line(got == want, format, args);
	va_end(args);
	if (got != want) {
		tap_where(file, line);
		printf(": got %lld, want %lld\n", got, want);
	}
	fflush(stdout);
	return got == want;
}

void tap_bail(const char *file, int line, const char *format, ...)
{
	const char *reason = strerror(errno);
	va_list args;

	va_start(args, format);
	printf("Bail out! ");
	vprintf(format, args);
	va_end(args);
	printf(" (last error: %s)\n", reason);
	tap_where(file, line);
	printf("\n");
	fflush(stdout);
	exit(1);
}

/* A program that checked nothing has not passed. */
int tap_done(void)
{
	printf("1..%d\n", checks);
	printf("%s: %d checks, %d failed\n", checks && !failures ? "PASS" : "FAIL", checks,
	       failures);
	fflush(stdout);
	return !checks || failures;
}
