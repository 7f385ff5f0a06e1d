// SPDX-License-Identifier: MIT
#include "kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <linux/vfio_ccw.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "iommufd_abi.h"
#include "unit.h"

#define MAX_FAILURES 4
#define MAX_MAPPINGS 64

static char calls[1024];

static struct {
	char call[32];
	int error;
} failures[MAX_FAILURES];

const char *kernel_calls(void)
{
	static char copy[sizeof(calls)];

	memcpy(copy, calls, sizeof(copy));
	calls[0] = '\0';
	return copy;
}

void kernel_fail(const char *call, int error)
{
	unsigned int i = 0, free = 0;

	while (i < MAX_FAILURES && (!failures[i].error || strcmp(failures[i].call, call)))
		i++;
	while (i == MAX_FAILURES && failures[free].error)
		assert_true(++free < MAX_FAILURES);
	if (i == MAX_FAILURES)
		i = free;
	snprintf(failures[i].call, sizeof(failures[i].call), "%s", call);
	failures[i].error = error;
}

int kernel_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Notes a call; true if it is to fail. */
static int called(const char *call)
{
	assert_true(strlen(calls) + strlen(call) + 2 < sizeof(calls));
	if (calls[0])
		strcat(calls, " ");
	strcat(calls, call);
	for (unsigned int i = 0; i < MAX_FAILURES; i++) {
		if (strcmp(failures[i].call, call) || !failures[i].error)
			continue;
		errno = failures[i].error;
		return -1;
	}
	return 0;
}

static int any_file(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
}

int open(const char *path, int flags, ...)
{
	if (strncmp(path, "/dev/vfio/", strlen("/dev/vfio/")) && strcmp(path, "/dev/iommu"))
		return syscall(SYS_openat, AT_FDCWD, path, flags, 0);
	assert_true(flags & O_CLOEXEC);
	return called(path + strlen("/dev/")) ? -1 : any_file();
}

static int device_info(struct vfio_device_info *info)
{
	info->flags = VFIO_DEVICE_FLAGS_CCW;
	info->num_regions = 1;
	return called("info");
}

static int region_info(struct vfio_region_info *info)
{
	info->size = sizeof(struct ccw_io_region);
	return called("region");
}

/* What is mapped: no two overlap, and each goes as it came. */
static struct mapping {
	uint64_t iova;
	uint64_t bytes;
	uint64_t memory;
} mappings[MAX_MAPPINGS];

static int map(const char *call, uint64_t iova, uint64_t bytes, uint64_t memory)
{
	struct mapping *free = NULL;
	int err = called(call);

	assert_int_equal((iova | bytes | memory) % 4096, 0);
	for (unsigned int i = 0; i < MAX_MAPPINGS; i++) {
		const struct mapping *m = &mappings[i];

		if (!m->bytes)
			free = &mappings[i];
		else
			assert_true(iova + bytes <= m->iova || m->iova + m->bytes <= iova);
	}
	assert_non_null(free);
	if (!err)
		*free = (struct mapping){ iova, bytes, memory };
	return err;
}

static int unmap(const char *call, uint64_t iova, uint64_t bytes)
{
	unsigned int i = 0;
	int err = called(call);

	while (mappings[i].iova != iova || mappings[i].bytes != bytes)
		assert_true(++i < MAX_MAPPINGS);
	if (!err)
		mappings[i].bytes = 0;
	return err;
}

uint64_t kernel_mapped(uint64_t iova)
{
	for (unsigned int i = 0; i < MAX_MAPPINGS; i++)
		if (iova - mappings[i].iova < mappings[i].bytes)
			return mappings[i].memory + (iova - mappings[i].iova);
	return 0;
}

static int no_mappings(const char *call)
{
	memset(mappings, 0, sizeof(mappings));
	return called(call);
}

static int type1_map(const struct vfio_iommu_type1_dma_map *arg)
{
	assert_int_equal(arg->argsz, sizeof(*arg));
	assert_int_equal(arg->flags, VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
	return map("map", arg->iova, arg->size, arg->vaddr);
}

static int type1_unmap(const struct vfio_iommu_type1_dma_unmap *arg)
{
	assert_int_equal(arg->argsz, sizeof(*arg));
	return unmap("unmap", arg->iova, arg->size);
}

static int ioas_alloc(struct iommufd_ioas_alloc *alloc)
{
	alloc->out_ioas_id = 7;
	return no_mappings("ioas-alloc");
}

static int ioas_map(const struct iommufd_ioas_map *arg)
{
	assert_int_equal(arg->ioas_id, 7);
	assert_int_equal(arg->size, sizeof(*arg));
	return map("ioas-map", arg->iova, arg->length, arg->user_va);
}

static int ioas_unmap(const struct iommufd_ioas_unmap *arg)
{
	assert_int_equal(arg->ioas_id, 7);
	assert_int_equal(arg->size, sizeof(*arg));
	return unmap("ioas-unmap", arg->iova, arg->length);
}

static int attach(const struct vfio_attach_iommufd_pt *attach)
{
	assert_int_equal(attach->pt_id, 7);
	return called("attach");
}

static bool has_rings;
static struct vfio_ccw_ring_info ring_info;

void kernel_rings(const struct vfio_ccw_ring_info *info)
{
	has_rings = info;
	if (info)
		ring_info = *info;
}

/* What the caller's structure has beyond the driver's is 0. */
static int info_feature(struct vfio_device_feature *feature)
{
	size_t size = feature->argsz - sizeof(*feature);

	if (called("ring-info"))
		return -1;
	memset(feature->data, 0, size);
	memcpy(feature->data, &ring_info, size < sizeof(ring_info) ? size : sizeof(ring_info));
	return 0;
}

static int device_feature_of(struct vfio_device_feature *feature)
{
	if (!has_rings) {
		errno = ENOTTY;
		return -1;
	}
	if ((feature->flags & VFIO_DEVICE_FEATURE_MASK) == VFIO_DEVICE_FEATURE_CCW_RING_INFO)
		return info_feature(feature);
	return called(feature->flags & VFIO_DEVICE_FEATURE_PROBE ? "ring-probe" : "ring-make");
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	(void)fd;
	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	switch (request) {
	case VFIO_GROUP_SET_CONTAINER:
		return called("join");
	case VFIO_SET_IOMMU:
		return no_mappings("set-iommu");
	case VFIO_IOMMU_MAP_DMA:
		return type1_map(arg);
	case VFIO_IOMMU_UNMAP_DMA:
		return type1_unmap(arg);
	case VFIO_GROUP_GET_DEVICE_FD:
		return called("device") ? -1 : any_file();
	case VFIO_DEVICE_GET_INFO:
		return device_info(arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return region_info(arg);
	case VFIO_DEVICE_FEATURE:
		return device_feature_of(arg);
	case IOMMUFD_IOAS_ALLOC:
		return ioas_alloc(arg);
	case IOMMUFD_IOAS_MAP:
		return ioas_map(arg);
	case IOMMUFD_IOAS_UNMAP:
		return ioas_unmap(arg);
	case VFIO_BIND_IOMMUFD:
		return called("bind");
	case VFIO_ATTACH_IOMMUFD_PT:
		return attach(arg);
	}
	fail_msg("unexpected ioctl %#lx", request);
	return -1;
}
