/* SPDX-License-Identifier: MIT */
/*
 * The storms.  Each round of one opens what it needs, does one thing to it at a
 * bad moment, and leaves nothing behind; it says whether all of it went well.
 * Rounds go through the doors and through what else there is to choose from.
 */
#ifndef CCWRING_TESTS_STORMS_H
#define CCWRING_TESTS_STORMS_H

#include <stdbool.h>

bool s_kill(unsigned int round);
/* How many requests that has hit: none would be too few. */
void s_killed(void);
bool s_reopen(unsigned int round);
bool s_unmap(unsigned int round);
bool s_unplug(unsigned int round);
bool s_unbind(unsigned int round);
bool s_share(unsigned int round);

/* Says what went wrong in a round; false. */
bool s_failed(unsigned int round, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
