// SPDX-License-Identifier: MIT
#include "ring.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"
#include "program.h"
#include "tap.h"

#define WAIT_NS 5000000000ULL

int t_feature(int device, uint32_t flags, void *data, size_t size)
{
	uint64_t buffer[64] = { 0 };
	struct vfio_device_feature *feature = (void *)buffer;

	T_NEED(sizeof(*feature) + size <= sizeof(buffer), "the argument fits");
	feature->argsz = sizeof(*feature) + size;
	feature->flags = flags;
	if (!(flags & VFIO_DEVICE_FEATURE_MASK))
		feature->flags |= VFIO_DEVICE_FEATURE_CCW_RING;
	memcpy(feature->data, data, size);
	if (ioctl(device, VFIO_DEVICE_FEATURE, feature))
		return -errno;
	memcpy(data, feature->data, size);
	return 0;
}

int t_ring_setup(int device, struct vfio_ccw_ring_setup *setup)
{
	return t_feature(device, VFIO_DEVICE_FEATURE_GET, setup, sizeof(*setup));
}

int t_ring_attach(struct t_ring *ring, int device)
{
	struct vfio_ccw_ring_attach attach = { .ring_fd = ring->fd };
	int ret;

	ret = t_feature(device, VFIO_DEVICE_FEATURE_SET, &attach, sizeof(attach));
	return ret ? ret : (int)attach.subchannel;
}

int t_ring_detach(int device)
{
	struct vfio_ccw_ring_attach attach = { .ring_fd = -1 };
	int ret = t_feature(device, VFIO_DEVICE_FEATURE_SET, &attach, sizeof(attach));

	return ret ? ret : (int)attach.subchannel;
}

/* T_RING=poll has every ring of a test poll. */
static uint32_t setup_flags(void)
{
	const char *kind = getenv("T_RING");

	if (!kind)
		return 0;
	T_NEED(!strcmp(kind, "poll"), "T_RING is poll");
	return VFIO_CCW_RING_SETUP_POLL;
}

void t_ring_open(struct t_ring *ring, int device, uint32_t entries)
{
	t_ring_open_as(ring, device, entries, setup_flags());
}

void t_ring_open_as(struct t_ring *ring, int device, uint32_t entries, uint32_t flags)
{
	memset(ring, 0, sizeof(*ring));
	ring->setup.sq_entries = entries;
	ring->setup.flags = flags;
	t_ring_open_setup(ring, device);
}

static int map_sq(struct t_ring *ring)
{
	ring->sq = mmap(NULL, ring->setup.sq_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			VFIO_CCW_RING_OFF_SQ);
	return ring->sq == MAP_FAILED ? -errno : 0;
}

static int map_cq(struct t_ring *ring)
{
	ring->cq = mmap(NULL, ring->setup.cq_bytes, PROT_READ, MAP_SHARED, ring->fd,
			VFIO_CCW_RING_OFF_CQ);
	return ring->cq == MAP_FAILED ? -errno : 0;
}

int t_ring_map(struct t_ring *ring)
{
	int ret = map_sq(ring);

	if (ret)
		return ret;
	ret = map_cq(ring);
	if (ret)
		munmap(ring->sq, ring->setup.sq_bytes);
	return ret;
}

int t_ring_try(struct t_ring *ring, int device)
{
	int ret = t_ring_setup(device, &ring->setup);

	if (ret)
		return ret;
	ring->fd = ring->setup.ring_fd;
	ret = t_ring_map(ring);
	if (ret)
		close(ring->fd);
	return ret;
}

void t_ring_open_setup(struct t_ring *ring, int device)
{
	T_NEED(!t_ring_try(ring, device), "a ring of %u opens", ring->setup.sq_entries);
}

void t_ring_unmap(struct t_ring *ring)
{
	munmap(ring->sq, ring->setup.sq_bytes);
	munmap((void *)ring->cq, ring->setup.cq_bytes);
}

void t_ring_close(struct t_ring *ring)
{
	t_ring_unmap(ring);
	close(ring->fd);
}

struct vfio_ccw_ring_sqe *t_ring_sqe(struct t_ring *ring)
{
	struct vfio_ccw_ring_sqe *sqes = (void *)(ring->sq + ring->setup.off_sqes);
	struct vfio_ccw_ring_sqe *sqe;

	sqe = &sqes[ring->tail & (ring->setup.sq_entries - 1)];
	ring->tail++;
	memset(sqe, 0, sizeof(*sqe));
	return sqe;
}

void t_ring_store_tail(struct t_ring *ring, uint32_t tail)
{
	uint32_t *sq_tail = (void *)(ring->sq + ring->setup.off_sq_tail);

	__atomic_store_n(sq_tail, tail, __ATOMIC_RELEASE);
}

void t_ring_store_head(struct t_ring *ring, uint32_t head)
{
	uint32_t *cq_head = (void *)(ring->sq + ring->setup.off_cq_head);

	__atomic_store_n(cq_head, head, __ATOMIC_RELEASE);
}

uint32_t t_ring_sq_head(const struct t_ring *ring)
{
	const uint32_t *sq_head = (void *)(ring->cq + ring->setup.off_sq_head);

	return __atomic_load_n(sq_head, __ATOMIC_ACQUIRE);
}

uint32_t t_ring_cq_tail(const struct t_ring *ring)
{
	const uint32_t *cq_tail = (void *)(ring->cq + ring->setup.off_cq_tail);

	return __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE);
}

int t_ring_enter_raw(struct t_ring *ring, struct vfio_ccw_ring_enter *enter)
{
	int ret;

	enter->size = sizeof(*enter);
	ret = ioctl(ring->fd, VFIO_CCW_RING_ENTER, enter);
	return ret < 0 ? -errno : ret;
}

int t_ring_enter(struct t_ring *ring, uint32_t submit, uint32_t complete)
{
	struct vfio_ccw_ring_enter enter = {
		.to_submit = submit,
		.min_complete = complete,
		.flags = VFIO_CCW_RING_ENTER_TIMEOUT,
		.timeout_ns = WAIT_NS * t_slow(),
	};

	t_ring_store_tail(ring, ring->tail);
	return t_ring_enter_raw(ring, &enter);
}

/* The driver's word for a start that ended well and the status are one. */
static void check_good(const struct vfio_ccw_ring_cqe *cqe)
{
	const uint16_t flags = cqe->flags & ~VFIO_CCW_RING_CQE_GOOD;
	bool good = !cqe->res && !cqe->reason && flags == VFIO_CCW_RING_CQE_IRB &&
		    t_irb_good(cqe->irb) && !(cqe->irb[0] & 3) &&
		    t_irb_function(cqe->irb) == T_FUNCTION_START;

	T_NEED(good == !!(cqe->flags & VFIO_CCW_RING_CQE_GOOD),
	       "flags %#x are as res %d, reason %u and the IRB say", cqe->flags, cqe->res,
	       cqe->reason);
}

bool t_ring_reap(struct t_ring *ring, struct vfio_ccw_ring_cqe *cqe)
{
	const struct vfio_ccw_ring_cqe *cqes = (void *)(ring->cq + ring->setup.off_cqes);

	if (t_ring_cq_tail(ring) == ring->head)
		return false;
	*cqe = cqes[ring->head & (ring->setup.cq_entries - 1)];
	check_good(cqe);
	t_ring_store_head(ring, ++ring->head);
	return true;
}

int t_ring_next(struct t_ring *ring, struct vfio_ccw_ring_cqe *cqe)
{
	int ret;

	for (;;) {
		while (t_ring_reap(ring, cqe)) {
			if (!(cqe->flags &
			      (VFIO_CCW_RING_CQE_MORE | VFIO_CCW_RING_CQE_UNSOLICITED)))
				return 0;
		}
		ret = t_ring_enter(ring, 0, 1);
		if (ret < 0)
			return ret;
	}
}

int t_ring_do(struct t_ring *ring, const struct vfio_ccw_ring_sqe *sqe,
	      struct vfio_ccw_ring_cqe *cqe)
{
	int ret;

	*t_ring_sqe(ring) = *sqe;
	ret = t_ring_enter(ring, 1, 0);
	if (ret != 1)
		return ret < 0 ? ret : -EIO;
	return t_ring_next(ring, cqe);
}

void t_sqe_start(struct vfio_ccw_ring_sqe *sqe, uint32_t orb_flags, uint32_t program,
		 uint64_t user_data)
{
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = VFIO_CCW_RING_OP_START;
	sqe->user_data = user_data;
	t_orb(sqe->orb, orb_flags, program);
}
