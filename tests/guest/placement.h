/* SPDX-License-Identifier: MIT */
/*
 * Where data land: a layout says where each piece of what one command
 * transfers belongs, by data chaining or by IDAWs; everything around the pieces
 * must stay as it was.
 */
#ifndef CCWRING_TESTS_PLACEMENT_H
#define CCWRING_TESTS_PLACEMENT_H

#include "common.h"

#define T_MAX_PIECES 12
#define T_WINDOW     0x20000UL

enum t_method {
	T_CHAINED, /* one CCW a piece, data chaining */
	T_IDAWS, /* one CCW, one IDAW a piece */
};

/**
 * struct t_piece - a run of bytes
 * @at: offset in the window
 * @count: bytes; with T_IDAWS as many as fill the block, but for the last
 * @skip: the bytes are transferred nowhere (T_CHAINED only)
 */
struct t_piece {
	uint32_t at;
	uint16_t count;
	bool skip;
};

/**
 * struct t_layout - how one command's data are spread
 * @name: for the report
 * @orb_flags: T_ORB_*; formats of CCWs and IDAWs
 * @method: data chaining or IDAWs
 * @pieces: in the order of the data
 * @nr_pieces: 1..T_MAX_PIECES
 */
struct t_layout {
	const char *name;
	uint32_t orb_flags;
	enum t_method method;
	struct t_piece pieces[T_MAX_PIECES];
	int nr_pieces;
};

#define T_PIECES(...)              \
	.pieces = { __VA_ARGS__ }, \
	.nr_pieces = sizeof((struct t_piece[]){ __VA_ARGS__ }) / sizeof(struct t_piece)

/**
 * struct t_command - what brings the data
 * @prefix: CCWs to come first, each with command chaining
 * @nr_prefix: how many
 * @code: command code
 * @flags: CCW flags of all CCWs of the command
 */
struct t_command {
	const struct t_ccw1 *prefix;
	int nr_prefix;
	uint8_t code;
	uint8_t flags;
};

/* IOVA of the window the pieces lie in. */
#define T_WINDOW_IOVA (T_IOVA + 0x100000)

/* Builds the program of a layout at an IOVA: its list follows one page on. */
void t_layout_build(struct t_vm *vm, uint32_t program, const struct t_command *command,
		    const struct t_layout *layout);
uint32_t t_layout_bytes(const struct t_layout *layout);

/*
 * Runs it and compares the window with where @data belong.  Without @data only
 * whether each byte of the pieces is written and no other is: QEMU 7.2 puts the
 * beginning of the data into each block of an IDAW list.
 */
void t_layout_run(struct t_vm *vm, struct t_ring *ring, const struct t_command *command,
		  const struct t_layout *layout, const uint8_t *data);

#endif
