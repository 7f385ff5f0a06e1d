// SPDX-License-Identifier: MIT
/*
 * Channel report words that say all sorts of things about a subchannel and its
 * path, while both are well and busy: nothing is lost, and I/O goes on.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <linux/vfio_ccw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "plug.h"
#include "pump.h"

/* Far more than the CRW region has room for. */
#define STORM	 400

/* In the first byte of a CRW. */
#define OVERFLOW 0x20

/* In the midst of I/O, and then a while of I/O to see what it did. */
static void survive(struct t_pump *pump, struct t_crw crw)
{
	unsigned long good = pump->lanes[0].good;
	bool ok = !t_pump_run(pump, 3) && t_inject(crw) && !t_pump_run(pump, 12);

	T_CHECK(ok && pump->lanes[0].good > good && !pump->lanes[0].gone && !pump->lanes[0].no_path,
		"I/O goes on after source %x, event %x, ID %x%s%s%s", crw.source, crw.event, crw.id,
		crw.solicited ? ", solicited" : "", crw.overflow ? ", overflow" : "",
		crw.ancillary ? ", ancillary" : "");
}

static void one_by_one(struct t_pump *pump, unsigned int id)
{
	unsigned int event;

	for (event = T_CRW_EVENT; event <= T_CRW_LAST; event++)
		survive(pump,
			(struct t_crw){ .source = T_SOURCE_SUBCHANNEL, .event = event, .id = id });
	for (event = T_CRW_EVENT; event <= T_CRW_LAST; event++)
		survive(pump, (struct t_crw){ .source = T_SOURCE_PATH, .event = event });
#define WITH(...) survive(pump, (struct t_crw){ __VA_ARGS__ })
	WITH(.source = T_SOURCE_SUBCHANNEL, .event = T_CRW_IPARM, .id = id, .solicited = true);
	WITH(.source = T_SOURCE_SUBCHANNEL, .event = T_CRW_PERRN, .id = id, .ancillary = true);
	WITH(.source = T_SOURCE_SUBCHANNEL, .event = T_CRW_IPARM, .id = 0x1234);
	WITH(.source = T_SOURCE_SUBCHANNEL, .event = T_CRW_IPARM, .id = id, .overflow = true);
	WITH(.source = T_SOURCE_PATH, .event = T_CRW_PERRN, .solicited = true);
	WITH(.source = T_SOURCE_PATH, .event = T_CRW_PERRI, .id = 0x77);
	WITH(.source = T_SOURCE_PATH, .event = T_CRW_INIT, .overflow = true);
	WITH(.source = T_SOURCE_MONITOR);
	WITH(.source = T_SOURCE_CONFIG_ALERT);
	WITH(.source = T_SOURCE_CSS);
#undef WITH
}

/**
 * struct storm - many CRWs in short order, from a thread of their own
 * @id: of the subchannel
 * @injected: how many there have been
 * @over: the thread is done
 */
struct storm {
	unsigned int id;
	unsigned int injected;
	atomic_bool over;
};

static void *storm_thread(void *argument)
{
	static const struct t_crw crws[] = {
		{ .source = T_SOURCE_SUBCHANNEL, .event = T_CRW_IPARM },
		{ .source = T_SOURCE_PATH, .event = T_CRW_PERRN },
		{ .source = T_SOURCE_SUBCHANNEL, .event = T_CRW_PMOD },
		{ .source = T_SOURCE_PATH, .event = T_CRW_INIT },
		{ .source = T_SOURCE_SUBCHANNEL, .overflow = true },
	};
	unsigned int n = sizeof(crws) / sizeof(*crws);
	struct storm *storm = argument;
	struct t_crw crw;

	while (storm->injected < STORM) {
		crw = crws[storm->injected % n];
		crw.id = crw.source == T_SOURCE_SUBCHANNEL ? storm->id : 0;
		if (!t_inject(crw))
			break;
		storm->injected++;
		/* Far faster than any machine would. */
		usleep(500);
	}
	storm->over = true;
	return NULL;
}

static void many(struct t_pump *pump, unsigned int id)
{
	unsigned long good = pump->lanes[0].good;
	static struct storm storm;
	pthread_t thread;
	int ret = 0;

	storm.id = id;
	T_NEED(!pthread_create(&thread, NULL, storm_thread, &storm), "a thread starts");
	while (!storm.over && !ret)
		ret = t_pump_run(pump, 10);
	pthread_join(thread, NULL);
	T_EQUAL(ret, 0, "I/O in a storm");
	T_EQUAL(storm.injected, STORM, "... of %u CRWs", STORM);
	T_CHECK(pump->lanes[0].good > good, "... goes on");
}

static bool read_crw(int device, uint8_t *crw)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_CCW_NUM_REGIONS + 2,
	};
	uint8_t region[8];

	T_NEED(!ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info), "the CRW region exists");
	if (info.size != sizeof(region) ||
	    pread(device, region, sizeof(region), info.offset) != sizeof(region))
		return false;
	memcpy(crw, region, 4);
	return true;
}

/* Nobody has fetched the CRWs of the storm. */
static void some_were_lost(int device)
{
	uint8_t crw[4], last = 0;
	unsigned int n = 0;

	while (read_crw(device, crw) && crw[0]) {
		last = crw[0];
		n++;
	}
	T_CHECK(n > 1 && n < 100 && (last & OVERFLOW), "the last of %u CRWs tells of lost ones", n);
}

/* What concerns its path a client of the regions is told. */
static void told(struct t_vm *vm, unsigned int event, uint8_t want)
{
	int device = vm->devices[0].fd, fd = t_eventfd(device, VFIO_CCW_CRW_IRQ_INDEX);
	uint8_t crw[4];

	T_NEED(t_inject((struct t_crw){ .source = T_SOURCE_PATH, .event = event }),
	       "a CRW is injected");
	T_CHECK(t_signalled(fd, T_PATIENCE_MS), "the client is told of event %x", event);
	T_CHECK(read_crw(device, crw) && (crw[0] & 0xf) == T_SOURCE_PATH &&
			(crw[1] & 0x3f) == want && !crw[2] && !crw[3],
		"... of the path: %02x%02x%02x%02x", crw[0], crw[1], crw[2], crw[3]);
	T_CHECK(read_crw(device, crw) && !crw[0], "... once");
	t_region_trigger(device, VFIO_CCW_CRW_IRQ_INDEX, -1);
	close(fd);
}

/* The path goes and comes, so often. */
static void *path_thread(void *argument)
{
	struct storm *storm = argument;

	while (storm->injected < STORM) {
		unsigned int event = storm->injected % 2 ? T_CRW_INIT : T_CRW_PERRN;

		if (!t_inject((struct t_crw){ .source = T_SOURCE_PATH, .event = event }))
			break;
		storm->injected++;
	}
	storm->over = true;
	return NULL;
}

/* CRWs are fetched while others come: each is there once, and in its turn. */
static void fetched_meanwhile(int device)
{
	static struct storm storm;
	unsigned int fetched = 0, wrong = 0;
	uint8_t crw[4];
	pthread_t thread;
	bool over;

	T_NEED(!pthread_create(&thread, NULL, path_thread, &storm), "a thread starts");
	do {
		over = storm.over;
		while (read_crw(device, crw) && crw[0]) {
			wrong += (crw[0] & (OVERFLOW | 0xf)) != T_SOURCE_PATH ||
				 (crw[1] & 0x3f) != (fetched % 2 ? T_CRW_INIT : T_CRW_PERRN);
			fetched++;
		}
	} while (!over);
	pthread_join(thread, NULL);
	T_EQUAL(storm.injected, STORM, "%u CRWs come while they are fetched", STORM);
	T_EQUAL(fetched, STORM, "... and each is fetched once");
	T_EQUAL(wrong, 0, "... in its turn");
}

int main(void)
{
	static struct t_pump pump;
	struct t_before before;
	struct t_ring ring;
	struct t_sub sub;
	struct t_vm vm;
	unsigned int id;

	t_allow_crws();
	t_note_before(&before);
	t_vm_open(&vm);
	t_find_sub(&vm, &sub);
	id = strtoul(strrchr(sub.id, '.') + 1, NULL, 16);
	t_pump_open(&pump, &vm, &ring, sub.device->fd);
	one_by_one(&pump, id);
	many(&pump, id);
	t_pump_drain(&pump, "after all that");
	t_pump_close(&pump);
	some_were_lost(sub.device->fd);
	told(&vm, T_CRW_PERRN, T_CRW_PERRN);
	told(&vm, T_CRW_PERRI, T_CRW_PERRN);
	told(&vm, T_CRW_INIT, T_CRW_INIT);
	told(&vm, T_CRW_IPARM, T_CRW_INIT);
	fetched_meanwhile(sub.device->fd);
	t_vm_close(&vm);
	t_check_after(&before, "CRWs");
	return tap_done();
}
