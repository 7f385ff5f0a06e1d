// SPDX-License-Identifier: MIT
/* The two areas: what may be mapped, how, and that nothing else may. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"

static void refuse(int fd, size_t size, int prot, uint64_t offset, const char *what)
{
	void *area = mmap(NULL, size, prot, MAP_SHARED, fd, offset);

	T_CHECK(area == MAP_FAILED, "%s cannot be mapped", what);
	if (area != MAP_FAILED)
		munmap(area, size);
}

static void refuse_mappings(const struct t_ring *ring)
{
	const int rw = PROT_READ | PROT_WRITE;
	size_t sq = ring->setup.sq_bytes, cq = ring->setup.cq_bytes;
	int fd = ring->fd;

	refuse(fd, cq, rw, VFIO_CCW_RING_OFF_CQ, "a writable CQ area");
	refuse(fd, cq, PROT_WRITE, VFIO_CCW_RING_OFF_CQ, "a write-only CQ area");
	refuse(fd, cq + 16 * T_PAGE, PROT_READ, VFIO_CCW_RING_OFF_CQ, "more than the CQ area");
	refuse(fd, sq + 16 * T_PAGE, rw, VFIO_CCW_RING_OFF_SQ, "more than the SQ area");
	refuse(fd, T_PAGE, PROT_READ, VFIO_CCW_RING_OFF_SQ + (1UL << 20),
	       "what lies behind the SQ area");
	refuse(fd, T_PAGE, PROT_READ, VFIO_CCW_RING_OFF_CQ + (1UL << 20),
	       "what lies behind the CQ area");
	refuse(fd, T_PAGE, PROT_READ, VFIO_CCW_RING_OFF_CQ - T_PAGE,
	       "what lies before the CQ area");
	refuse(fd, T_PAGE, PROT_READ, 1UL << 40, "an offset far away");
	refuse(fd, 1UL << 30, PROT_READ, VFIO_CCW_RING_OFF_SQ, "everything at once");
}

static void refuse_changes(const struct t_ring *ring)
{
	T_CHECK(mprotect((void *)ring->cq, ring->setup.cq_bytes, PROT_READ | PROT_WRITE) &&
			errno == EACCES,
		"the CQ area cannot be made writable");
	T_CHECK(mremap((void *)ring->cq, ring->setup.cq_bytes, ring->setup.cq_bytes + 16 * T_PAGE,
		       MREMAP_MAYMOVE) == MAP_FAILED,
		"the CQ area cannot be grown");
	T_CHECK(mremap(ring->sq, ring->setup.sq_bytes, ring->setup.sq_bytes + 16 * T_PAGE,
		       MREMAP_MAYMOVE) == MAP_FAILED,
		"the SQ area cannot be grown");
}

/* Ring memory must outlive the ring for who still has it mapped. */
static void use_after_close(struct t_vm *vm)
{
	volatile uint8_t *sq;
	struct t_ring ring;
	uint32_t sum = 0;
	unsigned int i;

	t_ring_open(&ring, vm->devices[0].fd, 32);
	t_good_start(vm, &ring, "the ring was opened");
	close(ring.fd);
	sq = ring.sq;
	for (i = 0; i < ring.setup.sq_bytes; i++)
		sq[i] = 0xff;
	for (i = 0; i < ring.setup.cq_bytes; i++)
		sum += ring.cq[i];
	T_CHECK(sum, "the areas can be used after the ring is closed");
	t_ring_unmap(&ring);
}

int main(void)
{
	struct t_ring ring;
	struct t_vm vm;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 32);
	refuse_mappings(&ring);
	refuse_changes(&ring);
	t_good_start(&vm, &ring, "refused mappings");
	t_ring_close(&ring);
	use_after_close(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 32);
	t_good_start(&vm, &ring, "a ring was closed while mapped");
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
