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
	uint64_t crw;
};

#define T_REGION_HALT  1
#define T_REGION_CLEAR 2

void t_region_open(struct t_region *region, int device);
void t_region_close(struct t_region *region);
/* Sets the eventfd of an interrupt, -1 for none. */
void t_region_trigger(int device, uint32_t index, int eventfd);
/* The same: 0 or -errno. */
int t_region_set_trigger(int device, uint32_t index, int eventfd);

/* 0 or -errno; the first 12 bytes of the ORB count. */
int t_region_start(struct t_region *region, const uint8_t *orb);
int t_region_async(struct t_region *region, uint32_t command);
/* Waits for an interrupt: 0 or -ETIME. */
int t_region_event(struct t_region *region, int timeout_ms);
/* Fetches the IRB, without waiting: 0 or -errno. */
int t_region_irb(struct t_region *region, uint8_t *irb);
/* Waits for an interrupt and fetches its IRB: 0 or -errno. */
int t_region_wait(struct t_region *region, uint8_t *irb, int timeout_ms);

/* Next channel report word, 0 if there is none. */
uint32_t t_region_crw(struct t_region *region);

#define T_CRW_OVERFLOW	 0x20000000U
/* Channel path: permanent error, initialized; the path is in the last byte. */
#define T_CRW_PATH_GONE	 0x04060000U
#define T_CRW_PATH_THERE 0x04020000U

#endif
