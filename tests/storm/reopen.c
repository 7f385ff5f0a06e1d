// SPDX-License-Identifier: MIT
/*
 * Device and ring are opened and closed, in every order, and at the same time;
 * half of the times with all requests under way.
 */
#include <pthread.h>
#include <unistd.h>

#include "client.h"
#include "storms.h"

#define DEPTH 4

enum order {
	DOOR_FIRST,
	DEVICE_FIRST,
	MAPPING_LAST,
	AT_ONCE,
	ORDERS,
};

static void *close_door(void *argument)
{
	s_door_close(argument);
	return NULL;
}

static void close_both(struct s_client *c)
{
	pthread_t thread;

	T_NEED(!pthread_create(&thread, NULL, close_door, c), "a thread");
	t_vm_close(&c->vm);
	pthread_join(thread, NULL);
}

/* A ring's file goes, and what is mapped of it stays a while. */
static void close_mapping_last(struct s_client *c)
{
	struct t_ring *ring = &c->ring;

	if (c->door == S_REGION) {
		s_close(c);
		return;
	}
	close(ring->fd);
	t_vm_close(&c->vm);
	if (c->door == S_URING)
		io_uring_queue_exit(&c->uring);
	t_ring_unmap(ring);
}

static void close_in(struct s_client *c, enum order order)
{
	switch (order) {
	case DEVICE_FIRST:
		t_vm_close(&c->vm);
		s_door_close(c);
		break;
	case MAPPING_LAST:
		close_mapping_last(c);
		break;
	case AT_ONCE:
		close_both(c);
		break;
	default:
		s_close(c);
	}
}

bool s_reopen(unsigned int round)
{
	enum order order = round / S_DOORS % ORDERS;
	bool in_flight = round / S_DOORS / ORDERS % 2, ok;
	static struct s_client c;

	s_open(&c, round % S_DOORS, DEPTH);
	ok = !s_submit(&c) && (in_flight || s_drain(&c));
	close_in(&c, order);
	if (!ok)
		return s_failed(round, "%s: requests do not end", s_door_name(c.door));
	return true;
}
