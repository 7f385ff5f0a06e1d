// SPDX-License-Identifier: MIT
/* ring_layout.c - rings are made, and where in their two mappings what is */
#include <errno.h>

#include "ring_layout.h"

#define GET (VFIO_DEVICE_FEATURE_CCW_RING | VFIO_DEVICE_FEATURE_GET)
#define SET (VFIO_DEVICE_FEATURE_CCW_RING | VFIO_DEVICE_FEATURE_SET)

/*
 * A flag that the driver does not have, or not on this machine, is one thing, and
 * parameters that do not fit are another.
 */
static int check_flags(const struct ccwring_device *dev, uint32_t flags)
{
	struct vfio_ccw_ring_info info;
	int err = flags ? ccwring_device_ring_info(dev, &info, sizeof(info)) : 0;

	if (err || !flags)
		return err;
	return flags & ~info.setup_flags ? -EOPNOTSUPP : 0;
}

int ring_make(const struct ccwring_device *dev, const struct ccwring_ring_opts *opts,
	      struct vfio_ccw_ring_setup *setup)
{
	int err = check_flags(dev, opts->flags);

	if (err)
		return err;
	*setup = (struct vfio_ccw_ring_setup){
		.flags = opts->flags,
		.sq_entries = opts->sq_entries,
		.cq_entries = opts->cq_entries,
		.thread_cpu = opts->thread_cpu,
		.thread_idle_us = opts->thread_idle_us,
		.poll_us = opts->poll_us,
	};
	return device_feature(dev, GET, setup, sizeof(*setup));
}

static int change(const struct ccwring_device *dev, int ring_fd)
{
	struct vfio_ccw_ring_attach attach = { .ring_fd = ring_fd };
	int err = device_feature(dev, SET, &attach, sizeof(attach));

	return err ? err : (int)attach.subchannel;
}

int ring_attach(struct ring *ring, struct ccwring_device *dev)
{
	return change(dev, ring->fd);
}

int ring_detach(struct ring *ring, struct ccwring_device *dev)
{
	int ret = change(dev, -1);

	(void)ring;
	return ret < 0 ? ret : 0;
}

static bool is_pow2(uint32_t n)
{
	return n && !(n & (n - 1));
}

/* An array of @n elements at @offset lies within an area of @bytes. */
static bool fits(uint32_t offset, uint64_t n, size_t element, uint32_t bytes, size_t align)
{
	return !(offset % align) && offset + n * element <= bytes;
}

/* Do not believe a layout that would have us write outside the mappings. */
bool ring_layout_ok(const struct vfio_ccw_ring_setup *s)
{
	return is_pow2(s->sq_entries) && is_pow2(s->cq_entries) &&
	       fits(s->off_sq_tail, 1, 4, s->sq_bytes, 4) &&
	       fits(s->off_cq_head, 1, 4, s->sq_bytes, 4) &&
	       fits(s->off_sqes, s->sq_entries, sizeof(struct vfio_ccw_ring_sqe), s->sq_bytes, 8) &&
	       fits(s->off_sq_head, 1, 4, s->cq_bytes, 4) &&
	       fits(s->off_cq_tail, 1, 4, s->cq_bytes, 4) &&
	       fits(s->off_flags, 1, 4, s->cq_bytes, 4) &&
	       fits(s->off_cqes, s->cq_entries, sizeof(struct vfio_ccw_ring_cqe), s->cq_bytes, 8);
}

static void set_pointers(struct ring *ring, const struct vfio_ccw_ring_setup *s, uint8_t *sq,
			 const uint8_t *cq)
{
	struct ccwring_ring *pub = &ring->pub;

	pub->sq_entries = s->sq_entries;
	pub->sq_mask = s->sq_entries - 1;
	pub->sqes = (void *)(sq + s->off_sqes);
	pub->k_sq_tail = (void *)(sq + s->off_sq_tail);
	pub->k_sq_head = (const void *)(cq + s->off_sq_head);
	pub->cq_entries = s->cq_entries;
	pub->cq_mask = s->cq_entries - 1;
	pub->cqes = (const void *)(cq + s->off_cqes);
	pub->k_cq_head = (void *)(sq + s->off_cq_head);
	pub->k_cq_tail = (const void *)(cq + s->off_cq_tail);

	pub->sq_tail = *pub->k_sq_tail;
	pub->sq_head = __atomic_load_n(pub->k_sq_head, __ATOMIC_ACQUIRE);
	pub->cq_head = *pub->k_cq_head;
	pub->cq_tail = __atomic_load_n(pub->k_cq_tail, __ATOMIC_ACQUIRE);
}

/* How a ring that submits or completes by other means than ENTER and interrupts is used. */
static void set_mode(struct ring *ring, const struct vfio_ccw_ring_setup *s, const uint8_t *cq)
{
	ring->pub.peek_enters = (s->flags &
				 (VFIO_CCW_RING_SETUP_POLL | VFIO_CCW_RING_SETUP_THREAD)) ==
				VFIO_CCW_RING_SETUP_POLL;
	if (s->flags & VFIO_CCW_RING_SETUP_THREAD)
		ring->k_flags = (const void *)(cq + s->off_flags);
}

void ring_layout_set(struct ring *ring, const struct vfio_ccw_ring_setup *s, uint8_t *sq,
		     const uint8_t *cq)
{
	set_pointers(ring, s, sq, cq);
	set_mode(ring, s, cq);
	ring->fd = s->ring_fd;
	ring->index = s->subchannel;
	ring->features = s->features;
	/* Nothing would complete a command of an io_uring. */
	if (s->flags & VFIO_CCW_RING_SETUP_POLL)
		ring->features &= ~VFIO_CCW_RING_FEAT_URING;
}
