// SPDX-License-Identifier: MIT
#include "common.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The last page: no test puts anything else there. */
#define GOOD_PROGRAM (T_IOVA + T_SIZE - T_PAGE)

void t_good_start(struct t_vm *vm, struct t_ring *ring, const char *after)
{
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe;
	int ret;

	t_ccw1(t_at(vm, GOOD_PROGRAM), T_CMD_NOP, T_CCW_SLI, 1, GOOD_PROGRAM + 64);
	t_sqe_start(&sqe, T_ORB_PLAIN, GOOD_PROGRAM, 0x600d);
	ret = t_ring_do(ring, &sqe, &cqe);
	T_CHECK(!ret && !cqe.res && cqe.user_data == 0x600d &&
			(cqe.flags & VFIO_CCW_RING_CQE_IRB) && t_irb_good(cqe.irb),
		"a good request works after %s", after);
	if (ret || cqe.res)
		printf("# wait %d, res %d, reason %u\n", ret, ret ? 0 : cqe.res,
		       ret ? 0 : cqe.reason);
}

unsigned int t_slow(void)
{
	const char *slow = getenv("LAB_SLOW");

	return slow ? strtoul(slow, NULL, 10) : 1;
}

bool t_one_cpu(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN) == 1;
}

long long t_number_after(const char *file, const char *word)
{
	char line[256], name[128];
	long long number, found = -1;
	FILE *stream = fopen(file, "r");

	if (!stream)
		return -1;
	while (fgets(line, sizeof(line), stream)) {
		if (sscanf(line, "%127s %lld", name, &number) == 2 && !strcmp(name, word))
			found = number;
	}
	fclose(stream);
	return found;
}

long long t_module_users(void)
{
	FILE *stream = fopen("/sys/module/vfio_ccw/refcnt", "r");
	long long users = -1;

	T_NEED(stream && fscanf(stream, "%lld", &users) == 1, "the module's users are known");
	fclose(stream);
	return users;
}

/* The counters lag behind by what each CPU has not added up yet. */
static void refresh_vmstat(void)
{
	char byte;
	int fd = open("/proc/sys/vm/stat_refresh", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, &byte, 1) < 0)
		printf("# the page counters could not be refreshed\n");
	close(fd);
}

long long t_pages_pinned(void)
{
	long long got, put;

	refresh_vmstat();
	got = t_number_after("/proc/vmstat", "nr_foll_pin_acquired");
	put = t_number_after("/proc/vmstat", "nr_foll_pin_released");

	T_NEED(got >= 0 && put >= 0, "the kernel counts pinned pages");
	return got - put;
}

bool t_pages_pinned_become(long long pages)
{
	int tries = 100 * t_slow();

	while (t_pages_pinned() != pages) {
		if (!tries--)
			return false;
		usleep(10000);
	}
	return true;
}
