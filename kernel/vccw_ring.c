// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring's life: made and attached through VFIO_DEVICE_FEATURE, mapped and
 * entered through its own file, taken apart when that file or a device closes.
 *
 * The file and each attached device hold a reference.  Whichever end closes
 * first ends the requests of its devices; the ring's memory goes last.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "vccw_device.h"
#include "vccw_uring.h"

/* What 0 in the setup parameters means, and the most. */
#define VCCW_RING_POLL_US	100
#define VCCW_RING_THREAD_US	1000
#define VCCW_RING_MAX_US	10000000
#define VCCW_RING_MAX_CQ	(2 * VFIO_CCW_RING_MAX_ENTRIES)
/* Bytes of a structure that grows, whoever knows it. */
#define VCCW_RING_MAX_STRUCT	4096
/* Requests of the smallest ring, so that they are not collected after each few. */
#define VCCW_RING_MIN_REQUESTS	16u
/* One may be out of use, see &vccw_queue.retired. */
#define VCCW_RING_MORE_REQUESTS	1

static_assert(sizeof(struct vfio_ccw_ring_info) == VFIO_CCW_RING_INFO_SIZE_VER0);
static_assert(sizeof(struct vfio_ccw_ring_setup) == VFIO_CCW_RING_SETUP_SIZE_VER0);
static_assert(sizeof(struct vfio_ccw_ring_attach) == VFIO_CCW_RING_ATTACH_SIZE_VER0);
static_assert(sizeof(struct vfio_ccw_ring_sqe) == 64);
static_assert(sizeof(struct vfio_ccw_ring_cqe) == 128);
static_assert(sizeof(struct vfio_ccw_ring_enter) == VFIO_CCW_RING_ENTER_SIZE_VER0);

static void vccw_ring_free(struct kref *ref)
{
	struct vccw_ring *ring = container_of(ref, struct vccw_ring, ref);

	vccw_uring_free_all(ring);
	vfree(ring->sq_area);
	vfree(ring->cq_area);
	kfree(ring);
}

static void vccw_ring_put(struct vccw_ring *ring)
{
	kref_put(&ring->ref, vccw_ring_free);
}

/* Memory that user space maps. */
static void *vccw_ring_area(u32 bytes)
{
	return __vmalloc(bytes, VCCW_GFP | __GFP_ZERO);
}

static struct vccw_ring *vccw_ring_alloc(u32 sq_entries, u32 cq_entries)
{
	struct vccw_ring *ring = kzalloc(sizeof(*ring), VCCW_GFP);

	if (!ring)
		return NULL;
	kref_init(&ring->ref);
	mutex_init(&ring->submit);
	spin_lock_init(&ring->cq_lock);
	init_waitqueue_head(&ring->sleepers);
	init_waitqueue_head(&ring->thread_wait);
	ring->sq_entries = sq_entries;
	ring->cq_entries = cq_entries;
	ring->sq_mask = sq_entries - 1;
	ring->cq_mask = cq_entries - 1;
	ring->sq_bytes = PAGE_ALIGN(VCCW_RING_SQES +
				    sq_entries * sizeof(*ring->sqes));
	ring->cq_bytes = PAGE_ALIGN(VCCW_RING_CQES +
				    cq_entries * sizeof(*ring->cqes));
	ring->sq_area = vccw_ring_area(ring->sq_bytes);
	ring->cq_area = vccw_ring_area(ring->cq_bytes);
	if (!ring->sq_area || !ring->cq_area) {
		vccw_ring_put(ring);
		return NULL;
	}
	ring->sq_tail = ring->sq_area + VCCW_RING_SQ_TAIL;
	ring->cq_head = ring->sq_area + VCCW_RING_CQ_HEAD;
	ring->sqes = ring->sq_area + VCCW_RING_SQES;
	ring->sq_head = ring->cq_area + VCCW_RING_SQ_HEAD;
	ring->cq_tail = ring->cq_area + VCCW_RING_CQ_TAIL;
	ring->flags = ring->cq_area + VCCW_RING_FLAGS;
	ring->cqes = ring->cq_area + VCCW_RING_CQES;
	return ring;
}

/* Attaching and detaching */

static int vccw_ring_free_index(const struct vccw_ring *ring)
{
	int i;

	for (i = 0; i < VFIO_CCW_RING_MAX_SUBCHANNELS; i++) {
		if (!ring->devices[i])
			return i;
	}
	return -ENOSPC;
}

/* Attach a device: its index in the ring or -errno. */
static int vccw_ring_attach(struct vccw_ring *ring, struct vccw_device *dev)
{
	int index, ret;

	lockdep_assert_held(&dev->ring_lock);
	if (dev->ring)
		return -EBUSY;
	mutex_lock(&ring->submit);
	index = vccw_ring_free_index(ring);
	if (index < 0)
		goto out;
	mutex_lock(&dev->lock);
	ret = vccw_queue_attach(dev, ring, index,
				max(ring->cq_entries, VCCW_RING_MIN_REQUESTS) +
				VCCW_RING_MORE_REQUESTS);
	mutex_unlock(&dev->lock);
	if (ret) {
		index = ret;
		goto out;
	}
	kref_get(&ring->ref);
	dev->ring = ring;
	ring->devices[index] = dev;
	ring->top = max_t(u32, ring->top, index + 1);
out:
	mutex_unlock(&ring->submit);
	return index;
}

static void vccw_ring_detach_locked(struct vccw_device *dev)
{
	struct vccw_ring *ring = dev->ring;

	/* No more submissions, and then an end of those there are. */
	mutex_lock(&ring->submit);
	ring->devices[dev->queue.ring_index] = NULL;
	while (ring->top && !ring->devices[ring->top - 1])
		ring->top--;
	mutex_unlock(&ring->submit);
	mutex_lock(&dev->lock);
	vccw_queue_detach(dev);
	mutex_unlock(&dev->lock);
	dev->ring = NULL;
	vccw_ring_put(ring);
}

/**
 * vccw_ring_detach - take a device out of its ring, if it has one
 * @dev: the device
 *
 * Its requests end; their CQEs are posted before this returns.
 *
 * Context: process context; sleeps.
 */
void vccw_ring_detach(struct vccw_device *dev)
{
	mutex_lock(&dev->ring_lock);
	if (dev->ring)
		vccw_ring_detach_locked(dev);
	mutex_unlock(&dev->ring_lock);
}

/* The ring's file */

/* Some device that is attached, with a reference, or NULL. */
static struct vccw_device *vccw_ring_any_device(struct vccw_ring *ring)
{
	struct vccw_device *dev = NULL;
	int i;

	mutex_lock(&ring->submit);
	for (i = 0; i < VFIO_CCW_RING_MAX_SUBCHANNELS && !dev; i++)
		dev = ring->devices[i];
	if (dev)
		get_device(&dev->vdev.device);
	mutex_unlock(&ring->submit);
	return dev;
}

static int vccw_ring_release(struct inode *inode, struct file *file)
{
	struct vccw_ring *ring = file->private_data;
	struct vccw_device *dev;

	vccw_thread_stop(ring);
	while ((dev = vccw_ring_any_device(ring))) {
		mutex_lock(&dev->ring_lock);
		/* If it closes at the same time, that is done by now. */
		if (dev->ring == ring)
			vccw_ring_detach_locked(dev);
		mutex_unlock(&dev->ring_lock);
		put_device(&dev->vdev.device);
	}
	vccw_ring_put(ring);
	return 0;
}

static long vccw_ring_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	struct vccw_ring *ring = file->private_data;

	if (likely(cmd == VFIO_CCW_RING_SUBMIT))
		return vccw_sq_submit(ring, arg);
	if (cmd == VFIO_CCW_RING_ENTER)
		return vccw_ring_enter(ring, arg);
	return -ENOTTY;
}

/* remap_vmalloc_range() has it that the area is of vmalloc_user(), which charges nobody. */
static int vccw_ring_map(struct vm_area_struct *vma, void *area)
{
	unsigned long at;
	int ret = 0;

	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	for (at = vma->vm_start; !ret && at < vma->vm_end; at += PAGE_SIZE)
		ret = vm_insert_page(vma, at,
				     vmalloc_to_page(area + (at - vma->vm_start)));
	return ret;
}

/* Takes no lock: it is called with mmap_lock held. */
static int vccw_ring_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vccw_ring *ring = file->private_data;
	unsigned long size = vma->vm_end - vma->vm_start;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	switch ((u64)vma->vm_pgoff << PAGE_SHIFT) {
	case VFIO_CCW_RING_OFF_SQ:
		if (size != ring->sq_bytes)
			return -EINVAL;
		return vccw_ring_map(vma, ring->sq_area);
	case VFIO_CCW_RING_OFF_CQ:
		if (size != ring->cq_bytes)
			return -EINVAL;
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		vm_flags_clear(vma, VM_MAYWRITE);
		return vccw_ring_map(vma, ring->cq_area);
	default:
		return -EINVAL;
	}
}

static __poll_t vccw_ring_poll(struct file *file, poll_table *table)
{
	return vccw_cq_poll(file->private_data, file, table);
}

static const struct file_operations vccw_ring_fops = {
	.owner = THIS_MODULE,
	.release = vccw_ring_release,
	.unlocked_ioctl = vccw_ring_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.uring_cmd = vccw_uring_cmd,
	.mmap = vccw_ring_mmap,
	.poll = vccw_ring_poll,
	.llseek = noop_llseek,
};

/* The features */

/**
 * vccw_read_struct - read a structure whose caller may know an older or a newer one
 * @to: the structure
 * @size: its bytes
 * @first_size: bytes it had when it was published first
 * @arg: where the caller has it
 * @argsz: bytes of the caller's
 *
 * Context: process context; sleeps.
 * Return: 0, -EINVAL, -E2BIG or -EFAULT as the UAPI header says.
 */
int vccw_read_struct(void *to, size_t size, size_t first_size, const void __user *arg,
		     size_t argsz)
{
	if (argsz < first_size)
		return -EINVAL;
	if (argsz > VCCW_RING_MAX_STRUCT)
		return -E2BIG;
	return copy_struct_from_user(to, size, arg, argsz);
}

static u64 vccw_ring_features(void)
{
	u64 features = VFIO_CCW_RING_FEAT_THREAD;

	if (vccw_poll_possible())
		features |= VFIO_CCW_RING_FEAT_POLL;
	if (IS_ENABLED(CONFIG_IO_URING))
		features |= VFIO_CCW_RING_FEAT_URING;
	return features;
}

static void vccw_ring_info_fill(const struct vccw_device *dev,
				struct vfio_ccw_ring_info *info)
{
	*info = (struct vfio_ccw_ring_info){
		.size = sizeof(*info),
		.abi = VFIO_CCW_RING_ABI,
		.features = vccw_ring_features(),
		.opcodes = (2ULL << VCCW_OPCODE_MAX) - 1,
		.setup_flags = VCCW_SETUP_FLAGS,
		.sqe_flags = VCCW_SQE_FLAGS,
		.enter_flags = VCCW_ENTER_FLAGS,
		.max_sq_entries = VFIO_CCW_RING_MAX_ENTRIES,
		.max_cq_entries = VCCW_RING_MAX_CQ,
		.max_subchannels = VFIO_CCW_RING_MAX_SUBCHANNELS,
		.max_time_us = VCCW_RING_MAX_US,
		.max_ccws = VCCW_CP_MAX_CCWS,
		.max_parts = VCCW_CP_SEGMENTS,
		.max_pages = dev->pins.limit,
	};
	if (!(info->features & VFIO_CCW_RING_FEAT_POLL))
		info->setup_flags &= ~VFIO_CCW_RING_SETUP_POLL;
	if (info->features & VFIO_CCW_RING_FEAT_URING)
		info->uring_flags = VCCW_URING_FLAGS;
}

static int vccw_ring_info(const struct vccw_device *dev, void __user *arg, size_t argsz)
{
	struct vfio_ccw_ring_info info;
	size_t n = min(argsz, sizeof(info));

	if (argsz > VCCW_RING_MAX_STRUCT)
		return -E2BIG;
	vccw_ring_info_fill(dev, &info);
	if (copy_to_user(arg, &info, n) || clear_user(arg + n, argsz - n))
		return -EFAULT;
	return 0;
}

static int vccw_ring_check_setup(struct vfio_ccw_ring_setup *setup)
{
	u32 flags = setup->flags;

	if (flags & ~VCCW_SETUP_FLAGS || setup->reserved1 ||
	    memchr_inv(setup->reserved, 0, sizeof(setup->reserved)))
		return -EINVAL;
	if ((!(flags & VFIO_CCW_RING_SETUP_POLL) && setup->poll_us) ||
	    (!(flags & VFIO_CCW_RING_SETUP_THREAD) &&
	     (setup->thread_idle_us || flags & VFIO_CCW_RING_SETUP_THREAD_CPU)) ||
	    (!(flags & VFIO_CCW_RING_SETUP_THREAD_CPU) && setup->thread_cpu) ||
	    setup->poll_us > VCCW_RING_MAX_US ||
	    setup->thread_idle_us > VCCW_RING_MAX_US)
		return -EINVAL;
	if (!setup->sq_entries || setup->sq_entries > VFIO_CCW_RING_MAX_ENTRIES)
		return -EINVAL;
	setup->sq_entries = roundup_pow_of_two(setup->sq_entries);
	if (!setup->cq_entries)
		setup->cq_entries = 2 * setup->sq_entries;
	if (setup->cq_entries < setup->sq_entries ||
	    setup->cq_entries > VCCW_RING_MAX_CQ)
		return -EINVAL;
	setup->cq_entries = roundup_pow_of_two(setup->cq_entries);
	return 0;
}

static void vccw_ring_describe(const struct vccw_ring *ring,
			       struct vfio_ccw_ring_setup *setup)
{
	setup->features = vccw_ring_features();
	setup->sq_bytes = ring->sq_bytes;
	setup->cq_bytes = ring->cq_bytes;
	setup->off_sq_tail = VCCW_RING_SQ_TAIL;
	setup->off_cq_head = VCCW_RING_CQ_HEAD;
	setup->off_sqes = VCCW_RING_SQES;
	setup->off_sq_head = VCCW_RING_SQ_HEAD;
	setup->off_cq_tail = VCCW_RING_CQ_TAIL;
	setup->off_cqes = VCCW_RING_CQES;
	setup->off_flags = VCCW_RING_FLAGS;
}

/* A file for a new ring with the device attached; the ring's reference goes to it. */
static struct file *vccw_ring_file(struct vccw_ring *ring,
				   struct vccw_device *dev, u32 *index)
{
	struct file *file;
	int ret;

	file = anon_inode_getfile("[vfio-ccw-ring]", &vccw_ring_fops, ring,
				  O_RDWR);
	if (IS_ERR(file)) {
		vccw_thread_stop(ring);
		vccw_ring_put(ring);
		return file;
	}
	mutex_lock(&dev->ring_lock);
	ret = vccw_ring_attach(ring, dev);
	mutex_unlock(&dev->ring_lock);
	if (ret < 0) {
		fput(file);
		return ERR_PTR(ret);
	}
	*index = ret;
	return file;
}

/* Do as the setup flags say. */
static int vccw_ring_set_mode(struct vccw_ring *ring,
			      const struct vfio_ccw_ring_setup *setup)
{
	if (setup->flags & VFIO_CCW_RING_SETUP_POLL) {
		if (!vccw_poll_possible())
			return -EOPNOTSUPP;
		ring->polled = true;
		ring->poll_ns = (setup->poll_us ?: VCCW_RING_POLL_US) *
				(u64)NSEC_PER_USEC;
	}
	if (!(setup->flags & VFIO_CCW_RING_SETUP_THREAD))
		return 0;
	ring->thread_ns = (setup->thread_idle_us ?: VCCW_RING_THREAD_US) *
			  (u64)NSEC_PER_USEC;
	return vccw_thread_start(ring, setup->flags & VFIO_CCW_RING_SETUP_THREAD_CPU,
				 setup->thread_cpu);
}

static int vccw_ring_setup(struct vccw_device *dev, void __user *arg, size_t argsz)
{
	struct vfio_ccw_ring_setup setup;
	struct vccw_ring *ring;
	struct file *file;
	int fd, ret;

	ret = vccw_read_struct(&setup, sizeof(setup), VFIO_CCW_RING_SETUP_SIZE_VER0, arg,
			       argsz);
	if (!ret)
		ret = vccw_ring_check_setup(&setup);
	if (ret)
		return ret;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	ret = -ENOMEM;
	ring = vccw_ring_alloc(setup.sq_entries, setup.cq_entries);
	if (!ring)
		goto put_fd;
	vccw_ring_describe(ring, &setup);
	ret = vccw_ring_set_mode(ring, &setup);
	if (ret) {
		vccw_ring_put(ring);
		goto put_fd;
	}
	file = vccw_ring_file(ring, dev, &setup.subchannel);
	ret = PTR_ERR(file);
	if (IS_ERR(file))
		goto put_fd;
	setup.ring_fd = fd;
	ret = -EFAULT;
	if (copy_to_user(arg, &setup, min(argsz, sizeof(setup))))
		goto put_file;
	fd_install(fd, file);
	return 0;

put_file:
	fput(file);
put_fd:
	put_unused_fd(fd);
	return ret;
}

/* Attach to the ring with this descriptor: index in the ring, or -errno. */
static int vccw_ring_join(struct vccw_device *dev, int fd)
{
	struct file *file;
	int ret;

	file = fget(fd);
	if (!file)
		return -EBADF;
	ret = -EINVAL;
	if (file->f_op != &vccw_ring_fops)
		goto put;
	mutex_lock(&dev->ring_lock);
	ret = vccw_ring_attach(file->private_data, dev);
	mutex_unlock(&dev->ring_lock);
put:
	fput(file);
	return ret;
}

/* Leave the ring: index it had there, or -ENOTCONN. */
static int vccw_ring_leave(struct vccw_device *dev)
{
	int ret = -ENOTCONN;

	mutex_lock(&dev->ring_lock);
	if (dev->ring) {
		ret = dev->queue.ring_index;
		vccw_ring_detach_locked(dev);
	}
	mutex_unlock(&dev->ring_lock);
	return ret;
}

static int vccw_ring_change(struct vccw_device *dev, void __user *arg, size_t argsz)
{
	struct vfio_ccw_ring_attach attach;
	int ret;

	ret = vccw_read_struct(&attach, sizeof(attach), VFIO_CCW_RING_ATTACH_SIZE_VER0, arg,
			       argsz);
	if (ret)
		return ret;
	if (attach.flags || attach.reserved)
		return -EINVAL;
	ret = attach.ring_fd == -1 ? vccw_ring_leave(dev) :
				     vccw_ring_join(dev, attach.ring_fd);
	if (ret < 0)
		return ret;
	attach.subchannel = ret;
	if (!copy_to_user(arg, &attach, min(argsz, sizeof(attach))))
		return 0;
	if (attach.ring_fd != -1)
		vccw_ring_detach(dev);
	return -EFAULT;
}

/**
 * vccw_ring_feature - VFIO_DEVICE_FEATURE_CCW_RING and VFIO_DEVICE_FEATURE_CCW_RING_INFO
 * @dev: the device
 * @flags: as VFIO has them
 * @arg: user address of the data
 * @argsz: their size
 *
 * Context: process context; sleeps.
 * Return: 0 or -errno, -ENOTTY for another feature.
 */
int vccw_ring_feature(struct vccw_device *dev, u32 flags, void __user *arg,
		      size_t argsz)
{
	bool info = (flags & VFIO_DEVICE_FEATURE_MASK) == VFIO_DEVICE_FEATURE_CCW_RING_INFO;
	int ret;

	if (!info && (flags & VFIO_DEVICE_FEATURE_MASK) != VFIO_DEVICE_FEATURE_CCW_RING)
		return -ENOTTY;
	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_GET |
				 (info ? 0 : VFIO_DEVICE_FEATURE_SET),
				 info ? VFIO_CCW_RING_INFO_SIZE_VER0 : 0);
	if (ret != 1)
		return ret;
	if (info)
		return vccw_ring_info(dev, arg, argsz);
	if (flags & VFIO_DEVICE_FEATURE_SET)
		return vccw_ring_change(dev, arg, argsz);
	return vccw_ring_setup(dev, arg, argsz);
}
