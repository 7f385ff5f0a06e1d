// SPDX-License-Identifier: MIT
#include "abi.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

void say(const char *name, const char *format, ...)
{
	va_list args;

	printf("%s = ", name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	/* The line before a crash tells where it was. */
	fflush(stdout);
}

const char *error_name(int err)
{
	static char number[16];
	const char *name = err < 0 ? strerrorname_np(-err) : NULL;

	if (name)
		return name;
	snprintf(number, sizeof(number), "%d", err);
	return number;
}

const char *result(long ret)
{
	static char number[24];

	if (ret == -1)
		return error_name(-errno);
	snprintf(number, sizeof(number), "%ld", ret);
	return number;
}

void say_bytes(const char *name, const void *bytes, unsigned int count)
{
	const uint8_t *byte = bytes;
	char text[2 * 64 + 1] = "";
	unsigned int i;

	T_NEED(count <= 64, "a line's worth of bytes");
	for (i = 0; i < count; i++)
		sprintf(text + 2 * i, "%02x", byte[i]);
	say(name, "%s", text);
}

void *abi_before_hole(size_t bytes)
{
	static uint8_t *page;

	if (!page) {
		page = mmap(NULL, 2 * T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
		T_NEED(page != MAP_FAILED && !munmap(page + T_PAGE, T_PAGE), "a page and a hole");
	}
	return page + T_PAGE - bytes;
}
