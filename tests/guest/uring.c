// SPDX-License-Identifier: MIT
/* Requests one by one, and a doorbell, in an io_uring. */
#include "uring.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bad.h"

/* No device of the lab's knows it: command reject. */
#define UNKNOWN_COMMAND 0x5b
#define BATCH		16

static struct t_vm vm;
static struct t_ring ring;
static struct io_uring uring;
static uint8_t irb[VFIO_CCW_RING_IRB_SIZE];

static void nop_program(void)
{
	t_ccw1(t_at(&vm, T_PROGRAM), T_CMD_NOP, T_CCW_SLI, 1, T_DATA);
}

static void use_irb(struct vfio_ccw_ring_uring_request *request)
{
	memset(irb, 0x5a, sizeof(irb));
	request->irb = (uintptr_t)irb;
}

static bool irb_untouched(void)
{
	return irb[0] == 0x5a && !memcmp(irb, irb + 1, sizeof(irb) - 1);
}

/* An io_uring whose entries are too small says so. */
static void too_small(uint32_t flags, int error, const char *what)
{
	struct io_uring small;
	struct t_done done;

	t_uring_open(&small, flags);
	/* The rest of the request would lie in the next entry. */
	t_uring_sqe(&small, ring.fd, VFIO_CCW_RING_URING_REQUEST, 1, NULL);
	done = t_uring_do(&small);
	T_EQUAL(done.res, error, "%s", what);
	io_uring_queue_exit(&small);
}

static void one_good(void)
{
	struct t_done done;

	nop_program();
	use_irb(t_uring_start(&uring, ring.fd, T_ORB_PLAIN, T_PROGRAM, 7));
	done = t_uring_do(&uring);
	T_EQUAL(done.user_data, 7, "a start ends, with its user data");
	T_EQUAL(done.res, T_PROGRAM + 8, "... with the channel-program address");
	T_EQUAL(t_done_dstat(&done), T_DSTAT_GOOD, "... with device status");
	T_CHECK(t_irb_good(irb) && t_irb_cpa(irb) == T_PROGRAM + 8, "... with an IRB");
	T_CHECK(!memcmp(irb, &(uint32_t){ t_done_word0(&done) }, 4),
		"... that begins like the status");
	T_CHECK(!irb[64] && !memcmp(irb + 64, irb + 65, 31), "... and ends with zeros");
}

static void brief(void)
{
	struct vfio_ccw_ring_uring_request *request;
	struct t_done done;

	nop_program();
	request = t_uring_start(&uring, ring.fd, T_ORB_PLAIN, T_PROGRAM, 8);
	use_irb(request);
	request->flags = VFIO_CCW_RING_URING_BRIEF;
	done = t_uring_do(&uring);
	T_CHECK(done.res == T_PROGRAM + 8 && irb_untouched(), "a good end needs no IRB");
	t_ccw1(t_at(&vm, T_PROGRAM), UNKNOWN_COMMAND, T_CCW_SLI, 1, T_DATA);
	request = t_uring_start(&uring, ring.fd, T_ORB_PLAIN, T_PROGRAM, 9);
	use_irb(request);
	request->flags = VFIO_CCW_RING_URING_BRIEF;
	done = t_uring_do(&uring);
	T_EQUAL(done.res, -EIO, "a bad end is an error");
	T_CHECK(t_done_dstat(&done) & T_DSTAT_CHECK && t_irb_dstat(irb) == t_done_dstat(&done),
		"... whose status is in the completion and in the IRB");
	t_uring_start(&uring, ring.fd, T_ORB_PLAIN, T_PROGRAM, 9);
	done = t_uring_do(&uring);
	T_EQUAL(done.res, -EIO, "... also where no IRB is wanted");
}

static void data(void)
{
	struct t_done done;
	uint8_t *id = t_at(&vm, T_DATA);

	memset(id, 0, 8);
	t_ccw1(t_at(&vm, T_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI, 8, T_DATA);
	t_uring_start(&uring, ring.fd, T_ORB_PLAIN, T_PROGRAM, 1);
	done = t_uring_do(&uring);
	T_CHECK(done.res == T_PROGRAM + 8 && id[0] == 0xff, "data are in their place");
}

static void no_request(uint8_t opcode, int res, int reason, const char *what)
{
	struct t_done done;

	t_uring_request(&uring, ring.fd, opcode, 11);
	done = t_uring_do(&uring);
	T_CHECK(done.res == res && t_done_reason(&done) == reason, "%s (%d, reason %u)", what,
		done.res, t_done_reason(&done));
}

static void others(void)
{
	struct vfio_ccw_ring_uring_request *request;
	struct t_done done;

	no_request(VFIO_CCW_RING_OP_NOP, 0, 0, "NOP");
	no_request(VFIO_CCW_RING_OP_CANCEL, -ENOENT, VFIO_CCW_RING_R_NO_START, "CANCEL of nothing");
	no_request(VFIO_CCW_RING_OP_RESUME, -EINVAL, VFIO_CCW_RING_R_NOT_SUSPENDED,
		   "RESUME of nothing");
	no_request(99, -EOPNOTSUPP, VFIO_CCW_RING_R_OPCODE, "an unknown opcode");
	request = t_uring_request(&uring, ring.fd, VFIO_CCW_RING_OP_HALT, 12);
	use_irb(request);
	done = t_uring_do(&uring);
	T_CHECK(done.res >= 0 && t_irb_function(irb) & T_FUNCTION_HALT, "HALT (%d)", done.res);
	request = t_uring_request(&uring, ring.fd, VFIO_CCW_RING_OP_CLEAR, 13);
	use_irb(request);
	done = t_uring_do(&uring);
	T_CHECK(done.res >= 0 && t_irb_function(irb) & T_FUNCTION_CLEAR, "CLEAR (%d)", done.res);
}

static void spoiled(size_t at, int reason, const char *what)
{
	struct t_done done;

	nop_program();
	((uint8_t *)t_uring_start(&uring, ring.fd, T_ORB_PLAIN, T_PROGRAM, 1))[at] = 0x40;
	done = t_uring_do(&uring);
	T_CHECK(done.res == -EINVAL && t_done_reason(&done) == reason, "%s (%d, reason %u)", what,
		done.res, t_done_reason(&done));
}

static void refused(void)
{
	struct vfio_ccw_ring_uring_request *request;
	struct t_done done;

	spoiled(1, VFIO_CCW_RING_R_SQE_FLAGS, "an unknown flag");
	spoiled(5, VFIO_CCW_RING_R_SQE_RESERVED, "a reserved field");
	spoiled(48, VFIO_CCW_RING_R_SQE_RESERVED, "a target of a start");
	spoiled(56, VFIO_CCW_RING_R_SQE_RESERVED, "a reserved field behind it");
	spoiled(79, VFIO_CCW_RING_R_SQE_RESERVED, "the last byte");

	t_ccw1(t_at(&vm, T_PROGRAM), T_CMD_NOP, T_CCW_SLI | T_CCW_CC, 1, T_DATA);
	t_ccw1(t_at(&vm, T_PROGRAM + 8), T_CMD_SENSE_ID, T_CCW_SLI, 8, T_NOWHERE);
	t_uring_start(&uring, ring.fd, T_ORB_PLAIN, T_PROGRAM, 1);
	done = t_uring_do(&uring);
	T_CHECK(done.res == -EFAULT && t_done_reason(&done) == VFIO_CCW_RING_R_DATA_UNMAPPED &&
			t_done_index(&done) == 1 && t_done_address(&done) == T_PROGRAM + 8,
		"a program that is wrong, and where (%d, %#llx)", done.res,
		(unsigned long long)done.more);

	nop_program();
	request = t_uring_start(&uring, ring.fd, T_ORB_PLAIN, T_PROGRAM, 1);
	request->irb = 0x10;
	done = t_uring_do(&uring);
	T_CHECK(done.res == -EFAULT && !done.more, "an IRB that cannot be written");
	request = t_uring_start(&uring, ring.fd, T_ORB_PLAIN, T_PROGRAM, 1);
	request->subchannel = 9;
	done = t_uring_do(&uring);
	T_CHECK(done.res == -ENXIO && t_done_reason(&done) == VFIO_CCW_RING_R_SUBCHANNEL,
		"a subchannel that is not there");
	t_uring_sqe(&uring, ring.fd, 0x1234, 1, NULL);
	T_EQUAL(t_uring_do(&uring).res, -ENOTTY, "another command");
}

/* Many at once, by io_uring's worker, too: each once. */
static void many(unsigned int sqe_flags, const char *what)
{
	struct io_uring_sqe *sqe;
	struct t_done done;
	uint64_t seen = 0;
	int i, good = 0;

	nop_program();
	for (i = 0; i < BATCH; i++) {
		struct vfio_ccw_ring_uring_request *request =
			t_uring_sqe(&uring, ring.fd, VFIO_CCW_RING_URING_REQUEST, i, &sqe);

		request->opcode = VFIO_CCW_RING_OP_START;
		t_orb(request->orb, T_ORB_PLAIN, T_PROGRAM);
		sqe->flags |= sqe_flags;
	}
	t_uring_submit(&uring, BATCH);
	for (i = 0; i < BATCH && t_uring_done(&uring, 5000, &done); i++) {
		good += done.res == T_PROGRAM + 8;
		seen |= 1ULL << done.user_data;
	}
	T_CHECK(good == BATCH && seen == (1ULL << BATCH) - 1, "%d starts %s: all end well (%d)",
		BATCH, what, good);
	T_CHECK(!t_uring_done(&uring, 20, &done), "... once");
}

/* What is linked to a start that fails does not start. */
static void linked(void)
{
	struct vfio_ccw_ring_uring_request *request;
	struct io_uring_sqe *sqe;
	struct t_done first, second;

	nop_program();
	t_ccw1(t_at(&vm, T_PROGRAM + 64), UNKNOWN_COMMAND, T_CCW_SLI, 1, T_DATA);
	request = t_uring_sqe(&uring, ring.fd, VFIO_CCW_RING_URING_REQUEST, 1, &sqe);
	sqe->flags |= IOSQE_IO_LINK;
	request->opcode = VFIO_CCW_RING_OP_START;
	t_orb(request->orb, T_ORB_PLAIN, T_PROGRAM + 64);
	t_uring_start(&uring, ring.fd, T_ORB_PLAIN, T_PROGRAM, 2);
	t_uring_submit(&uring, 2);
	T_NEED(t_uring_done(&uring, 5000, &first) && t_uring_done(&uring, 5000, &second),
	       "both end");
	T_CHECK(first.user_data == 1 && first.res == -EIO, "a start fails");
	T_CHECK(second.user_data == 2 && second.res == -ECANCELED && !second.more,
		"... what is linked to it is not issued");
}

static void add_native(int n)
{
	nop_program();
	while (n--)
		t_sqe_start(t_ring_sqe(&ring), T_ORB_PLAIN, T_PROGRAM, 100 + n);
	t_ring_store_tail(&ring, ring.tail);
}

static int reap_native(void)
{
	struct vfio_ccw_ring_cqe cqe;
	int n = 0;

	while (t_ring_reap(&ring, &cqe))
		n++;
	return n;
}

/* A worker may find that its command has ended before it has done with it. */
static void doorbells_by_workers(struct io_uring *plain)
{
	struct vfio_ccw_ring_uring_enter *enter;
	struct io_uring_sqe *sqe;
	struct t_done done;
	int round, ok = 0;

	for (round = 0; round < 200; round++) {
		add_native(4);
		enter = t_uring_sqe(plain, ring.fd, VFIO_CCW_RING_URING_ENTER, round, &sqe);
		enter->to_submit = 4;
		enter->min_complete = 4;
		sqe->flags |= IOSQE_ASYNC;
		T_NEED(io_uring_submit(plain) == 1 && t_uring_done(plain, 5000, &done),
		       "a doorbell by a worker ends");
		ok += done.res == 4 && reap_native() == 4;
	}
	T_EQUAL(ok, 200, "200 doorbells by workers");
}

/* One command for a batch of the ring's own entries; any io_uring will do. */
static void doorbell(void)
{
	struct vfio_ccw_ring_uring_enter *enter;
	struct io_uring plain;
	struct t_done done;

	t_uring_open(&plain, 0);
	add_native(4);
	enter = t_uring_enter(&plain, ring.fd, 21);
	enter->to_submit = 4;
	enter->min_complete = 4;
	done = t_uring_do(&plain);
	T_CHECK(done.user_data == 21 && done.res == 4, "a doorbell for four (%d)", done.res);
	T_EQUAL(reap_native(), 4, "... which are there");

	add_native(1);
	enter = t_uring_enter(&plain, ring.fd, 22);
	enter->to_submit = 9;
	done = t_uring_do(&plain);
	T_EQUAL(done.res, 1, "a doorbell that does not wait");
	if (!t_one_cpu())
		T_EQUAL(t_ring_enter(&ring, 0, 1), 0, "... another CPU may have the interrupt");
	T_EQUAL(reap_native(), 1, "... for one");

	enter = t_uring_enter(&plain, ring.fd, 23);
	enter->min_complete = 2;
	t_uring_submit(&plain, 1);
	T_CHECK(!t_uring_done(&plain, 20, &done), "one that waits for two");
	add_native(1);
	T_EQUAL(t_ring_enter(&ring, 1, 1), 1, "... not for one");
	T_CHECK(!t_uring_done(&plain, 20, &done), "... by ENTER,");
	add_native(1);
	T_EQUAL(t_ring_enter(&ring, 1, 2), 1, "... but for the second");
	T_CHECK(t_uring_done(&plain, 5000, &done) && done.user_data == 23 && !done.res,
		"... has an end");
	T_EQUAL(reap_native(), 2, "... with both");

	doorbells_by_workers(&plain);
	enter = t_uring_enter(&plain, ring.fd, 24);
	enter->reserved = 1;
	T_EQUAL(t_uring_do(&plain).res, -EINVAL, "a reserved field");
	t_ring_store_tail(&ring, ring.tail + 99);
	t_uring_enter(&plain, ring.fd, 25)->to_submit = 1;
	T_EQUAL(t_uring_do(&plain).res, -EOVERFLOW, "an SQ tail that lies");
	t_ring_store_tail(&ring, ring.tail);
	io_uring_queue_exit(&plain);
}

/* What is under way is bounded by the CQ, whoever takes its slots. */
static void no_room(void)
{
	const int slots = ring.setup.cq_entries;
	struct t_done done;
	int i;

	for (i = 0; i < slots; i += 8) {
		add_native(8);
		T_EQUAL(t_ring_enter(&ring, 8, i + 8), 8, "eight starts that nobody looks at");
	}
	t_uring_start(&uring, ring.fd, T_ORB_PLAIN, T_PROGRAM, 1);
	done = t_uring_do(&uring);
	T_CHECK(done.res == -EBUSY && !done.more, "no room for a request (%d)", done.res);
	T_EQUAL(reap_native(), slots, "room is made");
	t_uring_start(&uring, ring.fd, T_ORB_PLAIN, T_PROGRAM, 1);
	T_EQUAL(t_uring_do(&uring).res, T_PROGRAM + 8, "... for a request");
	add_native(8);
	T_EQUAL(t_ring_enter(&ring, 8, 8), 8, "... and for starts");
	T_EQUAL(reap_native(), 8, "... which end");
}

/* The ring's file in somebody's loop. */
static void polled_for(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&uring);
	struct t_done done;
	int round;

	memset(sqe, 0, 128);
	io_uring_prep_poll_multishot(sqe, ring.fd, POLLIN);
	sqe->user_data = 31;
	t_uring_submit(&uring, 1);
	T_CHECK(!t_uring_done(&uring, 20, &done), "a multishot poll finds nothing");
	for (round = 0; round < 3; round++) {
		add_native(1);
		T_EQUAL(t_ring_enter(&ring, 1, 1), 1, "a start of the ring's");
		T_CHECK(t_uring_done(&uring, 5000, &done) && done.user_data == 31 &&
				done.res & POLLIN,
			"... is noticed by the poll");
		T_EQUAL(reap_native(), 1, "... and there");
	}
	sqe = io_uring_get_sqe(&uring);
	memset(sqe, 0, 128);
	io_uring_prep_poll_remove(sqe, 31);
	sqe->user_data = 32;
	t_uring_submit(&uring, 1);
	T_NEED(t_uring_done(&uring, 5000, &done) && t_uring_done(&uring, 5000, &done),
	       "the poll is removed");
}

/* Whoever goes away while it waits is not waited for. */
static void goes_away(void)
{
	struct io_uring leaving;
	int status = -1;
	pid_t child;

	t_uring_open(&leaving, T_URING_FLAGS);
	t_uring_enter(&leaving, ring.fd, 41)->min_complete = 1;
	t_uring_submit(&leaving, 1);
	io_uring_queue_exit(&leaving);
	T_CHECK(true, "an io_uring goes away");
	child = fork();
	if (!child) {
		t_uring_open(&leaving, T_URING_FLAGS);
		t_uring_enter(&leaving, ring.fd, 42)->min_complete = 1;
		io_uring_submit(&leaving);
		_exit(3);
	}
	T_CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
			WEXITSTATUS(status) == 3,
		"a task goes away");
}

/*
 * A doorbell whose task becomes another program says what it has consumed, or that it was
 * cut short.  The io_uring is somebody else's, too, who can see that.
 */
static void cut_short(unsigned int n, int want)
{
	struct vfio_ccw_ring_uring_enter *enter;
	struct io_uring shared;
	struct t_done done;
	int status = -1;
	pid_t child;

	t_uring_open(&shared, 0);
	child = fork();
	if (!child) {
		if (n)
			add_native(n);
		enter = t_uring_enter(&shared, ring.fd, 43);
		enter->to_submit = n;
		enter->min_complete = n + 1;
		io_uring_submit(&shared);
		execl("/bin/true", "true", NULL);
		_exit(4);
	}
	T_NEED(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
		       !WEXITSTATUS(status),
	       "a task becomes another program");
	T_CHECK(t_uring_done(&shared, 5000, &done) && done.user_data == 43 && done.res == want,
		"... whose doorbell had consumed %u (%d)", n, done.res);
	ring.tail += n;
	if (!t_one_cpu() && n)
		T_EQUAL(t_ring_enter(&ring, 0, n), 0, "... which end");
	T_EQUAL(reap_native(), (int)n, "... and are there");
	io_uring_queue_exit(&shared);
}

static void on_a_ring_that_polls(void)
{
	struct t_ring polling;
	struct t_done done;
	int i, stale = 0;

	t_ring_open_as(&polling, vm.devices[1].fd, 8, VFIO_CCW_RING_SETUP_POLL);
	for (i = 0; i < BATCH; i++) {
		t_uring_start(&uring, ring.fd, T_ORB_PLAIN, T_PROGRAM, 50);
		t_uring_do(&uring);
		t_uring_request(&uring, polling.fd, VFIO_CCW_RING_OP_NOP, 51);
		done = t_uring_do(&uring);
		stale += done.res != -EOPNOTSUPP || done.more;
	}
	T_EQUAL(stale, 0, "no requests on a ring that polls, and nothing of others");
	t_uring_enter(&uring, polling.fd, 52);
	T_EQUAL(t_uring_do(&uring).res, -EOPNOTSUPP, "... and no doorbell");
	t_ring_close(&polling);
}

int main(void)
{
	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 8);
	T_CHECK(ring.setup.features & VFIO_CCW_RING_FEAT_URING, "the driver has commands");
	t_uring_open(&uring, T_URING_FLAGS);
	too_small(0, -EMSGSIZE, "a request needs the larger SQE");
	too_small(IORING_SETUP_SQE128, -EOVERFLOW, "... and the larger CQE");
	one_good();
	brief();
	data();
	others();
	refused();
	many(0, "at once");
	many(IOSQE_ASYNC, "by workers");
	linked();
	doorbell();
	no_room();
	polled_for();
	goes_away();
	cut_short(2, 2);
	cut_short(0, -ECANCELED);
	on_a_ring_that_polls();
	t_good_start(&vm, &ring, "all that");
	io_uring_queue_exit(&uring);
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
