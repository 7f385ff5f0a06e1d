/* SPDX-License-Identifier: MIT */
/*
 * ccwring/eckd.h - channel programs for extended count key data disks
 *
 * Define Extent, Locate Record and the multi-track data commands every ECKD
 * control unit executes.  Parameters are laid out as the storage control
 * reference of the 3990 describes them.  Disks are those with records of one
 * size: 3390 tracks with 12 records of 4096 bytes.
 *
 * Context: one thread at a time a program.
 */
#ifndef _CCWRING_ECKD_H
#define _CCWRING_ECKD_H

#include <ccwring/program.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CCWRING_ECKD_DEFINE_EXTENT 0x63
#define CCWRING_ECKD_LOCATE_RECORD 0x47
#define CCWRING_ECKD_READ_MT	   0x86
#define CCWRING_ECKD_WRITE_MT	   0x85
#define CCWRING_ECKD_READ_CHARS	   0x64

#define CCWRING_ECKD_DE_SIZE	   16
#define CCWRING_ECKD_LR_SIZE	   16
#define CCWRING_ECKD_CHARS_SIZE	   64

/**
 * struct ccwring_eckd_geometry - a disk with records of one size
 * @cylinders: cylinders of the extent, from cylinder 0
 * @heads: tracks a cylinder
 * @records: data records a track
 * @record_size: bytes a record
 */
struct ccwring_eckd_geometry {
	uint16_t cylinders;
	uint16_t heads;
	uint16_t records;
	uint16_t record_size;
};

/**
 * ccwring_eckd_geometry_3390() - geometry of 4096-byte records on a 3390
 * @geo: written
 * @cylinders: cylinders of the extent
 */
static inline void ccwring_eckd_geometry_3390(struct ccwring_eckd_geometry *geo, uint16_t cylinders)
{
	geo->cylinders = cylinders;
	geo->heads = 15;
	geo->records = 12;
	geo->record_size = 4096;
}

/** ccwring_eckd_tracks() - tracks of the extent */
static inline uint32_t ccwring_eckd_tracks(const struct ccwring_eckd_geometry *geo)
{
	return (uint32_t)geo->cylinders * geo->heads;
}

/** ccwring_eckd_chars_cylinders() - cylinders, from Read Device Characteristics */
static inline uint16_t ccwring_eckd_chars_cylinders(const uint8_t *chars)
{
	return ccwring_get_be16(chars + 12);
}

/** ccwring_eckd_chars_heads() - tracks a cylinder, from the same */
static inline uint16_t ccwring_eckd_chars_heads(const uint8_t *chars)
{
	return ccwring_get_be16(chars + 14);
}

/** enum ccwring_eckd_op - direction of a program */
enum ccwring_eckd_op {
	CCWRING_ECKD_READ,
	CCWRING_ECKD_WRITE,
};

/**
 * ccwring_eckd_define_extent() - fill in Define Extent parameters
 * @p: CCWRING_ECKD_DE_SIZE bytes, written in full
 * @op: a read inhibits all writes, a write permits writing data only
 * @geo: the extent
 */
CCWRING_API void ccwring_eckd_define_extent(uint8_t *p, enum ccwring_eckd_op op,
					    const struct ccwring_eckd_geometry *geo);

/**
 * ccwring_eckd_locate_record() - fill in Locate Record parameters
 * @p: CCWRING_ECKD_LR_SIZE bytes, written in full
 * @op: what the following commands do
 * @geo: the disk
 * @track: track number from the start of the disk
 * @record: first record, from 1
 * @count: records the following commands transfer
 */
CCWRING_API void ccwring_eckd_locate_record(uint8_t *p, enum ccwring_eckd_op op,
					    const struct ccwring_eckd_geometry *geo, uint32_t track,
					    uint8_t record, uint8_t count);

/**
 * ccwring_eckd_seek() - aim a Locate Record at another record
 * @p: parameters ccwring_eckd_locate_record() has filled in
 * @geo: the disk
 * @track: track number
 * @record: first record, from 1
 *
 * Rewrites the seek address and the search argument in place.
 *
 * Context: not while a request that names @p is under way.
 */
static inline void ccwring_eckd_seek(uint8_t *p, const struct ccwring_eckd_geometry *geo,
				     uint32_t track, uint8_t record)
{
	uint32_t cylinder = track / geo->heads;
	uint32_t cchh = cylinder << 16 | (track - cylinder * geo->heads);

	ccwring_put_be32(p + 4, cchh);
	ccwring_put_be32(p + 8, cchh);
	p[12] = record;
}

/**
 * ccwring_eckd_build() - a whole read or write of consecutive records
 * @prog: an empty program with room for 8 * (2 + @count) + 32 bytes
 * @op: direction
 * @geo: the disk
 * @track: track number
 * @record: first record, from 1; the records must end on the same track
 * @count: records
 * @data: IOVA of @count times the record size
 * @locate: receives the Locate Record parameters, for ccwring_eckd_seek();
 *	may be NULL
 *
 * Define Extent, Locate Record, then one Read or Write MT a record.  The
 * program is not finished.
 *
 * Return: 0; -ERANGE for records outside the disk; -errno of the builder.
 */
CCWRING_API int ccwring_eckd_build(struct ccwring_program *prog, enum ccwring_eckd_op op,
				   const struct ccwring_eckd_geometry *geo, uint32_t track,
				   uint8_t record, uint8_t count, ccwring_iova_t data,
				   uint8_t **locate);

#ifdef __cplusplus
}
#endif

#endif
