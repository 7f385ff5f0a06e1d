// SPDX-License-Identifier: MIT
/* Killing a program with requests under way leaves nothing behind. */
#include "load.h"

int main(void)
{
	int i;

	for (i = 0; i < 5; i++)
		t_load_killed(t_load_sense_id);
	return tap_done();
}
