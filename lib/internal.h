/* SPDX-License-Identifier: MIT */
/* internal.h - what the files of libccwring share */
#ifndef CCWRING_INTERNAL_H
#define CCWRING_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/vfio.h>
#include <linux/vfio_ccw.h>

#include <ccwring/device.h>
#include <ccwring/ring.h>
#include <ccwring/subchannel.h>

#include "dma_arena.h"
#include "fork.h"
#include "hosted_abi.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Memory of a context: see dma.c. */
struct ccwring_dma {
	struct dma_pool pool;
	struct dma_arena *low; /* below 2 GiB */
	_Atomic(struct dma_arena *) high; /* NULL until something is taken from it */
};

int dma_init(struct ccwring_vfio *vfio, const struct ccwring_vfio_opts *opts);
void dma_fini(struct ccwring_vfio *vfio);
/* There is something to map memory in, and there is not any more. */
int dma_attach(struct ccwring_vfio *vfio, const struct dma_mapper *mapper);
void dma_detach(struct ccwring_vfio *vfio);

struct ccwring_vfio {
	struct fork_node fork;
	bool inherited; /* this process is a child of the one it belongs to */
	pthread_mutex_t lock;
	int access; /* enum ccwring_access; AUTO before the first device only */
	int container;
	int iommufd;
	uint32_t ioas;
	struct hosted_client *hosted; /* NULL before its first device of software */
	unsigned int n_devices;
	char why[128]; /* the last failure of vfio_*_open(), in words */
	ccwring_log_fn log;
	void *log_arg;
	int log_level;
	char *sysfs;
	struct ccwring_dma dma;
};

/* Files of an open device; no group when it is open by its character device. */
struct vfio_files {
	int device;
	int group;
	struct fork_node fork;
};

int vfio_open(struct ccwring_vfio *vfio, const struct ccwring_subchannel *sch,
	      struct vfio_files *files);
void vfio_close(struct ccwring_vfio *vfio, struct vfio_files *files);

/* The two ways of vfio_open(); with the context's lock. */
int vfio_group_open(struct ccwring_vfio *vfio, const struct ccwring_subchannel *sch,
		    struct vfio_files *files);
int vfio_cdev_open(struct ccwring_vfio *vfio, const struct ccwring_subchannel *sch,
		   struct vfio_files *files);
/* Devices of software: what is behind "hosted:". */
int vfio_hosted_open(struct ccwring_vfio *vfio, const char *what, struct hosted **out);
void vfio_hosted_close(struct ccwring_vfio *vfio, struct hosted *device);
void vfio_hosted_free(struct ccwring_vfio *vfio);
/* Their driver, NULL if it cannot be loaded. */
const struct hosted_driver *hosted_driver(void);
/* Keeps errno in words, and returns it negative. */
int vfio_fail(struct ccwring_vfio *vfio, const char *what);

/* Regions of a vfio-ccw device, by what they are for. */
enum region {
	REGION_IO,
	REGION_CMD,
	REGION_SCHIB,
	REGION_CRW,
	N_REGIONS,
};

struct region_info {
	uint64_t offset;
	uint64_t size; /* 0: the driver has no such region */
};

struct ccwring_device {
	struct ccwring_vfio *vfio;
	struct vfio_files files;
	int fd; /* files.device */
	struct hosted *hosted; /* NULL if it is one of VFIO's, else there are no files */
	int event_fd[3];
	char name[40];
	struct region_info region[N_REGIONS];
	struct ccwring_ring *ring;
};

/* VFIO_DEVICE_FEATURE: flags with the index in them, and the argument; 0 or -errno. */
int device_feature(const struct ccwring_device *dev, uint32_t flags, void *arg, size_t size);
int device_set_eventfd(struct ccwring_device *dev, unsigned int irq, int eventfd);

/* A ring as the library sees it: the public part comes first. */
struct ring {
	struct ccwring_ring pub;
	struct fork_node fork;
	const struct transport_ops *ops;
	void *transport;
	struct ccwring_vfio *vfio;
	struct ccwring_device **devs;
	unsigned int n_devs;
	uint16_t index;
	uint64_t features;
	uint64_t submitter_enters; /* calls of the driver */
	uint64_t reaper_enters;
	const uint32_t *k_flags; /* NULL if no thread submits */
	int fd;
	int backend; /* enum ccwring_backend */
	uint32_t inherited_sq; /* in a child: where the SQ stood when it was forked */
};

static inline struct ring *to_ring(const struct ccwring_ring *pub)
{
	return (struct ring *)pub;
}

/**
 * struct transport_ops - how entries reach a subchannel
 * @backend: enum ccwring_backend
 * @name: for messages
 * @probe: 1 if @dev can do it, 0 if not, or -errno
 * @open: set up queues and attach the first device; fills in the pointers of
 *	ring->pub, ring->index, ->features, ->fd
 * @attach: attach a further device; returns its index or -errno
 * @detach: take a device out
 * @enter: consume up to @to_submit entries, then wait until the CQ holds
 *	@min_complete, no more than it can; negative @timeout_ns for no limit.
 *	Returns the number consumed, or -errno if there were none, with the meaning
 *	of VFIO_CCW_RING_ENTER
 * @wake: wake the thread that submits; NULL if there never is one
 * @poll_fd: file that polls readable when there are completions; NULL if that
 *	is ring->fd
 * @in_child: in a child of fork(), close what keeps the ring alive; NULL if nothing does
 * @close: undo open
 */
struct transport_ops {
	int backend;
	const char *name;
	int (*probe)(const struct ccwring_device *dev);
	int (*open)(struct ring *ring, struct ccwring_device *dev,
		    const struct ccwring_ring_opts *opts);
	int (*attach)(struct ring *ring, struct ccwring_device *dev);
	int (*detach)(struct ring *ring, struct ccwring_device *dev);
	int (*enter)(struct ring *ring, uint32_t to_submit, uint32_t min_complete,
		     int64_t timeout_ns);
	int (*wake)(struct ring *ring);
	int (*poll_fd)(struct ring *ring);
	void (*in_child)(struct ring *ring);
	void (*close)(struct ring *ring);
};

extern const struct transport_ops transport_ring;
extern const struct transport_ops transport_hosted;
extern const struct transport_ops transport_region;

/* Copies options of the caller's size over zeroes; -EINVAL if what this
 * library does not know is not zero. */
int opts_copy(void *to, size_t size, const void *from);

void vlog(const struct ccwring_vfio *vfio, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
