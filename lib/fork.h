/* SPDX-License-Identifier: MIT */
/*
 * fork.h - what becomes of handles in a child of fork()
 *
 * Devices reach memory of the process that opened them, and no other's.  In a child of
 * it each handle it has inherited is dead: its files are closed, its memory is not there,
 * and calls of it return -ECHILD, or have nothing to do.  The child's own handles, made
 * later, are like anybody's.
 *
 * That happens in fork() itself, before it returns to the child, so that no call has to
 * ask who it is: handles are on a list, each with the function that makes it a dead one.
 * Children without memory of their own (vfork(), posix_spawn(), system()) run another
 * program before they can call anything, and files are closed by that.
 */
#ifndef CCWRING_FORK_H
#define CCWRING_FORK_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

/* What calls of an inherited handle return: nothing else in the library does. */
#define INHERITED (-ECHILD)

struct fork_node {
	struct fork_node *next;
	struct fork_node **at; /* what points to it, NULL if it is not on the list */
	void (*in_child)(struct fork_node *node);
};

/* What a node is part of. */
#define FORK_NODE_OF(node, type, member) ((type *)((uint8_t *)(node)-offsetof(type, member)))

/* Before anything else of this; 0 or -ENOMEM. */
int fork_init(void);

/*
 * No process is forked between the two.  The lock is the innermost there is: who has it
 * calls neither the allocators nor anything of the user's, who fork, too.
 */
void fork_lock(void);
void fork_unlock(void);

/* With the lock.  @in_child takes no lock, allocates nothing, and knows one thread only. */
void fork_add(struct fork_node *node, void (*in_child)(struct fork_node *node));
/* Those that are not there any more must be off the list before their files are closed. */
void fork_remove(struct fork_node *node);

#endif
