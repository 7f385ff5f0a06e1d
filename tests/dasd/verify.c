// SPDX-License-Identifier: MIT
/*
 * Random writes and reads at depth 32, each checked, by clients that are halted, cleared,
 * reset, lose their memory, and are killed.  No write that was acknowledged is lost, none
 * that was taken back is carried out, no block is half of one and half of another, and no
 * byte is wrong.
 *
 *	verify load JOURNAL COUNT SEED		so many writes and reads more
 *	verify check JOURNAL DISK EXPECTED	all blocks of the disk are what they must be;
 *						the same in a file
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "content.h"
#include "verify.h"

/* Requests of a client that is to be killed, on the average. */
#define KILL_EVERY 4000
/* For so many milliseconds a client may stand still. */
#define PATIENCE   30000

static const char *const stop_names[STOPS] = { "halts", "clears", "resets", "unmaps", "kills" };

static void sleep_us(long us)
{
	const struct timespec time = { .tv_nsec = us * 1000 };

	nanosleep(&time, NULL);
}

static pid_t start_client(struct journal *journal, uint64_t count)
{
	pid_t pid = fork();

	T_NEED(pid >= 0, "a process starts");
	if (pid)
		return pid;
	if (count)
		client_load(journal, count);
	else
		client_fill(journal);
	exit(0);
}

/* False if the client has ended by itself before. */
static bool wait_for_requests(const struct journal *journal, pid_t pid)
{
	uint64_t done, before = 0;
	siginfo_t info = { 0 };
	int still = 0;

	while ((done = journal_done(journal)) < journal->kill_at) {
		still = done == before ? still + 1 : 0;
		before = done;
		if (still == PATIENCE) {
			kill(pid, SIGKILL);
			T_NEED(false, "the client goes on after %llu requests",
			       (unsigned long long)done);
		}
		sleep_us(1000);
		T_NEED(!waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT), "a client");
		if (info.si_pid == pid)
			return false;
	}
	return true;
}

/* Kills it after so many requests more; false if it has ended by itself before. */
static bool run_client(struct journal *journal, uint64_t count, uint64_t requests)
{
	pid_t pid;
	int status;

	journal->kill_at = journal_done(journal) + requests;
	pid = start_client(journal, count);
	if (wait_for_requests(journal, pid)) {
		sleep_us(random() % 3000);
		kill(pid, SIGKILL);
	}
	T_NEED(waitpid(pid, &status, 0) == pid, "a client ends");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		printf("# seed %llu, request %llu, client %llu\n",
		       (unsigned long long)journal->seed, (unsigned long long)journal->first,
		       (unsigned long long)journal->clients);
		T_NEED(false, "a client finds no fault (status %#x)", status);
	}
	return false;
}

static void report(const struct journal *journal)
{
	const uint64_t *stops = journal->stops;
	int i;

	printf("# in all: %llu writes and %llu reads of a block, %llu and %llu of a track\n",
	       (unsigned long long)journal->writes, (unsigned long long)journal->reads,
	       (unsigned long long)journal->track_writes, (unsigned long long)journal->track_reads);
	printf("# stopped by:");
	for (i = 0; i < STOPS; i++)
		printf(" %llu %s", (unsigned long long)stops[i], stop_names[i]);
	printf("; %llu halts needed a clear\n", (unsigned long long)journal->late_halts);
	printf("# blocks to be written meanwhile: %llu taken back, in doubt %llu old, %llu new\n",
	       (unsigned long long)journal->taken_back, (unsigned long long)journal->old,
	       (unsigned long long)journal->new);
}

static void load(struct journal *journal, uint64_t count, uint64_t seed)
{
	unsigned int i;
	bool killed;

	if (!journal->clients) {
		journal->seed = seed;
		T_NEED(!run_client(journal, 0, UINT32_MAX), "the disk is written once");
	}
	srandom(~(seed + journal->clients));
	count += journal->writes;
	do {
		killed = run_client(journal, count, random() % (2 * KILL_EVERY));
		journal->stops[STOP_KILL] += killed;
	} while (killed);
	report(journal);
	T_CHECK(journal->writes >= count && journal->reads >= count,
		"%llu writes and as many reads, all right", (unsigned long long)count);
	for (i = 0; i < STOPS; i++)
		T_CHECK(journal->stops[i], "%s stopped requests under way", stop_names[i]);
	T_CHECK(journal->taken_back && journal->old && journal->new,
		"... some before, some after they were carried out");
}

static void check(const struct journal *journal, const char *disk, const char *expected)
{
	uint64_t block[ECKD_RECORD / sizeof(uint64_t)];
	FILE *in = fopen(disk, "r"), *out = fopen(expected, "w");
	unsigned int i, wrong = 0;
	uint32_t generation;

	T_NEED(in && out, "%s and %s open", disk, expected);
	for (i = 0; i < ECKD_BLOCKS; i++) {
		generation = journal->blocks[i].sure;
		T_NEED(fread(block, sizeof(block), 1, in) == 1, "block %u is read", i);
		if (!content_is(block, journal->seed, i, generation) && wrong++ < 10)
			content_wrong(block, journal->seed, i, generation, disk);
		content_fill(block, journal->seed, i, generation);
		T_NEED(fwrite(block, sizeof(block), 1, out) == 1, "block %u is kept", i);
	}
	fclose(in);
	T_NEED(!fclose(out), "what must be there is kept");
	T_CHECK(journal->first == journal->issued, "nothing is under way");
	T_EQUAL(wrong, 0, "%u blocks are as they were written, and %llu writes before", i,
		(unsigned long long)journal->writes);
}

int main(int argc, char **argv)
{
	struct journal *journal;

	T_NEED(argc == 5, "verify load JOURNAL COUNT SEED, verify check JOURNAL DISK EXPECTED");
	journal = journal_open(argv[2]);
	if (!strcmp(argv[1], "load"))
		load(journal, strtoull(argv[3], NULL, 0), strtoull(argv[4], NULL, 0));
	else
		check(journal, argv[3], argv[4]);
	return tap_done();
}
