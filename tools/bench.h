/* SPDX-License-Identifier: MIT */
/*
 * bench.h - one measured run
 *
 * A run has @depth slots for each subchannel.  A slot has a program and data
 * of its own and one request at a time under way.
 */
#ifndef CCWRING_BENCH_H
#define CCWRING_BENCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <ccwring/ccwring.h>

#include "histogram.h"

#define MAX_SUBCHANNELS 64
/* Blocks a slot of a write shape has ready to write. */
#define WRITE_BLOCKS	16

struct bench;
struct bench_uring;
struct slot;

/**
 * struct shape - what each request does
 * @name: as on the command line
 * @pages: data pages a slot needs
 * @disk: needs a disk, and its geometry
 * @build: build the program, once
 * @next: choose what the coming request does, NULL if they are all alike;
 *	not called for a shape without @disk unless its data are checked
 * @check: are the data right? called with --verify alone
 */
struct shape {
	const char *name;
	unsigned int pages;
	bool disk;
	int (*build)(struct bench *b, struct slot *slot);
	void (*next)(struct bench *b, struct slot *slot);
	bool (*check)(struct bench *b, struct slot *slot);
};

const struct shape *shape_find(const char *name);

/* shape_eckd.c */
int eckd_build_read(struct bench *b, struct slot *slot);
int eckd_build_write(struct bench *b, struct slot *slot);
int eckd_build_track(struct bench *b, struct slot *slot);
void eckd_next_read(struct bench *b, struct slot *slot);
void eckd_next_write(struct bench *b, struct slot *slot);
void eckd_next_track(struct bench *b, struct slot *slot);
bool eckd_check_read(struct bench *b, struct slot *slot);
bool eckd_check_track(struct bench *b, struct slot *slot);
/* Reads back all that was written; returns the number of wrong blocks or -errno. */
int eckd_read_back(struct bench *b);

struct slot {
	struct vfio_ccw_ring_sqe sqe; /* ready to be submitted, again and again */
	struct ccwring_program *prog;
	struct ccwring_orb orb;
	uint8_t *data;
	ccwring_iova_t iova;
	uint8_t *locate;
	uint64_t started;
	uint32_t block; /* the request's first */
	uint16_t sch;
	unsigned int turn;
	uint32_t blocks[WRITE_BLOCKS];
};

/* How the ring's driver is called. */
enum bench_calls {
	CALLS_RING, /* by the ring's own means */
	CALLS_URING_CMD, /* each request is a command of an io_uring */
	CALLS_URING_ENTER, /* a command of an io_uring is the doorbell */
};

struct bench_opts {
	int backend;
	enum bench_calls calls;
	int access;
	uint32_t ring_flags;
	unsigned int thread_cpu;
	const struct shape *shape;
	unsigned int depth;
	unsigned int batch;
	uint64_t count;
	double duration;
	uint64_t warmup;
	uint64_t seed;
	unsigned int cylinders; /* 0: ask the disk */
	uint32_t disk_seed;
	uint32_t write_seed;
	bool verify;
	bool latency;
	bool spin;
	bool json;
	bool verbose;
	const char *devices[MAX_SUBCHANNELS];
	unsigned int n_devices;
};

struct bench {
	struct bench_opts opts;
	struct ccwring_vfio *vfio;
	struct ccwring_device *devs[MAX_SUBCHANNELS];
	uint16_t index[MAX_SUBCHANNELS];
	unsigned int n_devs;
	struct ccwring_ring *ring;
	struct bench_uring *uring;
	struct slot *slots;
	void (*next)(struct bench *b, struct slot *slot); /* of the shape, if needed */
	unsigned int n_slots;
	struct ccwring_program *ask; /* of the disk's size */
	struct ccwring_eckd_geometry geo;
	uint8_t sense_id[8];
	uint64_t random;
	struct histogram latency;
	uint64_t done;
	uint64_t errors;
	uint64_t enters;
	uint64_t under_way; /* requests that had not ended when the run did */
	bool partial; /* it ended before it was done */
	double seconds;
};

/* A number below @n, n < 2^32; xorshift64. */
static inline uint32_t bench_random(struct bench *b, uint32_t n)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return (b->random >> 32) * n >> 32;
}

/* bench_setup.c */
int bench_setup(struct bench *b);
void bench_teardown(struct bench *b);

/* What a run has issued and what has ended; the rest is under way. */
struct progress {
	uint64_t issued;
	uint64_t done;
	uint64_t target;
};

/**
 * enum bench_stop - is there something that ends the run?
 * @BENCH_GO_ON: no
 * @BENCH_RUN_OUT: its time is up: start nothing any more, but wait for what is under way
 * @BENCH_LEAVE: do not even wait: a signal, or it takes too long
 */
enum bench_stop {
	BENCH_GO_ON,
	BENCH_RUN_OUT,
	BENCH_LEAVE,
};

/* bench_stop.c: it stays at BENCH_GO_ON for who calls none of these. */
extern volatile sig_atomic_t bench_stop;
/* From now on signals and time limits set it, and end waits; 0 or -errno. */
int bench_stop_init(void);
/* The next part of a run may take so long, without a limit if that is 0. */
void bench_stop_after(double seconds);
/* No more signals from here. */
void bench_stop_done(void);
/* What it was, in a word. */
const char *bench_stop_by(void);

/* bench_uring.c: with --backend uring_cmd or uring_enter */
int bench_uring_open(struct bench *b);
void bench_uring_close(struct bench *b);
void bench_uring_issue(struct bench *b, const struct slot *slot);
/* Submits, and waits for @want completions of the ring; 0 or -errno. */
int bench_uring_enter(struct bench *b, unsigned int want);
/* Submits, waits for @want completions of the io_uring, and reaps; 0 or -errno. */
int bench_uring_turn(struct bench *b, struct progress *p, unsigned int want);
/* The same, over and over, while all there is to do is to issue the same again. */
int bench_uring_alike(struct bench *b, struct progress *p, unsigned int want);

/* bench_run.c */
void bench_reap(struct bench *b, struct progress *p, const struct vfio_ccw_ring_cqe *cqe);

/*
 * bench_run.c: all of these leave no request under way unless they are stopped, and then
 * closing the ring ends those.
 */
int bench_run(struct bench *b);
/* That many requests, neither warmed up nor timed; 0 or -errno, -EIO if one failed. */
int bench_requests(struct bench *b, uint64_t n);
/* One request outside of a run; returns 0 if it ended well, or -errno, -EINTR if stopped. */
int bench_one(struct bench *b, uint16_t sch, const struct ccwring_orb *orb);

#endif
