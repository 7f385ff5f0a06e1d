// SPDX-License-Identifier: MIT
/* A start that fails holds those behind it, until its client has seen that. */
#include <errno.h>

#include "bad.h"

/* No device of the lab's knows it: command reject. */
#define UNKNOWN_COMMAND 0x5b
#define BAD_PROGRAM	T_PROGRAM
#define GOOD_PROGRAM	(T_PROGRAM + 64)

static struct t_vm vm;
static struct t_ring ring;
/* CQEs looked at, of which the driver knows only when they are said to be seen. */
static uint32_t looked_at;

static void add(uint32_t program, uint8_t flags)
{
	struct vfio_ccw_ring_sqe *sqe = t_ring_sqe(&ring);

	t_sqe_start(sqe, T_ORB_PLAIN, program, program);
	sqe->flags = flags;
}

static void enter(uint32_t n)
{
	t_ring_store_tail(&ring, ring.tail);
	T_EQUAL(t_ring_enter(&ring, n, t_ring_cq_tail(&ring) - ring.head + n), n,
		"%u are consumed, and end", n);
}

static void seen(void)
{
	ring.head = looked_at;
	t_ring_store_head(&ring, ring.head);
}

static const struct vfio_ccw_ring_cqe *look(void)
{
	const struct vfio_ccw_ring_cqe *cqes = (void *)(ring.cq + ring.setup.off_cqes);

	T_NEED(t_ring_cq_tail(&ring) != looked_at, "there is a CQE");
	return &cqes[looked_at++ & (ring.setup.cq_entries - 1)];
}

static void failed(void)
{
	const struct vfio_ccw_ring_cqe *cqe = look();

	T_CHECK(!cqe->res && cqe->user_data == BAD_PROGRAM && t_irb_dstat(cqe->irb) & T_DSTAT_CHECK,
		"a start fails (%d, device status 0x%02x)", cqe->res, t_irb_dstat(cqe->irb));
}

static void held(const char *which)
{
	const struct vfio_ccw_ring_cqe *cqe = look();

	T_CHECK(cqe->res == -ECANCELED && cqe->reason == VFIO_CCW_RING_R_HELD,
		"%s is held (%d, reason %u)", which, cqe->res, cqe->reason);
}

static void works(const char *which)
{
	const struct vfio_ccw_ring_cqe *cqe = look();

	T_CHECK(!cqe->res && t_irb_good(cqe->irb), "%s works (%d, reason %u)", which, cqe->res,
		cqe->reason);
}

/* Of one batch, and of a later one. */
static void behind(void)
{
	add(GOOD_PROGRAM, 0);
	add(BAD_PROGRAM, 0);
	add(GOOD_PROGRAM, 0);
	add(GOOD_PROGRAM, VFIO_CCW_RING_SQE_RECOVER);
	enter(4);
	works("one before");
	failed();
	held("one behind");
	works("one of the same batch that recovers");
	seen();
}

static void unseen(void)
{
	add(BAD_PROGRAM, 0);
	enter(1);
	failed();
	add(GOOD_PROGRAM, 0);
	enter(1);
	held("one of a client that has not seen the failure");
	seen();
	add(GOOD_PROGRAM, 0);
	enter(1);
	works("one of a client that has");
	seen();
}

static void recover(void)
{
	add(BAD_PROGRAM, 0);
	enter(1);
	failed();
	add(GOOD_PROGRAM, 0);
	add(GOOD_PROGRAM, VFIO_CCW_RING_SQE_RECOVER);
	add(GOOD_PROGRAM, 0);
	enter(3);
	held("one that does not know");
	works("one that recovers");
	works("one behind that");
	seen();
}

/* Failures in a row: each holds anew. */
static void again(void)
{
	int i;

	for (i = 0; i < 3; i++) {
		add(BAD_PROGRAM, VFIO_CCW_RING_SQE_RECOVER);
		enter(1);
		failed();
	}
	add(GOOD_PROGRAM, 0);
	enter(1);
	held("one behind three failures");
	seen();
}

int main(void)
{
	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 8);
	t_ccw1(t_at(&vm, BAD_PROGRAM), UNKNOWN_COMMAND, T_CCW_SLI, 1, T_DATA);
	t_ccw1(t_at(&vm, GOOD_PROGRAM), T_CMD_NOP, T_CCW_SLI, 1, T_DATA);
	behind();
	unseen();
	recover();
	again();
	t_good_start(&vm, &ring, "failures");
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
