// SPDX-License-Identifier: MIT
/* formats.c - ORB, CCWs and IDAWs for the model, and its memory */
#include "model.h"

#define ORB_FORMAT1	 0x00800000
#define ORB_IDAW_FORMAT2 0x00020000
#define ORB_IDAW_2K	 0x00010000

bool model_format1(const struct model *m)
{
	return m->word & ORB_FORMAT1;
}

unsigned int model_idaw_bytes(const struct model *m)
{
	return m->word & ORB_IDAW_FORMAT2 ? 8 : 4;
}

uint32_t model_block(const struct model *m)
{
	return m->word & ORB_IDAW_FORMAT2 && !(m->word & ORB_IDAW_2K) ? 4096 : 2048;
}

static const uint8_t *old_byte(const struct model *m, uint64_t iova)
{
	for (unsigned int i = 0; i < MODEL_AREAS; i++)
		if (iova >= m->memory[i].iova && iova - m->memory[i].iova < m->memory[i].bytes)
			return m->memory[i].before + (iova - m->memory[i].iova);
	return NULL;
}

bool model_mapped(const struct model *m, uint64_t iova)
{
	return old_byte(m, iova);
}

bool model_number(const struct model *m, uint64_t iova, unsigned int bytes, uint64_t *value)
{
	for (*value = 0; bytes; bytes--, iova++) {
		const uint8_t *b = old_byte(m, iova);

		if (!b)
			return false;
		*value = *value << 8 | *b;
	}
	return true;
}

/* A CCW of format 0 is below 16 MiB, one of format 1 below 2 GiB. */
bool model_fetch(const struct model *m, uint32_t at, struct model_ccw *ccw)
{
	uint64_t raw;

	if (at > (model_format1(m) ? 0x7fffffffU : 0xffffffU) || !model_number(m, at, 8, &raw))
		return false;
	ccw->cmd = raw >> 56;
	if (model_format1(m)) {
		ccw->flags = raw >> 48;
		ccw->count = raw >> 32;
		ccw->cda = raw;
	} else {
		ccw->cda = raw >> 32 & 0xffffff;
		ccw->flags = raw >> 24;
		ccw->count = raw;
	}
	return true;
}

bool model_is_tic(const struct model *m, const struct model_ccw *ccw)
{
	return model_format1(m) ? ccw->cmd == 0x08 : (ccw->cmd & 0x0f) == 0x08;
}

bool model_backward(uint8_t cmd)
{
	return (cmd & 0x0f) == 0x0c;
}

bool model_reads(uint8_t cmd)
{
	return (cmd & 0x03) == 0x02 || (cmd & 0x0f) == 0x04 || model_backward(cmd);
}

uint32_t model_in_block(const struct model *m, uint64_t at, bool backward)
{
	uint32_t size = model_block(m);

	return backward ? at % size + 1 : size - at % size;
}
