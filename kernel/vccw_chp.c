// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channel paths that come and go under a subchannel.
 */
#include "vccw_device.h"
#include "chp.h"

/**
 * vccw_chp_init - paths the subchannel may use, when it is bound
 * @sch: the subchannel
 *
 * Context: process context.
 */
void vccw_chp_init(struct subchannel *sch)
{
	sch->opm = chp_get_sch_opm(sch);
	sch->lpm = sch->schib.pmcw.pam & sch->opm;
}

/*
 * Tell the client.  It is told of paths varied by the operator, too: for a
 * client they come and go like any other.
 */
static void vccw_report(struct vccw_device *dev, struct chp_link *link, u8 erc)
{
	vccw_region_crw(dev, CRW_RSC_CPATH, erc, link->chpid.id);
}

/**
 * vccw_chp_event - a channel path changes
 * @sch: the subchannel
 * @link: the path
 * @event: CHP_*
 *
 * Context: process context, subchannel.lock held.
 * Return: 0, -ENODEV when the subchannel has no device any more.
 */
int vccw_chp_event(struct subchannel *sch, struct chp_link *link, int event)
{
	int mask = chp_ssd_get_mask(&sch->ssd_info, link);
	struct vccw_device *dev = vccw_from_sch(sch);

	lockdep_assert_held(&sch->lock);
	if (!mask)
		return 0;
	if (cio_update_schib(sch))
		return -ENODEV;
	if (event == CHP_VARY_OFF)
		sch->opm &= ~mask;
	if (event == CHP_VARY_ON)
		sch->opm |= mask;
	/* Who translates looks at it without the lock. */
	WRITE_ONCE(sch->lpm, sch->schib.pmcw.pam & sch->opm);
	if (!dev)
		return 0;
	vccw_queue_paths(dev);
	switch (event) {
	case CHP_VARY_OFF:
	case CHP_OFFLINE:
		vccw_queue_path_lost(dev, mask);
		vccw_report(dev, link, CRW_ERC_PERRN);
		break;
	case CHP_VARY_ON:
	case CHP_ONLINE:
		vccw_report(dev, link, CRW_ERC_INIT);
		break;
	}
	return 0;
}
