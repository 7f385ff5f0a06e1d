// SPDX-License-Identifier: MIT
/* complain.c - what is said when something does not work */
#include <stdarg.h>
#include <stdio.h>

#include "cmd.h"

void complain(const char *fmt, ...)
{
	va_list ap;

	fputs("ccwring: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}
