// SPDX-License-Identifier: MIT
/*
 * Starts, halts, clears, SCHIB reads and eventfds that come and go, all at the
 * same time: whatever is accepted ends, and the subchannel stays usable.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <linux/vfio_ccw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "common.h"

#define SECONDS	 3
#define HURRIED	 2 /* seconds of starts that do not wait for each other */
#define KEPT	 8 /* IRBs that wait to be read */
#define PROGRAMS 16

static struct t_vm vm;
static struct t_region region;
static volatile bool stop;
static unsigned long starts, ends, functions, swaps, schibs, crws, odd, others;

static void *starter(void *unused)
{
	uint8_t orb[32], irb[96];

	(void)unused;
	t_orb(orb, T_ORB_PLAIN, T_IOVA);
	while (!stop) {
		int ret = t_region_start(&region, orb);

		if (!ret)
			starts++;
		else if (ret != -EBUSY)
			odd++;
		/* The eventfd may be another one by now: do not wait long. */
		if (!ret && !t_region_event(&region, 20) && !t_region_irb(&region, irb))
			ends++;
	}
	return NULL;
}

static void *stopper(void *unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0; !stop; i++) {
		int ret = t_region_async(&region, i % 2 ? T_REGION_HALT : T_REGION_CLEAR);

		if (!ret)
			functions++;
		else if (ret != -EBUSY)
			odd++;
		usleep(i % 7 * 50);
	}
	return NULL;
}

static void *swapper(void *unused)
{
	int other = eventfd(0, EFD_CLOEXEC);

	(void)unused;
	while (!stop) {
		t_region_trigger(region.device, VFIO_CCW_IO_IRQ_INDEX, other);
		t_region_trigger(region.device, VFIO_CCW_IO_IRQ_INDEX, -1);
		t_region_trigger(region.device, VFIO_CCW_CRW_IRQ_INDEX, other);
		/* Closed while it is set. */
		close(other);
		other = eventfd(0, EFD_CLOEXEC);
		t_region_trigger(region.device, VFIO_CCW_IO_IRQ_INDEX, region.eventfd);
		swaps++;
	}
	close(other);
	return NULL;
}

/* The PMCW says the same whatever goes on; a torn read would show. */
static void *reader(void *unused)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = 2 };
	uint8_t first[SCHIB_AREA_SIZE], schib[SCHIB_AREA_SIZE];

	(void)unused;
	T_NEED(!ioctl(region.device, VFIO_DEVICE_GET_REGION_INFO, &info), "the SCHIB region");
	T_NEED(pread(region.device, first, sizeof(first), info.offset) == sizeof(first), "SCHIB");
	while (!stop) {
		if (pread(region.device, schib, sizeof(schib), info.offset) != sizeof(schib) ||
		    memcmp(schib, first, 10) || memcmp(schib + 12, first + 12, 2) ||
		    memcmp(schib + 16, first + 16, 8))
			odd++;
		schibs++;
		crws += t_region_crw(&region) != 0;
	}
	return NULL;
}

/* Program after program, each as soon as the one before it is said to be over. */
static void *hurrier(void *unused)
{
	uint8_t orb[32];
	unsigned int i;

	(void)unused;
	for (i = 0; !stop; i++) {
		t_orb(orb, T_ORB_PLAIN, T_IOVA + i % PROGRAMS * 8);
		if (!t_region_start(&region, orb))
			starts++;
	}
	return NULL;
}

/* The status of a start is of that start, whatever the next one makes of its memory. */
static void hurried(void)
{
	uint8_t irb[96];
	pthread_t id;
	time_t end;
	int i;

	for (i = 0; i < PROGRAMS; i++)
		t_ccw1(t_at(&vm, T_IOVA + i * 8), T_CMD_NOP, T_CCW_SLI, 1, T_IOVA + T_PAGE);
	starts = ends = 0;
	stop = false;
	end = time(NULL) + HURRIED;
	T_NEED(!pthread_create(&id, NULL, hurrier, NULL), "a thread");
	while (time(NULL) < end) {
		if (t_region_event(&region, 100) || t_region_irb(&region, irb))
			continue;
		ends++;
		others += !t_irb_good(irb) || t_irb_cpa(irb) - T_IOVA - 8 > (PROGRAMS - 1) * 8;
	}
	stop = true;
	pthread_join(id, NULL);
	while (!t_region_event(&region, 100))
		t_region_irb(&region, irb);
	T_CHECK(starts > 10 && ends > 10, "%lu starts one after the other, %lu seen to end", starts,
		ends);
	T_EQUAL(others, 0, "... each with status of its own");
}

int main(void)
{
	static void *(*const threads[])(void *) = { starter, stopper, swapper, reader };
	pthread_t ids[sizeof(threads) / sizeof(*threads)];
	uint8_t orb[32], irb[96];
	unsigned int i;

	t_vm_open(&vm);
	t_region_open(&region, vm.devices[0].fd);
	t_ccw1(t_at(&vm, T_IOVA), T_CMD_SENSE_ID, T_CCW_SLI, 64, T_IOVA + T_PAGE);
	for (i = 0; i < sizeof(threads) / sizeof(*threads); i++)
		T_NEED(!pthread_create(&ids[i], NULL, threads[i], NULL), "a thread");
	sleep(SECONDS);
	stop = true;
	for (i = 0; i < sizeof(threads) / sizeof(*threads); i++)
		pthread_join(ids[i], NULL);

	printf("# %lu starts, %lu of them seen to end, %lu halts and clears, %lu changes of eventfds, %lu SCHIBs\n",
	       starts, ends, functions, swaps, schibs);
	T_CHECK(starts > 10 && functions > 10 && swaps > 10 && schibs > 10, "all got somewhere");
	T_EQUAL(odd, 0, "nothing was refused for a reason other than being busy, or was torn");
	T_EQUAL(crws, 0, "no channel report appeared");
	t_region_trigger(region.device, VFIO_CCW_IO_IRQ_INDEX, region.eventfd);
	/* Signals went to other eventfds, too: unread status may be there without one. */
	while (!t_region_event(&region, 200))
		t_region_irb(&region, irb);
	for (i = 0; i < KEPT; i++)
		t_region_irb(&region, irb);
	while (!t_region_event(&region, 50))
		;
	t_orb(orb, T_ORB_PLAIN, T_IOVA);
	T_EQUAL(t_region_start(&region, orb), 0, "afterwards a start is accepted");
	T_CHECK(!t_region_wait(&region, irb, 5000) && t_irb_good(irb), "... and ends well");
	hurried();
	t_region_close(&region);
	t_vm_close(&vm);
	return tap_done();
}
