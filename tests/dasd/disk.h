/* SPDX-License-Identifier: MIT */
/* What must be on the disk: a file of its blocks, kept up to date. */
#ifndef CCWRING_TESTS_DISK_H
#define CCWRING_TESTS_DISK_H

#include <stdint.h>

/* The file's blocks; what is stored there is in the file. */
uint8_t *disk_expected(const char *path);

#endif
