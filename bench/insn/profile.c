// SPDX-License-Identifier: MIT
/*
 * profile - a TCG plugin for QEMU that says where a guest executes instructions
 *
 *	qemu-system-s390x ... -plugin profile.so,out=FILE,entry=ADDRESS,...
 *
 * Between the markers begin and end (insn.c) each translated block is counted, for
 * each call path it is run on (stack.c).  When QEMU ends, FILE has lines
 *
 *	sections N			pairs of begin and end
 *	node ID PARENT KIND AT		a call path (enum kind)
 *	block ID ADDRESS CODE		instructions, as they were executed; what an
 *					EXECUTE executes is at its address plus one
 *	count NODE BLOCK COUNT		a block was run so many times
 *	part NODE BLOCK FIRST DELTA	so were its instructions from FIRST on, more
 *
 * Addresses and code are hexadecimal.  Arguments are the kernel's addresses, as
 * strtoull() takes them:
 *
 *	entry=A		where an interruption or system call enters, in any order
 *	fault=A		the same for exceptions, which end an instruction half way
 *	switch=A-B	the code that saves a task's registers and loads another's
 *	fork=A		where a new task starts
 *
 * One CPU.  The sum over all instructions is what insn.c counts.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "markers.h"
#include "qemu_plugin.h"
#include "stack.h"

#define MAX_LENGTH 6

int qemu_plugin_version = 1;

/* A block on a call path. */
struct cell {
	const struct node *node;
	struct block *block;
	uint64_t count;
};

/* Where a marker stands. */
struct place {
	struct block *block;
	unsigned int marker;
	unsigned int behind; /* the instruction after it */
};

struct part {
	struct place place;
	const struct node *node;
	int delta;
};

static FILE *out;
static uint64_t switch_begin, switch_end;
static unsigned int n_blocks;
static bool tracking, counting;
static unsigned int programs, sections;

static struct cell *cells;
static size_t cells_size, cells_used;
static struct part *parts;
static size_t n_parts;

static void *must(void *memory)
{
	if (memory)
		return memory;
	perror("profile");
	exit(1);
}

/* Counting */

static struct cell *cell_of(const struct node *node, struct block *block)
{
	uint64_t hash = ((uint64_t)node->id << 32 | block->id) * 0x9e3779b97f4a7c15;
	size_t i = hash >> 32 & (cells_size - 1);

	while (cells[i].node && (cells[i].node != node || cells[i].block != block))
		i = (i + 1) & (cells_size - 1);
	return &cells[i];
}

static void grow_cells(void)
{
	struct cell *old = cells;
	size_t n = cells_size;

	cells_size = n ? 2 * n : 1 << 16;
	cells = must(calloc(cells_size, sizeof(*cells)));
	for (size_t i = 0; i < n; i++)
		if (old[i].node)
			*cell_of(old[i].node, old[i].block) = old[i];
	free(old);
}

static void count(struct block *block)
{
	struct cell *cell;

	if (2 * cells_used >= cells_size)
		grow_cells();
	cell = cell_of(stack_top(), block);
	if (!cell->node) {
		*cell = (struct cell){ .node = stack_top(), .block = block };
		block->counted = true;
		cells_used++;
	}
	cell->count++;
}

static void on_block(unsigned int cpu, void *data)
{
	static const struct block *previous;
	struct block *block = data;

	(void)cpu;
	if (!tracking)
		return;
	/* Nothing comes between an EXECUTE and what it executes. */
	if (previous && previous->execute == block->address)
		block->executed = true;
	previous = block;
	stack_enter(block);
	if (counting)
		count(block);
}

/* Instructions of a block are counted, or were and should not have been. */
static void add_part(const struct place *place, int delta)
{
	parts = must(realloc(parts, (n_parts + 1) * sizeof(*parts)));
	parts[n_parts++] = (struct part){ *place, stack_top(), delta };
	place->block->counted = true;
}

static void track(void)
{
	stack_start(programs);
	tracking = true;
}

static void on_marker(unsigned int cpu, void *data)
{
	const struct place *place = data;

	(void)cpu;
	if (place->marker == MARKER_TRACK) {
		programs++;
		track();
	} else if (place->marker == MARKER_BEGIN && !counting) {
		if (!tracking)
			track();
		counting = true;
		add_part(place, 1);
	} else if (place->marker == MARKER_END && counting) {
		counting = false;
		sections++;
		add_part(place, -1);
	}
}

static void on_switch(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
	(void)cpu;
	(void)data;
	if (tracking)
		stack_switch(address, qemu_plugin_mem_is_store(info));
}

/* Translation */

/* BAS, BASR, BRAS and BRASL with the return address in register 14. */
static bool is_call(const uint8_t *code)
{
	if (code[1] >> 4 != 14)
		return false;
	switch (code[0]) {
	case 0x0d:
		return code[1] & 15;
	case 0x4d:
		return true;
	case 0xa7:
	case 0xc0:
		return (code[1] & 15) == 5;
	}
	return false;
}

/* EX and EXRL. */
static bool is_execute(const uint8_t *code)
{
	return code[0] == 0x44 || (code[0] == 0xc6 && !(code[1] & 15));
}

/*
 * LOAD PSW EXTENDED is a return where the kernel keeps it for that, in the first
 * pages; elsewhere it enables interruptions or waits.
 */
static bool is_load_psw(uint64_t address, const uint8_t *code, unsigned int length)
{
	if (code[0] == 0xb2 && code[1] == 0xb2)
		return address < 0x2000;
	return length == 6 && code[0] == 0xeb && code[5] == 0x71;
}

static enum leave leave_of(uint64_t address, const uint8_t *code, unsigned int length)
{
	if (is_call(code))
		return LEAVE_CALL;
	if (is_load_psw(address, code, length))
		return LEAVE_KERNEL;
	/* BCR, by EXECUTE too. */
	if (code[0] == 0x07 && code[1] & 15)
		return LEAVE_BACK;
	return LEAVE_ON;
}

/* STMG and LMG, of all registers that a task keeps. */
static void watch_switch(struct qemu_plugin_insn *insn)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);

	if (code[0] == 0xeb && (code[5] == 0x24 || code[5] == 0x04))
		qemu_plugin_register_vcpu_mem_cb(insn, on_switch, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW, NULL);
}

static void watch_marker(struct qemu_plugin_insn *insn, struct block *block, unsigned int i)
{
	unsigned int marker = marker_of(insn);
	struct place *place;

	if (!marker)
		return;
	place = must(malloc(sizeof(*place)));
	*place = (struct place){ block, marker, i + 1 };
	qemu_plugin_register_vcpu_insn_exec_cb(insn, on_marker, QEMU_PLUGIN_CB_NO_REGS, place);
}

/*
 * What EXECUTE executes is a block of its own at the address of EXECUTE, and as
 * long as that, whatever its own length is, which the first two bits tell.
 */
static unsigned int length_of(const uint8_t *code)
{
	static const uint8_t lengths[] = { 2, 4, 4, 6 };

	return lengths[code[0] >> 6];
}

static struct block *new_block(const struct qemu_plugin_tb *tb)
{
	unsigned int n = qemu_plugin_tb_n_insns(tb), length = 0;
	struct block *block = must(calloc(1, sizeof(*block) + n * MAX_LENGTH));
	const uint8_t *code = block->code;

	block->id = n_blocks++;
	block->address = block->back = qemu_plugin_tb_vaddr(tb);
	block->entry = stack_entry_at(block->address);
	block->n = n;
	for (unsigned int i = 0; i < n; i++) {
		const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		code = block->code + block->size;
		length = length_of(qemu_plugin_insn_data(insn));
		memcpy(block->code + block->size, qemu_plugin_insn_data(insn), length);
		block->size += length;
		block->back += qemu_plugin_insn_size(insn);
	}
	if (n) {
		block->leave = leave_of(block->back - length, code, length);
		block->execute = is_execute(code) ? block->back - length : 0;
	}
	return block;
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *block = new_block(tb);
	bool switches = block->address >= switch_begin && block->address < switch_end;

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, block);
	for (unsigned int i = 0; i < block->n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		watch_marker(insn, block, i);
		if (switches)
			watch_switch(insn);
	}
}

/* The end */

static void write_block(struct block *block)
{
	if (!block->counted)
		return;
	block->counted = false;
	fprintf(out, "block %u %" PRIx64 " ", block->id, block->address + block->executed);
	for (unsigned int i = 0; i < block->size; i++)
		fprintf(out, "%02x", block->code[i]);
	fputc('\n', out);
}

static void on_end(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	fprintf(out, "sections %u\n", sections);
	stack_write(out);
	for (size_t i = 0; i < cells_size; i++) {
		const struct cell *c = &cells[i];

		if (!c->node)
			continue;
		write_block(c->block);
		fprintf(out, "count %u %u %" PRIu64 "\n", c->node->id, c->block->id, c->count);
	}
	for (size_t i = 0; i < n_parts; i++) {
		const struct part *p = &parts[i];

		write_block(p->place.block);
		fprintf(out, "part %u %u %u %d\n", p->node->id, p->place.block->id, p->place.behind,
			p->delta);
	}
	if (fclose(out))
		perror("profile");
}

static bool argument(const char *arg)
{
	char *end;

	if (!strncmp(arg, "out=", 4)) {
		out = fopen(arg + 4, "w");
		if (!out)
			perror(arg + 4);
		return out;
	}
	if (!strncmp(arg, "entry=", 6)) {
		stack_entry((struct entry){ .address = strtoull(arg + 6, NULL, 0) });
	} else if (!strncmp(arg, "fault=", 6)) {
		stack_entry((struct entry){ strtoull(arg + 6, NULL, 0), true });
	} else if (!strncmp(arg, "fork=", 5)) {
		stack_fork(strtoull(arg + 5, NULL, 0));
	} else if (!strncmp(arg, "switch=", 7)) {
		switch_begin = strtoull(arg + 7, &end, 0);
		switch_end = *end == '-' ? strtoull(end + 1, NULL, 0) : 0;
	} else {
		fprintf(stderr, "profile: unknown argument %s\n", arg);
		return false;
	}
	return true;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!argument(argv[i]))
			return -1;
	if (!out) {
		fputs("profile: out=FILE is missing\n", stderr);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
