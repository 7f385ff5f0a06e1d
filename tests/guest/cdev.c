// SPDX-License-Identifier: MIT
/*
 * Character devices and iommufd: binding and attaching, both doors, memory that
 * goes while its pages are pinned, devices that go while they are attached.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iommufd.h"
#include "load.h"

/* Where one CCW's data lie on sixteen pages in a row. */
#define PROGRAM	  (T_IOVA + 0x10000)
#define DATA	  (T_IOVA + 0x40000)
#define LONG_DATA 0xf000

static struct t_vm vm;

static long long pins(int device, const char *name)
{
	char path[128];
	long long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/pins/%s", vm.devices[device].uuid,
		 name);
	file = fopen(path, "r");
	T_NEED(file && fscanf(file, "%lld", &value) == 1, "%s is a number", path);
	fclose(file);
	return value;
}

static void build_long(void)
{
	t_ccw1(t_at(&vm, PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI, LONG_DATA, DATA);
	memset(t_at(&vm, DATA), 0, LONG_DATA);
}

static bool data_came(void)
{
	return *(uint8_t *)t_at(&vm, DATA) == 0xff;
}

/* One start on the ring that pins sixteen pages; 0, or why not. */
static int ring_start(struct t_ring *ring)
{
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe;

	build_long();
	t_sqe_start(&sqe, T_ORB_PLAIN, PROGRAM, 1);
	T_NEED(!t_ring_do(ring, &sqe, &cqe), "a CQE comes");
	if (cqe.res)
		return cqe.res;
	return t_irb_good(cqe.irb) && data_came() ? 0 : -EIO;
}

static int region_start(struct t_region *region)
{
	uint8_t orb[VFIO_CCW_RING_ORB_SIZE], irb[96];
	int ret;

	build_long();
	t_orb(orb, T_ORB_PLAIN, PROGRAM);
	ret = t_region_start(region, orb);
	if (!ret)
		ret = t_region_wait(region, irb, 5000);
	if (ret)
		return ret;
	return t_irb_good(irb) && data_came() ? 0 : -EIO;
}

static void refused_calls(void)
{
	struct t_device *device = &vm.devices[0];
	int before = t_cdev_open(device->uuid);
	struct vfio_device_info info = { .argsz = sizeof(info) };
	char byte;

	T_CHECK(ioctl(before, VFIO_DEVICE_GET_INFO, &info) && errno == EINVAL,
		"nothing works before a device is bound");
	T_CHECK(pread(before, &byte, 1, 0) < 0 && errno == EINVAL, "... no read either");
	T_EQUAL(t_cdev_bind(before, vm.iommufd), -EINVAL, "a device has one user");
	T_EQUAL(t_cdev_bind(before, -1), -EINVAL, "a bad file is refused");
	T_EQUAL(t_cdev_bind(device->fd, vm.iommufd), -EINVAL, "nobody binds twice");
	T_EQUAL(t_cdev_attach(device->fd, 0x7777), -ENOENT, "an IOAS must exist");
	close(before);
}

static void both_doors(void)
{
	struct t_region region;
	struct t_ring ring;
	int i, good = 0;

	t_region_open(&region, vm.devices[0].fd);
	for (i = 0; i < 20; i++)
		good += !region_start(&region);
	T_EQUAL(good, 20, "starts through the region");
	t_region_close(&region);
	t_ring_open(&ring, vm.devices[0].fd, 8);
	for (i = 0, good = 0; i < 20; i++)
		good += !ring_start(&ring);
	T_EQUAL(good, 20, "starts through the ring");
	t_ring_close(&ring);
}

/* Pages of one run of pins: unmapped, discarded and moved. */
static void memory_goes(long long before)
{
	struct t_ring ring;

	t_ring_open(&ring, vm.devices[0].fd, 8);
	T_EQUAL(ring_start(&ring), 0, "sixteen pages in a row are pinned");
	T_CHECK(pins(0, "pinned") >= 16, "... and stay so (%lld)", pins(0, "pinned"));
	T_EQUAL(t_unmap(&vm, T_IOVA, T_SIZE), 0, "memory is unmapped under them");
	T_EQUAL(pins(0, "pinned"), 0, "... and the cache is empty");
	T_CHECK(t_pages_pinned_become(before), "... and no page is pinned (%lld, before %lld)",
		t_pages_pinned(), before);
	T_EQUAL(ring_start(&ring), -EFAULT, "a start is refused");
	T_NEED(!t_map(&vm, vm.memory, T_SIZE, T_IOVA, 3), "memory is mapped again");
	T_EQUAL(ring_start(&ring), 0, "it works again");
	T_NEED(!madvise(t_at(&vm, DATA), LONG_DATA, MADV_DONTNEED), "memory is discarded");
	T_EQUAL(ring_start(&ring), 0, "data come to the pages that took its place");
	t_ring_close(&ring);
}

/* Memory goes with starts queued that use it. */
static void memory_goes_under_load(long long before)
{
	struct vfio_ccw_ring_cqe cqe;
	struct t_ring ring;
	unsigned int i, wrong = 0;

	t_ring_open(&ring, vm.devices[0].fd, 2 * T_DEPTH);
	t_load_queue(&vm, &ring, t_load_sense_id);
	T_NEED(t_ring_enter(&ring, T_DEPTH, 0) == T_DEPTH, "%u starts", T_DEPTH);
	T_EQUAL(t_unmap(&vm, T_IOVA, T_SIZE), 0, "memory is unmapped under load");
	T_CHECK(t_pages_pinned_become(before), "no page is pinned then (%lld, before %lld)",
		t_pages_pinned(), before);
	for (i = 0; i < T_DEPTH; i++) {
		T_NEED(!t_ring_next(&ring, &cqe), "CQE %u comes", i);
		wrong += cqe.res ? cqe.reason != VFIO_CCW_RING_R_UNMAPPED : !t_irb_good(cqe.irb);
	}
	T_EQUAL(wrong, 0, "each start ends well or for that reason");
	T_NEED(!t_map(&vm, vm.memory, T_SIZE, T_IOVA, 3), "memory is mapped again");
	t_good_start(&vm, &ring, "that");
	t_ring_close(&ring);
}

static void detached(long long before)
{
	int fd = vm.devices[0].fd;
	struct t_ring ring;
	uint32_t other;
	int i;

	t_ring_open(&ring, fd, 8);
	for (i = 0; i < 3; i++) {
		T_EQUAL(ring_start(&ring), 0, "a start pins pages");
		T_EQUAL(t_cdev_detach(fd), 0, "the device is detached");
		T_CHECK(t_pages_pinned_become(before), "... and no page is pinned");
		T_EQUAL(ring_start(&ring), -EFAULT, "a start finds no memory");
		T_EQUAL(t_cdev_detach(fd), 0, "it may be detached again");
		T_EQUAL(t_cdev_attach(fd, vm.ioas), 0, "it is attached again");
	}
	T_EQUAL(ring_start(&ring), 0, "it works again");
	T_NEED(!t_ioas_alloc(vm.iommufd, &other), "a second IOAS");
	T_EQUAL(t_cdev_attach(fd, other), 0, "another IOAS takes the place of the first");
	T_CHECK(t_pages_pinned_become(before), "... and no page is pinned");
	T_EQUAL(ring_start(&ring), -EFAULT, "... and nothing is mapped");
	T_EQUAL(t_cdev_attach(fd, vm.ioas), 0, "the first one is back");
	T_EQUAL(ring_start(&ring), 0, "it works again");
	T_EQUAL(t_iommufd_destroy(vm.iommufd, other), 0, "the second one can go");
	T_EQUAL(t_iommufd_destroy(vm.iommufd, vm.ioas), -EBUSY, "the first one cannot");
	t_ring_close(&ring);
}

/* The device's file goes with pages pinned, then with starts under way. */
static void closed(long long before)
{
	struct t_device *device = &vm.devices[0];
	struct t_ring ring;
	int i;

	for (i = 0; i < 3; i++) {
		t_ring_open(&ring, device->fd, 2 * T_DEPTH);
		T_EQUAL(ring_start(&ring), 0, "a start pins pages");
		if (i) {
			t_load_queue(&vm, &ring, t_load_sense_id);
			t_ring_enter(&ring, T_DEPTH, 0);
		}
		if (i == 2)
			t_ring_close(&ring);
		t_device_close(device);
		T_CHECK(t_pages_pinned_become(before), "closed without detach: nothing is pinned");
		if (i != 2)
			t_ring_close(&ring);
		t_device_open(&vm, device);
	}
	t_ring_open(&ring, device->fd, 8);
	T_EQUAL(ring_start(&ring), 0, "the device can be used again");
	t_ring_close(&ring);
}

/* Two devices have the same pages pinned. */
static void shared(long long before)
{
	struct t_ring rings[2];
	int i;

	for (i = 0; i < 2; i++) {
		t_ring_open(&rings[i], vm.devices[i].fd, 8);
		T_EQUAL(ring_start(&rings[i]), 0, "device %d uses the IOAS", i);
	}
	T_EQUAL(t_cdev_detach(vm.devices[0].fd), 0, "one is detached");
	T_EQUAL(ring_start(&rings[1]), 0, "... and the other goes on");
	T_EQUAL(t_cdev_attach(vm.devices[0].fd, vm.ioas), 0, "the one is attached again");
	T_EQUAL(ring_start(&rings[0]), 0, "... and works");
	T_EQUAL(t_unmap(&vm, T_IOVA, T_SIZE), 0, "memory is unmapped under both");
	T_CHECK(t_pages_pinned_become(before), "... and no page is pinned");
	T_NEED(!t_map(&vm, vm.memory, T_SIZE, T_IOVA, 3), "memory is mapped again");
	for (i = 0; i < 2; i++) {
		T_EQUAL(ring_start(&rings[i]), 0, "device %d works again", i);
		t_ring_close(&rings[i]);
	}
}

/* A run of pages that goes over the border of two mappings, one of which goes. */
static void across_mappings(void)
{
	uint32_t middle = DATA + 8 * T_PAGE;
	struct t_ring ring;

	T_NEED(!t_unmap(&vm, T_IOVA, T_SIZE), "memory is unmapped");
	T_NEED(!t_map(&vm, vm.memory, middle - T_IOVA, T_IOVA, 3) &&
		       !t_map(&vm, t_at(&vm, middle), T_IOVA + T_SIZE - middle, middle, 3),
	       "memory is mapped in two parts");
	t_ring_open(&ring, vm.devices[0].fd, 8);
	T_EQUAL(ring_start(&ring), 0, "data across two mappings");
	T_EQUAL(t_unmap(&vm, middle, T_IOVA + T_SIZE - middle), 0, "the second one goes");
	T_EQUAL(ring_start(&ring), -EFAULT, "... and a start is refused");
	T_NEED(!t_map(&vm, t_at(&vm, middle), T_IOVA + T_SIZE - middle, middle, 3), "map");
	T_EQUAL(ring_start(&ring), 0, "it works again");
	T_EQUAL(t_unmap(&vm, T_IOVA, T_SIZE), 0, "both go at once");
	T_NEED(!t_map(&vm, vm.memory, T_SIZE, T_IOVA, 3), "memory is mapped in one part");
	T_EQUAL(ring_start(&ring), 0, "it works again");
	t_ring_close(&ring);
}

int main(void)
{
	long long before = t_pages_pinned();

	t_vm_open_cdev(&vm);
	T_NEED(vm.nr_devices > 1, "two devices");
	refused_calls();
	both_doors();
	memory_goes(before);
	memory_goes_under_load(before);
	detached(before);
	closed(before);
	shared(before);
	across_mappings();
	t_vm_close(&vm);
	T_CHECK(t_pages_pinned_become(before), "in the end nothing is pinned");
	t_vm_open(&vm);
	T_CHECK(true, "the devices open by group and container again");
	t_vm_close(&vm);
	return tap_done();
}
