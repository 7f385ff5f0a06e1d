// SPDX-License-Identifier: MIT
/*
 * Subchannels come to a ring and leave it while others of it are busy: no request is
 * lost, none ends twice, and a place that is free is given to another.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdatomic.h>
#include <pthread.h>
#include <string.h>

#include "common.h"

#define ROUNDS 300
#define VISIT  4 /* starts of a visitor, each time */

static struct t_vm vm;
static struct t_ring ring;

static uint32_t program_of(int device)
{
	return T_IOVA + device * T_PAGE;
}

static void add_start(int device, int index, uint64_t user_data)
{
	struct vfio_ccw_ring_sqe *sqe = t_ring_sqe(&ring);

	t_sqe_start(sqe, T_ORB_PLAIN, program_of(device), user_data);
	sqe->subchannel = index;
}

/* One start: what became of it. */
static int start(int device, int index)
{
	struct vfio_ccw_ring_cqe cqe;
	int ret;

	add_start(device, index, 1);
	ret = t_ring_enter(&ring, 1, 1);
	if (ret != 1 || !t_ring_reap(&ring, &cqe))
		return ret < 0 ? ret : -EPROTO;
	return cqe.res;
}

static void leaves_and_comes(void)
{
	struct vfio_ccw_ring_attach bad = { .ring_fd = -1, .flags = 1 };
	const int home = ring.setup.subchannel;

	T_EQUAL(start(0, home), 0, "a start");
	T_EQUAL(t_ring_detach(vm.devices[0].fd), home, "the only device leaves");
	T_EQUAL(start(0, home), -ENXIO, "... its index stands for none");
	T_EQUAL(t_ring_detach(vm.devices[0].fd), -ENOTCONN, "... it cannot leave twice");
	T_EQUAL(t_ring_attach(&ring, vm.devices[1].fd), home, "another takes its place");
	T_EQUAL(start(1, home), 0, "... and starts");
	T_CHECK(t_ring_attach(&ring, vm.devices[0].fd) != home, "it comes back, elsewhere");
	T_EQUAL(t_feature(vm.devices[0].fd, VFIO_DEVICE_FEATURE_SET, &bad, sizeof(bad)), -EINVAL,
		"an unknown flag");
	T_CHECK(t_ring_detach(vm.devices[1].fd) >= 0 && t_ring_detach(vm.devices[0].fd) >= 0,
		"both leave");
	T_EQUAL(t_ring_attach(&ring, vm.devices[0].fd), home, "the first is first again");
}

static void from_ring_to_ring(void)
{
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe;
	struct t_ring other;
	int index;

	t_ring_open(&other, vm.devices[1].fd, 4);
	T_EQUAL(t_ring_attach(&other, vm.devices[0].fd), -EBUSY, "a device has one ring");
	T_CHECK(t_ring_detach(vm.devices[0].fd) >= 0, "it leaves that");
	index = t_ring_attach(&other, vm.devices[0].fd);
	T_CHECK(index >= 0, "... for another");
	t_sqe_start(&sqe, T_ORB_PLAIN, program_of(0), 1);
	sqe.subchannel = index;
	T_CHECK(!t_ring_do(&other, &sqe, &cqe) && !cqe.res, "... and starts there");
	T_CHECK(t_ring_detach(vm.devices[0].fd) >= 0, "it leaves that, too");
	t_ring_close(&other);
	T_EQUAL(t_ring_attach(&ring, vm.devices[0].fd), (int)ring.setup.subchannel,
		"it comes back");
}

static atomic_bool at_it = true;

/* Attaches and detaches a device all the time, whatever its requests are doing. */
static void *restless(void *argument)
{
	const struct t_device *device = argument;
	long visits = 0;

	while (at_it) {
		if (t_ring_attach(&ring, device->fd) < 0)
			return NULL;
		if (t_ring_detach(device->fd) < 0)
			return NULL;
		visits++;
	}
	return (void *)visits;
}

/*
 * To whom the index of the restless one belongs at the moment nobody knows: a
 * start of it ends well, or is refused, or is taken back, but it ends.
 */
static void while_others_are_busy(void)
{
	const int home = ring.setup.subchannel, theirs = home + 1;
	unsigned int good = 0, ended = 0, odd = 0;
	struct vfio_ccw_ring_cqe cqe;
	pthread_t thread;
	void *visits;
	int round, i;

	T_NEED(!pthread_create(&thread, NULL, restless, &vm.devices[1]), "a thread");
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < VISIT; i++) {
			add_start(0, home, 0);
			add_start(1, theirs, 1);
		}
		if (t_ring_enter(&ring, 2 * VISIT, 2 * VISIT) != 2 * VISIT)
			break;
		while (t_ring_reap(&ring, &cqe)) {
			good += cqe.user_data == 0 && !cqe.res;
			ended += cqe.user_data == 1;
			odd += cqe.user_data == 1 && cqe.res && cqe.res != -ENXIO &&
			       cqe.res != -ECANCELED && cqe.res != -ENODEV;
		}
	}
	at_it = false;
	pthread_join(thread, &visits);
	T_CHECK((long)visits > 0, "a device comes and leaves %ld times", (long)visits);
	T_EQUAL(good, ROUNDS * VISIT, "all starts of another end well meanwhile");
	T_EQUAL(ended, ROUNDS * VISIT, "all of its own end, once");
	T_EQUAL(odd, 0, "... for a reason");
}

int main(void)
{
	int i;

	t_vm_open(&vm);
	for (i = 0; i < 2; i++)
		t_ccw1(t_at(&vm, program_of(i)), T_CMD_SENSE_ID, T_CCW_SLI, 8, program_of(i) + 64);
	t_ring_open(&ring, vm.devices[0].fd, 2 * VISIT);
	leaves_and_comes();
	from_ring_to_ring();
	while_others_are_busy();
	t_good_start(&vm, &ring, "all that");
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
