/* SPDX-License-Identifier: MIT */
/*
 * ccwring/device.h - contexts and devices
 *
 * A context is memory, mapped in a VFIO container or in iommufd; the devices opened
 * in it share it.  A device is one subchannel that belongs to the
 * vfio_ccw driver and has a mediated device.  Source of the device's regions
 * and interrupts: linux/vfio.h and linux/vfio_ccw.h.
 *
 * Context: a context and its devices may be used from several threads; opening
 * and closing are not hot paths and take a lock.
 *
 * Children: what a process has opened reaches that process's memory, and is no use to
 * others.  In a child of fork() calls that are handed anything inherited (a context, a
 * device, a ring, a program) return -ECHILD and change nothing, here or in the parent; so
 * does giving it back, which returns 0.  The files of VFIO are closed in the child and the
 * memory is not there.  A child may make a context of its own.  See docs/library.md.
 */
#ifndef _CCWRING_DEVICE_H
#define _CCWRING_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include <ccwring/dma.h>
#include <ccwring/log.h>
#include <ccwring/version.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ccwring_vfio;
struct ccwring_device;

/**
 * enum ccwring_access - how a context reaches devices and maps memory
 * @CCWRING_ACCESS_AUTO: by groups if they are there and may be opened, else by
 *	character devices.  Decided by the first device opened
 * @CCWRING_ACCESS_GROUP: /dev/vfio/N and a type-1 container, /dev/vfio/vfio.
 *	What most installations give out, and the cheaper one to pin pages with
 * @CCWRING_ACCESS_CDEV: /dev/vfio/devices/vfioN and iommufd, /dev/iommu, since
 *	Linux 6.6; the only one in kernels built without groups
 * @CCWRING_ACCESS_HOSTED: devices of software, in this process; see
 *	ccwring/subchannel.h.  Chosen by opening one first
 */
enum ccwring_access {
	CCWRING_ACCESS_AUTO = 0,
	CCWRING_ACCESS_GROUP = 1,
	CCWRING_ACCESS_CDEV = 2,
	CCWRING_ACCESS_HOSTED = 3,
};

/**
 * enum ccwring_dma_flags - how a context comes by its memory
 * @CCWRING_DMA_HUGETLB: from the machine's pool of huge pages (vm.nr_hugepages) as
 *	long as that has some: pages of 1 MiB on s390x.  Without it memory is of ordinary
 *	pages
 */
enum ccwring_dma_flags {
	CCWRING_DMA_HUGETLB = 1 << 0,
};

/**
 * struct ccwring_vfio_opts - how to make a context
 * @size: sizeof(struct ccwring_vfio_opts)
 * @dma_bytes: most memory to map, for CCWRING_DMA_HIGH and below 2 GiB together; 0
 *	for no limit but the addresses: 2 GiB less @dma_iova, and 256 GiB
 * @dma_iova: first IOVA below 2 GiB to use, on a page boundary; 0 for 16 MiB
 * @log: receives messages, NULL for none
 * @log_arg: handed to @log
 * @log_level: least weight @log is called for, enum ccwring_log_level
 * @sysfs: where sysfs is mounted, NULL for /sys
 * @access: enum ccwring_access
 * @dma_flags: enum ccwring_dma_flags
 *
 * Set to zero what is not chosen.  Fields are only ever added at the end.
 */
struct ccwring_vfio_opts {
	size_t size;
	size_t dma_bytes;
	ccwring_iova_t dma_iova;
	ccwring_log_fn log;
	void *log_arg;
	int log_level;
	const char *sysfs;
	int access;
	unsigned int dma_flags;
};

/**
 * ccwring_vfio_new() - make a context
 * @opts: options, NULL for defaults
 * @vfio: receives the context
 *
 * Takes addresses for its memory; no VFIO file is opened before the first device.
 *
 * Return: 0; -EINVAL for options this library does not know, a dma_iova that is not on
 *	a page or leaves no room below 2 GiB; -ENOMEM.
 */
CCWRING_API int ccwring_vfio_new(const struct ccwring_vfio_opts *opts, struct ccwring_vfio **vfio);

/**
 * ccwring_vfio_free() - give a context back
 * @vfio: the context, or NULL
 *
 * Its devices must have been closed: if not, the context is left alone.
 *
 * Return: 0 or -EBUSY.
 */
CCWRING_API int ccwring_vfio_free(struct ccwring_vfio *vfio);

/**
 * ccwring_vfio_access() - how the context reaches its devices
 * @vfio: the context
 *
 * Context: any thread.
 * Return: enum ccwring_access; AUTO only if that was chosen and no device has
 *	been opened yet.  -ECHILD in a child.
 */
CCWRING_API int ccwring_vfio_access(struct ccwring_vfio *vfio);

/**
 * ccwring_device_open() - open a device in a context
 * @vfio: the context
 * @id: device number, subchannel, UUID or hosted device, see ccwring/subchannel.h
 * @dev: receives the device
 *
 * Return: 0; -ENODEV if nothing has that identifier; -ENXIO if the subchannel
 *	has no mediated device (bind it first); -EBUSY if somebody has it open;
 *	-ENOENT if the kernel does not have the access chosen, or there is no
 *	libccwring-hosted.so; -EXDEV for a hosted device beside others; -EACCES or
 *	-EPERM without the right to open its files; another -errno of VFIO.
 */
CCWRING_API int ccwring_device_open(struct ccwring_vfio *vfio, const char *id,
				    struct ccwring_device **dev);

/**
 * ccwring_device_close() - close a device
 * @dev: the device, or NULL
 *
 * The ring it is attached to must have been freed before.
 *
 * Return: 0, or -EBUSY while a ring has it.
 */
CCWRING_API int ccwring_device_close(struct ccwring_device *dev);

/** ccwring_device_vfio() - context the device was opened in */
CCWRING_API struct ccwring_vfio *ccwring_device_vfio(const struct ccwring_device *dev);

/** ccwring_device_fd() - VFIO device file, owned by the device; -1 if hosted, or in a child */
CCWRING_API int ccwring_device_fd(const struct ccwring_device *dev);

/** ccwring_device_name() - bus id of its subchannel, its UUID, or what it is hosted as */
CCWRING_API const char *ccwring_device_name(const struct ccwring_device *dev);

/**
 * ccwring_device_has_ring() - does its driver have rings?
 * @dev: the device
 *
 * Return: 1, 0, or -errno.
 */
CCWRING_API int ccwring_device_has_ring(const struct ccwring_device *dev);

struct vfio_ccw_ring_info;

/**
 * ccwring_device_ring_info() - what the device's driver can do with rings
 * @dev: the device
 * @info: receives it
 * @size: sizeof(struct vfio_ccw_ring_info) of the program, which may be older or newer
 *	than the library and the driver: what they do not know is 0
 *
 * linux/vfio_ccw_ring.h says what there is.  No ring is made.
 *
 * Return: 0; -EOPNOTSUPP if the driver has no rings; another -errno.
 */
CCWRING_API int ccwring_device_ring_info(const struct ccwring_device *dev,
					 struct vfio_ccw_ring_info *info, size_t size);

/**
 * ccwring_device_reset() - reset the device (VFIO_DEVICE_RESET)
 * @dev: the device
 *
 * Requests under way on a ring are taken back: each gets its completion.
 *
 * Return: 0 or -errno.
 */
CCWRING_API int ccwring_device_reset(struct ccwring_device *dev);

#define CCWRING_SCHIB_SIZE 52

/**
 * ccwring_device_schib() - read the subchannel-information block
 * @dev: the device
 * @schib: CCWRING_SCHIB_SIZE bytes as STORE SUBCHANNEL stores them
 *
 * Return: 0; -EOPNOTSUPP if the driver has no such region; -ENODEV if the
 *	device is gone.
 */
CCWRING_API int ccwring_device_schib(struct ccwring_device *dev, uint8_t *schib);

/**
 * ccwring_device_crw() - take the next channel-report word
 * @dev: the device
 * @crw: receives it, 0 if there is none
 *
 * Return: 0 or -errno as above.
 */
CCWRING_API int ccwring_device_crw(struct ccwring_device *dev, uint32_t *crw);

/**
 * enum ccwring_event - interrupts of a device beside its I/O
 * @CCWRING_EVENT_CRW: channel-report words wait
 * @CCWRING_EVENT_RELEASE: the driver asks for the device to be closed
 */
enum ccwring_event {
	CCWRING_EVENT_CRW = 1,
	CCWRING_EVENT_RELEASE = 2,
};

/**
 * ccwring_device_event_fd() - event file of an interrupt
 * @dev: the device
 * @event: enum ccwring_event
 *
 * The file is made at the first call, is non-blocking, belongs to the device
 * and is readable after the event (see eventfd(2)).
 *
 * Return: the file descriptor, -EINVAL, -EOPNOTSUPP if the device is hosted, or an
 *	-errno of VFIO.
 */
CCWRING_API int ccwring_device_event_fd(struct ccwring_device *dev, int event);

#ifdef __cplusplus
}
#endif

#endif
