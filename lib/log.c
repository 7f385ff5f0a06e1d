// SPDX-License-Identifier: MIT
/* log.c - messages, options and the version */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <ccwring/version.h>

#include "internal.h"

unsigned int ccwring_version(void)
{
	return CCWRING_VERSION_NUMBER(CCWRING_VERSION_MAJOR, CCWRING_VERSION_MINOR,
				      CCWRING_VERSION_PATCH);
}

void vlog(const struct ccwring_vfio *vfio, int level, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	if (!vfio->log || level > vfio->log_level)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	vfio->log(vfio->log_arg, level, line);
}

/* Every options struct begins with its size. */
int opts_copy(void *to, size_t size, const void *from)
{
	const uint8_t *tail = from;
	size_t from_size;

	memset(to, 0, size);
	if (!from)
		return 0;
	memcpy(&from_size, from, sizeof(from_size));
	if (from_size < sizeof(from_size))
		return -EINVAL;
	for (size_t i = size; i < from_size; i++)
		if (tail[i])
			return -EINVAL;
	memcpy(to, from, from_size < size ? from_size : size);
	return 0;
}
