// SPDX-License-Identifier: MIT
/*
 * faults.c [STARTS SEED] - starts that go wrong: each has one end, which says how, and
 * what comes after it works
 */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/vfio.h>
#include <linux/vfio_ccw_ring.h>

#include "client.h"
#include "unit.h"

#define PROGRAM CLIENT_IOVA
#define DATA	(CLIENT_IOVA + 0x10000)
#define DEPTH	16
#define ENDS	(CCWRING_DSTAT_CHN_END | CCWRING_DSTAT_DEV_END)

static uint64_t storm_starts = 20000, storm_seed = 1;

static int open_with(uint32_t flags)
{
	client_open(DEPTH, flags);
	client_ccw(PROGRAM, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, 7, DATA);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return open_with(0);
}

static int setup_polled(void **state)
{
	(void)state;
	return open_with(VFIO_CCW_RING_SETUP_POLL);
}

static int setup_thread(void **state)
{
	(void)state;
	return open_with(VFIO_CCW_RING_SETUP_POLL | VFIO_CCW_RING_SETUP_THREAD);
}

static int teardown(void **state)
{
	(void)state;
	client_close();
	return 0;
}

static void inject(uint32_t kinds, uint32_t one_in, uint64_t seed)
{
	struct hosted_faults faults = { .kinds = kinds, .one_in = one_in, .seed = seed };

	hosted_faults(client_device, &faults);
}

static struct vfio_ccw_ring_cqe one(void)
{
	client_start(PROGRAM, 7);
	assert_in_range(client_enter(1), 0, 1);
	return client_next();
}

static void works(void)
{
	struct vfio_ccw_ring_cqe cqe;

	inject(0, 1, 0);
	memset(client_at(DATA), 0, 8);
	cqe = one();
	assert_true(ccwring_cqe_good(&cqe));
	assert_memory_equal(client_at(DATA), "\xff\x38\x32", 3);
}

/* Two starts: how the first ends; the second must not have run behind it. */
static struct vfio_ccw_ring_cqe first_of_two(enum hosted_fault fault)
{
	struct vfio_ccw_ring_cqe first, second;

	inject(1U << fault, 1, 1);
	memset(client_at(DATA), 0, 8);
	client_start(PROGRAM, 1);
	client_start(PROGRAM, 2);
	assert_int_equal(client_enter(2), 2);
	first = client_next();
	second = client_next();
	assert_int_equal(first.user_data, 1);
	assert_int_equal(second.user_data, 2);
	if (first.res)
		return first;
	assert_int_equal(second.res, -ECANCELED);
	assert_int_equal(second.reason, VFIO_CCW_RING_R_HELD);
	return first;
}

static void refused(enum hosted_fault fault, int res, uint16_t reason)
{
	struct vfio_ccw_ring_cqe cqe = first_of_two(fault);

	assert_int_equal(cqe.res, res);
	assert_int_equal(cqe.reason, reason);
	assert_memory_equal(client_at(DATA), "\0\0\0", 3);
	works();
}

static void busy(void **state)
{
	(void)state;
	refused(HOSTED_BUSY, -EBUSY, VFIO_CCW_RING_R_BUSY);
}

static void not_operational(void **state)
{
	(void)state;
	refused(HOSTED_NOT_OPERATIONAL, -ENODEV, VFIO_CCW_RING_R_NOT_OPERATIONAL);
}

/* Every third start finds an attention; all are carried out, all attentions told. */
static void status_pending(void **state)
{
	unsigned int ended = 0, told = 0;

	(void)state;
	inject(1U << HOSTED_STATUS_PENDING, 3, 5);
	for (unsigned int i = 0; i < 100; i++) {
		client_start(PROGRAM, 7);
		assert_in_range(client_enter(1), 0, 1);
		for (;;) {
			struct vfio_ccw_ring_cqe cqe = client_next();

			if (!(cqe.flags & VFIO_CCW_RING_CQE_UNSOLICITED)) {
				assert_true(ccwring_cqe_good(&cqe));
				ended++;
				break;
			}
			assert_int_equal(ccwring_irb_dstat(cqe.irb), CCWRING_DSTAT_ATTENTION);
			told++;
		}
	}
	assert_int_equal(ended, 100);
	assert_in_range(told, 20, 100);
	works();
}

static void attention_is_told(struct hosted *device, uint16_t subchannel)
{
	struct vfio_ccw_ring_cqe cqe;

	hosted_attention(device);
	cqe = client_next();
	assert_int_equal(cqe.flags, VFIO_CCW_RING_CQE_UNSOLICITED | VFIO_CCW_RING_CQE_IRB);
	assert_int_equal(cqe.subchannel, subchannel);
	assert_int_equal(ccwring_irb_dstat(cqe.irb), CCWRING_DSTAT_ATTENTION);
}

/* An attention where there is nothing to do; of a ring's thread, when it sleeps. */
static void attention(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		if (client_ring.setup.flags & VFIO_CCW_RING_SETUP_THREAD)
			while (!__atomic_load_n(client_ring.flags, __ATOMIC_RELAXED))
				usleep(100);
		attention_is_told(client_device, client_ring.setup.subchannel);
	}
	works();
}

/* The same while another of the ring's subchannels is busy, and nothing else to do. */
static void attention_beside(void **state)
{
	struct vfio_ccw_ring_attach attach = { .ring_fd = client_ring.setup.ring_fd };
	struct hosted *other;

	(void)state;
	assert_int_equal(hosted_nop_new(client_container, &other), 0);
	assert_int_equal(hosted_feature(other, CLIENT_ATTACH, &attach, sizeof(attach)), 0);
	inject(1U << HOSTED_LOST, 1, 1);
	client_start(PROGRAM, 1);
	assert_in_range(client_enter(0), 0, 1);
	while (client_peek(client_at(DATA)) != 0xff)
		usleep(100);
	for (int i = 0; i < 3; i++)
		attention_is_told(other, attach.subchannel);
	hosted_free(other);
}

static void unit_check(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	cqe = first_of_two(HOSTED_UNIT_CHECK);
	assert_int_equal(ccwring_irb_dstat(cqe.irb), ENDS | CCWRING_DSTAT_UNIT_CHECK);
	assert_true(ccwring_irb_erw(cqe.irb) & CCWRING_ERW_SENSE);
	assert_int_equal(cqe.irb[CCWRING_IRB_ECW], 0x10);
	assert_int_equal(ccwring_irb_cpa(cqe.irb), PROGRAM + 8);
	assert_memory_equal(client_at(DATA), "\0\0\0", 3);
	works();
}

static void channel_checks(void **state)
{
	static const struct {
		enum hosted_fault fault;
		uint8_t dstat, cstat;
	} checks[] = {
		{ HOSTED_CHANNEL_DATA, ENDS, CCWRING_CSTAT_CHN_DATA_CHK },
		{ HOSTED_CHANNEL_CONTROL, 0, CCWRING_CSTAT_CHN_CTRL_CHK },
		{ HOSTED_INTERFACE_CONTROL, 0, CCWRING_CSTAT_INTF_CTRL_CHK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct vfio_ccw_ring_cqe cqe = first_of_two(checks[i].fault);

		assert_int_equal(cqe.res, 0);
		assert_int_equal(ccwring_irb_dstat(cqe.irb), checks[i].dstat);
		assert_int_equal(ccwring_irb_cstat(cqe.irb), checks[i].cstat);
		works();
	}
}

static void path_lost(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	cqe = first_of_two(HOSTED_PATH_LOST);
	assert_int_equal(cqe.res, 0);
	assert_int_equal(ccwring_irb_cc(cqe.irb), 3);
	assert_true(ccwring_irb_word0(cqe.irb) & CCWRING_SCSW_N);
	works();
}

/* A start that never ends, and one behind it; what was done is done. */
static void start_lost(void)
{
	inject(1U << HOSTED_LOST, 1, 1);
	memset(client_at(DATA), 0, 8);
	client_start(PROGRAM, 1);
	client_start(PROGRAM, 2);
	assert_int_equal(client_enter(0), 2);
	/* It is carried out, and nobody says so. */
	for (int i = 0; i < 5000 && client_peek(client_at(DATA)) != 0xff; i++)
		usleep(1000);
	inject(0, 1, 0);
}

static void lost_until(uint8_t opcode, uint32_t function)
{
	struct vfio_ccw_ring_cqe cqe;

	start_lost();
	client_request(opcode, 3);
	assert_int_equal(client_enter(3), 1);
	cqe = client_next();
	assert_int_equal(cqe.user_data, 2);
	assert_int_equal(cqe.reason, VFIO_CCW_RING_R_FLUSHED);
	cqe = client_next();
	assert_int_equal(cqe.user_data, 1);
	assert_int_equal(ccwring_irb_word0(cqe.irb) & function, function);
	cqe = client_next();
	assert_int_equal(cqe.user_data, 3);
	assert_int_equal(cqe.res, 0);
	works();
}

static void lost(void **state)
{
	(void)state;
	lost_until(VFIO_CCW_RING_OP_HALT, CCWRING_SCSW_FC_HALT);
	lost_until(VFIO_CCW_RING_OP_CLEAR, CCWRING_SCSW_FC_CLEAR);
}

/* What ends all there is, ends this. */
static void lost_until_reset(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	start_lost();
	assert_int_equal(hosted_reset(client_device), 0);
	for (uint64_t i = 0; i < 2; i++) {
		cqe = client_next();
		assert_int_equal(cqe.res, -ECANCELED);
		assert_int_equal(cqe.reason, VFIO_CCW_RING_R_RESET);
	}
	works();
}

static void lost_until_unmapped(void **state)
{
	struct vfio_ccw_ring_cqe cqe;

	(void)state;
	start_lost();
	assert_int_equal(hosted_unmap(client_container, CLIENT_IOVA, CLIENT_BYTES), 0);
	for (uint64_t i = 0; i < 2; i++) {
		cqe = client_next();
		assert_int_equal(cqe.res, -ECANCELED);
		assert_int_equal(cqe.reason, VFIO_CCW_RING_R_UNMAPPED);
	}
	assert_int_equal(hosted_map(client_container, client_memory, CLIENT_IOVA, CLIENT_BYTES), 0);
	works();
}

static void lost_until_closed(void **state)
{
	(void)state;
	start_lost();
}

/* A device that holds on to a command until it is told to go on; a HALT waits. */
static sem_t begun, go_on;

static uint8_t hold(void *device, struct hosted_command *command)
{
	(void)device;
	sem_post(&begun);
	sem_wait(&go_on);
	command->done = 0;
	return ENDS;
}

static const struct hosted_ops holding = { .carry_out = hold };

static int setup_holding(void **state)
{
	(void)state;
	sem_init(&begun, 0, 0);
	sem_init(&go_on, 0, 0);
	client_open_with(&holding, NULL, DEPTH, VFIO_CCW_RING_SETUP_POLL);
	client_ccw(PROGRAM, CCWRING_CMD_NOP, CCWRING_CCW_SLI, 1, DATA);
	return 0;
}

/* The path of a start goes; meanwhile, as the driver waits for its end, in its task. */
static void lose_path(void (*meanwhile)(void *arg), void *arg)
{
	client_start(PROGRAM, 1);
	assert_int_equal(client_enter(0), 1);
	sem_wait(&begun);
	hosted_before_sleep(meanwhile, arg);
	hosted_vary(client_device, 0x80, false);
	hosted_settle(client_device);
	hosted_vary(client_device, 0x80, true);
}

static void go_on_until_good(void)
{
	struct vfio_ccw_ring_cqe cqe;

	sem_post(&go_on);
	cqe = one();
	assert_true(ccwring_cqe_good(&cqe));
}

/* Both wait, and who closes the ring is the first to look. */
static void close_ring(void *arg)
{
	(void)arg;
	sem_post(&go_on);
	hosted_close(client_ring.setup.ring_fd);
}

static void path_gone_ring_closed(void **state)
{
	(void)state;
	lose_path(close_ring, NULL);
	client_open_ring(client_device, DEPTH, 0);
	go_on_until_good();
}

/* By the time it looks the subchannel has another ring, and interrupts. */
static void change_ring(void *arg)
{
	(void)arg;
	sem_post(&go_on);
	hosted_close(client_ring.setup.ring_fd);
	client_open_ring(client_device, DEPTH, 0);
}

static void path_gone_ring_changed(void **state)
{
	(void)state;
	lose_path(change_ring, NULL);
	go_on_until_good();
}

/* The device ends twice: it is told, or the start that has met it has cc 1. */
static void doubled(void **state)
{
	unsigned int met = 0, told = 0;

	(void)state;
	inject(1U << HOSTED_DOUBLED, 2, 3);
	for (unsigned int i = 0; i < 200; i++) {
		struct vfio_ccw_ring_cqe cqe;

		client_start(PROGRAM, i);
		client_start(PROGRAM, i);
		assert_int_equal(client_enter(2), 2);
		for (int ended = 0; ended < 2;) {
			cqe = client_next();
			if (cqe.flags & VFIO_CCW_RING_CQE_UNSOLICITED) {
				assert_int_equal(ccwring_irb_dstat(cqe.irb), CCWRING_DSTAT_DEV_END);
				told++;
				continue;
			}
			assert_int_equal(cqe.user_data, i);
			ended++;
			if (ccwring_cqe_good(&cqe))
				continue;
			if (cqe.res) {
				assert_int_equal(cqe.reason, VFIO_CCW_RING_R_HELD);
				continue;
			}
			assert_int_equal(ccwring_irb_cc(cqe.irb), 1);
			met++;
		}
	}
	/* Which of them, is a matter of who is faster where the ring polls. */
	assert_true(met + told > 50);
	inject(0, 1, 0);
}

/*
 * All of them at random, at depth: each start has one end.  They end in their order, but
 * for those that a HALT takes back while one is under way.
 */

static uint64_t storm_next, storm_ended, storm_newest, storm_bad;
static uint8_t *storm_seen;

static void storm_end(const struct vfio_ccw_ring_cqe *cqe)
{
	uint64_t start = cqe->user_data;

	assert_in_range(start, 0, storm_next - 1);
	assert_false(storm_seen[start]);
	storm_seen[start] = 1;
	storm_ended++;
	storm_bad += !ccwring_cqe_good(cqe);
	if (cqe->reason == VFIO_CCW_RING_R_FLUSHED)
		return;
	assert_true(!storm_newest || start > storm_newest);
	storm_newest = start;
}

static void storm_reap(void)
{
	const struct vfio_ccw_ring_cqe *cqe;

	while ((cqe = ccwring_cq_next(&client_ring.ring, 0))) {
		if (!(cqe->flags & (VFIO_CCW_RING_CQE_UNSOLICITED | VFIO_CCW_RING_CQE_MORE)) &&
		    cqe->user_data != UINT64_MAX)
			storm_end(cqe);
		ccwring_cqe_seen(&client_ring.ring, 1);
	}
}

/* Waits a little; what does not end then is halted. */
static void storm_wait(void)
{
	long ret = client_enter_for(1, 20000000);
	bool in_time = ccwring_cq_ready(&client_ring.ring);

	assert_true(ret >= 0 || ret == -ETIME || ret == -EBUSY);
	storm_reap();
	if (in_time || ret == -EBUSY)
		return;
	client_request(VFIO_CCW_RING_OP_HALT, UINT64_MAX);
}

static void storm(void **state)
{
	(void)state;
	storm_next = storm_ended = storm_newest = storm_bad = 0;
	storm_seen = calloc(storm_starts, 1);
	assert_non_null(storm_seen);
	inject((1U << HOSTED_STUCK) - 2, 20, storm_seed);
	while (storm_ended < storm_starts) {
		while (storm_next < storm_starts && storm_next - storm_ended < DEPTH - 1)
			client_start(PROGRAM, storm_next++);
		storm_wait();
	}
	assert_true(storm_bad > storm_starts / 50);
	printf("%llu starts, %llu without a good end\n", (unsigned long long)storm_starts,
	       (unsigned long long)storm_bad);
	inject(0, 1, 0);
	/* A fault may be on its way still. */
	assert_int_equal(hosted_reset(client_device), 0);
	storm_reap();
	works();
	free(storm_seen);
}

#define TEST(f)	   cmocka_unit_test_setup_teardown(f, setup, teardown)
#define POLLED(f)  cmocka_unit_test_setup_teardown(f, setup_polled, teardown)
#define THREAD(f)  cmocka_unit_test_setup_teardown(f, setup_thread, teardown)
#define HOLDING(f) cmocka_unit_test_setup_teardown(f, setup_holding, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(busy),
		TEST(not_operational),
		TEST(status_pending),
		TEST(attention),
		TEST(unit_check),
		TEST(channel_checks),
		TEST(path_lost),
		TEST(lost),
		TEST(lost_until_reset),
		TEST(lost_until_unmapped),
		TEST(lost_until_closed),
		TEST(doubled),
		TEST(storm),
		POLLED(status_pending),
		POLLED(attention),
		POLLED(attention_beside),
		POLLED(unit_check),
		POLLED(path_lost),
		POLLED(lost),
		HOLDING(path_gone_ring_closed),
		HOLDING(path_gone_ring_changed),
		POLLED(doubled),
		POLLED(storm),
		THREAD(status_pending),
		THREAD(attention),
		THREAD(attention_beside),
		THREAD(doubled),
		THREAD(storm),
	};

	if (argc == 3) {
		storm_starts = strtoull(argv[1], NULL, 0);
		storm_seed = strtoull(argv[2], NULL, 0);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
