// SPDX-License-Identifier: MIT
/*
 * The storage key of an ORB, on a channel that looks at it.  A client's pages have key 0
 * and are not fetch-protected: with another key they can be read, and not written.  The
 * same is true of the driver's pages, which the channel only reads.
 */
#include <string.h>

#include "bad.h"
#include "eckd.h"
#include "region.h"

#define KEY		  0x10000000U
#define T_CSTAT_PROTECTED 0x10

static struct t_vm vm;
static struct t_ring ring;
static struct t_region region;
static bool by_region;

static void start(uint32_t flags, uint8_t *irb)
{
	struct vfio_ccw_ring_cqe cqe = { 0 };
	struct vfio_ccw_ring_sqe sqe;

	t_sqe_start(&sqe, flags, T_PROGRAM, 1);
	if (by_region) {
		T_NEED(!t_region_start(&region, sqe.orb) && !t_region_wait(&region, irb, 5000),
		       "a start through the region ends");
		return;
	}
	sqe.flags = VFIO_CCW_RING_SQE_RECOVER;
	T_NEED(!t_ring_do(&ring, &sqe, &cqe) && !cqe.res, "a start ends (%d)", cqe.res);
	memcpy(irb, cqe.irb, VFIO_CCW_RING_IRB_SIZE);
}

/* Reads parameters and nothing else. */
static void fetches(uint32_t flags, const char *what)
{
	uint8_t irb[VFIO_CCW_RING_IRB_SIZE];
	struct t_ccw1 *ccws = t_at(&vm, T_PROGRAM);

	eckd_prefix(&vm, ccws, T_DATA, ECKD_READ, 0, 1);
	t_ccw1(&ccws[1], T_CMD_NOP, T_CCW_SLI, 1, T_DATA);
	start(flags, irb);
	T_CHECK(t_irb_good(irb), "%s: a program is fetched, and what it writes", what);
}

static void stores(uint32_t flags, uint8_t ccw_flags, uint32_t to, bool may, const char *what)
{
	uint8_t irb[VFIO_CCW_RING_IRB_SIZE], *id = t_at(&vm, T_DATA);

	memset(id, 0x5a, 8);
	t_ccw1(t_at(&vm, T_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI | ccw_flags, 7, to);
	start(flags, irb);
	if (may) {
		T_CHECK(t_irb_good(irb) && id[0] == 0xff, "%s: what it reads is stored", what);
		return;
	}
	T_CHECK(t_irb_cstat(irb) & T_CSTAT_PROTECTED && id[0] == 0x5a,
		"%s: what it reads is not stored, subchannel status %#x", what, t_irb_cstat(irb));
}

static void keys(const char *what)
{
	const uint64_t idaw = T_DATA;

	memcpy(t_at(&vm, T_LIST), &idaw, sizeof(idaw));
	fetches(T_ORB_PLAIN, what);
	stores(T_ORB_PLAIN, 0, T_DATA, true, what);
	fetches(T_ORB_PLAIN | KEY, "with a key");
	stores(T_ORB_PLAIN | KEY, 0, T_DATA, false, "with a key");
	stores(T_ORB_PLAIN | KEY, T_CCW_IDA, T_LIST, false, "with a key, by IDAWs");
	stores(T_ORB_PLAIN, T_CCW_IDA, T_LIST, true, "without one again");
}

int main(void)
{
	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 8);
	keys("through a ring");
	t_ring_close(&ring);
	by_region = true;
	t_region_open(&region, vm.devices[0].fd);
	keys("through the region");
	t_region_close(&region);
	t_vm_close(&vm);
	return tap_done();
}
