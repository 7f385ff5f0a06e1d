// SPDX-License-Identifier: MIT
/*
 * hostile SECONDS SEED: one thread rewrites channel programs, lists and SQEs
 * all the time while another submits them.  Whatever the driver makes of each,
 * it answers every SQE it consumes once and goes on.
 *
 * Commands and addresses are chosen so that the emulator itself survives: its
 * devices trust addresses in data, it knows no skip flag, and a program that
 * loops keeps it busy for ever, so that TICs lead forward only.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bad.h"

#define ENTRIES	  32
#define AREA	  0x8000U
#define DATA_AREA 0x200000U

static volatile bool stop;

struct scribbler {
	struct t_vm *vm;
	uint64_t random;
};

static uint32_t dice(uint64_t *random, uint32_t n)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (*random >> 32) * n >> 32;
}

static uint32_t data_address(uint64_t *random)
{
	if (!dice(random, 50))
		return T_NOWHERE + dice(random, 65536);
	return T_DATA + dice(random, DATA_AREA - 65536);
}

static uint64_t random_ccw(uint64_t *random, uint32_t index)
{
	static const uint8_t commands[] = { T_CMD_NOP, T_CMD_SENSE_ID, 0x04, T_CMD_TIC };
	static const uint8_t flags[] = { T_CCW_CC, T_CCW_CC,	 T_CCW_CC,
					 0,	   T_CCW_IDA,	 T_CCW_IDA | T_CCW_CC,
					 T_CCW_CD, T_CCW_SUSPEND };
	uint8_t command = commands[dice(random, 4)];
	uint8_t flag = flags[dice(random, 8)] | T_CCW_SLI;
	uint32_t address = data_address(random);
	uint16_t count = dice(random, 9000);

	if (command == T_CMD_TIC) {
		address = T_PROGRAM + index * 8 + 8 + dice(random, 64) * 8;
		flag = 0;
		count = 0;
	} else if (flag & T_CCW_IDA) {
		address = T_LIST + dice(random, AREA);
	}
	return (uint64_t)command << 56 | (uint64_t)flag << 48 | (uint64_t)count << 32 | address;
}

static uint64_t random_idaw(uint64_t *random)
{
	uint64_t address = data_address(random);

	return dice(random, 4)	 ? address & ~0xfffULL
	       : dice(random, 2) ? address
				 : address << 32 | address;
}

/* Eight bytes at a time, as another CPU would see any program change. */
static void *scribble(void *argument)
{
	struct scribbler *scribbler = argument;
	uint64_t *programs = t_at(scribbler->vm, T_PROGRAM);
	uint64_t *lists = t_at(scribbler->vm, T_LIST);
	uint64_t *random = &scribbler->random;
	uint32_t index;

	while (!stop) {
		index = dice(random, AREA / 8);
		__atomic_store_n(&programs[index], random_ccw(random, index), __ATOMIC_RELAXED);
		__atomic_store_n(&lists[dice(random, AREA / 8)], random_idaw(random),
				 __ATOMIC_RELAXED);
	}
	return NULL;
}

static void random_sqe(struct vfio_ccw_ring_sqe *sqe, uint64_t *random)
{
	static const uint32_t orbs[] = {
		T_ORB_PLAIN,
		T_ORB_PLAIN | T_ORB_IDAW_2K,
		T_ORB_PLAIN & ~T_ORB_IDAW64,
		T_ORB_PLAIN & ~T_ORB_FORMAT1,
		T_ORB_PLAIN | T_ORB_TRANSPORT,
		T_ORB_PLAIN | T_ORB_SUSPEND,
	};
	uint32_t kind = dice(random, 64);

	t_sqe_start(sqe, orbs[dice(random, kind < 56 ? 4 : 6)],
		    T_PROGRAM + dice(random, AREA / 8) * 8, 1);
	/* Failures must not hold everything that follows. */
	sqe->flags = VFIO_CCW_RING_SQE_RECOVER;
	if (kind >= 60)
		memset(sqe->orb, 0, sizeof(sqe->orb));
	if (kind >= 60) {
		sqe->opcode = kind - 60;
		sqe->flags = 0;
	}
	if (kind == 58)
		sqe->subchannel = dice(random, 65536);
	if (kind == 59)
		sqe->opcode = dice(random, 256);
}

struct account {
	uint64_t consumed;
	uint64_t ended;
	uint64_t good;
	uint64_t refused;
};

static void reap(struct t_ring *ring, struct account *account)
{
	struct vfio_ccw_ring_cqe cqe;

	while (t_ring_reap(ring, &cqe)) {
		if (cqe.flags & (VFIO_CCW_RING_CQE_MORE | VFIO_CCW_RING_CQE_UNSOLICITED))
			continue;
		account->ended++;
		account->refused += cqe.res < 0;
		account->good += !cqe.res;
	}
}

static bool submit_some(struct t_ring *ring, uint64_t *random, struct account *account)
{
	uint32_t n = 1 + dice(random, ENTRIES), i;
	int ret;

	for (i = 0; i < n; i++)
		random_sqe(t_ring_sqe(ring), random);
	while (n) {
		ret = t_ring_enter(ring, n, 1);
		if (ret < 0)
			return T_EQUAL(ret, 0, "ENTER");
		n -= ret;
		account->consumed += ret;
		reap(ring, account);
	}
	return true;
}

static void run(struct t_ring *ring, unsigned int seconds, uint64_t seed)
{
	struct account account = { 0 };
	time_t end = time(NULL) + seconds;

	while (time(NULL) < end && submit_some(ring, &seed, &account))
		;
	while (account.ended < account.consumed && t_ring_enter(ring, 0, 1) >= 0)
		reap(ring, &account);
	T_EQUAL(account.ended, account.consumed, "each of %llu SQEs ends once",
		(unsigned long long)account.consumed);
	T_CHECK(account.good && account.refused, "%llu of them carried out, %llu refused",
		(unsigned long long)account.good, (unsigned long long)account.refused);
}

int main(int argc, char **argv)
{
	struct scribbler scribbler = { 0 };
	pthread_t thread;
	struct t_ring ring;
	struct t_vm vm;
	uint64_t seed;

	T_NEED(argc == 3, "two arguments");
	seed = strtoull(argv[2], NULL, 0) | 1;
	t_vm_open(&vm);
	t_ring_open(&ring, vm.devices[0].fd, ENTRIES);
	scribbler.vm = &vm;
	scribbler.random = seed * 77;
	T_NEED(!pthread_create(&thread, NULL, scribble, &scribbler), "a thread");
	run(&ring, strtoul(argv[1], NULL, 0), seed);
	stop = true;
	pthread_join(thread, NULL);
	t_good_start(&vm, &ring, "all that");
	t_ring_close(&ring);
	t_vm_close(&vm);
	return tap_done();
}
