// SPDX-License-Identifier: GPL-2.0-only
/*
 * hosted.c - a device as VFIO has it, with the driver's core
 *
 * What vccw_bus.c and vccw_vfio.c are in the kernel.
 */
#include "hosted.h"

#include <stdlib.h>

#include "client.h"
#include "css.h"
#include "vccw_device.h"
#include "vccw_irb.h"
#include "vccw_uring.h"

/* As the driver's parameter of that name. */
#define PIN_LIMIT 4096

struct hosted {
	struct vccw_device dev;
	struct vccw_parent parent;
	struct hosted_client *client;
	struct list_head list; /* of the client's devices */
	bool closed; /* it could not be opened again */
};

static struct hosted *of_vdev(struct vfio_device *vdev)
{
	return container_of(vccw_from_vdev(vdev), struct hosted, dev);
}

int vfio_pin_pages(struct vfio_device *vdev, dma_addr_t iova, int n, int prot, struct page **pages)
{
	(void)prot;
	return client_pin(of_vdev(vdev)->client, iova, n, pages);
}

void vfio_unpin_pages(struct vfio_device *vdev, dma_addr_t iova, int n)
{
	client_unpin(of_vdev(vdev)->client, iova, n);
}

/* There are no regions, and no commands of an io_uring, outside of a kernel. */

void vccw_region_irb(struct vccw_device *dev, const struct irb *irb)
{
	(void)dev;
	(void)irb;
}

void vccw_region_no_answer(struct vccw_device *dev, u8 func)
{
	(void)dev;
	(void)func;
}

void vccw_uring_end(struct vccw_uring *uring, int res, u16 reason, const struct irb *irb)
{
	(void)uring;
	(void)res;
	(void)reason;
	(void)irb;
}

void vccw_uring_free_all(struct vccw_ring *ring)
{
	(void)ring;
}

int vccw_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	(void)cmd;
	(void)issue_flags;
	return -EOPNOTSUPP;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_ret;

static void init_once(void)
{
	once_ret = vccw_cp_init();
	shim_fragment();
}

static int init(struct hosted *hosted)
{
	struct vccw_device *dev = &hosted->dev;
	int ret;

	mutex_init(&dev->lock);
	mutex_init(&dev->ring_lock);
	ret = vccw_pins_init(&dev->pins, PIN_LIMIT);
	if (ret)
		return ret;
	ret = vccw_queue_init(dev);
	if (ret)
		vccw_pins_destroy(&dev->pins);
	return ret;
}

/* Who unmaps asks those that are on the list. */
static void enlist(struct hosted *hosted)
{
	mutex_lock(&hosted->client->lock);
	list_add_tail(&hosted->list, &hosted->client->devices);
	mutex_unlock(&hosted->client->lock);
}

static void delist(struct hosted *hosted)
{
	mutex_lock(&hosted->client->lock);
	list_del(&hosted->list);
	mutex_unlock(&hosted->client->lock);
}

/* Clients are processes of their own. */
static int open_device(struct hosted *hosted)
{
	struct vccw_device *dev = &hosted->dev;
	struct mm_struct *mm = current->mm;
	int ret;

	mutex_lock(&dev->lock);
	ret = vccw_queue_open(dev);
	if (!ret) {
		current->mm = &hosted->client->mm;
		vccw_pins_open(dev);
		current->mm = mm;
	}
	mutex_unlock(&dev->lock);
	hosted->closed = ret;
	if (!ret)
		enlist(hosted);
	return ret;
}

static void close_device(struct hosted *hosted)
{
	struct vccw_device *dev = &hosted->dev;

	if (hosted->closed)
		return;
	vccw_ring_detach(dev);
	mutex_lock(&dev->lock);
	vccw_queue_close(dev, VFIO_CCW_RING_R_CLOSED);
	vccw_pins_close(dev);
	mutex_unlock(&dev->lock);
	delist(hosted);
	hosted->closed = true;
}

static void publish(struct hosted *hosted, struct vccw_device *dev)
{
	struct subchannel *sch = hosted->dev.sch;

	spin_lock_irq(&sch->lock);
	hosted->parent.dev = dev;
	spin_unlock_irq(&sch->lock);
}

/* Where programs point that transfer nothing is the driver's own. */
static bool may_touch(const void *at, size_t n)
{
	size_t off = (uintptr_t)at - vccw_cp_nowhere;

	return off < VCCW_CP_NOWHERE_SIZE ? n <= VCCW_CP_NOWHERE_SIZE - off
					  : client_has_pinned(at, n);
}

int hosted_client_new(struct hosted_client **out)
{
	struct hosted_client *client;

	pthread_once(&once, init_once);
	if (once_ret)
		return once_ret;
	client = calloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	mutex_init(&client->container);
	mutex_init(&client->lock);
	INIT_LIST_HEAD(&client->devices);
	*out = client;
	return 0;
}

void hosted_client_free(struct hosted_client *client)
{
	if (!client)
		return;
	WARN_ON_ONCE(!list_empty(&client->devices));
	client_unmap_all(client);
	free(client);
}

int hosted_new(struct hosted_client *client, const struct hosted_ops *ops, void *device,
	       struct hosted **out)
{
	struct hosted *hosted = calloc(1, sizeof(*hosted));
	int ret;

	if (!hosted)
		return -ENOMEM;
	hosted->client = client;
	hosted->dev.sch = css_new(ops, device, vccw_queue_irq, may_touch);
	if (!hosted->dev.sch) {
		free(hosted);
		return -ENOMEM;
	}
	hosted->dev.sch->dev.driver_data = &hosted->parent;
	vccw_wedged_init(&hosted->parent.wedged, hosted->dev.sch);
	ret = init(hosted);
	if (ret)
		goto no_device;
	publish(hosted, &hosted->dev);
	ret = open_device(hosted);
	if (ret)
		goto not_open;
	*out = hosted;
	return 0;

not_open:
	publish(hosted, NULL);
	vccw_queue_destroy(&hosted->dev.queue);
	vccw_pins_destroy(&hosted->dev.pins);
no_device:
	css_free(hosted->dev.sch, false);
	free(hosted);
	return ret;
}

void hosted_free(struct hosted *hosted)
{
	struct vccw_device *dev;

	if (!hosted)
		return;
	dev = &hosted->dev;
	close_device(hosted);
	publish(hosted, NULL);
	cancel_work_sync(&dev->queue.path_work);
	vccw_queue_destroy(&dev->queue);
	vccw_pins_destroy(&dev->pins);
	vccw_wedged_exit(&hosted->parent.wedged);
	css_free(dev->sch, true);
	free(hosted);
}

int hosted_map(struct hosted_client *client, void *memory, uint64_t iova, size_t bytes)
{
	return client_map(client, memory, iova, bytes);
}

/* The client's devices are told, one after the other. */
static void notify_unmap(struct hosted_client *client, u64 first, u64 last)
{
	struct hosted *hosted;

	mutex_lock(&client->lock);
	list_for_each_entry(hosted, &client->devices, list)
	{
		vccw_unmap(&hosted->dev, first, last);
	}
	mutex_unlock(&client->lock);
}

/* As vfio_dma_do_unmap(): what is pinned, or pinned again, is asked for ten times. */
int hosted_unmap(struct hosted_client *client, uint64_t iova, size_t bytes)
{
	u64 first = iova >> PAGE_SHIFT, last = (iova + bytes - 1) >> PAGE_SHIFT;
	int ret, retries = 0;

	ret = client_unmap_begin(client, iova, bytes);
	if (ret)
		return ret;
	shim_enter_kernel();
	while (!client_unmap_end(client, iova, bytes)) {
		WARN_ON_ONCE(retries++ > 10);
		notify_unmap(client, first, last);
	}
	shim_return_to_user();
	return 0;
}

int hosted_map_frames(struct hosted_client *client, uint64_t iova, size_t bytes, bool huge,
		      void **memory)
{
	return client_map_frames(client, iova, bytes, huge, memory);
}

void hosted_page_out(struct hosted_client *client, uint64_t iova)
{
	client_page_out(client, iova);
}

void hosted_limit(struct hosted_client *client, unsigned long pages)
{
	client_limit(client, pages);
}

unsigned long hosted_refused(struct hosted_client *client)
{
	return client_refused(client);
}

void hosted_stall(struct hosted_client *client, bool stall)
{
	if (stall)
		mutex_lock(&client->container);
	else
		mutex_unlock(&client->container);
}

bool hosted_age(struct hosted *hosted)
{
	bool more;

	mutex_lock(&hosted->dev.lock);
	more = vccw_pins_age(&hosted->dev);
	mutex_unlock(&hosted->dev.lock);
	return more;
}

void hosted_discard(struct hosted_client *client, uint64_t iova)
{
	client_discard(client, iova);
}

long hosted_pinned(struct hosted_client *client)
{
	return client_pinned(client);
}

int hosted_feature(struct hosted *hosted, uint32_t flags, void *argument, size_t size)
{
	return vccw_ring_feature(&hosted->dev, flags, argument, size);
}

int hosted_reset(struct hosted *hosted)
{
	struct vccw_device *dev = &hosted->dev;
	int ret;

	mutex_lock(&dev->lock);
	vccw_queue_close(dev, VFIO_CCW_RING_R_RESET);
	ret = vccw_queue_open(dev);
	mutex_unlock(&dev->lock);
	return ret ? -EINVAL : 0;
}

void hosted_gone(struct hosted *hosted)
{
	struct subchannel *sch = hosted->dev.sch;

	spin_lock(&sch->lock);
	vccw_queue_dead(&hosted->dev);
	spin_unlock(&sch->lock);
}

void hosted_carry_out(struct hosted *hosted, const void *orb, unsigned int how,
		      struct vfio_ccw_ring_cqe *cqe)
{
	struct vccw_device *dev = &hosted->dev;
	struct vccw_req *req = &dev->queue.region_req;
	struct vccw_fault fault = {};
	struct irb irb;

	memset(cqe, 0, sizeof(*cqe));
	mutex_lock(&dev->lock);
	vccw_cp_release(&req->cp);
	vccw_pins_begin(&dev->pins);
	req->seq = dev->pins.clock;
	cqe->res = vccw_cp_translate(dev, &req->cp, orb, how & HOSTED_AS_REGION, &fault);
	if (cqe->res) {
		cqe->reason = fault.reason;
		cqe->ccw_index = fault.ccw_index;
		cqe->ccw_addr = fault.ccw_addr;
	} else if (!(how & HOSTED_ONLY_TRANSLATE)) {
		css_carry_out(dev->sch, &req->cp.orb, &irb);
		irb.scsw.cmd.cpa = vccw_cp_find(&req->cp, irb.scsw.cmd.cpa);
		vccw_irb_store(cqe->irb, &irb);
	}
	vccw_pins_end(&dev->pins);
	mutex_unlock(&dev->lock);
}

uint32_t hosted_orb_word(struct hosted *hosted)
{
	union orb orb;
	u32 words[sizeof(orb) / sizeof(u32)];

	css_orb(hosted->dev.sch, &orb);
	memcpy(words, &orb, sizeof(words));
	return words[1];
}

void hosted_present(struct hosted *hosted, uint8_t dstat)
{
	css_present(hosted->dev.sch, dstat);
}

void hosted_unpin(struct hosted *hosted)
{
	struct vccw_device *dev = &hosted->dev;

	mutex_lock(&dev->lock);
	vccw_pins_drop(dev, 0, U64_MAX);
	mutex_unlock(&dev->lock);
}

void hosted_tidy(struct hosted *hosted)
{
	struct vccw_device *dev = &hosted->dev;

	mutex_lock(&dev->lock);
	vccw_queue_free_large(dev);
	mutex_unlock(&dev->lock);
}

void hosted_alone(void)
{
	shim_go_on = css_go_on;
}

bool hosted_go_on(void)
{
	return css_go_on();
}

void hosted_service_time(struct hosted *hosted, uint64_t ns)
{
	css_service_time(hosted->dev.sch, ns);
}

void hosted_faults(struct hosted *hosted, const struct hosted_faults *faults)
{
	css_faults(hosted->dev.sch, faults);
}

void hosted_attention(struct hosted *hosted)
{
	css_attention(hosted->dev.sch);
}

/* As vccw_chp_event(). */
void hosted_vary(struct hosted *hosted, uint8_t paths, bool on)
{
	struct vccw_device *dev = &hosted->dev;
	struct subchannel *sch = dev->sch;

	spin_lock_irq(&sch->lock);
	sch->opm = on ? sch->opm | paths : sch->opm & ~paths;
	WRITE_ONCE(sch->lpm, sch->opm);
	vccw_queue_paths(dev);
	if (!on)
		vccw_queue_path_lost(dev, paths);
	spin_unlock_irq(&sch->lock);
}

void hosted_settle(struct hosted *hosted)
{
	flush_work(&hosted->dev.queue.path_work);
}

bool hosted_stuck(struct hosted *hosted)
{
	return css_stuck(hosted->dev.sch);
}

void hosted_late(struct hosted *hosted)
{
	css_late(hosted->dev.sch);
}

void hosted_answer(struct hosted *hosted)
{
	css_answer(hosted->dev.sch);
}

uint32_t hosted_kept(struct hosted *hosted)
{
	struct subchannel *sch = hosted->dev.sch;
	uint32_t pages;

	spin_lock_irq(&sch->lock);
	pages = hosted->parent.wedged.pages;
	spin_unlock_irq(&sch->lock);
	return pages;
}

bool hosted_wedged(struct hosted *hosted)
{
	struct subchannel *sch = hosted->dev.sch;
	bool wedged;

	spin_lock_irq(&sch->lock);
	wedged = vccw_is_wedged(sch);
	spin_unlock_irq(&sch->lock);
	return wedged;
}

long hosted_all_kept(void)
{
	return client_kept();
}

int hosted_reopen(struct hosted *hosted)
{
	close_device(hosted);
	return open_device(hosted);
}

void hosted_shutdown(struct hosted *hosted)
{
	vccw_queue_shutdown(&hosted->dev);
}

void hosted_deny(struct hosted *hosted, bool deny)
{
	css_deny(hosted->dev.sch, deny);
}

/* As vccw_sch_event(). */
void hosted_event(struct hosted *hosted)
{
	struct subchannel *sch = hosted->dev.sch;

	spin_lock_irq(&sch->lock);
	if (vccw_replaced(sch))
		vccw_queue_dead(&hosted->dev);
	spin_unlock_irq(&sch->lock);
}

void hosted_replace(struct hosted *hosted)
{
	css_replace(hosted->dev.sch);
	hosted_event(hosted);
}

void hosted_hurry(unsigned int times)
{
	shim_jiffy_ns = 1000000 / times;
}

void hosted_before_sleep(void (*run)(void *arg), void *arg)
{
	shim_before_sleep(run, arg);
}
