// SPDX-License-Identifier: MIT
/*
 * A client has the driver wait for a page of its memory that comes from a disk of two bytes
 * a second, with its container's lock held.  Another client, which discards memory at the
 * same addresses, must not notice.
 */
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bad.h"

#define AREA_IOVA 0x01000000UL
#define AREA_SIZE (4 * T_PAGE)

static struct t_vm vm;
static struct t_ring rings[2];

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	T_NEED(file && fputs(text, file) >= 0 && !fclose(file), "%s to %s", text, path);
}

/* This process reads a RAM disk by two bytes a second. */
static void throttle(void)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	mkdir("/tmp/cgroups", 0755);
	T_NEED(!mount("none", "/tmp/cgroups", "cgroup2", 0, NULL), "control groups");
	write_file("/tmp/cgroups/cgroup.subtree_control", "+io");
	mkdir("/tmp/cgroups/slow", 0755);
	write_file("/tmp/cgroups/slow/io.max", "1:0 rbps=2");
	write_file("/tmp/cgroups/slow/cgroup.procs", pid);
}

static uint8_t *map_file(int fd, int flags)
{
	uint8_t *area = mmap(NULL, AREA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | flags, fd, 0);

	T_NEED(area != MAP_FAILED && !t_map(&vm, area, AREA_SIZE, AREA_IOVA, 3), "memory");
	return area;
}

static void open_all(int first)
{
	int i;

	t_vm_open_some(&vm, first, 2);
	for (i = 0; i < 2; i++)
		t_ring_open(&rings[i], vm.devices[i].fd, 8);
}

static void submit(unsigned int device, uint64_t data, struct vfio_ccw_ring_cqe *cqe)
{
	struct vfio_ccw_ring_sqe sqe;

	t_ccw1(t_at(&vm, T_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI, 7, data);
	t_sqe_start(&sqe, T_ORB_PLAIN, T_PROGRAM, 9);
	T_NEED(!t_ring_do(&rings[device], &sqe, cqe), "a CQE comes");
}

static bool sense(unsigned int device, uint8_t *area)
{
	struct vfio_ccw_ring_cqe cqe;

	area[0] = 0;
	submit(device, AREA_IOVA, &cqe);
	return !cqe.res && t_irb_good(cqe.irb) && area[0] == 0xff;
}

static pid_t waiting;

static void *wait_for_ever(void *argument)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)argument;
	__atomic_store_n(&waiting, syscall(SYS_gettid), __ATOMIC_RELEASE);
	submit(0, AREA_IOVA + T_PAGE, &cqe);
	return NULL;
}

/* Is the thread in the midst of something that no signal interrupts? */
static bool is_stuck(void)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
		 __atomic_load_n(&waiting, __ATOMIC_ACQUIRE));
	file = fopen(path, "re");
	if (file) {
		fscanf(file, "%*d (%*[^)]) %c", &state);
		fclose(file);
	}
	return state == 'D';
}

/* Never returns; says so when the driver waits. */
static void stalled(int ready)
{
	int disk = open("/dev/ram0", O_RDWR | O_CLOEXEC), stuck = 0;
	pthread_t thread;
	uint8_t *area;

	T_NEED(disk >= 0, "a disk");
	open_all(2);
	area = map_file(disk, 0);
	T_NEED(sense(1, area), "the client works");
	/* The page at the address of the other client's is pinned by one that does nothing. */
	T_NEED(!madvise(area, T_PAGE, MADV_DONTNEED), "madvise");
	throttle();
	T_NEED(!posix_fadvise(disk, 0, 0, POSIX_FADV_DONTNEED), "pages of the disk are forgotten");
	T_NEED(!pthread_create(&thread, NULL, wait_for_ever, NULL), "a thread");
	while (stuck < 100) {
		stuck = is_stuck() ? stuck + 1 : 0;
		usleep(1000);
	}
	T_NEED(write(ready, "", 1) == 1, "the other one is told");
	for (;;)
		pause();
}

static pid_t fork_stalled(void)
{
	int ends[2];
	pid_t child;
	char byte;

	T_NEED(!pipe2(ends, O_CLOEXEC), "a pipe");
	child = fork();
	if (!child)
		stalled(ends[1]);
	close(ends[1]);
	T_NEED(child > 0 && read(ends[0], &byte, 1) == 1, "a client that has the driver wait");
	close(ends[0]);
	return child;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Who keeps an eye on all devices must not be stuck at this one. */
static unsigned int read_counters(void)
{
	unsigned int good = 0;
	long long counter;
	glob_t counters;
	FILE *file;

	T_NEED(!glob("/sys/bus/mdev/devices/*/pins/*", 0, NULL, &counters), "counters");
	for (size_t i = 0; i < counters.gl_pathc; i++) {
		file = fopen(counters.gl_pathv[i], "re");
		good += file && fscanf(file, "%lld", &counter) == 1 && counter >= 0;
		if (file)
			fclose(file);
	}
	globfree(&counters);
	return good;
}

int main(void)
{
	unsigned int i, good = 0;
	double begin;
	uint8_t *area;
	pid_t child;

	child = fork_stalled();
	/* What must not take for ever does not take this long. */
	alarm(60 * t_slow());
	begin = now();
	T_EQUAL(read_counters(), 4 * 7, "seven counters of each of four devices can be read");
	open_all(0);
	area = map_file(-1, MAP_ANONYMOUS);
	for (i = 0; i < 100; i++) {
		good += sense(0, area);
		T_NEED(!madvise(area, T_PAGE, MADV_DONTNEED), "madvise");
		good += sense(1, area);
		T_NEED(!madvise(area, T_PAGE, MADV_DONTNEED), "madvise");
	}
	T_EQUAL(good, 200, "a client beside one that has the driver wait");
	for (i = 0; i < 20; i++) {
		t_ring_close(&rings[1]);
		t_device_close(&vm.devices[1]);
		t_device_open(&vm, &vm.devices[1]);
		t_ring_open(&rings[1], vm.devices[1].fd, 8);
		good += sense(1, area);
	}
	T_EQUAL(good, 220, "... opens and closes devices");
	T_CHECK(now() - begin < 20 * t_slow(), "... and has been done in %.1f s", now() - begin);
	T_EQUAL(waitpid(child, NULL, WNOHANG), 0, "the other one waits still");
	write_file("/tmp/cgroups/slow/io.max", "1:0 rbps=max");
	kill(child, SIGKILL);
	T_EQUAL(waitpid(child, NULL, 0), child, "... and ends when its page has come");
	for (i = 0; i < 2; i++)
		t_ring_close(&rings[i]);
	t_vm_close(&vm);
	return tap_done();
}
