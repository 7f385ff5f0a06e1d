/* SPDX-License-Identifier: MIT */
/* Sends the regular files below a directory to the host. */
#ifndef LAB_GUEST_FILES_H
#define LAB_GUEST_FILES_H

/* Reports what cannot be read through complain() and goes on. */
void files_send(const char *dir, void (*complain)(const char *format, ...));

#endif
