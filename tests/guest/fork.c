// SPDX-License-Identifier: MIT
/*
 * Children of a process that has devices open: whatever one does with what it has inherited,
 * its parent goes on; it makes its own; and it keeps nothing of its parent's open.
 *
 * With T_VFIO=cdev by character devices and iommufd.
 */
#include <errno.h>
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ccwring/ccwring.h>

#include "tap.h"

#define MDEVS	  "/sys/bus/mdev/devices"
#define MIB	  ((size_t)1 << 20)
#define SENSE_LEN 7
#define CHILDREN  30

struct client {
	struct ccwring_vfio *vfio;
	struct ccwring_device *dev;
	struct ccwring_ring *ring;
	struct ccwring_program *prog;
	struct ccwring_orb orb;
	uint8_t *data;
};

static struct client parents;
static char devices[2][64];

static void find_devices(void)
{
	struct dirent *entry;
	DIR *dir = opendir(MDEVS);
	int n = 0;

	while (dir && n < 2 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			snprintf(devices[n++], sizeof(devices[0]), "%.40s", entry->d_name);
	T_NEED(n == 2, "two mediated devices");
	closedir(dir);
}

/* 0 or -errno. */
static int open_device(struct client *c, const char *id)
{
	int err = ccwring_device_open(c->vfio, id, &c->dev);

	return err ? err : ccwring_ring_new(c->dev, NULL, &c->ring);
}

static int close_device(struct client *c)
{
	ccwring_ring_free(c->ring);
	return ccwring_device_close(c->dev);
}

static int open_client(struct client *c, const char *id)
{
	const char *kind = getenv("T_VFIO");
	const struct ccwring_vfio_opts opts = {
		.size = sizeof(opts),
		.access = kind && !strcmp(kind, "cdev") ? CCWRING_ACCESS_CDEV
							: CCWRING_ACCESS_GROUP,
	};
	ccwring_iova_t iova;
	int err = ccwring_vfio_new(&opts, &c->vfio);

	if (err)
		return err;
	c->data = ccwring_dma_alloc(c->vfio, 100, &iova);
	err = ccwring_program_new(c->vfio, 64, &c->prog);
	if (!c->data || err)
		return -ENOMEM;
	ccwring_program_add(c->prog, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, iova, SENSE_LEN);
	err = ccwring_program_finish(c->prog, &c->orb);
	return err ? err : open_device(c, id);
}

static int close_client(struct client *c)
{
	int err;

	ccwring_program_free(c->prog);
	ccwring_dma_free(c->vfio, c->data);
	ccwring_dma_trim(c->vfio);
	err = close_device(c);
	return err ? err : ccwring_vfio_free(c->vfio);
}

/* Does a start bring what the device has to say? */
static bool reads(struct client *c)
{
	const struct vfio_ccw_ring_cqe *cqe;
	bool good;

	memset(c->data, 0, SENSE_LEN);
	ccwring_prep_start(ccwring_get_sqe(c->ring), ccwring_ring_index(c->ring), &c->orb, 0);
	if (ccwring_submit(c->ring) != 1 || ccwring_wait_cqe(c->ring, &cqe, -1))
		return false;
	good = ccwring_cqe_good(cqe);
	ccwring_cqe_seen(c->ring, 1);
	return good && c->data[0] == 0xff;
}

/* Memory that is mapped now, and taken away again: by a map and an unmap of its own. */
static bool grows(struct client *c)
{
	uint8_t *mem = ccwring_dma_alloc(c->vfio, 20 * MIB, NULL);

	ccwring_dma_free(c->vfio, mem);
	ccwring_dma_trim(c->vfio);
	return mem;
}

static int end_of(pid_t pid)
{
	int status;

	T_NEED(pid > 0 && waitpid(pid, &status, 0) == pid, "a child");
	return status;
}

/* In a child: 0 if all is as it should be. */

static int frees_all(void)
{
	errno = 0;
	if (ccwring_dma_alloc(parents.vfio, 20 * MIB, NULL) || errno != ECHILD)
		return 1;
	ccwring_prep_start(ccwring_get_sqe(parents.ring), 0, &parents.orb, 0);
	if (ccwring_submit(parents.ring) != -ECHILD || ccwring_device_reset(parents.dev) != -ECHILD)
		return 2;
	return close_client(&parents) ? 3 : 0;
}

static int has_its_own(void)
{
	struct client own;

	if (open_client(&own, devices[1]))
		return 1;
	if (!reads(&own) || !grows(&own) || !reads(&own))
		return 2;
	return close_client(&own) ? 3 : 0;
}

static int touches_memory(void)
{
	parents.data[0] = 1;
	return 0;
}

static int fork_and(int (*what)(void))
{
	pid_t pid = fork();

	if (!pid)
		_exit(what());
	return end_of(pid);
}

static void children(void)
{
	T_CHECK(reads(&parents), "a parent reads");
	T_EQUAL(fork_and(frees_all), 0, "a child frees what it has inherited");
	T_CHECK(reads(&parents), "... and its parent reads");
	T_CHECK(grows(&parents) && reads(&parents), "... and maps and unmaps");
	T_EQUAL(fork_and(has_its_own), 0, "a child opens a device of its own");
	T_CHECK(reads(&parents), "... beside its parent's");
	T_CHECK(WIFSIGNALED(fork_and(touches_memory)), "it has none of its parent's memory");
}

/* Nothing waits for a child to end. */
static void nothing_is_kept(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	T_NEED(!pipe(ready), "a pipe");
	pid = fork();
	if (!pid) {
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	T_NEED(read(ready[0], &byte, 1) == 1, "a child that goes on");
	ccwring_ring_free(parents.ring);
	T_EQUAL(ccwring_ring_new(parents.dev, NULL, &parents.ring), 0,
		"a ring is made where one was while the child lives");
	T_CHECK(reads(&parents), "... and is in order");
	T_EQUAL(close_device(&parents), 0, "the device is closed");
	T_EQUAL(open_device(&parents, devices[0]), 0, "... and opened");
	T_CHECK(reads(&parents), "... and in order");
	kill(pid, SIGKILL);
	end_of(pid);
}

/* While a child is on its way it has everything its parent has. */
static void ring_goes_at_once(void)
{
	unsigned int busy = 0;

	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		ccwring_ring_free(parents.ring);
		busy += ccwring_ring_new(parents.dev, NULL, &parents.ring) != 0;
		T_NEED(!busy, "a ring");
		T_NEED(!end_of(pid), "a child that goes");
	}
	T_EQUAL(busy, 0, "a ring is gone when it has been freed, in the midst of a fork, too");
}

static atomic_bool enough;

static void *allocates(void *arg)
{
	unsigned int *rounds = arg;

	while (!enough)
		*rounds += grows(&parents);
	return NULL;
}

static void beside_a_thread(void)
{
	unsigned int rounds = 0, bad = 0, lost = 0;
	pthread_t thread;

	T_NEED(!pthread_create(&thread, NULL, allocates, &rounds), "a thread");
	for (int i = 0; i < CHILDREN; i++) {
		bad += fork_and(i % 2 ? frees_all : has_its_own) != 0;
		lost += !reads(&parents);
	}
	enough = true;
	pthread_join(thread, NULL);
	T_EQUAL(bad, 0, "%d children beside a thread that allocates (%u times)", CHILDREN, rounds);
	T_EQUAL(lost, 0, "... and all is read in between");
	T_CHECK(rounds > 10, "... more than now and then");
}

int main(void)
{
	find_devices();
	T_NEED(!open_client(&parents, devices[0]), "a client");
	children();
	nothing_is_kept();
	ring_goes_at_once();
	beside_a_thread();
	T_EQUAL(close_client(&parents), 0, "the client goes");
	return tap_done();
}
