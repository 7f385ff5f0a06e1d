/* SPDX-License-Identifier: MIT */
/*
 * ccwring/bytes.h - big-endian fields of the architecture's blocks
 *
 * ORB, CCW, IDAW, SCSW and IRB are byte images, big endian on every machine.
 * They are read and written with these helpers and masks, never with
 * bitfields, so that the same code runs (and is tested) on any byte order.
 * On s390x each helper is one load or store.
 */
#ifndef _CCWRING_BYTES_H
#define _CCWRING_BYTES_H

#include <stdint.h>

/* Between host and big-endian order; the same both ways. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define CCWRING_BE16(v) ((uint16_t)(v))
#define CCWRING_BE32(v) ((uint32_t)(v))
#define CCWRING_BE64(v) ((uint64_t)(v))
#else
#define CCWRING_BE16(v) __builtin_bswap16(v)
#define CCWRING_BE32(v) __builtin_bswap32(v)
#define CCWRING_BE64(v) __builtin_bswap64(v)
#endif

static inline uint16_t ccwring_get_be16(const void *p)
{
	uint16_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return CCWRING_BE16(v);
}

static inline uint32_t ccwring_get_be32(const void *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return CCWRING_BE32(v);
}

static inline uint64_t ccwring_get_be64(const void *p)
{
	uint64_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return CCWRING_BE64(v);
}

static inline void ccwring_put_be16(void *p, uint16_t v)
{
	v = CCWRING_BE16(v);
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void ccwring_put_be32(void *p, uint32_t v)
{
	v = CCWRING_BE32(v);
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void ccwring_put_be64(void *p, uint64_t v)
{
	v = CCWRING_BE64(v);
	__builtin_memcpy(p, &v, sizeof(v));
}

#endif
