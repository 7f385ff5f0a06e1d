// SPDX-License-Identifier: MIT
/*
 * The only path to a disk is varied off and on, and reported lost and found,
 * while the disk is busy.  Each start ends once, and nothing starts while there
 * is no path.  A client that is killed, and a device that is removed, at the same
 * moment leave nothing behind.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "path.h"
#include "plug.h"
#include "pump.h"

#define ROUNDS 20

/* On a busy machine little gets done in a moment. */
static bool until_more(struct t_pump *pump, const unsigned long *count)
{
	const unsigned long before = *count;
	unsigned int tries;

	for (tries = 0; tries < T_PATIENCE_MS / 20 && *count == before; tries++) {
		if (t_pump_run(pump, 20))
			return false;
	}
	return *count > before;
}

static bool goes_on(struct t_pump *pump)
{
	return until_more(pump, &pump->lanes[0].good);
}

/* Nothing starts, and everything says why. */
static bool stands_still(struct t_pump *pump)
{
	struct t_lane *lane = &pump->lanes[0];
	unsigned long good;

	if (!until_more(pump, &lane->no_path))
		return false;
	good = lane->good;
	return until_more(pump, &lane->no_path) && lane->good == good;
}

static void vary(struct t_pump *pump, struct t_path *path)
{
	int i, off = 0, on = 0;

	for (i = 0; i < ROUNDS; i++) {
		t_path_vary(path, false);
		off += stands_still(pump);
		t_path_vary(path, true);
		on += goes_on(pump);
	}
	T_EQUAL(off, ROUNDS, "varied off: nothing starts");
	T_EQUAL(on, ROUNDS, "varied on: I/O goes on");
}

static void lose(struct t_pump *pump, struct t_path *path)
{
	struct t_crw lost = { .source = T_SOURCE_PATH, .event = T_CRW_PERRN, .id = path->id };
	struct t_crw found = { .source = T_SOURCE_PATH, .event = T_CRW_INIT, .id = path->id };
	unsigned long before = pump->lanes[0].no_path;
	int i, ok = 0;

	for (i = 0; i < ROUNDS; i++)
		ok += t_inject(lost) && goes_on(pump) && t_inject(found) && goes_on(pump);
	T_EQUAL(ok, ROUNDS, "reported lost and found: I/O goes on");
	T_EQUAL(pump->lanes[0].no_path, before, "... because the path is there");
}

/* The paths are left to the driver, which uses those that are varied on. */
static int start_anywhere(struct t_vm *vm, struct t_ring *ring)
{
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe;
	int ret;

	t_ccw1(t_at(vm, T_IOVA), T_CMD_NOP, T_CCW_SLI, 1, T_IOVA + 64);
	t_sqe_start(&sqe, T_ORB_PLAIN & ~T_ORB_LPM, T_IOVA, 1);
	ret = t_ring_do(ring, &sqe, &cqe);
	if (ret || cqe.res)
		return ret ? ret : cqe.res;
	return t_irb_good(cqe.irb) ? 0 : -EIO;
}

static int keep_busy(void *argument)
{
	static struct t_pump pump;
	int *ready = argument;
	struct t_ring ring;
	struct t_vm vm;

	t_vm_open(&vm);
	t_pump_open(&pump, &vm, &ring, vm.devices[0].fd);
	if (t_pump_run(&pump, 20) || write(ready[1], "", 1) != 1)
		return 1;
	t_pump_run(&pump, T_PATIENCE_MS);
	return 1;
}

/*
 * Ending a start whose path has gone is work for later, and later there is no client any
 * more, no ring, and in the end no device.
 */
static void too_late(const struct t_sub *sub, struct t_path *path)
{
	int i, ready[2], ok = 0;
	pid_t pid, taker;
	char byte;

	for (i = 0; i < ROUNDS; i++) {
		T_NEED(!pipe(ready), "a pipe");
		pid = t_start(keep_busy, ready);
		T_NEED(read(ready[0], &byte, 1) == 1, "a client is busy");
		taker = t_remove_mdev(sub);
		t_path_vary(path, false);
		kill(pid, SIGKILL);
		ok += WIFSIGNALED(t_ended(pid, T_PATIENCE_MS)) && t_exited(taker);
		t_path_vary(path, true);
		t_shell("echo %s >%s/mdev_supported_types/vfio_ccw-io/create", sub->device->uuid,
			sub->sysfs);
		close(ready[0]);
		close(ready[1]);
	}
	T_EQUAL(ok, ROUNDS, "path, client and device go at the same moment");
}

int main(void)
{
	struct t_device device;
	struct t_sub sub;
	static struct t_pump pump;
	struct t_before before;
	struct t_path path;
	struct t_ring ring;
	struct t_vm vm;

	t_allow_crws();
	t_note_before(&before);
	t_vm_open(&vm);
	t_path_find(&path, vm.devices[0].uuid);
	t_pump_open(&pump, &vm, &ring, vm.devices[0].fd);
	vary(&pump, &path);
	lose(&pump, &path);
	t_pump_drain(&pump, "paths");

	T_EQUAL(start_anywhere(&vm, &ring), 0, "a start on any path");
	t_path_vary(&path, false);
	T_EQUAL(start_anywhere(&vm, &ring), -ENODEV, "... when none is varied on");
	t_path_vary(&path, true);
	T_EQUAL(start_anywhere(&vm, &ring), 0, "... when one is");
	t_good_start(&vm, &ring, "all that");
	t_pump_close(&pump);
	device = vm.devices[0];
	t_vm_close(&vm);
	t_sub_of(&device, &sub);
	too_late(&sub, &path);
	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 8);
	t_good_start(&vm, &ring, "that");
	t_ring_close(&ring);
	t_vm_close(&vm);
	t_check_after(&before, "paths");
	return tap_done();
}
