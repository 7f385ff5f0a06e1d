// SPDX-License-Identifier: GPL-2.0-only
/* memory.c - pages below 2 GiB, and memory of clients */
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"
#include "hosted.h"

/* Pages that are kept, whosever they are */

struct kept {
	struct list_head list;
	struct page page;
	int refs;
};

static DEFINE_MUTEX(kept_lock);
static LIST_HEAD(kept_pages);

static struct kept *find_kept(const void *at)
{
	struct kept *kept;

	list_for_each_entry(kept, &kept_pages, list)
	{
		if (kept->page.at == at)
			return kept;
	}
	return NULL;
}

static bool is_kept(const void *at)
{
	bool kept;

	mutex_lock(&kept_lock);
	kept = find_kept(at);
	mutex_unlock(&kept_lock);
	return kept;
}

struct page *pfn_to_page(unsigned long pfn)
{
	void *at = (void *)(pfn << PAGE_SHIFT);
	struct kept *kept;

	mutex_lock(&kept_lock);
	kept = find_kept(at);
	if (!kept) {
		kept = calloc(1, sizeof(*kept));
		WARN_ON_ONCE(!kept);
		kept->page.at = at;
		list_add(&kept->list, &kept_pages);
	}
	mutex_unlock(&kept_lock);
	return &kept->page;
}

void get_page(struct page *page)
{
	mutex_lock(&kept_lock);
	container_of(page, struct kept, page)->refs++;
	mutex_unlock(&kept_lock);
}

void put_page(struct page *page)
{
	struct kept *kept = container_of(page, struct kept, page);

	mutex_lock(&kept_lock);
	WARN_ON_ONCE(kept->refs <= 0);
	if (!--kept->refs) {
		list_del(&kept->list);
		free(kept);
	}
	mutex_unlock(&kept_lock);
}

long client_kept(void)
{
	struct kept *kept;
	long n = 0;

	mutex_lock(&kept_lock);
	list_for_each_entry(kept, &kept_pages, list) n++;
	mutex_unlock(&kept_lock);
	return n;
}

/* Memory of the core */

/*
 * Below 2 GiB without asking for each page: one range of addresses, handed out in
 * powers of two.
 */
#define LOW_FIRST 0x10000000UL
#define LOW_STEP  0x01000000UL
#define LOW_LAST  0x78000000UL
#define ORDERS	  6
/* In what nobody has asked to be zero: no CCW that a channel would take for a good one. */
#define POISON	  0xa5

static DEFINE_MUTEX(low_lock);
static void *low_free[ORDERS];
static u8 *low_next, *low_end;
static long low_used, low_left = -1;
static bool low_fragmented;
static u8 low_in_use[(LOW_LAST - LOW_FIRST) / PAGE_SIZE]; /* pages of it that are in use */

static void low_use(const void *at, size_t bytes, bool used)
{
	size_t first = ((uintptr_t)at - LOW_FIRST) / PAGE_SIZE;

	for (size_t i = 0; i < bytes / PAGE_SIZE; i++)
		WRITE_ONCE(low_in_use[first + i], used);
}

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

/* Is there as much? low_lock held */
static bool low_has(unsigned int order)
{
	return !(order && low_fragmented) && (low_left < 0 || low_left >= 1L << order);
}

/* low_lock held */
static void *low_take(unsigned int order)
{
	size_t size = PAGE_SIZE << order;
	void *p = low_free[order];

	if (p) {
		memcpy(&low_free[order], p, sizeof(void *));
	} else if ((size_t)(low_end - low_next) >= size || low_grow()) {
		p = low_next;
		low_next += size;
	} else {
		return NULL;
	}
	low_use(p, size, true);
	low_used += 1L << order;
	if (low_left >= 0)
		low_left -= 1L << order;
	return p;
}

unsigned long __get_free_pages(int flags, unsigned int order)
{
	void *p;

	mutex_lock(&low_lock);
	p = low_has(order) ? low_take(order) : NULL;
	mutex_unlock(&low_lock);
	if (!p)
		return 0;
	memset(p, flags & __GFP_ZERO ? 0 : POISON, PAGE_SIZE << order);
	return (unsigned long)p;
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (!addr)
		return;
	/* As any of those who have a page, of which the last frees it. */
	if (!order && is_kept((void *)addr)) {
		put_page(virt_to_page(addr));
		return;
	}
	mutex_lock(&low_lock);
	low_use((void *)addr, PAGE_SIZE << order, false);
	memcpy((void *)addr, &low_free[order], sizeof(void *));
	low_free[order] = (void *)addr;
	low_used -= 1L << order;
	mutex_unlock(&low_lock);
}

void shim_fragment(void)
{
	mutex_lock(&low_lock);
	low_fragmented = true;
	mutex_unlock(&low_lock);
}

long hosted_pages(void)
{
	long used;

	mutex_lock(&low_lock);
	used = low_used;
	mutex_unlock(&low_lock);
	return used;
}

void hosted_pages_left(long pages)
{
	mutex_lock(&low_lock);
	low_left = pages;
	mutex_unlock(&low_lock);
}

bool shim_is_low(const void *at, size_t n)
{
	uintptr_t last = (uintptr_t)at + n - 1;

	return (uintptr_t)at >= LOW_FIRST && last < LOW_LAST &&
	       READ_ONCE(low_in_use[((uintptr_t)at - LOW_FIRST) / PAGE_SIZE]) &&
	       READ_ONCE(low_in_use[(last - LOW_FIRST) / PAGE_SIZE]);
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

/* Protects the following; page frame numbers say nothing of whose a page is. */
static DEFINE_MUTEX(client_lock);
static LIST_HEAD(client_mappings);

static struct folio *folio_new(int pages)
{
	struct folio *folio = calloc(1, sizeof(*folio));

	if (folio) {
		folio->mapcount.counter = 1;
		folio->entire.counter = pages > 1;
		folio->pages = pages;
	}
	return folio;
}

/* A page of a folio, or one of its own. */
static struct page *page_new(u8 *at, struct folio *folio)
{
	struct page *page = calloc(1, sizeof(*page));

	folio = folio ?: folio_new(1);
	if (!page || !folio)
		return NULL;
	page->at = at;
	page->folio = folio;
	folio->refs++;
	return page;
}

static void page_free(struct page *page)
{
	if (page && !--page->folio->refs)
		free(page->folio);
	free(page);
}

/* A page that is neither at its address any more nor pinned is free. */
static void page_put(struct client_mapping *mapping, struct client_page *slot, struct page *page)
{
	if (page == slot->now || page == slot->pinned)
		return;
	if (mapping->frames && !is_kept(page->at))
		mapping->spare[mapping->spares++] = page->at;
	page_free(page);
}

static bool frames_kept(const struct client_mapping *mapping)
{
	bool kept = false;

	for (size_t off = 0; off < 2 * mapping->bytes && !kept; off += PAGE_SIZE)
		kept = is_kept(mapping->frames + off);
	return kept;
}

static void mapping_free(struct client_mapping *mapping)
{
	for (size_t i = 0; i < mapping->bytes / PAGE_SIZE; i++)
		page_free(mapping->pages[i].now);
	if (mapping->frames) {
		munmap(mapping->memory, mapping->bytes);
		/* The channel may go there still, and later nobody minds. */
		if (!frames_kept(mapping))
			munmap(mapping->frames, 2 * mapping->bytes);
		close(mapping->fd);
	}
	free(mapping->spare);
	free(mapping);
}

static struct client_mapping *mapping_new(struct hosted_client *client, u64 iova, size_t bytes)
{
	struct client_mapping *mapping;

	mapping = calloc(1, sizeof(*mapping) + bytes / PAGE_SIZE * sizeof(mapping->pages[0]));
	if (!mapping)
		return NULL;
	mapping->client = client;
	mapping->iova = iova;
	mapping->bytes = bytes;
	return mapping;
}

/* Its pages are there, and are those at @first and behind; they are a huge one. */
static int mapping_add(struct client_mapping *mapping, u8 *first, bool huge)
{
	size_t n = mapping->bytes / PAGE_SIZE;
	struct folio *folio = huge ? folio_new(n) : NULL;

	for (size_t i = 0; i < n; i++) {
		mapping->pages[i].now = page_new(first + i * PAGE_SIZE, folio);
		if (!mapping->pages[i].now) {
			mapping_free(mapping);
			return -ENOMEM;
		}
	}
	mutex_lock(&client_lock);
	list_add_tail(&mapping->list, &client_mappings);
	mutex_unlock(&client_lock);
	return 0;
}

int client_map(struct hosted_client *client, void *memory, u64 iova, size_t bytes)
{
	struct client_mapping *mapping;

	if ((iova | bytes | (uintptr_t)memory) % PAGE_SIZE || !bytes)
		return -EINVAL;
	mapping = mapping_new(client, iova, bytes);
	return mapping ? mapping_add(mapping, memory, false) : -ENOMEM;
}

/*
 * Frames are a file, which is mapped as a whole at the addresses that the channel knows,
 * with as many spare ones as there are pages, and in part at the client's addresses.
 */
static bool frames_new(struct client_mapping *mapping)
{
	size_t bytes = mapping->bytes;

	mapping->fd = memfd_create("frames", MFD_CLOEXEC);
	mapping->spare = calloc(bytes / PAGE_SIZE, sizeof(*mapping->spare));
	if (mapping->fd < 0 || !mapping->spare || ftruncate(mapping->fd, 2 * bytes))
		return false;
	mapping->frames = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE, MAP_SHARED, mapping->fd, 0);
	mapping->memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, mapping->fd, 0);
	if (mapping->frames == MAP_FAILED || mapping->memory == MAP_FAILED)
		return false;
	while (mapping->spares < bytes / PAGE_SIZE) {
		mapping->spare[mapping->spares] = mapping->frames + bytes +
						  mapping->spares * PAGE_SIZE;
		mapping->spares++;
	}
	return true;
}

int client_map_frames(struct hosted_client *client, u64 iova, size_t bytes, bool huge,
		      void **memory)
{
	struct client_mapping *mapping;

	if ((iova | bytes) % PAGE_SIZE || !bytes)
		return -EINVAL;
	mapping = mapping_new(client, iova, bytes);
	if (!mapping)
		return -ENOMEM;
	if (!frames_new(mapping)) {
		free(mapping->spare);
		free(mapping);
		return -ENOMEM;
	}
	*memory = mapping->memory;
	return mapping_add(mapping, mapping->frames, huge);
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

static struct client_page *slot_at(struct client_mapping *mapping, u64 iova)
{
	return &mapping->pages[(iova - mapping->iova) / PAGE_SIZE];
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

bool client_unmap_end(struct hosted_client *client, u64 iova, size_t bytes)
{
	struct client_mapping *mapping;
	bool pinned = false;

	mutex_lock(&client_lock);
	mapping = find_mapping(client, iova);
	for (size_t i = 0; i < bytes / PAGE_SIZE; i++)
		pinned |= mapping->pages[i].pins;
	if (!pinned)
		list_del(&mapping->list);
	mutex_unlock(&client_lock);
	if (!pinned)
		mapping_free(mapping);
	return !pinned;
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
		mapping_free(mapping);
	}
	mutex_unlock(&client_lock);
}

/* A page is not mapped any more, and the rest of its folio one by one. */
static void unmap_page(struct folio *folio)
{
	if (folio->entire.counter) {
		WRITE_ONCE(folio->entire.counter, 0);
		WRITE_ONCE(folio->mapcount.counter, folio->pages);
	}
	WRITE_ONCE(folio->mapcount.counter, folio->mapcount.counter - 1);
}

/* Another page comes to the place of one; client_lock held. */
static void replace(struct client_mapping *mapping, u64 iova)
{
	struct client_page *slot = slot_at(mapping, iova);
	struct page *before = slot->now;
	u8 *at = before->at;

	if (mapping->frames) {
		WARN_ON_ONCE(!mapping->spares);
		at = mapping->spare[--mapping->spares];
		memset(at, 0, PAGE_SIZE);
		WARN_ON_ONCE(mmap(mapping->memory + (iova - mapping->iova), PAGE_SIZE,
				  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, mapping->fd,
				  at - mapping->frames) == MAP_FAILED);
	}
	slot->now = page_new(at, NULL);
	WARN_ON_ONCE(!slot->now);
	if (folio_mapped(before->folio))
		unmap_page(before->folio);
	WRITE_ONCE(before->folio->mapping, NULL);
	page_put(mapping, slot, before);
}

void client_discard(struct hosted_client *client, u64 iova)
{
	struct client_mapping *mapping;

	mutex_lock(&client_lock);
	iova = ALIGN_DOWN(iova, PAGE_SIZE);
	mapping = find_mapping(client, iova);
	if (mapping)
		replace(mapping, iova);
	mutex_unlock(&client_lock);
}

void client_page_out(struct hosted_client *client, u64 iova)
{
	struct client_mapping *mapping;
	struct folio *folio;

	mutex_lock(&client_lock);
	mapping = find_mapping(client, iova);
	if (mapping) {
		folio = slot_at(mapping, iova)->now->folio;
		WRITE_ONCE(folio->mapping, (struct address_space *)mapping);
		WRITE_ONCE(folio->mapcount.counter, 0);
	}
	mutex_unlock(&client_lock);
}

/* Is this frame one that has been pinned, or is kept? client_lock held. */
static bool frame_pinned(const u8 *at)
{
	struct client_mapping *mapping;

	list_for_each_entry(mapping, &client_mappings, list)
	{
		for (size_t i = 0; i < mapping->bytes / PAGE_SIZE; i++) {
			const struct page *page = mapping->pages[i].pinned;

			if (page && page->at == at)
				return true;
		}
	}
	return is_kept(at);
}

bool client_has_pinned(const void *at, size_t n)
{
	const u8 *frame = (const u8 *)ALIGN_DOWN((uintptr_t)at, PAGE_SIZE);
	bool pinned = true;

	mutex_lock(&client_lock);
	for (; frame < (const u8 *)at + n && pinned; frame += PAGE_SIZE)
		pinned = frame_pinned(frame);
	mutex_unlock(&client_lock);
	return pinned;
}

/* The client may pin no more; client_lock held. */
static bool limit_reached(struct hosted_client *client)
{
	return client->limit && client->locked >= client->limit;
}

/* As vfio_iommu_type1_pin_pages(): what is pinned already is given out again. */
static int pin_one(struct hosted_client *client, u64 iova, struct page **page)
{
	struct client_mapping *mapping = find_mapping(client, iova);
	struct client_page *slot;

	if (!mapping)
		return -EINVAL;
	slot = slot_at(mapping, iova);
	if (!slot->pins && limit_reached(client))
		return -ENOMEM;
	if (!slot->pins++) {
		slot->pinned = slot->now;
		client->locked++;
		/* It has been faulted in. */
		if (!folio_test_large(slot->now->folio))
			WRITE_ONCE(slot->now->folio->mapcount.counter, 1);
	}
	*page = slot->pinned;
	return 0;
}

static void unpin_one(struct hosted_client *client, u64 iova)
{
	struct client_mapping *mapping = find_mapping(client, iova);
	struct client_page *slot = mapping ? slot_at(mapping, iova) : NULL;
	struct page *page;

	if (WARN_ON_ONCE(!slot || !slot->pins) || --slot->pins)
		return;
	page = slot->pinned;
	slot->pinned = NULL;
	client->locked--;
	page_put(mapping, slot, page);
}

int client_pin(struct hosted_client *client, u64 iova, int n, struct page **pages)
{
	int i, ret = 0;

	mutex_lock(&client->container);
	mutex_lock(&client_lock);
	for (i = 0; i < n && !ret; i++)
		ret = pin_one(client, iova + i * PAGE_SIZE, &pages[i]);
	for (i--; ret && i > 0; i--)
		unpin_one(client, iova + (i - 1) * PAGE_SIZE);
	if (ret == -ENOMEM)
		client->refused++;
	mutex_unlock(&client_lock);
	mutex_unlock(&client->container);
	return ret ?: n;
}

void client_unpin(struct hosted_client *client, u64 iova, int n)
{
	mutex_lock(&client->container);
	mutex_lock(&client_lock);
	for (int i = 0; i < n; i++)
		unpin_one(client, iova + i * PAGE_SIZE);
	mutex_unlock(&client_lock);
	mutex_unlock(&client->container);
}

long client_pinned(const struct hosted_client *client)
{
	struct client_mapping *mapping;
	long n = 0;

	mutex_lock(&client_lock);
	list_for_each_entry(mapping, &client_mappings, list)
	{
		for (size_t i = 0; mapping->client == client && i < mapping->bytes / PAGE_SIZE; i++)
			n += mapping->pages[i].pins;
	}
	mutex_unlock(&client_lock);
	return n;
}

void client_limit(struct hosted_client *client, unsigned long pages)
{
	mutex_lock(&client_lock);
	client->limit = pages;
	mutex_unlock(&client_lock);
}

unsigned long client_refused(struct hosted_client *client)
{
	unsigned long n;

	mutex_lock(&client_lock);
	n = client->refused;
	mutex_unlock(&client_lock);
	return n;
}
