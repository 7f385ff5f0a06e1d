/* SPDX-License-Identifier: MIT */
/*
 * What the blocks of a disk may hold, in a file that outlives whoever writes them.
 *
 * A subchannel carries out its starts in order.  So what a read finds is known when it is
 * submitted, and of the blocks to be written when all is stopped those up to some point
 * have been and those behind it have not.
 *
 * Its user may be killed between any two instructions: what is stored here is stored in
 * an order that leaves it right at each of them.
 */
#ifndef CCWRING_TESTS_JOURNAL_H
#define CCWRING_TESTS_JOURNAL_H

#include "eckd.h"

/**
 * enum journal_end - what is known of a request
 * @JOURNAL_UNKNOWN: nothing; its client may have been killed
 * @JOURNAL_DONE: it was reported as done
 * @JOURNAL_STOPPED: it had been issued when it was stopped
 * @JOURNAL_NEVER: it was reported as never issued
 */
enum journal_end {
	JOURNAL_UNKNOWN,
	JOURNAL_DONE,
	JOURNAL_STOPPED,
	JOURNAL_NEVER,
};

/**
 * struct journal_request - a request under way
 * @write: it writes
 * @block: its first
 * @records: how many, one after the other
 * @end: enum journal_end
 * @generations: what it writes, or must read
 */
struct journal_request {
	bool write;
	uint32_t block;
	uint32_t records;
	uint32_t end;
	uint32_t generations[ECKD_TRACK_RECORDS];
};

/**
 * struct journal_block - generations of a block
 * @sure: on the disk: acknowledged, or seen there; 0 if it has never been written
 * @next: on the disk when all that is under way is done
 * @last: the last one that anybody has begun to write; none is used twice
 */
struct journal_block {
	uint32_t sure;
	uint32_t next;
	uint32_t last;
};

/* What can stop the requests under way. */
enum journal_stop {
	STOP_HALT,
	STOP_CLEAR,
	STOP_RESET,
	STOP_UNMAP,
	STOP_KILL,
	STOPS,
};

/**
 * struct journal - the file
 * @seed: of all content
 * @clients: how many there have been
 * @first: number of the oldest request under way
 * @issued: number of the next request
 * @kill_at: how many have ended well when the client is going to be killed
 * @writes: of one block, that were reported as done
 * @reads: of one block, that were right
 * @track_writes: as @writes, of a whole track
 * @track_reads: as @reads, of a whole track
 * @stops: how often requests were stopped, by what
 * @late_halts: of them, those that only a CLEAR ended
 * @taken_back: blocks that were to be written by what was never issued
 * @old: blocks of writes that nobody has acknowledged or taken back and that are not there
 * @new: those that are
 * @requests: under way, by their number modulo T_DEPTH
 * @blocks: of the disk
 */
struct journal {
	uint64_t seed;
	uint64_t clients;
	uint64_t first;
	uint64_t issued;
	uint64_t kill_at;
	uint64_t writes;
	uint64_t reads;
	uint64_t track_writes;
	uint64_t track_reads;
	uint64_t stops[STOPS];
	uint64_t late_halts;
	uint64_t taken_back;
	uint64_t old;
	uint64_t new;
	struct journal_request requests[T_DEPTH];
	struct journal_block blocks[ECKD_BLOCKS];
};

struct journal *journal_open(const char *path);

static inline struct journal_request *journal_request(struct journal *journal, uint64_t number)
{
	return &journal->requests[number % T_DEPTH];
}

/* Before a request is handed over; there must be fewer than T_DEPTH under way. */
struct journal_request *journal_issue(struct journal *journal, bool write, uint32_t block,
				      uint32_t records);

/* It was reported as done, and is right. */
void journal_count(struct journal *journal, const struct journal_request *request);
uint64_t journal_done(const struct journal *journal);
/* That was the oldest of those under way, and all is well. */
void journal_retire(struct journal *journal);

/* Reads blocks of the disk. */
typedef const void *(*journal_reader)(void *context, uint32_t block, uint32_t records);

/*
 * All has been stopped: looks at the blocks that writes were under way for.  Ends the
 * program if the disk does not hold what it may.
 */
void journal_settle(struct journal *journal, journal_reader read, void *context);

#endif
