/* SPDX-License-Identifier: MIT */
/*
 * device.h - a device for channel programs of all kinds
 *
 * It remembers what is written to it, and has a Search command that presents status
 * modifier now and then, as a disk's does when the record comes by.  The driver's
 * channel has one, and the model another that must be at the same place.
 */
#ifndef CCWRING_TESTS_HOSTED_DEVICE_H
#define CCWRING_TESTS_HOSTED_DEVICE_H

#include "hosted.h"

#define DEVICE_SENSE	       32

#define DEVICE_CMD_WRITE       0x01
#define DEVICE_CMD_READ	       0x02
#define DEVICE_CMD_NOP	       0x03
#define DEVICE_CMD_SENSE       0x04
#define DEVICE_CMD_READ_BACK   0x0c
#define DEVICE_CMD_SEARCH      0x31
#define DEVICE_CMD_SENSE_ID    0xe4

#define DEVICE_ENDS	       0x0c /* channel end, device end */
#define DEVICE_UNIT_CHECK      0x02
#define DEVICE_STATUS_MODIFIER 0x40

/**
 * struct device
 * @data: of the latest Write
 * @size: how many
 * @turn: Searches so far; the record whose number this is comes by, of four
 * @sense: what Sense gives
 * @patience: commands that one program may have, 0 for any number
 * @commands: of this one so far
 */
struct device {
	uint8_t data[65536];
	uint32_t size;
	uint32_t turn;
	uint8_t sense[DEVICE_SENSE];
	uint32_t patience;
	uint32_t commands;
};

/* As new. */
void device_reset(struct device *device);
/* A command; device status. */
uint8_t device_carry_out(void *device, struct hosted_command *command);

/* The same for hosted_new(). */
extern const struct hosted_ops device_ops;

#endif
