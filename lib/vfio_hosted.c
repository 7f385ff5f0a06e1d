// SPDX-License-Identifier: MIT
/*
 * vfio_hosted.c - devices of software, whose driver is in this process
 *
 * Nothing of VFIO is needed for them, nor s390x: see hosted_abi.h.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void *library;
static const struct hosted_driver *driver;
static char why_not[128];

/*
 * A child of fork() has a copy of the driver in the midst of what its parent's threads do
 * with it: locks that nobody gives back, devices whose threads are not there.  It gets one
 * of its own.
 */
static struct fork_node loaded;

static void in_child(struct fork_node *node)
{
	(void)node;
	driver = NULL;
	once = (pthread_once_t)PTHREAD_ONCE_INIT;
}

static bool unload(void)
{
	void *still_there;

	dlclose(library);
	library = NULL;
	still_there = dlopen(HOSTED_LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
	if (!still_there)
		return true;
	dlclose(still_there);
	return false;
}

static void load(void)
{
	const struct hosted_driver *found;

	if (library && !unload()) {
		snprintf(why_not, sizeof(why_not), "%s: is the parent process's", HOSTED_LIBRARY);
		return;
	}
	library = dlopen(HOSTED_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		snprintf(why_not, sizeof(why_not), "%s", dlerror());
		return;
	}
	fork_lock();
	fork_remove(&loaded);
	fork_add(&loaded, in_child);
	fork_unlock();
	found = dlsym(library, HOSTED_SYMBOL);
	if (found && found->abi == HOSTED_ABI)
		driver = found;
	else
		snprintf(why_not, sizeof(why_not), "%s: of another version", HOSTED_LIBRARY);
}

const struct hosted_driver *hosted_driver(void)
{
	pthread_once(&once, load);
	return driver;
}

static int map(struct ccwring_vfio *vfio, void *mem, ccwring_iova_t iova, size_t bytes)
{
	return driver->map(vfio->hosted, mem, iova, bytes);
}

static int unmap(struct ccwring_vfio *vfio, ccwring_iova_t iova, size_t bytes)
{
	return driver->unmap(vfio->hosted, iova, bytes);
}

static const struct dma_mapper mapper = { .map = map, .unmap = unmap };

static int open_client(struct ccwring_vfio *vfio)
{
	int err;

	if (vfio->hosted)
		return 0;
	err = driver->client_new(&vfio->hosted);
	if (!err)
		err = dma_attach(vfio, &mapper);
	if (err && vfio->hosted) {
		driver->client_free(vfio->hosted);
		vfio->hosted = NULL;
	}
	snprintf(vfio->why, sizeof(vfio->why), "memory: %s", strerror(-err));
	return err;
}

static int open_locked(struct ccwring_vfio *vfio, const char *what, struct hosted **out)
{
	int err;

	if (!hosted_driver()) {
		snprintf(vfio->why, sizeof(vfio->why), "%s", why_not);
		return -ENOENT;
	}
	if (vfio->access != CCWRING_ACCESS_AUTO && vfio->access != CCWRING_ACCESS_HOSTED) {
		snprintf(vfio->why, sizeof(vfio->why), "the context has devices of VFIO");
		return -EXDEV;
	}
	err = open_client(vfio);
	if (!err)
		err = driver->open(vfio->hosted, what, out, vfio->why, sizeof(vfio->why));
	return err;
}

int vfio_hosted_open(struct ccwring_vfio *vfio, const char *what, struct hosted **out)
{
	int err;

	pthread_mutex_lock(&vfio->lock);
	err = open_locked(vfio, what, out);
	if (err) {
		vlog(vfio, CCWRING_LOG_ERROR, "hosted:%s: %s", what, vfio->why);
	} else {
		vfio->access = CCWRING_ACCESS_HOSTED;
		vfio->n_devices++;
	}
	pthread_mutex_unlock(&vfio->lock);
	return err;
}

void vfio_hosted_close(struct ccwring_vfio *vfio, struct hosted *device)
{
	pthread_mutex_lock(&vfio->lock);
	driver->close(device);
	vfio->n_devices--;
	pthread_mutex_unlock(&vfio->lock);
}

void vfio_hosted_free(struct ccwring_vfio *vfio)
{
	if (vfio->hosted)
		driver->client_free(vfio->hosted);
}
