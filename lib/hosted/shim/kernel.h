/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernel.h - the kernel's everyday words, for the driver core outside of a kernel
 *
 * The files of kernel/ that make up the core are compiled as they are, against the
 * headers of this folder.  Names and meanings are the kernel's; what is not used is
 * not here.
 */
#ifndef SHIM_KERNEL_H
#define SHIM_KERNEL_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
typedef int64_t ktime_t;
typedef unsigned int __poll_t;

#include <linux/types.h>

#define __user
#define __force
#define __iomem
#define __init
#define __exit
#define __packed __attribute__((packed))
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#undef noinline
#define noinline    __attribute__((noinline))
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define U16_MAX	    UINT16_MAX
#define U64_MAX	    UINT64_MAX
#define SZ_64K	    0x10000
#define SZ_2G	    0x80000000UL

/* Byte order */

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define CONFIG_CPU_BIG_ENDIAN 1
#define be16_to_cpu(x)	      ((u16)(x))
#define be32_to_cpu(x)	      ((u32)(x))
#define be64_to_cpu(x)	      ((u64)(x))
#else
#define CONFIG_CPU_BIG_ENDIAN 0
#define be16_to_cpu(x)	      __builtin_bswap16(x)
#define be32_to_cpu(x)	      __builtin_bswap32(x)
#define be64_to_cpu(x)	      __builtin_bswap64(x)
#endif
#define cpu_to_be16 be16_to_cpu
#define cpu_to_be32 be32_to_cpu
#define cpu_to_be64 be64_to_cpu

static inline void cpu_to_be32_array(__be32 *to, const u32 *from, size_t n)
{
	while (n--)
		*to++ = cpu_to_be32(*from++);
}

/* Configuration */

#define CONFIG_IOMMUFD	   0
#define CONFIG_IO_URING	   0
#define IS_ENABLED(option) (option)

/* Arithmetic */

#define ARRAY_SIZE(a)	   (sizeof(a) / sizeof((a)[0]))

#define min(a, b)                       \
	({                              \
		__typeof__(a) a_ = (a); \
		__typeof__(b) b_ = (b); \
		a_ < b_ ? a_ : b_;      \
	})
#define max(a, b)                       \
	({                              \
		__typeof__(a) a_ = (a); \
		__typeof__(b) b_ = (b); \
		a_ > b_ ? a_ : b_;      \
	})
#define min_t(type, a, b)  min((type)(a), (type)(b))
#define max_t(type, a, b)  max((type)(a), (type)(b))
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define ALIGN_DOWN(x, to)  ((x) & ~((__typeof__(x))(to)-1))
#define IS_ALIGNED(x, to)  (!((x) & ((__typeof__(x))(to)-1)))

static inline u32 roundup_pow_of_two(u32 n)
{
	return n < 2 ? 1 : 1U << (32 - __builtin_clz(n - 1));
}

/* Structures */

#define offsetofend(type, member)	(offsetof(type, member) + sizeof(((type *)0)->member))
#define sizeof_field(type, member)	sizeof(((type *)0)->member)
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define struct_group(name, ...)     \
	union {                     \
		struct {            \
			__VA_ARGS__ \
		};                  \
		struct {            \
			__VA_ARGS__ \
		} name;             \
	}
#undef static_assert
#define static_assert(expr, ...) _Static_assert(expr, #expr)
#define BUILD_BUG_ON(expr) _Static_assert(!(expr), #expr)

static inline void *memchr_inv(const void *from, int c, size_t n)
{
	const u8 *p = from;

	for (; n--; p++)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}

/* Errors as pointers */

#define ERR_PTR(err) ((void *)(long)(err))
#define PTR_ERR(ptr) ((long)(ptr))
#define IS_ERR(ptr)  ((unsigned long)(ptr) >= (unsigned long)-4095)
#define EIOCBQUEUED  529

/* What is not meant to happen */

void shim_warn(const char *file, int line, const char *what);

#define WARN_ON_ONCE(x)                                    \
	({                                                 \
		bool warn_ = (x);                          \
		if (unlikely(warn_))                       \
			shim_warn(__FILE__, __LINE__, #x); \
		warn_;                                     \
	})
#define dev_warn(dev, ...) ((void)(dev), fprintf(stderr, __VA_ARGS__))
#define dev_info(dev, ...) dev_warn(dev, __VA_ARGS__)

/* Lists */

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)     \
	{                        \
		&(name), &(name) \
	}
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->prev = list;
	__atomic_store_n(&list->next, list, __ATOMIC_RELAXED);
}

static inline void list_add(struct list_head *entry, struct list_head *head)
{
	entry->next = head->next;
	entry->prev = head;
	head->next->prev = entry;
	/* Whoever looks without a lock sees the one or the other. */
	__atomic_store_n(&head->next, entry, __ATOMIC_RELAXED);
}

static inline void list_add_tail(struct list_head *entry, struct list_head *head)
{
	list_add(entry, head->prev);
}

static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	__atomic_store_n(&entry->prev->next, entry->next, __ATOMIC_RELAXED);
}

static inline void list_del_init(struct list_head *entry)
{
	list_del(entry);
	INIT_LIST_HEAD(entry);
}

static inline bool list_empty(const struct list_head *head)
{
	return __atomic_load_n(&head->next, __ATOMIC_RELAXED) == head;
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_for_each_entry(pos, head, member)                                                 \
	for (pos = list_entry((head)->next, __typeof__(*pos), member); &pos->member != (head); \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))
#define list_for_each_entry_safe(pos, n, head, member)                  \
	for (pos = list_entry((head)->next, __typeof__(*pos), member),  \
	    n = list_entry(pos->member.next, __typeof__(*pos), member); \
	     &pos->member != (head);                                    \
	     pos = n, n = list_entry(n->member.next, __typeof__(*n), member))

#endif
