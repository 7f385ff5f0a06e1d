// SPDX-License-Identifier: MIT
/* region_queue.c - requests and completions behind the I/O region */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "region_queue.h"

/* TOD clock, STCKF format; 0 where there is none. */
static uint64_t tod_clock(void)
{
	uint64_t tod = 0;

#ifdef __s390x__
	__asm__ volatile("stckf %0" : "=Q"(tod) : : "cc");
#endif
	return tod;
}

static void list_init(struct request_list *list)
{
	list->first = NULL;
	list->last = &list->first;
}

static void list_add(struct request_list *list, struct request *req)
{
	req->next = NULL;
	*list->last = req;
	list->last = &req->next;
}

static struct request *list_take(struct request_list *list)
{
	struct request *req = list->first;

	if (!req)
		return NULL;
	list->first = req->next;
	if (!list->first)
		list->last = &list->first;
	return req;
}

static struct request *list_take_target(struct request_list *list, uint64_t target)
{
	struct request **link, *req;

	for (link = &list->first; (req = *link); link = &req->next) {
		if (req->sqe.user_data != target)
			continue;
		*link = req->next;
		if (list->last == &req->next)
			list->last = link;
		return req;
	}
	return NULL;
}

int region_queue_add(struct region_queue *q, struct ccwring_device *dev, int eventfd)
{
	struct region_sch *sch = q->schs;

	while (sch < q->schs + q->n_schs && sch->dev)
		sch++;
	if (sch == q->schs + VFIO_CCW_RING_MAX_SUBCHANNELS)
		return -ENOSPC;
	*sch = (struct region_sch){ .dev = dev, .eventfd = eventfd };
	list_init(&sch->waiting);
	list_init(&sch->async);
	if (sch == q->schs + q->n_schs)
		q->n_schs++;
	return sch - q->schs;
}

int region_queue_remove(struct region_queue *q, const struct ccwring_device *dev)
{
	struct region_sch *sch = q->schs;

	while (sch->dev != dev)
		sch++;
	if (sch->running || sch->waiting.first || sch->async.first)
		return -EBUSY;
	sch->dev = NULL;
	q->n_kept -= sch->kept;
	sch->kept = false;
	return sch->eventfd;
}

int region_queue_init(struct region_queue *q, uint32_t sq_entries, uint32_t cq_entries)
{
	q->sq_entries = sq_entries;
	q->cq_entries = cq_entries;
	q->sqes = calloc(sq_entries, sizeof(*q->sqes));
	q->cqes = calloc(cq_entries, sizeof(*q->cqes));
	q->pool = calloc(cq_entries, sizeof(*q->pool));
	q->schs = calloc(VFIO_CCW_RING_MAX_SUBCHANNELS, sizeof(*q->schs));
	if (!q->sqes || !q->cqes || !q->pool || !q->schs) {
		region_queue_fini(q);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < cq_entries; i++) {
		q->pool[i].next = q->free;
		q->free = &q->pool[i];
	}
	pthread_mutex_init(&q->lock, NULL);
	return 0;
}

void region_queue_fini(struct region_queue *q)
{
	free(q->sqes);
	free(q->cqes);
	free(q->pool);
	free(q->schs);
}

uint32_t region_queue_ready(const struct region_queue *q)
{
	/* Acquire: pairs with the reaper's release of the CQ head. */
	return q->cq_tail - __atomic_load_n(&q->cq_head, __ATOMIC_ACQUIRE);
}

static bool has_room(const struct region_queue *q)
{
	return region_queue_ready(q) + q->reserved < q->cq_entries;
}

static struct vfio_ccw_ring_cqe *next_cqe(struct region_queue *q, const struct region_sch *sch)
{
	struct vfio_ccw_ring_cqe *cqe = &q->cqes[q->cq_tail & (q->cq_entries - 1)];

	memset(cqe, 0, sizeof(*cqe));
	cqe->subchannel = sch - q->schs;
	cqe->tod = tod_clock();
	return cqe;
}

static void publish_cqe(struct region_queue *q)
{
	/* Release: pairs with the reaper's acquire of the CQ tail. */
	__atomic_store_n(&q->cq_tail, q->cq_tail + 1, __ATOMIC_RELEASE);
}

static void put_irb(struct region_sch *sch, struct vfio_ccw_ring_cqe *cqe, const uint8_t *irb)
{
	cqe->flags |= VFIO_CCW_RING_CQE_IRB;
	memcpy(cqe->irb, irb, sizeof(cqe->irb));
	if (sch->merged[0] | sch->merged[1]) {
		cqe->flags |= VFIO_CCW_RING_CQE_MERGED;
		cqe->irb[8] |= sch->merged[0];
		cqe->irb[9] |= sch->merged[1];
		memset(sch->merged, 0, sizeof(sch->merged));
	}
}

/* The terminal completion of a request; its slot was set aside. */
static void complete(struct region_queue *q, struct region_sch *sch, struct request *req, int res,
		     unsigned int reason, const uint8_t *irb)
{
	struct vfio_ccw_ring_cqe *cqe = next_cqe(q, sch);

	cqe->subchannel = req->sqe.subchannel;
	cqe->user_data = req->sqe.user_data;
	cqe->res = res;
	cqe->reason = reason;
	if (irb)
		put_irb(sch, cqe, irb);
	if (!res && cqe->flags == VFIO_CCW_RING_CQE_IRB && ccwring_irb_good(irb))
		cqe->flags |= VFIO_CCW_RING_CQE_GOOD;
	publish_cqe(q);
	q->reserved--;
	req->next = q->free;
	q->free = req;
}

/* Status of a request that goes on; without room it goes out with the end. */
static void post_more(struct region_queue *q, struct region_sch *sch, uint64_t user_data,
		      const uint8_t *irb)
{
	struct vfio_ccw_ring_cqe *cqe;

	if (!has_room(q)) {
		sch->merged[0] |= ccwring_irb_dstat(irb);
		sch->merged[1] |= ccwring_irb_cstat(irb);
		return;
	}
	cqe = next_cqe(q, sch);
	cqe->flags = VFIO_CCW_RING_CQE_MORE;
	cqe->user_data = user_data;
	put_irb(sch, cqe, irb);
	publish_cqe(q);
}

/* Nothing of this part of a start's status is a failure. */
static bool harmless(const uint8_t *irb)
{
	return !(ccwring_irb_dstat(irb) & ~(CCWRING_DSTAT_CHN_END | CCWRING_DSTAT_DEV_END)) &&
	       !(ccwring_irb_cstat(irb) & ~CCWRING_CSTAT_PCI) && !ccwring_irb_cc(irb);
}

/* Does status nobody asked for hold starts? */
static bool holds(const uint8_t *irb)
{
	return ccwring_irb_dstat(irb) & CCWRING_DSTAT_UNIT_CHECK;
}

/* The completion that comes next has to be seen before anything is started. */
static void fail(const struct region_queue *q, struct region_sch *sch)
{
	sch->failed = true;
	sch->failed_at = q->cq_tail;
}

/* Status nobody asked for, when there is room for it. */
static void post_kept(struct region_queue *q, struct region_sch *sch)
{
	struct vfio_ccw_ring_cqe *cqe;

	if (!sch->kept || !has_room(q))
		return;
	if (sch->failed && holds(sch->kept_irb))
		fail(q, sch);
	cqe = next_cqe(q, sch);
	cqe->flags = VFIO_CCW_RING_CQE_UNSOLICITED | VFIO_CCW_RING_CQE_IRB;
	if (sch->kept_merged)
		cqe->flags |= VFIO_CCW_RING_CQE_MERGED;
	memcpy(cqe->irb, sch->kept_irb, sizeof(cqe->irb));
	publish_cqe(q);
	sch->kept = false;
	q->n_kept--;
}

static void unsolicited(struct region_queue *q, struct region_sch *sch, const uint8_t *irb)
{
	uint8_t dstat = sch->kept ? ccwring_irb_dstat(sch->kept_irb) : 0;
	uint8_t cstat = sch->kept ? ccwring_irb_cstat(sch->kept_irb) : 0;

	memcpy(sch->kept_irb, irb, sizeof(sch->kept_irb));
	sch->kept_irb[8] |= dstat;
	sch->kept_irb[9] |= cstat;
	sch->kept_merged = sch->kept;
	q->n_kept += !sch->kept;
	sch->kept = true;
	if (holds(irb))
		fail(q, sch);
	post_kept(q, sch);
}

/* What the region's errno says about the subchannel. */
static unsigned int reason_of(int err)
{
	if (err == -EBUSY)
		return VFIO_CCW_RING_R_BUSY;
	if (err == -ENODEV || err == -EACCES)
		return VFIO_CCW_RING_R_NOT_OPERATIONAL;
	return VFIO_CCW_RING_R_NONE;
}

static int write_region(const struct region_sch *sch, enum region region, const void *buf,
			size_t size)
{
	ssize_t n;

	if (sch->dev->region[region].size < size)
		return -EOPNOTSUPP;
	/* EAGAIN: the driver is about to take status from the subchannel. */
	do
		n = pwrite(sch->dev->fd, buf, size, sch->dev->region[region].offset);
	while (n < 0 && errno == EAGAIN);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EIO;
}

static int write_start(const struct region_sch *sch, const struct vfio_ccw_ring_sqe *sqe)
{
	struct ccw_io_region region = { .ret_code = 0 };

	memcpy(region.orb_area, sqe->orb, sizeof(region.orb_area));
	ccwring_put_be32(region.scsw_area, CCWRING_SCSW_FC_START);
	return write_region(sch, REGION_IO, &region, sizeof(region));
}

/* A start failed, and the reaper has not seen its completion yet. */
static bool held(struct region_queue *q, struct region_sch *sch)
{
	uint32_t cq_head = __atomic_load_n(&q->cq_head, __ATOMIC_ACQUIRE);

	if (sch->failed && !(sch->kept && holds(sch->kept_irb)) &&
	    (int32_t)(cq_head - sch->failed_at) > 0)
		sch->failed = false;
	return sch->failed;
}

static void start(struct region_queue *q, struct region_sch *sch, struct request *req)
{
	int err;

	if (req->sqe.flags & VFIO_CCW_RING_SQE_RECOVER)
		sch->failed = false;
	if (held(q, sch)) {
		complete(q, sch, req, -ECANCELED, VFIO_CCW_RING_R_HELD, NULL);
		return;
	}
	err = write_start(sch, &req->sqe);
	if (err) {
		complete(q, sch, req, err, reason_of(err), NULL);
		return;
	}
	sch->running = req;
	sch->part_failed = false;
}

static void start_waiting(struct region_queue *q, struct region_sch *sch)
{
	while (!sch->running && !sch->async.first && sch->waiting.first)
		start(q, sch, list_take(&sch->waiting));
}

static void halt_or_clear(struct region_queue *q, struct region_sch *sch, struct request *req)
{
	struct ccw_cmd_region region = {
		.command = req->sqe.opcode == VFIO_CCW_RING_OP_HALT ? VFIO_CCW_ASYNC_CMD_HSCH
								    : VFIO_CCW_ASYNC_CMD_CSCH,
	};
	int err = write_region(sch, REGION_CMD, &region, sizeof(region));

	if (err) {
		complete(q, sch, req, err, reason_of(err), NULL);
		return;
	}
	list_add(&sch->async, req);
	while (sch->waiting.first)
		complete(q, sch, list_take(&sch->waiting), -ECANCELED, VFIO_CCW_RING_R_FLUSHED,
			 NULL);
}

/* The region has no CANCEL SUBCHANNEL: only what waits here can be taken back. */
static void cancel(struct region_queue *q, struct region_sch *sch, struct request *req)
{
	uint64_t target = req->sqe.target;
	struct request *start = list_take_target(&sch->waiting, target);

	if (start) {
		complete(q, sch, start, -ECANCELED, VFIO_CCW_RING_R_CANCELED, NULL);
		complete(q, sch, req, 0, VFIO_CCW_RING_R_NONE, NULL);
	} else if (sch->running && sch->running->sqe.user_data == target) {
		complete(q, sch, req, -EBUSY, VFIO_CCW_RING_R_BUSY, NULL);
	} else {
		complete(q, sch, req, -ENOENT, VFIO_CCW_RING_R_NO_START, NULL);
	}
}

/* Words of 32 bits. */
static bool all_zero(const uint8_t *words, size_t n)
{
	uint32_t ones = 0;

	for (; n--; words += 4)
		ones |= ccwring_get_be32(words);
	return !ones;
}

/* Bits of the ORB's second word that are refused, each with a reason of its own. */
static const struct {
	uint32_t bit;
	unsigned int reason;
} unsupported[] = {
	{ CCWRING_ORB_B, VFIO_CCW_RING_R_ORB_TRANSPORT },
	{ CCWRING_ORB_D, VFIO_CCW_RING_R_ORB_MIDAW },
	{ CCWRING_ORB_S, VFIO_CCW_RING_R_ORB_SUSPEND },
	{ CCWRING_ORB_A, VFIO_CCW_RING_R_ORB_ADDR_LIMIT },
	{ CCWRING_ORB_X, VFIO_CCW_RING_R_ORB_EXTENSION },
};
#define ORB_RESERVED 0x0000003eU
#define ORB_ZERO                                                                        \
	(ORB_RESERVED | CCWRING_ORB_B | CCWRING_ORB_D | CCWRING_ORB_S | CCWRING_ORB_A | \
	 CCWRING_ORB_X)
#define CPA_ZERO 0x80000007U

/* Why an ORB is refused that is not good. */
static unsigned int orb_reason(const uint8_t *orb, uint32_t word1, int *err)
{
	*err = -EOPNOTSUPP;
	for (size_t i = 0; i < ARRAY_SIZE(unsupported); i++)
		if (word1 & unsupported[i].bit)
			return unsupported[i].reason;
	if (!all_zero(orb + 12, 5))
		return VFIO_CCW_RING_R_ORB_EXTENSION;
	if (!(word1 & CCWRING_ORB_P))
		return VFIO_CCW_RING_R_ORB_PREFETCH;
	*err = -EINVAL;
	if (word1 & ORB_RESERVED)
		return VFIO_CCW_RING_R_ORB_RESERVED;
	return all_zero(orb, 1) ? VFIO_CCW_RING_R_ORB_CPA : VFIO_CCW_RING_R_ORB_INTPARM;
}

/* What a driver with rings refuses of an ORB, of which a region takes no notice in part. */
static unsigned int check_orb(const uint8_t *orb, int *err)
{
	uint32_t word1 = ccwring_get_be32(orb + 4), cpa = ccwring_get_be32(orb + 8);

	*err = 0;
	if ((word1 & (ORB_ZERO | CCWRING_ORB_P)) == CCWRING_ORB_P && !(cpa & CPA_ZERO) &&
	    all_zero(orb, 1) && all_zero(orb + 12, 5))
		return VFIO_CCW_RING_R_NONE;
	return orb_reason(orb, word1, err);
}

/* What a driver checks of an entry. */
static unsigned int check(const struct region_queue *q, const struct vfio_ccw_ring_sqe *sqe,
			  int *err)
{
	*err = -EINVAL;
	/* Nor does it have RESUME SUBCHANNEL. */
	if (sqe->opcode > VFIO_CCW_RING_OP_CANCEL) {
		*err = -EOPNOTSUPP;
		return VFIO_CCW_RING_R_OPCODE;
	}
	if (sqe->flags & ~VFIO_CCW_RING_SQE_RECOVER)
		return VFIO_CCW_RING_R_SQE_FLAGS;
	if (sqe->reserved0 || sqe->reserved ||
	    (sqe->target && sqe->opcode != VFIO_CCW_RING_OP_CANCEL) ||
	    (sqe->opcode != VFIO_CCW_RING_OP_START && !all_zero(sqe->orb, sizeof(sqe->orb) / 4)))
		return VFIO_CCW_RING_R_SQE_RESERVED;
	if (sqe->subchannel >= q->n_schs || !q->schs[sqe->subchannel].dev) {
		*err = -ENXIO;
		return VFIO_CCW_RING_R_SUBCHANNEL;
	}
	if (sqe->opcode == VFIO_CCW_RING_OP_START)
		return check_orb(sqe->orb, err);
	*err = 0;
	return VFIO_CCW_RING_R_NONE;
}

static void accept_request(struct region_queue *q, struct request *req)
{
	struct region_sch *sch = &q->schs[req->sqe.subchannel];
	int err;
	unsigned int reason = check(q, &req->sqe, &err);

	if (err || req->sqe.opcode == VFIO_CCW_RING_OP_NOP) {
		complete(q, err == -ENXIO ? q->schs : sch, req, err, reason, NULL);
	} else if (req->sqe.opcode == VFIO_CCW_RING_OP_START) {
		list_add(&sch->waiting, req);
		start_waiting(q, sch);
	} else if (req->sqe.opcode == VFIO_CCW_RING_OP_CANCEL) {
		cancel(q, sch, req);
	} else {
		halt_or_clear(q, sch, req);
	}
}

int region_queue_consume(struct region_queue *q)
{
	/* Acquire: pairs with the submitter's release of the SQ tail. */
	uint32_t tail = __atomic_load_n(&q->sq_tail, __ATOMIC_ACQUIRE);
	int n = 0;

	for (unsigned int i = 0; q->n_kept && i < q->n_schs; i++)
		post_kept(q, &q->schs[i]);
	while (q->sq_head != tail && has_room(q)) {
		struct request *req = q->free;

		q->free = req->next;
		q->reserved++;
		req->sqe = q->sqes[q->sq_head & (q->sq_entries - 1)];
		accept_request(q, req);
		/* Release: pairs with the submitter's acquire of the SQ head. */
		__atomic_store_n(&q->sq_head, q->sq_head + 1, __ATOMIC_RELEASE);
		n++;
	}
	return n;
}

/* The end may come in parts, channel end first.  A start that was stopped has not failed,
 * unless the device has something to say. */
static bool start_failed(const struct region_sch *sch, const uint8_t *irb, bool stopped)
{
	if (stopped)
		return holds(irb);
	return sch->part_failed || !harmless(irb) ||
	       !(ccwring_irb_dstat(irb) & CCWRING_DSTAT_DEV_END);
}

/* The start is over, and if the status is that of a halt or clear, so are
 * they. */
static void finish(struct region_queue *q, struct region_sch *sch, const uint8_t *irb)
{
	bool async = ccwring_irb_word0(irb) & (CCWRING_SCSW_FC_HALT | CCWRING_SCSW_FC_CLEAR);
	struct request *req = sch->running;

	if (!req)
		async = true;
	if (req) {
		sch->running = NULL;
		if (start_failed(sch, irb, async))
			fail(q, sch);
		complete(q, sch, req, 0, VFIO_CCW_RING_R_NONE, irb);
	}
	while (async && (req = list_take(&sch->async)))
		complete(q, sch, req, 0, VFIO_CCW_RING_R_NONE, irb);
}

int region_queue_reap(struct region_queue *q, struct region_sch *sch)
{
	struct ccw_io_region region;
	const uint8_t *irb = region.irb_area;
	ssize_t n = pread(sch->dev->fd, &region, sizeof(region),
			  sch->dev->region[REGION_IO].offset);

	if (n != (ssize_t)sizeof(region))
		return n < 0 ? -errno : -EIO;
	if ((!sch->running && !sch->async.first) || ccwring_irb_unsolicited(irb)) {
		unsolicited(q, sch, irb);
	} else if (!ccwring_irb_final(irb)) {
		sch->part_failed |= !harmless(irb);
		post_more(q, sch, (sch->running ? sch->running : sch->async.first)->sqe.user_data,
			  irb);
	} else {
		finish(q, sch, irb);
	}
	start_waiting(q, sch);
	return 0;
}
