// SPDX-License-Identifier: MIT
/*
 * transport_region.c - the I/O region every vfio-ccw driver has
 *
 * linux/vfio_ccw.h: a write of the region starts a program, an eventfd tells
 * of status, a read of the region returns it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "region_queue.h"

#define NSEC_PER_SEC 1000000000LL

static int region_probe(const struct ccwring_device *dev)
{
	return dev->region[REGION_IO].size == sizeof(struct ccw_io_region);
}

static uint32_t round_up_pow2(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p <<= 1;
	return p;
}

/*
 * Lets the ring's file poll for every subchannel.  Not before somebody asks:
 * an eventfd that epoll watches costs the driver more to signal, and with one
 * subchannel waiting is reading its eventfd, which blocks.
 */
static int watch_all(struct ring *ring)
{
	struct region_queue *q = ring->transport;

	for (unsigned int i = 0; i < q->n_schs; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };

		if (!q->schs[i].dev || q->schs[i].watched)
			continue;
		if (epoll_ctl(ring->fd, EPOLL_CTL_ADD, q->schs[i].eventfd, &ev) < 0)
			return -errno;
		q->schs[i].watched = true;
	}
	return 0;
}

static int region_poll_fd(struct ring *ring)
{
	int err = watch_all(ring);

	return err ? err : ring->fd;
}

static int region_attach(struct ring *ring, struct ccwring_device *dev)
{
	struct region_queue *q = ring->transport;
	int fd = eventfd(0, EFD_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = device_set_eventfd(dev, VFIO_CCW_IO_IRQ_INDEX, fd);
	if (!err) {
		err = region_queue_add(q, dev, fd);
		if (err >= 0)
			return err;
		device_set_eventfd(dev, VFIO_CCW_IO_IRQ_INDEX, -1);
	}
	close(fd);
	return err;
}

static int region_detach(struct ring *ring, struct ccwring_device *dev)
{
	struct region_queue *q = ring->transport;
	int fd;

	pthread_mutex_lock(&q->lock);
	fd = region_queue_remove(q, dev);
	pthread_mutex_unlock(&q->lock);
	if (fd < 0)
		return fd;
	device_set_eventfd(dev, VFIO_CCW_IO_IRQ_INDEX, -1);
	close(fd); /* which takes it out of epoll */
	return 0;
}

static void set_pointers(struct ccwring_ring *pub, struct region_queue *q)
{
	pub->sq_entries = q->sq_entries;
	pub->sq_mask = q->sq_entries - 1;
	pub->sqes = q->sqes;
	pub->k_sq_tail = &q->sq_tail;
	pub->k_sq_head = &q->sq_head;
	pub->cq_entries = q->cq_entries;
	pub->cq_mask = q->cq_entries - 1;
	pub->cqes = q->cqes;
	pub->k_cq_head = &q->cq_head;
	pub->k_cq_tail = &q->cq_tail;
	pub->peek_enters = 1;
}

static int region_open(struct ring *ring, struct ccwring_device *dev,
		       const struct ccwring_ring_opts *opts)
{
	uint32_t sq_entries, cq_entries;
	struct region_queue *q;
	int ret;

	if (opts->flags)
		return -EOPNOTSUPP;
	if (opts->sq_entries > VFIO_CCW_RING_MAX_ENTRIES ||
	    opts->cq_entries > 2 * VFIO_CCW_RING_MAX_ENTRIES)
		return -EINVAL;
	sq_entries = round_up_pow2(opts->sq_entries);
	cq_entries = opts->cq_entries ? round_up_pow2(opts->cq_entries) : 2 * sq_entries;
	q = calloc(1, sizeof(*q));
	if (!q)
		return -ENOMEM;
	ret = region_queue_init(q, sq_entries, cq_entries);
	if (ret)
		goto free_q;
	ring->fd = epoll_create1(EPOLL_CLOEXEC);
	if (ring->fd < 0) {
		ret = -errno;
		goto fini_q;
	}
	ring->transport = q;
	ret = region_attach(ring, dev);
	if (ret < 0)
		goto close_fd;
	ring->index = ret;
	set_pointers(&ring->pub, q);
	return 0;

close_fd:
	close(ring->fd);
fini_q:
	region_queue_fini(q);
free_q:
	free(q);
	return ret;
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* Waits for one subchannel with status; returns its index or -errno. */
static int wait_sch(struct ring *ring, int64_t deadline)
{
	struct epoll_event ev;
	int ms = -1;
	int n = watch_all(ring);

	if (n)
		return n;
	if (deadline >= 0) {
		int64_t left = deadline ? deadline - now_ns() : 0;

		ms = left > 0 ? (int)((left + 999999) / 1000000) : 0;
	}
	n = epoll_wait(ring->fd, &ev, 1, ms);
	if (n < 0)
		return -errno;
	return n ? (int)ev.data.u32 : -ETIME;
}

/* Waits for status and takes it.  The lock is not held while waiting: the
 * submitter may go on. */
static int reap_one(struct ring *ring, int64_t deadline)
{
	struct region_queue *q = ring->transport;
	uint64_t events;
	int index = 0;
	int err;

	if (q->n_schs > 1 || deadline >= 0 || !q->schs[0].dev)
		index = wait_sch(ring, deadline);
	if (index < 0)
		return index;
	if (read(q->schs[index].eventfd, &events, sizeof(events)) < 0)
		return -errno;
	pthread_mutex_lock(&q->lock);
	err = region_queue_reap(q, &q->schs[index]);
	pthread_mutex_unlock(&q->lock);
	return err;
}

static int consume(struct region_queue *q, uint32_t *ready)
{
	int n;

	pthread_mutex_lock(&q->lock);
	n = region_queue_consume(q);
	*ready = region_queue_ready(q);
	pthread_mutex_unlock(&q->lock);
	return n;
}

static int region_enter(struct ring *ring, uint32_t to_submit, uint32_t min_complete,
			int64_t timeout_ns)
{
	struct region_queue *q = ring->transport;
	/* 0 stands for a look without waiting. */
	int64_t deadline = timeout_ns > 0 ? now_ns() + timeout_ns : timeout_ns;
	uint32_t ready;
	int consumed = consume(q, &ready);

	while (ready < min_complete) {
		int err = reap_one(ring, deadline);

		/* What was consumed is told, whatever has ended the wait. */
		if (err)
			return consumed ? consumed : err;
		consumed += consume(q, &ready);
	}
	return to_submit && !consumed ? -EBUSY : consumed;
}

static void region_close(struct ring *ring)
{
	struct region_queue *q = ring->transport;

	for (unsigned int i = 0; i < q->n_schs; i++) {
		if (!q->schs[i].dev)
			continue;
		device_set_eventfd(q->schs[i].dev, VFIO_CCW_IO_IRQ_INDEX, -1);
		close(q->schs[i].eventfd);
	}
	close(ring->fd);
	pthread_mutex_destroy(&q->lock);
	region_queue_fini(q);
	free(q);
}

const struct transport_ops transport_region = {
	.backend = CCWRING_BACKEND_REGION,
	.name = "region",
	.probe = region_probe,
	.open = region_open,
	.attach = region_attach,
	.detach = region_detach,
	.enter = region_enter,
	.poll_fd = region_poll_fd,
	.close = region_close,
};
