// SPDX-License-Identifier: MIT
/*
 * The bytes of SENSE ID go where CCW and IDAWs say.  The device answers a short
 * count with that many bytes, so that a layout is cut off at its end exactly.
 * That each byte is the right one is seen where a page holds all of them; on a
 * disk it is seen everywhere.
 */
#include <stdio.h>
#include <string.h>

#include "layouts.h"

static const struct t_command sense_id = {
	.code = T_CMD_SENSE_ID,
	.flags = T_CCW_SLI,
};

/* The reference comes through the plainest program there is. */
static void read_reference(struct t_vm *vm, struct t_ring *ring, uint8_t *reference)
{
	const uint32_t program = T_IOVA;
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe = { 0 };

	memset(t_at(vm, program + T_PAGE), 0xee, T_LAYOUT_BYTES);
	t_ccw1(t_at(vm, program), T_CMD_SENSE_ID, T_CCW_SLI, T_LAYOUT_BYTES, program + T_PAGE);
	t_sqe_start(&sqe, T_ORB_PLAIN, program, 1);
	T_EQUAL(t_ring_do(ring, &sqe, &cqe), 0, "SENSE ID ends");
	T_CHECK(!cqe.res && t_irb_good(cqe.irb), "... with good status");
	T_EQUAL(t_irb_cpa(cqe.irb), program + 8, "... and a channel-program address of ours");
	memcpy(reference, t_at(vm, program + T_PAGE), T_LAYOUT_BYTES);
	T_CHECK(reference[0] == 0xff && (reference[1] | reference[2]),
		"... and an identity (%02x %02x%02x)", reference[0], reference[1], reference[2]);
}

static void cut_short(struct t_vm *vm, struct t_ring *ring, const uint8_t *reference)
{
	const uint32_t within = 0x1003, across = 0x1ffd;
	struct t_layout layout = {
		.orb_flags = T_ORB_PLAIN,
		.method = T_CHAINED,
		.nr_pieces = 1,
	};
	uint16_t count;
	char name[32];

	for (count = 4; count <= 12; count++) {
		snprintf(name, sizeof(name), "%u bytes and no more", count);
		layout.name = name;
		layout.pieces[0] = (struct t_piece){ within, count };
		t_layout_run(vm, ring, &sense_id, &layout, reference);
		layout.pieces[0].at = across;
		t_layout_run(vm, ring, &sense_id, &layout, NULL);
	}
}

/* A TIC within the program leads on to what it points to. */
static void through_tics(struct t_vm *vm, struct t_ring *ring, const uint8_t *reference)
{
	const uint32_t program = T_IOVA + 0x10000, data = T_IOVA + 0x21f03;
	struct t_ccw1 *ccw = t_at(vm, program);
	struct t_ccw1 *far = t_at(vm, program + 0x7ff8);
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe = { 0 };
	uint8_t *got = t_at(vm, data);

	memset(t_at(vm, data - 16), 0x5a, 48);
	t_ccw1(&ccw[0], T_CMD_NOP, T_CCW_SLI | T_CCW_CC, 1, data);
	t_ccw1(&ccw[1], T_CMD_TIC, 0, 0, program + 0x7ff8);
	t_ccw1(&far[0], T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_CC, 7, data);
	t_ccw1(&far[1], T_CMD_TIC, 0, 0, program + 32);
	t_ccw1(&ccw[4], T_CMD_SENSE_ID, T_CCW_SLI, 4, data + 10);
	t_sqe_start(&sqe, T_ORB_PLAIN, program, 1);
	T_EQUAL(t_ring_do(ring, &sqe, &cqe), 0, "a program with TICs ends");
	T_CHECK(!cqe.res && t_irb_good(cqe.irb), "... with good status (res %d, reason %u)",
		cqe.res, cqe.reason);
	T_EQUAL(t_irb_cpa(cqe.irb), program + 40, "... where it ended");
	T_CHECK(!memcmp(got, reference, 7) && !memcmp(got + 10, reference, 4),
		"... its data in place");
	T_CHECK(got[-1] == 0x5a && got[7] == 0x5a && got[9] == 0x5a && got[14] == 0x5a,
		"... and nothing else");
}

/* All in one page, so that the device is not given an IDAW list. */
static bool in_one_page(const struct t_layout *layout)
{
	const struct t_piece *piece = &layout->pieces[0];

	return layout->nr_pieces == 1 && piece->at % T_PAGE + piece->count <= T_PAGE;
}

int main(void)
{
	uint8_t reference[T_LAYOUT_BYTES];
	struct t_ring ring;
	struct t_vm vm;
	unsigned int i;

	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, 8);
	read_reference(&vm, &ring, reference);
	for (i = 0; i < sizeof(t_common_layouts) / sizeof(*t_common_layouts); i++)
		t_layout_run(&vm, &ring, &sense_id, &t_common_layouts[i],
			     in_one_page(&t_common_layouts[i]) ? reference : NULL);
	cut_short(&vm, &ring, reference);
	through_tics(&vm, &ring, reference);
	t_good_start(&vm, &ring, "all that");
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
