// SPDX-License-Identifier: MIT
/* main.c - the ccwring command */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static const struct command commands[] = {
	{ "list", "show I/O subchannels and who drives them", cmd_list },
	{ "bind", "hand a device to vfio_ccw", cmd_bind },
	{ "unbind", "give a device back to its own driver", cmd_unbind },
	{ "bench", "measure requests on devices", cmd_bench },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *f)
{
	fputs("Usage: ccwring COMMAND [OPTION...]\n\n", f);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(f, "  %-8s %s\n", commands[i].name, commands[i].help);
	fputs("\n'ccwring COMMAND --help' explains a command.\n", f);
}

int main(int argc, char **argv)
{
	char name[64];

	argp_err_exit_status = EXIT_USAGE;
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		unsigned int v = ccwring_version();

		printf("ccwring %u.%u.%u\n", v >> 16, v >> 8 & 0xff, v & 0xff);
		return EXIT_OK;
	}
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		snprintf(name, sizeof(name), "ccwring %s", argv[1]);
		argv[1] = name;
		return commands[i].run(argc - 1, argv + 1);
	}
	complain("'%s' is not a command; see 'ccwring --help'", argv[1]);
	return EXIT_USAGE;
}
