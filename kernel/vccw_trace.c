// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoints' definitions, and the calls of those that every request meets:
 * out of line, because the code of a call that is not made makes the compiler
 * give up inlining what it stands in.
 */
#define CREATE_TRACE_POINTS
#include "vccw_trace.h"

DEFINE_STATIC_KEY_FALSE(vccw_traced);

int vccw_trace_on(void)
{
	static_branch_inc(&vccw_traced);
	return 0;
}

void vccw_trace_off(void)
{
	static_branch_dec(&vccw_traced);
}

void vccw_do_trace_queue(const struct subchannel *sch, const struct vccw_req *req)
{
	trace_vccw_queue(sch, req);
}

void vccw_do_trace_ssch(const struct subchannel *sch, const struct vccw_req *req, int cc)
{
	trace_vccw_ssch(sch, req, cc);
}

void vccw_do_trace_status(const struct vccw_device *dev, const struct vccw_req *active,
			  const struct irb *irb)
{
	trace_vccw_status(dev, active, irb);
}

void vccw_do_trace_refuse(const struct vccw_device *dev, u64 user_data, int res,
			  const struct vccw_fault *fault)
{
	trace_vccw_refuse(dev, user_data, res, fault);
}

void vccw_do_trace_complete(struct vccw_queue *q, const struct vccw_req *req, int res,
			    u16 reason)
{
	trace_vccw_complete(q, req, res, reason);
}
