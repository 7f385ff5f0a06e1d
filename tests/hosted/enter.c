// SPDX-License-Identifier: MIT
/* enter.c - what VFIO_CCW_RING_ENTER answers: its argument's size, and how a wait ends */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "client.h"
#include "unit.h"

#define PROGRAM	  CLIENT_IOVA
#define DATA	  (CLIENT_IOVA + 0x10000)
#define DEPTH	  4
#define SECOND_NS 1000000000ULL

static int setup(void **state)
{
	(void)state;
	client_open(DEPTH, 0);
	client_ccw(PROGRAM, CCWRING_CMD_NOP, CCWRING_CCW_SLI, 1, DATA);
	return 0;
}

static int setup_polled(void **state)
{
	(void)state;
	client_open(DEPTH, VFIO_CCW_RING_SETUP_POLL);
	client_ccw(PROGRAM, CCWRING_CMD_NOP, CCWRING_CCW_SLI, 1, DATA);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	client_close();
	return 0;
}

/* An argument of another program's, which may be longer or shorter than ours. */
struct argument {
	struct vfio_ccw_ring_enter enter;
	uint8_t rest[5000];
};

static long enter_with(const struct argument *argument)
{
	return hosted_ioctl(client_ring.setup.ring_fd, VFIO_CCW_RING_ENTER,
			    (unsigned long)argument);
}

static struct argument of_size(uint32_t size)
{
	return (struct argument){ .enter = { .size = size, .to_submit = 1 } };
}

static void refused(const struct argument *argument, int error)
{
	client_request(VFIO_CCW_RING_OP_NOP, 1);
	ccwring_flush(&client_ring.ring);
	assert_int_equal(enter_with(argument), error);
	assert_int_equal(ccwring_cq_ready(&client_ring.ring), 0);
	/* It is there still. */
	assert_int_equal(client_enter(1), 1);
	client_next();
}

static void sizes(void **state)
{
	struct argument argument;

	(void)state;
	argument = of_size(0);
	refused(&argument, -EINVAL);
	argument = of_size(sizeof(argument.enter) - 1);
	refused(&argument, -EINVAL);
	argument = of_size(4097);
	refused(&argument, -E2BIG);
	argument = of_size(sizeof(argument.enter) + 1);
	argument.rest[0] = 1;
	refused(&argument, -E2BIG);
	argument = of_size(4096);
	argument.rest[4096 - sizeof(argument.enter) - 1] = 1;
	refused(&argument, -E2BIG);
	/* What is behind it is no business of the driver's. */
	argument.rest[4096 - sizeof(argument.enter) - 1] = 0;
	argument.rest[4096 - sizeof(argument.enter)] = 1;
	client_request(VFIO_CCW_RING_OP_NOP, 1);
	ccwring_flush(&client_ring.ring);
	assert_int_equal(enter_with(&argument), 1);
	client_next();
}

static void fields(void **state)
{
	struct argument argument = of_size(sizeof(argument.enter));

	(void)state;
	argument.enter.flags = 4;
	refused(&argument, -EINVAL);
	argument.enter.flags = 1U << 31;
	refused(&argument, -EINVAL);
	argument.enter.flags = 0;
	argument.enter.timeout_ns = 1;
	refused(&argument, -EINVAL);
	argument.enter.flags = VFIO_CCW_RING_ENTER_WAKEUP;
	argument.enter.timeout_ns = 0;
	refused(&argument, -EINVAL);
}

static void start_slowly(unsigned int n)
{
	hosted_service_time(client_device, SECOND_NS);
	for (unsigned int i = 0; i < n; i++)
		client_start(PROGRAM, i);
}

static void end_all(unsigned int n)
{
	assert_int_equal(hosted_reset(client_device), 0);
	while (n--)
		client_next();
}

/* Time is up: what was consumed is said, and only if nothing was, why. */
static void out_of_time(void **state)
{
	(void)state;
	start_slowly(3);
	assert_int_equal(client_enter_for(3, 1000000), 3);
	assert_int_equal(ccwring_cq_ready(&client_ring.ring), 0);
	assert_int_equal(client_enter_for(1, 1000000), -ETIME);
	end_all(3);
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* Again and again: one that comes while nobody sleeps is not seen here. */
static void alarms(bool on)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = { .it_value.tv_usec = on ? 20000 : 0 };

	timer.it_interval = timer.it_value;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* The same with a signal. */
static void interrupted(void **state)
{
	(void)state;
	start_slowly(2);
	alarms(true);
	assert_int_equal(client_enter(2), 2);
	assert_int_equal(ccwring_cq_ready(&client_ring.ring), 0);
	assert_int_equal(client_enter(1), -EINTR);
	alarms(false);
	end_all(2);
}

/* Nobody waits for more CQEs than there can be. */
static void more_than_all(void **state)
{
	const uint32_t all = client_ring.setup.cq_entries;

	(void)state;
	for (uint32_t n = 0; n < all; n += DEPTH) {
		for (unsigned int i = 0; i < DEPTH; i++)
			client_start(PROGRAM, i);
		assert_int_equal(client_enter_for(n + DEPTH, SECOND_NS), DEPTH);
	}
	assert_int_equal(ccwring_cq_ready(&client_ring.ring), all);
	assert_int_equal(client_enter(all + 1), 0);
	assert_int_equal(client_enter(UINT32_MAX), 0);
	ccwring_cqe_seen(&client_ring.ring, all);
}

#define TEST(f)	  cmocka_unit_test_setup_teardown(f, setup, teardown)
#define POLLED(f) cmocka_unit_test_setup_teardown(f, setup_polled, teardown)

RUN(TEST(sizes), TEST(fields), TEST(out_of_time), TEST(interrupted), TEST(more_than_all),
    POLLED(out_of_time), POLLED(interrupted), POLLED(more_than_all))
