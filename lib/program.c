// SPDX-License-Identifier: MIT
/*
 * program.c - the channel-program builder
 *
 * CCWs grow from the start of the program's memory, IDAW lists and parameter
 * blocks from its end towards them.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <ccwring/program.h>

#include "fork.h"

#define MAX_BYTES 65536U

struct ccwring_program {
	struct ccwring_vfio *vfio; /* NULL: the memory is the caller's */
	struct ccwring_ccw *ccws;
	ccwring_iova_t iova;
	size_t bytes;
	size_t tail; /* bytes taken from the end */
	unsigned int count;
	int err;
	unsigned int err_index;
	const char *err_text;
	int lost; /* ->err of an empty one: 0, but in a child of fork() */
	struct fork_node fork;
};

/* Its memory is not there. */
static void in_child(struct fork_node *node)
{
	struct ccwring_program *prog = FORK_NODE_OF(node, struct ccwring_program, fork);

	prog->bytes = 0;
	prog->lost = INHERITED;
	ccwring_program_reset(prog);
}

static int refuse_at(struct ccwring_program *prog, unsigned int index, int err, const char *text)
{
	if (!prog->err) {
		prog->err = err;
		prog->err_index = index;
		prog->err_text = text;
	}
	return prog->err;
}

static int refuse(struct ccwring_program *prog, int err, const char *text)
{
	return refuse_at(prog, prog->count, err, text);
}

int ccwring_program_new_at(void *mem, ccwring_iova_t iova, size_t bytes,
			   struct ccwring_program **out)
{
	struct ccwring_program *prog;

	if ((uintptr_t)mem % 8 || iova % 8 || bytes < 8 || bytes > MAX_BYTES ||
	    iova > CCWRING_CCW_LIMIT - bytes)
		return -EINVAL;
	prog = calloc(1, sizeof(*prog));
	if (!prog)
		return -ENOMEM;
	prog->ccws = mem;
	prog->iova = iova;
	prog->bytes = bytes & ~(size_t)7;
	*out = prog;
	return 0;
}

int ccwring_program_new(struct ccwring_vfio *vfio, size_t bytes, struct ccwring_program **out)
{
	ccwring_iova_t iova;
	void *mem;
	int err;

	if (bytes < 8 || bytes > MAX_BYTES)
		return -EINVAL;
	mem = ccwring_dma_alloc(vfio, bytes, &iova);
	if (!mem)
		return -errno;
	err = ccwring_program_new_at(mem, iova, bytes, out);
	if (err) {
		ccwring_dma_free(vfio, mem);
		return err;
	}
	(*out)->vfio = vfio;
	fork_lock();
	fork_add(&(*out)->fork, in_child);
	fork_unlock();
	return 0;
}

void ccwring_program_free(struct ccwring_program *prog)
{
	if (prog && prog->vfio) {
		fork_lock();
		fork_remove(&prog->fork);
		fork_unlock();
		ccwring_dma_free(prog->vfio, prog->ccws);
	}
	free(prog);
}

void ccwring_program_reset(struct ccwring_program *prog)
{
	prog->tail = 0;
	prog->count = 0;
	prog->err = prog->lost;
	prog->err_text = NULL;
}

static size_t room(const struct ccwring_program *prog)
{
	return prog->bytes - prog->tail - prog->count * sizeof(struct ccwring_ccw);
}

void *ccwring_program_param(struct ccwring_program *prog, size_t size, ccwring_iova_t *iova)
{
	size_t offset;

	if (prog->err)
		return NULL;
	if (!size || size > room(prog) || ((size + 7) & ~(size_t)7) > room(prog)) {
		refuse(prog, -ENOSPC, "no room left in the program's memory");
		return NULL;
	}
	prog->tail += (size + 7) & ~(size_t)7;
	offset = prog->bytes - prog->tail;
	*iova = prog->iova + offset;
	return memset((uint8_t *)prog->ccws + offset, 0, size);
}

static bool is_tic(const struct ccwring_ccw *ccw)
{
	return ccw->cmd == CCWRING_CMD_TIC;
}

/* The last CCW chains data to the one about to be appended. */
static bool data_chained(const struct ccwring_program *prog)
{
	const struct ccwring_ccw *last = prog->ccws + prog->count - 1;

	return prog->count && !is_tic(last) && last->flags & CCWRING_CCW_CD;
}

static int check_flags(struct ccwring_program *prog, uint8_t flags)
{
	if (flags & CCWRING_CCW_CC)
		return refuse(prog, -EINVAL, "command chaining is set by the builder");
	if (flags & CCWRING_CCW_IDA)
		return refuse(prog, -EINVAL, "IDAW lists are made by the builder");
	if (flags & CCWRING_CCW_S)
		return refuse(prog, -EOPNOTSUPP, "suspending is not supported");
	if (flags & CCWRING_CCW_MIDA)
		return refuse(prog, -EOPNOTSUPP, "modified indirect addressing is not supported");
	return 0;
}

static int check_command(struct ccwring_program *prog, uint8_t cmd)
{
	if ((cmd & 0x0f) == CCWRING_CMD_TIC)
		return refuse(prog, -EINVAL,
			      cmd == CCWRING_CMD_TIC ? "a TIC is appended by its own function"
						     : "no such command code in format 1");
	if (!data_chained(prog) && !(cmd & 0x0f))
		return refuse(prog, -EINVAL, "command code with four low zero bits is invalid");
	return 0;
}

static int check_count(struct ccwring_program *prog, uint8_t flags, uint32_t count)
{
	if (count > 65535)
		return refuse(prog, -EINVAL, "count over 65535");
	if (!count && (flags & CCWRING_CCW_CD || data_chained(prog)))
		return refuse(prog, -EINVAL, "count 0 while chaining data");
	return 0;
}

static int check_ccw(struct ccwring_program *prog, uint8_t cmd, uint8_t flags, uint32_t count)
{
	int err = prog->err;

	if (!err)
		err = check_flags(prog, flags);
	if (!err)
		err = check_command(prog, cmd);
	if (!err)
		err = check_count(prog, flags, count);
	if (!err && room(prog) < sizeof(struct ccwring_ccw))
		err = refuse(prog, -ENOSPC, "no room left in the program's memory");
	return err;
}

static int check_mapped(struct ccwring_program *prog, ccwring_iova_t data, size_t len)
{
	if (prog->vfio && !ccwring_dma_ptr(prog->vfio, data, len))
		return refuse(prog, -EFAULT, "data area is not in mapped memory");
	return 0;
}

/* CCWs that move no data name no memory. */
static bool moves_data(uint8_t cmd, uint8_t flags, uint32_t count)
{
	return count && cmd != CCWRING_CMD_NOP && !(flags & CCWRING_CCW_SKIP);
}

static int append(struct ccwring_program *prog, struct ccwring_ccw ccw)
{
	struct ccwring_ccw *last = prog->ccws + prog->count - 1;

	if (prog->count && !is_tic(last) && !(last->flags & CCWRING_CCW_CD))
		last->flags |= CCWRING_CCW_CC;
	prog->ccws[prog->count] = ccw;
	return prog->count++;
}

int ccwring_program_add(struct ccwring_program *prog, uint8_t cmd, uint8_t flags,
			ccwring_iova_t data, uint32_t count)
{
	int err = check_ccw(prog, cmd, flags, count);

	if (err)
		return err;
	if (data >= CCWRING_CCW_LIMIT || data + count > CCWRING_CCW_LIMIT)
		return refuse(prog, -EINVAL, "data area is not below 2 GiB");
	if (moves_data(cmd, flags, count)) {
		err = check_mapped(prog, data, count);
		if (err)
			return err;
	}
	return append(prog, ccwring_ccw_make(cmd, flags, count, data));
}

int ccwring_program_set_data(struct ccwring_program *prog, unsigned int index, ccwring_iova_t data)
{
	struct ccwring_ccw *ccw = prog->ccws + index;
	uint16_t count;

	if (index >= prog->count)
		return prog->lost ? prog->lost : -EINVAL;
	if (is_tic(ccw) || ccw->flags & CCWRING_CCW_IDA)
		return -EINVAL;
	count = CCWRING_BE16(ccw->count);
	if (data >= CCWRING_CCW_LIMIT || data + count > CCWRING_CCW_LIMIT)
		return -EINVAL;
	if (prog->vfio && moves_data(ccw->cmd, ccw->flags, count) &&
	    !ccwring_dma_ptr(prog->vfio, data, count))
		return -EFAULT;
	ccw->cda = CCWRING_BE32(data);
	return 0;
}

/* Checks block @i and returns the bytes of data in it, or -errno. */
static int check_block(struct ccwring_program *prog, const ccwring_iova_t *blocks, size_t i,
		       uint32_t left)
{
	uint32_t offset = blocks[i] % CCWRING_IDA_BLOCK;
	uint32_t len = CCWRING_IDA_BLOCK - offset;
	int err;

	if (i && offset)
		return refuse(prog, -EINVAL, "an IDAW after the first is not on a 4K boundary");
	if (len > left)
		len = left;
	err = check_mapped(prog, blocks[i], len);
	return err ? err : (int)len;
}

int ccwring_program_add_ida(struct ccwring_program *prog, uint8_t cmd, uint8_t flags,
			    const ccwring_iova_t *blocks, size_t n, uint32_t count)
{
	uint32_t left = count;
	ccwring_iova_t list;
	uint8_t *idaws;
	int err = check_ccw(prog, cmd, flags, count);

	if (err)
		return err;
	for (size_t i = 0; i < n && left; i++) {
		int len = check_block(prog, blocks, i, left);

		if (len < 0)
			return len;
		left -= len;
		if (!left && i + 1 != n)
			return refuse(prog, -EINVAL, "more IDAWs than the count reaches into");
	}
	if (left || !count)
		return refuse(prog, -EINVAL, "fewer IDAWs than the count reaches into");
	if (room(prog) < (n + 1) * 8)
		return refuse(prog, -ENOSPC, "no room left in the program's memory");
	idaws = ccwring_program_param(prog, n * 8, &list);
	for (size_t i = 0; i < n; i++)
		ccwring_put_be64(idaws + i * 8, blocks[i]);
	return append(prog, ccwring_ccw_make(cmd, flags | CCWRING_CCW_IDA, count, list));
}

int ccwring_program_add_tic(struct ccwring_program *prog, unsigned int target)
{
	if (prog->err)
		return prog->err;
	if (!prog->count)
		return refuse(prog, -EINVAL, "a program must not begin with a TIC");
	if (target >= prog->bytes / sizeof(struct ccwring_ccw))
		return refuse(prog, -EINVAL, "TIC to a place outside the program");
	if (room(prog) < sizeof(struct ccwring_ccw))
		return refuse(prog, -ENOSPC, "no room left in the program's memory");
	return append(prog, ccwring_ccw_make(CCWRING_CMD_TIC, 0, 0,
					     prog->iova + target * sizeof(struct ccwring_ccw)));
}

/* What can only be said of a TIC when its target is there. */
static int check_tic(struct ccwring_program *prog, unsigned int index)
{
	unsigned int target = (CCWRING_BE32(prog->ccws[index].cda) - prog->iova) /
			      sizeof(struct ccwring_ccw);
	const struct ccwring_ccw *before = prog->ccws + index - 1;

	if (target >= prog->count)
		return refuse_at(prog, index, -EINVAL, "TIC to a place outside the program");
	if (is_tic(&prog->ccws[target]))
		return refuse_at(prog, index, -ELOOP, "TIC to a TIC");
	if (!is_tic(before) && before->flags & CCWRING_CCW_CD && !prog->ccws[target].count)
		return refuse_at(prog, target, -EINVAL, "count 0 while chaining data");
	return 0;
}

int ccwring_program_finish(struct ccwring_program *prog, struct ccwring_orb *orb)
{
	if (prog->err)
		return prog->err;
	if (!prog->count)
		return refuse(prog, -EINVAL, "the program is empty");
	if (data_chained(prog))
		return refuse_at(prog, prog->count - 1, -EINVAL, "the last CCW chains data");
	for (unsigned int i = 0; i < prog->count; i++)
		if (is_tic(&prog->ccws[i]) && check_tic(prog, i))
			return prog->err;
	if (orb)
		ccwring_orb_init(orb, prog->iova);
	return 0;
}

const char *ccwring_program_error(const struct ccwring_program *prog, unsigned int *index)
{
	if (prog->err && index)
		*index = prog->err_index;
	return prog->lost ? "the program is the parent process's" : prog->err_text;
}

unsigned int ccwring_program_count(const struct ccwring_program *prog)
{
	return prog->count;
}

const struct ccwring_ccw *ccwring_program_ccws(const struct ccwring_program *prog)
{
	return prog->ccws;
}

ccwring_iova_t ccwring_program_iova(const struct ccwring_program *prog)
{
	return prog->iova;
}
