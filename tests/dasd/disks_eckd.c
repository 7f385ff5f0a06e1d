// SPDX-License-Identifier: MIT
/*
 * disks_eckd FILE: several disks on one ring, all with the content of the file.  None
 * is served before the others, one whose program has no end holds nobody up, and one
 * leaves and comes back meanwhile.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "eckd.h"

#define DISKS	   3
#define PER	   8 /* reads under way on each */
#define READS	   900
/* A page for the program of each slot, and one for its data. */
#define SLOT(n)	   (T_IOVA + 0x100000UL + 2 * (n)*T_PAGE)
#define ENDLESS	   T_IOVA
#define DATA	   (T_IOVA + ECKD_ENDLESS)
#define ENDLESS_ID 0xe0d1e55

static struct t_vm vm;
static struct t_ring ring;
static const uint8_t *blocks;
static int index_of[DISKS];

static unsigned int done[DISKS];
static unsigned int wrong;

/* Slots take turns on the disks; what is read is told by the user data. */
static void add_read(unsigned int slot)
{
	struct vfio_ccw_ring_sqe *sqe = t_ring_sqe(&ring);
	uint32_t block = random() % ECKD_BLOCKS;

	memset(t_at(&vm, SLOT(slot) + T_PAGE), 0, ECKD_RECORD);
	eckd_program(&vm, SLOT(slot), ECKD_READ, block, 1, SLOT(slot) + T_PAGE);
	t_sqe_start(sqe, T_ORB_PLAIN, SLOT(slot), (uint64_t)block << 32 | slot);
	sqe->subchannel = index_of[slot % DISKS];
}

static void ended(const struct vfio_ccw_ring_cqe *cqe)
{
	unsigned int slot = (uint32_t)cqe->user_data, disk = slot % DISKS;
	const uint8_t *block = blocks + (cqe->user_data >> 32) * ECKD_RECORD;

	done[disk]++;
	wrong += cqe->res || !t_irb_good(cqe->irb) || cqe->subchannel != index_of[disk] ||
		 memcmp(t_at(&vm, SLOT(slot) + T_PAGE), block, ECKD_RECORD);
}

/* Reads of the disks from @first on, until so many have ended. */
static void reads(int first, unsigned int total)
{
	unsigned int issued = 0, reaped = 0, slot, pending = 0;
	struct vfio_ccw_ring_cqe cqe;

	memset(done, 0, sizeof(done));
	wrong = 0;
	for (slot = 0; slot < PER * DISKS; slot++) {
		if ((int)(slot % DISKS) < first)
			continue;
		add_read(slot);
		issued++;
		pending++;
	}
	while (reaped < total) {
		T_NEED(t_ring_enter(&ring, pending, 1) == (int)pending, "reads go on");
		for (pending = 0; t_ring_reap(&ring, &cqe);) {
			ended(&cqe);
			reaped++;
			if (issued == total)
				continue;
			add_read((uint32_t)cqe.user_data);
			issued++;
			pending++;
		}
	}
}

/*
 * One disk after the other: Hercules 3.13 makes its cache of tracks with the first read,
 * and dies now and then if there are several at the same time.
 */
static void first_reads(void)
{
	struct vfio_ccw_ring_cqe cqe;
	int i;

	for (i = 0; i < DISKS; i++) {
		add_read(i);
		T_NEED(t_ring_enter(&ring, 1, 1) == 1 && t_ring_reap(&ring, &cqe), "a read");
		ended(&cqe);
	}
	T_EQUAL(wrong, 0, "a read of each disk");
}

static void all_alike(void)
{
	int i;

	reads(0, READS);
	T_EQUAL(wrong, 0, "%d reads of %d disks, all right", READS, DISKS);
	for (i = 0; i < DISKS; i++)
		T_CHECK(done[i] > READS / DISKS / 2 && done[i] < READS / DISKS * 2,
			"... %u of them of disk %d", done[i], i);
}

static void start_endless(void)
{
	struct vfio_ccw_ring_sqe *sqe = t_ring_sqe(&ring);

	memset(t_at(&vm, DATA), 0, ECKD_RECORD);
	eckd_endless(&vm, ENDLESS, DATA);
	t_sqe_start(sqe, T_ORB_PLAIN, ENDLESS, ENDLESS_ID);
	sqe->subchannel = index_of[0];
	T_EQUAL(t_ring_enter(&ring, 1, 0), 1, "a start without end on the first disk");
	eckd_under_way(&vm, DATA);
}

static void next_is_the_endless(int res, int reason, const char *why)
{
	struct vfio_ccw_ring_cqe cqe = { 0 };

	T_EQUAL(t_ring_next(&ring, &cqe), 0, "%s ends it", why);
	T_CHECK(cqe.user_data == ENDLESS_ID && cqe.res == res && cqe.reason == reason,
		"... (%d, reason %u)", cqe.res, cqe.reason);
}

static void one_never_ends(void)
{
	struct vfio_ccw_ring_sqe *sqe;
	struct vfio_ccw_ring_cqe cqe;

	start_endless();
	reads(1, READS / 2);
	T_EQUAL(wrong, 0, "%d reads of the others, all right", READS / 2);
	sqe = t_ring_sqe(&ring);
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = VFIO_CCW_RING_OP_CLEAR;
	sqe->subchannel = index_of[0];
	T_EQUAL(t_ring_enter(&ring, 1, 0), 1, "a clear");
	next_is_the_endless(0, 0, "a clear");
	T_CHECK(!t_ring_next(&ring, &cqe) && !cqe.res, "... and is done");
}

static void one_leaves(void)
{
	start_endless();
	T_EQUAL(t_ring_detach(vm.devices[0].fd), index_of[0], "the first disk leaves");
	next_is_the_endless(-ECANCELED, VFIO_CCW_RING_R_CLOSED, "that");
	reads(1, READS / 2);
	T_EQUAL(wrong, 0, "%d reads of the others, all right", READS / 2);
	T_EQUAL(t_ring_attach(&ring, vm.devices[0].fd), index_of[0], "it comes back");
	all_alike();
}

int main(int argc, char **argv)
{
	int i;

	T_NEED(argc == 2, "the disks' content");
	blocks = disk_expected(argv[1]);
	t_vm_open(&vm);
	T_EQUAL(vm.nr_devices, DISKS, "disks");
	t_ring_open(&ring, vm.devices[0].fd, 2 * PER * DISKS);
	index_of[0] = ring.setup.subchannel;
	for (i = 1; i < DISKS; i++)
		index_of[i] = t_ring_attach(&ring, vm.devices[i].fd);
	first_reads();
	all_alike();
	one_never_ends();
	one_leaves();
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
