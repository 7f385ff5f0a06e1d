/* SPDX-License-Identifier: GPL-2.0-only */
/* vfio.h - what the core has of VFIO: client memory, features, files */
#ifndef SHIM_VFIO_H
#define SHIM_VFIO_H

#include <fcntl.h>
#include <sys/epoll.h>

#include <linux/vfio.h>

#include <shim/cio.h>

struct vfio_device {
	struct device device;
	struct device *dev;
	void *iommufd_access;
};

#define IOMMU_READ  1
#define IOMMU_WRITE 2

/* Pages of the client's from an IOVA on: how many, or -errno; -EFAULT if none is mapped. */
int vfio_pin_pages(struct vfio_device *vdev, dma_addr_t iova, int n, int prot, struct page **pages);
void vfio_unpin_pages(struct vfio_device *vdev, dma_addr_t iova, int n);

static inline int vfio_check_feature(u32 flags, size_t argsz, u32 supported, size_t size)
{
	u32 ops = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET;

	if (flags & ops & ~supported)
		return -EINVAL;
	if (flags & VFIO_DEVICE_FEATURE_PROBE)
		return 0;
	if (!(flags & ops) || argsz < size)
		return -EINVAL;
	return 1;
}

/* Mediated devices: named by vccw_device.h, and not here. */

struct mdev_parent {
	int nothing;
};
struct mdev_type {
	int nothing;
};
struct mdev_driver;
struct attribute_group;

/* Regions and eventfds: likewise. */

#define __rcu
struct crw {
	u32 word;
};
#define DECLARE_KFIFO(name, type, size) type name[1]

/* Files */

struct inode;
struct module;
struct io_uring_cmd;

/* One who polls, for as long as the file is open: eventfd is signalled. */
typedef struct poll_table_struct {
	int eventfd;
	struct wait_queue_head *queue;
	struct wait_queue_entry wait;
} poll_table;

struct file {
	const struct file_operations *f_op;
	void *private_data;
	int refs;
	struct file *next; /* that ends when its task is back in user space */
	poll_table *polled; /* by whom, NULL if nobody has asked */
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	void *memory; /* what has been mapped */
};

struct file_operations {
	struct module *owner;
	int (*release)(struct inode *inode, struct file *file);
	long (*unlocked_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	long (*compat_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	int (*uring_cmd)(struct io_uring_cmd *cmd, unsigned int flags);
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	__poll_t (*poll)(struct file *file, poll_table *table);
	void *llseek;
};

#define THIS_MODULE	 NULL
#define compat_ptr_ioctl NULL
#define noop_llseek	 NULL
#define VM_SHARED	 1
#define VM_WRITE	 2
#define VM_MAYWRITE	 4
#define VM_DONTEXPAND	 8
#define VM_DONTDUMP	 16

static inline void vm_flags_clear(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags &= ~flags;
}

static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}

/* What has been mapped is where the first page of it is. */
#define vmalloc_to_page(p) ((struct page *)(p))

static inline int vm_insert_page(struct vm_area_struct *vma, unsigned long at, struct page *page)
{
	if (at == vma->vm_start)
		vma->memory = page;
	return 0;
}

void poll_wait(struct file *file, struct wait_queue_head *queue, poll_table *table);
struct file *anon_inode_getfile(const char *name, const struct file_operations *ops, void *data,
				int flags);
int get_unused_fd_flags(int flags);
void put_unused_fd(int fd);
void fd_install(int fd, struct file *file);
struct file *fget(int fd);
/* A file's end in a system call waits for shim_return_to_user(). */
void fput(struct file *file);
void shim_enter_kernel(void);
void shim_return_to_user(void);

#endif
