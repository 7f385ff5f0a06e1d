/* SPDX-License-Identifier: MIT */
/*
 * A program that keeps a subchannel busy, in whichever way there is, and an
 * account of it: each request ends once, and only as the program allows.
 */
#ifndef CCWRING_TESTS_CLIENT_H
#define CCWRING_TESTS_CLIENT_H

#include "load.h"
#include "uring.h"

/* The ways.  Through the regions one request is under way, else up to T_DEPTH. */
enum s_door {
	S_RING,
	S_POLL,
	S_THREAD,
	S_THREAD_POLL,
	S_URING,
	S_REGION,
	S_DOORS,
};

/**
 * enum s_end - what becomes of a request
 * @S_GOOD: it was carried out
 * @S_HELD: it was taken back behind one that was not
 * @S_CLOSED: its ring or its device was closed
 * @S_GONE: its device has gone
 * @S_UNMAPPED: its memory was taken away, before or meanwhile; or discarded between
 *	two uses in one batch
 * @S_WRONG: something else, or it ended before
 */
enum s_end {
	S_GOOD,
	S_HELD,
	S_CLOSED,
	S_GONE,
	S_UNMAPPED,
	S_WRONG,
	S_ENDS,
};

/**
 * struct s_client - the program
 * @door: its way
 * @vm: its memory and devices
 * @device: the one it keeps busy
 * @ring: its ring, but for S_REGION
 * @uring: its io_uring with S_URING
 * @region: the regions with S_REGION
 * @depth: how many requests it keeps under way
 * @number: number of the last request
 * @owner: number of the request in each slot, 0 for none
 * @under_way: how many there are now
 * @ends: how many have ended in each way
 */
struct s_client {
	enum s_door door;
	struct t_vm vm;
	struct t_device *device;
	struct t_ring ring;
	struct io_uring uring;
	struct t_region region;
	unsigned int depth;
	uint64_t number;
	uint64_t owner[T_DEPTH];
	unsigned int under_way;
	unsigned long ends[S_ENDS];
};

const char *s_door_name(enum s_door door);

void s_open(struct s_client *c, enum s_door door, unsigned int depth);
/* The door alone. */
void s_door_close(struct s_client *c);
void s_close(struct s_client *c);
/* What another process has left mapped here, whose files are closed. */
void s_unmap_rest(struct s_client *c);

/* A request for each slot that has none; nobody waits: 0 or -errno. */
int s_submit(struct s_client *c);
/* Takes what has ended, and waits for the first of it: 0 or -errno. */
int s_wait(struct s_client *c);
/* Both again and again for some time; gives what the last one gave. */
int s_run(struct s_client *c, unsigned int ms);
/* Waits for the end of all; true if each had one, and none a wrong one. */
bool s_drain(struct s_client *c);

/* Requests whose end nobody has seen, because it came with that of their ring. */
unsigned int s_closed_in_ring(struct s_client *c);

#endif
