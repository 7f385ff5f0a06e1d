// SPDX-License-Identifier: MIT
/*
 * A client makes the driver wait for a page of its memory, for as long as it
 * likes.  That must hold up nobody else: not the news of an unplugged device, other
 * clients, nor the end of the system.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <linux/vfio.h>
#include <linux/vfio_ccw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plug.h"
#include "pump.h"

/**
 * struct stall - a page that is not there until somebody says so
 * @fd: the userfaultfd
 * @page: the page
 * @device: its owner writes it to the I/O region of this device
 * @thread: who does, and sleeps
 */
struct stall {
	int fd;
	void *page;
	int device;
	pthread_t thread;
};

static void *write_region(void *argument)
{
	struct stall *stall = argument;

	if (pwrite(stall->device, stall->page, sizeof(struct ccw_io_region), 0) > 0)
		printf("# a region of zeros was accepted\n");
	return NULL;
}

static void watch_page(struct stall *stall)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	stall->fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	T_NEED(stall->fd >= 0 && !ioctl(stall->fd, UFFDIO_API, &api), "a userfaultfd");
	stall->page = mmap(NULL, T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);
	reg.range.start = (uintptr_t)stall->page;
	reg.range.len = T_PAGE;
	T_NEED(stall->page != MAP_FAILED && !ioctl(stall->fd, UFFDIO_REGISTER, &reg), "a page");
}

/* Returns when the driver waits for the page. */
static void stall_open(struct stall *stall, int device)
{
	struct uffd_msg message;

	watch_page(stall);
	stall->device = device;
	T_NEED(!pthread_create(&stall->thread, NULL, write_region, stall), "a thread starts");
	T_NEED(read(stall->fd, &message, sizeof(message)) == sizeof(message), "the driver waits");
}

static void stall_close(struct stall *stall)
{
	struct uffdio_zeropage zero = {
		.range = { .start = (uintptr_t)stall->page, .len = T_PAGE },
	};

	T_NEED(!ioctl(stall->fd, UFFDIO_ZEROPAGE, &zero), "the page comes");
	pthread_join(stall->thread, NULL);
	munmap(stall->page, T_PAGE);
	close(stall->fd);
}

/* Asked for before the page has come? */
static void unplugged(struct t_vm *vm, struct t_sub *sub)
{
	int request = t_eventfd(sub->device->fd, VFIO_CCW_REQ_IRQ_INDEX);
	struct stall stall;

	stall_open(&stall, sub->device->fd);
	t_host(T_HOST_DEL);
	T_CHECK(t_signalled(request, T_PATIENCE_MS), "the client is asked to let go");
	stall_close(&stall);
	t_vm_close(vm);
	close(request);
	T_CHECK(t_vanishes(sub->sysfs), "the subchannel goes");
	t_host(T_HOST_ADD);
	T_CHECK(t_becomes("/sys/bus/ccw/devices/" T_DEVNO "/online", "1"), "a device comes");
	t_bind();
}

static void *attach(void *argument)
{
	const int *device = argument;
	struct vfio_ccw_ring_setup setup = { .sq_entries = 1 };

	if (!t_ring_setup(*device, &setup))
		close(setup.ring_fd);
	return NULL;
}

#define NEIGHBOURS_STARTS 1000

/* The neighbour's client makes a ring, uses it and lets go of it meanwhile. */
static int use_neighbour(void *argument)
{
	struct t_device *device = argument;
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe;
	struct t_ring ring;
	int i;

	t_ring_open(&ring, device->fd, 1);
	t_sqe_start(&sqe, T_ORB_PLAIN, T_IOVA, 1);
	for (i = 0; i < NEIGHBOURS_STARTS; i++)
		if (t_ring_do(&ring, &sqe, &cqe) || cqe.res || !t_irb_good(cqe.irb))
			return 1;
	t_ring_close(&ring);
	return 0;
}

static void others_go_on(struct t_vm *vm, struct t_sub *sub)
{
	struct t_device *neighbour = t_neighbour(vm, sub);
	struct stall stall;
	pthread_t thread;
	pid_t pid;

	t_ccw1(t_at(vm, T_IOVA), T_CMD_NOP, T_CCW_SLI, 1, T_IOVA + 64);
	stall_open(&stall, sub->device->fd);
	T_NEED(!pthread_create(&thread, NULL, attach, &sub->device->fd), "a thread starts");
	usleep(100000);
	pid = t_start(use_neighbour, neighbour);
	T_EQUAL(t_ended(pid, T_PATIENCE_MS / 4), 0,
		"another client makes a ring, uses it and closes it");
	stall_close(&stall);
	pthread_join(thread, NULL);
}

/* Somebody who lives on when the system goes down. */
static void stay(void)
{
	int ready[2];
	char byte;

	T_NEED(!pipe(ready), "a pipe");
	fflush(stdout);
	if (!fork()) {
		static struct t_pump pump;
		struct stall stall;
		struct t_ring ring;
		struct t_sub sub;
		struct t_vm vm;

		setsid();
		t_vm_open(&vm);
		t_find_sub(&vm, &sub);
		stall_open(&stall, sub.device->fd);
		t_pump_open(&pump, &vm, &ring, t_neighbour(&vm, &sub)->fd);
		if (!t_pump_run(&pump, 20) && write(ready[1], "r", 1) == 1)
			t_pump_run(&pump, 1000000);
		_exit(1);
	}
	close(ready[1]);
	T_CHECK(read(ready[0], &byte, 1) == 1,
		"a client stays behind, one device stalled, one busy");
	close(ready[0]);
}

int main(int argc, char **argv)
{
	struct t_sub sub;
	struct t_vm vm;

	if (argc > 1 && !strcmp(argv[1], "shutdown")) {
		stay();
		return tap_done();
	}
	t_vm_open(&vm);
	t_find_sub(&vm, &sub);
	others_go_on(&vm, &sub);
	unplugged(&vm, &sub);
	return tap_done();
}
