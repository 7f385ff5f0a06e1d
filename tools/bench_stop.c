// SPDX-License-Identifier: MIT
/*
 * bench_stop.c - what ends a run: its time limit, and signals
 *
 * Both come as signals, which end a wait.  One that comes just before a wait would not: so
 * from then on there are more, until nobody waits any longer.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "bench.h"

/* How long requests may take to run out when the time is up. */
#define GRACE_NS 1000000000L
#define AGAIN_NS 50000000L

volatile sig_atomic_t bench_stop;
static volatile sig_atomic_t by; /* a signal, 0: the time */
static timer_t timer;
static bool has_timer;

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
}

static void ring_after(uint64_t ns)
{
	const struct itimerspec when = {
		.it_value = timespec_of(ns),
		.it_interval = timespec_of(ns ? AGAIN_NS : 0),
	};

	if (has_timer)
		timer_settime(timer, 0, &when, NULL);
}

static void on_signal(int sig)
{
	int saved = errno;

	if (sig != SIGALRM) {
		by = sig;
		bench_stop = BENCH_LEAVE;
		ring_after(AGAIN_NS);
	} else if (bench_stop == BENCH_GO_ON) {
		bench_stop = BENCH_RUN_OUT;
		ring_after(GRACE_NS);
	} else {
		bench_stop = BENCH_LEAVE;
	}
	errno = saved;
}

int bench_stop_init(void)
{
	/* A second one ends the program: whatever it is that takes its time. */
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };

	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		return -errno;
	has_timer = true;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_flags = 0;
	sigaction(SIGALRM, &action, NULL);
	return 0;
}

void bench_stop_after(double seconds)
{
	if (bench_stop == BENCH_LEAVE)
		return;
	ring_after(0);
	bench_stop = BENCH_GO_ON;
	if (seconds > 0)
		ring_after(seconds * 1e9);
}

void bench_stop_done(void)
{
	ring_after(0);
}

const char *bench_stop_by(void)
{
	return by == SIGINT ? "SIGINT" : by == SIGTERM ? "SIGTERM" : "time limit";
}
