// SPDX-License-Identifier: MIT
/*
 * transport_hosted.c - rings shared with a driver in this process
 *
 * As transport_ring.c, with calls of functions where that has system calls.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "ring_layout.h"

struct hosted_ring {
	int eventfd; /* for poll(), -1 before somebody asks for it */
};

static int hosted_probe(const struct ccwring_device *dev)
{
	return dev->hosted != NULL;
}

static int map_queues(const struct vfio_ccw_ring_setup *s, void **sq, void **cq)
{
	const struct hosted_driver *driver = hosted_driver();
	int err;

	if (!ring_layout_ok(s))
		return -EPROTO;
	err = driver->file_mmap(s->ring_fd, VFIO_CCW_RING_OFF_SQ, s->sq_bytes, true, sq);
	return err ? err
		   : driver->file_mmap(s->ring_fd, VFIO_CCW_RING_OFF_CQ, s->cq_bytes, false, cq);
}

static int hosted_open(struct ring *ring, struct ccwring_device *dev,
		       const struct ccwring_ring_opts *opts)
{
	struct hosted_ring *own = malloc(sizeof(*own));
	struct vfio_ccw_ring_setup setup;
	void *sq, *cq;
	int err;

	if (!own)
		return -ENOMEM;
	own->eventfd = -1;
	err = ring_make(dev, opts, &setup);
	if (err)
		goto free_own;
	err = map_queues(&setup, &sq, &cq);
	if (err)
		goto close_file;
	ring->transport = own;
	ring_layout_set(ring, &setup, sq, cq);
	return 0;

close_file:
	hosted_driver()->file_close(setup.ring_fd);
free_own:
	free(own);
	return err;
}

static int call(const struct ring *ring, struct vfio_ccw_ring_enter *enter)
{
	return hosted_driver()->file_ioctl(ring->fd, VFIO_CCW_RING_ENTER, (unsigned long)enter);
}

static int hosted_enter(struct ring *ring, uint32_t to_submit, uint32_t min_complete,
			int64_t timeout_ns)
{
	struct vfio_ccw_ring_enter enter = ring_enter_argument(to_submit, min_complete, timeout_ns);
	const struct hosted_ring *own = ring->transport;
	eventfd_t events;

	/* Who looks himself need not be told of what there was before. */
	if (own->eventfd >= 0 && min_complete)
		eventfd_read(own->eventfd, &events);
	return call(ring, &enter);
}

static int hosted_wake(struct ring *ring)
{
	struct vfio_ccw_ring_enter enter = ring_wake_argument();

	return call(ring, &enter);
}

/* From now on a look at an empty CQ takes the signal back. */
static int hosted_poll_fd(struct ring *ring)
{
	struct hosted_ring *own = ring->transport;
	int ret = hosted_driver()->file_poll(ring->fd);

	if (ret >= 0) {
		own->eventfd = ret;
		ring->pub.peek_enters = 1;
	}
	return ret;
}

static void hosted_close(struct ring *ring)
{
	hosted_driver()->file_close(ring->fd);
	free(ring->transport);
}

const struct transport_ops transport_hosted = {
	.backend = CCWRING_BACKEND_HOSTED,
	.name = "hosted",
	.probe = hosted_probe,
	.open = hosted_open,
	.attach = ring_attach,
	.detach = ring_detach,
	.enter = hosted_enter,
	.wake = hosted_wake,
	.poll_fd = hosted_poll_fd,
	.close = hosted_close,
};
