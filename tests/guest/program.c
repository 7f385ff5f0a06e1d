// SPDX-License-Identifier: MIT
#include "program.h"

#include <string.h>

#include "ring.h"

#if __BYTE_ORDER__ != __ORDER_BIG_ENDIAN__
#error these programs run on the machine whose channels they program
#endif

_Static_assert(sizeof(struct t_ccw1) == 8, "a CCW has 8 bytes");
_Static_assert(sizeof(struct t_ccw0) == 8, "a CCW has 8 bytes");

void t_orb(uint8_t *orb, uint32_t flags, uint32_t program)
{
	memset(orb, 0, VFIO_CCW_RING_ORB_SIZE);
	memcpy(orb + 4, &flags, 4);
	memcpy(orb + 8, &program, 4);
}

void t_ccw1(struct t_ccw1 *ccw, uint8_t command, uint8_t flags, uint16_t count, uint32_t address)
{
	*ccw = (struct t_ccw1){ command, flags, count, address };
}

void t_ccw0(struct t_ccw0 *ccw, uint8_t command, uint8_t flags, uint16_t count, uint32_t address)
{
	*ccw = (struct t_ccw0){
		.command = command,
		.address = { address >> 16, address >> 8, address },
		.flags = flags,
		.count = count,
	};
}

uint8_t t_irb_function(const uint8_t *irb)
{
	return irb[2] & 0x70;
}

uint32_t t_irb_cpa(const uint8_t *irb)
{
	uint32_t address;

	memcpy(&address, irb + 4, 4);
	return address;
}

uint8_t t_irb_dstat(const uint8_t *irb)
{
	return irb[8];
}

uint8_t t_irb_cstat(const uint8_t *irb)
{
	return irb[9];
}

uint16_t t_irb_residual(const uint8_t *irb)
{
	uint16_t count;

	memcpy(&count, irb + 10, 2);
	return count;
}

bool t_irb_good(const uint8_t *irb)
{
	return t_irb_dstat(irb) == T_DSTAT_GOOD && !t_irb_cstat(irb);
}
