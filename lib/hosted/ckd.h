/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ckd.h - count key data: tracks and their records, in a file
 *
 * The file is an image as Hercules has it, not compressed: a header of 512 bytes, then
 * the tracks, each in a slot of the same size:
 *
 *	home address	5 bytes: flag, cylinder, head
 *	records		8 bytes of count, key, data, from record 0 on
 *	end of track	8 bytes of ones
 *
 * A count is cylinder, head (2 bytes each), record, key length (a byte each) and data
 * length (2 bytes), big-endian.
 */
#ifndef CCWRING_HOSTED_CKD_H
#define CCWRING_HOSTED_CKD_H

#include <shim/kernel.h>

#define CKD_HEADS      15
#define CKD_COUNT_SIZE 8

struct ckd {
	int fd;
	u8 *file; /* all of it, shared */
	size_t bytes;
	u32 slot; /* bytes a track has in it */
	u32 tracks;
};

/* A record; all in the slot of its track. */
struct ckd_record {
	u32 at; /* of the count, from the beginning of the slot */
	u8 *count;
	u8 *key;
	u8 *data;
	u8 key_length;
	u16 data_length;
	u32 end; /* of the data: where the next record is */
};

/**
 * ckd_open() - open an image
 * @path: the file
 * @cylinders: make one of that many cylinders, with twelve records of 4096 bytes a track
 *	as Linux formats them, if there is none; 0: do not
 * @ckd: written
 *
 * Return: 0; -EBUSY if somebody has it open, -EPROTO if it is not an image of a 3390,
 *	-errno of the file.
 */
int ckd_open(const char *path, u32 cylinders, struct ckd *ckd);
void ckd_close(struct ckd *ckd);

static inline u8 *ckd_track(const struct ckd *ckd, u32 track)
{
	return ckd->file + 512 + (size_t)track * ckd->slot;
}

/* Where record 0 of a track is. */
#define CKD_FIRST 5

/* The record at @at, false at the end of the track. */
bool ckd_record(const struct ckd *ckd, u32 track, u32 at, struct ckd_record *record);

/*
 * Writes a record behind @before and ends the track there: count, key and data are the
 * @n bytes at @from, what is missing of them is zero.  False if the track has no room.
 */
bool ckd_append(const struct ckd *ckd, u32 track, const struct ckd_record *before, const u8 *from,
		u32 n);

#endif
