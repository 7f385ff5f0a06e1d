// SPDX-License-Identifier: MIT
/*
 * block_client FILE SOCKET: asks ccwring-block-server for random blocks, over several
 * connections at a time, and compares them with those of the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "disk.h"
#include "eckd.h"
#include "tap.h"

#define CONNECTIONS 8
#define ROUNDS	    64

static struct sockaddr_un address = { .sun_family = AF_UNIX };

/* It may be about to listen. */
static int connected(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), tries = 250;

	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) && tries--)
		usleep(20000);
	T_NEED(tries > 0, "a connection");
	return fd;
}

static void ask(int fd, uint32_t block)
{
	uint8_t number[4] = { block >> 24, block >> 16, block >> 8, block };

	T_NEED(write(fd, number, 2) == 2 && write(fd, number + 2, 2) == 2, "a question");
}

static bool answer(int fd, const uint8_t *expected)
{
	uint8_t block[ECKD_RECORD];
	size_t got = 0;
	ssize_t n;

	while (got < sizeof(block)) {
		n = read(fd, block + got, sizeof(block) - got);
		if (n <= 0)
			return false;
		got += n;
	}
	return !memcmp(block, expected, sizeof(block));
}

int main(int argc, char **argv)
{
	int fds[CONNECTIONS], i, round, right = 0;
	uint32_t blocks[CONNECTIONS];
	uint8_t byte, *expected;

	T_NEED(argc == 3 && strlen(argv[2]) < sizeof(address.sun_path), "a file and a socket");
	expected = disk_expected(argv[1]);
	strcpy(address.sun_path, argv[2]);
	for (i = 0; i < CONNECTIONS; i++)
		fds[i] = connected();
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < CONNECTIONS; i++) {
			blocks[i] = random() % ECKD_BLOCKS;
			ask(fds[i], blocks[i]);
		}
		for (i = 0; i < CONNECTIONS; i++)
			right += answer(fds[i], expected + (size_t)blocks[i] * ECKD_RECORD);
	}
	T_EQUAL(right, CONNECTIONS * ROUNDS, "%d blocks over %d connections", CONNECTIONS * ROUNDS,
		CONNECTIONS);
	ask(fds[0], ECKD_BLOCKS);
	T_EQUAL(read(fds[0], &byte, 1), 0, "a block that is not there ends the connection");
	ask(fds[1], 5);
	T_CHECK(answer(fds[1], expected + 5UL * ECKD_RECORD), "... and no other");
	sleep(1);
	for (i = 0; i < CONNECTIONS; i++)
		close(fds[i]);
	return tap_done();
}
