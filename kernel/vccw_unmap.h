/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VCCW_UNMAP_H
#define VCCW_UNMAP_H

#include <linux/types.h>

struct vccw_device;

void vccw_unmap(struct vccw_device *dev, u64 first, u64 last);
void vccw_unmap_open(struct vccw_device *dev);
u32 vccw_unmap_spares(struct vccw_device *dev, u64 first, u32 n);

#endif /* VCCW_UNMAP_H */
