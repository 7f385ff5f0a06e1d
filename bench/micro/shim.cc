// SPDX-License-Identifier: MIT
/* shim.cc - the benches of micro.h as google-benchmark's */
#include <cstdlib>
#include <cstring>

#include <benchmark/benchmark.h>

#include "marker.h"
#include "micro.h"

static void carry_out(benchmark::State &state, const struct micro *micro)
{
	void *context = nullptr;
	int err = micro->setup ? micro->setup(micro, &context) : 0;

	if (err) {
		state.SkipWithError(std::strerror(-err));
		return;
	}
	marker_begin();
	while (state.KeepRunningBatch(micro->batch)) {
		err = micro->run(context, micro->batch);
		if (err) {
			state.SkipWithError(std::strerror(-err));
			break;
		}
	}
	marker_end();
	if (micro->teardown)
		micro->teardown(context);
}

void micro_add(const struct micro *micros, size_t n)
{
	for (size_t i = 0; i < n; i++)
		benchmark::RegisterBenchmark(micros[i].name, carry_out, &micros[i]);
}

const char *micro_device(void)
{
	return std::getenv("CCWRING_DEVICE");
}

int main(int argc, char **argv)
{
	benchmark::Initialize(&argc, argv);
	if (benchmark::ReportUnrecognizedArguments(argc, argv))
		return 2;
	micro_add_ring();
	micro_add_program();
	micro_add_dma();
	micro_add_uring();
	if (micro_device()) {
		micro_add_start();
		micro_add_pins();
		micro_add_buffer();
	}
	benchmark::RunSpecifiedBenchmarks();
	return 0;
}
