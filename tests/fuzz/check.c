// SPDX-License-Identifier: MIT
#include "check.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include <linux/vfio.h>

#include "unit.h"

#define R(reason)    (1U << VFIO_CCW_RING_R_##reason)
#define SQE_REASONS  (R(OPCODE) | R(SQE_FLAGS) | R(SQE_RESERVED) | R(SUBCHANNEL))
#define MAX_REQUESTS (2 * VFIO_CCW_RING_MAX_ENTRIES)
#define NO_INDEX     200
#define EXTRA	     (VFIO_CCW_RING_CQE_MORE | VFIO_CCW_RING_CQE_UNSOLICITED)

/* An SQE that has been consumed and whose end has not been seen. */
struct request {
	uint64_t user_data;
	uint32_t reasons; /* why it must be refused, any of these */
};

static struct request requests[MAX_REQUESTS];
static unsigned int n_requests;
static uint32_t tail, head;
/* The CQ head that the driver has accepted at least. */
static uint32_t seen;
static int indices[CHECK_DEVICES];

static struct ccwring_ring *ring(void)
{
	return &client_ring.ring;
}

void check_begin(void)
{
	n_requests = 0;
	tail = head = seen = 0;
	indices[0] = client_ring.setup.subchannel;
	for (unsigned int d = 1; d < CHECK_DEVICES; d++)
		indices[d] = -1;
}

/* SQEs */

struct vfio_ccw_ring_sqe *check_next_sqe(void)
{
	if (tail - *ring()->k_sq_head == ring()->sq_entries)
		return NULL;
	return &ring()->sqes[tail & ring()->sq_mask];
}

void check_publish(void)
{
	*ring()->k_sq_tail = ++tail;
}

uint16_t check_index(unsigned int device)
{
	return indices[device] < 0 ? NO_INDEX : indices[device];
}

static bool is_attached(uint16_t index)
{
	for (unsigned int d = 0; d < CHECK_DEVICES; d++)
		if (indices[d] == index)
			return true;
	return false;
}

static bool all_zero(const uint8_t *bytes, size_t n)
{
	while (n--)
		if (*bytes++)
			return false;
	return true;
}

/* What its fields say against it. */
static uint32_t sqe_reasons(const struct vfio_ccw_ring_sqe *sqe)
{
	uint32_t reasons = 0;

	if (sqe->opcode > VFIO_CCW_RING_OP_RESUME)
		reasons |= R(OPCODE);
	if (sqe->flags & ~VFIO_CCW_RING_SQE_RECOVER)
		reasons |= R(SQE_FLAGS);
	if (sqe->reserved0 || sqe->reserved ||
	    (sqe->target && sqe->opcode != VFIO_CCW_RING_OP_CANCEL) ||
	    (sqe->opcode != VFIO_CCW_RING_OP_START && !all_zero(sqe->orb, sizeof(sqe->orb))))
		reasons |= R(SQE_RESERVED);
	if (!is_attached(sqe->subchannel))
		reasons |= R(SUBCHANNEL);
	return reasons;
}

/* Those that the SQ head has passed. */
static uint32_t note_consumed(uint32_t before)
{
	uint32_t now = *ring()->k_sq_head;

	assert_in_range(now - before, 0, ring()->sq_entries);
	for (uint32_t at = before; at != now; at++) {
		const struct vfio_ccw_ring_sqe *sqe = &ring()->sqes[at & ring()->sq_mask];

		assert_in_range(n_requests, 0, ring()->cq_entries - 1);
		requests[n_requests++] = (struct request){ sqe->user_data, sqe_reasons(sqe) };
	}
	/* A lie that was one the driver could believe. */
	if ((int32_t)(now - tail) > 0)
		tail = now;
	return now - before;
}

/* CQEs */

/* As enum vfio_ccw_ring_reason says. */
static int errno_of(uint16_t reason)
{
	switch (reason) {
	case VFIO_CCW_RING_R_NONE:
		return 0;
	case VFIO_CCW_RING_R_OPCODE:
	case VFIO_CCW_RING_R_ORB_TRANSPORT:
	case VFIO_CCW_RING_R_ORB_MIDAW:
	case VFIO_CCW_RING_R_ORB_SUSPEND:
	case VFIO_CCW_RING_R_ORB_ADDR_LIMIT:
	case VFIO_CCW_RING_R_ORB_EXTENSION:
	case VFIO_CCW_RING_R_ORB_PREFETCH:
	case VFIO_CCW_RING_R_CCW_SUSPEND:
		return EOPNOTSUPP;
	case VFIO_CCW_RING_R_SUBCHANNEL:
		return ENXIO;
	case VFIO_CCW_RING_R_CCW_UNMAPPED:
	case VFIO_CCW_RING_R_DATA_UNMAPPED:
	case VFIO_CCW_RING_R_IDAL_UNMAPPED:
		return EFAULT;
	case VFIO_CCW_RING_R_CCW_TOO_MANY:
		return E2BIG;
	case VFIO_CCW_RING_R_CCW_TIC_TIC:
		return ELOOP;
	case VFIO_CCW_RING_R_PIN_LIMIT:
	case VFIO_CCW_RING_R_NO_MEMORY:
		return ENOMEM;
	case VFIO_CCW_RING_R_HELD:
	case VFIO_CCW_RING_R_FLUSHED:
	case VFIO_CCW_RING_R_CLOSED:
	case VFIO_CCW_RING_R_UNMAPPED:
	case VFIO_CCW_RING_R_PATH_LOST:
	case VFIO_CCW_RING_R_CANCELED:
	case VFIO_CCW_RING_R_RESET:
		return ECANCELED;
	case VFIO_CCW_RING_R_BUSY:
	case VFIO_CCW_RING_R_PAGE_BUSY:
		return EBUSY;
	case VFIO_CCW_RING_R_NOT_OPERATIONAL:
	case VFIO_CCW_RING_R_GONE:
		return ENODEV;
	case VFIO_CCW_RING_R_NO_START:
		return ENOENT;
	default:
		return EINVAL;
	}
}

static bool is_result_of(int res, uint16_t reason)
{
	return res == -errno_of(reason);
}

static void check_cqe(const struct vfio_ccw_ring_cqe *cqe)
{
	const uint8_t ends = CCWRING_DSTAT_CHN_END | CCWRING_DSTAT_DEV_END;

	if (!is_result_of(cqe->res, cqe->reason))
		fail_msg("result %d with reason %u", cqe->res, cqe->reason);
	if (cqe->flags & VFIO_CCW_RING_CQE_GOOD) {
		assert_int_equal(cqe->flags, VFIO_CCW_RING_CQE_GOOD | VFIO_CCW_RING_CQE_IRB);
		assert_int_equal(cqe->reason, VFIO_CCW_RING_R_NONE);
		assert_int_equal(ccwring_irb_dstat(cqe->irb), ends);
		assert_int_equal(ccwring_irb_cstat(cqe->irb) & ~CCWRING_CSTAT_PCI, 0);
	}
	if (cqe->flags & VFIO_CCW_RING_CQE_UNSOLICITED)
		assert_int_equal(cqe->user_data, 0);
}

static bool agrees(const struct request *r, const struct vfio_ccw_ring_cqe *cqe)
{
	uint32_t reason = cqe->reason < 32 ? 1U << cqe->reason : 0;

	return r->user_data == cqe->user_data &&
	       (r->reasons ? r->reasons & reason : !(SQE_REASONS & reason));
}

/* The oldest it may be of: those that are refused are in the order of their SQEs. */
static void see_end(const struct vfio_ccw_ring_cqe *cqe)
{
	for (struct request *r = requests; r < requests + n_requests; r++) {
		if (!agrees(r, cqe))
			continue;
		n_requests--;
		memmove(r, r + 1, (requests + n_requests - r) * sizeof(*r));
		return;
	}
	fail_msg("an end of nothing: user data %#llx, result %d, reason %u",
		 (unsigned long long)cqe->user_data, cqe->res, cqe->reason);
}

static uint32_t unread(void)
{
	uint32_t n = *ring()->k_cq_tail - head;

	assert_in_range(n, 0, ring()->cq_entries);
	return n;
}

void check_reap(uint32_t n)
{
	for (; n && unread(); n--, head++) {
		const struct vfio_ccw_ring_cqe *cqe = &ring()->cqes[head & ring()->cq_mask];

		check_cqe(cqe);
		if (!(cqe->flags & EXTRA))
			see_end(cqe);
	}
	*ring()->k_cq_head = head;
}

void check_poll(void)
{
	assert_int_equal(hosted_poll(client_ring.setup.ring_fd) & POLLIN, unread() ? POLLIN : 0);
}

/* Calls */

/* Slots of the CQ that neither hold a CQE nor are set aside. */
static uint32_t room(void)
{
	uint32_t used = n_requests;

	for (uint32_t at = head; at != *ring()->k_cq_tail; at++)
		used += !!(ring()->cqes[at & ring()->cq_mask].flags & EXTRA);
	assert_in_range(used, 0, ring()->cq_entries);
	return ring()->cq_entries - used;
}

/* What SUBMIT answers if heads and tails are true. */
static long submitted(uint32_t n)
{
	uint32_t ready = tail - *ring()->k_sq_head;
	uint32_t wanted = n < ready ? n : ready, slots = room();

	if (wanted && !slots)
		return -EBUSY;
	return wanted < slots ? wanted : slots;
}

static long submit(uint32_t n, uint32_t *consumed)
{
	uint32_t before = *ring()->k_sq_head;
	long ret = hosted_ioctl(client_ring.setup.ring_fd, VFIO_CCW_RING_SUBMIT, n);

	*consumed = note_consumed(before);
	assert_int_equal(*consumed, ret < 0 ? 0 : ret);
	return ret;
}

void check_submit(uint32_t n)
{
	long expected = submitted(n);
	uint32_t consumed;

	assert_int_equal(submit(n, &consumed), expected);
	seen = head;
}

/* What is wrong with the argument, 0 if nothing is. */
static int enter_error(const struct vfio_ccw_ring_enter *enter)
{
	const uint8_t *bytes = (const uint8_t *)enter;

	if (enter->size < VFIO_CCW_RING_ENTER_SIZE_VER0)
		return -EINVAL;
	if (enter->size > 4096 || !all_zero(bytes + sizeof(*enter), enter->size - sizeof(*enter)))
		return -E2BIG;
	if (enter->flags & ~VFIO_CCW_RING_ENTER_TIMEOUT || (enter->timeout_ns && !enter->flags))
		return -EINVAL;
	return 0;
}

void check_enter(const struct vfio_ccw_ring_enter *enter)
{
	uint32_t before = *ring()->k_sq_head, consumed, min = enter->min_complete;
	long expected = submitted(enter->to_submit), ret;
	int error = enter_error(enter);

	ret = hosted_ioctl(client_ring.setup.ring_fd, VFIO_CCW_RING_ENTER, (unsigned long)enter);
	consumed = note_consumed(before);
	if (error) {
		assert_int_equal(ret, error);
		assert_int_equal(consumed, 0);
		return;
	}
	seen = head;
	assert_int_equal(consumed, expected < 0 ? 0 : expected);
	if (ret != -ETIME || expected)
		assert_int_equal(ret, expected);
	if (min > ring()->cq_entries)
		min = ring()->cq_entries;
	if (ret == -ETIME)
		assert_in_range(unread(), 0, min - 1);
	else if (!ret)
		assert_in_range(unread(), min, ring()->cq_entries);
}

void check_lie_tail(uint32_t distance)
{
	uint32_t lie = tail + distance, consumed;
	bool possible = lie - *ring()->k_sq_head <= ring()->sq_entries;
	long ret;

	*ring()->k_sq_tail = lie;
	ret = submit(ring()->sq_entries, &consumed);
	if (possible)
		assert_true(ret >= 0 || ret == -EBUSY);
	else
		assert_int_equal(ret, -EOVERFLOW);
	*ring()->k_sq_tail = tail;
}

void check_lie_head(uint32_t distance)
{
	uint32_t before = *ring()->k_sq_head, lie = head + distance;
	bool possible = lie - seen <= *ring()->k_cq_tail - seen;
	long ret;

	/* One that has been seen to be true cannot be taken back. */
	if (possible)
		check_reap((int32_t)(lie - head) > 0 ? lie - head : 0);
	*ring()->k_cq_head = lie;
	ret = hosted_ioctl(client_ring.setup.ring_fd, VFIO_CCW_RING_SUBMIT, 0);
	assert_int_equal(*ring()->k_sq_head, before);
	if (possible)
		assert_true(ret == 0 || (lie != head && ret == -ERANGE));
	else
		assert_int_equal(ret, -ERANGE);
	*ring()->k_cq_head = head;
}

/* Attaching */

static int attach_answer(unsigned int device, const struct vfio_ccw_ring_attach *attach)
{
	if (attach->flags || attach->reserved)
		return -EINVAL;
	if (attach->ring_fd == -1)
		return indices[device] < 0 ? -ENOTCONN : 0;
	if (attach->ring_fd != client_ring.setup.ring_fd)
		return -EBADF;
	return indices[device] < 0 ? 0 : -EBUSY;
}

void check_attach(struct hosted *hosted, unsigned int device, struct vfio_ccw_ring_attach *attach)
{
	int expected = attach_answer(device, attach);

	assert_int_equal(hosted_feature(hosted, CLIENT_ATTACH, attach, sizeof(*attach)), expected);
	if (expected)
		return;
	if (attach->ring_fd == -1) {
		assert_int_equal(attach->subchannel, indices[device]);
		indices[device] = -1;
	} else {
		assert_false(is_attached(attach->subchannel));
		indices[device] = attach->subchannel;
	}
}

void check_detached(unsigned int device)
{
	indices[device] = -1;
}

static bool in_range(uint32_t n, uint32_t least, uint32_t most)
{
	return n >= least && n <= most;
}

static int setup_answer(unsigned int device, const struct vfio_ccw_ring_setup *s)
{
	bool polled = s->flags & VFIO_CCW_RING_SETUP_POLL;
	uint32_t sq = 1;

	if (s->flags & ~VFIO_CCW_RING_SETUP_POLL || s->thread_cpu || s->thread_idle_us ||
	    (s->poll_us && !polled) || s->poll_us > 10000000 || s->reserved1 || s->reserved[0] ||
	    s->reserved[1] || !in_range(s->sq_entries, 1, VFIO_CCW_RING_MAX_ENTRIES))
		return -EINVAL;
	while (sq < s->sq_entries)
		sq *= 2;
	if (s->cq_entries && !in_range(s->cq_entries, sq, 2 * VFIO_CCW_RING_MAX_ENTRIES))
		return -EINVAL;
	return indices[device] < 0 ? 0 : -EBUSY;
}

bool check_setup(struct hosted *hosted, unsigned int device, struct vfio_ccw_ring_setup *setup)
{
	int expected = setup_answer(device, setup);

	assert_int_equal(hosted_feature(hosted, CLIENT_MAKE_RING, setup, sizeof(*setup)), expected);
	return !expected;
}

/* The end */

static void reset(struct hosted *const *devices)
{
	for (unsigned int d = 0; d < CHECK_DEVICES; d++)
		assert_int_equal(hosted_reset(devices[d]), 0);
	check_reap(UINT32_MAX);
}

void check_settle(struct hosted *const *devices)
{
	reset(devices);
	while (*ring()->k_sq_head != tail) {
		check_submit(UINT32_MAX);
		reset(devices);
	}
	assert_int_equal(n_requests, 0);
	/* What a device that has failed has still to say, it says now. */
	while (hosted_go_on())
		;
	reset(devices);
}

void check_usable(struct hosted *hosted)
{
	struct vfio_ccw_ring_attach attach = { .ring_fd = client_ring.setup.ring_fd };
	struct vfio_ccw_ring_enter enter = {
		.size = sizeof(enter),
		.to_submit = 1,
		.min_complete = 1,
		.flags = VFIO_CCW_RING_ENTER_TIMEOUT,
		.timeout_ns = 1000000000,
	};
	const struct vfio_ccw_ring_cqe *cqe;
	struct ccwring_orb orb;

	if (indices[0] < 0)
		check_attach(hosted, 0, &attach);
	ccwring_orb_init(&orb, CLIENT_IOVA);
	ccwring_prep_start(check_next_sqe(), check_index(0), &orb, 7);
	check_publish();
	/* There may be status of a failure before. */
	do {
		check_reap(unread());
		check_enter(&enter);
		assert_in_range(unread(), 1, ring()->cq_entries);
		cqe = &ring()->cqes[(*ring()->k_cq_tail - 1) & ring()->cq_mask];
	} while (cqe->flags & EXTRA);
	assert_int_equal(cqe->user_data, 7);
	assert_true(ccwring_cqe_good(cqe));
	check_reap(unread());
	assert_int_equal(n_requests, 0);
}
