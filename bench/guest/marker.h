/* SPDX-License-Identifier: MIT */
/* The two instructions the instruction counter looks for. */
#ifndef CCWRING_BENCH_MARKER_H
#define CCWRING_BENCH_MARKER_H

static inline void marker_begin(void)
{
#ifdef __s390x__
	__asm__ volatile("nop 0x7e0" : : : "memory");
#endif
}

static inline void marker_end(void)
{
#ifdef __s390x__
	__asm__ volatile("nop 0x7e1" : : : "memory");
#endif
}

#endif
