// SPDX-License-Identifier: MIT
#include "device.h"

#include <string.h>

#define SENSE_REJECT 0x80
#define RECORDS	     4

void device_reset(struct device *device)
{
	device->size = 0;
	device->turn = 0;
	memset(device->sense, 0, sizeof(device->sense));
}

static uint8_t give(struct hosted_command *c, const uint8_t *from, uint32_t n)
{
	c->done = n < c->size ? n : c->size;
	memcpy(c->data, from, c->done);
	return DEVICE_ENDS;
}

static uint8_t take(struct device *device, struct hosted_command *c)
{
	c->done = c->size < sizeof(device->data) ? c->size : sizeof(device->data);
	memcpy(device->data, c->data, c->done);
	device->size = c->done;
	return DEVICE_ENDS;
}

/* Is the record whose number is the first byte the one that comes by? */
static uint8_t search(struct device *device, struct hosted_command *c)
{
	bool found = c->size && c->data[0] % RECORDS == device->turn % RECORDS;

	c->done = c->size;
	device->turn++;
	return found ? DEVICE_ENDS | DEVICE_STATUS_MODIFIER : DEVICE_ENDS;
}

static uint8_t reject(struct device *device, struct hosted_command *c)
{
	c->done = 0;
	memset(device->sense, 0, sizeof(device->sense));
	device->sense[0] = SENSE_REJECT;
	memcpy(c->sense, device->sense, sizeof(device->sense));
	return DEVICE_ENDS | DEVICE_UNIT_CHECK;
}

uint8_t device_carry_out(void *arg, struct hosted_command *c)
{
	static const uint8_t id[] = { 0xff, 0x38, 0x32, 0x01, 0, 0, 0 };
	struct device *device = arg;

	if (device->patience && device->commands++ == device->patience)
		return reject(device, c);
	switch (c->code) {
	case DEVICE_CMD_NOP:
		c->done = c->size;
		return DEVICE_ENDS;
	case DEVICE_CMD_WRITE:
		return take(device, c);
	case DEVICE_CMD_READ:
	case DEVICE_CMD_READ_BACK:
		return give(c, device->data, device->size);
	case DEVICE_CMD_SENSE:
		return give(c, device->sense, sizeof(device->sense));
	case DEVICE_CMD_SEARCH:
		return search(device, c);
	case DEVICE_CMD_SENSE_ID:
		return give(c, id, sizeof(id));
	default:
		return reject(device, c);
	}
}

static void begin(void *device)
{
	((struct device *)device)->commands = 0;
}

const struct hosted_ops device_ops = { .begin = begin, .carry_out = device_carry_out };
