/* SPDX-License-Identifier: MIT */
/*
 * The marker instructions of a guest, seen from outside of it: no-operations that
 * no compiler emits, BRANCH ON CONDITION with mask 0 and a displacement in the
 * range of the markers.
 */
#ifndef CCWRING_INSN_MARKERS_H
#define CCWRING_INSN_MARKERS_H

#include "qemu_plugin.h"

#define MARKER_BEGIN 0x7e0
#define MARKER_END   0x7e1
#define MARKER_TRACK 0x7ef /* a program to be profiled has started */

/* 47 00 07 eX; 0 if the instruction is no marker. */
static inline unsigned int marker_of(const struct qemu_plugin_insn *insn)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);

	if (qemu_plugin_insn_size(insn) != 4 || code[0] != 0x47 || code[1] != 0x00 ||
	    code[2] != 0x07 || (code[3] & 0xf0) != 0xe0)
		return 0;
	return code[2] << 8 | code[3];
}

#endif
