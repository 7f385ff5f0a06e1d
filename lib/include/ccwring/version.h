/* SPDX-License-Identifier: MIT */
/*
 * ccwring/version.h - version of libccwring
 *
 * The macros are the version a program was compiled against,
 * ccwring_version() is the one it runs with.
 */
#ifndef _CCWRING_VERSION_H
#define _CCWRING_VERSION_H

#define CCWRING_VERSION_MAJOR			    0
#define CCWRING_VERSION_MINOR			    1
#define CCWRING_VERSION_PATCH			    0

#define CCWRING_VERSION_NUMBER(major, minor, patch) (((major) << 16) | ((minor) << 8) | (patch))

/* Declares a function that the shared library exports. */
#define CCWRING_API				    __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/**
 * ccwring_version() - version of the library at run time
 *
 * Context: any thread.
 * Return: a value to compare with CCWRING_VERSION_NUMBER().
 */
CCWRING_API unsigned int ccwring_version(void);

#ifdef __cplusplus
}
#endif

#endif
