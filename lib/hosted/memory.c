// SPDX-License-Identifier: GPL-2.0-only
/* memory.c - pages below 2 GiB, and memory of clients */
#include <sys/mman.h>

#include "client.h"

/* Memory of the core */

/*
 * Below 2 GiB without asking for each page: one range of addresses, handed out in
 * powers of two.
 */
#define LOW_FIRST 0x10000000UL
#define LOW_STEP  0x01000000UL
#define LOW_LAST  0x78000000UL
#define ORDERS	  6

static DEFINE_MUTEX(low_lock);
static void *low_free[ORDERS];
static u8 *low_next, *low_end;

static bool low_grow(void)
{
	for (unsigned long at = LOW_FIRST; at < LOW_LAST; at += LOW_STEP) {
		void *got = mmap((void *)at, LOW_STEP, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (got == MAP_FAILED)
			return false;
		if ((unsigned long)got == at) {
			low_next = got;
			low_end = low_next + LOW_STEP;
			return true;
		}
		munmap(got, LOW_STEP);
	}
	return false;
}

unsigned long __get_free_pages(int flags, unsigned int order)
{
	size_t size = PAGE_SIZE << order;
	void *p = NULL;

	(void)flags;
	mutex_lock(&low_lock);
	if (low_free[order]) {
		p = low_free[order];
		memcpy(&low_free[order], p, sizeof(void *));
	} else if ((size_t)(low_end - low_next) >= size || low_grow()) {
		p = low_next;
		low_next += size;
	}
	mutex_unlock(&low_lock);
	return p ? (unsigned long)memset(p, 0, size) : 0;
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (!addr)
		return;
	mutex_lock(&low_lock);
	memcpy((void *)addr, &low_free[order], sizeof(void *));
	low_free[order] = (void *)addr;
	mutex_unlock(&low_lock);
}

bool shim_is_low(const void *at, size_t n)
{
	return (uintptr_t)at >= LOW_FIRST && (uintptr_t)at + n <= LOW_LAST;
}

void *shim_alloc(size_t n, size_t size)
{
	size_t bytes = n * size;
	void *p;

	/* Rings are mapped, and begin on a page. */
	if (bytes < PAGE_SIZE)
		return calloc(1, bytes);
	p = aligned_alloc(PAGE_SIZE, PAGE_ALIGN(bytes));
	return p ? memset(p, 0, bytes) : NULL;
}

void shim_free(const void *p)
{
	free((void *)p);
}

/* Memory of clients */

/* All clients', because a page frame number says nothing of whose it is. */
static DEFINE_MUTEX(client_lock);
static LIST_HEAD(client_mappings);

int client_map(struct hosted_client *client, void *memory, u64 iova, size_t bytes)
{
	struct client_mapping *mapping;
	size_t n = bytes / PAGE_SIZE;

	if ((iova | bytes | (uintptr_t)memory) % PAGE_SIZE || !bytes)
		return -EINVAL;
	mapping = calloc(1, sizeof(*mapping) + n * sizeof(mapping->pages[0]));
	if (!mapping)
		return -ENOMEM;
	mapping->client = client;
	mapping->iova = iova;
	mapping->bytes = bytes;
	for (size_t i = 0; i < n; i++)
		mapping->pages[i].at = (u8 *)memory + i * PAGE_SIZE;
	mutex_lock(&client_lock);
	list_add_tail(&mapping->list, &client_mappings);
	mutex_unlock(&client_lock);
	return 0;
}

/* The mapping an IOVA is in, NULL if there is none; client_lock held. */
static struct client_mapping *find_mapping(const struct hosted_client *client, u64 iova)
{
	struct client_mapping *mapping;

	list_for_each_entry(mapping, &client_mappings, list)
	{
		if (mapping->client == client && iova - mapping->iova < mapping->bytes)
			return mapping;
	}
	return NULL;
}

/* The page at an IOVA, NULL if nothing is mapped there; client_lock held. */
static struct page *find_page(const struct hosted_client *client, u64 iova)
{
	struct client_mapping *mapping = find_mapping(client, iova);

	return mapping ? &mapping->pages[(iova - mapping->iova) / PAGE_SIZE] : NULL;
}

int client_unmap_begin(struct hosted_client *client, u64 iova, size_t bytes)
{
	struct client_mapping *mapping;
	int ret = -ENOENT;

	mutex_lock(&client_lock);
	mapping = find_mapping(client, iova);
	if (mapping && mapping->iova == iova && mapping->bytes == bytes && !mapping->going) {
		mapping->going = true;
		ret = 0;
	}
	mutex_unlock(&client_lock);
	return ret;
}

void client_unmap_end(struct hosted_client *client, u64 iova, size_t bytes)
{
	struct client_mapping *mapping;

	mutex_lock(&client_lock);
	mapping = find_mapping(client, iova);
	for (size_t i = 0; i < bytes / PAGE_SIZE; i++)
		WARN_ON_ONCE(mapping->pages[i].pins);
	list_del(&mapping->list);
	mutex_unlock(&client_lock);
	free(mapping);
}

void client_unmap_all(struct hosted_client *client)
{
	struct client_mapping *mapping, *next;

	mutex_lock(&client_lock);
	list_for_each_entry_safe(mapping, next, &client_mappings, list)
	{
		if (mapping->client != client)
			continue;
		list_del(&mapping->list);
		free(mapping);
	}
	mutex_unlock(&client_lock);
}

void client_discard(struct hosted_client *client, u64 iova)
{
	struct page *page;

	mutex_lock(&client_lock);
	page = find_page(client, iova);
	if (page && page->pins)
		WRITE_ONCE(page->_mapcount.counter, -1);
	mutex_unlock(&client_lock);
}

/* NULL if no client has it mapped; client_lock held. */
static struct page *find_frame(unsigned long pfn)
{
	struct client_mapping *mapping;

	list_for_each_entry(mapping, &client_mappings, list)
	{
		unsigned long first = page_to_pfn(&mapping->pages[0]);

		if (pfn - first < mapping->bytes / PAGE_SIZE)
			return &mapping->pages[pfn - first];
	}
	return NULL;
}

struct page *pfn_to_page(unsigned long pfn)
{
	struct page *page;

	mutex_lock(&client_lock);
	page = find_frame(pfn);
	mutex_unlock(&client_lock);
	return page;
}

bool client_has_pinned(const void *at, size_t n)
{
	unsigned long last = ((uintptr_t)at + n - 1) >> PAGE_SHIFT;
	bool pinned = true;

	mutex_lock(&client_lock);
	for (unsigned long pfn = (uintptr_t)at >> PAGE_SHIFT; pfn <= last && pinned; pfn++) {
		const struct page *page = find_frame(pfn);

		pinned = page && page->pins;
	}
	mutex_unlock(&client_lock);
	return pinned;
}

int client_pin(struct hosted_client *client, u64 iova, int n, struct page **pages)
{
	int i;

	mutex_lock(&client_lock);
	for (i = 0; i < n; i++) {
		u64 at = iova + i * PAGE_SIZE;
		struct client_mapping *mapping = find_mapping(client, at);

		if (!mapping || mapping->going)
			break;
		pages[i] = &mapping->pages[(at - mapping->iova) / PAGE_SIZE];
		/* Pinned anew: what is there now. */
		if (!pages[i]->pins++)
			pages[i]->_mapcount.counter = 0;
	}
	mutex_unlock(&client_lock);
	return i ?: -EFAULT;
}

void client_unpin(struct hosted_client *client, u64 iova, int n)
{
	mutex_lock(&client_lock);
	for (int i = 0; i < n; i++) {
		struct page *page = find_page(client, iova + i * PAGE_SIZE);

		if (!WARN_ON_ONCE(!page || !page->pins))
			page->pins--;
	}
	mutex_unlock(&client_lock);
}

long client_pinned(const struct hosted_client *client)
{
	struct client_mapping *mapping;
	long n = 0;

	mutex_lock(&client_lock);
	list_for_each_entry(mapping, &client_mappings,
			    list) for (size_t i = 0;
				       mapping->client == client && i < mapping->bytes / PAGE_SIZE;
				       i++) n += mapping->pages[i].pins;
	mutex_unlock(&client_lock);
	return n;
}
