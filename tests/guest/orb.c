// SPDX-License-Identifier: MIT
/*
 * Each start has the ORB that its own SQE says, whatever the one before it had: a
 * request is used again and again, and clients' ORBs are mostly alike.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "bad.h"

/* More than the ring has requests. */
#define ALL_REQUESTS 32
#define BIT_31	     0x80000000U

static struct t_vm vm;
static struct t_ring ring;

static int start(uint32_t flags, uint32_t program)
{
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe = { 0 };
	int ret;

	t_sqe_start(&sqe, flags, program, 1);
	ret = t_ring_do(&ring, &sqe, &cqe);
	if (ret || cqe.res)
		return ret ? ret : cqe.res;
	return t_irb_good(cqe.irb) ? 0 : -EIO;
}

/* Every request has had a plain program. */
static void plain_ones(void)
{
	int i, good = 0;

	t_ccw1(t_at(&vm, T_PROGRAM), T_CMD_NOP, T_CCW_SLI, 1, T_DATA);
	for (i = 0; i < ALL_REQUESTS; i++)
		good += !start(T_ORB_PLAIN, T_PROGRAM);
	T_EQUAL(good, ALL_REQUESTS, "%d plain programs", ALL_REQUESTS);
}

static void refused(uint32_t program, const char *what)
{
	static const struct t_refusal bad_address = { -EINVAL, VFIO_CCW_RING_R_ORB_CPA, T_NONE, 0 };
	struct vfio_ccw_ring_sqe sqe;

	t_sqe_start(&sqe, T_ORB_PLAIN, program, 1);
	t_refused(&vm, &ring, &sqe, &bad_address, what);
}

/* Where they point there is a good program. */
static void misaligned(void)
{
	char what[64];
	uint32_t by;

	for (by = 1; by <= 4; by *= 2) {
		plain_ones();
		t_ccw1(t_at(&vm, T_PROGRAM + by), T_CMD_NOP, T_CCW_SLI, 1, T_DATA);
		snprintf(what, sizeof(what), "the same with an address %u bytes on", by);
		refused(T_PROGRAM + by, what);
	}
}

/* A page beyond what an ORB can address is pinned, because data lie there. */
static void over_31_bits(void)
{
	void *page = mmap(NULL, T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint64_t idaw = BIT_31 | T_PROGRAM;

	T_NEED(page != MAP_FAILED && !t_map(&vm, page, T_PAGE, idaw, 3), "a page over 2 GiB");
	memcpy(t_at(&vm, T_LIST), &idaw, sizeof(idaw));
	t_ccw1(t_at(&vm, T_DATA), T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_IDA, 8, T_LIST);
	T_EQUAL(start(T_ORB_PLAIN, T_DATA), 0, "data go to it");
	t_ccw1(page, T_CMD_NOP, T_CCW_SLI, 1, T_DATA);
	plain_ones();
	refused(idaw, "the same with an address of 32 bits");
	T_EQUAL(t_unmap(&vm, idaw, T_PAGE), 0, "the page is unmapped");
	munmap(page, T_PAGE);
}

/* Data that fill half a page and go on in the next one. */
static void spread(uint32_t flags, const char *after)
{
	const uint32_t from = T_DATA + T_PAGE / 2 - 4;
	uint8_t *at = t_at(&vm, from);
	unsigned int i, in_place = 0;

	t_ccw1(t_at(&vm, T_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI, T_PAGE / 2 + 8, from);
	memset(at, 0x5a, 8);
	memset(t_at(&vm, T_DATA + T_PAGE), 0x5a, 8);
	T_EQUAL(start(flags, T_PROGRAM), 0, "a program whose data cross a page, after %s", after);
	/* No byte of the device's identity is that. */
	for (i = 0; i < 7; i++)
		in_place += at[i] != 0x5a;
	T_EQUAL(in_place, 7, "... which are in their place");
}

/*
 * The driver's own IDAWs are of 4 KiB: an ORB for the client's of 2 KiB is none for
 * those, and the other way round.
 */
static void idaws_of_2k(void)
{
	const uint64_t idaw = T_DATA;
	int i, good = 0;

	plain_ones();
	memcpy(t_at(&vm, T_LIST), &idaw, sizeof(idaw));
	t_ccw1(t_at(&vm, T_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_IDA, 8, T_LIST);
	for (i = 0; i < ALL_REQUESTS; i++)
		good += !start(T_ORB_PLAIN | T_ORB_IDAW_2K, T_PROGRAM);
	T_EQUAL(good, ALL_REQUESTS, "%d programs with IDAWs of 2 KiB", ALL_REQUESTS);
	for (i = 0; i < ALL_REQUESTS; i++)
		spread(T_ORB_PLAIN | T_ORB_IDAW_2K, "them");
}

int main(void)
{
	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 8);
	spread(T_ORB_PLAIN, "nothing");
	misaligned();
	over_31_bits();
	idaws_of_2k();
	t_good_start(&vm, &ring, "all that");
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
