// SPDX-License-Identifier: GPL-2.0-only
/* ckd.c - images of disks with count key data */
#include "ckd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER	      512
#define DEVICE_3390   0x90
#define SLOT_3390     56832U
#define BLOCK	      4096
#define BLOCKS	      12
/* A track of a 3390 in segments: 3390 Direct Access Storage Reference (GC26-4574). */
#define SEGMENTS      1729
#define SEGMENT	      34
#define MAX_CYLINDERS 65520

static const u8 magic[8] = "CKD_P370";
static const u8 end_of_track[CKD_COUNT_SIZE] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* Words of the header are the other way round. */
static u32 le32(const u8 *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24;
}

static void put_le32(u8 *p, u32 v)
{
	for (int i = 0; i < 4; i++)
		p[i] = v >> 8 * i;
}

static void put_count(u8 *p, u32 track, u8 record, u16 data_length)
{
	u16 cylinder = track / CKD_HEADS, head = track % CKD_HEADS;
	u8 count[CKD_COUNT_SIZE] = { cylinder >> 8, cylinder, head >> 8,	head,
				     record,	    0,	      data_length >> 8, data_length };

	memcpy(p, count, sizeof(count));
}

static void format_track(u8 *p, u32 track)
{
	put_count(p + 1, track, 0, 0); /* the home address begins as a count does */
	p += CKD_FIRST;
	put_count(p, track, 0, CKD_COUNT_SIZE);
	p += 2 * CKD_COUNT_SIZE;
	for (int record = 1; record <= BLOCKS; record++) {
		put_count(p, track, record, BLOCK);
		p += CKD_COUNT_SIZE + BLOCK;
	}
	memcpy(p, end_of_track, sizeof(end_of_track));
}

static int map(struct ckd *ckd)
{
	ckd->file = mmap(NULL, ckd->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ckd->fd, 0);
	return ckd->file == MAP_FAILED ? -errno : 0;
}

static int make(struct ckd *ckd, u32 cylinders)
{
	int ret;

	ckd->tracks = cylinders * CKD_HEADS;
	ckd->slot = SLOT_3390;
	ckd->bytes = HEADER + (size_t)ckd->tracks * ckd->slot;
	/* Room is taken now: a mapping would meet a full disk with a signal. */
	ret = -posix_fallocate(ckd->fd, 0, ckd->bytes);
	if (!ret)
		ret = map(ckd);
	if (ret)
		return ret;
	for (u32 track = 0; track < ckd->tracks; track++)
		format_track(ckd_track(ckd, track), track);
	put_le32(ckd->file + 8, CKD_HEADS);
	put_le32(ckd->file + 12, ckd->slot);
	ckd->file[16] = DEVICE_3390;
	memcpy(ckd->file, magic, sizeof(magic));
	return 0;
}

static int check_header(struct ckd *ckd)
{
	u8 header[HEADER];

	if (pread(ckd->fd, header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return -EPROTO;
	ckd->slot = le32(header + 12);
	if (memcmp(header, magic, sizeof(magic)) || le32(header + 8) != CKD_HEADS ||
	    header[16] != DEVICE_3390 || ckd->slot != SLOT_3390)
		return -EPROTO;
	ckd->tracks = (ckd->bytes - HEADER) / ckd->slot / CKD_HEADS * CKD_HEADS;
	return ckd->tracks && ckd->tracks <= MAX_CYLINDERS * CKD_HEADS ? 0 : -EPROTO;
}

static int open_or_make(struct ckd *ckd, u32 cylinders)
{
	struct stat st;
	int ret;

	/* Two devices would not know of each other's records. */
	if (flock(ckd->fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (fstat(ckd->fd, &st))
		return -errno;
	ckd->bytes = st.st_size;
	if (!ckd->bytes && cylinders)
		return cylinders <= MAX_CYLINDERS ? make(ckd, cylinders) : -EINVAL;
	ret = check_header(ckd);
	return ret ? ret : map(ckd);
}

int ckd_open(const char *path, u32 cylinders, struct ckd *ckd)
{
	int ret;

	ckd->fd = open(path, O_RDWR | O_CLOEXEC | (cylinders ? O_CREAT : 0), 0666);
	if (ckd->fd < 0)
		return -errno;
	ret = open_or_make(ckd, cylinders);
	if (ret)
		close(ckd->fd);
	return ret;
}

/* The lock goes now, even if a child of this process has the file, too. */
void ckd_close(struct ckd *ckd)
{
	munmap(ckd->file, ckd->bytes);
	flock(ckd->fd, LOCK_UN);
	close(ckd->fd);
}

bool ckd_record(const struct ckd *ckd, u32 track, u32 at, struct ckd_record *record)
{
	u8 *p = ckd_track(ckd, track) + at;

	/* What is in a file is not to be believed. */
	if (at + CKD_COUNT_SIZE > ckd->slot || !memcmp(p, end_of_track, sizeof(end_of_track)))
		return false;
	*record = (struct ckd_record){
		.at = at,
		.count = p,
		.key = p + CKD_COUNT_SIZE,
		.data = p + CKD_COUNT_SIZE + p[5],
		.key_length = p[5],
		.data_length = p[6] << 8 | p[7],
	};
	record->end = at + CKD_COUNT_SIZE + record->key_length + record->data_length;
	return record->end <= ckd->slot;
}

/* Segments an area of a record takes, with the gap in front of it. */
static u32 area(u32 length)
{
	u32 cells = (length + 6 + 231) / 232;

	return 9 + (length + 6 * cells + 6 + SEGMENT - 1) / SEGMENT;
}

static u32 segments(const struct ckd_record *record)
{
	return 10 + (record->key_length ? area(record->key_length) : 0) + area(record->data_length);
}

/* Segments that the records up to the one at @last take. */
static u32 used(const struct ckd *ckd, u32 track, u32 last)
{
	struct ckd_record record;
	u32 sum = 0;

	for (u32 at = CKD_FIRST; at <= last && ckd_record(ckd, track, at, &record); at = record.end)
		if (record.count[4]) /* there is room for record 0 beside */
			sum += segments(&record);
	return sum;
}

bool ckd_append(const struct ckd *ckd, u32 track, const struct ckd_record *before, const u8 *from,
		u32 n)
{
	struct ckd_record record = {
		.key_length = from[5],
		.data_length = from[6] << 8 | from[7],
	};
	u32 size = CKD_COUNT_SIZE + record.key_length + record.data_length;
	u8 *p = ckd_track(ckd, track) + before->end;

	if (before->end + size + CKD_COUNT_SIZE > ckd->slot ||
	    used(ckd, track, before->at) + segments(&record) > SEGMENTS)
		return false;
	n = n < size ? n : size;
	memcpy(p, from, n);
	memset(p + n, 0, size - n);
	memcpy(p + size, end_of_track, sizeof(end_of_track));
	return true;
}
