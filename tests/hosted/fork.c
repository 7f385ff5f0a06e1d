// SPDX-License-Identifier: MIT
/*
 * fork.c [CHILDREN] - children of a process whose threads are at work in the library
 *
 * One thread starts requests and looks at what they bring, one allocates and frees, and all
 * the while children are made: each tries what it has inherited, makes its own, has a child
 * itself, and goes, in one of several ways.  What hangs is ended by an alarm.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ccwring/ccwring.h>

#define SIZE	     4096
#define LARGE	     (3U << 20)
#define CHILD_TIME   60
#define PARENT_TIME  600
#define SENSE_ID_LEN 7

/* In any thread, of any process. */
#define CHECK(condition)                                                                   \
	do {                                                                               \
		if (!(condition)) {                                                        \
			dprintf(2, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			_exit(1);                                                          \
		}                                                                          \
	} while (0)
#define CHECK_EQUAL(value, expected)                                                           \
	do {                                                                                   \
		long long value_ = (value);                                                    \
                                                                                               \
		if (value_ != (expected)) {                                                    \
			dprintf(2, "%s:%d: %s is %lld\n", __FILE__, __LINE__, #value, value_); \
			_exit(1);                                                              \
		}                                                                              \
	} while (0)

struct handles {
	struct ccwring_vfio *vfio;
	struct ccwring_device *dev;
	struct ccwring_ring *ring;
	struct ccwring_program *prog;
	struct ccwring_orb orb;
	uint8_t *data;
	ccwring_iova_t iova;
};

static struct handles parents, childs;
static struct ccwring_program *half_built;
static atomic_bool done;

static void open_all(struct handles *h)
{
	CHECK_EQUAL(ccwring_vfio_new(NULL, &h->vfio), 0);
	CHECK_EQUAL(ccwring_device_open(h->vfio, "hosted:nop", &h->dev), 0);
	CHECK_EQUAL(ccwring_ring_new(h->dev, NULL, &h->ring), 0);
	h->data = ccwring_dma_alloc(h->vfio, SIZE, &h->iova);
	CHECK(h->data);
	CHECK_EQUAL(ccwring_program_new(h->vfio, 64, &h->prog), 0);
	ccwring_program_add(h->prog, CCWRING_CMD_SENSE_ID, CCWRING_CCW_SLI, h->iova, SENSE_ID_LEN);
	CHECK_EQUAL(ccwring_program_finish(h->prog, &h->orb), 0);
}

static void close_all(struct handles *h)
{
	ccwring_program_free(h->prog);
	ccwring_dma_free(h->vfio, h->data);
	ccwring_dma_trim(h->vfio);
	ccwring_ring_free(h->ring);
	CHECK_EQUAL(ccwring_device_close(h->dev), 0);
	CHECK_EQUAL(ccwring_vfio_free(h->vfio), 0);
}

static void start_one(struct handles *h)
{
	const struct vfio_ccw_ring_cqe *cqe;

	memset(h->data, 0, SENSE_ID_LEN);
	ccwring_prep_start(ccwring_get_sqe(h->ring), ccwring_ring_index(h->ring), &h->orb, 5);
	CHECK_EQUAL(ccwring_submit(h->ring), 1);
	CHECK_EQUAL(ccwring_wait_cqe(h->ring, &cqe, -1), 0);
	CHECK(ccwring_cqe_good(cqe) && cqe->user_data == 5);
	ccwring_cqe_seen(h->ring, 1);
	CHECK(!memcmp(h->data, "\xff\x38\x32\x01", 4));
}

/* What a child has inherited */

static void memory_is_gone(struct handles *h)
{
	struct ccwring_dma_stats stats = { .size = sizeof(stats) };
	ccwring_iova_t iova;

	errno = 0;
	CHECK(!ccwring_dma_alloc(h->vfio, 64, &iova) && errno == ECHILD);
	CHECK(!ccwring_dma_alloc_aligned(h->vfio, LARGE, 0, CCWRING_DMA_HIGH, &iova));
	CHECK_EQUAL(ccwring_dma_stats(h->vfio, &stats), -ECHILD);
	CHECK_EQUAL(ccwring_dma_iova(h->vfio, h->data, &iova), -EFAULT);
	CHECK(!ccwring_dma_ptr(h->vfio, h->iova, 1));
	ccwring_dma_free(h->vfio, h->data);
	ccwring_dma_trim(h->vfio);
	/* Nothing else is put there. */
	CHECK(mmap((void *)((uintptr_t)h->data & ~4095UL), 4096, PROT_READ,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED);
}

static void program_is_gone(struct handles *h, struct ccwring_program *prog)
{
	struct ccwring_program *other;
	struct ccwring_eckd_geometry disk;
	ccwring_iova_t iova;

	CHECK_EQUAL(ccwring_program_new(h->vfio, 64, &other), -ECHILD);
	ccwring_eckd_geometry_3390(&disk, 30);
	for (int i = 0; i < 2; i++) {
		CHECK_EQUAL(ccwring_program_add(prog, CCWRING_CMD_NOP, 0, 0, 1), -ECHILD);
		CHECK_EQUAL(ccwring_program_add(prog, CCWRING_CMD_READ, 0, h->iova, 8), -ECHILD);
		CHECK_EQUAL(ccwring_program_add_ida(prog, CCWRING_CMD_READ, 0, &h->iova, 1, 8),
			    -ECHILD);
		CHECK_EQUAL(ccwring_program_add_tic(prog, 0), -ECHILD);
		CHECK_EQUAL(ccwring_program_set_data(prog, 0, h->iova), -ECHILD);
		CHECK(!ccwring_program_param(prog, 8, &iova));
		CHECK_EQUAL(ccwring_eckd_build(prog, CCWRING_ECKD_READ, &disk, 0, 1, 1, h->iova,
					       NULL),
			    -ECHILD);
		CHECK_EQUAL(ccwring_program_finish(prog, &h->orb), -ECHILD);
		CHECK(strstr(ccwring_program_error(prog, NULL), "parent"));
		CHECK_EQUAL(ccwring_program_count(prog), 0);
		ccwring_program_reset(prog);
	}
}

static void device_is_gone(struct handles *h)
{
	uint8_t schib[CCWRING_SCHIB_SIZE];
	struct ccwring_device *dev;
	struct ccwring_ring *ring;
	uint32_t crw;

	CHECK_EQUAL(ccwring_vfio_access(h->vfio), -ECHILD);
	CHECK_EQUAL(ccwring_device_open(h->vfio, "hosted:nop", &dev), -ECHILD);
	CHECK_EQUAL(ccwring_device_has_ring(h->dev), -ECHILD);
	CHECK_EQUAL(ccwring_device_reset(h->dev), -ECHILD);
	CHECK_EQUAL(ccwring_device_schib(h->dev, schib), -ECHILD);
	CHECK_EQUAL(ccwring_device_crw(h->dev, &crw), -ECHILD);
	CHECK_EQUAL(ccwring_device_event_fd(h->dev, CCWRING_EVENT_CRW), -ECHILD);
	CHECK_EQUAL(ccwring_device_fd(h->dev), -1);
	CHECK_EQUAL(ccwring_ring_new(h->dev, NULL, &ring), -ECHILD);
	CHECK(!strcmp(ccwring_device_name(h->dev), "hosted:nop"));
	CHECK(ccwring_device_vfio(h->dev) == h->vfio);
}

static void ring_is_gone(struct handles *h)
{
	const struct vfio_ccw_ring_cqe *cqe;
	struct vfio_ccw_ring_sqe *sqe;
	unsigned int n = 0;

	CHECK_EQUAL(ccwring_cq_ready(h->ring), 0);
	CHECK(!ccwring_peek_cqe(h->ring) && !ccwring_cq_next(h->ring, 0));
	CHECK_EQUAL(ccwring_wait_cqe(h->ring, &cqe, -1), -ECHILD);
	for (; (sqe = ccwring_get_sqe(h->ring)); n++)
		ccwring_prep_start(sqe, 0, &h->orb, 1);
	CHECK_EQUAL(n, 64);
	CHECK_EQUAL(ccwring_sq_free(h->ring), 0);
	CHECK_EQUAL(ccwring_submit(h->ring), -ECHILD);
	CHECK_EQUAL(ccwring_submit_and_wait(h->ring, 1, -1), -ECHILD);
	CHECK_EQUAL(ccwring_cq_ready(h->ring), 0);
	ccwring_cqe_seen(h->ring, 1);
	CHECK_EQUAL(ccwring_cq_ready(h->ring), 0);
	CHECK_EQUAL(ccwring_ring_fd(h->ring), -ECHILD);
	CHECK_EQUAL(ccwring_ring_backend(h->ring), CCWRING_BACKEND_HOSTED);
	CHECK(ccwring_ring_attach(h->ring, h->dev) < 0);
	CHECK(ccwring_ring_detach(h->ring, h->dev) < 0);
}

static void all_is_gone(struct handles *h)
{
	memory_is_gone(h);
	program_is_gone(h, h->prog);
	device_is_gone(h);
	ring_is_gone(h);
}

/* For exit() of whoever it is that exits. */
static void at_exit(void)
{
	if (childs.vfio)
		close_all(&childs);
	if (parents.vfio)
		close_all(&parents);
}

static int wait_for(pid_t pid)
{
	int status;

	CHECK(pid > 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}

static void grandchild(void)
{
	alarm(CHILD_TIME);
	all_is_gone(&childs);
	all_is_gone(&parents);
	memset(&parents, 0, sizeof(parents));
	memset(&childs, 0, sizeof(childs));
	open_all(&childs);
	start_one(&childs);
	exit(0);
}

static void child(unsigned int way)
{
	pid_t pid;

	alarm(CHILD_TIME);
	all_is_gone(&parents);
	program_is_gone(&parents, half_built);
	ccwring_program_free(half_built);
	open_all(&childs);
	start_one(&childs);
	CHECK(ccwring_dma_alloc_aligned(childs.vfio, LARGE, 0, CCWRING_DMA_HIGH, NULL));
	if (way == 3) {
		pid = fork();
		if (!pid)
			grandchild();
		CHECK_EQUAL(wait_for(pid), 0);
		start_one(&childs);
	}
	if (way == 2)
		execlp("true", "true", (char *)NULL);
	if (way == 1)
		exit(0);
	at_exit();
	_exit(0);
}

/* What a child would read there would not be what the device has brought. */
static void no_memory(void)
{
	pid_t pid = fork();

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		_exit(*(volatile uint8_t *)parents.data == 0xff);
	}
	CHECK(WIFSIGNALED(wait_for(pid)));
}

/* A disk is in use as long as its device is open, and not as long as a child lives. */
static void disk_is_free(void)
{
	char path[] = "/tmp/ccwring-fork-XXXXXX", id[64];
	struct ccwring_device *dev;
	struct ccwring_vfio *vfio;
	int fd = mkstemp(path);
	pid_t pid;

	CHECK(fd >= 0 && !close(fd));
	snprintf(id, sizeof(id), "hosted:3390=%s,cylinders=1", path);
	CHECK_EQUAL(ccwring_vfio_new(NULL, &vfio), 0);
	CHECK_EQUAL(ccwring_device_open(vfio, id, &dev), 0);
	pid = fork();
	if (!pid) {
		pause();
		_exit(1);
	}
	CHECK_EQUAL(ccwring_device_close(dev), 0);
	CHECK_EQUAL(ccwring_device_open(vfio, id, &dev), 0);
	CHECK_EQUAL(ccwring_device_close(dev), 0);
	CHECK_EQUAL(ccwring_vfio_free(vfio), 0);
	unlink(path);
	kill(pid, SIGKILL);
	wait_for(pid);
}

static void other_programs(void)
{
	char *const argv[] = { "true", NULL };
	char *const environment[] = { NULL };
	pid_t pid;

	CHECK_EQUAL(system("true"), 0);
	CHECK_EQUAL(posix_spawnp(&pid, "true", NULL, NULL, argv, environment), 0);
	CHECK_EQUAL(wait_for(pid), 0);
	pid = vfork();
	if (!pid)
		_exit(3);
	CHECK_EQUAL(WEXITSTATUS(wait_for(pid)), 3);
}

/* The parent's threads */

static void *starter(void *arg)
{
	uint64_t *n = arg;

	for (; !done; ++*n)
		start_one(&parents);
	return NULL;
}

static void *allocator(void *arg)
{
	uint64_t *n = arg;

	for (; !done; ++*n) {
		void *a = ccwring_dma_alloc(parents.vfio, LARGE, NULL);
		void *b = ccwring_dma_alloc_aligned(parents.vfio, SIZE, 0, CCWRING_DMA_HIGH, NULL);

		CHECK(a && b);
		ccwring_dma_free(parents.vfio, a);
		ccwring_dma_free(parents.vfio, b);
		ccwring_dma_trim(parents.vfio);
	}
	return NULL;
}

/* A context, a device and a ring that come and go. */
static void *opener(void *arg)
{
	struct handles h;
	uint64_t *n = arg;

	for (; !done; ++*n) {
		open_all(&h);
		start_one(&h);
		close_all(&h);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static void *(*const runs[])(void *) = { starter, allocator, opener };
	unsigned int children = argc > 1 ? atoi(argv[1]) : 200;
	uint64_t n[3] = { 0 };
	pthread_t threads[3];

	alarm(PARENT_TIME);
	open_all(&parents);
	CHECK_EQUAL(ccwring_program_new(parents.vfio, 64, &half_built), 0);
	CHECK_EQUAL(ccwring_program_add(half_built, CCWRING_CMD_NOP, CCWRING_CCW_SLI, 0, 1), 0);
	CHECK_EQUAL(atexit(at_exit), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQUAL(pthread_create(&threads[i], NULL, runs[i], &n[i]), 0);
	for (unsigned int i = 0; i < children; i++) {
		pid_t pid = fork();

		if (!pid)
			child(i % 4);
		CHECK_EQUAL(wait_for(pid), 0);
	}
	no_memory();
	disk_is_free();
	other_programs();
	done = true;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	printf("%u children beside %llu requests, %llu allocations and %llu contexts\n", children,
	       (unsigned long long)n[0], (unsigned long long)n[1], (unsigned long long)n[2]);
	CHECK(n[0] && n[1] && n[2]);
	ccwring_program_free(half_built);
	return 0;
}
