// SPDX-License-Identifier: MIT
/*
 * The module stays as long as somebody can still call it: a device that is
 * open, a ring, a mapping of a ring.  A group and a container are not enough.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plug.h"
#include "pump.h"

#define MODULES "/lib/modules/"

static int unload(void)
{
	return syscall(SYS_delete_module, "vfio_ccw", O_NONBLOCK) ? -errno : 0;
}

/* Its subchannels wait for it: they only need their mediated devices again. */
static void load(const char *which)
{
	t_shell("insmod " MODULES "%s/vfio_ccw.ko", which);
	t_bind();
}

static void stays(const char *because)
{
	T_EQUAL(unload(), -EWOULDBLOCK, "the module stays because of %s", because);
	T_EQUAL(t_module_users(), 1, "... and nothing else");
}

static void close_all_but_mapping(struct t_vm *vm, struct t_ring *ring)
{
	t_device_close(&vm->devices[0]);
	T_EQUAL(unload(), -EWOULDBLOCK, "the module stays because of a ring");
	T_EQUAL(t_module_users(), 1, "... and nothing else");
	munmap(ring->sq, ring->setup.sq_bytes);
	close(ring->fd);
	stays("what is mapped of a ring");
}

/* What was posted last can still be read. */
static bool readable(struct t_ring *ring)
{
	return t_ring_cq_tail(ring) > 0 && t_ring_cq_tail(ring) == ring->head;
}

static void ring_outlives_device(void)
{
	static struct t_pump pump;
	struct t_before before;
	struct t_ring ring;
	struct t_vm vm;

	t_note_before(&before);
	t_vm_open(&vm);
	stays("a device");
	t_pump_open(&pump, &vm, &ring, vm.devices[0].fd);
	T_EQUAL(t_pump_run(&pump, 20), 0, "the device is busy");
	T_EQUAL(unload(), -EWOULDBLOCK, "the module stays because of both");
	t_pump_drain(&pump, "in use");
	close_all_but_mapping(&vm, &ring);
	T_CHECK(readable(&ring), "... which can be read");
	munmap((void *)ring.cq, ring.setup.cq_bytes);
	t_check_after(&before, "mapping gone");
	t_vm_close(&vm);
}

/* The group and the container know the device, but only by name. */
static void group_does_not_count(void)
{
	struct t_vm vm;

	t_vm_open(&vm);
	close(vm.devices[0].fd);
	vm.devices[0].fd = -1;
	T_EQUAL(t_module_users(), 0, "a group does not use the module");
	T_EQUAL(unload(), 0, "it goes with a group open");
	t_vm_close(&vm);
}

/* What the stock driver does. */
static void stock(void)
{
	struct t_vm vm;

	load("stock");
	t_vm_open(&vm);
	stays("a device, as that of the kernel does");
	t_vm_close(&vm);
	T_EQUAL(unload(), 0, "and goes without");
}

int main(void)
{
	struct t_before before;

	t_note_before(&before);
	ring_outlives_device();
	T_EQUAL(unload(), 0, "the module goes, with a subchannel bound");
	stock();
	load("ccwring");
	group_does_not_count();
	load("ccwring");
	t_check_after(&before, "loaded again");
	return tap_done();
}
