// SPDX-License-Identifier: MIT
/* Every chapter of the stock ABI, on whatever driver has the device. */
#include "abi.h"

int main(void)
{
	static void (*const chapters[])(struct abi *) = {
		abi_info,     abi_schib, abi_irqs,   abi_access, abi_writes,	 abi_refused,
		abi_programs, abi_async, abi_memory, abi_life,	 abi_wrong_path,
	};
	struct abi abi;
	unsigned int i;

	abi_open(&abi);
	for (i = 0; i < sizeof(chapters) / sizeof(*chapters); i++)
		chapters[i](&abi);
	abi_close(&abi);
	return 0;
}
