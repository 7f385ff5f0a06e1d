// SPDX-License-Identifier: MIT
/* cmd_bench.c - ccwring bench: options and report */
#include <argp.h>
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cmd.h"

enum {
	OPT_SUBCHANNELS = 0x100,
	OPT_BATCH,
	OPT_WARMUP,
	OPT_SEED,
	OPT_VERIFY,
	OPT_CYLINDERS,
	OPT_DISK_SEED,
	OPT_WRITE_SEED,
	OPT_NO_LATENCY,
	OPT_MARKERS,
	OPT_VFIO,
	OPT_POLL,
	OPT_THREAD,
	OPT_SPIN,
};

static const struct argp_option options[] = {
	{ "backend", 'b', "ring|region|uring_cmd|uring_enter|hosted", 0,
	  "How requests get there (what the driver has); uring_cmd: each as a command of an "
	  "io_uring, uring_enter: on the ring, with a command of an io_uring as the doorbell; "
	  "hosted: the driver's core in this process, with devices of software",
	  0 },
	{ "vfio", OPT_VFIO, "auto|group|cdev", 0,
	  "How devices are opened: group and container, or character device and iommufd (auto: "
	  "the first that works)",
	  0 },
	{ "poll", OPT_POLL, NULL, 0, "The ring polls for completions: no interrupts", 0 },
	{ "thread", OPT_THREAD, "CPU", OPTION_ARG_OPTIONAL,
	  "A thread of the driver, on that CPU alone if one is named, submits: implies --spin", 0 },
	{ "spin", OPT_SPIN, NULL, 0, "Look at the completion queue instead of waiting for it", 0 },
	{ "shape", 's', "SHAPE", 0,
	  "nop, 1page, 16page, 64page, eckd-4k-read, eckd-4k-write, eckd-track-read (nop)", 0 },
	{ "depth", 'q', "N", 0, "Requests under way on each subchannel (1)", 0 },
	{ "subchannels", OPT_SUBCHANNELS, "N", 0, "Use the first N devices only", 0 },
	{ "count", 'n', "N", 0, "Requests to measure (10000)", 0 },
	{ "duration", 'd', "SECONDS", 0,
	  "Measure that long instead; what precedes and follows may take as long, too", 0 },
	{ "warmup", OPT_WARMUP, "N", 0, "Requests before that (twice the slots)", 0 },
	{ "batch", OPT_BATCH, "N", 0, "Wait for N completions at a time (1)", 0 },
	{ "no-latency", OPT_NO_LATENCY, NULL, 0, "Take no time stamp of each request", 0 },
	{ "markers", OPT_MARKERS, NULL, 0, "For counting instructions: implies --no-latency", 0 },
	{ "json", 'j', NULL, 0, "Print one JSON object", 0 },
	{ "verbose", 'v', NULL, 0, "Say what is chosen, and tell of each status", 0 },
	{ NULL, 0, NULL, 0, "Disks:", 1 },
	{ "cylinders", OPT_CYLINDERS, "N", 0, "Use the first N cylinders (what the disk has)", 1 },
	{ "extent", 0, NULL, OPTION_ALIAS, NULL, 1 },
	{ "seed", OPT_SEED, "N", 0, "Of the random sequence (1)", 1 },
	{ "verify", OPT_VERIFY, NULL, 0, "Compare all data; writes are read back", 1 },
	{ "disk-seed", OPT_DISK_SEED, "N", 0, "Seed the disk's pattern was made with (1)", 1 },
	{ "write-seed", OPT_WRITE_SEED, "N", 0, "Seed of the pattern to write (the disk's)", 1 },
	{ 0 },
};

static uint64_t number(struct argp_state *state, const char *arg, uint64_t min, uint64_t max)
{
	char *end;
	uint64_t v = strtoull(arg, &end, 0);

	if (*end || end == arg || arg[0] == '-' || v < min || v > max)
		argp_error(state, "'%s' is not a number from %llu to %llu", arg,
			   (unsigned long long)min, (unsigned long long)max);
	return v;
}

static int backend(struct argp_state *state, const char *arg, enum bench_calls *calls)
{
	*calls = CALLS_RING;
	if (!strcmp(arg, "uring_cmd"))
		*calls = CALLS_URING_CMD;
	if (!strcmp(arg, "uring_enter"))
		*calls = CALLS_URING_ENTER;
	if (!strcmp(arg, "ring") || *calls != CALLS_RING)
		return CCWRING_BACKEND_RING;
	if (!strcmp(arg, "region"))
		return CCWRING_BACKEND_REGION;
	if (!strcmp(arg, "hosted"))
		return CCWRING_BACKEND_HOSTED;
	argp_error(state, "'%s' is not a backend", arg);
	return CCWRING_BACKEND_AUTO;
}

static int access_kind(struct argp_state *state, const char *arg)
{
	static const char *const names[] = { "auto", "group", "cdev" };
	int i;

	for (i = CCWRING_ACCESS_AUTO; i <= CCWRING_ACCESS_CDEV; i++)
		if (!strcmp(arg, names[i]))
			return i;
	argp_error(state, "'%s' is neither auto nor group nor cdev", arg);
	return CCWRING_ACCESS_AUTO;
}

struct args {
	struct bench_opts opts;
	unsigned int subchannels;
	bool warmup_set;
	bool write_seed_set;
};

static void finish(struct args *args, struct argp_state *state)
{
	struct bench_opts *o = &args->opts;
	unsigned int most = VFIO_CCW_RING_MAX_ENTRIES;

	if (o->ring_flags & CCWRING_RING_THREAD)
		most /= 2;
	if (!o->n_devices && o->backend == CCWRING_BACKEND_HOSTED)
		o->devices[o->n_devices++] = "hosted:nop";
	if (!o->n_devices)
		argp_error(state, "which device?");
	if (args->subchannels > o->n_devices)
		argp_error(state, "%u subchannels, but %u devices", args->subchannels,
			   o->n_devices);
	if (args->subchannels)
		o->n_devices = args->subchannels;
	if (o->calls != CALLS_RING && (o->ring_flags || o->spin))
		argp_error(state, "an io_uring's commands go with neither --poll nor --thread nor "
				  "--spin");
	if (o->depth * o->n_devices > most)
		argp_error(state, "more than %u requests under way", most);
	if (!args->warmup_set)
		o->warmup = 2ULL * o->depth * o->n_devices;
	if (!args->write_seed_set)
		o->write_seed = o->disk_seed;
	if (o->duration > 0)
		o->count = UINT64_MAX;
}

static error_t parse_more(int key, char *arg, struct args *args, struct argp_state *state)
{
	struct bench_opts *o = &args->opts;

	switch (key) {
	case OPT_VFIO:
		o->access = access_kind(state, arg);
		break;
	case OPT_POLL:
		o->ring_flags |= CCWRING_RING_POLL;
		break;
	case OPT_THREAD:
		o->ring_flags |= CCWRING_RING_THREAD;
		o->spin = true;
		if (!arg)
			break;
		o->ring_flags |= CCWRING_RING_THREAD_CPU;
		o->thread_cpu = number(state, arg, 0, UINT32_MAX);
		break;
	case OPT_SPIN:
		o->spin = true;
		break;
	case OPT_CYLINDERS:
		o->cylinders = number(state, arg, 1, 65520);
		break;
	case OPT_SEED:
		o->seed = number(state, arg, 0, UINT64_MAX);
		break;
	case OPT_VERIFY:
		o->verify = true;
		break;
	case OPT_DISK_SEED:
		o->disk_seed = number(state, arg, 0, UINT32_MAX);
		break;
	case OPT_WRITE_SEED:
		o->write_seed = number(state, arg, 0, UINT32_MAX);
		args->write_seed_set = true;
		break;
	case ARGP_KEY_ARG:
		if (o->n_devices == MAX_SUBCHANNELS)
			argp_error(state, "more than %d devices", MAX_SUBCHANNELS);
		o->devices[o->n_devices++] = arg;
		break;
	case ARGP_KEY_END:
		finish(args, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;
	struct bench_opts *o = &args->opts;

	switch (key) {
	case 'b':
		o->backend = backend(state, arg, &o->calls);
		break;
	case 's':
		o->shape = shape_find(arg);
		if (!o->shape)
			argp_error(state, "'%s' is not a shape", arg);
		break;
	case 'q':
		o->depth = number(state, arg, 1, VFIO_CCW_RING_MAX_ENTRIES);
		break;
	case OPT_SUBCHANNELS:
		args->subchannels = number(state, arg, 1, MAX_SUBCHANNELS);
		break;
	case 'n':
		o->count = number(state, arg, 1, UINT64_MAX);
		break;
	case 'd':
		o->duration = number(state, arg, 1, 86400);
		break;
	case OPT_WARMUP:
		o->warmup = number(state, arg, 0, UINT64_MAX);
		args->warmup_set = true;
		break;
	case OPT_BATCH:
		o->batch = number(state, arg, 1, VFIO_CCW_RING_MAX_ENTRIES);
		break;
	case OPT_NO_LATENCY:
	case OPT_MARKERS:
		o->latency = false;
		break;
	case 'j':
		o->json = true;
		break;
	case 'v':
		o->verbose = true;
		break;
	default:
		return parse_more(key, arg, args, state);
	}
	return 0;
}

static const char *backend_name(const struct bench *b)
{
	static const char *const rings[] = { "ring", "ring-poll", "ring-thread",
					     "ring-thread-poll" };
	static const char *const hosted[] = { "hosted", "hosted-poll", "hosted-thread",
					      "hosted-thread-poll" };
	int backend = ccwring_ring_backend(b->ring), mode;

	if (b->opts.calls != CALLS_RING)
		return b->opts.calls == CALLS_URING_CMD ? "uring_cmd" : "uring_enter";
	if (backend == CCWRING_BACKEND_REGION)
		return "region";
	mode = !!(b->opts.ring_flags & CCWRING_RING_POLL) +
	       2 * !!(b->opts.ring_flags & CCWRING_RING_THREAD);
	return backend == CCWRING_BACKEND_HOSTED ? hosted[mode] : rings[mode];
}

static const char *access_name(const struct bench *b)
{
	static const char *const names[] = { "auto", "group", "cdev", "none" };

	return names[ccwring_vfio_access(b->vfio)];
}

static double round_to(double v, double digits)
{
	return round(v * digits) / digits;
}

static void add_double(struct json_object *o, const char *key, double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.1f", v);
	json_object_object_add(o, key, json_object_new_double_s(round_to(v, 10), text));
}

static void add_int(struct json_object *o, const char *key, uint64_t v)
{
	json_object_object_add(o, key, json_object_new_int64(v));
}

/* A run without time stamps has no percentiles: null. */
static void add_percentile(struct json_object *o, const char *key, const struct bench *b, double p)
{
	if (b->latency.n)
		add_int(o, key, hist_percentile(&b->latency, p));
	else
		json_object_object_add(o, key, NULL);
}

static void report_json(const struct bench *b, double ns_per_io, double iops)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "backend", json_object_new_string(backend_name(b)));
	json_object_object_add(o, "vfio", json_object_new_string(access_name(b)));
	json_object_object_add(o, "shape", json_object_new_string(b->opts.shape->name));
	add_int(o, "qd", b->opts.depth);
	add_int(o, "subchannels", b->n_devs);
	add_double(o, "ns_per_io", ns_per_io);
	add_double(o, "iops", iops);
	add_percentile(o, "p50_ns", b, 50);
	add_percentile(o, "p99_ns", b, 99);
	add_int(o, "errors", b->errors);
	add_int(o, "count", b->done);
	add_int(o, "enters", b->enters);
	json_object_object_add(o, "partial", json_object_new_boolean(b->partial));
	json_object_object_add(o, "ended_by",
			       b->partial ? json_object_new_string(bench_stop_by()) : NULL);
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
}

static void report(const struct bench *b)
{
	double ns_per_io = b->done ? b->seconds * 1e9 / b->done : 0;
	double iops = b->seconds > 0 ? b->done / b->seconds : 0;

	if (b->opts.json) {
		report_json(b, ns_per_io, iops);
		return;
	}
	printf("%-16s %-15s %4s %5s %10s %10s %10s %10s %7s %10s\n", "backend", "shape", "qd",
	       "subch", "ns/io", "iops", "p50 ns", "p99 ns", "errors", "count");
	printf("%-16s %-15s %4u %5u %10.0f %10.0f %10llu %10llu %7llu %10llu\n", backend_name(b),
	       b->opts.shape->name, b->opts.depth, b->n_devs, ns_per_io, iops,
	       (unsigned long long)hist_percentile(&b->latency, 50),
	       (unsigned long long)hist_percentile(&b->latency, 99), (unsigned long long)b->errors,
	       (unsigned long long)b->done);
	if (b->partial)
		printf("partial: ended by %s with %llu requests under way\n", bench_stop_by(),
		       (unsigned long long)b->under_way);
}

/* What was written is read back and compared. */
static int read_back(struct bench *b)
{
	int wrong;

	bench_stop_after(b->opts.duration);
	wrong = eckd_read_back(b);
	if (wrong == -EINTR) {
		b->partial = true;
		return 0;
	}
	if (wrong < 0) {
		complain("reading back: %s", strerror(-wrong));
		return wrong;
	}
	if (wrong)
		complain("%d blocks read back are not what was written", wrong);
	b->errors += wrong;
	return 0;
}

static int run(struct bench *b)
{
	int err = bench_stop_init();

	if (!err)
		err = bench_setup(b);
	if (!err)
		err = bench_run(b);
	if (!err && !b->partial && b->opts.verify && b->opts.shape == shape_find("eckd-4k-write"))
		err = read_back(b);
	if (!err)
		report(b);
	bench_teardown(b);
	if (b->partial)
		return EXIT_PARTIAL;
	return err || b->errors ? EXIT_FAIL : EXIT_OK;
}

int cmd_bench(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		parse,
		"DEVICE...",
		"Measure requests on devices of vfio_ccw.\vDEVICE is a device number (0.0.0120, "
		"120), a subchannel (sch:0.0.0001), a UUID, hosted:nop or hosted:3390=IMAGE; a "
		"number is never taken for that of a subchannel.  All devices share one ring.  "
		"Write shapes overwrite the disk.\n\nA run that SIGINT or SIGTERM ends, or one whose "
		"requests have not ended a second after its time, is partial: it says so, tells "
		"what it has measured, and exits with 4; with 1 if something failed, with 2 if it "
		"was not understood.",
		NULL,
		NULL,
		NULL
	};
	struct args args = { .opts = {
				     .depth = 1,
				     .batch = 1,
				     .count = 10000,
				     .seed = 1,
				     .disk_seed = 1,
				     .latency = true,
				     .shape = shape_find("nop"),
			     } };
	/* Not on the stack: the histogram is large. */
	static struct bench b;

	if (argp_parse(&argp, argc, argv, 0, NULL, &args))
		return EXIT_USAGE;
	b.opts = args.opts;
	return run(&b);
}
