// SPDX-License-Identifier: MIT
#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "unit.h"

struct hosted_client *client_container;
struct hosted *client_device;
struct client_ring client_ring;
uint8_t *client_memory;
uint32_t client_cq_entries;

int client_make_ring(struct client_ring *made, struct hosted *device, uint32_t entries,
		     uint32_t flags)
{
	struct vfio_ccw_ring_setup *setup = &made->setup;
	struct ccwring_ring *ring = &made->ring;
	void *sq, *cq;
	int ret;

	memset(made, 0, sizeof(*made));
	setup->sq_entries = entries;
	setup->cq_entries = client_cq_entries;
	setup->flags = flags;
	ret = hosted_feature(device, CLIENT_MAKE_RING, setup, sizeof(*setup));
	if (ret)
		return ret;
	assert_int_equal(hosted_mmap(setup->ring_fd, VFIO_CCW_RING_OFF_SQ, setup->sq_bytes, true,
				     &sq),
			 0);
	assert_int_equal(hosted_mmap(setup->ring_fd, VFIO_CCW_RING_OFF_CQ, setup->cq_bytes, false,
				     &cq),
			 0);
	ring->sq_entries = setup->sq_entries;
	ring->sq_mask = setup->sq_entries - 1;
	ring->cq_entries = setup->cq_entries;
	ring->cq_mask = setup->cq_entries - 1;
	ring->sqes = (void *)((uint8_t *)sq + setup->off_sqes);
	ring->k_sq_tail = (void *)((uint8_t *)sq + setup->off_sq_tail);
	ring->k_cq_head = (void *)((uint8_t *)sq + setup->off_cq_head);
	ring->k_sq_head = (void *)((uint8_t *)cq + setup->off_sq_head);
	ring->k_cq_tail = (void *)((uint8_t *)cq + setup->off_cq_tail);
	ring->cqes = (void *)((uint8_t *)cq + setup->off_cqes);
	made->flags = (void *)((uint8_t *)cq + setup->off_flags);
	return 0;
}

void client_open_ring(struct hosted *device, uint32_t entries, uint32_t flags)
{
	client_device = device;
	assert_int_equal(client_make_ring(&client_ring, device, entries, flags), 0);
}

static void open_memory(void)
{
	client_memory = mmap(NULL, CLIENT_BYTES, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(client_memory, MAP_FAILED);
	assert_int_equal(hosted_client_new(&client_container), 0);
	assert_int_equal(hosted_map(client_container, client_memory, CLIENT_IOVA, CLIENT_BYTES), 0);
}

void client_open(uint32_t entries, uint32_t flags)
{
	open_memory();
	assert_int_equal(hosted_nop_new(client_container, &client_device), 0);
	client_open_ring(client_device, entries, flags);
}

void client_open_with(const struct hosted_ops *ops, void *device, uint32_t entries, uint32_t flags)
{
	open_memory();
	assert_int_equal(hosted_new(client_container, ops, device, &client_device), 0);
	client_open_ring(client_device, entries, flags);
}

void client_close(void)
{
	hosted_close(client_ring.setup.ring_fd);
	hosted_free(client_device);
	hosted_client_free(client_container);
	munmap(client_memory, CLIENT_BYTES);
}

void *client_at(uint64_t iova)
{
	return client_memory + (iova - CLIENT_IOVA);
}

/* No sanitizer need tell of it. */
__attribute__((no_sanitize("thread"))) uint8_t client_peek(const void *at)
{
	return *(const volatile uint8_t *)at;
}

void client_ccw(uint64_t iova, uint8_t cmd, uint8_t flags, uint16_t count, uint32_t data)
{
	struct ccwring_ccw ccw = ccwring_ccw_make(cmd, flags, count, data);

	memcpy(client_at(iova), &ccw, sizeof(ccw));
}

static struct vfio_ccw_ring_sqe *sqe(void)
{
	struct vfio_ccw_ring_sqe *entry = ccwring_get_sqe(&client_ring.ring);

	/* No assert: compilers do not know that it ends there. */
	if (!entry)
		abort();
	memset(entry, 0, sizeof(*entry));
	return entry;
}

void client_start(uint64_t program, uint64_t user_data)
{
	struct ccwring_orb orb;

	ccwring_orb_init(&orb, program);
	ccwring_prep_start(sqe(), client_ring.setup.subchannel, &orb, user_data);
}

void client_request(uint8_t opcode, uint64_t user_data)
{
	struct vfio_ccw_ring_sqe *entry = sqe();

	entry->opcode = opcode;
	entry->subchannel = client_ring.setup.subchannel;
	entry->user_data = user_data;
}

long client_enter(uint32_t min)
{
	return client_enter_for(min, 60000000000ULL);
}

long client_enter_for(uint32_t min, uint64_t ns)
{
	struct vfio_ccw_ring_enter enter = {
		.size = sizeof(enter),
		.to_submit = ccwring_flush(&client_ring.ring),
		.min_complete = min,
		.flags = VFIO_CCW_RING_ENTER_TIMEOUT,
		.timeout_ns = ns,
	};

	return hosted_ioctl(client_ring.setup.ring_fd, VFIO_CCW_RING_ENTER, (unsigned long)&enter);
}

struct vfio_ccw_ring_cqe client_next(void)
{
	const struct vfio_ccw_ring_cqe *cqe = ccwring_cq_next(&client_ring.ring, 0);
	struct vfio_ccw_ring_cqe copy;

	if (!cqe) {
		assert_int_equal(client_enter(1), 0);
		cqe = ccwring_cq_next(&client_ring.ring, 0);
	}
	assert_non_null(cqe);
	copy = *cqe;
	ccwring_cqe_seen(&client_ring.ring, 1);
	return copy;
}
