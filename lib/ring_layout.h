/* SPDX-License-Identifier: MIT */
/*
 * ring_layout.h - rings shared with a driver, wherever that driver is
 *
 * linux/vfio_ccw_ring.h says where in the two mappings what is.
 */
#ifndef CCWRING_RING_LAYOUT_H
#define CCWRING_RING_LAYOUT_H

#include "internal.h"

/* Has the driver make a ring; 0 or -errno. */
int ring_make(const struct ccwring_device *dev, const struct ccwring_ring_opts *opts,
	      struct vfio_ccw_ring_setup *setup);
/* As struct transport_ops. */
int ring_attach(struct ring *ring, struct ccwring_device *dev);
int ring_detach(struct ring *ring, struct ccwring_device *dev);
/* Is all that the answer speaks of within the mappings it speaks of? */
bool ring_layout_ok(const struct vfio_ccw_ring_setup *setup);
/* Fills in the ring, whose mappings these are. */
void ring_layout_set(struct ring *ring, const struct vfio_ccw_ring_setup *setup, uint8_t *sq,
		     const uint8_t *cq);

/* The argument of a call that waits; negative @timeout_ns for no limit. */
static inline struct vfio_ccw_ring_enter
ring_enter_argument(uint32_t to_submit, uint32_t min_complete, int64_t timeout_ns)
{
	struct vfio_ccw_ring_enter enter = {
		.size = sizeof(enter),
		.to_submit = to_submit,
		.min_complete = min_complete,
	};

	if (timeout_ns >= 0) {
		enter.flags = VFIO_CCW_RING_ENTER_TIMEOUT;
		enter.timeout_ns = timeout_ns;
	}
	return enter;
}

static inline struct vfio_ccw_ring_enter ring_wake_argument(void)
{
	return (struct vfio_ccw_ring_enter){
		.size = sizeof(struct vfio_ccw_ring_enter),
		.flags = VFIO_CCW_RING_ENTER_WAKEUP,
	};
}

#endif
