// SPDX-License-Identifier: GPL-2.0-only
/*
 * open.c - devices by a text
 *
 *	nop | 3390=FILE		[,cylinders=N] [,service=MICROSECONDS]
 *				[,fault=KIND[+KIND]...] [,one-in=N] [,seed=N]
 *
 * What it all means is in docs/library.md.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hosted.h"

#define MAX_TEXT 4096

struct wanted {
	const char *image; /* NULL: no disk */
	uint64_t cylinders;
	uint64_t service_us;
	uint64_t one_in;
	struct hosted_faults faults;
	char *why;
	size_t why_size;
};

static int complain(const struct wanted *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int complain(const struct wanted *w, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(w->why, w->why_size, format, ap);
	va_end(ap);
	return -EINVAL;
}

static int parse_number(struct wanted *w, const char *key, const char *value, uint64_t most,
			uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(value, &end, 0);
	if (end == value || *end || errno || value[0] == '-' || *out > most)
		return complain(w, "%s=%s is not a number up to %llu", key, value,
				(unsigned long long)most);
	return 0;
}

static int parse_faults(struct wanted *w, const char *value)
{
	size_t n;

	do {
		enum hosted_fault fault;

		n = strcspn(value, "+");
		fault = hosted_fault_named(value, n);
		if (fault == HOSTED_NO_FAULT)
			return complain(w, "'%.*s' is not a fault", (int)n, value);
		w->faults.kinds |= 1U << fault;
		value += n;
	} while (*value++);
	return 0;
}

static int parse_option(struct wanted *w, const char *key, const char *value)
{
	if (!strcmp(key, "cylinders"))
		return parse_number(w, key, value, 65520, &w->cylinders);
	if (!strcmp(key, "service"))
		return parse_number(w, key, value, 3600000000, &w->service_us);
	if (!strcmp(key, "one-in"))
		return parse_number(w, key, value, UINT32_MAX, &w->one_in);
	if (!strcmp(key, "seed"))
		return parse_number(w, key, value, UINT64_MAX, &w->faults.seed);
	if (!strcmp(key, "fault"))
		return parse_faults(w, value);
	return complain(w, "'%s' is not an option", key);
}

static int parse_device(struct wanted *w, const char *name, const char *value)
{
	if (!strcmp(name, "3390") && value && *value)
		w->image = value;
	else if (strcmp(name, "nop") || value)
		return complain(w, "'%s' is neither nop nor 3390=FILE", name);
	return 0;
}

static int parse(struct wanted *w, char *text)
{
	char *part, *value;
	bool first = true;
	int ret = 0;

	for (; (part = strsep(&text, ",")) && !ret; first = false) {
		value = part;
		part = strsep(&value, "=");
		if (first)
			ret = parse_device(w, part, value);
		else if (value)
			ret = parse_option(w, part, value);
		else
			ret = complain(w, "'%s' has no value", part);
	}
	if (!ret && w->cylinders && !w->image)
		ret = complain(w, "cylinders are those of a disk");
	return ret;
}

static int make(struct hosted_client *client, struct wanted *w, struct hosted **out)
{
	int ret = w->image ? hosted_3390_new(client, w->image, w->cylinders, out)
			   : hosted_nop_new(client, out);

	if (ret == -EPROTO)
		complain(w, "%s: not an image of a 3390", w->image);
	else if (ret == -EBUSY)
		complain(w, "%s: is in use", w->image);
	else if (ret)
		complain(w, "%s%s%s", w->image ? w->image : "", w->image ? ": " : "",
			 strerror(-ret));
	if (ret)
		return ret;
	w->faults.one_in = w->one_in;
	hosted_faults(*out, &w->faults);
	hosted_service_time(*out, w->service_us * 1000);
	return 0;
}

int hosted_open(struct hosted_client *client, const char *what, struct hosted **out, char *why,
		size_t why_size)
{
	struct wanted w = { .one_in = 1, .why = why, .why_size = why_size };
	char text[MAX_TEXT];
	int ret;

	if (snprintf(text, sizeof(text), "%s", what) >= (int)sizeof(text))
		return complain(&w, "too long");
	ret = parse(&w, text);
	return ret ? ret : make(client, &w, out);
}
