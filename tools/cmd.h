/* SPDX-License-Identifier: MIT */
/* cmd.h - the subcommands of ccwring, and what they share */
#ifndef CCWRING_CMD_H
#define CCWRING_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include <ccwring/subchannel.h>

struct argp_option;

/* Exit codes. */
#define EXIT_OK	     0
#define EXIT_FAIL    1 /* it did not work */
#define EXIT_USAGE   2 /* it was not understood */
#define EXIT_REFUSED 3 /* it would do harm */
#define EXIT_PARTIAL 4 /* it was ended before it was done */

struct command {
	const char *name;
	const char *help;
	int (*run)(int argc, char **argv);
};

int cmd_list(int argc, char **argv);
int cmd_bind(int argc, char **argv);
int cmd_unbind(int argc, char **argv);
int cmd_bench(int argc, char **argv);

/* Prints "ccwring: ..." on standard error. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* in_use.c: why a subchannel must be left alone, in words; false if it need not. */
bool in_use(const struct ccwring_subchannel *sch, const char *sysfs, char *why, size_t size);

#endif
