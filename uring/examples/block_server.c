// SPDX-License-Identifier: MIT
/*
 * block_server.c - a disk, sockets and a timer in one io_uring
 *
 *	ccwring-block-server DEVICE SOCKET
 *
 * Whoever connects to the socket sends block numbers, four bytes each, high byte
 * first, and gets a block of 4096 bytes for each, read from a 3390 that is formatted
 * with such records.  A number that the disk does not have, or a read that fails, ends
 * the connection.  Once a second the program says how many it has read, and ends when
 * it is told to by SIGTERM or SIGINT, which is one more entry of the loop.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <ccwring/ccwring.h>
#include <ccwring/uring.h>

#define MAX_CONNECTIONS 16
#define CYLINDERS	6
#define BLOCK		4096

/* What a completion is of: the low bits of its user data; the rest is a connection. */
enum step {
	STEP_ACCEPT,
	STEP_NUMBER,
	STEP_READ,
	STEP_ANSWER,
	STEP_TICK,
	STEP_SIGNAL
};
#define STEPS 7

/* A client, and the channel program that reads for it, built once. */
struct connection {
	int fd; /* -1: free */
	uint8_t number[4];
	size_t done; /* bytes of the number or of the answer */
	struct ccwring_program *program;
	struct ccwring_orb orb;
	uint8_t *locate;
	uint8_t *block;
	uint8_t irb[VFIO_CCW_RING_IRB_SIZE] __attribute__((aligned(8)));
};

struct server {
	struct io_uring io;
	struct ccwring_vfio *vfio;
	struct ccwring_device *device;
	struct ccwring_ring *ring;
	struct ccwring_eckd_geometry disk;
	struct connection connections[MAX_CONNECTIONS];
	struct __kernel_timespec second;
	struct signalfd_siginfo signal;
	int listener;
	int signals;
	unsigned long reads;
};

static void fail(const char *what, int err)
{
	fprintf(stderr, "ccwring-block-server: %s: %s\n", what, strerror(-err));
	exit(1);
}

/* There is room: a connection has one entry at a time, and there are few others. */
static struct io_uring_sqe *entry(struct server *s)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->io);

	if (!sqe)
		fail("io_uring", -EBUSY);
	return sqe;
}

static void tag(struct io_uring_sqe *sqe, struct connection *c, enum step step)
{
	sqe->user_data = (uintptr_t)c | step;
}

static void want_client(struct server *s)
{
	struct io_uring_sqe *sqe = entry(s);

	io_uring_prep_accept(sqe, s->listener, NULL, NULL, SOCK_CLOEXEC);
	tag(sqe, NULL, STEP_ACCEPT);
}

static void want_second(struct server *s)
{
	struct io_uring_sqe *sqe = entry(s);

	io_uring_prep_timeout(sqe, &s->second, 0, 0);
	tag(sqe, NULL, STEP_TICK);
}

static void want_signal(struct server *s)
{
	struct io_uring_sqe *sqe = entry(s);

	io_uring_prep_read(sqe, s->signals, &s->signal, sizeof(s->signal), 0);
	tag(sqe, NULL, STEP_SIGNAL);
}

static void want_number(struct server *s, struct connection *c)
{
	struct io_uring_sqe *sqe = entry(s);

	io_uring_prep_recv(sqe, c->fd, c->number + c->done, sizeof(c->number) - c->done, 0);
	tag(sqe, c, STEP_NUMBER);
}

static void want_answer(struct server *s, struct connection *c)
{
	struct io_uring_sqe *sqe = entry(s);

	io_uring_prep_send(sqe, c->fd, c->block + c->done, BLOCK - c->done, MSG_NOSIGNAL);
	tag(sqe, c, STEP_ANSWER);
}

static void end_connection(struct connection *c)
{
	close(c->fd);
	c->fd = -1;
}

static void start_read(struct server *s, struct connection *c)
{
	uint32_t block = ccwring_get_be32(c->number);
	uint32_t track = block / s->disk.records;
	union ccwring_uring_sqe *long_entry;

	if (track >= ccwring_eckd_tracks(&s->disk)) {
		fprintf(stderr, "block %u: the disk has no such track\n", block);
		end_connection(c);
		return;
	}
	ccwring_eckd_seek(c->locate, &s->disk, track, block % s->disk.records + 1);
	long_entry = ccwring_uring_get_sqe(&s->io);
	if (!long_entry)
		fail("io_uring", -EBUSY);
	ccwring_uring_prep_start(long_entry, ccwring_ring_fd(s->ring), ccwring_ring_index(s->ring),
				 &c->orb, c->irb);
	tag(&long_entry->sqe, c, STEP_READ);
}

static void complain(const struct connection *c, const struct io_uring_cqe *cqe)
{
	uint32_t block = ccwring_get_be32(c->number);
	char words[256];

	if (cqe->res == -EIO) {
		ccwring_irb_describe(c->irb, words, sizeof(words));
		fprintf(stderr, "block %u: %s\n", block, words);
	} else {
		fprintf(stderr, "block %u: %s: %s\n", block, strerror(-cqe->res),
			ccwring_reason_str(ccwring_uring_reason(cqe)));
	}
}

/* Steps */

static void accepted(struct server *s, int fd)
{
	struct connection *c = s->connections;

	want_client(s);
	while (c < s->connections + MAX_CONNECTIONS && c->fd >= 0)
		c++;
	if (fd < 0 || c == s->connections + MAX_CONNECTIONS) {
		if (fd >= 0)
			close(fd);
		return;
	}
	c->fd = fd;
	c->done = 0;
	want_number(s, c);
}

static void got_number(struct server *s, struct connection *c, int n)
{
	if (n <= 0) {
		end_connection(c);
		return;
	}
	c->done += n;
	if (c->done < sizeof(c->number))
		want_number(s, c);
	else
		start_read(s, c);
}

static void got_block(struct server *s, struct connection *c, const struct io_uring_cqe *cqe)
{
	if (!ccwring_uring_good(cqe)) {
		complain(c, cqe);
		end_connection(c);
		return;
	}
	s->reads++;
	c->done = 0;
	want_answer(s, c);
}

static void answered(struct server *s, struct connection *c, int n)
{
	if (n <= 0) {
		end_connection(c);
		return;
	}
	c->done += n;
	if (c->done < BLOCK) {
		want_answer(s, c);
		return;
	}
	c->done = 0;
	want_number(s, c);
}

/* Returns false when it is time to end. */
static bool step(struct server *s, const struct io_uring_cqe *cqe)
{
	struct connection *c = (struct connection *)(uintptr_t)(cqe->user_data & ~(uint64_t)STEPS);

	switch (cqe->user_data & STEPS) {
	case STEP_ACCEPT:
		accepted(s, cqe->res);
		break;
	case STEP_NUMBER:
		got_number(s, c, cqe->res);
		break;
	case STEP_READ:
		got_block(s, c, cqe);
		break;
	case STEP_ANSWER:
		answered(s, c, cqe->res);
		break;
	case STEP_TICK:
		printf("%lu blocks read\n", s->reads);
		fflush(stdout);
		want_second(s);
		break;
	default:
		return false;
	}
	return true;
}

static void loop(struct server *s)
{
	struct io_uring_cqe *cqe;
	bool on = true;
	int err;

	want_client(s);
	want_second(s);
	want_signal(s);
	while (on) {
		err = io_uring_submit_and_wait(&s->io, 1);
		if (err < 0 && err != -EINTR)
			fail("io_uring", err);
		while (on && !io_uring_peek_cqe(&s->io, &cqe)) {
			on = step(s, cqe);
			io_uring_cqe_seen(&s->io, cqe);
		}
	}
}

/* Before and after */

static void make_connection(struct server *s, struct connection *c)
{
	ccwring_iova_t iova;
	int err;

	c->fd = -1;
	c->block = ccwring_dma_alloc(s->vfio, BLOCK, &iova);
	if (!c->block)
		fail("memory", -ENOMEM);
	err = ccwring_program_new(s->vfio, 128, &c->program);
	if (!err)
		err = ccwring_eckd_build(c->program, CCWRING_ECKD_READ, &s->disk, 0, 1, 1, iova,
					 &c->locate);
	if (!err)
		err = ccwring_program_finish(c->program, &c->orb);
	if (err)
		fail("a channel program", err);
}

static void open_disk(struct server *s, const char *device)
{
	/* As many reads as connections, each one entry of the ring. */
	const struct ccwring_ring_opts opts = {
		.size = sizeof(opts),
		.backend = CCWRING_BACKEND_RING,
		.cq_entries = MAX_CONNECTIONS,
		.sq_entries = 1,
	};
	int i, err;

	ccwring_eckd_geometry_3390(&s->disk, CYLINDERS);
	err = ccwring_vfio_new(NULL, &s->vfio);
	if (!err)
		err = ccwring_device_open(s->vfio, device, &s->device);
	if (!err)
		err = ccwring_ring_new(s->device, &opts, &s->ring);
	if (err)
		fail(device, err);
	err = io_uring_queue_init(4 * MAX_CONNECTIONS, &s->io, CCWRING_URING_SETUP);
	if (!err)
		err = ccwring_uring_check(&s->io, s->ring);
	if (err)
		fail("io_uring", err);
	for (i = 0; i < MAX_CONNECTIONS; i++)
		make_connection(s, &s->connections[i]);
}

static void close_disk(struct server *s)
{
	int i;

	io_uring_queue_exit(&s->io);
	for (i = 0; i < MAX_CONNECTIONS; i++)
		ccwring_program_free(s->connections[i].program);
	ccwring_ring_free(s->ring);
	ccwring_device_close(s->device);
	ccwring_vfio_free(s->vfio);
}

static void listen_at(struct server *s, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		fail(path, -ENAMETOOLONG);
	strcpy(address.sun_path, path);
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(s->listener, MAX_CONNECTIONS))
		fail(path, -errno);
}

static void take_signals(struct server *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (s->signals < 0)
		fail("signalfd", -errno);
}

int main(int argc, char **argv)
{
	static struct server s = { .second.tv_sec = 1 };

	if (argc != 3) {
		fprintf(stderr, "usage: %s DEVICE SOCKET\n", argv[0]);
		return 2;
	}
	take_signals(&s);
	open_disk(&s, argv[1]);
	listen_at(&s, argv[2]);
	loop(&s);
	unlink(argv[2]);
	printf("%lu blocks read in all\n", s.reads);
	close_disk(&s);
	return 0;
}
