// SPDX-License-Identifier: MIT
/* VFIO_DEVICE_SET_IRQS in all its forms. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "abi.h"

#define INDEXES 4
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define HEADER	((uint32_t)sizeof(struct vfio_irq_set))

/* An eventfd and what it has counted. */
static uint64_t counted(int fd)
{
	uint64_t count = 0;

	if (read(fd, &count, sizeof(count)) < 0)
		T_NEED(errno == EAGAIN, "the eventfd is read");
	return count;
}

static long set(struct abi *abi, struct vfio_irq_set header, int32_t data)
{
	struct {
		struct vfio_irq_set header;
		int32_t data;
	} __attribute__((packed)) arg = { .header = header, .data = data };

	return ioctl(abi->fd, VFIO_DEVICE_SET_IRQS, &arg);
}

static void say_set(struct abi *abi, uint32_t index, const char *what, struct vfio_irq_set header,
		    int32_t data)
{
	char name[48];

	header.index = index;
	snprintf(name, sizeof(name), "set-irqs.%u.%s", index, what);
	say(name, "%s", result(set(abi, header, data)));
}

static struct vfio_irq_set with(uint32_t argsz, uint32_t flags)
{
	return (struct vfio_irq_set){ .argsz = argsz, .flags = flags, .count = 1 };
}

/* NONE and BOOL signal the eventfd: the client tries its own interrupt handler. */
static void loopback(struct abi *abi, uint32_t index, int fd)
{
	static const int32_t bools[] = { 0, 0x01000000, (int32_t)0xff000000 };
	char name[48];
	unsigned int i;

	say_set(abi, index, "none", with(HEADER, TRIGGER | VFIO_IRQ_SET_DATA_NONE), 0);
	snprintf(name, sizeof(name), "set-irqs.%u.none.signals", index);
	say(name, "%llu", (unsigned long long)counted(fd));
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "bool-%u", (uint32_t)bools[i] >> 24);
		say_set(abi, index, name, with(HEADER + 1, TRIGGER | VFIO_IRQ_SET_DATA_BOOL),
			bools[i]);
		snprintf(name, sizeof(name), "set-irqs.%u.bool-%u.signals", index,
			 (uint32_t)bools[i] >> 24);
		say(name, "%llu", (unsigned long long)counted(fd));
	}
}

static void eventfds(struct abi *abi, uint32_t index, int good)
{
	struct vfio_irq_set header = with(HEADER + 4, TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD);
	int file = open("/dev/null", O_RDWR | O_CLOEXEC), gone = dup(file);

	T_NEED(file >= 0 && gone >= 0, "files");
	close(gone);
	say_set(abi, index, "eventfd-absent", header, -1);
	say_set(abi, index, "none-without-eventfd", with(HEADER, TRIGGER | VFIO_IRQ_SET_DATA_NONE),
		0);
	say_set(abi, index, "eventfd", header, good);
	say_set(abi, index, "eventfd-again", header, good);
	say_set(abi, index, "eventfd-minus-2", header, -2);
	say_set(abi, index, "eventfd-lowest", header, INT32_MIN);
	say_set(abi, index, "eventfd-no-eventfd", header, file);
	say_set(abi, index, "eventfd-closed", header, gone);
	close(file);
}

static void malformed(struct abi *abi, uint32_t index)
{
	struct vfio_irq_set header = with(HEADER, TRIGGER | VFIO_IRQ_SET_DATA_NONE);

	say_set(abi, index, "argsz-small", with(HEADER - 1, TRIGGER | VFIO_IRQ_SET_DATA_NONE), 0);
	say_set(abi, index, "argsz-no-data", with(HEADER, TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD), -1);
	say_set(abi, index, "argsz-no-bool", with(HEADER, TRIGGER | VFIO_IRQ_SET_DATA_BOOL), 0);
	say_set(abi, index, "mask", with(HEADER, VFIO_IRQ_SET_ACTION_MASK | 1), 0);
	say_set(abi, index, "unmask", with(HEADER, VFIO_IRQ_SET_ACTION_UNMASK | 1), 0);
	say_set(abi, index, "no-action", with(HEADER, VFIO_IRQ_SET_DATA_NONE), 0);
	say_set(abi, index, "no-type", with(HEADER, TRIGGER), 0);
	say_set(abi, index, "two-types", with(HEADER + 4, TRIGGER | 3), 0);
	say_set(abi, index, "two-actions",
		with(HEADER, TRIGGER | VFIO_IRQ_SET_ACTION_MASK | VFIO_IRQ_SET_DATA_NONE), 0);
	say_set(abi, index, "unknown-flag", with(HEADER, TRIGGER | 0x41), 0);
	header.start = 1;
	say_set(abi, index, "start-1", header, 0);
	header.start = 0;
	header.count = 2;
	say_set(abi, index, "count-2", header, 0);
	header.count = UINT32_MAX;
	say_set(abi, index, "count-huge", header, 0);
	header.count = 0;
	say_set(abi, index, "count-0", header, 0);
}

/* The header can be read and what follows it cannot. */
static void data_unreadable(struct abi *abi)
{
	struct vfio_irq_set *set = abi_before_hole(sizeof(*set));

	*set = with(HEADER + 4, TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD);
	say("set-irqs.eventfd-unreadable", "%s", result(ioctl(abi->fd, VFIO_DEVICE_SET_IRQS, set)));
	*set = with(HEADER + 1, TRIGGER | VFIO_IRQ_SET_DATA_BOOL);
	say("set-irqs.bool-unreadable", "%s", result(ioctl(abi->fd, VFIO_DEVICE_SET_IRQS, set)));
}

/* A refused eventfd leaves the one before in its place. */
static void refused_keeps(struct abi *abi, int fd)
{
	abi_set_eventfd(abi, VFIO_CCW_CRW_IRQ_INDEX, fd);
	abi_set_eventfd(abi, VFIO_CCW_CRW_IRQ_INDEX, -2);
	set(abi,
	    (struct vfio_irq_set){ .argsz = HEADER,
				   .flags = TRIGGER | VFIO_IRQ_SET_DATA_NONE,
				   .index = VFIO_CCW_CRW_IRQ_INDEX,
				   .count = 1 },
	    0);
	say("set-irqs.refused-keeps", "%llu", (unsigned long long)counted(fd));
	abi_set_eventfd(abi, VFIO_CCW_CRW_IRQ_INDEX, -1);
}

void abi_irqs(struct abi *abi)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	uint32_t index;

	T_NEED(fd >= 0, "an eventfd opens");
	for (index = 0; index < INDEXES; index++) {
		eventfds(abi, index, fd);
		loopback(abi, index, fd);
		malformed(abi, index);
		abi_set_eventfd(abi, index, -1);
	}
	data_unreadable(abi);
	refused_keeps(abi, fd);
	close(fd);
	T_NEED(!abi_set_eventfd(abi, VFIO_CCW_IO_IRQ_INDEX, abi->eventfd), "the eventfd is back");
}
