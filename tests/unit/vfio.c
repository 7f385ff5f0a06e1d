// SPDX-License-Identifier: MIT
/* vfio.c - groups and character devices: what is asked of the kernel, and when */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ccwring/device.h>
#include <ccwring/ring.h>

#include "kernel.h"
#include "sysfs.h"
#include "unit.h"

#define CSS   "bus/css/devices/"
#define FIRST "6dfd3ec5-e8b3-4e18-a6fe-57bc9eceb920"
#define OTHER "6dfd3ec5-e8b3-4e18-a6fe-57bc9eceb921"
#define BARE  "6dfd3ec5-e8b3-4e18-a6fe-57bc9eceb922"

static char last_error[160];
static struct ccwring_vfio *vfio;
static struct ccwring_device *dev;
static int files;
static void *memory;
static ccwring_iova_t memory_iova;

static void subchannel(const char *id, const char *uuid, const char *group, const char *cdev)
{
	char name[256];

	snprintf(name, sizeof(name), CSS "%s/type", id);
	sysfs_file(name, "0\n");
	snprintf(name, sizeof(name), CSS "%s/%s/x", id, uuid);
	sysfs_file(name, "");
	snprintf(name, sizeof(name), CSS "%s/%s/iommu_group", id, uuid);
	if (group)
		sysfs_link(name, group);
	if (!cdev)
		return;
	snprintf(name, sizeof(name), CSS "%s/%s/vfio-dev/%s/dev", id, uuid, cdev);
	sysfs_file(name, "");
}

static int make_subchannels(void **state)
{
	(void)state;
	sysfs_make();
	subchannel("0.0.0001", FIRST, "groups/17", "vfio3");
	subchannel("0.0.0002", OTHER, "groups/18", "vfio4");
	subchannel("0.0.0003", BARE, NULL, NULL);
	return 0;
}

static int remove_subchannels(void **state)
{
	(void)state;
	return sysfs_remove();
}

static void message(void *arg, int level, const char *text)
{
	(void)arg;
	if (level == CCWRING_LOG_ERROR)
		snprintf(last_error, sizeof(last_error), "%s", text);
}

static void make_context(int access)
{
	const struct ccwring_vfio_opts opts = {
		.size = sizeof(opts),
		.log = message,
		.sysfs = sysfs_root,
		.access = access,
	};

	kernel_calls();
	last_error[0] = '\0';
	files = kernel_files();
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), 0);
	assert_int_equal(ccwring_vfio_access(vfio), access);
	/* There is something to map. */
	memory = ccwring_dma_alloc(vfio, 4096, &memory_iova);
	assert_non_null(memory);
}

/* No file is left behind, and what was mapped goes with them. */
static void free_context(void)
{
	kernel_calls();
	assert_int_equal(ccwring_vfio_free(vfio), 0);
	assert_string_equal(kernel_calls(), "");
	assert_int_equal(kernel_files(), files);
}

static void open_and_close(const char *id, const char *calls)
{
	assert_int_equal(ccwring_device_open(vfio, id, &dev), 0);
	assert_string_equal(kernel_calls(), calls);
	assert_int_equal(ccwring_vfio_free(vfio), -EBUSY);
	assert_int_equal(ccwring_device_close(dev), 0);
	assert_string_equal(last_error, "");
}

#define GROUP_FIRST "vfio/vfio vfio/17 join set-iommu map device info region"
#define CDEV_FIRST  "vfio/devices/vfio3 iommu ioas-alloc ioas-map bind attach info region"

/* A container forgets everything when its last group goes. */
static void by_group(void **state)
{
	struct ccwring_device *first;

	(void)state;
	make_context(CCWRING_ACCESS_GROUP);
	open_and_close(FIRST, GROUP_FIRST);
	assert_int_equal(ccwring_device_open(vfio, FIRST, &first), 0);
	assert_string_equal(kernel_calls(), "vfio/17 join set-iommu map device info region");
	open_and_close(OTHER, "vfio/18 join device info region");
	assert_int_equal(ccwring_device_close(first), 0);
	free_context();
}

/* An IOAS does not. */
static void by_cdev(void **state)
{
	struct ccwring_device *first;

	(void)state;
	make_context(CCWRING_ACCESS_CDEV);
	open_and_close(FIRST, CDEV_FIRST);
	assert_int_equal(ccwring_device_open(vfio, FIRST, &first), 0);
	assert_string_equal(kernel_calls(), "vfio/devices/vfio3 bind attach info region");
	open_and_close(OTHER, "vfio/devices/vfio4 bind attach info region");
	assert_int_equal(ccwring_device_close(first), 0);
	free_context();
}

static void auto_prefers_groups(void **state)
{
	(void)state;
	make_context(CCWRING_ACCESS_AUTO);
	open_and_close(FIRST, GROUP_FIRST);
	assert_int_equal(ccwring_vfio_access(vfio), CCWRING_ACCESS_GROUP);
	free_context();
}

static bool reachable(const void *mem, ccwring_iova_t iova)
{
	return kernel_mapped(iova) == (uintptr_t)mem;
}

static uint64_t mapped_bytes(void)
{
	struct ccwring_dma_stats stats = { .size = sizeof(stats) };

	assert_int_equal(ccwring_dma_stats(vfio, &stats), 0);
	return stats.mapped;
}

/* Memory comes and goes while a device is open, and is there for the next one. */
static void grow_and_shrink(int access, const char *map, const char *unmap)
{
	ccwring_iova_t iova, high_iova;
	void *mem, *high;

	make_context(access);
	assert_int_equal(ccwring_device_open(vfio, FIRST, &dev), 0);
	assert_true(reachable(memory, memory_iova));
	kernel_calls();
	mem = ccwring_dma_alloc(vfio, 32 << 20, &iova);
	assert_string_equal(kernel_calls(), map);
	assert_true(reachable(mem, iova));
	assert_true(reachable((uint8_t *)mem + (32 << 20) - 4096, iova + (32 << 20) - 4096));
	/* A driver may read past the end. */
	assert_int_not_equal(kernel_mapped(iova + (32 << 20)), 0);
	high = ccwring_dma_alloc_aligned(vfio, 4096, 0, CCWRING_DMA_HIGH, &high_iova);
	assert_string_equal(kernel_calls(), map);
	assert_true(reachable(high, high_iova));
	ccwring_dma_free(vfio, mem);
	ccwring_dma_trim(vfio);
	assert_string_equal(kernel_calls(), unmap);
	assert_int_equal(kernel_mapped(iova), 0);
	assert_true(reachable(memory, memory_iova));
	assert_true(reachable(high, high_iova));
	ccwring_dma_free(vfio, high);
	ccwring_dma_free(vfio, memory);
	ccwring_dma_trim(vfio);
	assert_int_equal(mapped_bytes(), 0);
	assert_int_equal(kernel_mapped(memory_iova), 0);
	assert_int_equal(kernel_mapped(high_iova), 0);
	assert_int_equal(ccwring_device_close(dev), 0);
	free_context();
}

static void group_grows(void **state)
{
	(void)state;
	grow_and_shrink(CCWRING_ACCESS_GROUP, "map", "unmap");
}

static void cdev_grows(void **state)
{
	(void)state;
	grow_and_shrink(CCWRING_ACCESS_CDEV, "ioas-map", "ioas-unmap");
}

/* With no group in the container there is nothing to map in; later there is. */
static void between_groups(void **state)
{
	ccwring_iova_t iova, high_iova;
	void *mem, *high;

	(void)state;
	make_context(CCWRING_ACCESS_GROUP);
	open_and_close(FIRST, GROUP_FIRST);
	ccwring_dma_free(vfio, memory);
	ccwring_dma_trim(vfio);
	mem = ccwring_dma_alloc(vfio, 4096, &iova);
	high = ccwring_dma_alloc_aligned(vfio, 4096, 0, CCWRING_DMA_HIGH, &high_iova);
	assert_string_equal(kernel_calls(), "");
	kernel_fail("device", EINVAL);
	assert_int_equal(ccwring_device_open(vfio, FIRST, &dev), -EINVAL);
	kernel_fail("device", 0);
	kernel_calls();
	/* That group has gone as it came, and the mapping with it. */
	assert_non_null(ccwring_dma_alloc(vfio, 32 << 20, NULL));
	assert_string_equal(kernel_calls(), "");
	assert_int_equal(ccwring_device_open(vfio, FIRST, &dev), 0);
	assert_string_equal(kernel_calls(),
			    "vfio/17 join set-iommu map map map device info region");
	assert_true(reachable(mem, iova));
	assert_true(reachable(high, high_iova));
	assert_int_equal(ccwring_device_close(dev), 0);
	free_context();
}

/* An allocation that cannot be mapped is none, and says why. */
static void mapping_fails(void **state)
{
	(void)state;
	make_context(CCWRING_ACCESS_GROUP);
	assert_int_equal(ccwring_device_open(vfio, FIRST, &dev), 0);
	kernel_fail("map", ENOSPC);
	for (unsigned int i = 0; i < 200; i++) {
		errno = 0;
		assert_null(ccwring_dma_alloc(vfio, 32 << 20, NULL));
		assert_int_equal(errno, ENOSPC);
		kernel_calls();
	}
	kernel_fail("map", 0);
	/* No addresses are lost by that. */
	assert_non_null(ccwring_dma_alloc(vfio, 1 << 30, NULL));
	assert_int_equal(ccwring_device_close(dev), 0);
	free_context();
}

/* Each way a kernel without groups, or a user without them, shows. */
static void auto_takes_cdev(void **state)
{
	static const struct {
		const char *call;
		int error;
		const char *calls;
	} cases[] = {
		{ "vfio/vfio", ENOENT, "vfio/vfio " CDEV_FIRST },
		{ "vfio/vfio", ENODEV, "vfio/vfio " CDEV_FIRST },
		{ "vfio/17", ENOENT, "vfio/vfio vfio/17 " CDEV_FIRST },
		{ "vfio/17", EACCES, "vfio/vfio vfio/17 " CDEV_FIRST },
		{ "vfio/17", EPERM, "vfio/vfio vfio/17 " CDEV_FIRST },
		{ "set-iommu", ENODEV, "vfio/vfio vfio/17 join set-iommu " CDEV_FIRST },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_context(CCWRING_ACCESS_AUTO);
		kernel_fail(cases[i].call, cases[i].error);
		open_and_close(FIRST, cases[i].calls);
		assert_int_equal(ccwring_vfio_access(vfio), CCWRING_ACCESS_CDEV);
		kernel_fail(cases[i].call, 0);
		/* What was decided stays. */
		open_and_close(OTHER, "vfio/devices/vfio4 bind attach info region");
		free_context();
	}
}

static char refused_calls[256];

static void refuse(int access, const char *call, int error, int want, const char *text)
{
	make_context(access);
	kernel_fail(call, error);
	assert_int_equal(ccwring_device_open(vfio, FIRST, &dev), want);
	assert_string_equal(last_error, text);
	kernel_fail(call, 0);
	snprintf(refused_calls, sizeof(refused_calls), "%s", kernel_calls());
	free_context();
}

static void busy_is_busy(void **state)
{
	(void)state;
	refuse(CCWRING_ACCESS_AUTO, "vfio/17", EBUSY, -EBUSY,
	       "/dev/vfio/17: Device or resource busy");
	assert_string_equal(refused_calls, "vfio/vfio vfio/17");
	refuse(CCWRING_ACCESS_CDEV, "bind", EBUSY, -EBUSY,
	       "VFIO_DEVICE_BIND_IOMMUFD: Device or resource busy");
	refuse(CCWRING_ACCESS_CDEV, "bind", EINVAL, -EBUSY,
	       "VFIO_DEVICE_BIND_IOMMUFD: Device or resource busy");
}

static void each_step_fails(void **state)
{
	static const char *const group[] = { "vfio/vfio", "vfio/17", "join", "set-iommu",
					     "map",	  "device",  "info", "region" };
	static const char *const cdev[] = { "vfio/devices/vfio3",
					    "iommu",
					    "ioas-alloc",
					    "ioas-map",
					    "bind",
					    "attach",
					    "info",
					    "region" };

	(void)state;
	for (size_t i = 0; i < sizeof(group) / sizeof(group[0]); i++) {
		make_context(CCWRING_ACCESS_GROUP);
		kernel_fail(group[i], ENOMEM);
		assert_int_equal(ccwring_device_open(vfio, FIRST, &dev), -ENOMEM);
		kernel_fail(group[i], 0);
		kernel_calls();
		assert_int_equal(ccwring_device_open(vfio, FIRST, &dev), 0);
		assert_int_equal(ccwring_device_close(dev), 0);
		free_context();
	}
	for (size_t i = 0; i < sizeof(cdev) / sizeof(cdev[0]); i++) {
		make_context(CCWRING_ACCESS_CDEV);
		kernel_fail(cdev[i], ENOMEM);
		assert_int_equal(ccwring_device_open(vfio, FIRST, &dev), -ENOMEM);
		kernel_fail(cdev[i], 0);
		assert_int_equal(ccwring_device_open(vfio, FIRST, &dev), 0);
		assert_int_equal(ccwring_device_close(dev), 0);
		free_context();
	}
}

/* The error is that of the way which exists. */
static void neither(void **state)
{
	(void)state;
	make_context(CCWRING_ACCESS_AUTO);
	assert_int_equal(ccwring_device_open(vfio, BARE, &dev), -ENOENT);
	assert_string_equal(kernel_calls(), "vfio/vfio");
	assert_string_equal(last_error, "/dev/vfio/devices/(no character device): "
					"No such file or directory");
	kernel_fail("vfio/17", EACCES);
	kernel_fail("vfio/devices/vfio3", ENOENT);
	assert_int_equal(ccwring_device_open(vfio, FIRST, &dev), -EACCES);
	kernel_fail("vfio/17", ENOENT);
	kernel_fail("vfio/devices/vfio3", EACCES);
	assert_int_equal(ccwring_device_open(vfio, FIRST, &dev), -EACCES);
	kernel_fail("vfio/17", 0);
	kernel_fail("vfio/devices/vfio3", 0);
	assert_int_equal(ccwring_vfio_access(vfio), CCWRING_ACCESS_AUTO);
	free_context();
}

/* What is wrong in a child, 0 if nothing is; asserts would go on with the parent's tests. */
static int in_child(int access, const char *opens)
{
	struct ccwring_vfio *own;
	const struct ccwring_vfio_opts opts = {
		.size = sizeof(opts),
		.sysfs = sysfs_root,
		.access = access,
	};

	if (kernel_files() != files)
		return 1;
	kernel_calls();
	ccwring_dma_free(vfio, memory);
	ccwring_dma_trim(vfio);
	if (ccwring_dma_alloc(vfio, 64 << 20, NULL) || errno != ECHILD)
		return 2;
	if (ccwring_device_reset(dev) != -ECHILD || ccwring_device_has_ring(dev) != -ECHILD ||
	    ccwring_device_event_fd(dev, CCWRING_EVENT_CRW) != -ECHILD)
		return 3;
	if (ccwring_device_open(vfio, OTHER, &dev) != -ECHILD)
		return 4;
	if (ccwring_device_close(dev) || ccwring_vfio_free(vfio) || strcmp(kernel_calls(), ""))
		return 5;
	if (ccwring_vfio_new(&opts, &own) || !ccwring_dma_alloc(own, 4096, NULL) ||
	    ccwring_device_open(own, FIRST, &dev) || strcmp(kernel_calls(), opens))
		return 6;
	if (ccwring_device_close(dev) || ccwring_vfio_free(own) || kernel_files() != files)
		return 7;
	return 0;
}

static void a_child(int access, const char *opens, const char *maps)
{
	ccwring_iova_t iova;
	int status;
	void *mem;
	pid_t pid;

	make_context(access);
	assert_int_equal(ccwring_device_open(vfio, FIRST, &dev), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(in_child(access, opens));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* All is as it was here. */
	assert_true(reachable(memory, memory_iova));
	kernel_calls();
	mem = ccwring_dma_alloc(vfio, 32 << 20, &iova);
	assert_string_equal(kernel_calls(), maps);
	assert_true(reachable(mem, iova));
	assert_int_equal(ccwring_device_close(dev), 0);
	free_context();
}

static void child_by_group(void **state)
{
	(void)state;
	a_child(CCWRING_ACCESS_GROUP, GROUP_FIRST, "map");
}

static void child_by_cdev(void **state)
{
	(void)state;
	a_child(CCWRING_ACCESS_CDEV, CDEV_FIRST, "ioas-map");
}

static void open_first(void)
{
	make_context(CCWRING_ACCESS_CDEV);
	assert_int_equal(ccwring_device_open(vfio, FIRST, &dev), 0);
	kernel_calls();
}

static void close_first(void)
{
	assert_int_equal(ccwring_device_close(dev), 0);
	free_context();
}

/* A driver without rings, and one that knows less than the program. */
static void ring_info(void **state)
{
	const struct vfio_ccw_ring_info says = { .size = sizeof(says), .max_sq_entries = 77 };
	struct {
		struct vfio_ccw_ring_info info;
		uint64_t more[300];
	} longer;

	(void)state;
	open_first();
	kernel_rings(NULL);
	assert_int_equal(ccwring_device_has_ring(dev), 0);
	assert_int_equal(ccwring_device_ring_info(dev, &longer.info, sizeof(longer.info)),
			 -EOPNOTSUPP);
	kernel_rings(&says);
	assert_int_equal(ccwring_device_has_ring(dev), 1);
	memset(&longer, 0xff, sizeof(longer));
	assert_int_equal(ccwring_device_ring_info(dev, &longer.info, sizeof(longer)), 0);
	assert_memory_equal(&longer.info, &says, sizeof(says));
	for (size_t i = 0; i < sizeof(longer.more) / sizeof(longer.more[0]); i++)
		assert_int_equal(longer.more[i], 0);
	assert_int_equal(ccwring_device_ring_info(dev, &longer.info, sizeof(says) - 1), -EINVAL);
	close_first();
}

/* What a driver does not have it is not asked for. */
static void ring_flags(void **state)
{
	struct vfio_ccw_ring_info says = { .size = sizeof(says),
					   .setup_flags = VFIO_CCW_RING_SETUP_POLL };
	struct ccwring_ring_opts opts = { .size = sizeof(opts), .flags = CCWRING_RING_THREAD };
	struct ccwring_ring *ring;

	(void)state;
	open_first();
	kernel_rings(&says);
	kernel_fail("ring-make", ENOSPC);
	assert_int_equal(ccwring_ring_new(dev, &opts, &ring), -EOPNOTSUPP);
	assert_string_equal(kernel_calls(), "ring-probe ring-info");
	opts.flags = CCWRING_RING_POLL;
	assert_int_equal(ccwring_ring_new(dev, &opts, &ring), -ENOSPC);
	assert_string_equal(kernel_calls(), "ring-probe ring-info ring-make");
	opts.flags = 0;
	assert_int_equal(ccwring_ring_new(dev, &opts, &ring), -ENOSPC);
	assert_string_equal(kernel_calls(), "ring-probe ring-make");
	/* How large a ring may be is the driver's to say. */
	opts.sq_entries = 100000;
	assert_int_equal(ccwring_ring_new(dev, &opts, &ring), -ENOSPC);
	kernel_fail("ring-make", 0);
	close_first();
}

static void options(void **state)
{
	struct ccwring_vfio_opts opts = { .size = sizeof(opts),
					  .access = CCWRING_ACCESS_HOSTED + 1 };

	(void)state;
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), -EINVAL);
	opts.access = -1;
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_group),
		cmocka_unit_test(by_cdev),
		cmocka_unit_test(group_grows),
		cmocka_unit_test(cdev_grows),
		cmocka_unit_test(ring_info),
		cmocka_unit_test(ring_flags),
		cmocka_unit_test(between_groups),
		cmocka_unit_test(mapping_fails),
		cmocka_unit_test(auto_prefers_groups),
		cmocka_unit_test(auto_takes_cdev),
		cmocka_unit_test(busy_is_busy),
		cmocka_unit_test(each_step_fails),
		cmocka_unit_test(neither),
		cmocka_unit_test(child_by_group),
		cmocka_unit_test(child_by_cdev),
		cmocka_unit_test(options),
	};

	return cmocka_run_group_tests(tests, make_subchannels, remove_subchannels);
}
