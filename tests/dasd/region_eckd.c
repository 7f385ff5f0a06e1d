// SPDX-License-Identifier: MIT
/*
 * The stock ABI with a start truly under way: halted, cleared, its memory
 * unmapped, its device reset, its channel path lost.  Its client always learns
 * that it has ended, and how.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <linux/vfio_ccw.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "eckd.h"
#include "path.h"

static struct t_vm vm;
static struct t_region region;

static void endless(void)
{
	const uint32_t data = T_IOVA + ECKD_ENDLESS;
	uint8_t orb[32];

	memset(t_at(&vm, data), 0, ECKD_RECORD);
	eckd_endless(&vm, T_IOVA, data);
	t_orb(orb, T_ORB_PLAIN, T_IOVA);
	T_NEED(!t_region_start(&region, orb), "a start that never ends by itself");
	eckd_under_way(&vm, data);
	T_EQUAL(t_region_start(&region, orb), -EBUSY, "no second start while one is under way");
}

static void good(const char *after)
{
	const uint32_t program = T_IOVA + 0x4000;
	uint8_t orb[32], irb[96];

	memset(t_at(&vm, program + T_PAGE), 0, ECKD_RECORD);
	eckd_program(&vm, program, ECKD_READ, 0, 1, program + T_PAGE);
	t_orb(orb, T_ORB_PLAIN, program);
	T_EQUAL(t_region_start(&region, orb), 0, "a start after %s", after);
	T_CHECK(!t_region_wait(&region, irb, 5000) && t_irb_good(irb), "... ends well");
	T_EQUAL(t_region_event(&region, 20), -ETIME, "... and once");
}

static void stopped(uint32_t command, uint8_t function, const char *what)
{
	uint8_t irb[96];

	endless();
	T_EQUAL(t_region_async(&region, command), 0, "%s", what);
	T_CHECK(!t_region_wait(&region, irb, 5000) && t_irb_function(irb) & function,
		"... its IRB shows it");
	good(what);
}

/* The end that the driver has made of a start. */
static void ended(uint8_t cstat, const char *what)
{
	uint8_t irb[96] = { 0 };

	T_EQUAL(t_region_wait(&region, irb, 5000), 0, "%s: the client is told", what);
	T_EQUAL(t_irb_function(irb), T_FUNCTION_START, "... of a start");
	T_EQUAL(irb[3] & 0x1f, 0x17, "... that ended: alert, primary, secondary, pending");
	T_CHECK(t_irb_cstat(irb) == cstat && !t_irb_dstat(irb), "... with channel status %#x (%#x)",
		cstat, t_irb_cstat(irb));
}

static void unmapped(void)
{
	endless();
	T_EQUAL(t_unmap(&vm, T_IOVA, T_SIZE), 0, "memory is unmapped");
	ended(T_CSTAT_PROGRAM_CHECK, "memory gone");
	T_NEED(!t_map(&vm, vm.memory, T_SIZE, T_IOVA, 3), "memory is mapped again");
	good("memory came back");
}

static void reset(void)
{
	endless();
	T_EQUAL(ioctl(vm.devices[0].fd, VFIO_DEVICE_RESET), 0, "the device is reset");
	ended(T_CSTAT_INTERFACE_CHECK, "a reset");
	good("a reset");
}

static void no_path(uint32_t path)
{
	uint8_t orb[32];

	t_orb(orb, T_ORB_PLAIN, T_IOVA + 0x4000);
	T_EQUAL(t_region_start(&region, orb), -ENODEV, "no start without a path");
	T_EQUAL(t_region_crw(&region), (long long)(T_CRW_PATH_GONE | path), "... which a CRW said");
	T_EQUAL(t_region_crw(&region), 0, "... one");
}

static void varied(struct t_path *path)
{
	endless();
	t_path_vary(path, false);
	ended(T_CSTAT_INTERFACE_CHECK, "the path varied off");
	no_path(path->id);
	t_path_vary(path, true);
	T_EQUAL(t_region_crw(&region), (long long)(T_CRW_PATH_THERE | path->id),
		"a CRW says that the path is back");
	good("the path came back");
}

/* The next CRW, which may take a moment to come through the machine. */
static uint32_t next_crw(void)
{
	unsigned int ms;
	uint32_t crw;

	for (ms = 0; !(crw = t_region_crw(&region)) && ms < 5000; ms++)
		usleep(1000);
	return crw;
}

/* The machine reports the path gone, and then there; the device stays reachable. */
static void reported(struct t_path *path)
{
	endless();
	t_path_report(path, false);
	ended(T_CSTAT_INTERFACE_CHECK, "the path reported gone");
	T_EQUAL(next_crw(), (long long)(T_CRW_PATH_GONE | path->id), "... by a CRW, too");
	t_path_report(path, true);
	T_EQUAL(next_crw(), (long long)(T_CRW_PATH_THERE | path->id), "... as of its coming back");
	T_EQUAL(t_region_crw(&region), 0, "... and of nothing else");
	good("the path came back");
}

/* The operator makes the device present attention behind the end of a start. */
static void attention(void)
{
	const uint32_t program = T_IOVA + 0x4000;
	uint8_t orb[32], irb[96];
	int fd = open("/dev/hercmd", O_WRONLY | O_CLOEXEC);

	eckd_program(&vm, program, ECKD_READ, 0, 1, program + T_PAGE);
	t_orb(orb, T_ORB_PLAIN, program);
	T_NEED(!t_region_start(&region, orb), "a start");
	usleep(50000);
	T_NEED(fd >= 0 && write(fd, "i 0120", 6) == 6, "attention");
	close(fd);
	usleep(50000);
	T_CHECK(!t_region_wait(&region, irb, 5000) && t_irb_good(irb) &&
			t_irb_function(irb) == T_FUNCTION_START,
		"attention behind a start: first its end");
	T_CHECK(!t_region_wait(&region, irb, 5000) && !t_irb_function(irb) &&
			t_irb_dstat(irb) == T_DSTAT_ATTENTION,
		"... then the attention");
	T_EQUAL(t_region_event(&region, 20), -ETIME, "... and no other");
}

/* The path belongs to the ring's starts as well. */
static void varied_ring(struct t_path *path)
{
	struct vfio_ccw_ring_cqe cqe;
	struct t_ring ring;
	unsigned int i;

	t_ring_open(&ring, vm.devices[0].fd, 2 * T_DEPTH);
	t_load_queue(&vm, &ring, eckd_endless_load);
	T_NEED(t_ring_enter(&ring, T_DEPTH, 0) == T_DEPTH, "%u starts", T_DEPTH);
	eckd_endless_moment(&vm);
	t_path_vary(path, false);
	T_NEED(!t_ring_next(&ring, &cqe), "a CQE");
	T_CHECK(cqe.res == -ECANCELED && cqe.reason == VFIO_CCW_RING_R_PATH_LOST &&
			t_irb_cstat(cqe.irb) == T_CSTAT_INTERFACE_CHECK,
		"the start on the path ends with an interface-control check");
	for (i = 1; i < T_DEPTH; i++) {
		T_NEED(!t_ring_next(&ring, &cqe), "a CQE");
		if (cqe.res != -ECANCELED || cqe.reason != VFIO_CCW_RING_R_HELD)
			break;
	}
	T_EQUAL(i, T_DEPTH, "those behind it are held");
	t_sqe_start(t_ring_sqe(&ring), T_ORB_PLAIN, T_IOVA + 0x4000, 1);
	T_NEED(t_ring_enter(&ring, 1, 1) == 1 && !t_ring_next(&ring, &cqe), "a CQE");
	T_CHECK(cqe.res == -ENODEV && cqe.reason == VFIO_CCW_RING_R_NOT_OPERATIONAL,
		"no start without a path");
	t_path_vary(path, true);
	t_good_start(&vm, &ring, "the path came back");
	t_ring_close(&ring);
	while (t_region_crw(&region))
		;
}

static void overflow(struct t_path *path)
{
	uint32_t crw, last = 0;
	unsigned int i, n = 0;

	for (i = 0; i < 50; i++) {
		t_path_vary(path, false);
		t_path_vary(path, true);
	}
	while ((crw = t_region_crw(&region)) && n < 200) {
		last = crw;
		n++;
	}
	T_EQUAL(n, 64, "of 100 CRWs that nobody reads 64 are kept");
	T_EQUAL(last, T_CRW_OVERFLOW, "... the last says that there were more");
	good("CRWs overflowed");
}

/* What a program reports on its way and at its end is one IRB if nobody looks. */
static void intermediate(void)
{
	const uint32_t program = T_IOVA, data = T_IOVA + ECKD_ENDLESS;
	struct t_ccw1 *ccws = t_at(&vm, program);
	uint8_t orb[32], irb[96];
	unsigned int events = 0;
	bool pci = false;

	eckd_program(&vm, program, ECKD_READ, 0, 12, data);
	ccws[3].flags |= T_CCW_PCI;
	t_orb(orb, T_ORB_PLAIN, program);
	T_NEED(!t_region_start(&region, orb), "a program with PCI");
	usleep(100000);
	while (!t_region_wait(&region, irb, 100)) {
		pci |= t_irb_cstat(irb) & T_CSTAT_PCI;
		events++;
	}
	T_CHECK(pci && t_irb_dstat(irb) == T_DSTAT_GOOD,
		"PCI and the end, read late, are both there");
	T_EQUAL(events, 1, "... in one IRB");
}

static void end_of_memory(void)
{
	const uint32_t program = T_IOVA + T_SIZE - 3 * sizeof(struct t_ccw1);
	uint32_t parameters = T_IOVA + 0x100, data = T_IOVA + 0x4000;
	uint8_t orb[32], irb[96];

	eckd_prefix(&vm, t_at(&vm, program), parameters, ECKD_READ, 0, 1);
	t_ccw1(t_at(&vm, program + 16), ECKD_READ, 0, ECKD_RECORD, data);
	memset(t_at(&vm, data), 0, ECKD_RECORD);
	t_orb(orb, T_ORB_PLAIN, program);
	T_EQUAL(t_region_start(&region, orb), 0, "a program in the last 24 bytes of memory");
	T_CHECK(!t_region_wait(&region, irb, 5000) && t_irb_good(irb) &&
			*(uint32_t *)t_at(&vm, data),
		"... is carried out");
}

int main(void)
{
	struct t_path path;
	unsigned int i;

	t_vm_open(&vm);
	t_region_open(&region, vm.devices[0].fd);
	t_path_find(&path, vm.devices[0].uuid);
	good("nothing");
	for (i = 0; i < 3; i++) {
		stopped(T_REGION_HALT, T_FUNCTION_HALT, "a halt");
		stopped(T_REGION_CLEAR, T_FUNCTION_CLEAR, "a clear");
		unmapped();
		reset();
		varied(&path);
		reported(&path);
		attention();
		varied_ring(&path);
	}
	overflow(&path);
	intermediate();
	end_of_memory();
	t_region_close(&region);
	t_vm_close(&vm);
	return tap_done();
}
