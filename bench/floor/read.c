// SPDX-License-Identifier: GPL-2.0-only
/*
 * A channel program that reads 4 KiB of a 3390 which Linux has formatted, 12
 * records a track, from another place each time: what the disk and the way to it
 * ask for, with no driver between.
 */
#include <linux/gfp.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <asm/cio.h>

#include "floor.h"

#define FLOOR_HEADS		15
#define FLOOR_RECORDS		12
#define FLOOR_RECORD_SIZE	4096

#define FLOOR_DEFINE_EXTENT	0x63
#define FLOOR_LOCATE_RECORD	0x47
#define FLOOR_READ_MT		0x86

/**
 * floor_read_prepare - build the program
 * @read: where
 *
 * Return: 0 or -ENOMEM.
 */
int floor_read_prepare(struct floor_read *read)
{
	read->data = (void *)__get_free_page(GFP_KERNEL | GFP_DMA);
	if (!read->data)
		return -ENOMEM;
	read->random = 1;
	read->extent[0] = 0x40;	/* inhibit writes */
	read->extent[1] = 0xc0;	/* ECKD */
	read->locate[0] = 0x06;	/* read data */
	read->locate[1] = 0x80;	/* the last two bytes count */
	read->locate[3] = 1;	/* record */
	read->locate[13] = 0xff;	/* no sector */
	put_unaligned_be16(FLOOR_RECORD_SIZE, read->locate + 14);
	read->ccws[0] = (struct ccw1){
		.cmd_code = FLOOR_DEFINE_EXTENT,
		.flags = CCW_FLAG_CC,
		.count = sizeof(read->extent),
		.cda = virt_to_dma32(read->extent),
	};
	read->ccws[1] = (struct ccw1){
		.cmd_code = FLOOR_LOCATE_RECORD,
		.flags = CCW_FLAG_CC,
		.count = sizeof(read->locate),
		.cda = virt_to_dma32(read->locate),
	};
	read->ccws[2] = (struct ccw1){
		.cmd_code = FLOOR_READ_MT,
		.count = FLOOR_RECORD_SIZE,
		.cda = virt_to_dma32(read->data),
	};
	return 0;
}

void floor_read_release(struct floor_read *read)
{
	free_page((unsigned long)read->data);
}

/**
 * floor_read_set - what part of the disk to read
 * @read: the program
 * @cylinders: from the first on
 */
void floor_read_set(struct floor_read *read, u32 cylinders)
{
	read->cylinders = cylinders;
	put_unaligned_be16(cylinders - 1, read->extent + 12);
	put_unaligned_be16(FLOOR_HEADS - 1, read->extent + 14);
}

/* A number below @n; xorshift. */
static u32 floor_random(struct floor_read *read, u32 n)
{
	read->random ^= read->random << 13;
	read->random ^= read->random >> 7;
	read->random ^= read->random << 17;
	return (read->random >> 32) * n >> 32;
}

/**
 * floor_read_next - choose where the coming start reads
 * @read: the program; not under way
 */
void floor_read_next(struct floor_read *read)
{
	u32 record = floor_random(read, read->cylinders * FLOOR_HEADS * FLOOR_RECORDS);
	u32 track = record / FLOOR_RECORDS;
	u8 *seek = read->locate + 4, *search = read->locate + 8;

	put_unaligned_be16(track / FLOOR_HEADS, seek);
	put_unaligned_be16(track % FLOOR_HEADS, seek + 2);
	memcpy(search, seek, 4);
	search[4] = record % FLOOR_RECORDS + 1;
}
