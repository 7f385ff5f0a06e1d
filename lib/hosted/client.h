/* SPDX-License-Identifier: GPL-2.0-only */
/* client.h - memory that a client has mapped at IOVAs */
#ifndef CCWRING_HOSTED_CLIENT_H
#define CCWRING_HOSTED_CLIENT_H

#include <shim/vfio.h>

struct hosted_client {
	struct mutex lock; /* protects devices */
	struct list_head devices;
	struct mutex limit_lock; /* pages are counted and pinned, when there is a limit */
	long limit; /* pages that may be pinned, 0 for any number */
};

struct client_mapping {
	struct list_head list;
	struct hosted_client *client;
	u64 iova;
	size_t bytes;
	bool going; /* being unmapped: its pages are pinned no more */
	struct page pages[];
};

int client_map(struct hosted_client *client, void *memory, u64 iova, size_t bytes);
/* Exactly what was mapped by one call: it is to go, and then it goes, unpinned. */
int client_unmap_begin(struct hosted_client *client, u64 iova, size_t bytes);
void client_unmap_end(struct hosted_client *client, u64 iova, size_t bytes);
void client_unmap_all(struct hosted_client *client);
void client_discard(struct hosted_client *client, u64 iova);

/* As vfio_pin_pages() and vfio_unpin_pages(). */
int client_pin(struct hosted_client *client, u64 iova, int n, struct page **pages);
void client_unpin(struct hosted_client *client, u64 iova, int n);
/* Is all of this memory of a client's, and pinned? */
bool client_has_pinned(const void *at, size_t n);
/* Pages pinned, each as often as it is. */
long client_pinned(const struct hosted_client *client);

#endif
