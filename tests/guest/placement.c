// SPDX-License-Identifier: MIT
#include "placement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM (T_IOVA + 0x80000)
#define GUARD	0xa5
#define WRITTEN 0x5a

static void put_ccw(struct t_vm *vm, uint32_t at, uint32_t orb_flags, const struct t_ccw1 *ccw)
{
	if (orb_flags & T_ORB_FORMAT1)
		memcpy(t_at(vm, at), ccw, sizeof(*ccw));
	else
		t_ccw0(t_at(vm, at), ccw->command, ccw->flags, ccw->count, ccw->address);
}

static void put_idaw(struct t_vm *vm, uint32_t list, uint32_t orb_flags, int index,
		     uint64_t address)
{
	uint32_t word = address;

	if (orb_flags & T_ORB_IDAW64)
		memcpy(t_at(vm, list + index * 8), &address, 8);
	else
		memcpy(t_at(vm, list + index * 4), &word, 4);
}

static void build_chained(struct t_vm *vm, uint32_t at, const struct t_command *command,
			  const struct t_layout *layout)
{
	const struct t_piece *piece;
	struct t_ccw1 ccw;
	int i;

	for (i = 0; i < layout->nr_pieces; i++, at += 8) {
		piece = &layout->pieces[i];
		t_ccw1(&ccw, command->code, command->flags, piece->count,
		       T_WINDOW_IOVA + piece->at);
		if (i < layout->nr_pieces - 1)
			ccw.flags |= T_CCW_CD;
		if (piece->skip)
			ccw.flags |= T_CCW_SKIP;
		put_ccw(vm, at, layout->orb_flags, &ccw);
	}
}

static void build_idaws(struct t_vm *vm, uint32_t at, uint32_t list,
			const struct t_command *command, const struct t_layout *layout)
{
	struct t_ccw1 ccw;
	int i;

	t_ccw1(&ccw, command->code, command->flags | T_CCW_IDA, t_layout_bytes(layout), list);
	put_ccw(vm, at, layout->orb_flags, &ccw);
	for (i = 0; i < layout->nr_pieces; i++)
		put_idaw(vm, list, layout->orb_flags, i, T_WINDOW_IOVA + layout->pieces[i].at);
}

void t_layout_build(struct t_vm *vm, uint32_t program, const struct t_command *command,
		    const struct t_layout *layout)
{
	uint32_t at = program;
	int i;

	for (i = 0; i < command->nr_prefix; i++, at += 8)
		put_ccw(vm, at, layout->orb_flags, &command->prefix[i]);
	if (layout->method == T_CHAINED)
		build_chained(vm, at, command, layout);
	else
		build_idaws(vm, at, program + T_PAGE, command, layout);
}

uint32_t t_layout_bytes(const struct t_layout *layout)
{
	uint32_t bytes = 0;
	int i;

	for (i = 0; i < layout->nr_pieces; i++)
		bytes += layout->pieces[i].count;
	return bytes;
}

static void spread(const struct t_layout *layout, const uint8_t *data, uint8_t *window)
{
	int i;

	memset(window, GUARD, T_WINDOW);
	for (i = 0; i < layout->nr_pieces; i++) {
		const struct t_piece *piece = &layout->pieces[i];

		if (!piece->skip && data)
			memcpy(window + piece->at, data, piece->count);
		else if (!piece->skip)
			memset(window + piece->at, WRITTEN, piece->count);
		if (data)
			data += piece->count;
	}
}

/* What is no longer guard was written: the devices send none of its bytes. */
static void forget_content(uint8_t *window)
{
	uint32_t i;

	for (i = 0; i < T_WINDOW; i++)
		window[i] = window[i] == GUARD ? GUARD : WRITTEN;
}

static void compare(const struct t_layout *layout, const uint8_t *got, const uint8_t *want)
{
	uint32_t i, wrong = 0, first = 0;

	for (i = 0; i < T_WINDOW; i++) {
		if (got[i] != want[i] && !wrong++)
			first = i;
	}
	T_EQUAL(wrong, 0, "%s: each byte in its place, no other touched", layout->name);
	if (wrong)
		printf("# first at %#x: got %#x, want %#x\n", first, got[first], want[first]);
}

void t_layout_run(struct t_vm *vm, struct t_ring *ring, const struct t_command *command,
		  const struct t_layout *layout, const uint8_t *data)
{
	uint8_t *window = t_at(vm, T_WINDOW_IOVA), *want = malloc(T_WINDOW);
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe = { 0 };
	int ret;

	T_NEED(want, "memory");
	memset(window, GUARD, T_WINDOW);
	spread(layout, data, want);
	t_layout_build(vm, PROGRAM, command, layout);
	t_sqe_start(&sqe, layout->orb_flags, PROGRAM, 1);
	ret = t_ring_do(ring, &sqe, &cqe);
	T_CHECK(!ret && !cqe.res && t_irb_good(cqe.irb),
		"%s: good status (wait %d, res %d, reason %u, dstat %#x, cstat %#x)", layout->name,
		ret, cqe.res, cqe.reason, t_irb_dstat(cqe.irb), t_irb_cstat(cqe.irb));
	if (!data)
		forget_content(window);
	compare(layout, window, want);
	free(want);
}
