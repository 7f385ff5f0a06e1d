// SPDX-License-Identifier: MIT
/* The SCHIB region, field by field; what is an address is only said to be one. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "abi.h"

static void say_schib(struct abi *abi, const char *when)
{
	static const struct {
		const char *name;
		unsigned int at, bytes;
	} fields[] = {
		{ "pmcw-flags", 4, 2 }, { "lpm-pnom-lpum-pim", 8, 4 }, { "mbi", 12, 2 },
		{ "pom-pam", 14, 2 },	{ "chpids", 16, 8 },	       { "pmcw-rest", 24, 4 },
		{ "scsw-0", 28, 4 },	{ "scsw-2", 36, 4 },	       { "model-area", 40, 12 },
	};
	static const uint8_t zero[4];
	uint8_t schib[SCHIB_AREA_SIZE];
	char name[64];
	unsigned int i;

	T_NEED(pread(abi->fd, schib, sizeof(schib), 2 * A_STRIDE) == sizeof(schib), "a SCHIB");
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		snprintf(name, sizeof(name), "schib.%s.%s", when, fields[i].name);
		say_bytes(name, schib + fields[i].at, fields[i].bytes);
	}
	snprintf(name, sizeof(name), "schib.%s.intparm", when);
	say(name, "%s", memcmp(schib, zero, 4) ? "something" : "0");
	snprintf(name, sizeof(name), "schib.%s.cpa", when);
	say(name, "%s", memcmp(schib + 32, zero, 4) ? "something" : "0");
}

void abi_schib(struct abi *abi)
{
	say_schib(abi, "opened");
	abi_good(abi, "schib.start");
	say_schib(abi, "used");
}
