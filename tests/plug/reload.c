// SPDX-License-Identifier: MIT
/* The module is loaded and unloaded 50 times with a device bound: nothing leaks. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plug.h"

/* Three times memory is looked at, once caches are warm. */
#define WARM	       10
#define ROUNDS	       20
/* How often the device is opened in between. */
#define OPENS	       200
/* A page each time is a leak; less is what comes and goes with processes. */
#define MAY_KIB(times) ((times)*2)

/* Memory the kernel has for itself, in KiB. */
static long long kernel_memory(void)
{
	static const char *const names[] = { "SUnreclaim:", "VmallocUsed:", "Percpu:" };
	long long kib = 0;
	unsigned int i;

	/* Some is freed when nobody can look at it any more. */
	usleep(200000);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		kib += t_number_after("/proc/meminfo", names[i]);
	return kib;
}

/* The memory of requests is plain pages: those nobody counts but as not free. */
static long long used_memory(void)
{
	usleep(200000);
	return -t_number_after("/proc/meminfo", "MemFree:");
}

/* A leak grows all the time, a cache once. */
static void check(const long long *kib, int times, const char *what)
{
	long long first = kib[1] - kib[0], then = kib[2] - kib[1];

	T_CHECK(first < MAY_KIB(times) || then < MAY_KIB(times),
		"%s: %lld KiB more after %d times, %lld after another %d", what, first, times, then,
		times);
}

static void use(void)
{
	struct t_ring ring;
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe;
	struct t_vm vm;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 32);
	t_ccw1(t_at(&vm, T_IOVA), T_CMD_SENSE_ID, T_CCW_SLI, 8, T_IOVA + T_PAGE);
	t_sqe_start(&sqe, T_ORB_PLAIN, T_IOVA, 1);
	T_NEED(!t_ring_do(&ring, &sqe, &cqe) && t_irb_good(cqe.irb), "I/O works");
	t_ring_close(&ring);
	t_vm_close(&vm);
}

static void load_and_use(int times)
{
	while (times--) {
		T_NEED(!syscall(SYS_delete_module, "vfio_ccw", O_NONBLOCK), "the module goes");
		t_shell("insmod /lib/modules/ccwring/vfio_ccw.ko");
		t_bind();
		use();
		T_NEED(!t_module_users(), "nobody uses the module");
	}
}

static void use_often(int times)
{
	while (times--)
		use();
}

int main(void)
{
	long long kernel[3], used[3], pinned = t_pages_pinned();
	int i;

	load_and_use(WARM);
	use_often(OPENS);
	for (i = 0; i < 3; i++) {
		if (i)
			use_often(OPENS);
		used[i] = used_memory();
	}
	kernel[0] = kernel_memory();
	for (i = 1; i < 3; i++) {
		load_and_use(ROUNDS);
		kernel[i] = kernel_memory();
	}
	check(used, OPENS, "opening and closing a ring");
	check(kernel, ROUNDS, "loading and unloading");
	T_CHECK(t_pages_pinned_become(pinned), "no page stays pinned");
	return tap_done();
}
