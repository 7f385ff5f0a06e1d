// SPDX-License-Identifier: MIT
/*
 * Device and ring are shared with another process: inherited by a fork, lost and
 * kept over an exec, and passed to a process that goes on alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "plug.h"
#include "storms.h"

#define DEPTH	  8
/* Memory of one who has been given a device: that of the giver has gone. */
#define HEIR_IOVA 0x20000000UL
#define HEIR_SIZE 0x00010000UL
#define MAX_FDS	  5

struct shared {
	struct s_client c;
	int socket[2];
	bool ring_only;
};

/* A child does as its parent, and the parent goes on from there. */

static int go_on(void *argument)
{
	struct shared *s = argument;

	if (s_run(&s->c, 3) || !s_drain(&s->c))
		return 1;
	return write(s->socket[1], &s->c, sizeof(s->c)) != sizeof(s->c);
}

static bool by_fork(struct shared *s)
{
	pid_t pid;
	bool ok;

	if (s_run(&s->c, 3) || !s_drain(&s->c))
		return false;
	pid = t_start(go_on, s);
	ok = recv(s->socket[0], &s->c, sizeof(s->c), MSG_WAITALL) == sizeof(s->c);
	ok = t_exited(pid) && ok;
	ok = ok && !s_run(&s->c, 3) && s_drain(&s->c);
	s_close(&s->c);
	return ok;
}

/* A child becomes another program, and nothing is heard of it any more. */

static bool lost_by_exec(struct shared *s)
{
	pid_t pid;
	bool ok;

	if (s_submit(&s->c))
		return false;
	pid = t_spawn("exit 0");
	ok = !s_run(&s->c, 3);
	ok = t_exited(pid) && ok;
	ok = ok && !s_run(&s->c, 3) && s_drain(&s->c);
	s_close(&s->c);
	return ok;
}

static unsigned int files(struct s_client *c, int **fds)
{
	unsigned int n = 0;

	fds[n++] = c->vm.iommufd >= 0 ? &c->vm.iommufd : &c->vm.container;
	fds[n++] = &c->device->fd;
	if (c->device->group >= 0)
		fds[n++] = &c->device->group;
	if (c->door == S_REGION)
		fds[n++] = &c->region.eventfd;
	else
		fds[n++] = &c->ring.fd;
	return n;
}

/* It holds what we close, and lets it go with requests under way. */
static bool kept_over_exec(struct shared *s)
{
	int *fds[MAX_FDS];
	unsigned int i, n = files(&s->c, fds);
	pid_t pid;
	bool ok;

	for (i = 0; i < n; i++)
		fcntl(*fds[i], F_SETFD, 0);
	ok = !s_submit(&s->c);
	pid = t_spawn("sleep 0.01");
	s_close(&s->c);
	return t_exited(pid) && ok;
}

/* Passed on: files and account go through a socket, and their owner exits. */

union rights {
	struct cmsghdr head;
	char space[CMSG_SPACE(MAX_FDS * sizeof(int))];
};

static void message(struct msghdr *message, struct iovec *iov, union rights *rights, unsigned int n)
{
	memset(rights, 0, sizeof(*rights));
	*message = (struct msghdr){
		.msg_iov = iov,
		.msg_iovlen = 1,
		.msg_control = rights->space,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)),
	};
	rights->head.cmsg_level = SOL_SOCKET;
	rights->head.cmsg_type = SCM_RIGHTS;
	rights->head.cmsg_len = CMSG_LEN(n * sizeof(int));
}

static int give(void *argument)
{
	struct shared *s = argument;
	struct iovec iov = { &s->c, sizeof(s->c) };
	unsigned int i, n;
	union rights rights;
	struct msghdr msg;
	int *fds[MAX_FDS];

	s_open(&s->c, s->c.door, DEPTH);
	if (s_run(&s->c, 3) || s_submit(&s->c))
		return 1;
	n = files(&s->c, fds);
	if (s->ring_only)
		fds[0] = fds[--n];
	n = s->ring_only ? 1 : n;
	message(&msg, &iov, &rights, n);
	for (i = 0; i < n; i++)
		((int *)CMSG_DATA(&rights.head))[i] = *fds[i];
	return sendmsg(s->socket[1], &msg, 0) != sizeof(s->c);
}

/* The files have other numbers here, and the mappings are to be made. */
static bool take(struct shared *s)
{
	struct iovec iov = { &s->c, sizeof(s->c) };
	union rights rights;
	struct msghdr msg;
	int *fds[MAX_FDS];
	unsigned int i, n;

	message(&msg, &iov, &rights, MAX_FDS);
	if (recvmsg(s->socket[0], &msg, MSG_WAITALL | MSG_CMSG_CLOEXEC) != sizeof(s->c))
		return false;
	s->c.device = &s->c.vm.devices[0];
	n = files(&s->c, fds);
	if (s->ring_only) {
		fds[0] = fds[n - 1];
		n = 1;
	}
	if (rights.head.cmsg_len != CMSG_LEN(n * sizeof(int)))
		return false;
	for (i = 0; i < n; i++)
		*fds[i] = ((int *)CMSG_DATA(&rights.head))[i];
	if (s->c.door == S_REGION)
		s->c.region.device = s->c.device->fd;
	else
		T_NEED(!t_ring_map(&s->c.ring), "the ring is mapped");
	if (s->c.door != S_URING)
		return true;
	/* What was under way in the giver's is over, and nobody is told. */
	t_uring_open(&s->c.uring, T_URING_FLAGS);
	memset(s->c.owner, 0, sizeof(s->c.owner));
	s->c.under_way = 0;
	return true;
}

/* As t_ring_do(), on a ring whose thread may be faster. */
static int do_one(struct t_ring *ring, const struct vfio_ccw_ring_sqe *sqe,
		  struct vfio_ccw_ring_cqe *cqe)
{
	int ret;

	*t_ring_sqe(ring) = *sqe;
	ret = t_ring_enter(ring, 1, 0);
	return ret < 0 ? ret : t_ring_next(ring, cqe);
}

/* One start in memory of our own. */
static bool start_own(struct s_client *c)
{
	uint8_t irb[VFIO_CCW_RING_IRB_SIZE];
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe;

	t_sqe_start(&sqe, T_ORB_PLAIN, HEIR_IOVA, 1);
	switch (c->door) {
	case S_REGION:
		return !t_region_start(&c->region, sqe.orb) &&
		       !t_region_wait(&c->region, irb, T_PATIENCE_MS) && t_irb_good(irb);
	case S_URING:
		t_uring_start(&c->uring, c->ring.fd, T_ORB_PLAIN, HEIR_IOVA, 1);
		return t_uring_do(&c->uring).res == HEIR_IOVA + 8;
	default:
		return !do_one(&c->ring, &sqe, &cqe) && !cqe.res && t_irb_good(cqe.irb);
	}
}

static bool goes_on(struct s_client *c)
{
	uint8_t *memory;
	bool ok;

	memory = mmap(NULL, HEIR_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	T_NEED(memory != MAP_FAILED, "memory");
	t_ccw1((void *)memory, T_CMD_NOP, T_CCW_SLI, 1, HEIR_IOVA + 64);
	ok = !t_map(&c->vm, memory, HEIR_SIZE, HEIR_IOVA,
		    VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE) &&
	     start_own(c);
	s_door_close(c);
	t_device_close(c->device);
	close(c->vm.iommufd >= 0 ? c->vm.iommufd : c->vm.container);
	munmap(memory, HEIR_SIZE);
	return ok;
}

/* The giver had the device, and has gone: a ring without any. */
static bool goes_on_without(struct s_client *c)
{
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe;
	bool ok = true;

	if (c->door != S_URING) {
		t_sqe_start(&sqe, T_ORB_PLAIN, HEIR_IOVA, 1);
		ok = !do_one(&c->ring, &sqe, &cqe) && cqe.res == -ENXIO;
	}
	s_door_close(c);
	return ok;
}

static bool passed(struct shared *s, enum s_door door, bool ring_only)
{
	pid_t pid;
	bool ok;

	s->c.door = door;
	s->ring_only = ring_only && door != S_REGION;
	pid = t_start(give, s);
	ok = take(s);
	ok = t_exited(pid) && ok;
	if (!ok)
		return false;
	ok = s_drain(&s->c);
	return (s->ring_only ? goes_on_without(&s->c) : goes_on(&s->c)) && ok;
}

bool s_share(unsigned int round)
{
	static const char *const ways[] = { "fork", "exec", "exec, files kept", "passed",
					    "passed, the ring alone" };
	unsigned int way = round / S_DOORS % 5;
	static struct shared s;
	enum s_door door = round % S_DOORS;
	bool ok;

	T_NEED(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s.socket), "a socket");
	if (way < 3)
		s_open(&s.c, door, DEPTH);
	ok = way == 0	? by_fork(&s)
	     : way == 1 ? lost_by_exec(&s)
	     : way == 2 ? kept_over_exec(&s)
			: passed(&s, door, way == 4);
	close(s.socket[0]);
	close(s.socket[1]);
	return ok || s_failed(round, "%s, %s", ways[way], s_door_name(door));
}
