// SPDX-License-Identifier: MIT
#include "eckd.h"

#include <string.h>
#include <unistd.h>

/* Where the parameters of a whole program are, from its beginning. */
#define PARAMETERS 0x800
#define SLOT_SIZE  0x20000

struct define_extent {
	uint8_t mask;
	uint8_t attributes;
	uint16_t block_size;
	uint8_t reserved[4];
	uint16_t first_cylinder;
	uint16_t first_head;
	uint16_t last_cylinder;
	uint16_t last_head;
};

struct locate_record {
	uint8_t operation;
	uint8_t auxiliary;
	uint8_t reserved;
	uint8_t count;
	uint16_t seek_cylinder;
	uint16_t seek_head;
	uint16_t cylinder;
	uint16_t head;
	uint8_t record;
	uint8_t sector;
	uint16_t length;
};

_Static_assert(sizeof(struct define_extent) == 16, "as the 3990 wants it");
_Static_assert(sizeof(struct locate_record) == 16, "as the 3990 wants it");

#define MASK_READ	 0x40
#define MASK_WRITE	 0x80
#define ATTRIBUTES_ECKD	 0xc0
#define OPERATION_READ	 0x06
#define OPERATION_WRITE	 0x01
#define AUXILIARY_LENGTH 0x80
#define SECTOR_UNKNOWN	 0xff

static void define_extent(struct define_extent *extent, uint8_t command)
{
	*extent = (struct define_extent){
		.mask = command == ECKD_WRITE ? MASK_WRITE : MASK_READ,
		.attributes = ATTRIBUTES_ECKD,
		.last_cylinder = ECKD_CYLINDERS - 1,
		.last_head = ECKD_HEADS - 1,
	};
}

static void locate_record(struct locate_record *locate, uint8_t command, uint32_t block,
			  unsigned int records)
{
	uint32_t track = block / ECKD_TRACK_RECORDS;

	*locate = (struct locate_record){
		.operation = command == ECKD_WRITE ? OPERATION_WRITE : OPERATION_READ,
		.auxiliary = AUXILIARY_LENGTH,
		.count = records,
		.seek_cylinder = track / ECKD_HEADS,
		.seek_head = track % ECKD_HEADS,
		.cylinder = track / ECKD_HEADS,
		.head = track % ECKD_HEADS,
		.record = block % ECKD_TRACK_RECORDS + 1,
		.sector = SECTOR_UNKNOWN,
		.length = ECKD_RECORD,
	};
}

void eckd_prefix(struct t_vm *vm, struct t_ccw1 *ccws, uint32_t parameters, uint8_t command,
		 uint32_t block, unsigned int records)
{
	define_extent(t_at(vm, parameters), command);
	locate_record(t_at(vm, parameters + 16), command, block, records);
	t_ccw1(&ccws[0], ECKD_DEFINE_EXTENT, T_CCW_CC, 16, parameters);
	t_ccw1(&ccws[1], ECKD_LOCATE_RECORD, T_CCW_CC, 16, parameters + 16);
}

void eckd_program(struct t_vm *vm, uint32_t program, uint8_t command, uint32_t block,
		  unsigned int records, uint32_t data)
{
	struct t_ccw1 *ccws = t_at(vm, program);
	unsigned int i;

	eckd_prefix(vm, ccws, program + PARAMETERS, command, block, records);
	for (i = 0; i < records; i++)
		t_ccw1(&ccws[2 + i], command, i < records - 1 ? T_CCW_CC : 0, ECKD_RECORD,
		       data + i * ECKD_RECORD);
}

void eckd_load(struct t_vm *vm, unsigned int slot, struct vfio_ccw_ring_sqe *sqe)
{
	uint32_t program = T_IOVA + slot * SLOT_SIZE;
	uint32_t track = slot * 37 % (ECKD_CYLINDERS * ECKD_HEADS);

	eckd_program(vm, program, ECKD_READ, track * ECKD_TRACK_RECORDS, ECKD_TRACK_RECORDS,
		     program + T_PAGE);
	t_sqe_start(sqe, T_ORB_PLAIN, program, slot);
}

void eckd_endless(struct t_vm *vm, uint32_t program, uint32_t data)
{
	struct t_ccw1 *ccws = t_at(vm, program);

	eckd_prefix(vm, ccws, program + PARAMETERS, ECKD_READ, 0, 1);
	t_ccw1(&ccws[2], ECKD_READ, T_CCW_CC, ECKD_RECORD, data);
	t_ccw1(&ccws[3], T_CMD_SENSE_ID, T_CCW_CC | T_CCW_SLI, 4, data + ECKD_RECORD - 4);
	t_ccw1(&ccws[4], T_CMD_TIC, 0, 0, program + 3 * sizeof(*ccws));
	t_ccw1(&ccws[5], T_CMD_NOP, T_CCW_SLI, 1, data);
}

void eckd_under_way(struct t_vm *vm, uint32_t data)
{
	const volatile uint32_t *word = t_at(vm, data);
	unsigned int us;

	for (us = 0; !*word && us < 5000000; us += 50)
		usleep(50);
	T_NEED(*word, "the start has read something");
}

void eckd_endless_load(struct t_vm *vm, unsigned int slot, struct vfio_ccw_ring_sqe *sqe)
{
	if (slot) {
		eckd_load(vm, slot, sqe);
		return;
	}
	memset(t_at(vm, T_IOVA + ECKD_ENDLESS), 0, ECKD_RECORD);
	eckd_endless(vm, T_IOVA, T_IOVA + ECKD_ENDLESS);
	t_sqe_start(sqe, T_ORB_PLAIN, T_IOVA, slot);
}

void eckd_endless_moment(struct t_vm *vm)
{
	eckd_under_way(vm, T_IOVA + ECKD_ENDLESS);
}
