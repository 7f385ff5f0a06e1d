// SPDX-License-Identifier: MIT
#include "pump.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plug.h"

#define SLOTS (T_LANES * T_DEPTH)

static void fill_lane(struct t_pump *pump, int i, int *submitted)
{
	struct t_lane *lane = &pump->lanes[i];
	struct vfio_ccw_ring_sqe *sqe;
	unsigned int slot;

	for (slot = 0; slot < T_DEPTH; slot++) {
		if (lane->owner[slot])
			continue;
		lane->owner[slot] = ++pump->number;
		sqe = t_ring_sqe(pump->ring);
		t_load_sense_id(pump->vm, i * T_DEPTH + slot, sqe);
		sqe->subchannel = lane->subchannel;
		sqe->user_data = pump->number * SLOTS + i * T_DEPTH + slot;
		++*submitted;
	}
}

static unsigned long *kind_of(struct t_lane *lane, const struct vfio_ccw_ring_cqe *cqe)
{
	if (!cqe->res && (cqe->flags & VFIO_CCW_RING_CQE_IRB))
		return t_irb_good(cqe->irb) ? &lane->good : &lane->wrong;
	if (cqe->res == -ENODEV && cqe->reason == VFIO_CCW_RING_R_NOT_OPERATIONAL)
		return &lane->no_path;
	if (cqe->res == -ENODEV && cqe->reason == VFIO_CCW_RING_R_GONE)
		return &lane->gone;
	if (cqe->res == -ECANCELED && cqe->reason == VFIO_CCW_RING_R_PATH_LOST)
		return &lane->lost;
	if (cqe->res == -ECANCELED && cqe->reason == VFIO_CCW_RING_R_HELD)
		return &lane->held;
	if ((cqe->res == -ECANCELED && cqe->reason == VFIO_CCW_RING_R_CLOSED) ||
	    (cqe->res == -ENXIO && cqe->reason == VFIO_CCW_RING_R_SUBCHANNEL))
		return &lane->closed;
	return &lane->wrong;
}

static void account(struct t_pump *pump, const struct vfio_ccw_ring_cqe *cqe)
{
	unsigned int slot = cqe->user_data % SLOTS;
	struct t_lane *lane = &pump->lanes[slot / T_DEPTH];
	unsigned long *kind = kind_of(lane, cqe);

	if (lane->owner[slot % T_DEPTH] != cqe->user_data / SLOTS || !cqe->user_data)
		kind = &lane->wrong;
	else
		pump->under_way--;
	lane->owner[slot % T_DEPTH] = 0;
	if (kind == &lane->wrong && lane->wrong < 5)
		printf("# wrong: request %#llx, subchannel %u, res %d, reason %u, flags %#x\n",
		       (unsigned long long)cqe->user_data, cqe->subchannel, cqe->res, cqe->reason,
		       cqe->flags);
	++*kind;
}

static void reap(struct t_pump *pump)
{
	struct vfio_ccw_ring_cqe cqe;

	while (t_ring_reap(pump->ring, &cqe))
		account(pump, &cqe);
}

int t_pump_step(struct t_pump *pump)
{
	uint32_t head = t_ring_sq_head(pump->ring);
	int i, submitted = 0, ret;

	for (i = 0; i < pump->nr_lanes; i++)
		fill_lane(pump, i, &submitted);
	ret = t_ring_enter(pump->ring, submitted, 1);
	/* Those that are accepted count, also when the wait was in vain. */
	pump->under_way += t_ring_sq_head(pump->ring) - head;
	reap(pump);
	if (ret >= 0)
		ret = ret == submitted ? 0 : -EIO;
	return ret;
}

int t_pump_run(struct t_pump *pump, unsigned int ms)
{
	uint64_t end = t_now_ms() + ms;
	int ret;

	do {
		ret = t_pump_step(pump);
	} while (!ret && t_now_ms() < end);
	return ret;
}

void t_pump_drain(struct t_pump *pump, const char *when)
{
	unsigned long wrong = 0;
	int i;

	do {
		reap(pump);
	} while (pump->under_way && t_ring_enter(pump->ring, 0, 1) >= 0);
	for (i = 0; i < pump->nr_lanes; i++) {
		struct t_lane *lane = &pump->lanes[i];

		printf("# lane %d: %lu good, %lu lost, %lu no path, %lu gone, %lu held, %lu closed\n",
		       i, lane->good, lane->lost, lane->no_path, lane->gone, lane->held,
		       lane->closed);
		wrong += lane->wrong;
	}
	T_EQUAL(pump->under_way, 0, "%s: each request that was accepted ends", when);
	T_EQUAL(wrong, 0, "%s: ... once, and as it should", when);
}

void t_pump_open(struct t_pump *pump, struct t_vm *vm, struct t_ring *ring, int device)
{
	memset(pump, 0, sizeof(*pump));
	t_ring_open(ring, device, SLOTS);
	pump->vm = vm;
	pump->ring = ring;
	pump->lanes[0].subchannel = ring->setup.subchannel;
	pump->nr_lanes = 1;
}

void t_pump_add_lane(struct t_pump *pump, int device)
{
	int index = t_ring_attach(pump->ring, device);

	T_NEED(index >= 0 && pump->nr_lanes < T_LANES, "a further device joins the ring");
	pump->lanes[pump->nr_lanes++].subchannel = index;
}

void t_pump_close(struct t_pump *pump)
{
	t_ring_close(pump->ring);
}
