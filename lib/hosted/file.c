// SPDX-License-Identifier: GPL-2.0-only
/* file.c - the ring's file, and numbers for it */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <shim/vfio.h>

#include "hosted.h"

#define MAX_FILES 256

static DEFINE_MUTEX(table_lock); /* protects the following, and files' refs and polled */
static struct file *table[MAX_FILES];
static bool taken[MAX_FILES];

struct file *anon_inode_getfile(const char *name, const struct file_operations *ops, void *data,
				int flags)
{
	struct file *file = calloc(1, sizeof(*file));

	(void)name;
	(void)flags;
	if (!file)
		return ERR_PTR(-ENOMEM);
	file->f_op = ops;
	file->private_data = data;
	file->refs = 1;
	return file;
}

int get_unused_fd_flags(int flags)
{
	int fd = -EMFILE;

	(void)flags;
	mutex_lock(&table_lock);
	for (int i = 0; i < MAX_FILES && fd < 0; i++) {
		if (taken[i])
			continue;
		taken[i] = true;
		fd = i;
	}
	mutex_unlock(&table_lock);
	return fd;
}

void put_unused_fd(int fd)
{
	mutex_lock(&table_lock);
	taken[fd] = false;
	mutex_unlock(&table_lock);
}

void fd_install(int fd, struct file *file)
{
	mutex_lock(&table_lock);
	table[fd] = file;
	mutex_unlock(&table_lock);
}

struct file *fget(int fd)
{
	struct file *file = NULL;

	mutex_lock(&table_lock);
	if (fd >= 0 && fd < MAX_FILES && table[fd]) {
		file = table[fd];
		file->refs++;
	}
	mutex_unlock(&table_lock);
	return file;
}

static int signal_poller(struct wait_queue_entry *wait, unsigned int mode, int flags, void *key)
{
	const poll_table *table = container_of(wait, poll_table, wait);

	(void)mode;
	(void)flags;
	(void)key;
	eventfd_write(table->eventfd, 1);
	return 1;
}

/* @table is NULL for who only looks. */
void poll_wait(struct file *file, struct wait_queue_head *queue, poll_table *table)
{
	(void)file;
	if (!table)
		return;
	table->queue = queue;
	table->wait.func = signal_poller;
	spin_lock(&queue->lock);
	__add_wait_queue_entry_tail(queue, &table->wait);
	spin_unlock(&queue->lock);
}

static void end_poll(poll_table *table)
{
	if (!table)
		return;
	spin_lock(&table->queue->lock);
	list_del(&table->wait.entry);
	spin_unlock(&table->queue->lock);
	close(table->eventfd);
	free(table);
}

static void end_file(struct file *file)
{
	end_poll(file->polled);
	file->f_op->release(NULL, file);
	free(file);
}

static __thread bool in_kernel;
static __thread struct file *ended;

void shim_enter_kernel(void)
{
	in_kernel = true;
}

void shim_return_to_user(void)
{
	struct file *file, *next;

	in_kernel = false;
	for (file = ended; file; file = next) {
		next = file->next;
		end_file(file);
	}
	ended = NULL;
}

void fput(struct file *file)
{
	int left;

	mutex_lock(&table_lock);
	left = --file->refs;
	mutex_unlock(&table_lock);
	if (left)
		return;
	if (in_kernel) {
		file->next = ended;
		ended = file;
	} else {
		end_file(file);
	}
}

long hosted_ioctl(int fd, unsigned int request, unsigned long argument)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	current->signaled = false;
	ret = file->f_op->unlocked_ioctl(file, request, argument);
	fput(file);
	return ret;
}

int hosted_mmap(int fd, uint64_t offset, size_t bytes, bool writable, void **memory)
{
	struct vm_area_struct vma = {
		.vm_end = bytes,
		.vm_flags = VM_SHARED | VM_MAYWRITE | (writable ? VM_WRITE : 0),
		.vm_pgoff = offset >> PAGE_SHIFT,
	};
	struct file *file = fget(fd);
	int ret;

	if (!file)
		return -EBADF;
	ret = file->f_op->mmap(file, &vma);
	fput(file);
	*memory = vma.memory;
	return ret;
}

unsigned int hosted_poll(int fd)
{
	struct file *file = fget(fd);
	unsigned int events;

	if (!file)
		return EPOLLERR;
	events = file->f_op->poll(file, NULL);
	fput(file);
	return events;
}

static int poll_file(struct file *file)
{
	poll_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (table->eventfd < 0) {
		free(table);
		return -errno;
	}
	file->polled = table;
	if (file->f_op->poll(file, table))
		eventfd_write(table->eventfd, 1);
	return table->eventfd;
}

int hosted_poll_fd(int fd)
{
	struct file *file = fget(fd);
	int ret;

	if (!file)
		return -EBADF;
	mutex_lock(&table_lock);
	ret = file->polled ? file->polled->eventfd : poll_file(file);
	mutex_unlock(&table_lock);
	fput(file);
	return ret;
}

void hosted_close(int fd)
{
	struct file *file;

	mutex_lock(&table_lock);
	file = fd >= 0 && fd < MAX_FILES ? table[fd] : NULL;
	if (file) {
		table[fd] = NULL;
		taken[fd] = false;
	}
	mutex_unlock(&table_lock);
	if (file)
		fput(file);
}
