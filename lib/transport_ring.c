// SPDX-License-Identifier: MIT
/*
 * transport_ring.c - rings shared with the driver
 *
 * linux/vfio_ccw_ring.h: VFIO_DEVICE_FEATURE makes the ring, two mappings hold
 * its queues, one ioctl submits and waits.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring_layout.h"

struct ring_maps {
	uint8_t *sq;
	const uint8_t *cq;
	size_t sq_bytes;
	size_t cq_bytes;
};

static int fd_probe(const struct ccwring_device *dev)
{
	int err;

	if (dev->hosted)
		return 0;
	err = device_feature(dev,
			     VFIO_DEVICE_FEATURE_CCW_RING | VFIO_DEVICE_FEATURE_PROBE |
				     VFIO_DEVICE_FEATURE_GET,
			     NULL, 0);
	if (!err)
		return 1;
	return err == -ENOTTY || err == -EINVAL ? 0 : err;
}

static int map_queues(struct ring *ring, const struct vfio_ccw_ring_setup *s)
{
	struct ring_maps *maps = ring->transport;
	void *sq, *cq;
	int err;

	sq = mmap(NULL, s->sq_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, s->ring_fd,
		  VFIO_CCW_RING_OFF_SQ);
	if (sq == MAP_FAILED)
		return -errno;
	cq = mmap(NULL, s->cq_bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, s->ring_fd,
		  VFIO_CCW_RING_OFF_CQ);
	if (cq == MAP_FAILED) {
		err = -errno;
		munmap(sq, s->sq_bytes);
		return err;
	}
	/* A child's would keep the ring alive. */
	madvise(sq, s->sq_bytes, MADV_DONTFORK);
	madvise(cq, s->cq_bytes, MADV_DONTFORK);
	*maps = (struct ring_maps){
		.sq = sq, .cq = cq, .sq_bytes = s->sq_bytes, .cq_bytes = s->cq_bytes
	};
	return 0;
}

static int fd_open(struct ring *ring, struct ccwring_device *dev,
		   const struct ccwring_ring_opts *opts)
{
	struct vfio_ccw_ring_setup setup;
	struct ring_maps *maps;
	int err;

	maps = calloc(1, sizeof(*maps));
	if (!maps)
		return -ENOMEM;
	ring->transport = maps;
	err = ring_make(dev, opts, &setup);
	if (err)
		goto free_maps;
	err = ring_layout_ok(&setup) ? map_queues(ring, &setup) : -EPROTO;
	if (err)
		goto close_fd;
	ring_layout_set(ring, &setup, maps->sq, maps->cq);
	return 0;

close_fd:
	close(setup.ring_fd);
free_maps:
	free(maps);
	return err;
}

static int fd_result(int ret)
{
	return ret < 0 ? -errno : ret;
}

static int fd_submit_and_wait(struct ring *ring, uint32_t to_submit, uint32_t min_complete,
			      int64_t timeout_ns)
{
	struct vfio_ccw_ring_enter enter = ring_enter_argument(to_submit, min_complete, timeout_ns);

	return fd_result(ioctl(ring->fd, VFIO_CCW_RING_ENTER, &enter));
}

static int fd_enter(struct ring *ring, uint32_t to_submit, uint32_t min_complete,
		    int64_t timeout_ns)
{
	if (min_complete)
		return fd_submit_and_wait(ring, to_submit, min_complete, timeout_ns);
	return fd_result(ioctl(ring->fd, VFIO_CCW_RING_SUBMIT, (unsigned long)to_submit));
}

static int fd_wake(struct ring *ring)
{
	struct vfio_ccw_ring_enter enter = ring_wake_argument();

	return fd_result(ioctl(ring->fd, VFIO_CCW_RING_ENTER, &enter));
}

static void fd_in_child(struct ring *ring)
{
	close(ring->fd);
}

/* A child that is just being forked may still have the file: requests end by detaching. */
static void fd_close(struct ring *ring)
{
	struct ring_maps *maps = ring->transport;

	for (unsigned int i = 0; i < ring->n_devs; i++)
		ring_detach(ring, ring->devs[i]);
	munmap(maps->sq, maps->sq_bytes);
	munmap((void *)maps->cq, maps->cq_bytes);
	fork_lock();
	fork_remove(&ring->fork);
	close(ring->fd);
	fork_unlock();
	free(maps);
}

const struct transport_ops transport_ring = {
	.backend = CCWRING_BACKEND_RING,
	.name = "ring",
	.probe = fd_probe,
	.open = fd_open,
	.attach = ring_attach,
	.detach = ring_detach,
	.enter = fd_enter,
	.wake = fd_wake,
	.in_child = fd_in_child,
	.close = fd_close,
};
