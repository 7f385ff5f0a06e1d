/* SPDX-License-Identifier: MIT */
/*
 * ccwring/subchannel.h - subchannels as sysfs shows them
 *
 * An I/O device has two numbers that look alike: the subchannel it sits on
 * (0.0.0001), which can differ from boot to boot, and its device number
 * (0.0.0120), which the machine's configuration fixes.  Where an identifier
 * is taken, it is one of
 *
 *   0.0.0120, 0120, 120     a device number, and nothing else
 *   sch:0.0.0001            a subchannel, with all digits
 *   6dfd3ec5-...            the UUID of a mediated device
 *   hosted:nop              a device of software that does nothing, and remembers
 *   hosted:3390=FILE        a disk of software, on an image
 *
 * The last two are opened alone (ccwring/device.h), anywhere; docs/library.md says more.
 */
#ifndef _CCWRING_SUBCHANNEL_H
#define _CCWRING_SUBCHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ccwring/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct ccwring_subchannel - one I/O subchannel
 * @size: sizeof(struct ccwring_subchannel), set by the caller; a later library
 *	fills in no more than that
 * @id: bus id of the subchannel
 * @devno: bus id of the device, "" if it has none
 * @driver: subchannel driver, "" if none
 * @device_driver: driver of the ccw device, "" if none
 * @uuid: first mediated device, "" if none
 * @group: VFIO group of that device, -1 if the kernel has none
 * @online: the ccw device is online
 * @cu_type: control-unit type, 0 if not known (it is while the subchannel
 *	belongs to io_subchannel)
 * @cu_model: control-unit model
 * @dev_type: device type, 0 if not known
 * @dev_model: device model
 * @cdev: VFIO character device of the mediated device, a name below
 *	/dev/vfio/devices, "" if the kernel has none
 */
struct ccwring_subchannel {
	size_t size;
	char id[16];
	char devno[16];
	char driver[32];
	char device_driver[32];
	char uuid[40];
	int group;
	bool online;
	uint16_t cu_type;
	uint8_t cu_model;
	uint16_t dev_type;
	uint8_t dev_model;
	char cdev[32];
};

/**
 * typedef ccwring_subchannel_fn - receives a subchannel
 * @arg: as given
 * @sch: the subchannel, valid during the call
 *
 * Return: 0 to go on, anything else to stop.
 */
typedef int (*ccwring_subchannel_fn)(void *arg, const struct ccwring_subchannel *sch);

/**
 * ccwring_subchannel_each() - visit all I/O subchannels in order
 * @sysfs: where sysfs is mounted, NULL for /sys
 * @fn: called for each
 * @arg: handed to @fn
 *
 * Context: any thread.
 * Return: 0, what @fn returned, or -errno if the channel subsystem cannot be
 *	read (-ENOENT: this machine has none).
 */
CCWRING_API int ccwring_subchannel_each(const char *sysfs, ccwring_subchannel_fn fn, void *arg);

/**
 * ccwring_subchannel_find() - find one subchannel
 * @sysfs: where sysfs is mounted, NULL for /sys
 * @id: identifier, see the head of this file
 * @sch: filled in; its size field is set by the caller
 *
 * Context: any thread.
 * Nothing is guessed: a number that no device has is no subchannel's either.
 *
 * Return: 0, -EINVAL for an identifier of no known form, -ENODEV if nothing
 *	has it, or another -errno.
 */
CCWRING_API int ccwring_subchannel_find(const char *sysfs, const char *id,
					struct ccwring_subchannel *sch);

#ifdef __cplusplus
}
#endif

#endif
