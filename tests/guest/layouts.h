/* SPDX-License-Identifier: MIT */
/* The layouts both machines' devices can follow: 256 bytes each. */
#ifndef CCWRING_TESTS_LAYOUTS_H
#define CCWRING_TESTS_LAYOUTS_H

#include "placement.h"

#define T_FORMAT0	(T_ORB_PREFETCH | T_ORB_IDAW64 | T_ORB_LPM)
#define T_IDAW1(flags)	((flags) & ~T_ORB_IDAW64)
#define T_IDAW2K(flags) ((flags) | T_ORB_IDAW_2K)

#define T_LAYOUT_BYTES	256

static const struct t_layout t_common_layouts[] = {
	{ "format 1, within a page", T_ORB_PLAIN, T_CHAINED, T_PIECES({ 0x1000, 256 }) },
	{ "format 1, at an odd address", T_ORB_PLAIN, T_CHAINED, T_PIECES({ 0x1235, 256 }) },
	{ "format 1, over a page boundary at an odd address", T_ORB_PLAIN, T_CHAINED,
	  T_PIECES({ 0x2fff, 256 }) },
	{ "format 1, ending on a page boundary", T_ORB_PLAIN, T_CHAINED,
	  T_PIECES({ 0x2f00, 256 }) },
	{ "format 0, within a page", T_FORMAT0, T_CHAINED, T_PIECES({ 0x1000, 256 }) },
	{ "format 0, over a page boundary at an odd address", T_FORMAT0, T_CHAINED,
	  T_PIECES({ 0x2f81, 256 }) },
	{ "4K IDAWs, one", T_ORB_PLAIN, T_IDAWS, T_PIECES({ 0x3001, 256 }) },
	{ "4K IDAWs, two pages apart", T_ORB_PLAIN, T_IDAWS,
	  T_PIECES({ 0x3ffd, 3 }, { 0x7000, 253 }) },
	{ "4K IDAWs, backwards", T_ORB_PLAIN, T_IDAWS, T_PIECES({ 0x8f81, 127 }, { 0x3000, 129 }) },
	{ "4K IDAWs, one byte and the rest", T_ORB_PLAIN, T_IDAWS,
	  T_PIECES({ 0x4fff, 1 }, { 0x2000, 255 }) },
	{ "4K IDAWs, all but one byte", T_ORB_PLAIN, T_IDAWS,
	  T_PIECES({ 0x4f01, 255 }, { 0x2000, 1 }) },
	{ "4K IDAWs in format 0", T_FORMAT0, T_IDAWS, T_PIECES({ 0x5ffb, 5 }, { 0xa000, 251 }) },
	{ "64-bit 2K IDAWs, one", T_IDAW2K(T_ORB_PLAIN), T_IDAWS, T_PIECES({ 0x3801, 256 }) },
	{ "64-bit 2K IDAWs, within a page", T_IDAW2K(T_ORB_PLAIN), T_IDAWS,
	  T_PIECES({ 0x37fd, 3 }, { 0x3000, 253 }) },
	{ "64-bit 2K IDAWs, upper halves", T_IDAW2K(T_ORB_PLAIN), T_IDAWS,
	  T_PIECES({ 0x6fff, 1 }, { 0x9800, 255 }) },
	{ "64-bit 2K IDAWs in format 0", T_IDAW2K(T_FORMAT0), T_IDAWS,
	  T_PIECES({ 0x57ff, 1 }, { 0x4800, 255 }) },
	{ "32-bit IDAWs, one", T_IDAW1(T_ORB_PLAIN), T_IDAWS, T_PIECES({ 0x3003, 256 }) },
	{ "32-bit IDAWs, within a page", T_IDAW1(T_ORB_PLAIN), T_IDAWS,
	  T_PIECES({ 0x3ffe, 2 }, { 0x3000, 254 }) },
	{ "32-bit IDAWs, upper halves", T_IDAW1(T_ORB_PLAIN), T_IDAWS,
	  T_PIECES({ 0x7f9d, 99 }, { 0x1800, 157 }) },
	{ "32-bit IDAWs in format 0", T_IDAW1(T_FORMAT0), T_IDAWS,
	  T_PIECES({ 0x57ff, 1 }, { 0x2000, 255 }) },
};

#endif
