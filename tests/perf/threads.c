// SPDX-License-Identifier: MIT
/* threads.c - two threads that do the same work by turns, for a profile */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "marker.h"

#define TURNS 100

static volatile unsigned int turn;
static volatile unsigned int sum;

/* The same number of instructions each time. */
static __attribute__((noinline)) void work(void)
{
	for (unsigned int i = 0; i < 1000; i++)
		sum += i;
}

static __attribute__((noinline)) void take_turns(unsigned int mine)
{
	while (turn < TURNS) {
		if (turn % 2 != mine) {
			sched_yield();
			continue;
		}
		work();
		turn++;
	}
}

static void *other(void *arg)
{
	take_turns(1);
	return arg;
}

int main(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, other, NULL))
		return 1;
	marker_begin();
	take_turns(0);
	marker_end();
	pthread_join(thread, NULL);
	printf("{\"count\": %d}\n", TURNS);
	return 0;
}
