// SPDX-License-Identifier: MIT
/*
 * stress.c [SECONDS SEED] - everything that can happen to a client, at once
 *
 * Two clients, each with two devices on a ring, in all modes of a ring: threads that
 * submit, one that reaps, one that only waits, and one that has things happen: paths go
 * and come, devices are reset, detached, closed and made anew, rings are closed, memory
 * is unmapped, discarded, or may not be pinned, starts go wrong.  traffic.c says what has
 * to be right.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "traffic.h"
#include "unit.h"

#define CLIENTS	 2
/* Nobody needs so long for anything. */
#define PATIENCE 60
/* Starts whose data have been looked at. */
#define ENOUGH	 50

#ifdef __SANITIZE_THREAD__
/* A batch holds the locks of its devices in any order, all of them under the ring's. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "deadlock:vccw_part_begin\n";
}
#endif

static unsigned int seconds = 2;
static uint64_t seed = 1;
static struct traffic clients[CLIENTS];
static _Atomic bool over, ended;
static _Atomic uint64_t happened[CLIENTS];

static struct dice dice_of(unsigned int who)
{
	return (struct dice){ .state = (seed * 1000 + who) * 0x9e3779b97f4a7c15ULL | 1 };
}

static void pause_us(unsigned int us)
{
	nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
}

/* Threads */

struct worker {
	pthread_t thread;
	struct traffic *client;
	unsigned int who;
};

static void *submit(void *arg)
{
	struct worker *w = arg;
	struct dice d = dice_of(w->who);

	while (!over) {
		traffic_submit(w->client, &d);
		if (!dice(&d, 4))
			pause_us(dice(&d, 200));
	}
	return NULL;
}

static void *reap(void *arg)
{
	struct worker *w = arg;

	while (!over)
		traffic_reap(w->client);
	return NULL;
}

/* Has a number that may be any ring's by now, or nobody's. */
static void *wait_beside(void *arg)
{
	struct worker *w = arg;
	struct dice d = dice_of(w->who);
	struct vfio_ccw_ring_enter enter = {
		.min_complete = 1,
		.flags = VFIO_CCW_RING_ENTER_TIMEOUT,
	};

	while (!over) {
		enter.timeout_ns = dice(&d, 1000000);
		if (hosted_ioctl(dice(&d, CLIENTS), VFIO_CCW_RING_ENTER, (unsigned long)&enter) < 0)
			pause_us(100);
		hosted_poll(dice(&d, CLIENTS));
	}
	return NULL;
}

static void *lose_paths(void *arg)
{
	struct worker *w = arg;
	struct dice d = dice_of(w->who);

	while (!over) {
		traffic_lose_path(w->client, &d);
		pause_us(dice(&d, 1000));
	}
	return NULL;
}

static void change_faults(struct hosted *device, struct dice *d)
{
	struct hosted_faults faults = {
		.kinds = dice(d, 2) ? 0 : dice(d, 1U << HOSTED_N_FAULTS) & ~1U,
		.one_in = 2 + dice(d, 50),
		.seed = dice(d, 1U << 31),
	};

	hosted_faults(device, &faults);
	hosted_service_time(device, dice(d, 3) ? 0 : dice(d, 300000));
}

static void happen(struct traffic *t, struct dice *d)
{
	unsigned int which = dice(d, TRAFFIC_DEVICES);
	struct hosted *device = t->device[which];

	switch (dice(d, 14)) {
	case 0:
	case 1:
		hosted_reset(device); /* which fails if it does not answer */
		break;
	case 2:
	case 3:
		traffic_map_anew(t);
		break;
	case 4:
		change_faults(device, d);
		break;
	case 5:
		hosted_attention(device);
		break;
	case 6:
		hosted_limit(t->container, dice(d, 2) ? 0 : 10 + dice(d, 200));
		break;
	case 7:
		traffic_come_and_go(t);
		break;
	case 8:
		traffic_new_ring(t, dice(d, 2));
		break;
	case 9:
		traffic_new_device(t);
		break;
	case 10:
		traffic_answer(t, which);
		break;
#ifndef __SANITIZE_THREAD__ /* which rightly says that the client does not know of it */
	case 11:
		traffic_late(t);
		break;
#endif
	default:
		traffic_discard(t, d);
	}
}

static void *have_things_happen(void *arg)
{
	struct worker *w = arg;
	struct dice d = dice_of(w->who);

	for (; !over; happened[w->client - clients]++) {
		happen(w->client, &d);
		pause_us(dice(&d, 500));
	}
	return NULL;
}

/* Somebody is stuck: who, and where? */
static void complain(void)
{
	char command[128];

	for (int i = 0; i < CLIENTS; i++) {
		struct ccwring_ring *ring = &clients[i].ring.ring;

		fprintf(stderr,
			"client %d: %u requests under way, %llu ended, %llu things happened; "
			"SQ %u to %u, CQ %u to %u\n",
			i, traffic_under_way(&clients[i]), (unsigned long long)clients[i].ended,
			(unsigned long long)happened[i], *ring->k_sq_head, *ring->k_sq_tail,
			*ring->k_cq_head, *ring->k_cq_tail);
	}
	snprintf(command, sizeof(command),
		 "gdb -p %d -batch -ex 'thread apply all backtrace' 2>/dev/null >&2", getpid());
	if (system(command))
		fprintf(stderr, "no gdb says where the threads are\n");
	abort();
}

static uint64_t progress(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < CLIENTS; i++)
		sum += clients[i].ended + happened[i];
	return sum;
}

static void *watch(void *arg)
{
	uint64_t before = 0, now;
	unsigned int idle = 0;

	(void)arg;
	while (!ended) {
		pause_us(100000);
		now = progress();
		idle = now == before ? idle + 1 : 0;
		before = now;
		if (idle > PATIENCE * 10)
			complain();
	}
	return NULL;
}

static void run(uint32_t flags)
{
	void *(*const what[])(void *) = {
		submit, submit, reap, wait_beside, have_things_happen, lose_paths,
	};
	enum {
		EACH = sizeof(what) / sizeof(what[0])
	};
	struct worker workers[CLIENTS * EACH];
	pthread_t watchdog;

	over = ended = false;
	for (int i = 0; i < CLIENTS; i++)
		traffic_open(&clients[i], flags, i);
	CHECK(!pthread_create(&watchdog, NULL, watch, NULL));
	for (unsigned int i = 0; i < CLIENTS * EACH; i++) {
		workers[i].client = &clients[i / EACH];
		workers[i].who = i;
		CHECK(!pthread_create(&workers[i].thread, NULL, what[i % EACH], &workers[i]));
	}
	sleep(seconds);
	/* Enough to say something, also where the machine does other things. */
	for (int i = 0; i < CLIENTS; i++)
		while (clients[i].checked < ENOUGH)
			pause_us(10000);
	over = true;
	for (unsigned int i = 0; i < CLIENTS * EACH; i++)
		pthread_join(workers[i].thread, NULL);
	for (int i = 0; i < CLIENTS; i++) {
		struct traffic *t = &clients[i];

		traffic_close(t);
		printf("%llu requests: %llu good, %llu looked at; %llu things happened\n",
		       (unsigned long long)t->ended, (unsigned long long)t->good,
		       (unsigned long long)t->checked, (unsigned long long)happened[i]);
		happened[i] = 0;
	}
	ended = true;
	pthread_join(watchdog, NULL);
	assert_int_equal(hosted_all_kept(), 0);
}

static void by_interrupts(void **state)
{
	(void)state;
	run(0);
}

static void polled(void **state)
{
	(void)state;
	run(VFIO_CCW_RING_SETUP_POLL);
}

static void with_thread(void **state)
{
	(void)state;
	run(VFIO_CCW_RING_SETUP_THREAD);
}

static void with_thread_polled(void **state)
{
	(void)state;
	run(VFIO_CCW_RING_SETUP_THREAD | VFIO_CCW_RING_SETUP_POLL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_interrupts),
		cmocka_unit_test(polled),
		cmocka_unit_test(with_thread),
		cmocka_unit_test(with_thread_polled),
	};

	if (argc == 3) {
		seconds = strtoull(argv[1], NULL, 0);
		seed = strtoull(argv[2], NULL, 0);
	}
	/* Some devices do not answer, and are not waited for as long. */
	hosted_hurry(10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
