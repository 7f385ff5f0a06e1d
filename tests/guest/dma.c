// SPDX-License-Identifier: MIT
/*
 * Memory of the library with a device that reaches it: below 2 GiB and beyond, as it
 * grows, shrinks, runs out and outlives its devices, in huge pages, and while
 * requests are under way.
 *
 * With T_VFIO=cdev by character devices and iommufd.
 */
#include <errno.h>
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ccwring/ccwring.h>

#include "tap.h"

#define MDEVS	  "/sys/bus/mdev/devices"
#define MIB	  ((size_t)1 << 20)
#define SENSE_LEN 7
#define DEPTH	  16

static struct ccwring_vfio *vfio;
static struct ccwring_device *dev;
static struct ccwring_ring *ring;
static char device[64];
static int access_kind;

static void say(void *arg, int level, const char *message)
{
	(void)arg;
	(void)level;
	printf("# %s\n", message);
}

static void find_device(void)
{
	struct dirent *entry;
	DIR *dir = opendir(MDEVS);

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			snprintf(device, sizeof(device), "%.40s", entry->d_name);
	T_NEED(device[0], "a mediated device");
	closedir(dir);
}

static void open_context(size_t limit, unsigned int flags)
{
	const struct ccwring_vfio_opts opts = {
		.size = sizeof(opts),
		.dma_bytes = limit,
		.dma_flags = flags,
		.access = access_kind,
		.log = say,
	};

	T_NEED(!ccwring_vfio_new(&opts, &vfio), "a context");
}

static void open_device(void)
{
	T_NEED(!ccwring_device_open(vfio, device, &dev), "the device opens");
	T_NEED(!ccwring_ring_new(dev, NULL, &ring), "a ring");
}

static void close_device(void)
{
	ccwring_ring_free(ring);
	T_NEED(!ccwring_device_close(dev), "the device closes");
}

static void close_context(void)
{
	T_NEED(!ccwring_vfio_free(vfio), "the context goes");
}

static struct ccwring_dma_stats stats(void)
{
	struct ccwring_dma_stats now = { .size = sizeof(now) };

	T_NEED(!ccwring_dma_stats(vfio, &now), "statistics");
	return now;
}

/* A program that reads the device's identification to an address. */
static struct ccwring_program *sense_id(ccwring_iova_t data, struct ccwring_orb *orb)
{
	struct ccwring_program *prog;

	T_NEED(!ccwring_program_new(vfio, 64, &prog), "a program");
	if (data < CCWRING_CCW_LIMIT)
		ccwring_program_add(prog, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, data, SENSE_LEN);
	else
		ccwring_program_add_ida(prog, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, &data, 1,
					SENSE_LEN);
	T_NEED(!ccwring_program_finish(prog, orb), "%s", ccwring_program_error(prog, NULL));
	return prog;
}

static struct vfio_ccw_ring_cqe start(const struct ccwring_orb *orb)
{
	const struct vfio_ccw_ring_cqe *cqe;
	struct vfio_ccw_ring_cqe copy;

	ccwring_prep_start(ccwring_get_sqe(ring), ccwring_ring_index(ring), orb, 0);
	T_NEED(ccwring_submit(ring) == 1, "a request is taken");
	T_NEED(!ccwring_wait_cqe(ring, &cqe, 5000000000), "it ends");
	copy = *cqe;
	ccwring_cqe_seen(ring, 1);
	return copy;
}

static bool reads(const struct ccwring_orb *orb, uint8_t *memory)
{
	struct vfio_ccw_ring_cqe cqe;

	memory[0] = 0;
	cqe = start(orb);
	return ccwring_cqe_good(&cqe) && memory[0] == 0xff;
}

/* Does a read to this address arrive in this memory? */
static bool arrives(uint8_t *memory, ccwring_iova_t iova)
{
	struct ccwring_program *prog;
	struct ccwring_orb orb;
	bool ok;

	prog = sense_id(iova, &orb);
	ok = reads(&orb, memory);
	ccwring_program_free(prog);
	return ok;
}

static void low_and_high(void)
{
	ccwring_iova_t low, high;
	uint8_t *low_mem = ccwring_dma_alloc(vfio, 100, &low);
	uint8_t *high_mem = ccwring_dma_alloc_aligned(vfio, 100, 0, CCWRING_DMA_HIGH, &high);

	T_CHECK(arrives(low_mem, low), "a read below 2 GiB arrives (%#llx)",
		(unsigned long long)low);
	T_CHECK(arrives(high_mem, high), "a read beyond 2 GiB arrives (%#llx)",
		(unsigned long long)high);
	ccwring_dma_free(vfio, low_mem);
	ccwring_dma_free(vfio, high_mem);
}

static void grows(unsigned int flags, const char *where)
{
	const uint64_t maps = stats().maps, unmaps = stats().unmaps;
	struct vfio_ccw_ring_cqe cqe;
	struct ccwring_program *prog;
	struct ccwring_orb orb;
	ccwring_iova_t iova;
	uint8_t *mem;

	mem = ccwring_dma_alloc_aligned(vfio, 40 * MIB, 0, flags, &iova);
	T_NEED(mem, "40 MiB %s", where);
	T_CHECK(stats().maps > maps, "memory %s grows while the device is open", where);
	T_CHECK(arrives(mem, iova) && arrives(mem + 40 * MIB - 100, iova + 40 * MIB - 100),
		"... and is reached at both ends");
	prog = sense_id(iova, &orb);
	ccwring_dma_free(vfio, mem);
	ccwring_dma_trim(vfio);
	T_CHECK(stats().unmaps > unmaps, "... and shrinks");
	cqe = start(&orb);
	T_CHECK(cqe.res == -EFAULT && cqe.reason == VFIO_CCW_RING_R_DATA_UNMAPPED,
		"... so that it is not reached any more (%d, %u)", cqe.res, cqe.reason);
	ccwring_program_free(prog);
	mem = ccwring_dma_alloc_aligned(vfio, 40 * MIB, 0, flags, &iova);
	T_CHECK(mem && !mem[0] && arrives(mem, iova), "... and can be had again, zeroed");
	ccwring_dma_free(vfio, mem);
	ccwring_dma_trim(vfio);
}

static void outlives_devices(void)
{
	ccwring_iova_t iova, later;
	uint8_t *mem = ccwring_dma_alloc(vfio, 8192, &iova), *more;

	memset(mem, 0x5a, 8192);
	close_device();
	more = ccwring_dma_alloc_aligned(vfio, 8192, 0, CCWRING_DMA_HIGH, &later);
	open_device();
	T_CHECK(mem[8191] == 0x5a && arrives(mem, iova), "memory outlives its device");
	T_CHECK(arrives(more, later), "... and what came in between is reached, too");
	ccwring_dma_free(vfio, mem);
	ccwring_dma_free(vfio, more);
}

static void everything_goes(void)
{
	ccwring_dma_trim(vfio);
	T_EQUAL(stats().allocated, 0, "nothing is allocated");
	T_EQUAL(stats().committed, 0, "... so nothing is kept");
	T_EQUAL(stats().mapped, 0, "... or mapped");
}

/* With requests going on all the time. */
static void exhausted(void)
{
	struct ccwring_program *prog;
	struct ccwring_orb orb;
	ccwring_iova_t iova;
	uint8_t *mem, *first;
	unsigned int n = 0;

	open_context(8 * MIB, 0);
	open_device();
	first = ccwring_dma_alloc(vfio, 4096, &iova);
	prog = sense_id(iova, &orb);
	while ((mem = ccwring_dma_alloc(vfio, 65536, &iova)))
		n += !ccwring_program_set_data(prog, 0, iova) && reads(&orb, mem);
	T_CHECK(errno == ENOMEM && n > 100 && n < 128, "8 MiB are enough for %u times 64 KiB", n);
	T_EQUAL(stats().failures, 1, "... and there is an error then");
	T_CHECK(stats().committed <= 8 * MIB, "... at the limit (%llu)",
		(unsigned long long)stats().committed);
	ccwring_dma_free(vfio, first);
	T_CHECK(ccwring_dma_alloc(vfio, 4096, NULL) == first, "what is given back is there again");
	ccwring_program_free(prog);
	close_device();
	close_context();
}

static long meminfo(const char *field)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];
	long value = -1;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, field, strlen(field)))
			value = strtol(line + strlen(field) + 1, NULL, 10);
	if (f)
		fclose(f);
	return value;
}

#define POOL "/proc/sys/vm/nr_hugepages"

static void set_huge_pages(const char *n)
{
	FILE *f = fopen(POOL, "w");

	T_NEED(f && fputs(n, f) >= 0 && !fclose(f), "%s huge pages", n);
}

static void huge_pages(void)
{
	ccwring_iova_t iova;
	uint8_t *mem;

	if (access(POOL, W_OK)) {
		printf("# SKIP: huge pages: this machine has none (QEMU 7.2 never has)\n");
		return;
	}
	set_huge_pages("32");
	T_NEED(meminfo("HugePages_Free:") == 32, "32 huge pages");
	open_context(0, CCWRING_DMA_HUGETLB);
	open_device();
	mem = ccwring_dma_alloc(vfio, 3 * MIB, &iova);
	T_CHECK(stats().hugetlb >= 3 * MIB, "memory is of huge pages (%llu)",
		(unsigned long long)stats().hugetlb);
	T_CHECK(arrives(mem, iova) && arrives(mem + 3 * MIB - 100, iova + 3 * MIB - 100),
		"... and reached");
	T_CHECK(meminfo("HugePages_Free:") < 32, "... the machine's (%ld are free)",
		meminfo("HugePages_Free:"));
	ccwring_dma_free(vfio, mem);
	mem = ccwring_dma_alloc(vfio, 64 * MIB, &iova);
	T_CHECK(mem && arrives(mem, iova), "when there are no more, it is of others");
	ccwring_dma_free(vfio, mem);
	ccwring_dma_trim(vfio);
	T_EQUAL(stats().hugetlb, 0, "... and they are given back");
	T_EQUAL(meminfo("HugePages_Free:"), 32, "... to the machine");
	mem = ccwring_dma_alloc(vfio, 2 * MIB, &iova);
	memset(mem, 0xff, 2 * MIB);
	ccwring_dma_free(vfio, mem);
	mem = ccwring_dma_alloc(vfio, MIB, NULL);
	T_CHECK(!mem[0] && !memcmp(mem, mem + 1, MIB - 1), "... and cleared between two users");
	close_device();
	close_context();
	T_EQUAL(meminfo("HugePages_Free:"), 32, "a context leaves none behind");
	set_huge_pages("0");
}

static atomic_bool enough;

/* Grows and shrinks, far from what the requests use. */
static void *shaker(void *arg)
{
	unsigned int *rounds = arg;

	while (!enough) {
		void *a = ccwring_dma_alloc(vfio, 5 * MIB, NULL);
		void *b = ccwring_dma_alloc_aligned(vfio, 3 * MIB, 0, CCWRING_DMA_HIGH, NULL);

		if (!a || !b)
			break;
		ccwring_dma_free(vfio, a);
		ccwring_dma_free(vfio, b);
		ccwring_dma_trim(vfio);
		++*rounds;
	}
	return NULL;
}

static void reap(unsigned int *ended, unsigned int *good)
{
	const struct vfio_ccw_ring_cqe *cqe;

	T_NEED(!ccwring_wait_cqe(ring, &cqe, 5000000000), "requests end");
	*good += ccwring_cqe_good(cqe);
	ccwring_cqe_seen(ring, 1);
	++*ended;
}

static void under_way(void)
{
	const unsigned int wanted = 4000;
	unsigned int rounds = 0, issued = 0, ended = 0, good = 0;
	struct ccwring_program *progs[DEPTH];
	struct ccwring_orb orbs[DEPTH];
	ccwring_iova_t iova;
	pthread_t thread;

	for (unsigned int i = 0; i < DEPTH; i++) {
		ccwring_dma_alloc_aligned(vfio, 100, 0, i & CCWRING_DMA_HIGH, &iova);
		progs[i] = sense_id(iova, &orbs[i]);
	}
	enough = false;
	T_NEED(!pthread_create(&thread, NULL, shaker, &rounds), "a thread");
	while (ended < wanted) {
		for (; issued < wanted && issued - ended < DEPTH; issued++)
			ccwring_prep_start(ccwring_get_sqe(ring), ccwring_ring_index(ring),
					   &orbs[issued % DEPTH], 0);
		T_NEED(ccwring_submit(ring) >= 0, "requests are taken");
		reap(&ended, &good);
	}
	enough = true;
	pthread_join(thread, NULL);
	T_EQUAL(good, wanted, "requests while memory comes and goes (%u times)", rounds);
	T_CHECK(rounds > 10, "... more than now and then");
	for (unsigned int i = 0; i < DEPTH; i++)
		ccwring_program_free(progs[i]);
}

int main(void)
{
	const char *kind = getenv("T_VFIO");

	access_kind = kind && !strcmp(kind, "cdev") ? CCWRING_ACCESS_CDEV : CCWRING_ACCESS_GROUP;
	find_device();
	open_context(0, 0);
	open_device();
	low_and_high();
	grows(0, "below 2 GiB");
	grows(CCWRING_DMA_HIGH, "beyond 2 GiB");
	outlives_devices();
	everything_goes();
	under_way();
	close_device();
	close_context();
	exhausted();
	huge_pages();
	return tap_done();
}
