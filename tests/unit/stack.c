// SPDX-License-Identifier: MIT
/*
 * stack.c - call paths, as the profiling plugin follows them
 *
 * A guest made of a few blocks.  What a block is called is where it is.
 */
#include <stdio.h>
#include <string.h>

/* For its state, which is empty at the start of each test. */
#include "../../bench/insn/stack.c"

#include "unit.h"

#define IRQ  0x9000
#define PGM  0xa000
#define FORK 0xb000

static struct block blocks[4 * DEPTH];
static unsigned int used_blocks;

static void free_nodes(struct node *list)
{
	for (struct node *node = list, *next; node; node = next) {
		next = node->next;
		free_nodes(node->children);
		free(node);
	}
}

static void free_stacks(void)
{
	for (struct stack *stack = stacks, *next; stack; stack = next) {
		next = stack->next;
		free(stack);
	}
}

static int forget(void **state)
{
	(void)state;
	free_nodes(roots);
	free_stacks();
	used_blocks = 0;
	n_entries = 0;
	roots = NULL;
	stacks = current = NULL;
	last = NULL;
	again = false;
	stack_entry((struct entry){ IRQ, false });
	stack_entry((struct entry){ PGM, true });
	stack_fork(FORK);
	stack_start(1);
	return 0;
}

/* A block of 16 bytes. */
static void run(uint64_t address, enum leave leave)
{
	struct block *block = &blocks[used_blocks++];

	assert_in_range(used_blocks, 1, 4 * DEPTH);
	*block = (struct block){ .address = address,
				 .back = address + 16,
				 .size = 16,
				 .leave = leave,
				 .entry = stack_entry_at(address) };
	stack_enter(block);
}

static void append(char *text, const struct node *node)
{
	if (node->parent)
		append(text, node->parent);
	text += strlen(text);
	if (node->kind < NODE_CALL)
		sprintf(text, "%s",
			node->kind == NODE_PROGRAM ? "program"
			: node->kind == NODE_USER  ? "user"
						   : "task");
	else
		sprintf(text, " %s%llx",
			node->kind == NODE_CALL	   ? ""
			: node->kind == NODE_ENTRY ? "irq@"
						   : "pgm@",
			(unsigned long long)node->at);
}

/* The path by the addresses behind its calls. */
static void expect_path(const char *expected)
{
	char path[1024] = "";

	append(path, stack_top());
	assert_string_equal(path, expected);
}

static void calls_and_returns(void **state)
{
	(void)state;
	run(0x1000, LEAVE_CALL);
	run(0x2000, LEAVE_CALL);
	expect_path("program 1010");
	run(0x3000, LEAVE_BACK);
	expect_path("program 1010 2010");
	run(0x2010, LEAVE_BACK);
	expect_path("program 1010");
	run(0x1010, LEAVE_ON);
	expect_path("program");
}

/* The callee of a jump returns for the one that jumped. */
static void tail_call(void **state)
{
	(void)state;
	run(0x1000, LEAVE_CALL);
	run(0x2000, LEAVE_ON);
	run(0x3000, LEAVE_BACK);
	expect_path("program 1010");
	run(0x1010, LEAVE_ON);
	expect_path("program");
}

/* A branch by register that is no return: a switch statement. */
static void jump_table(void **state)
{
	(void)state;
	run(0x1000, LEAVE_CALL);
	run(0x2000, LEAVE_BACK);
	run(0x2400, LEAVE_ON);
	expect_path("program 1010");
}

/* Around a call, to what is behind it: not the return of an outer one. */
static void jump_is_no_return(void **state)
{
	(void)state;
	run(0x1000, LEAVE_CALL);
	run(0x1000, LEAVE_CALL);
	run(0x1000, LEAVE_ON);
	expect_path("program 1010 1010");
	run(0x1010, LEAVE_BACK);
	expect_path("program 1010 1010");
	run(0x1010, LEAVE_BACK);
	expect_path("program 1010");
}

/* What does not come back by the way it went: longjmp(). */
static void return_over_several(void **state)
{
	(void)state;
	run(0x1000, LEAVE_CALL);
	run(0x2000, LEAVE_CALL);
	run(0x3000, LEAVE_BACK);
	run(0x1010, LEAVE_ON);
	expect_path("program");
}

static void interrupted(void **state)
{
	(void)state;
	run(0x1000, LEAVE_CALL);
	run(0x2000, LEAVE_ON);
	run(IRQ, LEAVE_CALL);
	run(0x5000, LEAVE_BACK);
	expect_path("program 1010 irq@2000 9010");
	run(IRQ + 16, LEAVE_KERNEL);
	expect_path("program 1010 irq@2000");
	run(0x2010, LEAVE_ON);
	expect_path("program 1010");
}

/* Between the branch and where it goes. */
static void interrupted_return(void **state)
{
	(void)state;
	run(0x1000, LEAVE_CALL);
	run(0x2000, LEAVE_BACK);
	run(IRQ, LEAVE_KERNEL);
	expect_path("program 1010 irq@2000");
	run(0x1010, LEAVE_ON);
	expect_path("program");
}

static void interrupted_call(void **state)
{
	(void)state;
	run(0x1000, LEAVE_CALL);
	run(IRQ, LEAVE_KERNEL);
	run(0x2000, LEAVE_BACK);
	expect_path("program 1010");
	run(0x1010, LEAVE_ON);
	expect_path("program");
}

/* The kernel and a program can have the same addresses. */
static void other_side(void **state)
{
	(void)state;
	run(0x1000, LEAVE_CALL);
	run(0x2000, LEAVE_ON);
	run(IRQ, LEAVE_BACK);
	run(0x1010, LEAVE_KERNEL);
	expect_path("program 1010 irq@2000");
	run(0x2010, LEAVE_ON);
	expect_path("program 1010");
}

/* The next interrupt takes the place of the one that is over. */
static void interrupted_again(void **state)
{
	(void)state;
	run(0x1000, LEAVE_CALL);
	run(0x2000, LEAVE_BACK);
	run(IRQ, LEAVE_KERNEL);
	run(IRQ, LEAVE_ON);
	expect_path("program 1010 irq@2000");
	run(0x9010, LEAVE_KERNEL);
	run(0x1010, LEAVE_ON);
	expect_path("program");
}

static void nested(void **state)
{
	(void)state;
	run(0x1000, LEAVE_ON);
	run(PGM, LEAVE_CALL);
	run(IRQ, LEAVE_KERNEL);
	expect_path("program pgm@1000 irq@a000");
	run(0x2000, LEAVE_BACK);
	expect_path("program pgm@1000 a010");
	run(PGM + 16, LEAVE_KERNEL);
	run(0x1010, LEAVE_ON);
	expect_path("program");
}

/* A block with a call at its end that fails before it is there. */
static void fault(void **state)
{
	(void)state;
	run(0x1000, LEAVE_CALL);
	run(PGM, LEAVE_KERNEL);
	run(0x1000, LEAVE_CALL);
	expect_path("program");
	run(PGM, LEAVE_KERNEL);
	run(0x1008, LEAVE_CALL);
	expect_path("program");
	run(0x2000, LEAVE_BACK);
	expect_path("program 1018");
}

/* Its last instruction branches to a page that is not there. */
static void fault_of_target(void **state)
{
	(void)state;
	run(0x1000, LEAVE_CALL);
	run(PGM, LEAVE_KERNEL);
	run(0x2000, LEAVE_BACK);
	expect_path("program 1010");
}

static void fault_then_interrupt(void **state)
{
	(void)state;
	run(0x1000, LEAVE_CALL);
	run(PGM, LEAVE_KERNEL);
	run(IRQ, LEAVE_KERNEL);
	run(0x1000, LEAVE_CALL);
	expect_path("program");
}

#define STACK_1 0x70000
#define STACK_2 0x80000

/* The kernel's way from one task to another and back. */
static void tasks(void **state)
{
	(void)state;
	run(0x1000, LEAVE_ON);
	run(IRQ, LEAVE_CALL);
	run(0x6000, LEAVE_ON);
	stack_switch(STACK_1 + 0x3f00, true);
	stack_switch(STACK_2 + 0x3e00, false);
	expect_path("task");
	run(0x7000, LEAVE_CALL);
	run(0x6000, LEAVE_ON);
	expect_path("task 7010");
	stack_switch(STACK_2 + 0x3d00, true);
	stack_switch(STACK_1 + 0x3f00, false);
	expect_path("program irq@1000 9010");
	run(0x6010, LEAVE_BACK);
	run(IRQ + 16, LEAVE_KERNEL);
	run(0x1010, LEAVE_ON);
	expect_path("program");
}

/* What was on a stack before is not the new task's. */
static void new_task(void **state)
{
	(void)state;
	tasks(state);
	stack_switch(STACK_1, true);
	stack_switch(STACK_2, false);
	expect_path("task 7010");
	run(0x6000, LEAVE_BACK);
	run(FORK, LEAVE_ON);
	expect_path("task");
	run(0x1ff0, LEAVE_KERNEL);
	run(0x1000, LEAVE_ON);
	expect_path("user");
}

/* No end of calls does not end in another's memory. */
static void too_deep(void **state)
{
	(void)state;
	for (int i = 0; i < 3 * DEPTH; i++)
		run(0x1000 + 0x20 * i, LEAVE_CALL);
	assert_in_range(current->depth, 1, DEPTH);
	run(IRQ, LEAVE_KERNEL);
}

#define FRESH(test) cmocka_unit_test_setup(test, forget)

RUN(FRESH(calls_and_returns), FRESH(tail_call), FRESH(jump_table), FRESH(jump_is_no_return),
    FRESH(return_over_several), FRESH(interrupted), FRESH(interrupted_return),
    FRESH(interrupted_call), FRESH(interrupted_again), FRESH(other_side), FRESH(nested),
    FRESH(fault), FRESH(fault_of_target), FRESH(fault_then_interrupt), FRESH(tasks),
    FRESH(new_task), FRESH(too_deep))
