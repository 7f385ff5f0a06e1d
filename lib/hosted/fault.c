// SPDX-License-Identifier: GPL-2.0-only
/* fault.c - starts that go wrong */
#include "fault.h"

#include "css.h"

#define EQUIPMENT_CHECK 0x10

static const char *const names[HOSTED_N_FAULTS] = {
	[HOSTED_STATUS_PENDING] = "status-pending",
	[HOSTED_BUSY] = "busy",
	[HOSTED_NOT_OPERATIONAL] = "not-operational",
	[HOSTED_UNIT_CHECK] = "unit-check",
	[HOSTED_CHANNEL_DATA] = "channel-data",
	[HOSTED_CHANNEL_CONTROL] = "channel-control",
	[HOSTED_INTERFACE_CONTROL] = "interface-control",
	[HOSTED_PATH_LOST] = "path-lost",
	[HOSTED_LOST] = "lost",
	[HOSTED_DOUBLED] = "doubled",
	[HOSTED_STUCK] = "stuck",
};

const char *hosted_fault_name(enum hosted_fault fault)
{
	return fault < HOSTED_N_FAULTS ? names[fault] : NULL;
}

enum hosted_fault hosted_fault_named(const char *name, size_t n)
{
	for (int fault = 1; fault < HOSTED_N_FAULTS; fault++)
		if (strlen(names[fault]) == n && !memcmp(names[fault], name, n))
			return fault;
	return HOSTED_NO_FAULT;
}

/* xorshift64* */
static u64 draw(struct hosted_faults *faults)
{
	u64 x = faults->seed ?: 1;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	faults->seed = x;
	return x * 0x2545f4914f6cdd1dULL >> 32;
}

enum hosted_fault fault_next(struct hosted_faults *faults)
{
	int fault, n;

	if (!faults->kinds || (faults->one_in > 1 && draw(faults) % faults->one_in))
		return HOSTED_NO_FAULT;
	n = draw(faults) % __builtin_popcount(faults->kinds);
	for (fault = 0; !(faults->kinds >> fault & 1) || n--;)
		fault++;
	return fault;
}

bool fault_ends(enum hosted_fault fault, const union orb *orb, struct irb *irb)
{
	struct cmd_scsw *scsw = &irb->scsw.cmd;
	u8 sense[32] = { EQUIPMENT_CHECK };

	memset(irb, 0, sizeof(*irb));
	switch (fault) {
	case HOSTED_UNIT_CHECK:
		scsw->cpa = u32_to_dma32(dma32_to_u32(orb->cmd.cpa) + 8);
		scsw->dstat = DEV_STAT_CHN_END | DEV_STAT_DEV_END | DEV_STAT_UNIT_CHECK;
		channel_sense(irb, sense);
		return true;
	case HOSTED_CHANNEL_CONTROL:
		scsw->cstat = SCHN_STAT_CHN_CTRL_CHK;
		return true;
	case HOSTED_INTERFACE_CONTROL:
		scsw->cstat = SCHN_STAT_INTF_CTRL_CHK;
		return true;
	case HOSTED_PATH_LOST:
		scsw->cc = 3;
		scsw->pno = 1;
		return true;
	default:
		return false;
	}
}
