// SPDX-License-Identifier: MIT
/*
 * The host's own disk driver beside the passed-through subchannel: the same
 * records in the same order through /dev/dasda, with io_uring and O_DIRECT.
 *
 *	ccwring-bench-dasd [--count N | --duration S] [--warmup N] [--seed N]
 *		--shape SHAPE --depth N DEVICE
 *
 * A disk of twelve 4096-byte records a track without a label: record N of the
 * subchannel's programs is block N of the device.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "figures.h"
#include "marker.h"

#define RECORD	      4096
#define TRACK_RECORDS 12
#define MAX_DEPTH     64
#define WRITE_PLACES  16
#define MAX_COUNT     4000000

struct shape {
	const char *name;
	unsigned int records;
	bool write;
};

static const struct shape shapes[] = {
	{ "eckd-4k-read", 1, false },
	{ "eckd-4k-write", 1, true },
	{ "eckd-track-read", TRACK_RECORDS, false },
};

/**
 * struct dasd - a run on a disk
 * @ring: io_uring
 * @shape: what one I/O is
 * @fd: the disk
 * @units: how many places the shape can be at
 * @random: state of the generator
 * @end: time to stop, 0 for none
 * @buffers: one a slot
 * @places: where each slot writes
 * @turn: of each slot, in its places
 * @started: when the request of each slot was prepared
 * @free: slots without a request
 * @nr_free: how many
 * @figures: the result
 */
struct dasd {
	struct io_uring ring;
	const struct shape *shape;
	int fd;
	uint64_t units;
	uint64_t random;
	uint64_t end;
	uint8_t *buffers;
	uint64_t places[MAX_DEPTH][WRITE_PLACES];
	unsigned int turn[MAX_DEPTH];
	uint64_t started[MAX_DEPTH];
	unsigned int free[MAX_DEPTH];
	unsigned int nr_free;
	struct figures figures;
};

struct options {
	const char *device;
	const struct shape *shape;
	unsigned int depth;
	uint64_t count;
	uint64_t warmup;
	uint64_t seed;
	double seconds;
};

/* The generator of `ccwring bench`, so that both visit the same places. */
static uint64_t next_unit(struct dasd *dasd)
{
	dasd->random ^= dasd->random << 13;
	dasd->random ^= dasd->random >> 7;
	dasd->random ^= dasd->random << 17;
	return (dasd->random >> 32) * dasd->units >> 32;
}

/* Each slot has a few blocks of its own to write, chosen beforehand. */
static void choose_places(struct dasd *dasd, unsigned int depth)
{
	unsigned int slot, i;

	for (slot = 0; dasd->shape->write && slot < depth; slot++) {
		for (i = 0; i < WRITE_PLACES; i++)
			dasd->places[slot][i] = next_unit(dasd);
	}
}

static uint64_t next_place(struct dasd *dasd, unsigned int slot)
{
	if (!dasd->shape->write)
		return next_unit(dasd);
	return dasd->places[slot][dasd->turn[slot]++ % WRITE_PLACES];
}

static void prepare(struct dasd *dasd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&dasd->ring);
	size_t size = dasd->shape->records * RECORD;
	unsigned int slot = dasd->free[--dasd->nr_free];
	uint8_t *buffer = dasd->buffers + slot * size;
	uint64_t at = next_place(dasd, slot) * size;

	if (dasd->shape->write)
		io_uring_prep_write(sqe, dasd->fd, buffer, size, at);
	else
		io_uring_prep_read(sqe, dasd->fd, buffer, size, at);
	io_uring_sqe_set_data(sqe, (void *)(uintptr_t)slot);
	dasd->started[slot] = now_ns();
}

static void complete(struct dasd *dasd, const struct io_uring_cqe *cqe)
{
	struct figures *figures = &dasd->figures;
	unsigned int slot = (uintptr_t)io_uring_cqe_get_data(cqe);

	if (cqe->res != (int)(dasd->shape->records * RECORD))
		figures->errors++;
	figures->latency[figures->count++] = now_ns() - dasd->started[slot];
	dasd->free[dasd->nr_free++] = slot;
}

static bool more(const struct dasd *dasd, uint64_t submitted, uint64_t count)
{
	return submitted < count && (!dasd->end || now_ns() < dasd->end);
}

static int run(struct dasd *dasd, uint64_t count)
{
	struct io_uring_cqe *cqes[MAX_DEPTH];
	uint64_t submitted = 0, start;
	unsigned int i, n;
	int ret;

	dasd->figures.count = 0;
	dasd->figures.errors = 0;
	start = now_ns();
	for (;;) {
		for (; dasd->nr_free && more(dasd, submitted, count); submitted++)
			prepare(dasd);
		if (dasd->figures.count == submitted)
			break;
		ret = io_uring_submit_and_wait(&dasd->ring, 1);
		if (ret < 0)
			return ret;
		n = io_uring_peek_batch_cqe(&dasd->ring, cqes, MAX_DEPTH);
		for (i = 0; i < n; i++)
			complete(dasd, cqes[i]);
		io_uring_cq_advance(&dasd->ring, n);
	}
	dasd->figures.ns = now_ns() - start;
	return 0;
}

static int open_dasd(struct dasd *dasd, const struct options *options)
{
	size_t size = options->shape->records * RECORD;
	off_t bytes;
	unsigned int i;

	dasd->shape = options->shape;
	dasd->random = options->seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	dasd->fd = open(options->device, O_RDWR | O_DIRECT | O_CLOEXEC);
	bytes = dasd->fd < 0 ? -1 : lseek(dasd->fd, 0, SEEK_END);
	if (bytes < (off_t)size)
		return bytes < 0 ? -errno : -EINVAL;
	dasd->units = bytes / size;
	dasd->buffers = aligned_alloc(RECORD, options->depth * size);
	dasd->figures.latency = calloc(MAX_COUNT, sizeof(uint64_t));
	if (!dasd->buffers || !dasd->figures.latency)
		return -ENOMEM;
	memset(dasd->buffers, 0xd5, options->depth * size);
	choose_places(dasd, options->depth);
	for (i = 0; i < options->depth; i++)
		dasd->free[dasd->nr_free++] = i;
	dasd->figures.backend = "host-dasd";
	dasd->figures.shape = options->shape->name;
	dasd->figures.qd = options->depth;
	return io_uring_queue_init(MAX_DEPTH, &dasd->ring, 0);
}

static const struct shape *shape_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		if (!strcmp(shapes[i].name, name))
			return &shapes[i];
	}
	return NULL;
}

static bool parse(struct options *options, int argc, char **argv)
{
	static const struct option known[] = { { "shape", required_argument, NULL, 's' },
					       { "depth", required_argument, NULL, 'd' },
					       { "count", required_argument, NULL, 'c' },
					       { "duration", required_argument, NULL, 't' },
					       { "warmup", required_argument, NULL, 'w' },
					       { "seed", required_argument, NULL, 'r' },
					       { 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (c) {
		case 's':
			options->shape = shape_by_name(optarg);
			break;
		case 'd':
			options->depth = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			options->count = strtoull(optarg, NULL, 0);
			break;
		case 't':
			options->seconds = strtod(optarg, NULL);
			break;
		case 'w':
			options->warmup = strtoull(optarg, NULL, 0);
			break;
		case 'r':
			options->seed = strtoull(optarg, NULL, 0);
			break;
		default:
			return false;
		}
	}
	options->device = optind == argc - 1 ? argv[optind] : NULL;
	return options->device && options->shape && options->depth && options->depth <= MAX_DEPTH &&
	       options->count <= MAX_COUNT && options->warmup <= MAX_COUNT;
}

int main(int argc, char **argv)
{
	struct options options = { .depth = 1, .count = MAX_COUNT, .seed = 1 };
	struct dasd dasd = { 0 };
	int ret;

	if (!parse(&options, argc, argv)) {
		fprintf(stderr,
			"usage: %s [--count N | --duration S] "
			"[--warmup N] [--seed N] --shape SHAPE --depth N DEVICE\n",
			argv[0]);
		return 2;
	}
	ret = open_dasd(&dasd, &options);
	if (!ret && options.warmup)
		ret = run(&dasd, options.warmup);
	if (!ret) {
		if (options.seconds > 0)
			dasd.end = now_ns() + options.seconds * 1e9;
		marker_begin();
		ret = run(&dasd, options.count);
		marker_end();
	}
	if (ret) {
		fprintf(stderr, "%s: %s: %s\n", argv[0], options.device, strerror(-ret));
		return 1;
	}
	figures_print(&dasd.figures);
	return dasd.figures.errors != 0;
}
