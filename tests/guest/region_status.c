// SPDX-License-Identifier: MIT
/*
 * Status through the I/O region.  Each piece of it is given out once, however
 * close together interrupts come and however late the client reads.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <linux/vfio_ccw.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common.h"

#define KEPT	8 /* IRBs that wait to be read */
#define PROGRAM T_IOVA
#define DATA	(T_IOVA + T_PAGE)

/*
 * SENSE ID into so many bytes too many: the residual count tells the IRBs apart.  The
 * start before is over, but for its interrupt where another CPU may have that.
 */
static void start(struct t_vm *vm, struct t_region *region, uint16_t extra)
{
	int ret, tries = 5000;
	uint8_t orb[32];

	t_ccw1(t_at(vm, PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI, 256 + extra, DATA);
	t_orb(orb, T_ORB_PLAIN, PROGRAM);
	do
		ret = t_region_start(region, orb);
	while (ret == -EBUSY && !t_one_cpu() && tries-- && !usleep(1000));
	T_NEED(!ret, "a start");
}

/* What SENSE ID leaves over with no extra bytes. */
static uint16_t base(struct t_vm *vm, struct t_region *region)
{
	uint8_t irb[96];

	start(vm, region, 0);
	T_NEED(!t_region_wait(region, irb, 5000) && t_irb_good(irb), "SENSE ID works");
	return t_irb_residual(irb);
}

static void two(struct t_vm *vm, struct t_region *region, uint16_t none)
{
	uint8_t irb[96];

	start(vm, region, 1);
	start(vm, region, 2);
	T_EQUAL(t_region_wait(region, irb, 5000), 0, "two starts, and nothing read: an event");
	T_EQUAL(t_irb_residual(irb), none + 1, "... the first IRB");
	T_EQUAL(t_region_wait(region, irb, 5000), 0, "... another event");
	T_EQUAL(t_irb_residual(irb), none + 2, "... the second IRB");
	T_EQUAL(t_region_event(region, 50), -ETIME, "... no third event");
	T_EQUAL(t_region_irb(region, irb), 0, "a read without an event");
	T_EQUAL(t_irb_residual(irb), none + 2, "... finds the same");
}

/* A client that takes events and does not look wants the status of what it did last. */
static void ignored(struct t_vm *vm, struct t_region *region, uint16_t none)
{
	uint8_t irb[96];

	start(vm, region, 1);
	T_NEED(!t_region_event(region, 5000), "an event");
	start(vm, region, 2);
	T_NEED(!t_region_event(region, 5000), "an event");
	T_EQUAL(t_region_async(region, T_REGION_CLEAR), 0, "a clear");
	T_NEED(!t_region_event(region, 5000), "an event");
	start(vm, region, 3);
	T_NEED(!t_region_wait(region, irb, 5000), "an event");
	T_EQUAL(t_irb_function(irb), T_FUNCTION_CLEAR, "ends of starts that were ignored are gone");
	T_NEED(!t_region_wait(region, irb, 5000), "an event");
	T_EQUAL(t_irb_residual(irb), none + 3, "... what was started last is not");
	T_EQUAL(t_region_event(region, 50), -ETIME, "... and there is no other");
}

static void in_parts(struct t_vm *vm, struct t_region *region, uint16_t none)
{
	const uint64_t at = region->io + offsetof(struct ccw_io_region, irb_area);
	uint8_t irb[96] = { 0 };

	start(vm, region, 3);
	start(vm, region, 4);
	T_NEED(!t_region_event(region, 5000), "an event");
	T_EQUAL(pread(region->device, irb + 12, 84, at + 12), 84, "an IRB's end can be read first");
	T_EQUAL(pread(region->device, irb, 12, at), 12, "... and then its SCSW");
	T_EQUAL(t_irb_residual(irb), none + 3, "... which is that of the first IRB");
	T_EQUAL(pread(region->device, irb + 12, 84, at + 12), 84,
		"the end does not bring the next");
	T_NEED(!t_region_wait(region, irb, 5000), "an event");
	T_EQUAL(t_irb_residual(irb), none + 4, "... the SCSW does");
}

static void write_keeps(struct t_vm *vm, struct t_region *region, uint16_t none)
{
	struct ccw_io_region io = { .irb_area = { 0xff, 0xff } };
	uint8_t irb[96];

	start(vm, region, 5);
	io.scsw_area[2] = 0x20;
	T_CHECK(pwrite(region->device, &io, sizeof(io), region->io) < 0 && errno == EOPNOTSUPP,
		"a HALT through the I/O region is refused");
	T_NEED(!t_region_wait(region, irb, 5000), "an event");
	T_EQUAL(t_irb_residual(irb), none + 5, "... and a write destroys no status");
}

static void many(struct t_vm *vm, struct t_region *region, uint16_t none)
{
	uint8_t irb[96];
	unsigned int i;

	for (i = 1; i <= 20; i++)
		start(vm, region, i);
	for (i = 20 - KEPT + 1; i <= 20; i++) {
		T_NEED(!t_region_wait(region, irb, 5000), "an event");
		T_EQUAL(t_irb_residual(irb), none + i, "20 starts unread: IRB %u is kept", i);
	}
	T_EQUAL(t_region_event(region, 50), -ETIME, "... and no other");
}

static void functions(struct t_vm *vm, struct t_region *region, uint16_t none)
{
	uint8_t irb[96];

	start(vm, region, 6);
	T_EQUAL(t_region_async(region, T_REGION_HALT), 0, "a halt while status is unread");
	T_EQUAL(t_region_async(region, T_REGION_CLEAR), 0, "a clear");
	T_NEED(!t_region_wait(region, irb, 5000), "an event");
	T_CHECK(t_irb_function(irb) == T_FUNCTION_START && t_irb_residual(irb) == none + 6,
		"first the start's IRB");
	T_NEED(!t_region_wait(region, irb, 5000), "an event");
	T_EQUAL(t_irb_function(irb), T_FUNCTION_HALT, "then the halt's");
	T_NEED(!t_region_wait(region, irb, 5000), "an event");
	T_EQUAL(t_irb_function(irb), T_FUNCTION_CLEAR, "then the clear's");
	T_EQUAL(t_region_event(region, 50), -ETIME, "and no other");
}

/* Who looks when he likes wants to see what was last. */
static void without_eventfd(struct t_vm *vm, struct t_region *region, uint16_t none)
{
	uint8_t irb[96];
	int tries = 100;

	t_region_close(region);
	start(vm, region, 7);
	start(vm, region, 8);
	do
		T_NEED(!t_region_irb(region, irb) && tries--, "IRB");
	while (t_irb_residual(irb) != none + 8 && !usleep(1000));
	T_EQUAL(t_irb_residual(irb), none + 8, "without an eventfd the latest IRB is found");
	t_region_open(region, region->device);
}

static void reopened(struct t_vm *vm, struct t_region *region)
{
	struct t_device *device = &vm->devices[0];
	uint8_t irb[96], nothing[96] = { 0 };

	start(vm, region, 9);
	t_region_close(region);
	close(device->fd);
	device->fd = -1;
	t_device_open(vm, device);
	t_region_open(region, device->fd);
	T_EQUAL(t_region_event(region, 50), -ETIME, "a device that was closed has no status");
	T_NEED(!t_region_irb(region, irb), "IRB");
	T_CHECK(!memcmp(irb, nothing, sizeof(irb)), "... its region neither");
	base(vm, region);
}

int main(void)
{
	struct t_region region;
	struct t_vm vm;
	uint16_t none;

	t_vm_open(&vm);
	t_region_open(&region, vm.devices[0].fd);
	none = base(&vm, &region);
	two(&vm, &region, none);
	ignored(&vm, &region, none);
	in_parts(&vm, &region, none);
	write_keeps(&vm, &region, none);
	many(&vm, &region, none);
	functions(&vm, &region, none);
	without_eventfd(&vm, &region, none);
	reopened(&vm, &region);
	t_region_close(&region);
	t_vm_close(&vm);
	return tap_done();
}
