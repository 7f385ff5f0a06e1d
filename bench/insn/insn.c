// SPDX-License-Identifier: MIT
/*
 * insn - a TCG plugin for QEMU that counts guest instructions between markers
 *
 *	qemu-system-s390x ... -plugin insn.so,out=FILE
 *
 * A guest marks a point by a no-operation that no compiler emits, BRANCH ON
 * CONDITION with mask 0 and a displacement in the range of the markers:
 *
 *	asm volatile("nop 0x7e0" ::: "memory");
 *
 * Each marker executed appends a line to FILE at once:
 *
 *	insn SEQ MARKER COUNT
 *
 * SEQ counts markers from 0, MARKER is 7e0 (begin) to 7ef (7e1 is end, the others
 * are free), COUNT is the number of instructions executed since the previous
 * marker: from the one after that marker up to and including this one.
 *
 * The count is exact on one CPU.  QEMU runs code in translated blocks and adds
 * the length of a block when it enters it; a marker takes back what lies behind
 * it in its block.  A block that an exception leaves early is counted whole;
 * this adds up over interrupts and page faults only, and equally in every run.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "markers.h"
#include "qemu_plugin.h"

int qemu_plugin_version = 1;

static FILE *out;
static uint64_t executed; /* whole blocks entered so far */
static uint64_t previous; /* instructions up to the previous marker */
static unsigned int markers;

/* What a marker needs when it runs, packed into the pointer given to QEMU. */
static void *pack(unsigned int marker, size_t behind)
{
	return (void *)((uintptr_t)behind << 16 | marker);
}

static void on_marker(unsigned int cpu, void *data)
{
	unsigned int marker = (uintptr_t)data & 0xffff;
	uint64_t now = executed - ((uintptr_t)data >> 16);

	(void)cpu;
	fprintf(out, "insn %u %x %" PRIu64 "\n", markers++, marker, now - previous);
	fflush(out);
	previous = now;
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &executed, n);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		unsigned int marker = marker_of(insn);

		if (marker)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_marker,
							       QEMU_PLUGIN_CB_NO_REGS,
							       pack(marker, n - 1 - i));
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "out=", 4)) {
			fprintf(stderr, "insn: unknown argument %s, expected out=FILE\n", argv[i]);
			return -1;
		}
		out = fopen(argv[i] + 4, "w");
		if (!out) {
			perror(argv[i] + 4);
			return -1;
		}
	}
	if (!out)
		out = stderr;
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
