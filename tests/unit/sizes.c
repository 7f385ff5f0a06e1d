// SPDX-License-Identifier: MIT
/* sizes.c - layouts that others depend on; it passes by being compiled */
#include <stddef.h>

#include <linux/vfio_ccw.h>
#include <linux/vfio_ccw_ring.h>

#include <ccwring/ccwring.h>

#define SIZE(type, bytes)	_Static_assert(sizeof(type) == (bytes), #type)
#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field)

SIZE(struct vfio_ccw_ring_sqe, 64);
AT(struct vfio_ccw_ring_sqe, user_data, 8);
AT(struct vfio_ccw_ring_sqe, orb, 16);
AT(struct vfio_ccw_ring_sqe, target, 48);
AT(struct vfio_ccw_ring_sqe, reserved, 56);

SIZE(struct vfio_ccw_ring_cqe, 128);
AT(struct vfio_ccw_ring_cqe, res, 8);
AT(struct vfio_ccw_ring_cqe, tod, 16);
AT(struct vfio_ccw_ring_cqe, ccw_addr, 28);
AT(struct vfio_ccw_ring_cqe, irb, 32);

SIZE(struct vfio_ccw_ring_info, VFIO_CCW_RING_INFO_SIZE_VER0);
SIZE(struct vfio_ccw_ring_setup, VFIO_CCW_RING_SETUP_SIZE_VER0);
AT(struct vfio_ccw_ring_setup, features, 24);
AT(struct vfio_ccw_ring_setup, off_flags, 64);
AT(struct vfio_ccw_ring_setup, reserved, 80);
SIZE(struct vfio_ccw_ring_attach, VFIO_CCW_RING_ATTACH_SIZE_VER0);
SIZE(struct vfio_ccw_ring_enter, VFIO_CCW_RING_ENTER_SIZE_VER0);
SIZE(struct vfio_ccw_ring_uring_request, 80);
AT(struct vfio_ccw_ring_uring_request, orb, 16);
AT(struct vfio_ccw_ring_uring_request, target, 48);
SIZE(struct vfio_ccw_ring_uring_enter, 16);

SIZE(struct ccw_io_region, 124);
SIZE(struct ccw_cmd_region, 8);
SIZE(struct ccw_schib_region, CCWRING_SCHIB_SIZE);
SIZE(struct ccw_crw_region, 8);

SIZE(struct ccwring_ccw, 8);
SIZE(struct ccwring_orb, VFIO_CCW_RING_ORB_SIZE);
_Static_assert(CCWRING_IRB_SIZE == VFIO_CCW_RING_IRB_SIZE, "IRB");

/* Inline functions are compiled into programs: what they use does not move. */
AT(struct ccwring_ring, sqes, 16);
AT(struct ccwring_ring, cq_head, 256);
AT(struct ccwring_ring, cqes, 272);
AT(struct ccwring_ring, peek_enters, 296);

int main(void)
{
	return 0;
}
