// SPDX-License-Identifier: MIT
/* eckd.c - Define Extent, Locate Record and the programs made of them */
#include <errno.h>
#include <string.h>

#include <ccwring/eckd.h>

/* Define Extent byte 0, bits 0-1: what writes the domain permits. */
#define DE_INHIBIT_WRITES 0x40
#define DE_UPDATE_WRITES  0x80
/* Define Extent byte 1, bits 0-1: the device is operated as ECKD. */
#define DE_MODE_ECKD	  0xc0

/* Locate Record byte 0, bits 2-7. */
#define LR_OP_WRITE_DATA  0x01
#define LR_OP_READ_DATA	  0x06
/* Locate Record byte 1: the transfer-length factor in bytes 14-15 counts. */
#define LR_AUX_LENGTH	  0x80
/* Locate Record byte 13: the sector is not known. */
#define LR_NO_SECTOR	  0xff

void ccwring_eckd_define_extent(uint8_t *p, enum ccwring_eckd_op op,
				const struct ccwring_eckd_geometry *geo)
{
	memset(p, 0, CCWRING_ECKD_DE_SIZE);
	p[0] = op == CCWRING_ECKD_WRITE ? DE_UPDATE_WRITES : DE_INHIBIT_WRITES;
	p[1] = DE_MODE_ECKD;
	/* Bytes 8-11 and 12-15: first and last track of the extent, CCHH. */
	ccwring_put_be16(p + 12, geo->cylinders - 1);
	ccwring_put_be16(p + 14, geo->heads - 1);
}

void ccwring_eckd_locate_record(uint8_t *p, enum ccwring_eckd_op op,
				const struct ccwring_eckd_geometry *geo, uint32_t track,
				uint8_t record, uint8_t count)
{
	memset(p, 0, CCWRING_ECKD_LR_SIZE);
	p[0] = op == CCWRING_ECKD_WRITE ? LR_OP_WRITE_DATA : LR_OP_READ_DATA;
	p[1] = LR_AUX_LENGTH;
	p[3] = count;
	p[13] = LR_NO_SECTOR;
	ccwring_put_be16(p + 14, geo->record_size);
	ccwring_eckd_seek(p, geo, track, record);
}

int ccwring_eckd_build(struct ccwring_program *prog, enum ccwring_eckd_op op,
		       const struct ccwring_eckd_geometry *geo, uint32_t track, uint8_t record,
		       uint8_t count, ccwring_iova_t data, uint8_t **locate)
{
	uint8_t cmd = op == CCWRING_ECKD_WRITE ? CCWRING_ECKD_WRITE_MT : CCWRING_ECKD_READ_MT;
	ccwring_iova_t de_iova, lr_iova;
	uint8_t *de, *lr;
	int ret;

	if (track >= ccwring_eckd_tracks(geo) || !record || !count ||
	    record - 1U + count > geo->records)
		return -ERANGE;
	de = ccwring_program_param(prog, CCWRING_ECKD_DE_SIZE, &de_iova);
	lr = ccwring_program_param(prog, CCWRING_ECKD_LR_SIZE, &lr_iova);
	if (!de || !lr)
		return ccwring_program_finish(prog, NULL);
	ccwring_eckd_define_extent(de, op, geo);
	ccwring_eckd_locate_record(lr, op, geo, track, record, count);

	ccwring_program_add(prog, CCWRING_ECKD_DEFINE_EXTENT, 0, de_iova, CCWRING_ECKD_DE_SIZE);
	ret = ccwring_program_add(prog, CCWRING_ECKD_LOCATE_RECORD, 0, lr_iova,
				  CCWRING_ECKD_LR_SIZE);
	for (unsigned int i = 0; i < count && ret >= 0; i++)
		ret = ccwring_program_add(prog, cmd, 0, data + (ccwring_iova_t)i * geo->record_size,
					  geo->record_size);
	if (ret < 0)
		return ret;
	if (locate)
		*locate = lr;
	return 0;
}
