// SPDX-License-Identifier: MIT
/*
 * stack.c - who called whom
 *
 * Nothing here looks at registers or memory of the guest, because plugins cannot.
 * A call pushes the address behind it; when an indirect branch leads to an
 * address that is on the stack, it was the return.  Interruptions push a frame
 * that only loading a PSW takes away; only then is it known where the block they
 * interrupted was about to go.  What a function jumps to takes its place
 * by itself, since a function is named after the address that runs.
 *
 * Each task has a stack of its own, known by where the kernel keeps the task's
 * registers while another one runs.
 */
#include "stack.h"

#include <inttypes.h>
#include <stdlib.h>

#define DEPTH		   256
/* Kernel stacks are aligned to their size, 16 KiB at least. */
#define KERNEL_STACK_SHIFT 14

struct frame {
	struct node *node;
	uint64_t back; /* 0 in a root and in an interruption */
	const struct block *block; /* interruptions: what was interrupted */
	bool again; /* its last instruction may not have been executed */
};

struct stack {
	struct stack *next;
	uint64_t key; /* 0: not known yet */
	unsigned int depth;
	struct frame frames[DEPTH];
};

static struct entry entries[MAX_ENTRIES];
static unsigned int n_entries;
static uint64_t fork_address;
static struct node *roots;
static unsigned int n_nodes;
static struct stack *stacks;
static struct stack *current;
/* What ran last, other than on the way out of an interruption. */
static const struct block *last;
static bool again;

void stack_entry(struct entry entry)
{
	if (n_entries < MAX_ENTRIES)
		entries[n_entries++] = entry;
}

void stack_fork(uint64_t address)
{
	fork_address = address;
}

int stack_entry_at(uint64_t address)
{
	for (unsigned int i = 0; i < n_entries; i++)
		if (entries[i].address == address)
			return i;
	return -1;
}

static void *must(void *memory)
{
	if (memory)
		return memory;
	perror("profile");
	exit(1);
}

/* The last one found stays in front. */
static struct node *child_of(struct node *parent, unsigned int kind, uint64_t at)
{
	struct node **list = parent ? &parent->children : &roots;
	struct node **link = list;
	struct node *node;

	while ((node = *link) && (node->kind != kind || node->at != at))
		link = &node->next;
	if (node) {
		*link = node->next;
	} else {
		node = must(calloc(1, sizeof(*node)));
		*node = (struct node){ .parent = parent, .at = at, .kind = kind, .id = n_nodes++ };
	}
	node->next = *list;
	*list = node;
	return node;
}

static void reset(struct stack *stack, unsigned int kind, uint64_t at)
{
	stack->depth = 1;
	stack->frames[0] = (struct frame){ .node = child_of(NULL, kind, at) };
}

static struct stack *new_stack(uint64_t key)
{
	struct stack *stack = must(calloc(1, sizeof(*stack)));

	stack->key = key;
	stack->next = stacks;
	stacks = stack;
	reset(stack, NODE_TASK, 0);
	return stack;
}

static struct frame *top(void)
{
	return &current->frames[current->depth - 1];
}

static struct frame *push(unsigned int kind, uint64_t at)
{
	/* Nothing sane nests that deep: begin again. */
	if (current->depth == DEPTH)
		reset(current, NODE_TASK, 0);
	current->frames[current->depth] = (struct frame){ .node = child_of(top()->node, kind, at) };
	current->depth++;
	return top();
}

/* Only frames of this side of the last interruption can be returned to. */
static void maybe_return(uint64_t address)
{
	for (unsigned int i = current->depth - 1; i && current->frames[i].back; i--) {
		if (current->frames[i].back == address) {
			current->depth = i;
			return;
		}
	}
}

/* What was interrupted goes on as if it had not been. */
static void leave_kernel(void)
{
	for (unsigned int i = current->depth - 1; i; i--) {
		const struct frame *frame = &current->frames[i];

		if (!frame->back) {
			last = frame->block;
			again = frame->again;
			current->depth = i;
			return;
		}
	}
	/* Entered before anybody looked: it is a program that goes on. */
	reset(current, NODE_USER, 0);
	last = NULL;
}

static void enter_kernel(int entry)
{
	struct frame *frame = push(NODE_ENTRY + entry, last ? last->address : 0);

	frame->block = last;
	frame->again = again || entries[entry].fault;
}

/* On in the middle of the block that was left, or from its start if it failed. */
static bool cut_short(const struct block *block)
{
	uint64_t offset = block->address - last->address;

	return offset < last->size && (offset || again);
}

static void settle(const struct block *block)
{
	if (cut_short(block))
		return;
	if (last->leave == LEAVE_CALL)
		push(NODE_CALL, last->back)->back = last->back;
	else if (last->leave == LEAVE_BACK)
		maybe_return(block->address);
}

void stack_enter(const struct block *block)
{
	if (last && last->leave == LEAVE_KERNEL)
		leave_kernel();
	if (block->entry >= 0)
		enter_kernel(block->entry);
	else if (block->address == fork_address)
		reset(current, NODE_TASK, 0);
	else if (last)
		settle(block);
	last = block;
	again = false;
}

void stack_start(unsigned int program)
{
	if (!current)
		current = new_stack(0);
	reset(current, NODE_PROGRAM, program);
}

void stack_switch(uint64_t address, bool store)
{
	uint64_t key = address >> KERNEL_STACK_SHIFT;
	struct stack *stack = stacks;

	if (store)
		current->key = key;
	if (current->key == key)
		return;
	while (stack && stack->key != key)
		stack = stack->next;
	current = stack ? stack : new_stack(key);
}

const struct node *stack_top(void)
{
	return top()->node;
}

static void write_nodes(FILE *out, const struct node *list)
{
	for (const struct node *node = list; node; node = node->next) {
		fprintf(out, "node %u %d %u %" PRIx64 "\n", node->id,
			node->parent ? (int)node->parent->id : -1, node->kind, node->at);
		write_nodes(out, node->children);
	}
}

void stack_write(FILE *out)
{
	write_nodes(out, roots);
}
