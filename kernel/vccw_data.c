// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation of channel programs of any kind: the data areas of their CCWs, and
 * IDAWs.  Each of the client's IDAWs is read once.
 *
 * Principles of Operation, chapter 15 (CCW, IDAW).
 */
#include <linux/align.h>
#include <linux/mm.h>
#include <linux/vfio_ccw_ring.h>
#include <asm/byteorder.h>
#include "vccw_ccw.h"
#include "vccw_device.h"
#include "vccw_walk.h"

/*
 * A client page, pinned for as long as the request lasts, or an error.  @reason is
 * what to say when it is not mapped.
 */
struct vccw_pin *vccw_walk_pin(struct vccw_walk *w, u64 iova_pfn, u32 run,
				 u16 reason)
{
	struct vccw_pin *pin = vccw_pins_hit(&w->dev->pins, iova_pfn);

	if (likely(pin))
		return pin;
	pin = vccw_pins_get(w->dev, iova_pfn, run);
	if (pin == ERR_PTR(-EBUSY))
		reason = VFIO_CCW_RING_R_PAGE_BUSY;
	else if (pin == ERR_PTR(-ENOMEM))
		reason = VFIO_CCW_RING_R_PIN_LIMIT;
	if (IS_ERR(pin))
		vccw_refuse(w, PTR_ERR(pin), reason);
	return pin;
}

static u32 vccw_block_size(const struct vccw_walk *w)
{
	return w->idaw_2k ? 2048 : 4096;
}

/* Write an IDAW for a client address; @run as in vccw_walk_pin(). */
static int vccw_put_idaw(struct vccw_walk *w, dma64_t *idaw, u64 iova, u32 run)
{
	struct vccw_pin *pin = vccw_walk_pin(w, iova >> PAGE_SHIFT, run,
					VFIO_CCW_RING_R_DATA_UNMAPPED);

	if (IS_ERR(pin))
		return PTR_ERR(pin);
	*idaw = u64_to_dma64(pin->addr + offset_in_page(iova));
	return 0;
}

/* Address the data area [first, first + count) by an IDAW list. */
static noinline int vccw_list(struct vccw_walk *w, struct ccw1 *ccw, u32 first)
{
	u32 size = vccw_block_size(w), n = vccw_blocks(first, ccw->count, size), i;
	u32 last_page = (first + ccw->count - 1) >> PAGE_SHIFT;
	dma64_t *idal;
	int ret;

	idal = vccw_walk_idal(w, n);
	if (IS_ERR(idal))
		return PTR_ERR(idal);
	for (i = 0; i < n; i++) {
		u32 iova = i ? ALIGN_DOWN(first, size) + i * size : first;

		ret = vccw_put_idaw(w, &idal[i], iova,
				    last_page - (iova >> PAGE_SHIFT) + 1);
		if (ret)
			return ret;
	}
	ccw->cda = virt_to_dma32(idal);
	ccw->flags |= CCW_FLAG_IDA;
	return 0;
}

/*
 * Data area [first, first + count) that the client addresses directly: as it
 * is if it lies in one page below 2 GiB, by an IDAW list if not.
 */
static int vccw_direct(struct vccw_walk *w, struct ccw1 *ccw, u32 first)
{
	u32 offset = offset_in_page(first);
	struct vccw_pin *pin;

	if (offset + ccw->count > PAGE_SIZE)
		return vccw_list(w, ccw, first);
	pin = vccw_walk_pin(w, first >> PAGE_SHIFT, 1, VFIO_CCW_RING_R_DATA_UNMAPPED);
	if (IS_ERR(pin))
		return PTR_ERR(pin);
	if (!vccw_pin_is_low(pin))
		return vccw_list(w, ccw, first);
	ccw->cda = u32_to_dma32(pin->addr + offset);
	return 0;
}

/*
 * Read backward fills the area from @last downwards, so the first IDAW names
 * its last byte and each further one the last byte of a block.
 */
static int vccw_backward(struct vccw_walk *w, struct ccw1 *ccw, u32 last)
{
	u32 size = vccw_block_size(w), first = last - ccw->count + 1;
	u32 n = last / size - first / size + 1, i;
	dma64_t *idal;
	int ret;

	idal = vccw_walk_idal(w, n);
	if (IS_ERR(idal))
		return PTR_ERR(idal);
	for (i = 0; i < n; i++) {
		u32 iova = i ? ALIGN_DOWN(last, size) - (i - 1) * size - 1 : last;

		ret = vccw_put_idaw(w, &idal[i], iova, 1);
		if (ret)
			return ret;
	}
	ccw->cda = virt_to_dma32(idal);
	ccw->flags |= CCW_FLAG_IDA;
	return 0;
}

/**
 * struct vccw_idaw_reader - where the client's IDAW list is being read
 * @iova: address of the next IDAW
 * @window: its page
 */
struct vccw_idaw_reader {
	u64 iova;
	struct vccw_window window;
};

/* Read one IDAW, once. */
static int vccw_read_idaw(struct vccw_walk *w, struct vccw_idaw_reader *r,
			  u64 *idaw)
{
	void *from;
	int ret;

	ret = vccw_show(w, &r->window, r->iova, VFIO_CCW_RING_R_IDAL_UNMAPPED);
	if (ret)
		return ret;
	from = r->window.at + offset_in_page(r->iova);
	if (!w->idaw_format1) {
		*idaw = be64_to_cpu(READ_ONCE(*(__be64 *)from));
		r->iova += sizeof(u64);
		return 0;
	}
	*idaw = be32_to_cpu(READ_ONCE(*(__be32 *)from));
	r->iova += sizeof(u32);
	if (*idaw > VCCW_ADDR31)
		return vccw_refuse(w, -EINVAL, VFIO_CCW_RING_R_IDAW_FORMAT);
	return 0;
}

/*
 * An IDAW of a backward operation names the last byte of its part, all but the
 * first therefore the last byte of a block; forward it is the first byte.
 */
static bool vccw_idaw_aligned(u64 idaw, u32 size, bool backward)
{
	return IS_ALIGNED(backward ? idaw + 1 : idaw, size);
}

/* Data area that the client addresses by an IDAW list. */
static int vccw_indirect(struct vccw_walk *w, struct ccw1 *ccw, u32 list,
			 bool backward)
{
	struct vccw_idaw_reader reader = {
		.iova = list,
		.window.iova_pfn = VCCW_NO_PAGE,
	};
	u32 size = vccw_block_size(w), n, i;
	u64 idaw, start;
	dma64_t *idal;
	int ret;

	if (!IS_ALIGNED(list, w->idaw_format1 ? sizeof(u32) : sizeof(u64)))
		return vccw_refuse(w, -EINVAL, VFIO_CCW_RING_R_IDAL_ALIGN);
	ret = vccw_read_idaw(w, &reader, &idaw);
	if (ret)
		return ret;
	start = backward ? size - 1 - (idaw & (size - 1)) : idaw;
	n = vccw_blocks(start, ccw->count, size);
	idal = vccw_walk_idal(w, n);
	if (IS_ERR(idal))
		return PTR_ERR(idal);
	for (i = 0; i < n; i++) {
		if (i) {
			ret = vccw_read_idaw(w, &reader, &idaw);
			if (ret)
				return ret;
			if (!vccw_idaw_aligned(idaw, size, backward))
				return vccw_refuse(w, -EINVAL,
						   VFIO_CCW_RING_R_IDAW_ALIGN);
		}
		ret = vccw_put_idaw(w, &idal[i], idaw, 1);
		if (ret)
			return ret;
	}
	ccw->cda = virt_to_dma32(idal);
	return 0;
}

/* Commands whose data go to storage, so that the skip flag suppresses them. */
static bool vccw_cmd_reads(u8 cmd)
{
	return (cmd & 0x03) == 0x02 || (cmd & 0x0f) == VCCW_CMD_READ_BACKWARD ||
	       (cmd & 0x0f) == 0x04;
}

/* No byte of the data area is touched. */
static bool vccw_no_data(const struct ccw1 *ccw, u8 cmd)
{
	if (!ccw->count || cmd == VCCW_CMD_NOP)
		return true;
	return (ccw->flags & CCW_FLAG_SKIP) && vccw_cmd_reads(cmd);
}

/*
 * Give a CCW host addresses.  @cmd is the command it belongs to: its own, or
 * that of the CCW which data-chains into it.
 */
int vccw_walk_data(struct vccw_walk *w, struct ccw1 *ccw, u8 cmd)
{
	bool backward = (cmd & 0x0f) == VCCW_CMD_READ_BACKWARD;
	u32 addr = dma32_to_u32(ccw->cda);

	if (addr > (w->format1 ? VCCW_ADDR31 : VCCW_ADDR24))
		return vccw_refuse(w, -EINVAL, VFIO_CCW_RING_R_CCW_FORMAT);
	if (vccw_no_data(ccw, cmd)) {
		ccw->cda = u32_to_dma32(vccw_cp_nowhere +
				(backward ? VCCW_CP_NOWHERE_SIZE - 1 : 0));
		ccw->flags &= ~CCW_FLAG_IDA;
		return 0;
	}
	if (ccw->flags & CCW_FLAG_IDA)
		return vccw_indirect(w, ccw, addr, backward);
	if (backward) {
		if (addr + 1 < ccw->count)
			return vccw_refuse(w, -EFAULT,
					   VFIO_CCW_RING_R_DATA_UNMAPPED);
		return vccw_backward(w, ccw, addr);
	}
	if ((u64)addr + ccw->count - 1 > (w->format1 ? VCCW_ADDR31 : VCCW_ADDR24))
		return vccw_refuse(w, -EFAULT, VFIO_CCW_RING_R_DATA_UNMAPPED);
	return vccw_direct(w, ccw, addr);
}
