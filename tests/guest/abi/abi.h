/* SPDX-License-Identifier: MIT */
/*
 * What a client of the stock vfio-ccw ABI sees, one line an observation:
 *
 *	NAME = RESULT
 *
 * A result is the same in every run of one driver: values, errors, sizes, status,
 * never a host address or a time.  abi_client compares two drivers line by line.
 */
#ifndef CCWRING_TESTS_ABI_H
#define CCWRING_TESTS_ABI_H

#include <linux/vfio_ccw.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common.h"

/* Where programs, IDAW lists and data go, and the distance between regions. */
#define A_PROGRAM (T_IOVA + 0x10000)
#define A_LIST	  (T_IOVA + 0x20000)
#define A_DATA	  (T_IOVA + 0x40000)
#define A_STRIDE  0x400

/**
 * struct abi - a client with the first device open
 * @vm: its container and memory
 * @fd: the device
 * @eventfd: of the I/O interrupt
 * @program: where the program started last begins
 */
struct abi {
	struct t_vm vm;
	int fd;
	int eventfd;
	uint32_t program;
};

/* abi.c: the language of the report */
void say(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A system call's result in words: a number, or the name of errno. */
const char *result(long ret);
/* An error number, 0 or negative, in words. */
const char *error_name(int err);
void say_bytes(const char *name, const void *bytes, unsigned int count);
/* Memory whose last bytes are so many; behind them nothing is mapped. */
void *abi_before_hole(size_t bytes);

/* device.c: how the observations reach the device */
void abi_open(struct abi *abi);
void abi_close(struct abi *abi);
/* Gives the device another eventfd for an interrupt; as the ioctl returns. */
long abi_set_eventfd(struct abi *abi, uint32_t index, int32_t fd);
/* The device's file alone, closed and opened again, with the eventfd set or not. */
void abi_reopen(struct abi *abi, bool eventfd);
/* An I/O region that asks for functions of the subchannel. */
void abi_io_region(struct ccw_io_region *io, uint8_t functions, uint32_t orb_flags,
		   uint32_t program);
/* Starts without waiting; as pwrite() returns. */
long abi_start(struct abi *abi, uint32_t orb_flags, uint32_t program);
/* Interrupts since the last look: waits for one at most so long. */
unsigned int abi_interrupts(struct abi *abi, int timeout_ms);
/* Reads status until no more comes. */
void abi_drain(struct abi *abi);
/* The return code that a region holds. */
const char *abi_io_code(struct abi *abi);
const char *abi_cmd_code(struct abi *abi);
/* The IRB in the I/O region, addresses relative to the last program. */
void say_irb(struct abi *abi, const char *name);
/* A start to its end: the IRB, or how it was refused. */
bool abi_run(struct abi *abi, const char *name, uint32_t orb_flags, uint32_t program);
/* A start that nobody can object to. */
void abi_good(struct abi *abi, const char *name);

/* The chapters. */
void abi_info(struct abi *abi);
void abi_irqs(struct abi *abi);
void abi_access(struct abi *abi);
void abi_writes(struct abi *abi);
void abi_refused(struct abi *abi);
void abi_programs(struct abi *abi);
void abi_async(struct abi *abi);
void abi_schib(struct abi *abi);
void abi_memory(struct abi *abi);
void abi_life(struct abi *abi);
void abi_wrong_path(struct abi *abi);

#endif
