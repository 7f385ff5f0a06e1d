// SPDX-License-Identifier: MIT
#include "verify.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "content.h"

/* A page for the program of each request, then its data, anywhere from the next one on. */
#define SLOT_SIZE  0x20000
#define SLOT(n)	   (T_IOVA + (uint32_t)((n) % T_DEPTH) * SLOT_SIZE)
#define LOOK_SLOT  SLOT(0)

/* Requests between two stops, and how long those to be stopped go on, on the average. */
#define STOP_EVERY 1500
#define STOP_US	   500

#define FUNCTION   (1ULL << 63)
#define SECOND	   1000000000ULL

struct client {
	struct journal *journal;
	struct t_vm vm;
	struct t_ring ring;
	uint32_t data[T_DEPTH];
	uint32_t pending;
	uint64_t stop_at;
};

static void client_open(struct client *client, struct journal *journal)
{
	memset(client, 0, sizeof(*client));
	client->journal = journal;
	srandom(journal->seed + journal->clients++);
	t_vm_open(&client->vm);
	t_ring_open(&client->ring, client->vm.devices[0].fd, 2 * T_DEPTH);
}

static void client_close(struct client *client)
{
	t_ring_close(&client->ring);
	t_vm_close(&client->vm);
}

/* The next CQE that is somebody's last: false if none comes in time. */
static bool next(struct client *client, struct vfio_ccw_ring_cqe *cqe, uint64_t ns)
{
	struct vfio_ccw_ring_enter enter = {
		.min_complete = 1,
		.flags = VFIO_CCW_RING_ENTER_TIMEOUT,
		.timeout_ns = ns,
	};
	int ret;

	for (;;) {
		while (t_ring_reap(&client->ring, cqe)) {
			if (!(cqe->flags &
			      (VFIO_CCW_RING_CQE_MORE | VFIO_CCW_RING_CQE_UNSOLICITED)))
				return true;
		}
		ret = t_ring_enter_raw(&client->ring, &enter);
		if (ret == -ETIME)
			return false;
		T_NEED(ret >= 0, "the ring goes on (%d)", ret);
	}
}

/* Requests */

static uint32_t data_of(const struct client *client, uint64_t number)
{
	return client->data[number % T_DEPTH];
}

/* Data begin at any word. */
static void add(struct client *client, bool write, uint32_t block, uint32_t records)
{
	struct journal *journal = client->journal;
	uint64_t number = journal->issued;
	uint32_t program = SLOT(number), i;
	uint32_t iova = program + T_PAGE + random() % T_PAGE / 8 * 8;
	uint8_t *data = t_at(&client->vm, iova);
	const struct journal_request *request = journal_issue(journal, write, block, records);

	for (i = 0; write && i < records; i++, data += ECKD_RECORD)
		content_fill(data, journal->seed, block + i, request->generations[i]);
	if (!write)
		memset(data, 0xdb, records * ECKD_RECORD);
	client->data[number % T_DEPTH] = iova;
	eckd_program(&client->vm, program, write ? ECKD_WRITE : ECKD_READ, block, records, iova);
	t_sqe_start(t_ring_sqe(&client->ring), T_ORB_PLAIN, program, number);
	client->pending++;
}

/* Those that are to be stopped or killed are made to take their time. */
static bool is_last(const struct client *client)
{
	uint64_t done = journal_done(client->journal);

	return done >= client->stop_at || done + 2 * T_DEPTH >= client->journal->kill_at;
}

/* Random blocks and, now and then, tracks. */
static void add_any(struct client *client)
{
	bool track = random() % 128 < (is_last(client) ? 64 : 1);
	uint32_t block = random() % ECKD_BLOCKS;

	if (track)
		add(client, random() & 1, block / ECKD_TRACK_RECORDS * ECKD_TRACK_RECORDS,
		    ECKD_TRACK_RECORDS);
	else
		add(client, random() & 1, block, 1);
}

static void hand_over(struct client *client)
{
	int ret = t_ring_enter(&client->ring, client->pending, 0);

	T_NEED(ret == (int)client->pending, "%u requests are taken (%d)", client->pending, ret);
	client->pending = 0;
}

static unsigned int under_way(const struct client *client)
{
	return client->journal->issued - client->journal->first;
}

static void fill_up(struct client *client)
{
	while (under_way(client) < T_DEPTH)
		add_any(client);
}

/* Ends */

/* What was read is what must have been there when it was read. */
static void check_data(struct client *client, uint64_t number)
{
	const struct journal_request *request = journal_request(client->journal, number);
	const uint8_t *data = t_at(&client->vm, data_of(client, number));
	const uint64_t seed = client->journal->seed;
	uint32_t i;

	for (i = 0; !request->write && i < request->records; i++, data += ECKD_RECORD) {
		if (content_is(data, seed, request->block + i, request->generations[i]))
			continue;
		content_wrong(data, seed, request->block + i, request->generations[i], "a read");
		exit(1);
	}
}

static void end_well(struct client *client, uint64_t number)
{
	check_data(client, number);
	journal_count(client->journal, journal_request(client->journal, number));
}

/* One after the other, and well: nothing else happens while nobody stops anything. */
static void take_next(struct client *client, const struct vfio_ccw_ring_cqe *cqe)
{
	struct journal *journal = client->journal;

	T_NEED(cqe->user_data == journal->first, "request %llu ends (%#llx)",
	       (unsigned long long)journal->first, (unsigned long long)cqe->user_data);
	T_NEED(cqe->flags & VFIO_CCW_RING_CQE_GOOD,
	       "request %llu ends well (res %d, reason %u, dstat %#x, cstat %#x)",
	       (unsigned long long)cqe->user_data, cqe->res, cqe->reason, t_irb_dstat(cqe->irb),
	       t_irb_cstat(cqe->irb));
	end_well(client, cqe->user_data);
	journal_retire(journal);
}

/* Until no more than these are under way. */
static void take_until(struct client *client, unsigned int left)
{
	struct vfio_ccw_ring_cqe cqe;

	while (under_way(client) > left) {
		T_NEED(next(client, &cqe, 10 * SECOND), "request %llu ends",
		       (unsigned long long)client->journal->first);
		take_next(client, &cqe);
	}
}

/* Stops */

static bool is_stopped(const struct vfio_ccw_ring_cqe *cqe, uint16_t reason)
{
	if (!(cqe->flags & VFIO_CCW_RING_CQE_IRB))
		return false;
	if (cqe->res)
		return cqe->res == -ECANCELED && cqe->reason == reason;
	return t_irb_function(cqe->irb) & (T_FUNCTION_HALT | T_FUNCTION_CLEAR);
}

static bool is_never(const struct vfio_ccw_ring_cqe *cqe, uint16_t reason)
{
	return !(cqe->flags & VFIO_CCW_RING_CQE_IRB) && cqe->res == -ECANCELED &&
	       cqe->reason == reason;
}

/* Of those that are stopped, only one can have been issued. */
static void take_stopped(struct client *client, const struct vfio_ccw_ring_cqe *cqe,
			 uint16_t reason, unsigned int *stopped)
{
	struct journal *journal = client->journal;
	struct journal_request *request = journal_request(journal, cqe->user_data);
	uint32_t end = JOURNAL_UNKNOWN;

	T_NEED(cqe->user_data - journal->first < under_way(client) &&
		       request->end == JOURNAL_UNKNOWN,
	       "request %#llx ends once", (unsigned long long)cqe->user_data);
	if (!cqe->res && t_irb_good(cqe->irb) && !is_stopped(cqe, reason))
		end = JOURNAL_DONE;
	else if (is_never(cqe, reason))
		end = JOURNAL_NEVER;
	else if (is_stopped(cqe, reason) && !(*stopped)++)
		end = JOURNAL_STOPPED;
	T_NEED(end, "request %llu ends well or for the right reason (res %d, reason %u)",
	       (unsigned long long)cqe->user_data, cqe->res, cqe->reason);
	if (end == JOURNAL_DONE)
		end_well(client, cqe->user_data);
	request->end = end;
}

static void add_function(struct client *client, uint8_t opcode)
{
	struct vfio_ccw_ring_sqe *sqe = t_ring_sqe(&client->ring);

	sqe->opcode = opcode;
	sqe->user_data = FUNCTION | opcode;
	client->pending++;
}

/*
 * Until all have ended.  Hercules 3.13 forgets a HALT that meets a start which is pending;
 * what is done about a device that does not answer helps there, too.
 */
static void take_all(struct client *client, uint16_t reason, unsigned int functions)
{
	unsigned int starts = under_way(client), stopped = 0;
	struct vfio_ccw_ring_cqe cqe;
	bool late = false;

	while (starts || functions) {
		if (!next(client, &cqe, functions && !late ? SECOND / 5 : 10 * SECOND)) {
			T_NEED(functions && !late, "all ends: %u starts, %u functions do not",
			       starts, functions);
			late = true;
			client->journal->late_halts++;
			add_function(client, VFIO_CCW_RING_OP_CLEAR);
			hand_over(client);
			functions++;
		} else if (cqe.user_data & FUNCTION) {
			T_NEED(!cqe.res && functions, "a halt or clear ends well (%d)", cqe.res);
			functions--;
		} else {
			take_stopped(client, &cqe, reason, &stopped);
			starts--;
		}
	}
}

static const void *look(void *context, uint32_t block, uint32_t records)
{
	struct client *client = context;
	uint32_t data = LOOK_SLOT + T_PAGE;
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe;

	memset(t_at(&client->vm, data), 0xdb, records * ECKD_RECORD);
	eckd_program(&client->vm, LOOK_SLOT, ECKD_READ, block, records, data);
	t_sqe_start(&sqe, T_ORB_PLAIN, LOOK_SLOT, 0);
	T_NEED(!t_ring_do(&client->ring, &sqe, &cqe) && !cqe.res && t_irb_good(cqe.irb),
	       "block %u is read (res %d, reason %u)", block, cqe.res, cqe.reason);
	return t_at(&client->vm, data);
}

static void go_on_for(unsigned int us)
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begin.tv_sec) * 1000000 + (now.tv_nsec - begin.tv_nsec) / 1000 < us);
}

/* At once, in one batch with starts, or a while after. */
static void stop_by_function(struct client *client, uint8_t opcode)
{
	if (random() & 1) {
		hand_over(client);
		go_on_for(random() % (2 * STOP_US));
	}
	add_function(client, opcode);
	hand_over(client);
	take_all(client, VFIO_CCW_RING_R_FLUSHED, 1);
}

static void stop_by_reset(struct client *client)
{
	hand_over(client);
	go_on_for(random() % (2 * STOP_US));
	T_NEED(!ioctl(client->vm.devices[0].fd, VFIO_DEVICE_RESET), "a reset");
	take_all(client, VFIO_CCW_RING_R_RESET, 0);
}

static void stop_by_unmap(struct client *client)
{
	struct t_vm *vm = &client->vm;

	hand_over(client);
	go_on_for(random() % (2 * STOP_US));
	T_NEED(!t_unmap(vm, T_IOVA, T_SIZE), "an unmap");
	take_all(client, VFIO_CCW_RING_R_UNMAPPED, 0);
	T_NEED(!t_map(vm, vm->memory, T_SIZE, T_IOVA, 3), "memory is mapped again");
}

static void stop(struct client *client, enum journal_stop how)
{
	fill_up(client);
	if (how == STOP_HALT)
		stop_by_function(client, VFIO_CCW_RING_OP_HALT);
	else if (how == STOP_CLEAR)
		stop_by_function(client, VFIO_CCW_RING_OP_CLEAR);
	else if (how == STOP_RESET)
		stop_by_reset(client);
	else
		stop_by_unmap(client);
	client->journal->stops[how]++;
	journal_settle(client->journal, look, client);
}

static void plan_stop(struct client *client)
{
	client->stop_at = journal_done(client->journal) + random() % (2 * STOP_EVERY);
}

/* The two ways of being a client */

void client_fill(struct journal *journal)
{
	struct client client;
	uint32_t block = 0;

	client_open(&client, journal);
	while (block < ECKD_BLOCKS) {
		while (block < ECKD_BLOCKS && under_way(&client) < T_DEPTH)
			add(&client, true, block++, 1);
		hand_over(&client);
		take_until(&client, 0);
	}
	client_close(&client);
}

/*
 * A disk in memory is faster than who checks each byte: if more were not handed over until
 * some have ended, there would never be many under way.
 */
void client_load(struct journal *journal, uint64_t count)
{
	struct client client;

	client_open(&client, journal);
	journal_settle(journal, look, &client);
	plan_stop(&client);
	while (journal->writes < count || journal->reads < count) {
		fill_up(&client);
		hand_over(&client);
		take_until(&client, is_last(&client) ? 0 : random() % T_DEPTH);
		if (journal_done(journal) < client.stop_at)
			continue;
		take_until(&client, 0);
		stop(&client, random() % STOP_KILL);
		plan_stop(&client);
	}
	take_until(&client, 0);
	client_close(&client);
}
