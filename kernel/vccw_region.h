/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VCCW_REGION_H
#define VCCW_REGION_H

#include <linux/kfifo.h>
#include <linux/types.h>
#include <linux/vfio.h>
#include <linux/vfio_ccw.h>
#include <asm/crw.h>
#include <asm/cio.h>
#include "vccw_trigger.h"

struct vccw_device;
struct vccw_req;

/* CRWs kept for the client, a power of two; more are reported as overflow. */
#define VCCW_CRWS	64

/* IRBs kept for the client: more than a subchannel that is used with care has. */
#define VCCW_IRBS	8

/**
 * struct vccw_regions - the regions and interrupts of the vfio-ccw ABI
 * @io: I/O region; vccw_device.lock
 * @cmd: asynchronous command region; vccw_device.lock
 * @irbs: IRBs not read yet, from @irb_first on; the subchannel's lock
 * @irb_first: the oldest, counted without end; the subchannel's lock
 * @irb_end: one past the newest, in the same way; the subchannel's lock
 * @crws: channel report words not read yet; the subchannel's lock
 * @triggers: eventfds by VFIO_CCW_*_IRQ_INDEX
 */
struct vccw_regions {
	struct ccw_io_region io;
	struct ccw_cmd_region cmd;
	struct irb irbs[VCCW_IRBS];
	u32 irb_first;
	u32 irb_end;
	DECLARE_KFIFO(crws, struct crw, VCCW_CRWS);
	struct vccw_trigger triggers[VFIO_CCW_NUM_IRQS];
};

void vccw_regions_open(struct vccw_device *dev);
void vccw_regions_close(struct vccw_device *dev);
int vccw_region_info(struct vfio_region_info *info, unsigned long arg);
ssize_t vccw_region_read(struct vccw_device *dev, char __user *buf,
			 size_t count, loff_t pos);
ssize_t vccw_region_write(struct vccw_device *dev, const char __user *buf,
			  size_t count, loff_t pos);
void vccw_region_irb(struct vccw_device *dev, const struct irb *irb);
void vccw_region_no_answer(struct vccw_device *dev, u8 func);
void vccw_region_crw(struct vccw_device *dev, u8 rsc, u8 erc, u16 rsid);

#endif /* VCCW_REGION_H */
