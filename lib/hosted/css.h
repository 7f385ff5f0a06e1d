/* SPDX-License-Identifier: GPL-2.0-only */
/* css.h - subchannels of software: see css.c */
#ifndef CCWRING_HOSTED_CSS_H
#define CCWRING_HOSTED_CSS_H

#include <shim/cio.h>

#include "hosted.h"

/* The driver's handler, subchannel.lock held; the status is in cio_irb. */
typedef void (*css_irq_t)(struct subchannel *sch);

/* @may_touch as in struct channel */
struct subchannel *css_new(const struct hosted_ops *ops, void *device, css_irq_t irq,
			   bool (*may_touch)(const void *at, size_t n));
/* @device_too: it is not the caller's any more */
void css_free(struct subchannel *sch, bool device_too);
/* A program, now, in this thread; nothing has been started. */
void css_carry_out(struct subchannel *sch, const union orb *orb, struct irb *irb);
/* The ORB of the latest start. */
void css_orb(struct subchannel *sch, union orb *orb);
void css_service_time(struct subchannel *sch, u64 ns);
/* Does one thing there is to do, in a process of one thread: false if there is none. */
bool css_go_on(void);
/* Status nobody has asked for, unless the subchannel has something to do or to say. */
void css_attention(struct subchannel *sch);
bool css_stuck(struct subchannel *sch);
/* Of one that is stuck: the program is carried out now; at last something ends. */
void css_late(struct subchannel *sch);
void css_answer(struct subchannel *sch);
/* MODIFY SUBCHANNEL does not work. */
void css_deny(struct subchannel *sch, bool deny);
/* Another device, which nobody has enabled. */
void css_replace(struct subchannel *sch);
/* Status of the device that nobody asked for, if none is pending. */
void css_present(struct subchannel *sch, u8 dstat);
void css_faults(struct subchannel *sch, const struct hosted_faults *faults);

/**
 * struct channel - a channel program being carried out; channel.c
 * @ops: the device
 * @device: its data
 * @may_touch: is this memory that a program may transfer to and from?
 * @stop: asked between commands: a function is to end the program
 * @arg: for @stop
 * @pci: called when a CCW asks for an interruption on the way
 */
struct channel {
	const struct hosted_ops *ops;
	void *device;
	bool (*may_touch)(const void *at, size_t n);
	bool (*stop)(void *arg);
	void (*pci)(void *arg, dma32_t cpa);
	void *arg;
};

/*
 * Carries out the program of an ORB, in format 1 with IDAWs of format 2, and fills in
 * what the SCSW says of it: cpa, dstat, cstat, count; the sense data if there are any.
 * False if @stop has ended it.
 */
bool channel_run(const struct channel *channel, const union orb *orb, struct irb *irb);

/* 32 bytes of sense data. */
void channel_sense(struct irb *irb, const u8 *sense);

#endif
