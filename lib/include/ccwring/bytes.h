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

#include <endian.h>
#include <stdint.h>

static inline uint16_t ccwring_get_be16(const void *p)
{
	uint16_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

static inline uint32_t ccwring_get_be32(const void *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline uint64_t ccwring_get_be64(const void *p)
{
	uint64_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

static inline void ccwring_put_be16(void *p, uint16_t v)
{
	v = htobe16(v);
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void ccwring_put_be32(void *p, uint32_t v)
{
	v = htobe32(v);
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void ccwring_put_be64(void *p, uint64_t v)
{
	v = htobe64(v);
	__builtin_memcpy(p, &v, sizeof(v));
}

#endif
