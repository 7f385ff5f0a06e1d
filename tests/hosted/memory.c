// SPDX-License-Identifier: MIT
/*
 * A start touches the page its client has at an address when it is translated, or is
 * refused at once: memory that is discarded, unmapped and limited, with several devices
 * and clients.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/vfio_ccw_ring.h>

#include "client.h"
#include "unit.h"

#define PAGE	   4096UL
#define DEPTH	   32
#define PROGRAM	   CLIENT_IOVA
#define DATA	   (CLIENT_IOVA + 0x10000)
#define AREA	   0x400000UL
#define AREA_END   (AREA + 16 * PAGE)
/* A start that goes on until it is stopped. */
#define FOREVER_NS 3600000000000ULL
/* Nothing here waits for anything that comes later than this. */
#define AT_ONCE_S  2

/* A device and its ring. */
struct door {
	struct hosted *device;
	struct client_ring ring;
};

/* A process with a container. */
struct user {
	struct hosted_client *container;
	void *memory;
	struct door doors[3];
};

static struct user one, other;

static void door_open(struct user *user, unsigned int i)
{
	struct door *door = &user->doors[i];

	assert_int_equal(hosted_nop_new(user->container, &door->device), 0);
	client_open_ring(door->device, DEPTH, 0);
	door->ring = client_ring;
}

static void door_close(struct door *door)
{
	hosted_close(door->ring.setup.ring_fd);
	hosted_free(door->device);
}

static void user_open(struct user *user)
{
	assert_int_equal(hosted_client_new(&user->container), 0);
	assert_int_equal(hosted_map_frames(user->container, CLIENT_IOVA, CLIENT_BYTES, false,
					   &user->memory),
			 0);
	for (unsigned int i = 0; i < 3; i++)
		door_open(user, i);
}

static void user_close(struct user *user)
{
	for (unsigned int i = 0; i < 3; i++)
		door_close(&user->doors[i]);
	assert_int_equal(hosted_pinned(user->container), 0);
	hosted_client_free(user->container);
}

static int set_up(void **state)
{
	(void)state;
	user_open(&one);
	user_open(&other);
	alarm(60);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	user_close(&one);
	user_close(&other);
	alarm(0);
	return 0;
}

static void use(struct user *user, unsigned int i)
{
	client_container = user->container;
	client_memory = user->memory;
	client_device = user->doors[i].device;
	client_ring = user->doors[i].ring;
}

/* SENSE ID to the beginning of a page, or of so many. */
static void put_sense(uint64_t data, unsigned int pages)
{
	for (unsigned int i = 0; i < pages; i++)
		client_ccw(PROGRAM + i * 8, CCWRING_CMD_SENSE_ID,
			   CCWRING_CCW_SLI | (i + 1 < pages ? CCWRING_CCW_CC : 0), 7,
			   data + i * PAGE);
}

static struct vfio_ccw_ring_cqe start(struct user *user, unsigned int i, uint64_t data,
				      unsigned int pages)
{
	struct vfio_ccw_ring_cqe cqe;

	use(user, i);
	put_sense(data, pages);
	client_start(PROGRAM, 1);
	assert_int_equal(client_enter(1), 1);
	cqe = client_next();
	user->doors[i].ring = client_ring;
	return cqe;
}

/* It has worked, and its data are where the client sees them. */
static void start_well(struct user *user, unsigned int i, uint64_t data, unsigned int pages)
{
	struct vfio_ccw_ring_cqe cqe;

	use(user, i);
	for (unsigned int n = 0;
	     n < pages && data >= CLIENT_IOVA && data < CLIENT_IOVA + CLIENT_BYTES; n++)
		memset(client_at(data + n * PAGE), 0, 8);
	cqe = start(user, i, data, pages);
	assert_int_equal(cqe.res, 0);
	assert_true(ccwring_cqe_good(&cqe));
	for (unsigned int n = 0;
	     n < pages && data >= CLIENT_IOVA && data < CLIENT_IOVA + CLIENT_BYTES; n++)
		assert_int_equal(*(uint8_t *)client_at(data + n * PAGE), 0xff);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void start_refused(struct user *user, unsigned int i, uint64_t data, unsigned int pages,
			  int res, unsigned int reason)
{
	double begin = now();
	struct vfio_ccw_ring_cqe cqe = start(user, i, data, pages);

	assert_int_equal(cqe.res, res);
	assert_int_equal(cqe.reason, reason);
	assert_true(now() - begin < AT_ONCE_S);
}

/* A start that is under way until stop(). */
static void begin(struct user *user, unsigned int i, uint64_t data, unsigned int pages)
{
	use(user, i);
	hosted_service_time(client_device, FOREVER_NS);
	put_sense(data, pages);
	client_start(PROGRAM, 99);
	assert_int_equal(client_enter(0), 1);
	user->doors[i].ring = client_ring;
}

static void stop(struct user *user, unsigned int i)
{
	struct vfio_ccw_ring_cqe cqe;

	use(user, i);
	assert_int_equal(hosted_reset(client_device), 0);
	do
		cqe = client_next();
	while (cqe.user_data != 99);
	hosted_service_time(client_device, 0);
	user->doors[i].ring = client_ring;
}

/* VFIO would give the page out again that the first device has pinned still. */
static void first_use_by_a_second_device(void **state)
{
	(void)state;
	start_well(&one, 0, DATA, 4);
	hosted_discard(one.container, DATA);
	start_well(&one, 1, DATA, 4);
	start_well(&one, 0, DATA, 4);
	/* The program itself has been discarded: what is there now is carried out. */
	hosted_discard(one.container, PROGRAM);
	start_well(&one, 2, DATA + 4 * PAGE, 1);
	start_well(&one, 0, DATA + 5 * PAGE, 1);
}

static void used_when_discarded(void **state)
{
	(void)state;
	begin(&one, 0, DATA, 2);
	hosted_discard(one.container, DATA);
	for (unsigned int i = 0; i < 16; i++)
		start_refused(&one, 0, DATA, 2, -EBUSY, VFIO_CCW_RING_R_PAGE_BUSY);
	start_refused(&one, 1, DATA, 2, -EBUSY, VFIO_CCW_RING_R_PAGE_BUSY);
	/* Others go on. */
	start_well(&one, 1, DATA + PAGE, 1);
	stop(&one, 0);
	start_well(&one, 0, DATA, 2);
	start_well(&one, 1, DATA, 2);
}

static void used_by_two_when_discarded(void **state)
{
	(void)state;
	begin(&one, 0, DATA, 1);
	begin(&one, 1, DATA, 1);
	hosted_discard(one.container, DATA);
	start_refused(&one, 2, DATA, 1, -EBUSY, VFIO_CCW_RING_R_PAGE_BUSY);
	stop(&one, 0);
	start_refused(&one, 0, DATA, 1, -EBUSY, VFIO_CCW_RING_R_PAGE_BUSY);
	start_refused(&one, 2, DATA, 1, -EBUSY, VFIO_CCW_RING_R_PAGE_BUSY);
	stop(&one, 1);
	start_well(&one, 2, DATA, 1);
	start_well(&one, 0, DATA, 1);
	start_well(&one, 1, DATA, 1);
}

/* A page of a file is the file's, whoever maps it just now. */
static void paged_out(void **state)
{
	long pinned;

	(void)state;
	start_well(&one, 0, DATA, 2);
	pinned = hosted_pinned(one.container);
	hosted_page_out(one.container, DATA);
	start_well(&one, 0, DATA, 2);
	assert_int_equal(hosted_pinned(one.container), pinned);
	begin(&one, 1, DATA, 2);
	hosted_page_out(one.container, DATA);
	start_well(&one, 0, DATA, 2);
	stop(&one, 1);
	hosted_discard(one.container, DATA); /* truncated */
	start_well(&one, 0, DATA, 2);
}

#define HUGE	   0x800000UL
#define HUGE_PAGES 16

static uint8_t *huge_memory;

static void sense_huge(unsigned int i, unsigned int page)
{
	huge_memory[page * PAGE] = 0;
	start_well(&one, i, HUGE + page * PAGE, 1);
	assert_int_equal(huge_memory[page * PAGE], 0xff);
}

/* Pages of a large folio go one by one; what is left is good. */
static void huge_page(void **state)
{
	long pinned;

	(void)state;
	assert_int_equal(hosted_map_frames(one.container, HUGE, HUGE_PAGES * PAGE, true,
					   (void **)&huge_memory),
			 0);
	for (unsigned int i = 0; i < HUGE_PAGES; i++)
		sense_huge(0, i);
	pinned = hosted_pinned(one.container);
	for (unsigned int i = 0; i < HUGE_PAGES; i++)
		sense_huge(0, i);
	assert_int_equal(hosted_pinned(one.container), pinned);
	/* Until one is left, which is mapped once, as the whole was. */
	for (unsigned int i = 0; i + 1 < HUGE_PAGES; i++) {
		hosted_discard(one.container, HUGE + i * PAGE);
		sense_huge(i % 2, i);
		sense_huge(!(i % 2), i);
		sense_huge(i % 3, HUGE_PAGES - 1);
	}
	assert_int_equal(hosted_unmap(one.container, HUGE, HUGE_PAGES * PAGE), 0);
}

/* All but one at once, and what the first device has kept is another's first use. */
static void huge_page_but_one(void **state)
{
	(void)state;
	assert_int_equal(hosted_map_frames(one.container, HUGE, HUGE_PAGES * PAGE, true,
					   (void **)&huge_memory),
			 0);
	for (unsigned int i = 0; i < HUGE_PAGES; i++)
		sense_huge(0, i);
	for (unsigned int i = 1; i < HUGE_PAGES; i++)
		hosted_discard(one.container, HUGE + i * PAGE);
	sense_huge(1, 3);
	sense_huge(0, 3);
	sense_huge(0, 4);
	sense_huge(1, 0);
	sense_huge(0, 0);
	/* A start uses one that has gone, and one that has not. */
	begin(&one, 0, HUGE, 1);
	hosted_discard(one.container, HUGE);
	start_refused(&one, 1, HUGE, 1, -EBUSY, VFIO_CCW_RING_R_PAGE_BUSY);
	sense_huge(1, 5);
	stop(&one, 0);
	sense_huge(1, 0);
	assert_int_equal(hosted_unmap(one.container, HUGE, HUGE_PAGES * PAGE), 0);
}

/* A client that keeps VFIO waiting, with a page discarded at the address of another's. */
static void stalled_client(void **state)
{
	double begin_s = now();

	(void)state;
	start_well(&other, 0, DATA, 1);
	hosted_discard(other.container, DATA);
	hosted_stall(other.container, true);
	for (unsigned int i = 0; i < 100; i++) {
		start_well(&one, 0, DATA, 1);
		hosted_discard(one.container, DATA);
		start_well(&one, 1, DATA, 1);
		hosted_discard(one.container, DATA);
	}
	for (unsigned int i = 0; i < 10; i++) {
		door_close(&one.doors[2]);
		door_open(&one, 2);
		start_well(&one, 2, DATA + PAGE, 1);
	}
	assert_true(now() - begin_s < 30);
	hosted_stall(other.container, false);
	start_well(&other, 0, DATA, 1);
}

static void *memory_of_a_program(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

/* Starts on one device, again and again, each of which takes its time. */
struct hammer {
	pthread_t thread;
	struct door door;
	uint64_t program;
};

/* A command that is not to be halted before it has taken its time. */
static uint8_t slow_command(void *device, struct hosted_command *command)
{
	struct timespec ts = { .tv_nsec = 20000000 };

	(void)device;
	command->done = 0;
	nanosleep(&ts, NULL);
	return 0x0c; /* channel end, device end */
}

static const struct hosted_ops slow_ops = { .carry_out = slow_command };

static void slow_open(struct door *door)
{
	assert_int_equal(hosted_new(one.container, &slow_ops, NULL, &door->device), 0);
	client_open_ring(door->device, DEPTH, 0);
	door->ring = client_ring;
}

static atomic_bool enough;
static atomic_ulong good;

static void *hammer(void *data)
{
	struct hammer *h = data;
	struct client_ring *ring = &h->door.ring;

	while (!enough) {
		struct vfio_ccw_ring_sqe *sqe = ccwring_get_sqe(&ring->ring);
		const struct vfio_ccw_ring_cqe *cqe;
		struct ccwring_orb orb;

		if (sqe) {
			ccwring_orb_init(&orb, h->program);
			ccwring_prep_start(sqe, ring->setup.subchannel, &orb, 1);
			ccwring_flush(&ring->ring);
		}
		hosted_ioctl(ring->setup.ring_fd, VFIO_CCW_RING_SUBMIT, DEPTH);
		while ((cqe = ccwring_cq_next(&ring->ring, 0))) {
			good += ccwring_cqe_good(cqe);
			ccwring_cqe_seen(&ring->ring, 1);
		}
	}
	return NULL;
}

struct unmapper {
	pthread_t thread;
	struct user *user;
	uint64_t iova;
	void *memory;
	unsigned int times;
};

static void *unmap_and_map(void *data)
{
	struct unmapper *u = data;

	for (unsigned int i = 0; i < u->times; i++) {
		unsigned long before = good;

		/* All use it again. */
		while (good < before + 6)
			sched_yield();
		assert_int_equal(hosted_unmap(u->user->container, u->iova, 4 * PAGE), 0);
		assert_int_equal(hosted_map(u->user->container, u->memory, u->iova, 4 * PAGE), 0);
	}
	return NULL;
}

/*
 * Three devices pin what two threads unmap; the software container ends the program when
 * a range is pinned again too often meanwhile, as a real one ends the system.
 */
static void unmapped_under_three_devices(void **state)
{
	struct unmapper unmappers[2] = { { .user = &one, .iova = AREA, .times = 5 },
					 { .user = &one, .iova = AREA + 8 * PAGE, .times = 5 } };
	struct hammer hammers[3] = {};

	(void)state;
	enough = false;
	good = 0;
	for (unsigned int i = 0; i < 2; i++) {
		unmappers[i].memory = memory_of_a_program(4 * PAGE);
		assert_int_equal(hosted_map(one.container, unmappers[i].memory, unmappers[i].iova,
					    4 * PAGE),
				 0);
	}
	use(&one, 0);
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t program = PROGRAM + 0x100 * i;

		client_ccw(program, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI | CCWRING_CCW_CC, 7,
			   AREA);
		client_ccw(program + 8, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, 7, AREA + 8 * PAGE);
		hammers[i].program = program;
		slow_open(&hammers[i].door);
		pthread_create(&hammers[i].thread, NULL, hammer, &hammers[i]);
	}
	for (unsigned int i = 0; i < 2; i++)
		pthread_create(&unmappers[i].thread, NULL, unmap_and_map, &unmappers[i]);
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(unmappers[i].thread, NULL);
	enough = true;
	for (unsigned int i = 0; i < 3; i++) {
		pthread_join(hammers[i].thread, NULL);
		door_close(&hammers[i].door);
	}
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(hosted_unmap(one.container, unmappers[i].iova, 4 * PAGE), 0);
		munmap(unmappers[i].memory, 4 * PAGE);
	}
}

/* Who maps a range again gets at it at once. */
static void mapped_again(void **state)
{
	void *memory = memory_of_a_program(4 * PAGE);

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(hosted_map(one.container, memory, AREA, 4 * PAGE), 0);
		start_well(&one, i % 2, AREA, 4);
		assert_int_equal(hosted_unmap(one.container, AREA, 4 * PAGE), 0);
	}
	start_refused(&one, 0, AREA, 1, -EFAULT, VFIO_CCW_RING_R_DATA_UNMAPPED);
	munmap(memory, 4 * PAGE);
}

/* What one device does not use is another one's. */
static void limit_of_the_client(void **state)
{
	unsigned long refused;

	(void)state;
	hosted_limit(one.container, 40);
	start_well(&one, 0, DATA, 39);
	assert_int_equal(hosted_pinned(one.container), 40);
	for (unsigned int i = 0; i < 10; i++) {
		start_well(&one, 1, DATA, 16);
		start_well(&one, 2, DATA + 20 * PAGE, 16);
		start_well(&one, 0, DATA + 8 * PAGE, 16);
	}
	/* VFIO is not asked each time, because it logs. */
	refused = hosted_refused(one.container);
	for (unsigned int i = 0; i < 500; i++)
		start_well(&one, i % 3, DATA + i % 40 * PAGE, 4);
	assert_true(hosted_refused(one.container) - refused < 20);
	hosted_limit(one.container, 0);
}

static void limit_now_and_for_good(void **state)
{
	(void)state;
	hosted_limit(one.container, 8);
	start_refused(&one, 0, DATA, 12, -ENOMEM, VFIO_CCW_RING_R_PIN_LIMIT);
	start_well(&one, 0, DATA, 4);
	begin(&one, 1, DATA + 4 * PAGE, 5);
	start_refused(&one, 0, DATA, 4, -EBUSY, VFIO_CCW_RING_R_PAGE_BUSY);
	stop(&one, 1);
	start_well(&one, 0, DATA, 4);
	hosted_limit(one.container, 0);
}

static void aged(void **state)
{
	(void)state;
	start_well(&one, 0, DATA, 30);
	begin(&one, 1, DATA, 2);
	assert_false(hosted_age(one.doors[0].device));
	start_well(&one, 0, DATA, 1);
	assert_false(hosted_age(one.doors[0].device));
	/* Used since: the program's page and one of data; three are the other device's. */
	assert_int_equal(hosted_pinned(one.container), 5);
	assert_false(hosted_age(one.doors[0].device));
	assert_false(hosted_age(one.doors[1].device));
	assert_false(hosted_age(one.doors[1].device));
	assert_int_equal(hosted_pinned(one.container), 3);
	stop(&one, 1);
	assert_false(hosted_age(one.doors[1].device));
	assert_false(hosted_age(one.doors[1].device));
	assert_int_equal(hosted_pinned(one.container), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

RUN(TEST(first_use_by_a_second_device), TEST(used_when_discarded), TEST(used_by_two_when_discarded),
    TEST(paged_out), TEST(huge_page), TEST(huge_page_but_one), TEST(stalled_client),
    TEST(unmapped_under_three_devices), TEST(mapped_again), TEST(limit_of_the_client),
    TEST(limit_now_and_for_good), TEST(aged))
