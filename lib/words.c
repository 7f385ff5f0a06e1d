// SPDX-License-Identifier: MIT
/* words.c - interruption-response blocks and completions in words */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <ccwring/ring.h>

#include "internal.h"

/* A line that may be longer than its buffer, as snprintf() has it. */
struct line {
	char *buf;
	size_t size;
	size_t len;
};

static void __attribute__((format(printf, 2, 3))) put(struct line *l, const char *fmt, ...)
{
	size_t room = l->len < l->size ? l->size - l->len : 0;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(room ? l->buf + l->len : NULL, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->len += n;
}

struct bit {
	uint32_t mask;
	const char *name;
};

static const struct bit device_status[] = {
	{ CCWRING_DSTAT_ATTENTION, "attention" },
	{ CCWRING_DSTAT_STAT_MOD, "status modifier" },
	{ CCWRING_DSTAT_CU_END, "control-unit end" },
	{ CCWRING_DSTAT_BUSY, "busy" },
	{ CCWRING_DSTAT_CHN_END, "channel end" },
	{ CCWRING_DSTAT_DEV_END, "device end" },
	{ CCWRING_DSTAT_UNIT_CHECK, "unit check" },
	{ CCWRING_DSTAT_UNIT_EXCEPTION, "unit exception" },
};

static const struct bit subchannel_status[] = {
	{ CCWRING_CSTAT_PCI, "program-controlled interruption" },
	{ CCWRING_CSTAT_INCORR_LEN, "incorrect length" },
	{ CCWRING_CSTAT_PROG_CHECK, "program check" },
	{ CCWRING_CSTAT_PROT_CHECK, "protection check" },
	{ CCWRING_CSTAT_CHN_DATA_CHK, "channel-data check" },
	{ CCWRING_CSTAT_CHN_CTRL_CHK, "channel-control check" },
	{ CCWRING_CSTAT_INTF_CTRL_CHK, "interface-control check" },
	{ CCWRING_CSTAT_CHAIN_CHECK, "chaining check" },
};

static const struct bit functions[] = {
	{ CCWRING_SCSW_FC_START, "start" },
	{ CCWRING_SCSW_FC_HALT, "halt" },
	{ CCWRING_SCSW_FC_CLEAR, "clear" },
};

static const struct bit extended_report[] = {
	{ CCWRING_ERW_AUTH, "authorization check" },
	{ CCWRING_ERW_PVRF, "path verification required" },
	{ CCWRING_ERW_TIMEOUT, "channel-path timeout" },
};

static void put_bits(struct line *l, const char *what, const struct bit *bits, size_t n,
		     uint32_t value)
{
	const char *sep = "";

	put(l, "%s ", what);
	for (size_t i = 0; i < n; i++) {
		if (!(value & bits[i].mask))
			continue;
		put(l, "%s%s", sep, bits[i].name);
		sep = " + ";
	}
	if (!*sep)
		put(l, "none");
}

const uint8_t *ccwring_irb_sense(const uint8_t *irb, size_t *len)
{
	uint32_t erw = ccwring_irb_erw(irb);

	*len = 0;
	if (!(ccwring_irb_word0(irb) & CCWRING_SCSW_E) || !(erw & CCWRING_ERW_SENSE))
		return NULL;
	*len = (erw & CCWRING_ERW_SCNT_MASK) >> CCWRING_ERW_SCNT_SHIFT;
	if (!*len || *len > CCWRING_IRB_ECW_SIZE)
		*len = CCWRING_IRB_ECW_SIZE;
	return irb + CCWRING_IRB_ECW;
}

static void put_irb(struct line *l, const uint8_t *irb)
{
	uint32_t word0 = ccwring_irb_word0(irb);
	const uint8_t *sense;
	size_t len;

	put_bits(l, "device status", device_status, ARRAY_SIZE(device_status),
		 ccwring_irb_dstat(irb));
	put_bits(l, ", subchannel status", subchannel_status, ARRAY_SIZE(subchannel_status),
		 ccwring_irb_cstat(irb));
	put_bits(l, ", function", functions, ARRAY_SIZE(functions), word0);
	put(l, ", residual count %u, CCW address 0x%x", ccwring_irb_residual(irb),
	    ccwring_irb_cpa(irb));
	if (ccwring_irb_cc(irb))
		put(l, ", deferred condition code %u", ccwring_irb_cc(irb));
	if (word0 & CCWRING_SCSW_N)
		put(l, ", path not operational");
	if (word0 & CCWRING_SCSW_L && ccwring_irb_erw(irb) & 0x1c000000U)
		put_bits(l, ", report", extended_report, ARRAY_SIZE(extended_report),
			 ccwring_irb_erw(irb));
	sense = ccwring_irb_sense(irb, &len);
	if (sense)
		put(l, ", sense");
	for (size_t i = 0; sense && i < len; i++)
		put(l, "%s%02x", i % 4 ? "" : " ", sense[i]);
}

size_t ccwring_irb_describe(const uint8_t *irb, char *buf, size_t size)
{
	struct line l = { .buf = buf, .size = size };

	put_irb(&l, irb);
	return l.len;
}

static const char *const reasons[] = {
	[VFIO_CCW_RING_R_NONE] = "no reason given",
	[VFIO_CCW_RING_R_OPCODE] = "unknown opcode",
	[VFIO_CCW_RING_R_SQE_FLAGS] = "unknown flag in the entry",
	[VFIO_CCW_RING_R_SQE_RESERVED] = "a reserved field of the entry is not zero",
	[VFIO_CCW_RING_R_SUBCHANNEL] = "no subchannel with that index",
	[VFIO_CCW_RING_R_ORB_TRANSPORT] = "ORB: transport mode is not supported",
	[VFIO_CCW_RING_R_ORB_MIDAW] = "ORB: modified indirect addressing is not supported",
	[VFIO_CCW_RING_R_ORB_CPA] =
		"ORB: channel-program address not on a doubleword boundary or over 31 bits",
	[VFIO_CCW_RING_R_ORB_RESERVED] = "ORB: a bit that must be zero is one",
	[VFIO_CCW_RING_R_ORB_INTPARM] = "ORB: the interruption parameter is not zero",
	[VFIO_CCW_RING_R_ORB_SUSPEND] = "ORB: suspend control is not supported",
	[VFIO_CCW_RING_R_ORB_ADDR_LIMIT] = "ORB: address-limit checking is not supported",
	[VFIO_CCW_RING_R_ORB_EXTENSION] = "ORB: the extension is not supported",
	[VFIO_CCW_RING_R_ORB_PREFETCH] = "ORB: programs without prefetch are not supported",
	[VFIO_CCW_RING_R_CCW_UNMAPPED] = "the CCW is not in mapped memory",
	[VFIO_CCW_RING_R_CCW_TOO_MANY] = "the channel program is longer than the driver takes",
	[VFIO_CCW_RING_R_CCW_TIC_FIRST] = "the channel program begins with a TIC",
	[VFIO_CCW_RING_R_CCW_TIC_TIC] = "a TIC leads to a TIC",
	[VFIO_CCW_RING_R_CCW_TIC_ADDR] =
		"TIC to an address not on a doubleword boundary or over 31 bits",
	[VFIO_CCW_RING_R_CCW_FORMAT] =
		"a bit that must be zero is one, or the CCW format does not know the command",
	[VFIO_CCW_RING_R_CCW_SUSPEND] = "the suspend flag is not supported",
	[VFIO_CCW_RING_R_CCW_COUNT] = "count 0 where the CCW format forbids it",
	[VFIO_CCW_RING_R_DATA_UNMAPPED] =
		"the data area is not in mapped memory, or not writable by the device",
	[VFIO_CCW_RING_R_IDAL_ALIGN] = "the IDAW list is not on the boundary its format asks for",
	[VFIO_CCW_RING_R_IDAL_UNMAPPED] = "the IDAW list is not in mapped memory",
	[VFIO_CCW_RING_R_IDAW_ALIGN] = "an IDAW after the first is not on a block boundary",
	[VFIO_CCW_RING_R_IDAW_FORMAT] = "a format-1 IDAW has its first bit one",
	[VFIO_CCW_RING_R_PIN_LIMIT] = "the channel program needs more pages than the driver's "
				      "limit or RLIMIT_MEMLOCK allows",
	[VFIO_CCW_RING_R_NO_MEMORY] = "no kernel memory for the channel program",
	[VFIO_CCW_RING_R_PAGE_BUSY] =
		"a page cannot be used just now: submit again when other starts have completed",
	[VFIO_CCW_RING_R_HELD] = "behind a start that failed",
	[VFIO_CCW_RING_R_FLUSHED] = "a halt or clear found the start in the queue",
	[VFIO_CCW_RING_R_BUSY] =
		"the subchannel is busy (condition code 2), or the start to cancel has begun",
	[VFIO_CCW_RING_R_NOT_OPERATIONAL] = "the subchannel is not operational (condition code 3)",
	[VFIO_CCW_RING_R_CLOSED] = "the device or the ring was closed",
	[VFIO_CCW_RING_R_UNMAPPED] = "memory of the channel program was unmapped under way",
	[VFIO_CCW_RING_R_PATH_LOST] = "the channel path has gone under way",
	[VFIO_CCW_RING_R_CANCELED] = "taken back by a cancel",
	[VFIO_CCW_RING_R_NO_START] = "no start with that user data is there to cancel",
	[VFIO_CCW_RING_R_NOT_SUSPENDED] = "no channel program is suspended",
	[VFIO_CCW_RING_R_GONE] = "the device is gone",
	[VFIO_CCW_RING_R_RESET] = "the device was reset",
};

const char *ccwring_reason_str(unsigned int reason)
{
	if (reason >= ARRAY_SIZE(reasons) || !reasons[reason])
		return "unknown reason";
	return reasons[reason];
}

/* Reasons that name a CCW lie in one range of the enum. */
static bool names_ccw(unsigned int reason)
{
	return reason >= VFIO_CCW_RING_R_CCW_UNMAPPED && reason <= VFIO_CCW_RING_R_PAGE_BUSY;
}

size_t ccwring_cqe_describe(const struct vfio_ccw_ring_cqe *cqe, char *buf, size_t size)
{
	struct line l = { .buf = buf, .size = size };

	put(&l, "subchannel %u: ", cqe->subchannel);
	if (cqe->flags & VFIO_CCW_RING_CQE_UNSOLICITED)
		put(&l, "unsolicited: ");
	if (cqe->flags & VFIO_CCW_RING_CQE_MORE)
		put(&l, "intermediate: ");
	if (cqe->flags & VFIO_CCW_RING_CQE_MERGED)
		put(&l, "merged: ");
	if (cqe->res)
		put(&l, "%s (%s)", strerror(-cqe->res), ccwring_reason_str(cqe->reason));
	if (names_ccw(cqe->reason))
		put(&l, ", CCW %u at 0x%x", cqe->ccw_index, cqe->ccw_addr);
	if (cqe->flags & VFIO_CCW_RING_CQE_IRB) {
		put(&l, "%s", cqe->res ? ", " : "");
		put_irb(&l, cqe->irb);
	} else if (!cqe->res) {
		put(&l, "done");
	}
	return l.len;
}
