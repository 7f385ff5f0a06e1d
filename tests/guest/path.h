/* SPDX-License-Identifier: MIT */
/* The first channel path of a subchannel, varied as an operator does it. */
#ifndef CCWRING_TESTS_PATH_H
#define CCWRING_TESTS_PATH_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct t_path - a channel path
 * @id: its CHPID
 * @status: file to vary it with
 */
struct t_path {
	uint8_t id;
	char status[64];
};

/* Each ends the program when it cannot do its work. */
void t_path_find(struct t_path *path, const char *uuid);
void t_path_vary(struct t_path *path, bool on);
/* As if the machine reported the path configured on or off. */
void t_path_report(struct t_path *path, bool on);

#endif
