// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channel paths that come and go under a subchannel.
 */
#include "vccw_device.h"
#include "chp.h"

/* A path is gone, physically (@report) or by the operator's wish. */
static void vccw_path_off(struct vccw_device *dev, struct subchannel *sch,
			  struct chp_link *link, u8 mask, bool report)
{
	if (!dev)
		return;
	vccw_queue_path_lost(dev, mask);
	if (report)
		vccw_region_crw(dev, CRW_RSC_CPATH, CRW_ERC_PERRN,
				link->chpid.id);
}

static void vccw_path_on(struct vccw_device *dev, struct chp_link *link)
{
	if (dev)
		vccw_region_crw(dev, CRW_RSC_CPATH, CRW_ERC_INIT,
				link->chpid.id);
}

/**
 * vccw_chp_event - a channel path changes
 * @sch: the subchannel
 * @link: the path
 * @event: CHP_*
 *
 * Context: process context; takes subchannel.lock.
 * Return: 0, -ENODEV when the subchannel has no device any more.
 */
int vccw_chp_event(struct subchannel *sch, struct chp_link *link, int event)
{
	struct vccw_parent *parent = dev_get_drvdata(&sch->dev);
	int mask = chp_ssd_get_mask(&sch->ssd_info, link);
	int ret = 0;

	if (!mask)
		return 0;
	spin_lock_irq(&sch->lock);
	if (cio_update_schib(sch)) {
		ret = -ENODEV;
		goto out;
	}
	switch (event) {
	case CHP_VARY_OFF:
		sch->opm &= ~mask;
		sch->lpm &= ~mask;
		vccw_path_off(parent->dev, sch, link, mask, false);
		break;
	case CHP_OFFLINE:
		vccw_path_off(parent->dev, sch, link, mask, true);
		break;
	case CHP_VARY_ON:
		sch->opm |= mask;
		sch->lpm |= mask;
		break;
	case CHP_ONLINE:
		sch->lpm |= mask & sch->opm;
		vccw_path_on(parent->dev, link);
		break;
	}
out:
	spin_unlock_irq(&sch->lock);
	return ret;
}
