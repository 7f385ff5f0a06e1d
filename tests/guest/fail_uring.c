// SPDX-License-Identifier: MIT
/* As fail_nth.c: a start and a doorbell by commands of a new io_uring, for a new ring. */
#include <errno.h>

#include "bad.h"
#include "nth.h"
#include "uring.h"

static struct t_vm vm;
static struct t_ring ring;
static struct io_uring uring;
static bool doorbell;
/* Whether the command has ended, and with what. */
static bool ended;
static int result;

static void prepare(void)
{
	struct vfio_ccw_ring_uring_enter *enter;

	t_ring_open(&ring, vm.devices[0].fd, 8);
	t_uring_open(&uring, T_URING_FLAGS);
	ended = false;
	if (!doorbell) {
		t_uring_start(&uring, ring.fd, T_ORB_PLAIN, T_PROGRAM, 1);
		return;
	}
	t_sqe_start(t_ring_sqe(&ring), T_ORB_PLAIN, T_PROGRAM, 2);
	t_ring_store_tail(&ring, ring.tail);
	enter = t_uring_enter(&uring, ring.fd, 1);
	enter->to_submit = 1;
	enter->min_complete = 1;
}

static void take(void)
{
	struct io_uring_cqe *cqe;

	ended = !io_uring_peek_cqe(&uring, &cqe);
	if (!ended)
		return;
	result = cqe->res < 0 ? cqe->res : 0;
	io_uring_cqe_seen(&uring, cqe);
}

static int submit(void)
{
	int ret = io_uring_submit_and_wait(&uring, 1);

	if (ret < 0)
		return ret;
	take();
	return ended ? result : 0;
}

/* A command that was not taken, or has not ended, does so now. */
static void settle(void)
{
	if (!ended) {
		T_NEED(io_uring_submit_and_wait(&uring, 1) >= 0, "the command ends");
		take();
		T_NEED(ended && !result, "... well (%d)", result);
	}
	io_uring_queue_exit(&uring);
	t_ring_close(&ring);
}

int main(void)
{
	static const struct t_attempt starts = {
		"a start", prepare, submit, NULL, settle, -EAGAIN
	};
	static const struct t_attempt doorbells = { "a doorbell", prepare, submit,
						    NULL,	  settle,  -EAGAIN };
	long long pinned = t_pages_pinned();
	int failures;

	t_vm_open(&vm);
	t_ccw1(t_at(&vm, T_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI, 7, T_DATA);
	failures = t_fail_each(&starts);
	doorbell = true;
	failures += t_fail_each(&doorbells);
	T_CHECK(failures > 10, "%d failures in all", failures);
	t_vm_close(&vm);
	T_CHECK(t_pages_pinned_become(pinned), "in the end nothing is pinned");
	return tap_done();
}
