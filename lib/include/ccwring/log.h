/* SPDX-License-Identifier: MIT */
/*
 * ccwring/log.h - where the library's messages go
 *
 * The library writes to no stream.  What there is to say beyond an -errno is
 * handed to the callback of the context, one line without a newline.
 */
#ifndef _CCWRING_LOG_H
#define _CCWRING_LOG_H

/**
 * enum ccwring_log_level - weight of a message
 * @CCWRING_LOG_ERROR: a call is about to fail, and this is why
 * @CCWRING_LOG_WARN: a call goes on, but something was not as it should be
 * @CCWRING_LOG_INFO: what was chosen (transport, memory, ...)
 * @CCWRING_LOG_DEBUG: steps
 */
enum ccwring_log_level {
	CCWRING_LOG_ERROR = 0,
	CCWRING_LOG_WARN = 1,
	CCWRING_LOG_INFO = 2,
	CCWRING_LOG_DEBUG = 3,
};

/**
 * typedef ccwring_log_fn - receives a message
 * @arg: as given with the callback
 * @level: enum ccwring_log_level
 * @message: one line; valid during the call
 *
 * Context: the thread that called the library; must not call it again.
 */
typedef void (*ccwring_log_fn)(void *arg, int level, const char *message);

#endif
