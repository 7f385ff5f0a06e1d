/* SPDX-License-Identifier: MIT */
/* Random writes and reads of a disk by clients that are stopped and killed. */
#ifndef CCWRING_TESTS_VERIFY_H
#define CCWRING_TESTS_VERIFY_H

#include "journal.h"

/*
 * Each is a process of its own: it looks at what the last one has left, and then keeps
 * the disk busy.  Ends the program with a message when anything is wrong.
 */
void client_fill(struct journal *journal);
/* Until so many writes and so many reads have ended well in all. */
void client_load(struct journal *journal, uint64_t count);

#endif
