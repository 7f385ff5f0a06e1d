// SPDX-License-Identifier: MIT
/* poll(), select() and epoll on the ring: readable exactly while there are CQEs. */
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "common.h"

static bool by_poll(int fd, int timeout_ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, timeout_ms) == 1 && (pollfd.revents & POLLIN);
}

static bool by_select(int fd, int timeout_ms)
{
	struct timeval timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return select(fd + 1, &set, NULL, NULL, &timeout) == 1 && FD_ISSET(fd, &set);
}

static bool by_epoll(int fd, int timeout_ms)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0);
	bool readable;

	T_NEED(epoll >= 0 && !epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "an epoll");
	readable = epoll_wait(epoll, &event, 1, timeout_ms) == 1 && (event.events & EPOLLIN);
	close(epoll);
	return readable;
}

static bool (*by)(int fd, int timeout_ms);

static bool readable(struct t_ring *ring, int timeout_ms)
{
	return by(ring->fd, timeout_ms);
}

static void follows_the_queue(struct t_ring *ring)
{
	struct vfio_ccw_ring_cqe cqe;

	T_CHECK(!readable(ring, 0), "an empty ring is not readable");
	T_CHECK(!readable(ring, 50), "... nor after a while");
	t_ring_sqe(ring);
	t_ring_sqe(ring);
	T_EQUAL(t_ring_enter(ring, 2, 0), 2, "two NOPs");
	T_CHECK(readable(ring, 1000), "a ring with CQEs is readable");
	T_CHECK(readable(ring, 0), "... and stays so");
	T_CHECK(t_ring_reap(ring, &cqe) && readable(ring, 0), "... with one CQE left");
	T_CHECK(t_ring_reap(ring, &cqe) && !readable(ring, 0), "... but not with none");
}

static void *submit_later(void *argument)
{
	usleep(100000);
	return t_ring_enter(argument, 1, 0) == 1 ? argument : NULL;
}

/* One thread sleeps in poll while another submits on the same ring. */
static void wakes_up(struct t_vm *vm, struct t_ring *ring)
{
	const uint32_t program = T_IOVA;
	struct vfio_ccw_ring_cqe cqe = { 0 };
	pthread_t thread;
	void *submitted;

	t_ccw1(t_at(vm, program), T_CMD_NOP, T_CCW_SLI, 1, program + 64);
	t_sqe_start(t_ring_sqe(ring), T_ORB_PLAIN, program, 99);
	T_NEED(!pthread_create(&thread, NULL, submit_later, ring), "a thread");
	T_CHECK(readable(ring, 5000), "a completion ends a poll");
	pthread_join(thread, &submitted);
	T_CHECK(submitted, "... which another thread had submitted");
	T_CHECK(t_ring_reap(ring, &cqe) && cqe.user_data == 99, "... and is there");
}

/* Edge-triggered epoll tells of each completion, and of each once. */
static void at_the_edge(struct t_ring *ring)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	struct vfio_ccw_ring_cqe cqe;
	int epoll = epoll_create1(0), i;

	T_NEED(epoll >= 0 && !epoll_ctl(epoll, EPOLL_CTL_ADD, ring->fd, &event), "an epoll");
	for (i = 0; i < 2; i++) {
		T_EQUAL(epoll_wait(epoll, &event, 1, 20), 0, "nothing new");
		t_ring_sqe(ring);
		T_EQUAL(t_ring_enter(ring, 1, 0), 1, "a NOP");
		T_EQUAL(epoll_wait(epoll, &event, 1, 1000), 1, "... is told");
	}
	T_EQUAL(epoll_wait(epoll, &event, 1, 20), 0, "... once");
	while (t_ring_reap(ring, &cqe))
		;
	close(epoll);
}

int main(void)
{
	static bool (*const ways[])(int, int) = { by_poll, by_select, by_epoll };
	struct t_ring ring;
	struct t_vm vm;
	int i;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 8);
	for (i = 0; i < 3; i++) {
		by = ways[i];
		follows_the_queue(&ring);
		wakes_up(&vm, &ring);
	}
	at_the_edge(&ring);
	t_good_start(&vm, &ring, "polling");
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
