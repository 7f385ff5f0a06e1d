/* SPDX-License-Identifier: MIT */
/* What a kernel that looks for bugs has to be told; nothing on others. */
#ifndef LAB_LOOKING_H
#define LAB_LOOKING_H

/* Data races count from here on. */
void looking_begin(void);
/* Looks for memory that nobody knows any more, and sends what the kernel says of it. */
void looking_end(void);

#endif
