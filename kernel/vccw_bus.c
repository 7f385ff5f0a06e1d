// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver on the channel subsystem's bus: subchannels bound to it, what happens
 * to them, and the module.  Their interrupts are in vccw_queue.c.
 */
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <asm/isc.h>
#include "vccw_device.h"

/* The css core calls us for subchannels that are being bound and unbound, too. */
static void vccw_set_parent(struct subchannel *sch, struct vccw_parent *parent)
{
	spin_lock_irq(&sch->lock);
	dev_set_drvdata(&sch->dev, parent);
	spin_unlock_irq(&sch->lock);
}

static int vccw_probe(struct subchannel *sch)
{
	struct vccw_parent *parent;
	int ret;

	if (sch->schib.pmcw.qf) {
		dev_warn(&sch->dev, "vfio_ccw: QDIO subchannels cannot be passed through\n");
		return -ENODEV;
	}
	parent = kzalloc(sizeof(*parent), GFP_KERNEL);
	if (!parent)
		return -ENOMEM;
	parent->type.sysfs_name = "io";
	parent->type.pretty_name = "I/O subchannel (Non-QDIO)";
	parent->types[0] = &parent->type;
	vccw_chp_init(sch);
	vccw_wedged_init(&parent->wedged, sch);
	vccw_set_parent(sch, parent);
	ret = mdev_register_parent(&parent->parent, &sch->dev,
				   &vccw_mdev_driver, parent->types, 1);
	if (ret) {
		vccw_set_parent(sch, NULL);
		kfree(parent);
	}
	return ret;
}

static void vccw_remove(struct subchannel *sch)
{
	struct vccw_parent *parent = dev_get_drvdata(&sch->dev);

	mdev_unregister_parent(&parent->parent);
	vccw_wedged_exit(&parent->wedged);
	vccw_set_parent(sch, NULL);
	kfree(parent);
}

/* The system goes down: nothing may write to memory any more. */
static void vccw_shutdown(struct subchannel *sch)
{
	struct vccw_device *dev;

	spin_lock_irq(&sch->lock);
	dev = vccw_from_sch(sch);
	if (dev)
		get_device(&dev->vdev.device);
	spin_unlock_irq(&sch->lock);
	if (!dev)
		return;
	vccw_queue_shutdown(dev);
	put_device(&dev->vdev.device);
}

/* The device has gone; sch->lock held. */
static void vccw_gone(struct subchannel *sch)
{
	struct vccw_device *dev = vccw_from_sch(sch);

	if (dev)
		vccw_queue_dead(dev);
	css_sched_sch_todo(sch, SCH_TODO_UNREG);
}

/*
 * Something has happened to the subchannel: is there still a device on it, the
 * same one?  A new one is found when the css core asks again, which it does
 * behind the end of the old one.
 */
static int vccw_sch_event(struct subchannel *sch, int process)
{
	unsigned long flags;
	int ret = -EAGAIN;

	spin_lock_irqsave(&sch->lock, flags);
	if (!device_is_registered(&sch->dev) || work_pending(&sch->todo_work))
		goto out;
	if (cio_update_schib(sch)) {
		vccw_gone(sch);
		ret = 0;
	} else if (vccw_replaced(sch)) {
		vccw_gone(sch);
	} else {
		ret = 0;
	}
out:
	spin_unlock_irqrestore(&sch->lock, flags);
	return ret;
}

static struct css_device_id vccw_ids[] = {
	{ .match_flags = 0x1, .type = SUBCHANNEL_TYPE_IO, },
	{ /* end of list */ },
};
MODULE_DEVICE_TABLE(css, vccw_ids);

static struct css_driver vccw_css_driver = {
	.drv = {
		.name = "vfio_ccw",
		.owner = THIS_MODULE,
	},
	.subchannel_type = vccw_ids,
	.irq = vccw_queue_irq,
	.probe = vccw_probe,
	.remove = vccw_remove,
	.shutdown = vccw_shutdown,
	.sch_event = vccw_sch_event,
	.chp_event = vccw_chp_event,
};

static int __init vccw_module_init(void)
{
	int ret;

	ret = vccw_cp_init();
	if (ret)
		return ret;
	ret = vccw_tidy_init();
	if (ret)
		goto cp_exit;
	ret = mdev_register_driver(&vccw_mdev_driver);
	if (ret)
		goto tidy_exit;
	isc_register(VFIO_CCW_ISC);
	ret = css_driver_register(&vccw_css_driver);
	if (ret)
		goto isc_unregister;
	return 0;

isc_unregister:
	isc_unregister(VFIO_CCW_ISC);
	mdev_unregister_driver(&vccw_mdev_driver);
tidy_exit:
	vccw_tidy_exit();
cp_exit:
	vccw_cp_exit();
	return ret;
}

static void __exit vccw_module_exit(void)
{
	css_driver_unregister(&vccw_css_driver);
	isc_unregister(VFIO_CCW_ISC);
	mdev_unregister_driver(&vccw_mdev_driver);
	rcu_barrier();	/* vccw_trigger_set() has handed callbacks to RCU */
	vccw_tidy_exit();
	if (!vccw_wedged_left())
		vccw_cp_exit();
}

module_init(vccw_module_init);
module_exit(vccw_module_exit);
MODULE_DESCRIPTION("VFIO for I/O subchannels, with rings");
MODULE_LICENSE("GPL");
