/* SPDX-License-Identifier: MIT */
/* binding.h - change the driver of a subchannel, and change it back */
#ifndef CCWRING_BINDING_H
#define CCWRING_BINDING_H

#include <stdbool.h>

#include <ccwring/subchannel.h>

struct binding {
	const char *sysfs;
	const char *uuid; /* NULL: random */
	bool driver_only; /* no mediated device */
	bool online; /* unbind: set the device online */
	bool dry_run;
};

bool binding_uuid_ok(const char *uuid);

/* Waits until devices that are on their way are there, and have their drivers. */
void binding_settle(const struct binding *b);

/* Both say on standard error what failed, and return 0 or -errno. */
int binding_make(const struct binding *b, const struct ccwring_subchannel *sch);
int binding_remove(const struct binding *b, const struct ccwring_subchannel *sch);

#endif
