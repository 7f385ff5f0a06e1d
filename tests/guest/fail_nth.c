// SPDX-License-Identifier: MIT
/*
 * fail_nth SUBCHANNEL: whatever a client or an administrator asks of the driver, with each
 * of the allocations behind it failing in turn.  It is refused with an errno, or it
 * works; afterwards the device does.  That nothing is leaked shows at the end of the
 * guest.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <linux/vfio_ccw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bad.h"
#include "iommufd.h"
#include "nth.h"

/* A mapping of its own: pages that are pinned anew by each attempt. */
#define AREA_IOVA  0x01000000UL
#define AREA_PAGES 80
#define AREA_SIZE  (AREA_PAGES * T_PAGE)
/* More than the block of a request has room for. */
#define LONG_CCWS  300

/* Ours is the last by name. */
#define UUID	   "ffffffff-2222-3333-4444-555555555555"

static struct t_vm vm;
static struct t_ring ring;
static struct t_region region;
static uint8_t *area;
static const char *subchannel;
static long long pinned;
static int failures;

/* --- sysfs ----------------------------------------------------------------- */

/* Opened beforehand: what is attempted is the driver's part. */
static int store(int fd, const char *text)
{
	return pwrite(fd, text, strlen(text), 0) < 0 ? -errno : 0;
}

static int open_attribute(const char *format, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), format, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	T_NEED(fd >= 0, "%s opens", path);
	return fd;
}

static int bind_fd, unbind_fd, create_fd;
static int remove_fd = -1;

static void open_create(void)
{
	create_fd =
		open_attribute("/sys/bus/css/devices/%s/mdev_supported_types/vfio_ccw-io/create",
			       subchannel);
}

static void open_remove(void)
{
	if (remove_fd >= 0)
		close(remove_fd);
	remove_fd = open_attribute("/sys/bus/mdev/devices/%s/remove", UUID);
}

static int bind(void)
{
	return store(bind_fd, subchannel);
}

static void unbind(void)
{
	T_NEED(!store(unbind_fd, subchannel), "%s is unbound", subchannel);
}

static int make_mdev(void)
{
	return store(create_fd, UUID);
}

static void remove_mdev(void)
{
	open_remove();
	T_NEED(!store(remove_fd, "1"), "the mediated device is removed");
}

static void binding(void)
{
	static const struct t_attempt binds = { "bind", NULL, bind, unbind, NULL };
	static const struct t_attempt mdevs = { "create", NULL, make_mdev, remove_mdev, NULL };

	bind_fd = open_attribute("/sys/bus/css/drivers/%s/bind", "vfio_ccw");
	unbind_fd = open_attribute("/sys/bus/css/drivers/%s/unbind", "vfio_ccw");
	failures += t_fail_each(&binds);
	T_NEED(!bind(), "%s is bound", subchannel);
	open_create();
	failures += t_fail_each(&mdevs);
	T_NEED(!make_mdev(), "a mediated device is made");
	close(create_fd);
}

/* --- opening and closing ---------------------------------------------------- */

/**
 * struct client - all that somebody needs who opens a device
 * @container: the container, or iommufd
 * @group: the group; -1 with iommufd
 * @device: the device
 */
struct client {
	int container;
	int group;
	int device;
};

static char group_path[64], device_path[64];
static struct client client;

static int open_file(const char *path, int *fd)
{
	*fd = open(path, O_RDWR | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

static int control(int fd, unsigned long request, const void *argument)
{
	return ioctl(fd, request, argument) < 0 ? -errno : 0;
}

static int get_device(void)
{
	client.device = ioctl(client.group, VFIO_GROUP_GET_DEVICE_FD, UUID);
	return client.device < 0 ? -errno : 0;
}

static int open_by_group(void)
{
	int ret = open_file("/dev/vfio/vfio", &client.container);

	if (!ret)
		ret = open_file(group_path, &client.group);
	if (!ret)
		ret = control(client.group, VFIO_GROUP_SET_CONTAINER, &client.container);
	if (!ret)
		ret = ioctl(client.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) ? -errno : 0;
	return ret ? ret : get_device();
}

static int open_by_cdev(void)
{
	uint32_t ioas;
	int ret = open_file("/dev/iommu", &client.container);

	if (!ret)
		ret = open_file(device_path, &client.device);
	if (!ret)
		ret = t_ioas_alloc(client.container, &ioas);
	if (!ret)
		ret = t_cdev_bind(client.device, client.container);
	return ret ? ret : t_cdev_attach(client.device, ioas);
}

static void close_client(void)
{
	const int fds[] = { client.device, client.group, client.container };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

static int open_with(int (*open_client)(void))
{
	int ret;

	client = (struct client){ -1, -1, -1 };
	ret = open_client();
	if (ret)
		close_client();
	return ret;
}

static int open_group(void)
{
	return open_with(open_by_group);
}

static int open_cdev(void)
{
	return open_with(open_by_cdev);
}

static void opening(void)
{
	static const struct t_attempt group = { "open", NULL, open_group, close_client, NULL };
	static const struct t_attempt cdev = { "open (cdev)", NULL, open_cdev, close_client, NULL };

	t_group_path(UUID, group_path, sizeof(group_path));
	t_cdev_path(UUID, device_path, sizeof(device_path));
	failures += t_fail_each(&group);
	failures += t_fail_each(&cdev);
}

static struct t_device *our_device(void)
{
	int i;

	for (i = 0; strcmp(vm.devices[i].uuid, UUID); i++)
		T_NEED(i + 1 < vm.nr_devices, "our device is there");
	return &vm.devices[i];
}

static void open_again(void)
{
	if (our_device()->fd < 0)
		t_device_open(&vm, our_device());
}

static int close_device(void)
{
	int ret = close(our_device()->fd) ? -errno : 0;

	our_device()->fd = -1;
	return ret;
}

/* --- memory ----------------------------------------------------------------- */

static bool mapped;

static int map_area(void)
{
	int ret = t_map(&vm, area, AREA_SIZE, AREA_IOVA,
			VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);

	mapped = mapped || !ret;
	return ret;
}

/* An error may be all that is left to do, or nothing has been done: have it all done. */
static int unmap_area(void)
{
	int ret = t_unmap(&vm, AREA_IOVA, AREA_SIZE);

	mapped = ret && t_unmap(&vm, AREA_IOVA, AREA_SIZE);
	return ret;
}

static void must_unmap(void)
{
	T_NEED(!mapped || !unmap_area(), "the area is unmapped");
}

static void must_map(void)
{
	T_NEED(mapped || !map_area(), "the area is mapped");
}

/* --- channel programs ---------------------------------------------------------- */

static uint32_t long_program(void)
{
	const uint32_t at = T_LIST + T_PAGE;
	struct t_ccw1 *ccw = t_at(&vm, at);
	int i;

	for (i = 0; i < LONG_CCWS; i++)
		t_ccw1(&ccw[i], T_CMD_NOP, T_CCW_SLI | (i + 1 < LONG_CCWS ? T_CCW_CC : 0), 1, at);
	return at;
}

/* Data on many pages, addressed by IDAWs. */
static uint32_t idaw_program(void)
{
	uint64_t *idaws = t_at(&vm, T_LIST);
	int i;

	for (i = 0; i < 15; i++)
		idaws[i] = AREA_IOVA + (1 + i * 2) * T_PAGE;
	t_ccw1(t_at(&vm, T_PROGRAM), T_CMD_SENSE_ID, T_CCW_SLI | T_CCW_IDA, 0xf000, T_LIST);
	return T_PROGRAM;
}

static uint32_t short_program(void)
{
	t_ccw1(t_at(&vm, T_PROGRAM + 64), T_CMD_SENSE_ID, T_CCW_SLI, 7, AREA_IOVA);
	return T_PROGRAM + 64;
}

static const uint32_t orb_flags = T_ORB_PLAIN;
static uint32_t programs[3];

static void build_programs(void)
{
	programs[0] = short_program();
	programs[1] = idaw_program();
	programs[2] = long_program();
}

/* Nothing of the area is pinned, nor is there memory behind it. */
static void fresh_area(void)
{
	must_unmap();
	T_NEED(!madvise(area, AREA_SIZE, MADV_DONTNEED), "madvise");
	must_map();
}

/* --- rings ------------------------------------------------------------------------ */

static uint32_t setup_flags;

static int open_ring(void)
{
	memset(&ring, 0, sizeof(ring));
	ring.setup.sq_entries = 16;
	ring.setup.flags = setup_flags;
	return t_ring_try(&ring, our_device()->fd);
}

static void close_ring(void)
{
	t_ring_close(&ring);
}

static void ring_works(void)
{
	struct vfio_ccw_ring_sqe sqe;
	struct vfio_ccw_ring_cqe cqe;

	t_sqe_start(&sqe, orb_flags, programs[0], 1);
	T_NEED(!t_ring_do(&ring, &sqe, &cqe) && !cqe.res && t_irb_good(cqe.irb),
	       "a good request works");
}

static void ring_works_mapped(void)
{
	must_map();
	ring_works();
}

static void ring_works_and_closes(void)
{
	ring_works();
	close_ring();
}

static void setting_up(void)
{
	static const struct {
		const char *name;
		uint32_t flags;
	} kinds[] = {
		{ "ring", 0 },
		{ "ring, polled", VFIO_CCW_RING_SETUP_POLL },
		{ "ring with a thread", VFIO_CCW_RING_SETUP_THREAD },
	};
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const struct t_attempt attempt = { kinds[i].name, NULL, open_ring,
						   ring_works_and_closes, NULL };

		setup_flags = kinds[i].flags;
		failures += t_fail_each(&attempt);
	}
	setup_flags = 0;
}

static int attach(void)
{
	int index = t_ring_attach(&ring, vm.devices[0].fd);

	return index < 0 ? index : 0;
}

static void must_detach(void)
{
	T_NEED(t_ring_detach(vm.devices[0].fd) >= 0, "the second device leaves the ring");
}

static void must_attach(void)
{
	int ret = attach();

	T_NEED(!ret || ret == -EBUSY, "a second device is on the ring");
}

static int detach(void)
{
	int index = t_ring_detach(vm.devices[0].fd);

	return index < 0 ? index : 0;
}

/* All there is a CQE for: how many, and the first error in @ret. */
static unsigned int reap(int *ret)
{
	struct vfio_ccw_ring_cqe cqe;
	unsigned int n = 0;

	while (t_ring_reap(&ring, &cqe)) {
		n++;
		if (!*ret)
			*ret = cqe.res;
		T_NEED(cqe.res || t_irb_good(cqe.irb), "what is carried out ends well");
	}
	return n;
}

static void prepare_starts(void)
{
	struct vfio_ccw_ring_sqe *sqe;
	int i;

	fresh_area();
	for (i = 0; i < 3; i++) {
		sqe = t_ring_sqe(&ring);
		t_sqe_start(sqe, orb_flags, programs[i], i);
		sqe->flags = VFIO_CCW_RING_SQE_RECOVER;
	}
}

/* What has been consumed ends without another call; what has not is taken back. */
static int submit(void)
{
	uint32_t first = t_ring_sq_head(&ring), consumed;
	int ret = t_ring_enter(&ring, 3, 0);
	long long patience = 100000000LL;

	consumed = t_ring_sq_head(&ring) - first;
	ring.tail = first + consumed;
	t_ring_store_tail(&ring, ring.tail);
	ret = ret < 0 ? ret : 0;
	while (consumed && patience--)
		consumed -= reap(&ret);
	T_NEED(!consumed, "what is consumed ends");
	return ret;
}

static void submitting(void)
{
	static const struct t_attempt attaches = { "attach", NULL, attach, must_detach,
						   ring_works };
	static const struct t_attempt detaches = { "detach", must_attach, detach, NULL,
						   ring_works };
	static const struct t_attempt submits = { "submit", prepare_starts, submit, NULL,
						  ring_works };
	static const struct t_attempt maps = { "map", must_unmap, map_area, NULL, NULL };
	static const struct t_attempt unmaps = { "unmap", fresh_area, unmap_area, NULL,
						 ring_works_mapped };

	T_NEED(!open_ring(), "a ring");
	failures += t_fail_each(&maps);
	failures += t_fail_each(&attaches);
	failures += t_fail_each(&detaches);
	failures += t_fail_each(&submits);
	failures += t_fail_each(&unmaps);
	close_ring();
}

static void ring_in_use(void)
{
	fresh_area();
	T_NEED(!open_ring(), "a ring");
	ring_works();
}

static int close_ring_file(void)
{
	int ret;

	munmap(ring.sq, ring.setup.sq_bytes);
	munmap((void *)ring.cq, ring.setup.cq_bytes);
	ret = close(ring.fd);
	return ret ? -errno : 0;
}

static void device_in_use(void)
{
	open_again();
	ring_in_use();
	close_ring();
}

static void closing(void)
{
	static const struct t_attempt rings = { "close a ring", ring_in_use, close_ring_file, NULL,
						NULL };
	static const struct t_attempt devices = { "close a device", device_in_use, close_device,
						  open_again, NULL };

	failures += t_fail_each(&rings);
	failures += t_fail_each(&devices);
}

/* --- regions ------------------------------------------------------------------------ */

static uint32_t region_program;

static int region_start(void)
{
	uint8_t orb[VFIO_CCW_RING_ORB_SIZE];

	t_orb(orb, orb_flags, region_program);
	return t_region_start(&region, orb);
}

static void region_ends(void)
{
	uint8_t irb[96];

	T_NEED(!t_region_wait(&region, irb, 5000 * t_slow()) && t_irb_good(irb),
	       "a start through the region ends well");
}

static void region_works(void)
{
	uint32_t program = region_program;

	region_program = programs[0];
	T_NEED(!region_start(), "a start through the region");
	region_ends();
	region_program = program;
}

static int set_trigger(void)
{
	return t_region_set_trigger(region.device, VFIO_CCW_IO_IRQ_INDEX, region.eventfd);
}

static int reset(void)
{
	return ioctl(region.device, VFIO_DEVICE_RESET) ? -errno : 0;
}

static void by_regions(void)
{
	static const struct t_attempt starts = { "start through the region", fresh_area,
						 region_start, region_ends, region_works };
	static const struct t_attempt triggers = { "set an eventfd", NULL, set_trigger, NULL,
						   region_works };
	static const struct t_attempt resets = { "reset", NULL, reset, NULL, region_works };
	int i;

	must_map();
	t_region_open(&region, our_device()->fd);
	for (i = 0; i < 3; i++) {
		region_program = programs[i];
		failures += t_fail_each(&starts);
	}
	failures += t_fail_each(&triggers);
	failures += t_fail_each(&resets);
	t_region_close(&region);
}

/* --- and back ------------------------------------------------------------------------- */

static int take_mdev(void)
{
	return store(remove_fd, "1");
}

/* It is there no more, or has not been touched. */
static void have_mdev(void)
{
	int ret;

	open_create();
	ret = make_mdev();
	T_NEED(!ret || ret == -EEXIST, "there is a mediated device");
	close(create_fd);
	open_remove();
}

static void have_bound(void)
{
	int ret = bind();

	T_NEED(!ret || ret == -EBUSY || ret == -ENODEV, "%s is bound (%d)", subchannel, ret);
}

static int take_subchannel(void)
{
	return store(unbind_fd, subchannel);
}

static void unbinding(void)
{
	static const struct t_attempt removes = { "remove", have_mdev, take_mdev, NULL, NULL };
	static const struct t_attempt unbinds = { "unbind", have_bound, take_subchannel, NULL,
						  NULL };

	failures += t_fail_each(&removes);
	failures += t_fail_each(&unbinds);
}

int main(int argc, char **argv)
{
	T_NEED(argc == 2, "one argument");
	subchannel = argv[1];
	pinned = t_pages_pinned();
	binding();
	opening();
	area = mmap(NULL, AREA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	T_NEED(area != MAP_FAILED, "memory");
	t_vm_open(&vm);
	build_programs();
	must_map();
	setting_up();
	submitting();
	closing();
	by_regions();
	must_unmap();
	t_vm_close(&vm);
	T_CHECK(t_pages_pinned_become(pinned), "in the end nothing is pinned");
	unbinding();
	/* What makes allocations fail is there, and was told to. */
	T_CHECK(failures > 100, "%d failures in all", failures);
	return tap_done();
}
