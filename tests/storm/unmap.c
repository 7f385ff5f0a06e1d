// SPDX-License-Identifier: MIT
/*
 * Memory is unmapped, or discarded, and comes back, while it is in use.  What is
 * unmapped nobody writes to any more.
 */
#include <linux/vfio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"
#include "storms.h"

#define DEPTH 8
#define TIMES 4

/**
 * struct taker - who takes the memory away
 * @c: whose it is
 * @discard: by giving it back to the system, with its mapping left
 * @fault: what went wrong, or NULL
 * @done: it is over
 */
struct taker {
	struct s_client *c;
	bool discard;
	const char *fault;
	atomic_bool done;
};

static uint8_t *data(struct s_client *c, unsigned int slot, unsigned int page)
{
	return t_at(&c->vm, T_IOVA + slot * T_SLOT_SIZE + (1 + page) * T_PAGE);
}

/* Programs stay: they are written again with each request, but not at once. */
static void discard(struct s_client *c)
{
	unsigned int slot;

	for (slot = 0; slot < DEPTH; slot++)
		madvise(data(c, slot, 0), T_SLOT_PAGES * T_PAGE, MADV_DONTNEED);
}

static bool written_to(struct s_client *c)
{
	unsigned int i, written = 0;

	for (i = 0; i < DEPTH * T_SLOT_PAGES; i++)
		written |= *data(c, i / T_SLOT_PAGES, i % T_SLOT_PAGES);
	return written;
}

static const char *unmap(struct s_client *c)
{
	unsigned int i;

	if (t_unmap(&c->vm, T_IOVA, T_SIZE))
		return "memory cannot be unmapped";
	if (t_pins(c->device, "pinned"))
		return "what is unmapped is pinned";
	for (i = 0; i < DEPTH * T_SLOT_PAGES; i++)
		memset(data(c, i / T_SLOT_PAGES, i % T_SLOT_PAGES), 0, 16);
	usleep(500);
	if (written_to(c))
		return "what is unmapped is written to";
	if (t_map(&c->vm, c->vm.memory, T_SIZE, T_IOVA,
		  VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE))
		return "memory cannot be mapped again";
	return NULL;
}

static void *take(void *argument)
{
	struct taker *taker = argument;
	int i;

	for (i = 0; i < TIMES && !taker->fault; i++) {
		usleep(500 + i * 300);
		if (taker->discard)
			discard(taker->c);
		else
			taker->fault = unmap(taker->c);
	}
	taker->done = true;
	return NULL;
}

/* Requests end well again, and their data are where they belong. */
static bool well(struct s_client *c)
{
	unsigned long good;

	if (!s_drain(c))
		return false;
	discard(c);
	good = c->ends[S_GOOD];
	return !s_submit(c) && s_drain(c) && c->ends[S_GOOD] > good && data(c, 0, 0)[0] == 0xff;
}

bool s_unmap(unsigned int round)
{
	static struct s_client c;
	struct taker taker = { .c = &c, .discard = round / S_DOORS % 2 };
	pthread_t thread;
	int ret = 0;
	bool ok;

	s_open(&c, round % S_DOORS, DEPTH);
	T_NEED(!pthread_create(&thread, NULL, take, &taker), "a thread");
	while (!ret && !taker.done)
		ret = s_run(&c, 1);
	pthread_join(thread, NULL);
	ok = !ret && !taker.fault && well(&c);
	if (!ok)
		s_failed(round, "%s, %s: %d, %s", s_door_name(c.door),
			 taker.discard ? "discarded" : "unmapped", ret,
			 taker.fault ?: "requests do not end as they should");
	s_close(&c);
	return ok;
}
