// SPDX-License-Identifier: MIT
/* SQEs and ORBs the driver must refuse. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "bad.h"

static const struct t_refusal opcode = { -EOPNOTSUPP, VFIO_CCW_RING_R_OPCODE, T_NONE, 0 };
static const struct t_refusal flags = { -EINVAL, VFIO_CCW_RING_R_SQE_FLAGS, T_NONE, 0 };
static const struct t_refusal reserved = { -EINVAL, VFIO_CCW_RING_R_SQE_RESERVED, T_NONE, 0 };
static const struct t_refusal subchannel = { -ENXIO, VFIO_CCW_RING_R_SUBCHANNEL, T_NONE, 0 };

static const struct t_refusal intparm = { -EINVAL, VFIO_CCW_RING_R_ORB_INTPARM, T_NONE, 0 };
static const struct t_refusal extension = { -EOPNOTSUPP, VFIO_CCW_RING_R_ORB_EXTENSION, T_NONE, 0 };

#define REFUSED(want, ...) \
	t_refused(vm, ring, &(struct vfio_ccw_ring_sqe){ __VA_ARGS__ }, &(want), #__VA_ARGS__)

static void bad_sqes(struct t_vm *vm, struct t_ring *ring)
{
	REFUSED(opcode, .opcode = 6);
	REFUSED(opcode, .opcode = 0x80);
	REFUSED(opcode, .opcode = 0xff);
	REFUSED(opcode, .opcode = 0xff, .flags = 0xff, .subchannel = 0xffff,
		.reserved0 = 0xffffffff);
	REFUSED(flags, .flags = 2);
	REFUSED(flags, .flags = 0x80);
	REFUSED(flags, .opcode = VFIO_CCW_RING_OP_START, .flags = 2);
	REFUSED(flags, .opcode = VFIO_CCW_RING_OP_HALT, .flags = 0x40);
	REFUSED(reserved, .reserved0 = 1);
	REFUSED(reserved, .target = 1);
	REFUSED(reserved, .opcode = VFIO_CCW_RING_OP_RESUME, .target = 1);
	REFUSED(reserved, .reserved = 1ULL << 63);
	REFUSED(reserved, .opcode = VFIO_CCW_RING_OP_CANCEL, .orb = { [15] = 1 });
	REFUSED(reserved, .opcode = VFIO_CCW_RING_OP_NOP, .orb = { 1 });
	REFUSED(reserved, .opcode = VFIO_CCW_RING_OP_HALT, .orb[31] = 1);
	REFUSED(reserved, .opcode = VFIO_CCW_RING_OP_CLEAR, .orb[8] = 1);
	REFUSED(subchannel, .opcode = VFIO_CCW_RING_OP_START, .subchannel = 200);
	REFUSED(subchannel, .opcode = VFIO_CCW_RING_OP_HALT, .subchannel = 0xffff);
	REFUSED(subchannel, .opcode = VFIO_CCW_RING_OP_CLEAR,
		.subchannel = VFIO_CCW_RING_MAX_SUBCHANNELS);
}

/* A start that is good but for one byte of its SQE, between two that are good. */
static void spoiled(struct t_vm *vm, struct t_ring *ring, size_t at, uint8_t byte,
		    const struct t_refusal *want)
{
	struct vfio_ccw_ring_cqe cqes[3] = { 0 }, cqe;
	struct vfio_ccw_ring_sqe *sqe;
	unsigned int i;

	t_ccw1(t_at(vm, T_PROGRAM), T_CMD_NOP, T_CCW_SLI, 1, T_DATA);
	for (i = 0; i < 3; i++) {
		sqe = t_ring_sqe(ring);
		t_sqe_start(sqe, T_ORB_PLAIN, T_PROGRAM, i);
		if (i == 1)
			((uint8_t *)sqe)[at] = byte;
	}
	t_ring_store_tail(ring, ring->tail);
	T_EQUAL(t_ring_enter(ring, 3, 3), 3, "a start with byte %zu 0x%02x, and good ones", at,
		byte);
	while (t_ring_reap(ring, &cqe)) {
		if (cqe.user_data < 3)
			cqes[cqe.user_data] = cqe;
	}
	T_CHECK(cqes[1].res == want->res && cqes[1].reason == want->reason,
		"... is refused (%d, reason %u)", cqes[1].res, cqes[1].reason);
	T_CHECK(!cqes[0].res && t_irb_good(cqes[0].irb), "... and not the one before it");
	T_CHECK(!cqes[2].res && t_irb_good(cqes[2].irb), "... nor the one behind it");
}

static void spoiled_starts(struct t_vm *vm, struct t_ring *ring)
{
	size_t at;

	spoiled(vm, ring, offsetof(struct vfio_ccw_ring_sqe, opcode), 6, &opcode);
	spoiled(vm, ring, offsetof(struct vfio_ccw_ring_sqe, flags), 2, &flags);
	spoiled(vm, ring, offsetof(struct vfio_ccw_ring_sqe, flags), 0x80, &flags);
	spoiled(vm, ring, offsetof(struct vfio_ccw_ring_sqe, subchannel), 1, &subchannel);
	spoiled(vm, ring, offsetof(struct vfio_ccw_ring_sqe, subchannel) + 1, 200, &subchannel);
	for (at = offsetof(struct vfio_ccw_ring_sqe, reserved0);
	     at < offsetof(struct vfio_ccw_ring_sqe, user_data); at++)
		spoiled(vm, ring, at, 1, &reserved);
	for (at = offsetof(struct vfio_ccw_ring_sqe, target); at < sizeof(struct vfio_ccw_ring_sqe);
	     at++)
		spoiled(vm, ring, at, 0x80, &reserved);
	for (at = 0; at < 4; at++)
		spoiled(vm, ring, offsetof(struct vfio_ccw_ring_sqe, orb) + at, 1, &intparm);
	for (at = 12; at < VFIO_CCW_RING_ORB_SIZE; at++)
		spoiled(vm, ring, offsetof(struct vfio_ccw_ring_sqe, orb) + at, 1, &extension);
}

static void bad_orb(struct t_vm *vm, struct t_ring *ring, uint32_t orb_flags, uint32_t program,
		    int res, int reason, const char *what)
{
	struct t_refusal want = { res, reason, T_NONE, 0 };
	struct vfio_ccw_ring_sqe sqe;

	t_ccw1(t_at(vm, T_PROGRAM), T_CMD_NOP, T_CCW_SLI, 1, T_DATA);
	t_sqe_start(&sqe, orb_flags, program, 0);
	t_refused(vm, ring, &sqe, &want, what);
}

static void bad_orbs(struct t_vm *vm, struct t_ring *ring)
{
	bad_orb(vm, ring, T_ORB_PLAIN | T_ORB_TRANSPORT, T_PROGRAM, -EOPNOTSUPP,
		VFIO_CCW_RING_R_ORB_TRANSPORT, "transport mode");
	bad_orb(vm, ring, T_ORB_PLAIN | T_ORB_MIDAW, T_PROGRAM, -EOPNOTSUPP,
		VFIO_CCW_RING_R_ORB_MIDAW, "modified CCW indirection");
	bad_orb(vm, ring, T_ORB_PLAIN | 0x00000002, T_PROGRAM, -EINVAL,
		VFIO_CCW_RING_R_ORB_RESERVED, "a reserved bit of word 1");
	bad_orb(vm, ring, T_ORB_PLAIN | T_ORB_SUSPEND, T_PROGRAM, -EOPNOTSUPP,
		VFIO_CCW_RING_R_ORB_SUSPEND, "suspend control");
	bad_orb(vm, ring, T_ORB_PLAIN | T_ORB_ADDR_LIMIT, T_PROGRAM, -EOPNOTSUPP,
		VFIO_CCW_RING_R_ORB_ADDR_LIMIT, "address-limit checking");
	bad_orb(vm, ring, T_ORB_PLAIN | T_ORB_EXTENSION, T_PROGRAM, -EOPNOTSUPP,
		VFIO_CCW_RING_R_ORB_EXTENSION, "the extension");
	bad_orb(vm, ring, T_ORB_PLAIN & ~T_ORB_PREFETCH, T_PROGRAM, -EOPNOTSUPP,
		VFIO_CCW_RING_R_ORB_PREFETCH, "no prefetch");
	bad_orb(vm, ring, T_ORB_PLAIN, T_PROGRAM + 4, -EINVAL, VFIO_CCW_RING_R_ORB_CPA,
		"a program on a word boundary");
	bad_orb(vm, ring, T_ORB_PLAIN, T_PROGRAM + 1, -EINVAL, VFIO_CCW_RING_R_ORB_CPA,
		"a program on a byte boundary");
	bad_orb(vm, ring, T_ORB_PLAIN, 0x80000000U | T_PROGRAM, -EINVAL, VFIO_CCW_RING_R_ORB_CPA,
		"a program address over 31 bits");
}

int main(void)
{
	struct t_ring ring;
	struct t_vm vm;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 8);
	bad_sqes(&vm, &ring);
	spoiled_starts(&vm, &ring);
	bad_orbs(&vm, &ring);
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
