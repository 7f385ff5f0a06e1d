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

/*
 * The part of QEMU's plugin interface that is used, version 1: Debian packages
 * the interface but not its header.
 */
#define EXPORT __attribute__((visibility("default")))
typedef uint64_t qemu_plugin_id_t;
struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum {
	QEMU_PLUGIN_CB_NO_REGS = 0
};
enum {
	QEMU_PLUGIN_INLINE_ADD_U64 = 0
};

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(qemu_plugin_id_t id,
						      struct qemu_plugin_tb *tb));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *ptr,
					      uint64_t add);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int cpu, void *data), int flags,
					    void *data);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
			       char **argv);

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

/* 47 00 07 eX; 0 if the instruction is no marker. */
static unsigned int marker_of(const struct qemu_plugin_insn *insn)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);

	if (qemu_plugin_insn_size(insn) != 4 || code[0] != 0x47 || code[1] != 0x00 ||
	    code[2] != 0x07 || (code[3] & 0xf0) != 0xe0)
		return 0;
	return code[2] << 8 | code[3];
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
