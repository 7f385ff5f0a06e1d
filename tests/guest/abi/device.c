// SPDX-License-Identifier: MIT
#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "abi.h"

#define LONG_MS	 2000
#define SHORT_MS 250

long abi_set_eventfd(struct abi *abi, uint32_t index, int32_t fd)
{
	uint64_t buffer[(sizeof(struct vfio_irq_set) + 11) / 8] = { 0 };
	struct vfio_irq_set *set = (void *)buffer;

	set->argsz = sizeof(*set) + sizeof(fd);
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = index;
	set->count = 1;
	memcpy(set->data, &fd, sizeof(fd));
	return ioctl(abi->fd, VFIO_DEVICE_SET_IRQS, set);
}

void abi_open(struct abi *abi)
{
	memset(abi, 0, sizeof(*abi));
	t_vm_open(&abi->vm);
	abi->fd = abi->vm.devices[0].fd;
	abi->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	T_NEED(abi->eventfd >= 0, "an eventfd opens");
	T_NEED(!abi_set_eventfd(abi, VFIO_CCW_IO_IRQ_INDEX, abi->eventfd), "the device takes it");
}

/* The stock driver would keep an eventfd that is left to it, and leak it in the end. */
void abi_close(struct abi *abi)
{
	abi_set_eventfd(abi, VFIO_CCW_IO_IRQ_INDEX, -1);
	t_vm_close(&abi->vm);
	close(abi->eventfd);
}

/* The group stays in the container: only then does nobody else come between. */
void abi_reopen(struct abi *abi, bool eventfd)
{
	struct t_device *device = &abi->vm.devices[0];

	close(device->fd);
	t_device_open(&abi->vm, device);
	abi->fd = device->fd;
	if (eventfd)
		T_NEED(!abi_set_eventfd(abi, VFIO_CCW_IO_IRQ_INDEX, abi->eventfd),
		       "the device takes the eventfd again");
}

void abi_io_region(struct ccw_io_region *io, uint8_t functions, uint32_t orb_flags,
		   uint32_t program)
{
	uint8_t orb[VFIO_CCW_RING_ORB_SIZE];

	memset(io, 0, sizeof(*io));
	t_orb(orb, orb_flags, program);
	memcpy(io->orb_area, orb, sizeof(io->orb_area));
	io->scsw_area[2] = functions;
}

long abi_start(struct abi *abi, uint32_t orb_flags, uint32_t program)
{
	struct ccw_io_region io;

	abi->program = program;
	abi_io_region(&io, T_FUNCTION_START, orb_flags, program);
	return pwrite(abi->fd, &io, sizeof(io), 0);
}

unsigned int abi_interrupts(struct abi *abi, int timeout_ms)
{
	struct pollfd pollfd = { .fd = abi->eventfd, .events = POLLIN };
	uint64_t count;

	if (poll(&pollfd, 1, timeout_ms) != 1)
		return 0;
	T_NEED(read(abi->eventfd, &count, sizeof(count)) == sizeof(count), "the eventfd is read");
	return count;
}

void abi_drain(struct abi *abi)
{
	struct ccw_io_region io;

	while (abi_interrupts(abi, SHORT_MS))
		T_NEED(pread(abi->fd, &io, sizeof(io), 0) == sizeof(io), "the I/O region is read");
}

static int code_at(struct abi *abi, off_t offset)
{
	int32_t code;

	T_NEED(pread(abi->fd, &code, sizeof(code), offset) == sizeof(code), "a return code");
	return code;
}

const char *abi_io_code(struct abi *abi)
{
	return error_name(code_at(abi, offsetof(struct ccw_io_region, ret_code)));
}

const char *abi_cmd_code(struct abi *abi)
{
	return error_name(code_at(abi, A_STRIDE + offsetof(struct ccw_cmd_region, ret_code)));
}

/* Addresses of the client's memory by their distance from the program. */
static void address_text(const struct abi *abi, uint32_t address, char *text, size_t size)
{
	if (!address)
		snprintf(text, size, "0");
	else if (address - abi->program < T_PAGE)
		snprintf(text, size, "program+%u", address - abi->program);
	else
		snprintf(text, size, "elsewhere");
}

/* ESW and ECW, as far as they are not zero. */
static void extended_text(const uint8_t *irb, char *text, size_t size)
{
	unsigned int i, last = 0;

	for (i = 12; i < IRB_AREA_SIZE; i++) {
		if (irb[i])
			last = i;
	}
	text[0] = 0;
	for (i = 12; i <= last && size > 2; i++, text += 2, size -= 2)
		snprintf(text, size, "%02x", irb[i]);
}

void say_irb(struct abi *abi, const char *name)
{
	char address[24], extended[2 * IRB_AREA_SIZE + 1];
	struct ccw_io_region io;
	uint32_t word0;

	T_NEED(pread(abi->fd, &io, sizeof(io), 0) == sizeof(io), "the I/O region is read");
	memcpy(&word0, io.irb_area, 4);
	address_text(abi, t_irb_cpa(io.irb_area), address, sizeof(address));
	extended_text(io.irb_area, extended, sizeof(extended));
	say(name, "%08x cpa %s dstat %02x cstat %02x count %u ext %s", word0, address,
	    t_irb_dstat(io.irb_area), t_irb_cstat(io.irb_area), t_irb_residual(io.irb_area),
	    extended[0] ? extended : "0");
}

bool abi_run(struct abi *abi, const char *name, uint32_t orb_flags, uint32_t program)
{
	long ret = abi_start(abi, orb_flags, program);

	if (ret != sizeof(struct ccw_io_region)) {
		const char *how = result(ret);

		say(name, "%s, code %s", how, abi_io_code(abi));
		return false;
	}
	if (abi_interrupts(abi, LONG_MS) != 1) {
		say(name, "no interrupt");
		return false;
	}
	say_irb(abi, name);
	return true;
}

void abi_good(struct abi *abi, const char *name)
{
	t_ccw1(t_at(&abi->vm, A_PROGRAM), T_CMD_NOP, T_CCW_SLI, 1, A_DATA);
	abi_run(abi, name, T_ORB_PLAIN, A_PROGRAM);
}
