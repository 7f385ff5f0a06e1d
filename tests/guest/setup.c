// SPDX-License-Identifier: MIT
/* Making a ring and attaching to it: parameters no driver should take. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common.h"

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	T_NEED(dir, "/proc/self/fd opens");
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void refuse(int device, struct vfio_ccw_ring_setup setup, int want, const char *what)
{
	int ret = t_ring_setup(device, &setup);

	T_EQUAL(ret, want, "setup with %s is refused", what);
	if (!ret)
		close(setup.ring_fd);
}

static void refuse_setups(int device)
{
	int before = open_files();

#define WITH(...) (struct vfio_ccw_ring_setup){ .sq_entries = 8, __VA_ARGS__ }
	refuse(device, WITH(.flags = 1U << 3), -EINVAL, "an unknown flag");
	refuse(device, WITH(.flags = 1U << 31), -EINVAL, "the highest flag");
	refuse(device, WITH(.flags = VFIO_CCW_RING_SETUP_THREAD_CPU), -EINVAL,
	       "a CPU for no thread");
	refuse(device, WITH(.thread_cpu = 1), -EINVAL, "a CPU without its flag");
	refuse(device, WITH(.thread_idle_us = 1), -EINVAL, "an idle time for no thread");
	refuse(device, WITH(.poll_us = 1), -EINVAL, "a time to poll without polling");
	refuse(device, WITH(.flags = VFIO_CCW_RING_SETUP_POLL, .poll_us = 10000001), -EINVAL,
	       "more than ten seconds to poll");
	refuse(device,
	       WITH(.flags = VFIO_CCW_RING_SETUP_THREAD | VFIO_CCW_RING_SETUP_THREAD_CPU,
		    .thread_cpu = 4096),
	       -EINVAL, "a CPU that is not there");
	refuse(device, WITH(.reserved1 = 1), -EINVAL, "reserved1");
	refuse(device, WITH(.reserved[0] = 1), -EINVAL, "reserved[0]");
	refuse(device, WITH(.reserved[1] = 1), -EINVAL, "reserved[1]");
	refuse(device, WITH(.cq_entries = 4), -EINVAL, "a CQ below the SQ");
	refuse(device, WITH(.cq_entries = 2 * VFIO_CCW_RING_MAX_ENTRIES + 1), -EINVAL,
	       "a CQ over the limit");
	refuse(device, WITH(.cq_entries = ~0U), -EINVAL, "a huge CQ");
#undef WITH
	refuse(device, (struct vfio_ccw_ring_setup){ .sq_entries = 0 }, -EINVAL, "no entries");
	refuse(device, (struct vfio_ccw_ring_setup){ .sq_entries = VFIO_CCW_RING_MAX_ENTRIES + 1 },
	       -EINVAL, "entries over the limit");
	refuse(device, (struct vfio_ccw_ring_setup){ .sq_entries = ~0U }, -EINVAL, "huge entries");
	T_EQUAL(open_files(), before, "refused setups leave no file open");
}

static void probe(int device)
{
	struct vfio_ccw_ring_setup setup = { .sq_entries = 8 };
	uint32_t nothing = 0;
	int before = open_files();

	T_EQUAL(t_feature(device, VFIO_DEVICE_FEATURE_PROBE, &nothing, 0), 0,
		"PROBE says there are rings");
	T_EQUAL(t_feature(device, VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET, &setup,
			  sizeof(setup)),
		0, "PROBE of GET");
	T_EQUAL(t_feature(device, VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_SET, &setup,
			  sizeof(setup)),
		0, "PROBE of SET");
	T_EQUAL(open_files(), before, "PROBE makes nothing");
	T_EQUAL(t_feature(device, VFIO_DEVICE_FEATURE_GET, &setup, sizeof(setup) - 8), -EINVAL,
		"a short argument");
	T_EQUAL(t_feature(device, VFIO_DEVICE_FEATURE_SET, &setup,
			  sizeof(struct vfio_ccw_ring_attach) - 4),
		-EINVAL, "a short argument to SET");
	T_EQUAL(open_files(), before, "short arguments make nothing");
}

/* What is said before there is a ring is what is so when there is one. */
static void info(int device)
{
	const uint32_t get = VFIO_DEVICE_FEATURE_CCW_RING_INFO | VFIO_DEVICE_FEATURE_GET;
	const uint32_t set = VFIO_DEVICE_FEATURE_CCW_RING_INFO | VFIO_DEVICE_FEATURE_SET;
	struct vfio_ccw_ring_setup setup = { .sq_entries = 8 };
	struct {
		struct vfio_ccw_ring_info info;
		uint64_t more[2];
	} longer = { .more = { 1, 1 } };
	struct vfio_ccw_ring_info info = { 0 };
	int before = open_files();

	T_EQUAL(t_feature(device, get | VFIO_DEVICE_FEATURE_PROBE, &info, 0), 0,
		"PROBE says there is information");
	T_EQUAL(t_feature(device, get, &info, sizeof(info)), 0, "it is given");
	T_CHECK(info.size == sizeof(info) && info.abi == VFIO_CCW_RING_ABI, "... of this level");
	T_EQUAL(info.opcodes, 0x3f, "... with the opcodes");
	T_EQUAL(info.setup_flags, 7, "... the setup flags");
	T_CHECK(info.max_ccws == 4096 && info.max_pages == 4096, "... the limits of a program");
	T_EQUAL(t_feature(device, get, &longer, sizeof(longer)), 0, "a longer structure");
	T_CHECK(!memcmp(&longer.info, &info, sizeof(info)) && !longer.more[0] && !longer.more[1],
		"... has zeros behind the same");
	T_EQUAL(t_feature(device, get, &info, sizeof(info) - 8), -EINVAL, "a shorter one");
	T_EQUAL(t_feature(device, set, &info, sizeof(info)), -EINVAL, "it cannot be set");
	T_EQUAL(t_feature(device, get + 1, &info, sizeof(info)), -ENOTTY, "the next feature");
	T_EQUAL(open_files(), before, "all that makes nothing");
	T_NEED(!t_ring_setup(device, &setup), "a ring");
	T_CHECK(setup.features == info.features, "its features are those");
	close(setup.ring_fd);
}

/* Structures of programs that know more than the driver. */
static void longer_structures(int device)
{
	struct {
		struct vfio_ccw_ring_setup setup;
		uint64_t more[2];
	} setup = { .setup = { .sq_entries = 8 } };
	struct {
		struct vfio_ccw_ring_attach attach;
		uint64_t more[2];
	} attach = { .attach = { .ring_fd = -1 } };

	T_EQUAL(t_feature(device, VFIO_DEVICE_FEATURE_GET, &setup, sizeof(setup)), 0,
		"setup with a longer structure");
	close(setup.setup.ring_fd);
	setup.more[1] = 1;
	T_EQUAL(t_feature(device, VFIO_DEVICE_FEATURE_GET, &setup, sizeof(setup)), -E2BIG,
		"... in which there is something");
	T_EQUAL(t_feature(device, VFIO_DEVICE_FEATURE_SET, &attach, sizeof(attach)), -ENOTCONN,
		"attach with a longer structure");
	attach.more[0] = 1;
	T_EQUAL(t_feature(device, VFIO_DEVICE_FEATURE_SET, &attach, sizeof(attach)), -E2BIG,
		"... in which there is something");
}

static void good_sizes(int device)
{
	static const struct {
		uint32_t sq, cq, sq_out, cq_out;
	} sizes[] = {
		{ 1, 0, 1, 2 },
		{ 5, 0, 8, 16 },
		{ 8, 8, 8, 8 },
		{ 3, 9, 4, 16 },
		{ VFIO_CCW_RING_MAX_ENTRIES, 0, VFIO_CCW_RING_MAX_ENTRIES,
		  2 * VFIO_CCW_RING_MAX_ENTRIES },
	};
	struct vfio_ccw_ring_setup setup;
	unsigned int i;
	int ret;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		setup = (struct vfio_ccw_ring_setup){
			.sq_entries = sizes[i].sq,
			.cq_entries = sizes[i].cq,
		};
		ret = t_ring_setup(device, &setup);
		T_CHECK(!ret && setup.sq_entries == sizes[i].sq_out &&
				setup.cq_entries == sizes[i].cq_out,
			"%u/%u entries become %u/%u (ret %d)", sizes[i].sq, sizes[i].cq,
			setup.sq_entries, setup.cq_entries, ret);
		if (ret)
			continue;
		T_CHECK(fcntl(setup.ring_fd, F_GETFD) & FD_CLOEXEC, "the ring is close-on-exec");
		T_CHECK(setup.off_sqes + setup.sq_entries * sizeof(struct vfio_ccw_ring_sqe) <=
					setup.sq_bytes &&
				setup.off_cqes + setup.cq_entries *
							 sizeof(struct vfio_ccw_ring_cqe) <=
					setup.cq_bytes,
			"the entries lie in their areas");
		close(setup.ring_fd);
	}
}

static void refuse_attach(int device, struct vfio_ccw_ring_attach attach, int want,
			  const char *what)
{
	T_EQUAL(t_feature(device, VFIO_DEVICE_FEATURE_SET, &attach, sizeof(attach)), want,
		"attach with %s is refused", what);
}

static void refuse_attaches(struct t_vm *vm, struct t_ring *ring)
{
	struct vfio_ccw_ring_attach attach = { .ring_fd = -2 };
	int device = vm->devices[0].fd;
	int null = open("/dev/null", O_RDWR);
	int ret;

	refuse_attach(device, attach, -EBADF, "no file");
	attach.ring_fd = null;
	ret = t_feature(device, VFIO_DEVICE_FEATURE_SET, &attach, sizeof(attach));
	T_CHECK(ret == -EINVAL || ret == -EBADF, "attach to /dev/null is refused (%d)", ret);
	attach.ring_fd = device;
	ret = t_feature(device, VFIO_DEVICE_FEATURE_SET, &attach, sizeof(attach));
	T_CHECK(ret == -EINVAL || ret == -EBADF, "attach to a device is refused (%d)", ret);
	attach.ring_fd = ring->fd;
	refuse_attach(device, attach, -EBUSY, "a device that has a ring");
	attach.flags = 1;
	refuse_attach(device, attach, -EINVAL, "an unknown flag");
	attach.flags = 0;
	attach.reserved = 1;
	refuse_attach(device, attach, -EINVAL, "a reserved field");
	close(null);
}

static void one_door_at_a_time(struct t_vm *vm)
{
	struct vfio_ccw_ring_setup second = { .sq_entries = 8 };
	uint8_t orb[VFIO_CCW_RING_ORB_SIZE];
	struct t_region region;
	struct t_ring ring;

	t_ring_open(&ring, vm->devices[0].fd, 8);
	T_EQUAL(t_ring_setup(vm->devices[0].fd, &second), -EBUSY,
		"a second ring for a device is refused");
	refuse_attaches(vm, &ring);
	t_region_open(&region, vm->devices[0].fd);
	t_orb(orb, T_ORB_PLAIN, T_IOVA);
	T_EQUAL(t_region_start(&region, orb), -EBUSY, "a start through the region is refused");
	t_region_close(&region);
	t_good_start(vm, &ring, "all that");
	t_ring_close(&ring);
	t_ring_open(&ring, vm->devices[0].fd, 8);
	t_good_start(vm, &ring, "closing and opening the ring");
	t_ring_close(&ring);
}

int main(void)
{
	struct t_vm vm;

	t_vm_open(&vm);
	probe(vm.devices[0].fd);
	info(vm.devices[0].fd);
	longer_structures(vm.devices[0].fd);
	refuse_setups(vm.devices[0].fd);
	good_sizes(vm.devices[0].fd);
	one_door_at_a_time(&vm);
	t_vm_close(&vm);
	return tap_done();
}
