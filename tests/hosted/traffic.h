/* SPDX-License-Identifier: MIT */
/*
 * traffic.h - a client whose starts say whether they were right
 *
 * Two devices, a ring, and memory with a place for each start that may be under way:
 * what it writes to the device and then reads back from it.  Any of it may be taken
 * away at any time: each start has one end, and what ends well has moved its data.
 */
#ifndef CCWRING_TESTS_HOSTED_TRAFFIC_H
#define CCWRING_TESTS_HOSTED_TRAFFIC_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "client.h"

#define TRAFFIC_DEVICES 2
#define TRAFFIC_SLOTS	48

/* In any thread. */
#define CHECK(condition)                                                                        \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

struct dice {
	uint64_t state;
};

/* Less than @n. */
uint32_t dice(struct dice *dice, uint32_t n);

/**
 * struct traffic_slot - a place for one request
 * @start: number of the request that has it, 0 for none; the traffic's lock
 * @size: bytes a START moves, 0 for another request
 * @passing: it reads them into memory that may be unmapped
 * @map: how often that had been mapped anew when it was made
 * @discarded: how often a page of its data had been discarded
 */
struct traffic_slot {
	uint64_t start;
	uint32_t size;
	bool passing;
	uint32_t map;
	uint32_t discarded;
};

/**
 * struct traffic - the client
 * @flags: of its rings
 * @container: what its memory is mapped in
 * @device: its devices
 * @device_lock: for reading by who uses them and is not who changes them
 * @index: theirs in the ring, UINT16_MAX for none
 * @ring_lock: for reading by who uses the ring
 * @ring: the ring there is
 * @sq_lock: whose turn it is to submit
 * @lock: protects the slots
 * @slots: those
 * @next: number of the next request
 * @lasting: memory of programs, what they write, and some of what they read
 * @map_lock: for reading by who looks at data, for writing by who changes @map
 * @passing: the rest of that: one of them is mapped, or none, by turns
 * @map: how often it was
 * @stained: memory that was unmapped may have changed, by a device that did not answer
 * @discards: how often a page of it was discarded, odd while it is being
 * @ended: requests that have had their end
 * @good: starts that ended well
 * @checked: ... and whose data were looked at
 */
struct traffic {
	uint32_t flags;
	struct hosted_client *container;
	struct hosted *device[TRAFFIC_DEVICES];
	pthread_rwlock_t device_lock;
	_Atomic uint16_t index[TRAFFIC_DEVICES];
	pthread_rwlock_t ring_lock;
	struct client_ring ring;
	pthread_mutex_t sq_lock;
	pthread_mutex_t lock;
	struct traffic_slot slots[TRAFFIC_SLOTS];
	uint64_t next;
	uint8_t *lasting;
	pthread_rwlock_t map_lock;
	uint8_t *passing[2];
	uint32_t map;
	bool stained;
	_Atomic uint32_t *discards;
	_Atomic uint64_t ended, good, checked;
};

/* @huge: some of its memory is one huge page. */
void traffic_open(struct traffic *t, uint32_t flags, bool huge);
/* All that is under way ends first; nothing is pinned afterwards. */
void traffic_close(struct traffic *t);

/* A few requests; who submits, any number of threads. */
void traffic_submit(struct traffic *t, struct dice *d);
/* What has ended, waiting a moment for it; one thread. */
void traffic_reap(struct traffic *t);
/* Requests under way. */
unsigned int traffic_under_way(struct traffic *t);

/* Events; one thread, and another for paths. */
/* Devices that do not answer carry out what they are at, and answer now and then. */
void traffic_late(struct traffic *t);
void traffic_answer(struct traffic *t, int device);
void traffic_lose_path(struct traffic *t, struct dice *d);
void traffic_map_anew(struct traffic *t);
void traffic_discard(struct traffic *t, struct dice *d);
void traffic_new_ring(struct traffic *t, bool end_first);
void traffic_come_and_go(struct traffic *t);
void traffic_new_device(struct traffic *t);

#endif
