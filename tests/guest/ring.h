/* SPDX-License-Identifier: MIT */
/*
 * The ring ABI without a library between: what is sent is what a test says.
 */
#ifndef CCWRING_TESTS_RING_H
#define CCWRING_TESTS_RING_H

#include <linux/vfio_ccw_ring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct t_ring - a ring and its two areas
 * @fd: file descriptor
 * @setup: what the driver made of the parameters
 * @sq: SQ area
 * @cq: CQ area
 * @tail: SQ tail that the next submission stores
 * @head: CQ head
 */
struct t_ring {
	int fd;
	struct vfio_ccw_ring_setup setup;
	uint8_t *sq;
	const uint8_t *cq;
	uint32_t tail;
	uint32_t head;
};

/*
 * VFIO_DEVICE_FEATURE with an argument of size bytes: 0 or -errno.  Flags without an index
 * are for the ring.
 */
int t_feature(int device, uint32_t flags, void *data, size_t size);
int t_ring_setup(int device, struct vfio_ccw_ring_setup *setup);
int t_ring_attach(struct t_ring *ring, int device);
/* Takes a device out of its ring: the index it had, or -errno. */
int t_ring_detach(int device);

void t_ring_open(struct t_ring *ring, int device, uint32_t entries);
/* With these VFIO_CCW_RING_SETUP_*. */
void t_ring_open_as(struct t_ring *ring, int device, uint32_t entries, uint32_t flags);
/* With the parameters in ring->setup; all else in it is zero. */
void t_ring_open_setup(struct t_ring *ring, int device);
/* The same: 0, or -errno, and then there is no ring. */
int t_ring_try(struct t_ring *ring, int device);
void t_ring_close(struct t_ring *ring);
/* Maps what ring->fd and ring->setup say, and takes that back. */
int t_ring_map(struct t_ring *ring);
void t_ring_unmap(struct t_ring *ring);

struct vfio_ccw_ring_sqe *t_ring_sqe(struct t_ring *ring);
void t_ring_store_tail(struct t_ring *ring, uint32_t tail);
void t_ring_store_head(struct t_ring *ring, uint32_t head);
uint32_t t_ring_sq_head(const struct t_ring *ring);
uint32_t t_ring_cq_tail(const struct t_ring *ring);

/* Number of SQEs consumed, or -errno.  Waits five seconds at most. */
int t_ring_enter(struct t_ring *ring, uint32_t submit, uint32_t complete);
/* With the structure's size filled in. */
int t_ring_enter_raw(struct t_ring *ring, struct vfio_ccw_ring_enter *enter);
bool t_ring_reap(struct t_ring *ring, struct vfio_ccw_ring_cqe *cqe);

/* Waits for the next CQE that is somebody's last: 0 or -errno. */
int t_ring_next(struct t_ring *ring, struct vfio_ccw_ring_cqe *cqe);
/* One request from submission to its last CQE. */
int t_ring_do(struct t_ring *ring, const struct vfio_ccw_ring_sqe *sqe,
	      struct vfio_ccw_ring_cqe *cqe);

void t_sqe_start(struct vfio_ccw_ring_sqe *sqe, uint32_t orb_flags, uint32_t program,
		 uint64_t user_data);

#endif
