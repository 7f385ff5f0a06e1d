/* SPDX-License-Identifier: MIT */
/*
 * ccwring/program.h - channel programs that are checked as they are built
 *
 * A program is a run of format-1 CCWs in memory the device can read, with its
 * IDAW lists and parameter blocks behind it in the same memory.  The builder
 * knows the rules of the architecture (z/Architecture Principles of Operation,
 * chapter 15, "Channel-Command Word" and "Channel Indirect Data Address Word")
 * and refuses what the channel would answer with a program check; the first
 * refusal stays with the program, so a caller may look once, at the end:
 *
 *	ccwring_program_add(prog, 0x63, 0, extent_iova, 16);
 *	ccwring_program_add(prog, 0x47, 0, locate_iova, 16);
 *	ccwring_program_add(prog, 0x86, 0, data_iova, 4096);
 *	err = ccwring_program_finish(prog, &orb);
 *
 * Command chaining is the builder's: it sets the flag in a CCW when another
 * follows.  A finished program may be started any number of times.
 *
 * Context: one thread at a time a program; none of this is needed per request.
 */
#ifndef _CCWRING_PROGRAM_H
#define _CCWRING_PROGRAM_H

#include <ccwring/ccw.h>
#include <ccwring/dma.h>
#include <ccwring/orb.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ccwring_program;

/**
 * ccwring_program_new() - an empty program in mapped memory
 * @vfio: context to take memory from
 * @bytes: room for CCWs (8 each), IDAWs (8 each) and parameter blocks, at most
 *	65536
 * @prog: receives the program
 *
 * Each data address is checked to be in the memory of @vfio.
 *
 * Return: 0, -EINVAL, or what ccwring_dma_alloc() sets errno to.
 */
CCWRING_API int ccwring_program_new(struct ccwring_vfio *vfio, size_t bytes,
				    struct ccwring_program **prog);

/**
 * ccwring_program_new_at() - an empty program in memory of the caller's
 * @mem: the memory, 8-byte aligned; stays the caller's and outlives @prog
 * @iova: its IOVA, 8-byte aligned, all of it below 2 GiB
 * @bytes: its size
 * @prog: receives the program
 *
 * Data addresses are only checked to be below 2 GiB.
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
CCWRING_API int ccwring_program_new_at(void *mem, ccwring_iova_t iova, size_t bytes,
				       struct ccwring_program **prog);

/** ccwring_program_free() - give a program (or NULL) and its memory back */
CCWRING_API void ccwring_program_free(struct ccwring_program *prog);

/** ccwring_program_reset() - make it empty again, without an error */
CCWRING_API void ccwring_program_reset(struct ccwring_program *prog);

/**
 * ccwring_program_add() - append a CCW with a direct data address
 * @prog: the program
 * @cmd: command code; ignored by the channel behind a CCW that chains data
 * @flags: CCWRING_CCW_CD, _SLI, _SKIP, _PCI
 * @data: IOVA of the data
 * @count: bytes, up to 65535
 *
 * Return: index of the CCW, or -errno (see ccwring_program_error()).
 */
CCWRING_API int ccwring_program_add(struct ccwring_program *prog, uint8_t cmd, uint8_t flags,
				    ccwring_iova_t data, uint32_t count);

/**
 * ccwring_program_add_ida() - append a CCW whose data lie in several blocks
 * @prog: the program
 * @cmd: command code
 * @flags: as for ccwring_program_add()
 * @blocks: IOVA of the first byte, then of each further 4096-byte block
 * @n: number of @blocks, exactly as many as @count reaches into
 * @count: bytes, 1..65535
 *
 * Writes a format-2 IDAW list for 4K blocks into the program's memory.  Block
 * addresses may lie above 2 GiB.
 *
 * Return: index of the CCW, or -errno.
 */
CCWRING_API int ccwring_program_add_ida(struct ccwring_program *prog, uint8_t cmd, uint8_t flags,
					const ccwring_iova_t *blocks, size_t n, uint32_t count);

/**
 * ccwring_program_set_data() - give a CCW another data address
 * @prog: the program
 * @index: a CCW ccwring_program_add() has appended
 * @data: IOVA of as many bytes as the CCW counts
 *
 * Context: not while the program is under way.
 * Return: 0; -EINVAL or -EFAULT if the builder would refuse it, and then
 *	nothing has changed.
 */
CCWRING_API int ccwring_program_set_data(struct ccwring_program *prog, unsigned int index,
					 ccwring_iova_t data);

/**
 * ccwring_program_add_tic() - append a TRANSFER IN CHANNEL
 * @prog: the program
 * @target: index of the CCW to go on with; it may be appended later
 *
 * Return: index of the CCW, or -errno.
 */
CCWRING_API int ccwring_program_add_tic(struct ccwring_program *prog, unsigned int target);

/**
 * ccwring_program_param() - memory of the program's own for a parameter block
 * @prog: the program
 * @size: bytes
 * @iova: receives its IOVA
 *
 * Return: zeroed, 8-byte aligned memory that lives as long as the program is
 *	not reset; NULL if there is no room (the program keeps -ENOSPC).
 */
CCWRING_API void *ccwring_program_param(struct ccwring_program *prog, size_t size,
					ccwring_iova_t *iova);

/**
 * ccwring_program_finish() - check the whole
 * @prog: the program
 * @orb: if not NULL, written to start the program
 *
 * Return: 0, or the first -errno the program met.
 */
CCWRING_API int ccwring_program_finish(struct ccwring_program *prog, struct ccwring_orb *orb);

/**
 * ccwring_program_error() - the first refusal in words
 * @prog: the program
 * @index: receives the index of the CCW that was refused, may be NULL
 *
 * Return: the rule that was broken, a static string; NULL if there was none.
 */
CCWRING_API const char *ccwring_program_error(const struct ccwring_program *prog,
					      unsigned int *index);

/** ccwring_program_count() - number of CCWs */
CCWRING_API unsigned int ccwring_program_count(const struct ccwring_program *prog);

/** ccwring_program_ccws() - the CCWs */
CCWRING_API const struct ccwring_ccw *ccwring_program_ccws(const struct ccwring_program *prog);

/** ccwring_program_iova() - IOVA of the first CCW */
CCWRING_API ccwring_iova_t ccwring_program_iova(const struct ccwring_program *prog);

#ifdef __cplusplus
}
#endif

#endif
