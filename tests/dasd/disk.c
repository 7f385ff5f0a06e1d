// SPDX-License-Identifier: MIT
#include "disk.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eckd.h"

uint8_t *disk_expected(const char *path)
{
	struct stat status;
	uint8_t *blocks;
	int fd;

	fd = open(path, O_RDWR | O_CLOEXEC);
	T_NEED(fd >= 0 && !fstat(fd, &status), "%s opens", path);
	T_NEED(status.st_size == (off_t)ECKD_BLOCKS * ECKD_RECORD, "%s has %d blocks", path,
	       ECKD_BLOCKS);
	blocks = mmap(NULL, status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	T_NEED(blocks != MAP_FAILED, "%s is mapped", path);
	close(fd);
	return blocks;
}
