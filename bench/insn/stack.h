/* SPDX-License-Identifier: MIT */
/* stack.h - who called whom: a shadow stack for each task, a tree of all calls */
#ifndef CCWRING_INSN_STACK_H
#define CCWRING_INSN_STACK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What the last instruction of a block does. */
enum leave {
	LEAVE_ON, /* goes on, or branches within the function or out of it for good */
	LEAVE_CALL, /* calls: BRANCH AND SAVE into register 14 */
	LEAVE_BACK, /* branches to an address in a register: a return, maybe */
	LEAVE_KERNEL, /* loads a PSW: back to what was interrupted */
};

/* Where hardware enters the kernel. */
#define MAX_ENTRIES 8
struct entry {
	uint64_t address;
	bool fault; /* may have cut short the block before it */
};

/* A translated block. */
struct block {
	uint64_t address;
	uint64_t back; /* LEAVE_CALL: the address behind it */
	unsigned int id;
	unsigned int n;
	unsigned int size;
	enum leave leave;
	int entry; /* number of the entry it begins, or -1 */
	uint64_t execute; /* address of the EXECUTE that it ends with, or 0 */
	bool executed; /* it is what an EXECUTE executes */
	bool counted;
	uint8_t code[];
};

enum kind {
	NODE_TASK, /* root: the kernel on behalf of a task met in the middle */
	NODE_PROGRAM, /* root: a program that was followed from its start; at: which */
	NODE_USER, /* root: another program */
	NODE_CALL, /* at: the address behind the call */
	NODE_ENTRY, /* and the number of the entry; at: the block interrupted */
};

/* A call path. */
struct node {
	struct node *parent;
	struct node *children;
	struct node *next;
	uint64_t at;
	unsigned int kind;
	unsigned int id;
};

void stack_entry(struct entry entry);
void stack_fork(uint64_t address);
/* A program starts in user mode: nothing is known of what called it. */
void stack_start(unsigned int program);
/* A block is about to run; what the one before it has led to is done first. */
void stack_enter(const struct block *block);
/* The kernel saves or loads a task's registers on its stack at this address. */
void stack_switch(uint64_t address, bool store);
const struct node *stack_top(void);
int stack_entry_at(uint64_t address);
void stack_write(FILE *out);

#endif
