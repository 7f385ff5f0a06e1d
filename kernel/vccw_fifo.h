/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * First in, first out: requests linked one way, which takes half the stores of a
 * list that can be walked both ways.
 */
#ifndef VCCW_FIFO_H
#define VCCW_FIFO_H

#include <linux/types.h>

/**
 * struct vccw_fifo - requests in their order; empty if zeroed
 * @first: the oldest, NULL if there is none
 * @end: where the latest has its next one, if there is one
 */
struct vccw_fifo {
	struct vccw_req *first;
	struct vccw_req **end;
};

static inline bool vccw_fifo_empty(const struct vccw_fifo *fifo)
{
	return !fifo->first;
}

/* Many at once, linked already: from @first to where the last has its next, NULL. */
static inline void vccw_fifo_append(struct vccw_fifo *fifo, struct vccw_req *first,
				    struct vccw_req **end)
{
	if (fifo->first)
		*fifo->end = first;
	else
		fifo->first = first;
	fifo->end = end;
}

static inline void vccw_fifo_push(struct vccw_fifo *fifo, struct vccw_req *req)
{
	req->next = NULL;
	vccw_fifo_append(fifo, req, &req->next);
}

/* Remove *@at, which is &fifo->first or the @next of a request. */
static inline struct vccw_req *vccw_fifo_remove(struct vccw_fifo *fifo,
						struct vccw_req **at)
{
	struct vccw_req *req = *at;

	*at = req->next;
	if (!req->next)
		fifo->end = at;
	return req;
}

/* The oldest; there is one. */
static inline struct vccw_req *vccw_fifo_pop(struct vccw_fifo *fifo)
{
	struct vccw_req *req = fifo->first;

	fifo->first = req->next;
	return req;
}

/* Move all of @from behind @to. */
static inline void vccw_fifo_move(struct vccw_fifo *to, struct vccw_fifo *from)
{
	if (vccw_fifo_empty(from))
		return;
	vccw_fifo_append(to, from->first, from->end);
	from->first = NULL;
}

#endif /* VCCW_FIFO_H */
