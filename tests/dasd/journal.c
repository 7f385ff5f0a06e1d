// SPDX-License-Identifier: MIT
#include "journal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "content.h"

/* What is stored before this is there before what is stored after it: for who is killed. */
static inline void in_order(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

struct journal *journal_open(const char *path)
{
	struct journal *journal;
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	T_NEED(fd >= 0 && !ftruncate(fd, sizeof(*journal)), "%s opens", path);
	journal = mmap(NULL, sizeof(*journal), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	T_NEED(journal != MAP_FAILED, "%s is mapped", path);
	close(fd);
	return journal;
}

struct journal_request *journal_issue(struct journal *journal, bool write, uint32_t block,
				      uint32_t records)
{
	struct journal_request *request = journal_request(journal, journal->issued);
	struct journal_block *blocks = &journal->blocks[block];
	uint32_t i;

	request->write = write;
	request->block = block;
	request->records = records;
	request->end = JOURNAL_UNKNOWN;
	for (i = 0; i < records; i++)
		request->generations[i] = write ? ++blocks[i].last : blocks[i].next;
	in_order();
	journal->issued++;
	in_order();
	for (i = 0; write && i < records; i++)
		blocks[i].next = request->generations[i];
	return request;
}

void journal_count(struct journal *journal, const struct journal_request *request)
{
	if (request->write)
		*(request->records == 1 ? &journal->writes : &journal->track_writes) += 1;
	else
		*(request->records == 1 ? &journal->reads : &journal->track_reads) += 1;
}

uint64_t journal_done(const struct journal *journal)
{
	const volatile struct journal *now = journal;

	return now->writes + now->reads + now->track_writes + now->track_reads;
}

void journal_retire(struct journal *journal)
{
	const struct journal_request *request = journal_request(journal, journal->first);
	uint32_t i;

	for (i = 0; request->write && i < request->records; i++)
		journal->blocks[request->block + i].sure = request->generations[i];
	in_order();
	journal->first++;
}

/* Does a request write a block, that one of its records? */
static bool writes(const struct journal_request *request, uint32_t block)
{
	return request->write && block - request->block < request->records;
}

/* May a block hold this generation, as far as it alone is concerned? */
static bool allowed(struct journal *journal, uint32_t block, uint32_t generation)
{
	const struct journal_request *request;
	uint64_t i;

	for (i = journal->first; i < journal->issued; i++) {
		request = journal_request(journal, i);
		if (writes(request, block) && request->end != JOURNAL_NEVER &&
		    request->generations[block - request->block] == generation)
			return true;
	}
	return generation == journal->blocks[block].sure;
}

/* It is whole, and one of those that it may be. */
static void look_at(struct journal *journal, uint32_t block, const void *data)
{
	uint32_t found = content_generation(data, journal->seed);

	if (!content_is(data, journal->seed, block, found) || !allowed(journal, block, found)) {
		content_wrong(data, journal->seed, block, journal->blocks[block].sure,
			      "after a stop, writes beside");
		exit(1);
	}
	journal->blocks[block].sure = found;
}

static const char *end_name(uint32_t end)
{
	static const char *const names[] = {
		[JOURNAL_UNKNOWN] = "under way",
		[JOURNAL_DONE] = "acknowledged",
		[JOURNAL_STOPPED] = "stopped",
		[JOURNAL_NEVER] = "never issued",
	};

	return names[end];
}

/* Is a record as its write was reported?  All before one that was written were. */
static bool check_record(struct journal *journal, uint64_t number, uint32_t record, bool before)
{
	const struct journal_request *request = journal_request(journal, number);
	uint32_t block = request->block + record, generation = request->generations[record];
	bool there = journal->blocks[block].sure >= generation;

	if (there ? !before || request->end == JOURNAL_NEVER : request->end == JOURNAL_DONE) {
		T_CHECK(false, "write %llu, which was %s%s: generation %u of block %u is %sthere",
			(unsigned long long)number, end_name(request->end),
			before ? "" : " behind one that was not carried out", generation, block,
			there ? "" : "not ");
		exit(1);
	}
	journal->taken_back += request->end == JOURNAL_NEVER;
	if (request->end == JOURNAL_UNKNOWN || request->end == JOURNAL_STOPPED)
		*(there ? &journal->new : &journal->old) += 1;
	return there;
}

static void check_order(struct journal *journal)
{
	const struct journal_request *request;
	bool before = true;
	uint32_t record;
	uint64_t i;

	for (i = journal->first; i < journal->issued; i++) {
		request = journal_request(journal, i);
		for (record = 0; request->write && record < request->records; record++)
			before = check_record(journal, i, record, before);
	}
}

/* Blocks that several requests write are looked at more than once, and hold the same. */
static void look_at_all(struct journal *journal, journal_reader read, void *context)
{
	const struct journal_request *request;
	const uint8_t *data;
	uint32_t record;
	uint64_t i;

	for (i = journal->first; i < journal->issued; i++) {
		request = journal_request(journal, i);
		if (!request->write)
			continue;
		data = read(context, request->block, request->records);
		for (record = 0; record < request->records; record++, data += ECKD_RECORD)
			look_at(journal, request->block + record, data);
	}
}

void journal_settle(struct journal *journal, journal_reader read, void *context)
{
	uint32_t i;

	look_at_all(journal, read, context);
	check_order(journal);
	for (i = 0; i < ECKD_BLOCKS; i++)
		journal->blocks[i].next = journal->blocks[i].sure;
	in_order();
	journal->first = journal->issued;
}
