/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cio.h - channel I/O: the architecture's blocks, subchannels, instructions
 *
 * The blocks are what arch/s390's headers make of them, with one difference: they
 * consist of words in this machine's byte order.  Where they leave the core they are
 * turned into bytes as the architecture has them, vccw_irb_store().
 */
#ifndef SHIM_CIO_H
#define SHIM_CIO_H

#include <shim/memory.h>

/*
 * Members in the order of the architecture, which is from the highest bit down; a
 * compiler for the other byte order begins with the lowest.
 */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define SHIM_TWO(first, ...) \
	first;               \
	__VA_ARGS__
#else
#define SHIM_TWO(first, ...) __VA_ARGS__ first;
#endif
#define SHIM_1(a)	a;
#define SHIM_2(a, ...)	SHIM_TWO(a, SHIM_1(__VA_ARGS__))
#define SHIM_3(a, ...)	SHIM_TWO(a, SHIM_2(__VA_ARGS__))
#define SHIM_4(a, ...)	SHIM_TWO(a, SHIM_3(__VA_ARGS__))
#define SHIM_5(a, ...)	SHIM_TWO(a, SHIM_4(__VA_ARGS__))
#define SHIM_6(a, ...)	SHIM_TWO(a, SHIM_5(__VA_ARGS__))
#define SHIM_7(a, ...)	SHIM_TWO(a, SHIM_6(__VA_ARGS__))
#define SHIM_8(a, ...)	SHIM_TWO(a, SHIM_7(__VA_ARGS__))
#define SHIM_9(a, ...)	SHIM_TWO(a, SHIM_8(__VA_ARGS__))
#define SHIM_10(a, ...) SHIM_TWO(a, SHIM_9(__VA_ARGS__))
#define SHIM_11(a, ...) SHIM_TWO(a, SHIM_10(__VA_ARGS__))
#define SHIM_12(a, ...) SHIM_TWO(a, SHIM_11(__VA_ARGS__))
#define SHIM_13(a, ...) SHIM_TWO(a, SHIM_12(__VA_ARGS__))
#define SHIM_14(a, ...) SHIM_TWO(a, SHIM_13(__VA_ARGS__))
#define SHIM_15(a, ...) SHIM_TWO(a, SHIM_14(__VA_ARGS__))
#define SHIM_16(a, ...) SHIM_TWO(a, SHIM_15(__VA_ARGS__))

/* Operation-request block */
struct cmd_orb {
	u32 intparm;
	SHIM_15(u32 key : 4, u32 spnd : 1, u32 res1 : 1, u32 mod : 1, u32 sync : 1, u32 fmt : 1,
		u32 pfch : 1, u32 isic : 1, u32 alcc : 1, u32 ssic : 1, u32 res2 : 1, u32 c64 : 1,
		u32 i2k : 1, u32 lpm : 8, u32 low : 8)
	dma32_t cpa;
};

union orb {
	struct cmd_orb cmd;
};

/* Channel-command word, format 1: one number of 64 bits */
struct ccw1 {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	u8 cmd_code;
	u8 flags;
	u16 count;
	dma32_t cda;
#else
	dma32_t cda;
	u16 count;
	u8 flags;
	u8 cmd_code;
#endif
} __attribute__((aligned(8)));

#define CCW_FLAG_DC	 0x80
#define CCW_FLAG_CC	 0x40
#define CCW_FLAG_SLI	 0x20
#define CCW_FLAG_SKIP	 0x10
#define CCW_FLAG_PCI	 0x08
#define CCW_FLAG_IDA	 0x04
#define CCW_FLAG_SUSPEND 0x02

/* Interruption-response block */
struct cmd_scsw {
	SHIM_16(u32 key : 4, u32 sctl : 1, u32 eswf : 1, u32 cc : 2, u32 fmt : 1, u32 pfch : 1,
		u32 isic : 1, u32 alcc : 1, u32 ssi : 1, u32 zcc : 1, u32 ectl : 1, u32 pno : 1,
		u32 res : 1, u32 fctl : 3, u32 actl : 7, u32 stctl : 5)
	dma32_t cpa;
	SHIM_3(u32 dstat : 8, u32 cstat : 8, u32 count : 16)
};

struct erw {
	SHIM_11(u32 res0 : 3, u32 auth : 1, u32 pvrf : 1, u32 cpt : 1, u32 fsavf : 1, u32 cons : 1,
		u32 scavf : 1, u32 fsaf : 1, u32 scnt : 6, u32 res16 : 8, u32 res24 : 8)
};

struct esw0 {
	u32 sublog;
	struct erw erw;
	dma32_t faddr[2];
	dma32_t saddr;
};

struct irb {
	union {
		struct cmd_scsw cmd;
	} scsw;
	union {
		struct esw0 esw0;
	} esw;
	u8 ecw[32];
};

_Static_assert(sizeof(union orb) == 12 && sizeof(struct ccw1) == 8 && sizeof(struct irb) == 64,
	       "as the architecture has them");

#define SCSW_FCTL_CLEAR_FUNC	0x1
#define SCSW_FCTL_HALT_FUNC	0x2
#define SCSW_FCTL_START_FUNC	0x4
#define SCSW_ACTL_SUSPENDED	0x1
#define SCSW_ACTL_DEVACT	0x2
#define SCSW_ACTL_SCHACT	0x4
#define SCSW_ACTL_CLEAR_PEND	0x8
#define SCSW_ACTL_HALT_PEND	0x10
#define SCSW_ACTL_START_PEND	0x20
#define SCSW_STCTL_STATUS_PEND	0x1
#define SCSW_STCTL_SEC_STATUS	0x2
#define SCSW_STCTL_PRIM_STATUS	0x4
#define SCSW_STCTL_INTER_STATUS 0x8
#define SCSW_STCTL_ALERT_STATUS 0x10

#define DEV_STAT_ATTENTION	0x80
#define DEV_STAT_STAT_MOD	0x40
#define DEV_STAT_CU_END		0x20
#define DEV_STAT_BUSY		0x10
#define DEV_STAT_CHN_END	0x08
#define DEV_STAT_DEV_END	0x04
#define DEV_STAT_UNIT_CHECK	0x02
#define DEV_STAT_UNIT_EXCEP	0x01

#define SCHN_STAT_PCI		0x80
#define SCHN_STAT_INCORR_LEN	0x40
#define SCHN_STAT_PROG_CHECK	0x20
#define SCHN_STAT_PROT_CHECK	0x10
#define SCHN_STAT_CHN_DATA_CHK	0x08
#define SCHN_STAT_CHN_CTRL_CHK	0x04
#define SCHN_STAT_INTF_CTRL_CHK 0x02
#define SCHN_STAT_CHAIN_CHECK	0x01

/* Subchannels */

struct subchannel_id {
	u16 ssid;
	u16 sch_no;
};

struct device {
	void *driver_data;
};

struct schib_config {
	u32 intparm;
	u32 isc : 3;
	u32 ena : 1;
};

struct pmcw {
	u8 lpum;
	u8 isc;
	bool ena;
};

struct schib {
	struct pmcw pmcw;
};

struct shim_css; /* what is behind it, css.c */

struct subchannel {
	struct subchannel_id schid;
	spinlock_t lock;
	u8 lpm;
	u8 opm;
	struct schib schib;
	int isc;
	struct device dev;
	struct schib_config config;
	struct shim_css *css;
};

static inline void *dev_get_drvdata(const struct device *dev)
{
	return dev->driver_data;
}

static inline void get_device(struct device *dev)
{
	(void)dev;
}

static inline void put_device(struct device *dev)
{
	(void)dev;
}

#define VFIO_CCW_ISC 3

typedef u64 dma_addr_t;

extern __thread struct irb cio_irb;
#define this_cpu_ptr(variable) (variable)
#define inc_irq_stat(irq)      ((void)0)

struct chp_link;

int cio_enable_subchannel(struct subchannel *sch, u32 intparm);
int cio_disable_subchannel(struct subchannel *sch);
int cio_commit_config(struct subchannel *sch);
int cio_update_schib(struct subchannel *sch);
int cio_cancel(struct subchannel *sch);
int cio_resume(struct subchannel *sch);

/* Instructions; condition codes.  The file of the driver's has assembler in it. */
#define VCCW_IOASM_H

int hsch(struct subchannel_id schid);
int csch(struct subchannel_id schid);
int vccw_ssch(struct subchannel_id schid, const union orb *orb);
bool vccw_tsch_pending(struct subchannel_id schid, struct irb *irb);

static inline bool vccw_ssch_accepted(struct subchannel_id schid, const union orb *orb)
{
	return !vccw_ssch(schid, orb);
}

static inline u64 get_tod_clock_fast(void)
{
	return ktime_get_ns() * 4096 / 1000;
}

static inline void vccw_stckf(u64 *tod)
{
	*tod = get_tod_clock_fast();
}

/* Control register 6 has the subclasses that interrupt. */
struct ctlreg {
	unsigned long val;
};

static inline void local_ctl_store(unsigned int number, struct ctlreg *reg)
{
	(void)number;
	reg->val = 0;
}

#endif
