/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VCCW_PEERS_H
#define VCCW_PEERS_H

#include <linux/types.h>

struct vccw_device;

void vccw_peers_join(struct vccw_device *dev);
void vccw_peers_leave(struct vccw_device *dev);
bool vccw_peers_drop(struct vccw_device *dev, u64 iova_pfn);
bool vccw_peers_evict(struct vccw_device *dev, u32 more_than);
bool vccw_peers_pinned(struct vccw_device *dev);

#endif /* VCCW_PEERS_H */
