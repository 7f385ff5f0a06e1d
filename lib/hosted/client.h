/* SPDX-License-Identifier: GPL-2.0-only */
/* client.h - memory that a client has mapped at IOVAs */
#ifndef CCWRING_HOSTED_CLIENT_H
#define CCWRING_HOSTED_CLIENT_H

#include <shim/vfio.h>

struct client {
	struct vfio_device *vdev;
};

struct client_mapping {
	struct list_head list;
	struct client *client;
	u64 iova;
	size_t bytes;
	struct page pages[];
};

int client_map(struct client *client, void *memory, u64 iova, size_t bytes);
/* Exactly what was mapped by one call, no page of it pinned any more. */
int client_unmap(struct client *client, u64 iova, size_t bytes);
void client_unmap_all(struct client *client);
void client_discard(struct client *client, u64 iova);

/* As vfio_pin_pages() and vfio_unpin_pages(). */
int client_pin(struct client *client, u64 iova, int n, struct page **pages);
void client_unpin(struct client *client, u64 iova, int n);
/* Is all of this memory of a client's, and pinned? */
bool client_has_pinned(const void *at, size_t n);
/* Pages pinned, each as often as it is. */
long client_pinned(const struct client *client);

#endif
