// SPDX-License-Identifier: GPL-2.0-only
/*
 * css.c - subchannels of software
 *
 * Each has a thread, which is its channel and its interrupt: it carries out what has
 * been started, makes the status pending, and calls the driver as the channel subsystem
 * does, with the subchannel's lock and the status in cio_irb.  The driver may start the
 * next program from there.
 *
 * Principles of Operation, chapters 14 (instructions) and 16 (status).
 */
#include <stdlib.h>
#include <time.h>

#include "css.h"
#include "fault.h"

#define MAX_SUBCHANNELS 256
/* In a process of one thread a program of more commands goes on for ever. */
#define ENOUGH_COMMANDS 64

struct shim_css {
	struct subchannel *sch;
	struct channel channel;
	css_irq_t irq;
	pthread_t thread;
	pthread_mutex_t lock; /* protects the following; nests inside subchannel.lock */
	pthread_cond_t work;
	u64 service_ns;
	union orb orb;
	u8 fctl; /* functions that have been accepted and not ended by TSCH */
	u8 actl;
	struct hosted_faults faults;
	enum hosted_fault fault; /* of this start */
	bool refused; /* by SSCH, because of it */
	bool again; /* the device is about to end a second time */
	bool stuck; /* the start does not end, nor does the device answer */
	bool denied; /* MODIFY SUBCHANNEL says condition code 2 */
	unsigned int commands; /* of this start, in a process of one thread */
	bool pending; /* there is status, */
	struct irb irb; /* which is this */
	bool leaving;
};

__thread struct irb cio_irb;

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct subchannel *table[MAX_SUBCHANNELS];
static unsigned int table_top; /* nothing from here on */

static struct shim_css *find(struct subchannel_id schid)
{
	struct subchannel *sch;

	pthread_mutex_lock(&table_lock);
	sch = schid.sch_no < MAX_SUBCHANNELS ? table[schid.sch_no] : NULL;
	pthread_mutex_unlock(&table_lock);
	return sch ? sch->css : NULL;
}

/* The channel's thread; css->lock held */

static bool interrupts(const struct shim_css *css)
{
	const struct pmcw *pmcw = &css->sch->schib.pmcw;

	return css->pending && pmcw->ena && pmcw->isc == VFIO_CCW_ISC;
}

static bool stopped(void *arg)
{
	struct shim_css *css = arg;
	bool stop;

	pthread_mutex_lock(&css->lock);
	stop = css->actl & (SCSW_ACTL_HALT_PEND | SCSW_ACTL_CLEAR_PEND) || css->leaving;
	if (shim_go_on && css->fctl)
		stop |= css->commands++ >= ENOUGH_COMMANDS;
	pthread_mutex_unlock(&css->lock);
	return stop;
}

/* What all status has in common. */
static void make_pending(struct shim_css *css, u8 stctl)
{
	struct cmd_scsw *scsw = &css->irb.scsw.cmd;

	scsw->fctl = css->fctl;
	scsw->actl = css->actl;
	scsw->stctl = stctl | SCSW_STCTL_STATUS_PEND;
	css->pending = true;
}

static void pci(void *arg, dma32_t cpa)
{
	struct shim_css *css = arg;

	pthread_mutex_lock(&css->lock);
	/* Nobody asks for it of a program that was not started. */
	if (!css->pending && css->fctl) {
		memset(&css->irb, 0, sizeof(css->irb));
		css->irb.scsw.cmd.fmt = 1;
		css->irb.scsw.cmd.cpa = cpa;
		css->irb.scsw.cmd.cstat = SCHN_STAT_PCI;
		make_pending(css, SCSW_STCTL_INTER_STATUS);
	}
	pthread_mutex_unlock(&css->lock);
}

static void end_start(struct shim_css *css, const struct irb *irb)
{
	const struct cmd_scsw *ended = &irb->scsw.cmd;
	bool alert = ended->cstat & ~(SCHN_STAT_PCI | SCHN_STAT_INCORR_LEN) ||
		     ended->dstat & DEV_STAT_UNIT_CHECK || ended->cc;
	u8 cstat = ended->cstat;

	/* What has not been taken on the way is part of it. */
	if (css->pending)
		cstat |= css->irb.scsw.cmd.cstat;
	css->irb = *irb;
	css->irb.scsw.cmd.cstat = cstat;
	css->irb.scsw.cmd.fmt = 1;
	css->irb.scsw.cmd.pfch = 1;
	css->actl = 0;
	make_pending(css, SCSW_STCTL_PRIM_STATUS | SCSW_STCTL_SEC_STATUS |
				  (alert ? SCSW_STCTL_ALERT_STATUS : 0));
}

static void end_by_function(struct shim_css *css)
{
	memset(&css->irb, 0, sizeof(css->irb));
	if (css->actl & SCSW_ACTL_CLEAR_PEND)
		css->fctl = SCSW_FCTL_CLEAR_FUNC;
	css->actl = 0;
	make_pending(css, 0);
}

/* Status of the device that has nothing to do with a program. */
static void present(struct shim_css *css, u8 dstat)
{
	memset(&css->irb, 0, sizeof(css->irb));
	css->irb.scsw.cmd.dstat = dstat;
	make_pending(css, SCSW_STCTL_ALERT_STATUS);
}

/* The device ends a second time: whom does it meet? */
static void end_again(struct shim_css *css)
{
	struct irb irb = {};

	css->again = false;
	if (!(css->actl & SCSW_ACTL_START_PEND)) {
		present(css, DEV_STAT_DEV_END);
		return;
	}
	irb.scsw.cmd.cc = 1;
	irb.scsw.cmd.dstat = DEV_STAT_DEV_END;
	end_start(css, &irb);
}

static bool function_pending(const struct shim_css *css)
{
	return css->leaving || css->actl & (SCSW_ACTL_HALT_PEND | SCSW_ACTL_CLEAR_PEND);
}

/* What a device takes its time for; a function that comes meanwhile ends it. */
static void serve(struct shim_css *css)
{
	u64 end = ktime_get_ns() + css->service_ns;
	struct timespec ts = { .tv_sec = end / 1000000000, .tv_nsec = end % 1000000000 };

	while (!function_pending(css) && ktime_get_ns() < end)
		pthread_cond_timedwait(&css->work, &css->lock, &ts);
}

/* Without the lock: devices take as long as they do. */
static bool carry_out(struct shim_css *css, struct irb *irb)
{
	enum hosted_fault fault = css->fault;
	union orb orb = css->orb;
	bool ended;

	pthread_mutex_unlock(&css->lock);
	ended = fault_ends(fault, &orb, irb) || channel_run(&css->channel, &orb, irb);
	if (fault == HOSTED_CHANNEL_DATA)
		irb->scsw.cmd.cstat |= SCHN_STAT_CHN_DATA_CHK;
	pthread_mutex_lock(&css->lock);
	return ended;
}

static void start(struct shim_css *css)
{
	struct irb irb;

	css->commands = 0;
	css->actl = SCSW_ACTL_SCHACT | SCSW_ACTL_DEVACT;
	css->stuck = css->fault == HOSTED_STUCK;
	if (css->stuck)
		return;
	if (css->service_ns)
		serve(css);
	if (function_pending(css) || !carry_out(css, &irb) || function_pending(css))
		return;
	css->again = css->fault == HOSTED_DOUBLED;
	if (css->fault != HOSTED_LOST)
		end_start(css, &irb);
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

/* As do_cio_interrupt(): the status may have been taken by now. */
static void interrupt(struct shim_css *css)
{
	struct subchannel *sch = css->sch;

	pthread_mutex_unlock(&css->lock);
	spin_lock(&sch->lock);
	if (vccw_tsch_pending(sch->schid, &cio_irb))
		css->irq(sch);
	spin_unlock(&sch->lock);
	pthread_mutex_lock(&css->lock);
}

/* What there is to do next: false if there is nothing. */
static bool go_on(struct shim_css *css)
{
	if (interrupts(css))
		interrupt(css);
	else if (css->stuck)
		return false;
	else if (css->actl & (SCSW_ACTL_HALT_PEND | SCSW_ACTL_CLEAR_PEND))
		end_by_function(css);
	else if (css->again && !css->pending)
		end_again(css);
	else if (css->actl & SCSW_ACTL_START_PEND)
		start(css);
	else
		return false;
	return true;
}

static void *run(void *data)
{
	struct shim_css *css = data;

	pthread_mutex_lock(&css->lock);
	while (!css->leaving) {
		if (!go_on(css))
			pthread_cond_wait(&css->work, &css->lock);
	}
	pthread_mutex_unlock(&css->lock);
	return NULL;
}

bool css_go_on(void)
{
	bool done = false;

	for (unsigned int i = 0; i < table_top && !done; i++) {
		if (!table[i])
			continue;
		pthread_mutex_lock(&table[i]->css->lock);
		done = go_on(table[i]->css);
		pthread_mutex_unlock(&table[i]->css->lock);
	}
	return done;
}

/* Instructions */

static u8 highest_bit(u8 bits)
{
	return bits ? 0x80 >> (__builtin_clz(bits) - 24) : 0;
}

/* START SUBCHANNEL to one that is free: its condition code. */
static int accept_start(struct shim_css *css, const union orb *orb)
{
	/* The driver may ask once more, and nothing has changed. */
	bool again = css->refused && css->orb.cmd.cpa == orb->cmd.cpa;

	if (!again)
		css->fault = fault_next(&css->faults);
	css->orb = *orb;
	css->refused = !again &&
		       (css->fault == HOSTED_BUSY || css->fault == HOSTED_NOT_OPERATIONAL);
	switch (css->fault) {
	case HOSTED_STATUS_PENDING:
		present(css, DEV_STAT_ATTENTION);
		return 1;
	case HOSTED_BUSY:
		return 2;
	case HOSTED_NOT_OPERATIONAL:
		return 3;
	default:
		css->fctl = SCSW_FCTL_START_FUNC;
		css->actl = SCSW_ACTL_START_PEND;
		/* The first of the paths it may use, and always that. */
		css->sch->schib.pmcw.lpum = highest_bit(orb->cmd.lpm);
		return 0;
	}
}

int vccw_ssch(struct subchannel_id schid, const union orb *orb)
{
	struct shim_css *css = find(schid);
	int cc = 0;

	if (!css || !css->sch->schib.pmcw.ena)
		return 3;
	pthread_mutex_lock(&css->lock);
	if (css->pending)
		cc = 1;
	else if (css->fctl)
		cc = 2;
	else
		cc = accept_start(css, orb);
	pthread_cond_signal(&css->work);
	pthread_mutex_unlock(&css->lock);
	return cc;
}

int hsch(struct subchannel_id schid)
{
	struct shim_css *css = find(schid);
	int cc = 0;

	if (!css || !css->sch->schib.pmcw.ena)
		return 3;
	pthread_mutex_lock(&css->lock);
	if (css->pending) {
		cc = 1;
	} else if (css->fctl & (SCSW_FCTL_HALT_FUNC | SCSW_FCTL_CLEAR_FUNC)) {
		cc = 2;
	} else {
		css->fctl |= SCSW_FCTL_HALT_FUNC;
		css->actl = (css->actl & ~SCSW_ACTL_START_PEND) | SCSW_ACTL_HALT_PEND;
		pthread_cond_signal(&css->work);
	}
	pthread_mutex_unlock(&css->lock);
	return cc;
}

/* Status that was pending is gone. */
int csch(struct subchannel_id schid)
{
	struct shim_css *css = find(schid);

	if (!css || !css->sch->schib.pmcw.ena)
		return 3;
	pthread_mutex_lock(&css->lock);
	css->pending = false;
	css->fctl = SCSW_FCTL_CLEAR_FUNC;
	css->actl = SCSW_ACTL_CLEAR_PEND;
	pthread_cond_signal(&css->work);
	pthread_mutex_unlock(&css->lock);
	return 0;
}

bool vccw_tsch_pending(struct subchannel_id schid, struct irb *irb)
{
	struct shim_css *css = find(schid);
	bool pending;

	if (!css)
		return false;
	pthread_mutex_lock(&css->lock);
	pending = css->pending;
	if (pending) {
		*irb = css->irb;
		css->pending = false;
		if (css->again)
			pthread_cond_signal(&css->work);
		if (irb->scsw.cmd.stctl & ~(SCSW_STCTL_INTER_STATUS | SCSW_STCTL_STATUS_PEND) ||
		    !(irb->scsw.cmd.stctl & SCSW_STCTL_INTER_STATUS))
			css->fctl = 0;
	}
	pthread_mutex_unlock(&css->lock);
	return pending;
}

/* CANCEL SUBCHANNEL: what has not begun. */
int cio_cancel(struct subchannel *sch)
{
	struct shim_css *css = sch->css;
	int ret = 0;

	pthread_mutex_lock(&css->lock);
	if (css->pending || !(css->actl & SCSW_ACTL_START_PEND)) {
		ret = -EBUSY;
	} else {
		css->fctl = 0;
		css->actl = 0;
	}
	pthread_mutex_unlock(&css->lock);
	return ret;
}

/* RESUME SUBCHANNEL: no program is suspended here. */
int cio_resume(struct subchannel *sch)
{
	(void)sch;
	return -EINVAL;
}

int cio_update_schib(struct subchannel *sch)
{
	(void)sch;
	return 0;
}

/* MODIFY SUBCHANNEL, and before it TEST SUBCHANNEL: what is pending is thrown away. */
int cio_commit_config(struct subchannel *sch)
{
	struct shim_css *css = sch->css;
	struct irb irb;
	int ret = 0;

	vccw_tsch_pending(sch->schid, &irb);
	pthread_mutex_lock(&css->lock);
	if (css->fctl || css->denied) {
		ret = -EBUSY;
	} else {
		sch->schib.pmcw.isc = sch->config.isc;
		sch->schib.pmcw.ena = sch->config.ena;
	}
	pthread_cond_signal(&css->work);
	pthread_mutex_unlock(&css->lock);
	return ret;
}

/* As the kernel's: what the configuration says is what shall be. */
int cio_enable_subchannel(struct subchannel *sch, u32 intparm)
{
	sch->config.intparm = intparm;
	sch->config.isc = sch->isc;
	sch->config.ena = 1;
	return cio_commit_config(sch);
}

int cio_disable_subchannel(struct subchannel *sch)
{
	sch->config.ena = 0;
	return cio_commit_config(sch);
}

/* Life */

static int take_number(struct subchannel *sch)
{
	int ret = -ENOSPC;

	pthread_mutex_lock(&table_lock);
	for (unsigned int i = 0; i < MAX_SUBCHANNELS && ret; i++) {
		if (table[i])
			continue;
		table[i] = sch;
		table_top = max(table_top, i + 1);
		sch->schid.sch_no = i;
		ret = 0;
	}
	pthread_mutex_unlock(&table_lock);
	return ret;
}

static void give_number_back(struct subchannel *sch)
{
	pthread_mutex_lock(&table_lock);
	table[sch->schid.sch_no] = NULL;
	pthread_mutex_unlock(&table_lock);
}

struct subchannel *css_new(const struct hosted_ops *ops, void *device, css_irq_t irq,
			   bool (*may_touch)(const void *at, size_t n))
{
	struct subchannel *sch = calloc(1, sizeof(*sch));
	struct shim_css *css = calloc(1, sizeof(*css));

	if (!sch || !css || take_number(sch))
		goto fail;
	spin_lock_init(&sch->lock);
	sch->lpm = 0x80;
	sch->opm = 0xff; /* no path is varied off */
	sch->css = css;
	css->sch = sch;
	css->irq = irq;
	css->channel = (struct channel){
		.ops = ops,
		.device = device,
		.may_touch = may_touch,
		.stop = stopped,
		.pci = pci,
		.arg = css,
	};
	pthread_mutex_init(&css->lock, NULL);
	shim_cond_init(&css->work);
	if (shim_go_on || !shim_thread_create(&css->thread, run, css))
		return sch;
	give_number_back(sch);
fail:
	free(css);
	free(sch);
	return NULL;
}

void css_free(struct subchannel *sch, bool device_too)
{
	struct shim_css *css = sch->css;

	pthread_mutex_lock(&css->lock);
	css->leaving = true;
	pthread_cond_signal(&css->work);
	pthread_mutex_unlock(&css->lock);
	if (!shim_go_on)
		pthread_join(css->thread, NULL);
	give_number_back(sch);
	if (device_too && css->channel.ops->free)
		css->channel.ops->free(css->channel.device);
	pthread_mutex_destroy(&css->lock);
	pthread_cond_destroy(&css->work);
	free(css);
	free(sch);
}

void css_carry_out(struct subchannel *sch, const union orb *orb, struct irb *irb)
{
	sch->css->orb = *orb;
	channel_run(&sch->css->channel, orb, irb);
}

void css_orb(struct subchannel *sch, union orb *orb)
{
	pthread_mutex_lock(&sch->css->lock);
	*orb = sch->css->orb;
	pthread_mutex_unlock(&sch->css->lock);
}

void css_present(struct subchannel *sch, u8 dstat)
{
	pthread_mutex_lock(&sch->css->lock);
	if (!sch->css->pending)
		present(sch->css, dstat);
	pthread_cond_signal(&sch->css->work);
	pthread_mutex_unlock(&sch->css->lock);
}

void css_service_time(struct subchannel *sch, u64 ns)
{
	pthread_mutex_lock(&sch->css->lock);
	sch->css->service_ns = ns;
	pthread_mutex_unlock(&sch->css->lock);
}

bool css_stuck(struct subchannel *sch)
{
	bool stuck;

	pthread_mutex_lock(&sch->css->lock);
	stuck = sch->css->stuck;
	pthread_mutex_unlock(&sch->css->lock);
	return stuck;
}

void css_late(struct subchannel *sch)
{
	struct channel channel = sch->css->channel;
	struct irb irb;

	channel.stop = never;
	WARN_ON_ONCE(!sch->css->stuck);
	channel_run(&channel, &sch->css->orb, &irb);
}

void css_answer(struct subchannel *sch)
{
	pthread_mutex_lock(&sch->css->lock);
	sch->css->stuck = false;
	pthread_cond_signal(&sch->css->work);
	while (function_pending(sch->css) && !sch->css->stuck) {
		pthread_mutex_unlock(&sch->css->lock);
		sched_yield();
		pthread_mutex_lock(&sch->css->lock);
	}
	pthread_mutex_unlock(&sch->css->lock);
}

void css_deny(struct subchannel *sch, bool deny)
{
	pthread_mutex_lock(&sch->css->lock);
	sch->css->denied = deny;
	pthread_mutex_unlock(&sch->css->lock);
}

void css_replace(struct subchannel *sch)
{
	pthread_mutex_lock(&sch->css->lock);
	sch->schib.pmcw.ena = false;
	pthread_mutex_unlock(&sch->css->lock);
}

void css_attention(struct subchannel *sch)
{
	struct shim_css *css = sch->css;

	pthread_mutex_lock(&css->lock);
	if (!css->pending && !css->fctl)
		present(css, DEV_STAT_ATTENTION);
	pthread_cond_signal(&css->work);
	pthread_mutex_unlock(&css->lock);
}

void css_faults(struct subchannel *sch, const struct hosted_faults *faults)
{
	pthread_mutex_lock(&sch->css->lock);
	sch->css->faults = *faults;
	sch->css->refused = false;
	pthread_mutex_unlock(&sch->css->lock);
}
