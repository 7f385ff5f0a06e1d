// SPDX-License-Identifier: MIT
/*
 * vfio.c - contexts: mapped memory, and the way to the devices that use it
 *
 * There are two ways to devices of VFIO, a container (vfio_group.c) and iommufd
 * (vfio_cdev.c), and one to those of software (vfio_hosted.c).  The first device decides
 * which one a context takes, because memory is mapped in one of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static void context_in_child(struct fork_node *node)
{
	struct ccwring_vfio *vfio = FORK_NODE_OF(node, struct ccwring_vfio, fork);

	vfio->inherited = true;
	if (vfio->container >= 0)
		close(vfio->container);
	if (vfio->iommufd >= 0)
		close(vfio->iommufd);
	vfio->container = vfio->iommufd = -1;
}

int ccwring_vfio_new(const struct ccwring_vfio_opts *user_opts, struct ccwring_vfio **out)
{
	struct ccwring_vfio_opts opts;
	struct ccwring_vfio *vfio;
	int err;

	err = opts_copy(&opts, sizeof(opts), user_opts);
	if (err)
		return err;
	if (opts.access < CCWRING_ACCESS_AUTO || opts.access > CCWRING_ACCESS_HOSTED)
		return -EINVAL;
	err = fork_init();
	if (err)
		return err;
	vfio = calloc(1, sizeof(*vfio));
	if (!vfio)
		return -ENOMEM;
	vfio->access = opts.access;
	vfio->container = -1;
	vfio->iommufd = -1;
	vfio->log = opts.log;
	vfio->log_arg = opts.log_arg;
	vfio->log_level = opts.log_level;
	vfio->sysfs = strdup(opts.sysfs ? opts.sysfs : "/sys");
	err = vfio->sysfs ? dma_init(vfio, &opts) : -ENOMEM;
	if (err) {
		free(vfio->sysfs);
		free(vfio);
		return err;
	}
	pthread_mutex_init(&vfio->lock, NULL);
	fork_lock();
	fork_add(&vfio->fork, context_in_child);
	fork_unlock();
	*out = vfio;
	return 0;
}

static void close_files(struct ccwring_vfio *vfio)
{
	fork_lock();
	fork_remove(&vfio->fork);
	if (vfio->container >= 0)
		close(vfio->container);
	if (vfio->iommufd >= 0)
		close(vfio->iommufd);
	fork_unlock();
}

int ccwring_vfio_free(struct ccwring_vfio *vfio)
{
	/* In a child it may be in any state: its threads are not there. */
	if (!vfio || vfio->inherited)
		return 0;
	if (vfio->n_devices)
		return -EBUSY;
	/* What is mapped goes with the files. */
	dma_detach(vfio);
	vfio_hosted_free(vfio);
	close_files(vfio);
	dma_fini(vfio);
	pthread_mutex_destroy(&vfio->lock);
	free(vfio->sysfs);
	free(vfio);
	return 0;
}

int ccwring_vfio_access(struct ccwring_vfio *vfio)
{
	int access;

	if (vfio->inherited)
		return INHERITED;
	pthread_mutex_lock(&vfio->lock);
	access = vfio->access;
	pthread_mutex_unlock(&vfio->lock);
	return access;
}

int vfio_fail(struct ccwring_vfio *vfio, const char *what)
{
	int err = -errno;

	snprintf(vfio->why, sizeof(vfio->why), "%s: %s", what, strerror(-err));
	return err;
}

/* The way is not there, or not for us: another one may be. */
static bool barred(int err)
{
	return err == -ENOENT || err == -ENODEV || err == -ENXIO || err == -EACCES || err == -EPERM;
}

/*
 * By the group if it is there and we may use it, else by the character device.
 * If neither works the error is that of the one that exists.
 */
static int open_either(struct ccwring_vfio *vfio, const struct ccwring_subchannel *sch,
		       struct vfio_files *files)
{
	char group_why[sizeof(vfio->why)];
	int group_err, err;

	group_err = vfio_group_open(vfio, sch, files);
	if (!barred(group_err)) {
		if (!group_err)
			vfio->access = CCWRING_ACCESS_GROUP;
		return group_err;
	}
	memcpy(group_why, vfio->why, sizeof(group_why));
	err = vfio_cdev_open(vfio, sch, files);
	if (!err) {
		vlog(vfio, CCWRING_LOG_INFO, "%s; the character device is used", group_why);
		vfio->access = CCWRING_ACCESS_CDEV;
		return 0;
	}
	vlog(vfio, CCWRING_LOG_ERROR, "%s", group_why);
	return group_err == -ENOENT ? err : group_err;
}

static int no_way(struct ccwring_vfio *vfio)
{
	snprintf(vfio->why, sizeof(vfio->why), "the context is for devices of software");
	return -EXDEV;
}

static void close_both(struct vfio_files *files)
{
	if (files->device >= 0)
		close(files->device);
	if (files->group >= 0)
		close(files->group);
	files->device = files->group = -1;
}

static void files_in_child(struct fork_node *node)
{
	close_both(FORK_NODE_OF(node, struct vfio_files, fork));
}

/* A child that has them would keep the device from being closed. */
static void watch(struct vfio_files *files)
{
	fork_lock();
	fork_add(&files->fork, files_in_child);
	fork_unlock();
}

int vfio_open(struct ccwring_vfio *vfio, const struct ccwring_subchannel *sch,
	      struct vfio_files *files)
{
	int err;

	files->device = -1;
	files->group = -1;
	pthread_mutex_lock(&vfio->lock);
	if (vfio->access == CCWRING_ACCESS_GROUP)
		err = vfio_group_open(vfio, sch, files);
	else if (vfio->access == CCWRING_ACCESS_CDEV)
		err = vfio_cdev_open(vfio, sch, files);
	else if (vfio->access == CCWRING_ACCESS_HOSTED)
		err = no_way(vfio);
	else
		err = open_either(vfio, sch, files);
	if (err) {
		vlog(vfio, CCWRING_LOG_ERROR, "%s", vfio->why);
	} else {
		watch(files);
		vfio->n_devices++;
	}
	pthread_mutex_unlock(&vfio->lock);
	return err;
}

void vfio_close(struct ccwring_vfio *vfio, struct vfio_files *files)
{
	pthread_mutex_lock(&vfio->lock);
	if (vfio->access == CCWRING_ACCESS_GROUP && vfio->n_devices == 1)
		dma_detach(vfio);
	fork_lock();
	fork_remove(&files->fork);
	close_both(files);
	fork_unlock();
	vfio->n_devices--;
	pthread_mutex_unlock(&vfio->lock);
}
