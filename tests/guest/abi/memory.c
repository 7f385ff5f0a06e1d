// SPDX-License-Identifier: MIT
/* Programs and data at the edges of what is mapped, and mappings that change. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "abi.h"

/* Two mappings with nothing between, of memory that is not adjacent. */
#define EDGE_IOVA 0x02000000UL
#define EDGE_SIZE 0x00010000UL
#define BORDER	  (EDGE_IOVA + EDGE_SIZE)
#define END	  (EDGE_IOVA + 2 * EDGE_SIZE)

struct edge {
	uint8_t *low;
	uint8_t *high;
};

static uint8_t *memory(void)
{
	uint8_t *bytes = mmap(NULL, EDGE_SIZE + T_PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	T_NEED(bytes != MAP_FAILED, "memory");
	return bytes;
}

static void put(const struct edge *edge, uint32_t iova, const struct t_ccw1 *ccw)
{
	if (iova < BORDER)
		memcpy(edge->low + (iova - EDGE_IOVA), ccw, sizeof(*ccw));
	else
		memcpy(edge->high + (iova - BORDER), ccw, sizeof(*ccw));
}

static void nops(const struct edge *edge, uint32_t iova, unsigned int count)
{
	struct t_ccw1 ccw = { T_CMD_NOP, T_CCW_SLI | T_CCW_CC, 1, EDGE_IOVA };
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (i == count - 1)
			ccw.flags = T_CCW_SLI;
		put(edge, iova + i * 8, &ccw);
	}
}

static void at_the_end(struct abi *abi, const struct edge *edge)
{
	nops(edge, END - 8, 1);
	abi_run(abi, "edge.last-ccw", T_ORB_PLAIN, END - 8);
	nops(edge, END - 2048, 1);
	abi_run(abi, "edge.last-2048", T_ORB_PLAIN, END - 2048);
	nops(edge, END - 2040, 1);
	abi_run(abi, "edge.last-2040", T_ORB_PLAIN, END - 2040);
	nops(edge, END - 8, 1);
	put(edge, END - 8, &(struct t_ccw1){ T_CMD_NOP, T_CCW_SLI | T_CCW_CC, 1, EDGE_IOVA });
	abi_run(abi, "edge.past-the-end", T_ORB_PLAIN, END - 8);
}

static void across(struct abi *abi, const struct edge *edge)
{
	nops(edge, BORDER - 16, 4);
	abi_run(abi, "edge.program-across", T_ORB_PLAIN, BORDER - 16);
	memset(edge->low + EDGE_SIZE - 4, 0, 4);
	memset(edge->high, 0, 4);
	t_ccw1(t_at(&abi->vm, A_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI, 8, BORDER - 4);
	abi_run(abi, "edge.data-across", T_ORB_PLAIN, A_PROGRAM);
	say_bytes("edge.data-across.low", edge->low + EDGE_SIZE - 4, 4);
	t_ccw1(t_at(&abi->vm, A_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI, 8, END - 8);
	abi_run(abi, "edge.data-last", T_ORB_PLAIN, A_PROGRAM);
	say_bytes("edge.data-last.bytes", edge->high + EDGE_SIZE - 8, 8);
	t_ccw1(t_at(&abi->vm, A_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI, 8, END - 7);
	abi_run(abi, "edge.data-past-end", T_ORB_PLAIN, A_PROGRAM);
}

/* SENSE ID to the second mapping. */
static void sense(struct abi *abi, const char *name)
{
	t_ccw1(t_at(&abi->vm, A_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI, 4, BORDER);
	abi_run(abi, name, T_ORB_PLAIN, A_PROGRAM);
}

static void say_map(const char *name, int ret)
{
	say(name, "%s", error_name(ret));
}

static void come_and_go(struct abi *abi, struct edge *edge)
{
	uint8_t *other = memory();

	sense(abi, "remap.before");
	say_map("remap.unmap", t_unmap(&abi->vm, BORDER, EDGE_SIZE));
	sense(abi, "remap.unmapped");
	say_map("remap.map-other", t_map(&abi->vm, other, EDGE_SIZE, BORDER, 3));
	sense(abi, "remap.other");
	say_bytes("remap.other.bytes", other, 4);
	say_map("remap.unmap-again", t_unmap(&abi->vm, BORDER, EDGE_SIZE));
	say_map("remap.map-write-only", t_map(&abi->vm, edge->high, EDGE_SIZE, BORDER, 2));
	sense(abi, "remap.write-only");
	nops(edge, BORDER, 1);
	abi_run(abi, "remap.write-only-program", T_ORB_PLAIN, BORDER);
	say_map("remap.unmap-write-only", t_unmap(&abi->vm, BORDER, EDGE_SIZE));
	munmap(other, EDGE_SIZE + T_PAGE);
}

/* The client's own memory changes under a mapping that stays. */
static void replaced(struct abi *abi, struct edge *edge)
{
	sense(abi, "discard.before");
	T_NEED(!madvise(edge->high, EDGE_SIZE, MADV_DONTNEED), "memory is discarded");
	sense(abi, "discard.after");
	say_bytes("discard.after.bytes", edge->high, 4);
	T_NEED(!munmap(edge->high, EDGE_SIZE), "memory goes");
	sense(abi, "discard.gone");
}

void abi_memory(struct abi *abi)
{
	struct edge edge = { memory(), memory() };

	say_map("edge.map-low", t_map(&abi->vm, edge.low, EDGE_SIZE, EDGE_IOVA, 3));
	say_map("edge.map-high", t_map(&abi->vm, edge.high, EDGE_SIZE, BORDER, 3));
	at_the_end(abi, &edge);
	across(abi, &edge);
	come_and_go(abi, &edge);
	say_map("discard.map", t_map(&abi->vm, edge.high, EDGE_SIZE, BORDER, 3));
	replaced(abi, &edge);
	say_map("discard.unmap", t_unmap(&abi->vm, BORDER, EDGE_SIZE));
	say_map("edge.unmap-low", t_unmap(&abi->vm, EDGE_IOVA, EDGE_SIZE));
	munmap(edge.low, EDGE_SIZE + T_PAGE);
	abi_good(abi, "memory.after");
}
