// SPDX-License-Identifier: MIT
/* Walks /out and sends each regular file as FILE, DATA... and CLOSE records. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "wire.h"

static size_t root_len;
static void (*report)(const char *format, ...);

static void put_be(unsigned char *p, size_t bytes, unsigned long v)
{
	while (bytes--) {
		p[bytes] = v;
		v >>= 8;
	}
}

static void begin(const char *name, mode_t mode)
{
	unsigned char head[4 + 4096];
	size_t len = strnlen(name, sizeof(head) - 4);

	put_be(head, 4, mode & 07777);
	memcpy(head + 4, name, len);
	wire_send(WIRE_FILE, head, 4 + len);
}

static int send_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	static char chunk[WIRE_PAYLOAD_MAX];
	unsigned long size = 0;
	unsigned char be[8];
	ssize_t n;
	int fd;

	(void)ftw;
	if (type != FTW_F || !S_ISREG(st->st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		report("cannot open %s: %s", path, strerror(errno));
		return 0;
	}
	begin(path + root_len + 1, st->st_mode);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		wire_send(WIRE_DATA, chunk, n);
		size += n;
	}
	if (n < 0)
		report("cannot read %s: %s", path, strerror(errno));
	close(fd);
	put_be(be, sizeof(be), size);
	wire_send(WIRE_CLOSE, be, sizeof(be));
	return 0;
}

void files_send(const char *dir, void (*complain)(const char *format, ...))
{
	root_len = strlen(dir);
	report = complain;
	nftw(dir, send_file, 16, FTW_PHYS);
}
