/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VCCW_URING_H
#define VCCW_URING_H

#include <linux/types.h>
#include <asm/cio.h>

struct io_uring_cmd;
struct vccw_fault;
struct vccw_ring;

/**
 * struct vccw_uring - a request of an io_uring that is under way
 * @next: next one that is free
 * @cmd: the command that brought it
 * @index: index of its subchannel in the ring
 * @start: it is a START
 * @has_irb: there is an IRB
 * @res: 0 or -errno
 * @reason: enum vfio_ccw_ring_reason
 * @irb: the IRB
 *
 * From when the request ends to when its task is told it stands for a &struct
 * vccw_req, which is free by then, and may be gone with its device: the ring stays,
 * because the command holds its file.
 */
struct vccw_uring {
	struct vccw_uring *next;
	struct io_uring_cmd *cmd;
	u16 index;
	bool start;
	bool has_irb;
	int res;
	u16 reason;
	struct irb irb;
};

int vccw_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);
void vccw_uring_end(struct vccw_uring *uring, int res, u16 reason, const struct irb *irb);
void vccw_uring_free_all(struct vccw_ring *ring);

#endif /* VCCW_URING_H */
