// SPDX-License-Identifier: MIT
#include "client.h"

#include <errno.h>
#include <linux/vfio_ccw.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plug.h"

#define WAIT_MS 5000

static const struct {
	const char *name;
	uint32_t setup;
} doors[S_DOORS] = {
	[S_RING] = { "ring", 0 },
	[S_POLL] = { "polled ring", VFIO_CCW_RING_SETUP_POLL },
	[S_THREAD] = { "ring with a thread", VFIO_CCW_RING_SETUP_THREAD },
	[S_THREAD_POLL] = { "polled ring with a thread",
			    VFIO_CCW_RING_SETUP_THREAD | VFIO_CCW_RING_SETUP_POLL },
	[S_URING] = { "io_uring", 0 },
	[S_REGION] = { "regions", 0 },
};

const char *s_door_name(enum s_door door)
{
	return doors[door].name;
}

static void open_door(struct s_client *c, enum s_door door)
{
	c->door = door;
	if (door == S_REGION) {
		t_region_open(&c->region, c->device->fd);
		return;
	}
	t_ring_open_as(&c->ring, c->device->fd, T_DEPTH, doors[door].setup);
	if (door == S_URING)
		t_uring_open(&c->uring, T_URING_FLAGS);
}

/* The device may be closed already. */
void s_door_close(struct s_client *c)
{
	if (c->door == S_REGION) {
		close(c->region.eventfd);
		return;
	}
	if (c->door == S_URING)
		io_uring_queue_exit(&c->uring);
	t_ring_close(&c->ring);
}

void s_open(struct s_client *c, enum s_door door, unsigned int depth)
{
	memset(c, 0, sizeof(*c));
	t_vm_open(&c->vm);
	c->device = &c->vm.devices[0];
	c->depth = depth;
	open_door(c, door);
}

void s_close(struct s_client *c)
{
	s_door_close(c);
	t_vm_close(&c->vm);
}

void s_unmap_rest(struct s_client *c)
{
	if (c->door == S_URING) {
		munmap(c->uring.sq.ring_ptr, c->uring.sq.ring_sz);
		munmap(c->uring.sq.sqes, c->uring.sq.ring_entries * 128);
	}
	if (c->door != S_REGION)
		t_ring_unmap(&c->ring);
	munmap(c->vm.memory, T_SIZE);
	munmap(c->vm.read_only, T_RO_SIZE);
}

static enum s_end end_of_error(int res, unsigned int reason)
{
	switch (reason) {
	case VFIO_CCW_RING_R_HELD:
		return res == -ECANCELED ? S_HELD : S_WRONG;
	case VFIO_CCW_RING_R_CLOSED:
	case VFIO_CCW_RING_R_RESET:
		return res == -ECANCELED ? S_CLOSED : S_WRONG;
	case VFIO_CCW_RING_R_SUBCHANNEL:
		return res == -ENXIO ? S_CLOSED : S_WRONG;
	case VFIO_CCW_RING_R_NOT_OPERATIONAL:
	case VFIO_CCW_RING_R_GONE:
		return res == -ENODEV ? S_GONE : S_WRONG;
	case VFIO_CCW_RING_R_UNMAPPED:
		return res == -ECANCELED ? S_UNMAPPED : S_WRONG;
	case VFIO_CCW_RING_R_PAGE_BUSY:
		return res == -EBUSY ? S_UNMAPPED : S_WRONG;
	case VFIO_CCW_RING_R_CCW_UNMAPPED:
	case VFIO_CCW_RING_R_DATA_UNMAPPED:
		return res == -EFAULT ? S_UNMAPPED : S_WRONG;
	default:
		return S_WRONG;
	}
}

static void account(struct s_client *c, uint64_t user_data, enum s_end end, int res,
		    unsigned int reason)
{
	unsigned int slot = user_data % T_DEPTH;

	if (!user_data || c->owner[slot] != user_data / T_DEPTH)
		end = S_WRONG;
	else
		c->under_way--;
	c->owner[slot] = 0;
	if (end == S_WRONG && c->ends[S_WRONG] < 5)
		printf("# wrong: %s, request %#llx, res %d, reason %u\n", s_door_name(c->door),
		       (unsigned long long)user_data, res, reason);
	c->ends[end]++;
}

static enum s_end end_of_cqe(const struct vfio_ccw_ring_cqe *cqe)
{
	return cqe->res		      ? end_of_error(cqe->res, cqe->reason)
	       : t_irb_good(cqe->irb) ? S_GOOD
				      : S_WRONG;
}

static void reap_ring(struct s_client *c)
{
	struct vfio_ccw_ring_cqe cqe;

	while (t_ring_reap(&c->ring, &cqe))
		account(c, cqe.user_data, end_of_cqe(&cqe), cqe.res, cqe.reason);
}

static int wait_ring(struct s_client *c)
{
	int ret = t_ring_enter(&c->ring, 0, 1);

	reap_ring(c);
	return ret < 0 ? ret : 0;
}

static int wait_uring(struct s_client *c)
{
	struct t_done done;

	if (!t_uring_done(&c->uring, WAIT_MS, &done))
		return -ETIME;
	do {
		account(c, done.user_data,
			done.res < 0 ? end_of_error(done.res, t_done_reason(&done)) : S_GOOD,
			done.res, t_done_reason(&done));
	} while (io_uring_cq_ready(&c->uring) && t_uring_done(&c->uring, 0, &done));
	return 0;
}

static enum s_end end_of_irb(const uint8_t *irb)
{
	if (t_irb_good(irb))
		return S_GOOD;
	return t_irb_cstat(irb) & T_CSTAT_PROGRAM_CHECK	    ? S_UNMAPPED
	       : t_irb_cstat(irb) & T_CSTAT_INTERFACE_CHECK ? S_CLOSED
							    : S_WRONG;
}

static int wait_region(struct s_client *c)
{
	uint8_t irb[VFIO_CCW_RING_IRB_SIZE];
	int ret = t_region_wait(&c->region, irb, WAIT_MS);

	if (!ret)
		account(c, c->owner[0] * T_DEPTH, end_of_irb(irb), 0, 0);
	return ret;
}

static int wait_door(struct s_client *c)
{
	if (c->door == S_URING)
		return wait_uring(c);
	return c->door == S_REGION ? wait_region(c) : wait_ring(c);
}

/* Who has had an io_uring is interrupted by what it had still to say. */
int s_wait(struct s_client *c)
{
	int ret = c->under_way ? wait_door(c) : 0;

	return ret == -EINTR ? 0 : ret;
}

/* A number for a free slot: what the request in it is called. */
static uint64_t take_slot(struct s_client *c, unsigned int slot)
{
	c->owner[slot] = ++c->number;
	c->under_way++;
	return c->number * T_DEPTH + slot;
}

static enum s_end end_of_refusal(int error)
{
	return error == -ENODEV || error == -EACCES  ? S_GONE
	       : error == -EFAULT || error == -EBUSY ? S_UNMAPPED
						     : S_WRONG;
}

static int submit_region(struct s_client *c)
{
	struct vfio_ccw_ring_sqe sqe;
	uint64_t name;
	int ret;

	if (c->under_way)
		return 0;
	name = take_slot(c, 0);
	t_load_sense_id(&c->vm, 0, &sqe);
	ret = t_region_start(&c->region, sqe.orb);
	if (ret)
		account(c, name, end_of_refusal(ret), ret, 0);
	return 0;
}

static int ring_bell(struct s_client *c, unsigned int n)
{
	struct vfio_ccw_ring_enter wake = { .flags = VFIO_CCW_RING_ENTER_WAKEUP };
	uint32_t *flags = (void *)(c->ring.cq + c->ring.setup.off_flags);
	int ret;

	if (!(doors[c->door].setup & VFIO_CCW_RING_SETUP_THREAD)) {
		ret = t_ring_enter(&c->ring, n, 0);
		return ret == (int)n ? 0 : ret < 0 ? ret : -EIO;
	}
	t_ring_store_tail(&c->ring, c->ring.tail);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(flags, __ATOMIC_RELAXED) & VFIO_CCW_RING_NEED_WAKEUP))
		return 0;
	return t_ring_enter_raw(&c->ring, &wake);
}

static void fill_uring(struct s_client *c, unsigned int slot)
{
	struct vfio_ccw_ring_uring_request *request;
	struct vfio_ccw_ring_sqe sqe;

	t_load_sense_id(&c->vm, slot, &sqe);
	request = t_uring_request(&c->uring, c->ring.fd, VFIO_CCW_RING_OP_START,
				  take_slot(c, slot));
	memcpy(request->orb, sqe.orb, sizeof(sqe.orb));
	request->subchannel = c->ring.setup.subchannel;
}

static void fill_ring(struct s_client *c, unsigned int slot)
{
	struct vfio_ccw_ring_sqe *sqe = t_ring_sqe(&c->ring);

	t_load_sense_id(&c->vm, slot, sqe);
	sqe->user_data = take_slot(c, slot);
	sqe->subchannel = c->ring.setup.subchannel;
}

int s_submit(struct s_client *c)
{
	unsigned int slot, n = 0;

	if (c->door == S_REGION)
		return submit_region(c);
	for (slot = 0; slot < c->depth; slot++) {
		if (c->owner[slot])
			continue;
		if (c->door == S_URING)
			fill_uring(c, slot);
		else
			fill_ring(c, slot);
		n++;
	}
	if (c->door == S_URING)
		return io_uring_submit(&c->uring) == (int)n ? 0 : -EIO;
	return ring_bell(c, n);
}

int s_run(struct s_client *c, unsigned int ms)
{
	uint64_t end = t_now_ms() + ms;
	int ret;

	do {
		ret = s_submit(c) ?: s_wait(c);
	} while (!ret && t_now_ms() < end);
	return ret;
}

bool s_drain(struct s_client *c)
{
	while (c->under_way && !s_wait(c))
		;
	if (c->under_way)
		printf("# %s: %u requests do not end\n", s_door_name(c->door), c->under_way);
	return !c->under_way && !c->ends[S_WRONG];
}

unsigned int s_closed_in_ring(struct s_client *c)
{
	struct vfio_ccw_ring_cqe cqe;
	unsigned int n = 0;

	while (t_ring_reap(&c->ring, &cqe))
		n += end_of_cqe(&cqe) == S_CLOSED;
	return n;
}
