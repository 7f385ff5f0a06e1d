/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.h - tracepoints nobody listens to */
#ifndef SHIM_TRACE_H
#define SHIM_TRACE_H

#include <shim/kernel.h>

#define TP_PROTO(...) __VA_ARGS__
/* Each in full: handed on to another macro, a prototype would fall apart. */
#define TRACE_EVENT(name, proto, ...)                                  \
	static inline __attribute__((unused)) void trace_##name(proto) \
	{                                                              \
	}
#define TRACE_EVENT_FN(name, proto, ...)                               \
	static inline __attribute__((unused)) void trace_##name(proto) \
	{                                                              \
	}
#define DEFINE_EVENT(class, name, proto, ...)                          \
	static inline __attribute__((unused)) void trace_##name(proto) \
	{                                                              \
	}
#define DECLARE_EVENT_CLASS(name, ...)
#define TRACE_DEFINE_ENUM(name)	 struct shim_nothing
#define tracepoint_enabled(name) false

struct static_key_false {
	int on;
};

#define DECLARE_STATIC_KEY_FALSE(name) extern struct static_key_false name
#define DEFINE_STATIC_KEY_FALSE(name)  struct static_key_false name
#define static_branch_unlikely(key)    false
#define static_branch_inc(key)	       ((key)->on++)
#define static_branch_dec(key)	       ((key)->on--)

#endif
