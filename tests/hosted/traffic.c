// SPDX-License-Identifier: MIT
#include "traffic.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "unit.h"

#define PAGE	      4096U
#define ENTRIES	      16
/* Of a slot: its program, and behind it what it writes. */
#define PROGRAM	      (3 * PAGE)
#define PROGRAM_BYTES (TRAFFIC_SLOTS * PROGRAM)
/* Of a slot: what it reads; slots share pages. */
#define DATA	      (PAGE + PAGE / 2)
#define DATA_BYTES    (TRAFFIC_SLOTS * DATA)
#define DATA_PAGES    (DATA_BYTES / PAGE)
/* Lasting memory has both, and passing memory the latter. */
#define LASTING_IOVA  0x100000UL
#define LASTING_BYTES (PROGRAM_BYTES + DATA_BYTES)
#define PASSING_IOVA  0x1000000UL
#define UNTOUCHED     0xa5
#define PATH	      0x80

uint32_t dice(struct dice *d, uint32_t n)
{
	d->state ^= d->state << 13;
	d->state ^= d->state >> 7;
	d->state ^= d->state << 17;
	return (d->state >> 32) * n >> 32;
}

/* Slots */

static uint8_t *program_of(struct traffic *t, unsigned int slot)
{
	return t->lasting + slot * PROGRAM;
}

/* Changes with each discard of one of its pages of data; odd while there may be one. */
static uint32_t discards_of(struct traffic *t, unsigned int slot)
{
	uint32_t sum = 0, one, odd = 0;

	for (unsigned int page = slot * DATA / PAGE; page <= (slot * DATA + DATA - 1) / PAGE;
	     page++) {
		one = t->discards[page];
		odd |= one & 1;
		sum += one & ~1U;
	}
	return sum | odd;
}

/* A place for the next request: its number, or 0 when there is none. */
static uint64_t take_slot(struct traffic *t, unsigned int *slot)
{
	uint64_t start = 0;

	pthread_mutex_lock(&t->lock);
	for (unsigned int i = 0; i < TRAFFIC_SLOTS && !start; i++) {
		if (t->slots[i].start)
			continue;
		start = ++t->next;
		t->slots[i] = (struct traffic_slot){ .start = start };
		*slot = i;
	}
	pthread_mutex_unlock(&t->lock);
	return start;
}

static void give_slot_back(struct traffic *t, unsigned int slot)
{
	pthread_mutex_lock(&t->lock);
	t->slots[slot].start = 0;
	pthread_mutex_unlock(&t->lock);
}

unsigned int traffic_under_way(struct traffic *t)
{
	unsigned int n = 0;

	pthread_mutex_lock(&t->lock);
	for (unsigned int i = 0; i < TRAFFIC_SLOTS; i++)
		n += !!t->slots[i].start;
	pthread_mutex_unlock(&t->lock);
	return n;
}

/* Submission */

static void put_ccw(uint8_t *at, uint8_t cmd, uint8_t flags, uint16_t count, uint32_t data)
{
	struct ccwring_ccw ccw = ccwring_ccw_make(cmd, flags, count, data);

	memcpy(at, &ccw, sizeof(ccw));
}

/* What a start moves: its number, over and over. */
static void fill(uint8_t *to, uint64_t start, uint32_t size)
{
	for (uint32_t i = 0; i < size; i += sizeof(start))
		memcpy(to + i, &start, sizeof(start));
}

/* Writes its number to the device and reads it back, to memory that may go. */
static void prepare_start(struct traffic *t, struct dice *d, unsigned int slot,
			  struct vfio_ccw_ring_sqe *sqe, uint16_t index)
{
	static const uint32_t sizes[] = { 8, 8, 8, 600, PAGE, DATA };
	uint32_t iova = LASTING_IOVA + slot * PROGRAM, size = sizes[dice(d, 6)];
	uint8_t *program = program_of(t, slot);
	struct traffic_slot *s = &t->slots[slot];
	struct ccwring_orb orb;

	s->passing = dice(d, 2);
	put_ccw(program, CCWRING_CMD_WRITE, CCWRING_CCW_CC, size, iova + PAGE);
	put_ccw(program + 8, CCWRING_CMD_READ, 0, size,
		(s->passing ? PASSING_IOVA : LASTING_IOVA + PROGRAM_BYTES) + slot * DATA);
	fill(program + PAGE, s->start, size);
	pthread_rwlock_rdlock(&t->map_lock);
	s->size = size;
	s->map = t->map;
	s->discarded = discards_of(t, slot);
	pthread_rwlock_unlock(&t->map_lock);
	ccwring_orb_init(&orb, iova);
	ccwring_prep_start(sqe, index, &orb, s->start << 8 | slot);
	if (!dice(d, 4))
		sqe->flags |= VFIO_CCW_RING_SQE_RECOVER;
}

static void prepare(struct traffic *t, struct dice *d, unsigned int slot,
		    struct vfio_ccw_ring_sqe *sqe)
{
	static const uint8_t others[] = { VFIO_CCW_RING_OP_NOP, VFIO_CCW_RING_OP_HALT,
					  VFIO_CCW_RING_OP_CLEAR, VFIO_CCW_RING_OP_CANCEL,
					  VFIO_CCW_RING_OP_RESUME };
	uint16_t index = t->index[dice(d, TRAFFIC_DEVICES)];
	uint64_t start = t->slots[slot].start;

	memset(sqe, 0, sizeof(*sqe));
	if (dice(d, 40)) {
		prepare_start(t, d, slot, sqe, index);
		return;
	}
	sqe->opcode = others[dice(d, sizeof(others))];
	sqe->subchannel = index;
	sqe->user_data = start << 8 | slot;
	if (sqe->opcode == VFIO_CCW_RING_OP_CANCEL)
		sqe->target = (start - 1 - dice(d, 8)) << 8 | dice(d, TRAFFIC_SLOTS);
}

static long enter(struct traffic *t, uint32_t to_submit, uint32_t min, uint32_t flags, uint64_t ns)
{
	struct vfio_ccw_ring_enter enter = {
		.size = sizeof(enter),
		.to_submit = to_submit,
		.min_complete = min,
		.flags = flags,
		.timeout_ns = ns,
	};

	return hosted_ioctl(t->ring.setup.ring_fd, VFIO_CCW_RING_ENTER, (unsigned long)&enter);
}

/* Hands over what there is, or leaves it to the ring's thread. */
static void hand_over(struct traffic *t, struct dice *d)
{
	long ret = 0;

	if (!(t->flags & VFIO_CCW_RING_SETUP_THREAD) || !dice(d, 8))
		ret = enter(t, ENTRIES, 0, 0, 0);
	else if (__atomic_load_n(t->ring.flags, __ATOMIC_SEQ_CST) & VFIO_CCW_RING_NEED_WAKEUP)
		ret = enter(t, 0, 0, VFIO_CCW_RING_ENTER_WAKEUP, 0);
	CHECK(ret >= 0 || ret == -EBUSY);
}

void traffic_submit(struct traffic *t, struct dice *d)
{
	struct vfio_ccw_ring_sqe *sqe;
	unsigned int slot;

	pthread_rwlock_rdlock(&t->ring_lock);
	pthread_mutex_lock(&t->sq_lock);
	for (uint32_t n = 1 + dice(d, 8); n-- && take_slot(t, &slot);) {
		sqe = ccwring_get_sqe(&t->ring.ring);
		if (!sqe) {
			give_slot_back(t, slot);
			break;
		}
		prepare(t, d, slot, sqe);
	}
	ccwring_flush(&t->ring.ring);
	pthread_mutex_unlock(&t->sq_lock);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	hand_over(t, d);
	pthread_rwlock_unlock(&t->ring_lock);
}

/* Completions */

/* Is this what becomes of a start when any of that happens to it? */
static bool legal(const struct vfio_ccw_ring_cqe *cqe)
{
	static const struct {
		int res;
		uint16_t reason;
	} ends[] = {
		{ -ENXIO, VFIO_CCW_RING_R_SUBCHANNEL },
		{ -EFAULT, VFIO_CCW_RING_R_DATA_UNMAPPED },
		{ -ENOMEM, VFIO_CCW_RING_R_PIN_LIMIT },
		{ -EBUSY, VFIO_CCW_RING_R_PAGE_BUSY },
		{ -ECANCELED, VFIO_CCW_RING_R_HELD },
		{ -ECANCELED, VFIO_CCW_RING_R_FLUSHED },
		{ -EBUSY, VFIO_CCW_RING_R_BUSY },
		{ -ENODEV, VFIO_CCW_RING_R_NOT_OPERATIONAL },
		{ -ECANCELED, VFIO_CCW_RING_R_CLOSED },
		{ -ECANCELED, VFIO_CCW_RING_R_RESET },
		{ -ENODEV, VFIO_CCW_RING_R_GONE },
		{ -ECANCELED, VFIO_CCW_RING_R_UNMAPPED },
		{ -ECANCELED, VFIO_CCW_RING_R_PATH_LOST },
		{ -ECANCELED, VFIO_CCW_RING_R_CANCELED },
		/* It was under way, and has not answered. */
		{ -ENODEV, VFIO_CCW_RING_R_CLOSED },
		{ -ENODEV, VFIO_CCW_RING_R_UNMAPPED },
		{ -ENODEV, VFIO_CCW_RING_R_PATH_LOST },
	};

	for (unsigned int i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (cqe->res == ends[i].res && cqe->reason == ends[i].reason)
			return true;
	return !cqe->res && !cqe->reason;
}

/* It has read its number into the memory that there is. */
static void check_data(struct traffic *t, const struct traffic_slot *s, unsigned int slot)
{
	const uint8_t *data = t->lasting + PROGRAM_BYTES;
	uint8_t expected[DATA];

	fill(expected, s->start, s->size);
	pthread_rwlock_rdlock(&t->map_lock);
	if (s->passing)
		data = s->map == t->map ? t->passing[t->map % 2] : NULL;
	if (data && !(s->discarded & 1) && s->discarded == discards_of(t, slot)) {
		CHECK(!memcmp(data + slot * DATA, expected, s->size));
		t->checked++;
	}
	pthread_rwlock_unlock(&t->map_lock);
}

static void end(struct traffic *t, const struct vfio_ccw_ring_cqe *cqe)
{
	unsigned int slot = cqe->user_data & 0xff;
	struct traffic_slot s;

	CHECK(slot < TRAFFIC_SLOTS);
	pthread_mutex_lock(&t->lock);
	s = t->slots[slot];
	pthread_mutex_unlock(&t->lock);
	CHECK(s.start && s.start == cqe->user_data >> 8);
	t->ended++;
	if (s.size && !legal(cqe)) {
		fprintf(stderr, "start: res %d reason %u\n", cqe->res, cqe->reason);
		abort();
	}
	if (s.size && ccwring_cqe_good(cqe)) {
		t->good++;
		check_data(t, &s, slot);
	}
	give_slot_back(t, slot);
}

static void reap(struct traffic *t)
{
	const struct vfio_ccw_ring_cqe *cqe;

	while ((cqe = ccwring_cq_next(&t->ring.ring, 0))) {
		if (!(cqe->flags & (VFIO_CCW_RING_CQE_UNSOLICITED | VFIO_CCW_RING_CQE_MORE)))
			end(t, cqe);
		ccwring_cqe_seen(&t->ring.ring, 1);
	}
}

void traffic_reap(struct traffic *t)
{
	long ret;

	pthread_rwlock_rdlock(&t->ring_lock);
	ret = enter(t, 0, 1, VFIO_CCW_RING_ENTER_TIMEOUT, 2000000);
	CHECK(ret >= 0 || ret == -ETIME);
	reap(t);
	pthread_rwlock_unlock(&t->ring_lock);
}

/* Events */

void traffic_map_anew(struct traffic *t)
{
	uint8_t *old = t->passing[t->map % 2], *new = t->passing[(t->map + 1) % 2];

	CHECK(!hosted_unmap(t->container, PASSING_IOVA, DATA_BYTES));
	pthread_rwlock_wrlock(&t->map_lock);
	memset(old, UNTOUCHED, DATA_BYTES);
	t->map++;
	pthread_rwlock_unlock(&t->map_lock);
	sched_yield();
	/* Nobody has written to it since it was unmapped. */
	for (size_t i = 0; i < DATA_BYTES && !t->stained; i++)
		CHECK(new[i] == UNTOUCHED);
	t->stained = false;
	CHECK(!hosted_map(t->container, new, PASSING_IOVA, DATA_BYTES));
}

/* A page that starts under way may use, or one of a program that nobody uses. */
void traffic_discard(struct traffic *t, struct dice *d)
{
	unsigned int page = dice(d, DATA_PAGES), slot;

	if (dice(d, 3)) {
		t->discards[page]++;
		if (dice(d, 2))
			hosted_discard(t->container, LASTING_IOVA + PROGRAM_BYTES + page * PAGE);
		else
			hosted_discard(t->container, PASSING_IOVA + page * PAGE);
		t->discards[page]++;
		return;
	}
	if (!take_slot(t, &slot))
		return;
	hosted_discard(t->container, LASTING_IOVA + slot * PROGRAM + dice(d, 3) * PAGE);
	give_slot_back(t, slot);
}

/* A ring that was closed goes when the last system call on it has ended. */
static void attach(struct traffic *t, int i)
{
	struct vfio_ccw_ring_attach attach = { .ring_fd = t->ring.setup.ring_fd };
	int ret;

	while ((ret = hosted_feature(t->device[i], CLIENT_ATTACH, &attach, sizeof(attach))) ==
	       -EBUSY)
		sched_yield();
	CHECK(!ret);
	t->index[i] = attach.subchannel;
}

static void detach(struct traffic *t, int i)
{
	struct vfio_ccw_ring_attach attach = { .ring_fd = -1 };

	CHECK(!hosted_feature(t->device[i], CLIENT_ATTACH, &attach, sizeof(attach)));
	t->index[i] = UINT16_MAX;
}

/* While others use the ring. */
void traffic_come_and_go(struct traffic *t)
{
	detach(t, 1);
	sched_yield();
	attach(t, 1);
}

static void open_ring(struct traffic *t)
{
	int ret;

	while ((ret = client_make_ring(&t->ring, t->device[0], ENTRIES, t->flags)) == -EBUSY)
		sched_yield();
	CHECK(!ret);
	t->index[0] = t->ring.setup.subchannel;
	attach(t, 1);
}

/* With its devices detached all that was consumed has ended, and the rest ends now. */
static void end_all(struct traffic *t)
{
	for (int i = 0; i < TRAFFIC_DEVICES; i++)
		detach(t, i);
	do {
		long ret = enter(t, ENTRIES, 0, 0, 0);

		CHECK(ret >= 0 || ret == -EBUSY);
		reap(t);
	} while (__atomic_load_n(t->ring.ring.k_sq_head, __ATOMIC_ACQUIRE) != t->ring.ring.sq_tail);
	reap(t);
	CHECK(!traffic_under_way(t));
}

/* Those that are under way end unseen. */
static void forget_all(struct traffic *t)
{
	pthread_mutex_lock(&t->lock);
	for (unsigned int i = 0; i < TRAFFIC_SLOTS; i++)
		t->slots[i].start = 0;
	pthread_mutex_unlock(&t->lock);
}

void traffic_new_ring(struct traffic *t, bool end_first)
{
	pthread_rwlock_wrlock(&t->ring_lock);
	if (end_first)
		end_all(t);
	hosted_close(t->ring.setup.ring_fd);
	forget_all(t);
	open_ring(t);
	pthread_rwlock_unlock(&t->ring_lock);
}

void traffic_answer(struct traffic *t, int device)
{
	if (hosted_stuck(t->device[device]))
		hosted_answer(t->device[device]);
}

/* Data may change anywhere, as by a discard. */
void traffic_late(struct traffic *t)
{
	pthread_rwlock_wrlock(&t->map_lock);
	for (unsigned int page = 0; page < DATA_PAGES; page++)
		t->discards[page] += 2;
	for (int i = 0; i < TRAFFIC_DEVICES; i++) {
		if (!hosted_stuck(t->device[i]))
			continue;
		hosted_late(t->device[i]);
		t->stained = true;
	}
	pthread_rwlock_unlock(&t->map_lock);
}

/* Nothing is under way on a device, for which nothing is kept in the end. */
static void free_device(struct hosted *device)
{
	if (hosted_stuck(device))
		hosted_answer(device);
	while (hosted_wedged(device))
		usleep(1000);
	CHECK(!hosted_reset(device));
	hosted_free(device);
}

void traffic_new_device(struct traffic *t)
{
	detach(t, 1);
	pthread_rwlock_wrlock(&t->device_lock);
	free_device(t->device[1]);
	CHECK(!hosted_nop_new(t->container, &t->device[1]));
	pthread_rwlock_unlock(&t->device_lock);
	attach(t, 1);
}

void traffic_lose_path(struct traffic *t, struct dice *d)
{
	struct hosted *device;

	pthread_rwlock_rdlock(&t->device_lock);
	device = t->device[dice(d, TRAFFIC_DEVICES)];
	hosted_vary(device, PATH, false);
	usleep(dice(d, 300));
	if (!dice(d, 3))
		hosted_settle(device);
	hosted_vary(device, PATH, true);
	pthread_rwlock_unlock(&t->device_lock);
}

/* Life */

static uint8_t *get_passing(void)
{
	uint8_t *memory = aligned_alloc(PAGE, DATA_BYTES);

	CHECK(memory);
	return memset(memory, UNTOUCHED, DATA_BYTES);
}

void traffic_open(struct traffic *t, uint32_t flags, bool huge)
{
	void *lasting;

	memset(t, 0, sizeof(*t));
	t->flags = flags;
	pthread_rwlock_init(&t->device_lock, NULL);
	pthread_rwlock_init(&t->ring_lock, NULL);
	pthread_rwlock_init(&t->map_lock, NULL);
	pthread_mutex_init(&t->sq_lock, NULL);
	pthread_mutex_init(&t->lock, NULL);
	t->passing[0] = get_passing();
	t->passing[1] = get_passing();
	t->discards = calloc(DATA_PAGES, sizeof(*t->discards));
	CHECK(t->discards);
	CHECK(!hosted_client_new(&t->container));
	CHECK(!hosted_map_frames(t->container, LASTING_IOVA, LASTING_BYTES, huge, &lasting));
	t->lasting = lasting;
	CHECK(!hosted_map(t->container, t->passing[0], PASSING_IOVA, DATA_BYTES));
	for (int i = 0; i < TRAFFIC_DEVICES; i++)
		CHECK(!hosted_nop_new(t->container, &t->device[i]));
	open_ring(t);
}

void traffic_close(struct traffic *t)
{
	end_all(t);
	hosted_close(t->ring.setup.ring_fd);
	for (int i = 0; i < TRAFFIC_DEVICES; i++)
		free_device(t->device[i]);
	CHECK(!hosted_pinned(t->container));
	hosted_client_free(t->container);
	free(t->passing[0]);
	free(t->passing[1]);
	free((void *)t->discards);
}
