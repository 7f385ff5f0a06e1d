// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mediated device and its VFIO operations.
 */
#include <linux/eventfd.h>
#include <linux/module.h>
#include <linux/mdev.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include "vccw_device.h"

static unsigned int pin_limit = 4096;
module_param(pin_limit, uint, 0444);
MODULE_PARM_DESC(pin_limit, "Client pages kept pinned per device (default 4096)");

/* Fewer could not hold the pages of one large request. */
#define VCCW_PIN_LIMIT_MIN	512
#define VCCW_PIN_LIMIT_MAX	(1u << 20)

static int vccw_init_dev(struct vfio_device *vdev)
{
	struct vccw_device *dev = vccw_from_vdev(vdev);
	u32 limit = clamp_t(u32, pin_limit, VCCW_PIN_LIMIT_MIN,
			    VCCW_PIN_LIMIT_MAX);
	int ret;

	mutex_init(&dev->lock);
	mutex_init(&dev->ring_lock);
	dev->sch = to_subchannel(vdev->dev->parent);
	dev->intparm = virt_to_phys(dev->sch);
	vccw_tidy_init_device(dev);
	INIT_KFIFO(dev->regions.crws);
	ret = vccw_pins_init(&dev->pins, limit);
	if (ret)
		return ret;
	ret = vccw_queue_init(dev);
	if (ret)
		vccw_pins_destroy(&dev->pins);
	return ret;
}

static void vccw_release_dev(struct vfio_device *vdev)
{
	struct vccw_device *dev = vccw_from_vdev(vdev);

	vccw_queue_destroy(&dev->queue);
	vccw_pins_destroy(&dev->pins);
	mutex_destroy(&dev->ring_lock);
	mutex_destroy(&dev->lock);
}

static int vccw_open_device(struct vfio_device *vdev)
{
	struct vccw_device *dev = vccw_from_vdev(vdev);
	int ret;

	mutex_lock(&dev->lock);
	vccw_regions_open(dev);
	ret = vccw_queue_open(dev);
	if (!ret) {
		vccw_pins_open(dev);
		vccw_tidy_start(dev);
	}
	mutex_unlock(&dev->lock);
	return ret ? -EINVAL : 0;
}

static void vccw_close_device(struct vfio_device *vdev)
{
	struct vccw_device *dev = vccw_from_vdev(vdev);

	vccw_ring_detach(dev);
	vccw_tidy_stop(dev);
	mutex_lock(&dev->lock);
	vccw_queue_close(dev, VFIO_CCW_RING_R_CLOSED);
	vccw_pins_close(dev);
	vccw_regions_close(dev);
	mutex_unlock(&dev->lock);
}

/* VFIO_DEVICE_RESET: end all requests, and give the subchannel a fresh start. */
static int vccw_reset(struct vccw_device *dev)
{
	int ret;

	mutex_lock(&dev->lock);
	vccw_queue_close(dev, VFIO_CCW_RING_R_RESET);
	ret = vccw_queue_open(dev);
	mutex_unlock(&dev->lock);
	return ret ? -EINVAL : 0;
}

/*
 * The client takes memory away.  When this returns no page of it is pinned and
 * no request uses it.
 */
static void vccw_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct vccw_device *dev = vccw_from_vdev(vdev);

	vccw_unmap(dev, iova >> PAGE_SHIFT, (iova + length - 1) >> PAGE_SHIFT);
}

static ssize_t vccw_read(struct vfio_device *vdev, char __user *buf,
			 size_t count, loff_t *ppos)
{
	return vccw_region_read(vccw_from_vdev(vdev), buf, count, *ppos);
}

static ssize_t vccw_write(struct vfio_device *vdev, const char __user *buf,
			  size_t count, loff_t *ppos)
{
	return vccw_region_write(vccw_from_vdev(vdev), buf, count, *ppos);
}

static long vccw_get_info(void __user *arg)
{
	size_t minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_CCW | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = 4;
	info.num_irqs = VFIO_CCW_NUM_IRQS;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static long vccw_get_region_info(void __user *arg)
{
	size_t minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info info;
	int ret;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	ret = vccw_region_info(&info, (unsigned long)arg);
	if (ret)
		return ret;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static long vccw_get_irq_info(void __user *arg)
{
	size_t minsz = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz || info.index >= VFIO_CCW_NUM_IRQS)
		return -EINVAL;
	info.count = 1;
	info.flags = VFIO_IRQ_INFO_EVENTFD;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static int vccw_trigger_irq(struct vccw_device *dev, u32 type, u32 index,
			    void __user *data)
{
	struct vccw_trigger *trigger = &dev->regions.triggers[index];
	s32 fd;
	u8 on;
	int ret;

	switch (type) {
	case VFIO_IRQ_SET_DATA_NONE:
		vccw_trigger_signal(trigger);
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		if (get_user(on, (u8 __user *)data))
			return -EFAULT;
		if (on)
			vccw_trigger_signal(trigger);
		return 0;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		if (get_user(fd, (s32 __user *)data))
			return -EFAULT;
		mutex_lock(&dev->lock);
		ret = vccw_trigger_set(trigger, fd);
		mutex_unlock(&dev->lock);
		return ret;
	default:
		return -EINVAL;
	}
}

static long vccw_set_irqs(struct vccw_device *dev, unsigned long arg)
{
	size_t minsz = offsetofend(struct vfio_irq_set, count), size;
	struct vfio_irq_set set;
	int ret;

	if (copy_from_user(&set, (void __user *)arg, minsz))
		return -EFAULT;
	ret = vfio_set_irqs_validate_and_prepare(&set, 1, VFIO_CCW_NUM_IRQS,
						 &size);
	if (ret)
		return ret;
	if (!(set.flags & VFIO_IRQ_SET_ACTION_TRIGGER))
		return -EINVAL;
	return vccw_trigger_irq(dev, set.flags & VFIO_IRQ_SET_DATA_TYPE_MASK,
				array_index_nospec(set.index, VFIO_CCW_NUM_IRQS),
				(void __user *)(arg + minsz));
}

static long vccw_ioctl(struct vfio_device *vdev, unsigned int cmd,
		       unsigned long arg)
{
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return vccw_get_info((void __user *)arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return vccw_get_region_info((void __user *)arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return vccw_get_irq_info((void __user *)arg);
	case VFIO_DEVICE_SET_IRQS:
		return vccw_set_irqs(vccw_from_vdev(vdev), arg);
	case VFIO_DEVICE_RESET:
		return vccw_reset(vccw_from_vdev(vdev));
	default:
		return -ENOTTY;
	}
}

static int vccw_feature(struct vfio_device *vdev, u32 flags, void __user *arg,
			size_t argsz)
{
	return vccw_ring_feature(vccw_from_vdev(vdev), flags, arg, argsz);
}

/* Somebody wants the device back: tell the client, every tenth time the log. */
static void vccw_request(struct vfio_device *vdev, unsigned int count)
{
	struct vccw_device *dev = vccw_from_vdev(vdev);

	if (vccw_trigger_signal(&dev->regions.triggers[VFIO_CCW_REQ_IRQ_INDEX])) {
		if (!(count % 10))
			dev_notice_ratelimited(vdev->dev, "asked the user to release the device (%u times)\n",
					       count + 1);
	} else if (!count) {
		dev_notice(vdev->dev, "in use, and the user has not asked to be told: waiting for its release\n");
	}
}

static const struct vfio_device_ops vccw_vfio_ops = {
	.name = "vfio-ccw",
	.init = vccw_init_dev,
	.release = vccw_release_dev,
	.open_device = vccw_open_device,
	.close_device = vccw_close_device,
	.read = vccw_read,
	.write = vccw_write,
	.ioctl = vccw_ioctl,
	.request = vccw_request,
	.dma_unmap = vccw_dma_unmap,
	.device_feature = vccw_feature,
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
};

/*
 * From here on interrupts and events of the subchannel find the device.
 * Return: false if it has one already.
 */
static bool vccw_publish(struct subchannel *sch, struct vccw_device *dev)
{
	struct vccw_parent *parent = dev_get_drvdata(&sch->dev);
	bool first;

	spin_lock_irq(&sch->lock);
	first = !parent->dev;
	if (first)
		parent->dev = dev;
	spin_unlock_irq(&sch->lock);
	return first;
}

static void vccw_withdraw(struct subchannel *sch)
{
	struct vccw_parent *parent = dev_get_drvdata(&sch->dev);

	spin_lock_irq(&sch->lock);
	parent->dev = NULL;
	spin_unlock_irq(&sch->lock);
}

/*
 * A subchannel has one device at most.  The mdev core would count for us, but loses
 * count when it finds no memory for a device.
 */
static unsigned int vccw_available(struct mdev_type *type)
{
	struct subchannel *sch = to_subchannel(type->parent->dev);
	bool taken;

	spin_lock_irq(&sch->lock);
	taken = vccw_from_sch(sch);
	spin_unlock_irq(&sch->lock);
	return !taken;
}

static int vccw_mdev_probe(struct mdev_device *mdev)
{
	struct subchannel *sch = to_subchannel(mdev->dev.parent);
	struct vccw_device *dev;
	int ret;

	dev = vfio_alloc_device(vccw_device, vdev, &mdev->dev, &vccw_vfio_ops);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	dev_set_drvdata(&mdev->dev, dev);
	ret = -EUSERS;
	if (!vccw_publish(sch, dev))
		goto put;
	ret = vfio_register_emulated_iommu_dev(&dev->vdev);
	if (!ret)
		return 0;
	vccw_withdraw(sch);
put:
	vfio_put_device(&dev->vdev);
	return ret;
}

static void vccw_mdev_remove(struct mdev_device *mdev)
{
	struct vccw_device *dev = dev_get_drvdata(&mdev->dev);

	vfio_unregister_group_dev(&dev->vdev);
	vccw_withdraw(dev->sch);
	cancel_work_sync(&dev->queue.path_work);
	vfio_put_device(&dev->vdev);
}

struct mdev_driver vccw_mdev_driver = {
	.device_api = VFIO_DEVICE_API_CCW_STRING,
	.get_available = vccw_available,
	.driver = {
		.name = "vfio_ccw_mdev",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
		.dev_groups = vccw_groups,
	},
	.probe = vccw_mdev_probe,
	.remove = vccw_mdev_remove,
};
