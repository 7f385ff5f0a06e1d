/* SPDX-License-Identifier: MIT */
/*
 * I/O that goes on and on, on one or two subchannels of a ring, and an account
 * of it: each request that was accepted ends exactly once.
 */
#ifndef CCWRING_TESTS_PUMP_H
#define CCWRING_TESTS_PUMP_H

#include "load.h"

#define T_LANES 2

/**
 * struct t_lane - the requests of one subchannel
 * @subchannel: its index in the ring
 * @owner: number of the request under way in each slot, 0 for none
 * @good: those that ended well
 * @lost: those whose path was lost while they were under way
 * @no_path: those that found no path to the device
 * @gone: those that found the device gone for good
 * @held: those that were taken back behind one that found it gone
 * @closed: those that found the device, or the subchannel's index, closed
 * @wrong: ends that must not be: of another kind, or of no request under way
 */
struct t_lane {
	uint32_t subchannel;
	uint64_t owner[T_DEPTH];
	unsigned long good;
	unsigned long lost;
	unsigned long no_path;
	unsigned long gone;
	unsigned long held;
	unsigned long closed;
	unsigned long wrong;
};

struct t_pump {
	struct t_vm *vm;
	struct t_ring *ring;
	struct t_lane lanes[T_LANES];
	int nr_lanes;
	uint64_t number;
	unsigned int under_way;
};

/* The first lane is that of the device the ring was made with. */
void t_pump_open(struct t_pump *pump, struct t_vm *vm, struct t_ring *ring, int device);
void t_pump_add_lane(struct t_pump *pump, int device);
void t_pump_close(struct t_pump *pump);

/* Submits to each idle slot, waits for something to end: 0 or -errno. */
int t_pump_step(struct t_pump *pump);
/* Steps for a while; gives what the last one gave. */
int t_pump_run(struct t_pump *pump, unsigned int ms);
/* Waits for the end of what is under way, and says whether each had one. */
void t_pump_drain(struct t_pump *pump, const char *when);

#endif
