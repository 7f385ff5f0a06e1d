/* SPDX-License-Identifier: MIT */
/* The instructions the TCG plugins look for, see bench/insn. */
#ifndef CCWRING_BENCH_MARKER_H
#define CCWRING_BENCH_MARKER_H

#ifdef __s390x__
#define MARKER(n) __asm__ volatile("nop " #n : : : "memory")
#else
#define MARKER(n) __asm__ volatile("" : : : "memory")
#endif

static inline void marker_begin(void)
{
	MARKER(0x7e0);
}

static inline void marker_end(void)
{
	MARKER(0x7e1);
}

/* From here on this program is followed. */
static inline void marker_track(void)
{
	MARKER(0x7ef);
}

#endif
