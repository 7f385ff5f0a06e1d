/* SPDX-License-Identifier: GPL-2.0-only */
/* client.h - memory that a client has mapped at IOVAs */
#ifndef CCWRING_HOSTED_CLIENT_H
#define CCWRING_HOSTED_CLIENT_H

#include <shim/vfio.h>

struct hosted_client {
	struct mm_struct mm;
	struct mutex container; /* as a container's lock: pinning and unpinning take it */
	struct mutex lock; /* protects devices */
	struct list_head devices;
	unsigned long limit; /* most pages it may lock, 0 for any */
	unsigned long locked;
	unsigned long refused; /* how often it has asked for more */
};

/*
 * What is at an address: the page there, and the one VFIO gives out for it, which is that
 * of the first pin as long as there are any.
 */
struct client_page {
	struct page *now;
	struct page *pinned;
	int pins;
};

struct client_mapping {
	struct list_head list;
	struct hosted_client *client;
	u64 iova;
	size_t bytes;
	bool going; /* a task is unmapping it */
	u8 *frames; /* its pages, NULL if they are a program's own memory */
	u8 *memory; /* where the client sees them */
	u8 **spare; /* pages that are nowhere */
	size_t spares;
	int fd;
	struct client_page pages[];
};

int client_map(struct hosted_client *client, void *memory, u64 iova, size_t bytes);
int client_map_frames(struct hosted_client *client, u64 iova, size_t bytes, bool huge,
		      void **memory);
/* Exactly what was mapped by one call is to go, and then goes, if it is not pinned. */
int client_unmap_begin(struct hosted_client *client, u64 iova, size_t bytes);
bool client_unmap_end(struct hosted_client *client, u64 iova, size_t bytes);
void client_unmap_all(struct hosted_client *client);
void client_discard(struct hosted_client *client, u64 iova);
void client_page_out(struct hosted_client *client, u64 iova);
void client_limit(struct hosted_client *client, unsigned long pages);
unsigned long client_refused(struct hosted_client *client);

/* As vfio_pin_pages() and vfio_unpin_pages(): all of them, or -errno. */
int client_pin(struct hosted_client *client, u64 iova, int n, struct page **pages);
void client_unpin(struct hosted_client *client, u64 iova, int n);
/* Is all of this memory of a client's, and pinned or kept? */
bool client_has_pinned(const void *at, size_t n);
/* Pages that get_page() keeps. */
long client_kept(void);
/* Pages pinned, each as often as it is. */
long client_pinned(const struct hosted_client *client);

#endif
