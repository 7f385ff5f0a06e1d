// SPDX-License-Identifier: GPL-2.0-only
/*
 * The regions of the vfio-ccw ABI: the other door to the same queue.
 *
 *   0  I/O           write an ORB, read the IRB
 *   1  async command HALT and CLEAR
 *   2  SCHIB         read the subchannel-information block
 *   3  CRW           read channel report words
 *
 * include/uapi/linux/vfio_ccw.h, Documentation/arch/s390/vfio-ccw.rst
 */
#include <linux/mm.h>
#include <linux/uaccess.h>
#include "vccw_ccw.h"
#include "vccw_device.h"
#include "vccw_straight.h"
#include "vccw_irb.h"
#include "vccw_trace.h"
#include "ioasm.h"

#define VCCW_REGIONS		4
#define VCCW_REGION_SHIFT	10
#define VCCW_REGION_MASK	(BIT(VCCW_REGION_SHIFT) - 1)

enum {
	VCCW_REGION_IO,
	VCCW_REGION_CMD,
	VCCW_REGION_SCHIB,
	VCCW_REGION_CRW,
};

static const struct {
	u32 size;
	u32 flags;
	u32 subtype;
} vccw_region_table[VCCW_REGIONS] = {
	[VCCW_REGION_IO] = {
		.size = sizeof(struct ccw_io_region),
		.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE,
	},
	[VCCW_REGION_CMD] = {
		.size = sizeof(struct ccw_cmd_region),
		.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE,
		.subtype = VFIO_REGION_SUBTYPE_CCW_ASYNC_CMD,
	},
	[VCCW_REGION_SCHIB] = {
		.size = sizeof(struct ccw_schib_region),
		.flags = VFIO_REGION_INFO_FLAG_READ,
		.subtype = VFIO_REGION_SUBTYPE_CCW_SCHIB,
	},
	[VCCW_REGION_CRW] = {
		.size = sizeof(struct ccw_crw_region),
		.flags = VFIO_REGION_INFO_FLAG_READ,
		.subtype = VFIO_REGION_SUBTYPE_CCW_CRW,
	},
};

/**
 * vccw_region_info - answer VFIO_DEVICE_GET_REGION_INFO
 * @info: the region's index and the caller's size; filled in
 * @arg: user address, for the capabilities behind @info
 *
 * Context: process context.
 * Return: 0, -EINVAL, -ENOMEM, -EFAULT.
 */
int vccw_region_info(struct vfio_region_info *info, unsigned long arg)
{
	struct vfio_region_info_cap_type type = {
		.header.id = VFIO_REGION_INFO_CAP_TYPE,
		.header.version = 1,
		.type = VFIO_REGION_TYPE_CCW,
	};
	struct vfio_info_cap caps = {};
	u32 i = info->index;
	int ret;

	if (i >= VCCW_REGIONS)
		return -EINVAL;
	i = array_index_nospec(i, VCCW_REGIONS);
	info->offset = (u64)i << VCCW_REGION_SHIFT;
	info->size = vccw_region_table[i].size;
	info->flags = vccw_region_table[i].flags;
	if (i == VCCW_REGION_IO)
		return 0;

	type.subtype = vccw_region_table[i].subtype;
	ret = vfio_info_add_capability(&caps, &type.header, sizeof(type));
	if (ret)
		return ret;
	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	if (info->argsz < sizeof(*info) + caps.size) {
		info->argsz = sizeof(*info) + caps.size;
		info->cap_offset = 0;
	} else {
		vfio_info_cap_shift(&caps, sizeof(*info));
		if (copy_to_user((void __user *)arg + sizeof(*info), caps.buf,
				 caps.size))
			ret = -EFAULT;
		info->cap_offset = sizeof(*info);
	}
	kfree(caps.buf);
	return ret;
}

/* I/O region */

/* Part of the status of the start that the newest unread IRB is of? */
static bool vccw_same_start(const struct vccw_regions *r, const struct irb *irb)
{
	const struct irb *newest = &r->irbs[(r->irb_end - 1) % VCCW_IRBS];

	return r->irb_first != r->irb_end &&
	       newest->scsw.cmd.fctl & SCSW_FCTL_START_FUNC &&
	       vccw_irb_goes_on(newest) &&
	       irb->scsw.cmd.fctl & SCSW_FCTL_START_FUNC;
}

/**
 * vccw_region_irb - an IRB for the I/O region
 * @dev: the device
 * @irb: the IRB, addresses in it are the client's
 *
 * It waits behind those that have not been read.  Status of one start becomes
 * one IRB, as in a subchannel whose status is not cleared in time.  When there
 * is no room the oldest is lost; a client that has set no eventfd looks at the
 * region when it likes, and finds the latest.
 *
 * Context: interrupts off, subchannel.lock held.
 */
void vccw_region_irb(struct vccw_device *dev, const struct irb *irb)
{
	struct vccw_regions *r = &dev->regions;
	struct vccw_trigger *trigger = &r->triggers[VFIO_CCW_IO_IRQ_INDEX];
	struct irb whole = *irb;

	lockdep_assert_held(&dev->sch->lock);
	BUILD_BUG_ON(sizeof(r->io.irb_area) < sizeof(*irb));
	if (unlikely(vccw_same_start(r, irb)))
		vccw_irb_merge(&r->irbs[--r->irb_end % VCCW_IRBS], &whole);
	if (!vccw_trigger_signal(trigger))
		r->irb_first = r->irb_end;
	else if (unlikely(r->irb_end - r->irb_first == VCCW_IRBS))
		r->irb_first++;
	r->irbs[r->irb_end++ % VCCW_IRBS] = whole;
}

/**
 * vccw_region_no_answer - a HALT or CLEAR that the device has not answered
 * @dev: the device
 * @func: VCCW_HALT or VCCW_CLEAR
 *
 * Context: interrupts off, subchannel.lock held.
 */
void vccw_region_no_answer(struct vccw_device *dev, u8 func)
{
	struct irb irb;

	vccw_irb_make(&irb, func == VCCW_HALT ? SCSW_FCTL_HALT_FUNC :
		      SCSW_FCTL_CLEAR_FUNC, 0);
	vccw_region_irb(dev, &irb);
}

/*
 * The oldest unread IRB enters the region when its SCSW is about to be read.
 * The eventfd says that there is another.
 */
static void vccw_io_next_irb(struct vccw_device *dev)
{
	struct vccw_regions *r = &dev->regions;
	bool more;

	spin_lock_irq(&dev->sch->lock);
	if (r->irb_first != r->irb_end)
		memcpy(r->io.irb_area, &r->irbs[r->irb_first++ % VCCW_IRBS],
		       sizeof(r->irbs[0]));
	more = r->irb_first != r->irb_end;
	spin_unlock_irq(&dev->sch->lock);
	if (more)
		vccw_trigger_signal(&r->triggers[VFIO_CCW_IO_IRQ_INDEX]);
}

static ssize_t vccw_io_read(struct vccw_device *dev, void *to, u32 offset,
			    size_t count)
{
	u32 irb = offsetof(struct ccw_io_region, irb_area);

	if (offset <= irb && offset + count > irb) {
		vccw_io_next_irb(dev);
		if (unlikely(vccw_cp_is_large(&dev->queue.region_req.cp)))
			vccw_queue_free_region(dev);
	}
	memcpy(to, &dev->regions.io, sizeof(dev->regions.io));
	return 0;
}

/*
 * A client that has taken the signal of a start's end, has not read its IRB,
 * and starts something else does not want it, and will not have it in mind
 * when it reads the next one.
 */
static void vccw_io_forget_ends(struct vccw_device *dev)
{
	struct vccw_regions *r = &dev->regions;
	u32 from, to;

	if (likely(READ_ONCE(r->irb_first) == READ_ONCE(r->irb_end)) ||
	    vccw_trigger_unseen(&r->triggers[VFIO_CCW_IO_IRQ_INDEX]))
		return;
	spin_lock_irq(&dev->sch->lock);
	to = r->irb_first;
	for (from = r->irb_first; from != r->irb_end; from++) {
		const struct irb *irb = &r->irbs[from % VCCW_IRBS];

		if (!(irb->scsw.cmd.fctl & SCSW_FCTL_START_FUNC))
			r->irbs[to++ % VCCW_IRBS] = *irb;
	}
	r->irb_end = to;
	spin_unlock_irq(&dev->sch->lock);
}

/* Start what the I/O region holds: 0 or -errno. */
static int vccw_io_start(struct vccw_device *dev)
{
	struct vccw_req *req = &dev->queue.region_req;
	struct ccw_io_region *io = &dev->regions.io;
	struct vccw_pins *pins = &dev->pins;
	struct vccw_fault fault = {};
	struct cmd_scsw scsw;
	__be32 orb[VCCW_ORB_WORDS];
	int ret;

	memcpy(&scsw, io->scsw_area, sizeof(scsw));
	if (!scsw.fctl)
		return 0;	/* a client that fills the region in pieces */
	if (!(scsw.fctl & SCSW_FCTL_START_FUNC))
		return -EOPNOTSUPP;
	/*
	 * A ring or a start under way uses the request and the subchannel.  One that is
	 * over does not any more: pairs with vccw_no_active().
	 */
	if (dev->queue.ring || smp_load_acquire(&dev->queue.active))
		return -EBUSY;
	/* Its subchannel does not answer, and may read it still. */
	if (unlikely(READ_ONCE(dev->queue.retired)))
		return -ENODEV;
	vccw_io_forget_ends(dev);
	memcpy(orb, io->orb_area, sizeof(orb));
	vccw_cp_release(&req->cp);
	vccw_pins_begin(pins);
	req->seq = pins->clock;
	ret = vccw_cp_translate(dev, &req->cp, orb, true, &fault);
	if (ret)
		vccw_trace(refuse, dev, 0, ret, &fault);
	else
		ret = vccw_queue_start_region(dev);
	vccw_pins_end(pins);
	return ret;
}

static int vccw_io_write(struct vccw_device *dev, const void *from, size_t count,
			 u32 pos)
{
	struct ccw_io_region *io = &dev->regions.io;
	int ret;

	memcpy((u8 *)io + pos, from, count);
	ret = vccw_io_start(dev);
	io->ret_code = ret;
	return ret;
}

/* Asynchronous command region */

static int vccw_cmd_write(struct vccw_device *dev, const void *from, size_t count,
			  u32 pos)
{
	struct ccw_cmd_region *cmd = &dev->regions.cmd;
	int ret = -EINVAL;

	memcpy((u8 *)cmd + pos, from, count);
	if (dev->queue.ring)
		ret = -EBUSY;
	else if (cmd->command == VFIO_CCW_ASYNC_CMD_HSCH)
		ret = vccw_queue_func_region(dev, VCCW_HALT);
	else if (cmd->command == VFIO_CCW_ASYNC_CMD_CSCH)
		ret = vccw_queue_func_region(dev, VCCW_CLEAR);
	cmd->ret_code = ret;
	return ret;
}

/* SCHIB region */

static ssize_t vccw_schib_read(struct vccw_device *dev, void *to)
{
	struct subchannel *sch = dev->sch;
	struct schib *schib = to;
	int ret;

	BUILD_BUG_ON(sizeof(struct ccw_schib_region) != sizeof(sch->schib));
	spin_lock_irq(&sch->lock);
	ret = cio_update_schib(sch);
	memcpy(to, &sch->schib, sizeof(sch->schib));
	spin_unlock_irq(&sch->lock);
	/* Addresses of the host's. */
	schib->pmcw.intparm = 0;
	schib->scsw.cmd.cpa = u32_to_dma32(0);
	schib->mba = 0;
	return ret ? -ENODEV : 0;
}

/* CRW region */

/**
 * vccw_region_crw - a channel report word for the client
 * @dev: the device
 * @rsc: reporting-source code
 * @erc: error-recovery code
 * @rsid: reporting-source ID
 *
 * When there is no room, the last one kept says that some were lost.
 *
 * Context: any, subchannel.lock held.
 */
void vccw_region_crw(struct vccw_device *dev, u8 rsc, u8 erc, u16 rsid)
{
	struct crw crw = { .rsc = rsc, .erc = erc, .rsid = rsid };
	struct vccw_regions *r = &dev->regions;

	lockdep_assert_held(&dev->sch->lock);
	/* The last slot is for a CRW with the overflow bit. */
	if (kfifo_avail(&r->crws) == 1)
		crw = (struct crw){ .oflw = 1 };
	kfifo_put(&r->crws, crw);
	vccw_trigger_signal(&r->triggers[VFIO_CCW_CRW_IRQ_INDEX]);
}

static ssize_t vccw_crw_read(struct vccw_device *dev, void *to)
{
	struct ccw_crw_region region = {};
	struct crw crw;
	bool more;

	BUILD_BUG_ON(sizeof(region.crw) != sizeof(crw));
	spin_lock_irq(&dev->sch->lock);
	if (kfifo_get(&dev->regions.crws, &crw))
		memcpy(&region.crw, &crw, sizeof(crw));
	more = !kfifo_is_empty(&dev->regions.crws);
	spin_unlock_irq(&dev->sch->lock);
	memcpy(to, &region, sizeof(region));
	if (more)
		vccw_trigger_signal(&dev->regions.triggers[VFIO_CCW_CRW_IRQ_INDEX]);
	return 0;
}

static ssize_t vccw_region_fetch(struct vccw_device *dev, u32 index, void *to,
				 u32 offset, size_t count)
{
	switch (index) {
	case VCCW_REGION_IO:
		return vccw_io_read(dev, to, offset, count);
	case VCCW_REGION_CMD:
		memcpy(to, &dev->regions.cmd, sizeof(dev->regions.cmd));
		return 0;
	case VCCW_REGION_SCHIB:
		return vccw_schib_read(dev, to);
	default:
		return vccw_crw_read(dev, to);
	}
}

/**
 * vccw_region_read - read() on the device
 * @dev: the device
 * @buf: user buffer
 * @count: bytes wanted
 * @pos: region and offset in it
 *
 * Context: process context; sleeps.
 * Return: @count or -errno.
 */
ssize_t vccw_region_read(struct vccw_device *dev, char __user *buf,
			 size_t count, loff_t pos)
{
	u64 index = (u64)pos >> VCCW_REGION_SHIFT;
	u32 offset = pos & VCCW_REGION_MASK;
	union {
		struct ccw_io_region io;
		struct ccw_cmd_region cmd;
		struct ccw_schib_region schib;
		struct ccw_crw_region crw;
		struct schib aligned;
	} copy;
	ssize_t ret;

	if (index >= VCCW_REGIONS)
		return -EINVAL;
	index = array_index_nospec(index, VCCW_REGIONS);
	if (count > vccw_region_table[index].size ||
	    offset > vccw_region_table[index].size - count)
		return -EINVAL;
	mutex_lock(&dev->lock);
	ret = vccw_region_fetch(dev, index, &copy, offset, count);
	mutex_unlock(&dev->lock);
	if (ret)
		return ret;
	if (copy_to_user(buf, (u8 *)&copy + offset, count))
		return -EFAULT;
	return count;
}

/**
 * vccw_region_write - write() on the device
 * @dev: the device
 * @buf: user buffer
 * @count: bytes
 * @pos: region and offset in it
 *
 * Context: process context; sleeps.
 * Return: @count or -errno.
 */
ssize_t vccw_region_write(struct vccw_device *dev, const char __user *buf,
			  size_t count, loff_t pos)
{
	u64 index = (u64)pos >> VCCW_REGION_SHIFT;
	u32 offset = pos & VCCW_REGION_MASK;
	u8 bytes[sizeof(struct ccw_io_region)];
	int ret;

	BUILD_BUG_ON(sizeof(bytes) < sizeof(struct ccw_cmd_region));
	if (index > VCCW_REGION_CMD)
		return -EINVAL;
	index = array_index_nospec(index, VCCW_REGION_CMD + 1);
	if (count > vccw_region_table[index].size ||
	    offset > vccw_region_table[index].size - count)
		return -EINVAL;
	if (copy_from_user(bytes, buf, count))
		return -EFAULT;
	mutex_lock(&dev->lock);
	if (index == VCCW_REGION_IO)
		ret = vccw_io_write(dev, bytes, count, offset);
	else
		ret = vccw_cmd_write(dev, bytes, count, offset);
	mutex_unlock(&dev->lock);
	return ret ?: count;
}

void vccw_regions_open(struct vccw_device *dev)
{
	memset(&dev->regions.io, 0, sizeof(dev->regions.io));
	memset(&dev->regions.cmd, 0, sizeof(dev->regions.cmd));
	spin_lock_irq(&dev->sch->lock);
	INIT_KFIFO(dev->regions.crws);
	dev->regions.irb_first = dev->regions.irb_end;
	spin_unlock_irq(&dev->sch->lock);
}

void vccw_regions_close(struct vccw_device *dev)
{
	int i;

	for (i = 0; i < VFIO_CCW_NUM_IRQS; i++)
		vccw_trigger_set(&dev->regions.triggers[i], -1);
}
