/* SPDX-License-Identifier: MIT */
/* client.h - a client of a hosted device: memory, a ring, programs */
#ifndef CCWRING_TESTS_HOSTED_CLIENT_H
#define CCWRING_TESTS_HOSTED_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/vfio.h>

#include <ccwring/ccwring.h>

#include "hosted.h"

#define CLIENT_IOVA	 0x100000UL
#define CLIENT_BYTES	 0x50000UL

/* Flags of VFIO_DEVICE_FEATURE. */
#define CLIENT_MAKE_RING (VFIO_DEVICE_FEATURE_CCW_RING | VFIO_DEVICE_FEATURE_GET)
#define CLIENT_ATTACH	 (VFIO_DEVICE_FEATURE_CCW_RING | VFIO_DEVICE_FEATURE_SET)

struct client_ring {
	struct ccwring_ring ring; /* for the inline verbs */
	struct vfio_ccw_ring_setup setup;
	const uint32_t *flags; /* the driver's, VFIO_CCW_RING_NEED_* */
};

/* A no-operation device with memory mapped, and a ring of so many entries. */
void client_open(uint32_t entries, uint32_t flags);
/* The same with another device. */
void client_open_with(const struct hosted_ops *ops, void *device, uint32_t entries, uint32_t flags);
/* Only the ring, for a device with memory there is already. */
void client_open_ring(struct hosted *device, uint32_t entries, uint32_t flags);
/* One of any device's; 0 or -errno. */
int client_make_ring(struct client_ring *made, struct hosted *device, uint32_t entries,
		     uint32_t flags);
/* Of what client_open() has opened. */
void client_close(void);

extern struct hosted_client *client_container;
extern struct hosted *client_device;
extern struct client_ring client_ring;
extern uint8_t *client_memory;
/* Of rings that are made, 0 for the default. */
extern uint32_t client_cq_entries;

/* Memory at an IOVA. */
void *client_at(uint64_t iova);
/* A byte that a device may be writing just now. */
uint8_t client_peek(const void *at);
/* A CCW of format 1 at an IOVA. */
void client_ccw(uint64_t iova, uint8_t cmd, uint8_t flags, uint16_t count, uint32_t data);
/* SQEs: a START of the program there, and others. */
void client_start(uint64_t program, uint64_t user_data);
void client_request(uint8_t opcode, uint64_t user_data);
/* Hands over what there is and waits for so many CQEs; the driver's answer. */
long client_enter(uint32_t min);
/* The same, and waits no longer than so many nanoseconds. */
long client_enter_for(uint32_t min, uint64_t ns);
/* The next CQE, within a minute. */
struct vfio_ccw_ring_cqe client_next(void);

#endif
