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

#define SECONDS 3
#define KEPT	8 /* IRBs that wait to be read */

static struct t_vm vm;
static struct t_region region;
static volatile bool stop;
static unsigned long starts, ends, functions, swaps, schibs, crws, odd;

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
	t_region_close(&region);
	t_vm_close(&vm);
	return tap_done();
}
