/* SPDX-License-Identifier: GPL-2.0-only */
/* fault.h - choosing which start goes wrong, and how: see hosted.h */
#ifndef CCWRING_HOSTED_FAULT_H
#define CCWRING_HOSTED_FAULT_H

#include <shim/cio.h>

#include "hosted.h"

/* What happens to the next start. */
enum hosted_fault fault_next(struct hosted_faults *faults);

/*
 * Makes the status a start ends with instead of that of its program, which is not carried
 * out.  False: this kind does not keep a program from being carried out.
 */
bool fault_ends(enum hosted_fault fault, const union orb *orb, struct irb *irb);

#endif
