// SPDX-License-Identifier: MIT
/* Killing a program while the device works for it leaves nothing behind. */
#include "eckd.h"

int main(void)
{
	int i;

	for (i = 0; i < 10; i++)
		t_load_killed(eckd_load);
	return tap_done();
}
