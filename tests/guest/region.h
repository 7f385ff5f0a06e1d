/* SPDX-License-Identifier: MIT */
/* The regions of the stock driver: one start at a time, halt and clear. */
#ifndef CCWRING_TESTS_REGION_H
#define CCWRING_TESTS_REGION_H

#include <stdint.h>

struct t_region {
	int device;
	int eventfd;
	uint64_t io;
	uint64_t async;
};

#define T_REGION_HALT  1
#define T_REGION_CLEAR 2

void t_region_open(struct t_region *region, int device);
void t_region_close(struct t_region *region);

/* 0 or -errno; the first 12 bytes of the ORB count. */
int t_region_start(struct t_region *region, const uint8_t *orb);
int t_region_async(struct t_region *region, uint32_t command);
/* Waits for an interrupt and fetches its IRB: 0 or -errno. */
int t_region_wait(struct t_region *region, uint8_t *irb, int timeout_ms);

#endif
