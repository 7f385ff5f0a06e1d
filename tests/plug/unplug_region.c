// SPDX-License-Identifier: MIT
/*
 * A device is unplugged while a client of the stock regions keeps it busy, and
 * plugged in again.  The client is asked to let go, and refused whatever it
 * tries.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <linux/vfio_ccw.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "load.h"
#include "plug.h"

struct client {
	struct t_vm vm;
	struct t_region region;
	struct t_sub sub;
	struct vfio_ccw_ring_sqe sqe;
	int request;
	unsigned int good;
	unsigned int failed;
};

static void open_client(struct client *c)
{
	t_vm_open(&c->vm);
	t_find_sub(&c->vm, &c->sub);
	t_region_open(&c->region, c->sub.device->fd);
	c->request = t_eventfd(c->sub.device->fd, VFIO_CCW_REQ_IRQ_INDEX);
	t_load_sense_id(&c->vm, 0, &c->sqe);
	c->good = 0;
	c->failed = 0;
}

static void close_client(struct client *c)
{
	close(c->region.eventfd);
	close(c->request);
	t_vm_close(&c->vm);
}

/* Until one of the two is signalled, or too long. */
static void wait_for_either(struct client *c)
{
	struct pollfd fds[] = {
		{ .fd = c->region.eventfd, .events = POLLIN },
		{ .fd = c->request, .events = POLLIN },
	};

	poll(fds, 2, T_PATIENCE_MS);
}

/* One start to its end: 0, -errno, -EIO for an end without status. */
static int start(struct client *c)
{
	uint8_t irb[VFIO_CCW_RING_IRB_SIZE];
	int ret;

	ret = t_region_start(&c->region, c->sqe.orb);
	if (ret)
		return ret;
	wait_for_either(c);
	if (t_region_wait(&c->region, irb, 0))
		return -EIO;
	if (t_irb_good(irb))
		c->good++;
	else
		c->failed++;
	return 0;
}

static int start_for(struct client *c, unsigned int ms)
{
	uint64_t end = t_now_ms() + ms;
	int ret;

	do {
		ret = start(c);
	} while (!ret && t_now_ms() < end);
	return ret;
}

static int reset(struct client *c)
{
	return ioctl(c->sub.device->fd, VFIO_DEVICE_RESET) ? -errno : 0;
}

static int read_schib(struct client *c)
{
	struct ccw_schib_region schib;
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_CCW_NUM_REGIONS + 1,
	};
	int fd = c->sub.device->fd;

	T_NEED(!ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &info), "the SCHIB region exists");
	return pread(fd, &schib, sizeof(schib), info.offset) < 0 ? -errno : 0;
}

static void check_gone(struct client *c)
{
	int ret = t_region_start(&c->region, c->sqe.orb);

	T_EQUAL(ret, -ENODEV, "a further start is refused");
	T_EQUAL(t_region_async(&c->region, T_REGION_HALT), -ENODEV, "so is HALT");
	T_EQUAL(t_region_async(&c->region, T_REGION_CLEAR), -ENODEV, "and CLEAR");
	T_EQUAL(read_schib(c), -ENODEV, "there is no SCHIB to read");
	T_EQUAL(reset(c), -EINVAL, "and nothing to reset");
	T_EQUAL(t_region_start(&c->region, c->sqe.orb), -ENODEV, "nor to start after that");
}

static void unplugged(void)
{
	struct client c;
	int ret;

	open_client(&c);
	T_EQUAL(start_for(&c, 50), 0, "a device is busy");
	t_host(T_HOST_DEL);
	ret = start_for(&c, T_PATIENCE_MS);
	T_CHECK(ret == -ENODEV || ret == -EACCES || ret == -EIO, "then starts fail (%d)", ret);
	T_CHECK(t_signalled(c.request, T_PATIENCE_MS), "the client is asked to let go");
	check_gone(&c);
	T_CHECK(c.failed < 2, "all %u I/Os went well, but for the last", c.good);
	close_client(&c);
	T_CHECK(t_vanishes(c.sub.sysfs), "the subchannel goes");
	t_plug_in();
}

int main(int argc, char **argv)
{
	int i, rounds = argc > 1 ? atoi(argv[1]) : 10;
	struct t_before before;

	for (i = 0; i < rounds; i++) {
		t_note_before(&before);
		unplugged();
		t_check_after(&before, "unplugged");
	}
	return tap_done();
}
