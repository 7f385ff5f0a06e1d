// SPDX-License-Identifier: MIT
/*
 * ring.c - rings: the verbs that are not inline
 *
 * Two functions enter the transport, for the submitter and for the reaper; every way
 * to submit and to wait goes through one of them.
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

static const struct transport_ops *const transports[] = {
	&transport_ring,
	&transport_hosted,
	&transport_region,
};

/* Rings that are a parent process's. */

static int inherited_attach(struct ring *ring, struct ccwring_device *dev)
{
	(void)ring;
	(void)dev;
	return INHERITED;
}

static int inherited_enter(struct ring *ring, uint32_t to_submit, uint32_t min_complete,
			   int64_t timeout_ns)
{
	(void)ring;
	(void)to_submit;
	(void)min_complete;
	(void)timeout_ns;
	return INHERITED;
}

static int inherited_poll_fd(struct ring *ring)
{
	(void)ring;
	return INHERITED;
}

static const struct transport_ops inherited = {
	.attach = inherited_attach,
	.detach = inherited_attach,
	.enter = inherited_enter,
	.poll_fd = inherited_poll_fd,
};

/*
 * The inline verbs find no completion, and entries that lead nowhere: the queues, if they
 * are there at all, are the parent's.
 */
static void in_child(struct fork_node *node)
{
	static struct vfio_ccw_ring_sqe nowhere;
	static const struct vfio_ccw_ring_cqe nothing;
	struct ring *ring = FORK_NODE_OF(node, struct ring, fork);
	struct ccwring_ring *pub = &ring->pub;

	if (ring->ops->in_child)
		ring->ops->in_child(ring);
	ring->ops = &inherited;
	ring->fd = -1;
	ring->k_flags = NULL;
	ring->inherited_sq = pub->sq_tail;
	pub->sq_head = pub->sq_tail;
	pub->sq_mask = 0;
	pub->sqes = &nowhere;
	pub->k_sq_head = &ring->inherited_sq;
	pub->k_sq_tail = &pub->sq_tail;
	pub->cq_tail = pub->cq_head;
	pub->cq_mask = 0;
	pub->cqes = &nothing;
	pub->k_cq_tail = &pub->cq_head;
	pub->k_cq_head = &pub->cq_head;
	pub->peek_enters = 0;
}

static const struct transport_ops *choose(const struct ccwring_device *dev, int backend, int *err)
{
	*err = -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(transports); i++) {
		int has;

		if (backend != CCWRING_BACKEND_AUTO && backend != transports[i]->backend)
			continue;
		has = transports[i]->probe(dev);
		if (has > 0)
			return transports[i];
		*err = has ? has : -EOPNOTSUPP;
	}
	return NULL;
}

static int check_opts(struct ccwring_ring_opts *opts)
{
	if (!opts->sq_entries)
		opts->sq_entries = 64;
	if (opts->flags & ~(CCWRING_RING_POLL | CCWRING_RING_THREAD | CCWRING_RING_THREAD_CPU) ||
	    (opts->cq_entries && opts->cq_entries < opts->sq_entries))
		return -EINVAL;
	return 0;
}

static int add_device(struct ring *ring, struct ccwring_device *dev)
{
	struct ccwring_device **devs =
		realloc(ring->devs, (ring->n_devs + 1) * sizeof(struct ccwring_device *));

	if (!devs)
		return -ENOMEM;
	ring->devs = devs;
	devs[ring->n_devs++] = dev;
	dev->ring = &ring->pub;
	return 0;
}

static struct ring *alloc_ring(void)
{
	void *mem;

	/* The reaper's half has a cache line of its own. */
	if (posix_memalign(&mem, _Alignof(struct ring), sizeof(struct ring)))
		return NULL;
	*(struct ring *)mem = (struct ring){ .fd = -1 };
	return mem;
}

static int open_ring(struct ring *ring, struct ccwring_device *dev,
		     const struct ccwring_ring_opts *opts)
{
	int err;

	ring->ops = choose(dev, opts->backend, &err);
	if (!ring->ops)
		return err;
	ring->vfio = dev->vfio;
	err = add_device(ring, dev);
	if (err)
		return err;
	err = ring->ops->open(ring, dev, opts);
	if (err) {
		dev->ring = NULL;
		return err;
	}
	ring->backend = ring->ops->backend;
	fork_lock();
	fork_add(&ring->fork, in_child);
	fork_unlock();
	return 0;
}

int ccwring_ring_new(struct ccwring_device *dev, const struct ccwring_ring_opts *user_opts,
		     struct ccwring_ring **out)
{
	struct ccwring_ring_opts opts;
	struct ring *ring;
	int err;

	if (dev->vfio->inherited)
		return INHERITED;
	err = opts_copy(&opts, sizeof(opts), user_opts);
	if (!err)
		err = check_opts(&opts);
	if (err)
		return err;
	if (dev->ring)
		return -EBUSY;
	ring = alloc_ring();
	if (!ring)
		return -ENOMEM;
	err = open_ring(ring, dev, &opts);
	if (err) {
		free(ring->devs);
		free(ring);
		return err;
	}
	vlog(ring->vfio, CCWRING_LOG_INFO, "%s: %s with %u submission and %u completion entries",
	     dev->name, ring->ops->name, ring->pub.sq_entries, ring->pub.cq_entries);
	*out = &ring->pub;
	return 0;
}

int ccwring_ring_attach(struct ccwring_ring *pub, struct ccwring_device *dev)
{
	struct ring *ring = to_ring(pub);
	int ret;

	if (dev->ring)
		return -EBUSY;
	if (dev->vfio != ring->vfio)
		return -EXDEV;
	ret = add_device(ring, dev);
	if (ret)
		return ret;
	ret = ring->ops->attach(ring, dev);
	if (ret < 0) {
		ring->n_devs--;
		dev->ring = NULL;
	}
	return ret;
}

/* The order of the others does not matter. */
static void remove_device(struct ring *ring, struct ccwring_device *dev)
{
	unsigned int i = 0;

	while (ring->devs[i] != dev)
		i++;
	ring->devs[i] = ring->devs[--ring->n_devs];
	dev->ring = NULL;
}

int ccwring_ring_detach(struct ccwring_ring *pub, struct ccwring_device *dev)
{
	struct ring *ring = to_ring(pub);
	int err;

	if (dev->ring != pub)
		return -ENOTCONN;
	err = ring->ops->detach(ring, dev);
	if (!err)
		remove_device(ring, dev);
	return err;
}

void ccwring_ring_free(struct ccwring_ring *pub)
{
	struct ring *ring = to_ring(pub);

	if (!pub || ring->ops == &inherited)
		return;
	ring->ops->close(ring);
	fork_lock();
	fork_remove(&ring->fork);
	fork_unlock();
	for (unsigned int i = 0; i < ring->n_devs; i++)
		ring->devs[i]->ring = NULL;
	free(ring->devs);
	free(ring);
}

uint16_t ccwring_ring_index(const struct ccwring_ring *pub)
{
	return to_ring(pub)->index;
}

int ccwring_ring_backend(const struct ccwring_ring *pub)
{
	return to_ring(pub)->backend;
}

uint64_t ccwring_ring_features(const struct ccwring_ring *pub)
{
	return to_ring(pub)->features;
}

int ccwring_ring_fd(struct ccwring_ring *pub)
{
	struct ring *ring = to_ring(pub);

	return ring->ops->poll_fd ? ring->ops->poll_fd(ring) : ring->fd;
}

uint64_t ccwring_ring_enters(const struct ccwring_ring *pub)
{
	const struct ring *ring = to_ring(pub);

	return ring->submitter_enters + ring->reaper_enters;
}

/* The two sides count for themselves: they may be two threads. */

static int submitter_enter(struct ccwring_ring *pub, uint32_t to_submit, uint32_t min_complete,
			   int64_t timeout_ns)
{
	struct ring *ring = to_ring(pub);

	ring->submitter_enters++;
	return ring->ops->enter(ring, to_submit, min_complete, timeout_ns);
}

static int reaper_enter(struct ccwring_ring *pub, int64_t timeout_ns)
{
	struct ring *ring = to_ring(pub);

	ring->reaper_enters++;
	return ring->ops->enter(ring, 0, 1, timeout_ns);
}

/* The thread that submits may sleep. */
static int wake_thread(struct ring *ring)
{
	/* Full barrier: the SQ tail is stored before the flags are loaded; pairs
	 * with the thread's, between its store of the flag and load of the tail. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(ring->k_flags, __ATOMIC_RELAXED) & VFIO_CCW_RING_NEED_WAKEUP))
		return 0;
	ring->submitter_enters++;
	return ring->ops->wake(ring);
}

int ccwring_submit(struct ccwring_ring *ring)
{
	uint32_t to_submit = ccwring_flush(ring);
	int err;

	if (!to_submit)
		return 0;
	if (!to_ring(ring)->k_flags)
		return submitter_enter(ring, to_submit, 0, -1);
	err = wake_thread(to_ring(ring));
	return err ? err : (int)to_submit;
}

/* As ccwring_submit_and_wait(), where a thread submits. */
static int submit_to_thread(struct ccwring_ring *ring, uint32_t min_complete, int64_t timeout_ns)
{
	int submitted = ccwring_submit(ring);
	int ret = 0;

	/* The reaper is us: no call if there is what we wait for. */
	if (submitted >= 0 && min_complete && !ccwring_cq_next(ring, min_complete - 1))
		ret = submitter_enter(ring, 0, min_complete, timeout_ns);
	return ret < 0 && !submitted ? ret : submitted;
}

int ccwring_submit_and_wait(struct ccwring_ring *ring, uint32_t min_complete, int64_t timeout_ns)
{
	int ret;

	/* More than it can hold will never be there. */
	if (min_complete > ring->cq_entries)
		min_complete = ring->cq_entries;
	if (to_ring(ring)->k_flags)
		return submit_to_thread(ring, min_complete, timeout_ns);
	ret = submitter_enter(ring, ccwring_flush(ring), min_complete, timeout_ns);
	/* No room in the CQ, but what fills it is still under way. */
	if (ret == -EBUSY && min_complete)
		ret = submitter_enter(ring, 0, min_complete, timeout_ns);
	return ret;
}

int ccwring_wait_cqe(struct ccwring_ring *ring, const struct vfio_ccw_ring_cqe **cqe,
		     int64_t timeout_ns)
{
	int ret = 0;

	while (!(*cqe = ccwring_cq_next(ring, 0))) {
		if (ret < 0)
			return ret;
		ret = reaper_enter(ring, timeout_ns);
	}
	return 0;
}

const struct vfio_ccw_ring_cqe *ccwring_peek_enter(struct ccwring_ring *ring)
{
	reaper_enter(ring, 0);
	return ccwring_cq_next(ring, 0);
}
