/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: the way of each request, and the detours.
 *
 *	vccw_queue	a start that came through a ring is translated
 *	vccw_ssch	START SUBCHANNEL for it, or for one of the region
 *	vccw_status	of the subchannel, by an interrupt or by polling
 *	vccw_complete	the end of a request
 *
 *	vccw_refuse	no request comes of an SQE or a write to the region
 *	vccw_func	HALT or CLEAR SUBCHANNEL for a client
 *	vccw_stop	the driver ends what is under way, and why
 *	vccw_pin	pages are pinned that were not in the cache
 *	vccw_evict	one is unpinned to make room
 *	vccw_stale	one is unpinned because its owner has discarded it
 *
 * The user data of a start tells it from others; those of the region have 0.
 * Pages are numbered as the client knows them.  Values of reason are those of
 * enum vfio_ccw_ring_reason.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vfio_ccw

#if !defined(VCCW_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VCCW_TRACE_H

#include <linux/jump_label.h>
#include <linux/tracepoint.h>
#include "vccw_device.h"

#define vccw_show_func(func)		\
	__print_symbolic(func,		\
		{ VCCW_START, "start" },	\
		{ VCCW_HALT, "halt" },	\
		{ VCCW_CLEAR, "clear" })

TRACE_DEFINE_ENUM(VCCW_START);
TRACE_DEFINE_ENUM(VCCW_HALT);
TRACE_DEFINE_ENUM(VCCW_CLEAR);

/* Is any of the three on that every end of a start meets?  Asked once for all. */
DECLARE_STATIC_KEY_FALSE(vccw_traced);
int vccw_trace_on(void);
void vccw_trace_off(void);
#define vccw_is_traced()	static_branch_unlikely(&vccw_traced)

TRACE_EVENT(vccw_queue,
	TP_PROTO(const struct subchannel *sch, const struct vccw_req *req),
	TP_ARGS(sch, req),
	TP_STRUCT__entry(
		__field(u8, ssid)
		__field(u16, schno)
		__field(u64, user_data)
	),
	TP_fast_assign(
		__entry->ssid = sch->schid.ssid;
		__entry->schno = sch->schid.sch_no;
		__entry->user_data = req->user_data;
	),
	TP_printk("sch=0.%x.%04x user_data=0x%llx", __entry->ssid, __entry->schno,
		  __entry->user_data)
);

TRACE_EVENT_FN(vccw_ssch,
	TP_PROTO(const struct subchannel *sch, const struct vccw_req *req, int cc),
	TP_ARGS(sch, req, cc),
	TP_STRUCT__entry(
		__field(u8, ssid)
		__field(u16, schno)
		__field(u64, user_data)
		__field(int, cc)
	),
	TP_fast_assign(
		__entry->ssid = sch->schid.ssid;
		__entry->schno = sch->schid.sch_no;
		__entry->user_data = req->user_data;
		__entry->cc = cc;
	),
	TP_printk("sch=0.%x.%04x user_data=0x%llx cc=%d", __entry->ssid, __entry->schno,
		  __entry->user_data, __entry->cc),
	vccw_trace_on, vccw_trace_off
);

/* Without an active start it is status that nobody asked for, or of a function. */
TRACE_EVENT_FN(vccw_status,
	TP_PROTO(const struct vccw_device *dev, const struct vccw_req *active,
		 const struct irb *irb),
	TP_ARGS(dev, active, irb),
	TP_STRUCT__entry(
		__field(u8, ssid)
		__field(u16, schno)
		__field(bool, active)
		__field(u64, user_data)
		__field(u8, fctl)
		__field(u8, actl)
		__field(u8, stctl)
		__field(u8, dstat)
		__field(u8, cstat)
	),
	TP_fast_assign(
		__entry->ssid = dev->sch->schid.ssid;
		__entry->schno = dev->sch->schid.sch_no;
		__entry->active = active;
		__entry->user_data = active ? active->user_data : 0;
		__entry->fctl = irb->scsw.cmd.fctl;
		__entry->actl = irb->scsw.cmd.actl;
		__entry->stctl = irb->scsw.cmd.stctl;
		__entry->dstat = irb->scsw.cmd.dstat;
		__entry->cstat = irb->scsw.cmd.cstat;
	),
	TP_printk("sch=0.%x.%04x active=%d user_data=0x%llx fctl=0x%x actl=0x%02x stctl=0x%02x dstat=0x%02x cstat=0x%02x",
		  __entry->ssid, __entry->schno, __entry->active, __entry->user_data,
		  __entry->fctl, __entry->actl, __entry->stctl,
		  __entry->dstat, __entry->cstat),
	vccw_trace_on, vccw_trace_off
);

TRACE_EVENT_FN(vccw_complete,
	TP_PROTO(struct vccw_queue *q, const struct vccw_req *req, int res, u16 reason),
	TP_ARGS(q, req, res, reason),
	TP_STRUCT__entry(
		__field(u8, ssid)
		__field(u16, schno)
		__field(u64, user_data)
		__field(u8, func)
		__field(int, res)
		__field(u16, reason)
	),
	TP_fast_assign(
		const struct subchannel *sch =
			container_of(q, struct vccw_device, queue)->sch;

		__entry->ssid = sch->schid.ssid;
		__entry->schno = sch->schid.sch_no;
		__entry->user_data = req->region ? 0 : req->user_data;
		__entry->func = req->func;
		__entry->res = res;
		__entry->reason = reason;
	),
	TP_printk("sch=0.%x.%04x user_data=0x%llx func=%s res=%d reason=%u",
		  __entry->ssid, __entry->schno, __entry->user_data,
		  vccw_show_func(__entry->func), __entry->res, __entry->reason),
	vccw_trace_on, vccw_trace_off
);

/* An SQE with a wrong index has no subchannel: it is shown as 0.0.0000. */
TRACE_EVENT(vccw_refuse,
	TP_PROTO(const struct vccw_device *dev, u64 user_data, int res,
		 const struct vccw_fault *fault),
	TP_ARGS(dev, user_data, res, fault),
	TP_STRUCT__entry(
		__field(u8, ssid)
		__field(u16, schno)
		__field(u64, user_data)
		__field(int, res)
		__field(u16, reason)
		__field(u16, ccw_index)
		__field(u32, ccw_addr)
	),
	TP_fast_assign(
		__entry->ssid = dev ? dev->sch->schid.ssid : 0;
		__entry->schno = dev ? dev->sch->schid.sch_no : 0;
		__entry->user_data = user_data;
		__entry->res = res;
		__entry->reason = fault->reason;
		__entry->ccw_index = fault->ccw_index;
		__entry->ccw_addr = fault->ccw_addr;
	),
	TP_printk("sch=0.%x.%04x user_data=0x%llx res=%d reason=%u ccw_index=%u ccw_addr=0x%08x",
		  __entry->ssid, __entry->schno, __entry->user_data, __entry->res,
		  __entry->reason, __entry->ccw_index, __entry->ccw_addr)
);

TRACE_EVENT(vccw_func,
	TP_PROTO(const struct subchannel *sch, u8 func, int cc),
	TP_ARGS(sch, func, cc),
	TP_STRUCT__entry(
		__field(u8, ssid)
		__field(u16, schno)
		__field(u8, func)
		__field(int, cc)
	),
	TP_fast_assign(
		__entry->ssid = sch->schid.ssid;
		__entry->schno = sch->schid.sch_no;
		__entry->func = func;
		__entry->cc = cc;
	),
	TP_printk("sch=0.%x.%04x func=%s cc=%d", __entry->ssid, __entry->schno,
		  vccw_show_func(__entry->func), __entry->cc)
);

TRACE_EVENT(vccw_stop,
	TP_PROTO(const struct subchannel *sch, u16 reason),
	TP_ARGS(sch, reason),
	TP_STRUCT__entry(
		__field(u8, ssid)
		__field(u16, schno)
		__field(u16, reason)
	),
	TP_fast_assign(
		__entry->ssid = sch->schid.ssid;
		__entry->schno = sch->schid.sch_no;
		__entry->reason = reason;
	),
	TP_printk("sch=0.%x.%04x reason=%u", __entry->ssid, __entry->schno, __entry->reason)
);

TRACE_EVENT(vccw_pin,
	TP_PROTO(const struct vccw_device *dev, u64 iova_pfn, u32 pages),
	TP_ARGS(dev, iova_pfn, pages),
	TP_STRUCT__entry(
		__field(u8, ssid)
		__field(u16, schno)
		__field(u64, iova_pfn)
		__field(u32, pages)
		__field(u32, count)
	),
	TP_fast_assign(
		__entry->ssid = dev->sch->schid.ssid;
		__entry->schno = dev->sch->schid.sch_no;
		__entry->iova_pfn = iova_pfn;
		__entry->pages = pages;
		__entry->count = dev->pins.count;
	),
	TP_printk("sch=0.%x.%04x iova_pfn=0x%llx pages=%u count=%u",
		  __entry->ssid, __entry->schno, __entry->iova_pfn, __entry->pages, __entry->count)
);

DECLARE_EVENT_CLASS(vccw_unpin,
	TP_PROTO(const struct vccw_device *dev, u64 iova_pfn),
	TP_ARGS(dev, iova_pfn),
	TP_STRUCT__entry(
		__field(u8, ssid)
		__field(u16, schno)
		__field(u64, iova_pfn)
	),
	TP_fast_assign(
		__entry->ssid = dev->sch->schid.ssid;
		__entry->schno = dev->sch->schid.sch_no;
		__entry->iova_pfn = iova_pfn;
	),
	TP_printk("sch=0.%x.%04x iova_pfn=0x%llx", __entry->ssid, __entry->schno,
		  __entry->iova_pfn)
);

DEFINE_EVENT(vccw_unpin, vccw_evict,
	TP_PROTO(const struct vccw_device *dev, u64 iova_pfn),
	TP_ARGS(dev, iova_pfn)
);

DEFINE_EVENT(vccw_unpin, vccw_stale,
	TP_PROTO(const struct vccw_device *dev, u64 iova_pfn),
	TP_ARGS(dev, iova_pfn)
);

void vccw_do_trace_queue(const struct subchannel *sch, const struct vccw_req *req);
void vccw_do_trace_ssch(const struct subchannel *sch, const struct vccw_req *req, int cc);
void vccw_do_trace_status(const struct vccw_device *dev, const struct vccw_req *active,
			  const struct irb *irb);
void vccw_do_trace_refuse(const struct vccw_device *dev, u64 user_data, int res,
			  const struct vccw_fault *fault);
void vccw_do_trace_complete(struct vccw_queue *q, const struct vccw_req *req, int res,
			    u16 reason);

/* One no-operation where it stands, while nobody listens. */
#define vccw_trace(event, ...)					\
	do {							\
		if (tracepoint_enabled(vccw_##event))		\
			vccw_do_trace_##event(__VA_ARGS__);	\
	} while (0)

#endif /* VCCW_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE vccw_trace

#include <trace/define_trace.h>
