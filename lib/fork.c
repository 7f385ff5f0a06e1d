// SPDX-License-Identifier: MIT
/* fork.c - handles that a child of fork() must not use */
#include <pthread.h>
#include <stddef.h>

#include "fork.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* protects the following */
static struct fork_node *nodes;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_err;

/* The list is whole in the child, because nobody has the lock when it comes to be. */
void fork_lock(void)
{
	pthread_mutex_lock(&lock);
}

void fork_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

static void all_in_child(void)
{
	for (struct fork_node *node = nodes; node; node = node->next)
		node->in_child(node);
	fork_unlock();
}

static void init(void)
{
	once_err = -pthread_atfork(fork_lock, fork_unlock, all_in_child);
}

int fork_init(void)
{
	pthread_once(&once, init);
	return once_err;
}

void fork_add(struct fork_node *node, void (*in_child)(struct fork_node *node))
{
	node->in_child = in_child;
	node->next = nodes;
	node->at = &nodes;
	if (nodes)
		nodes->at = &node->next;
	nodes = node;
}

void fork_remove(struct fork_node *node)
{
	if (!node->at)
		return;
	*node->at = node->next;
	if (node->next)
		node->next->at = node->at;
	node->at = NULL;
}
