// SPDX-License-Identifier: MIT
#include "plug.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MDEVS "/sys/bus/mdev/devices/"
#define CIO   "/sys/kernel/debug/s390/cio/"

uint64_t t_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

void t_host(const char *request)
{
	printf("@host %s\n", request);
	fflush(stdout);
}

void t_shell(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	fflush(stdout);
	T_NEED(!system(command), "%s", command);
}

int t_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

static bool holds(const char *path, const char *content)
{
	char text[64] = "";
	FILE *stream = fopen(path, "re");

	if (!stream)
		return false;
	if (!fgets(text, sizeof(text), stream))
		text[0] = 0;
	fclose(stream);
	text[strcspn(text, "\n")] = 0;
	return !strcmp(text, content);
}

bool t_appears(const char *path)
{
	uint64_t end = t_now_ms() + T_PATIENCE_MS;

	while (!exists(path) && t_now_ms() < end)
		usleep(10000);
	return exists(path);
}

bool t_vanishes(const char *path)
{
	uint64_t end = t_now_ms() + T_PATIENCE_MS;

	while (exists(path) && t_now_ms() < end)
		usleep(10000);
	return !exists(path);
}

bool t_becomes(const char *path, const char *content)
{
	uint64_t end = t_now_ms() + T_PATIENCE_MS;

	while (!holds(path, content) && t_now_ms() < end)
		usleep(10000);
	return holds(path, content);
}

void t_bind(void)
{
	t_shell("ccwring bind " T_DEVNO " >/dev/null");
}

void t_plug_in(void)
{
	t_host(T_HOST_ADD);
	T_NEED(t_becomes("/sys/bus/ccw/devices/" T_DEVNO "/online", "1"), "a device comes");
	t_bind();
}

/* The subchannel is the directory the mediated device is in. */
void t_sub_of(struct t_device *device, struct t_sub *sub)
{
	char link[128], target[PATH_MAX], *slash;

	snprintf(link, sizeof(link), MDEVS "%s", device->uuid);
	T_NEED(realpath(link, target), "%s exists", link);
	slash = strrchr(target, '/');
	*slash = 0;
	snprintf(sub->id, sizeof(sub->id), "%.16s", strrchr(target, '/') + 1);
	snprintf(sub->sysfs, sizeof(sub->sysfs), T_CSS "%s", sub->id);
	sub->device = device;
}

static bool has_devno(const struct t_sub *sub, const char *devno)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/dev_busid", sub->sysfs);
	return holds(path, devno);
}

void t_find_sub(struct t_vm *vm, struct t_sub *sub)
{
	int i;

	for (i = 0; i < vm->nr_devices; i++) {
		t_sub_of(&vm->devices[i], sub);
		if (has_devno(sub, T_DEVNO))
			return;
	}
	tap_bail(__FILE__, __LINE__, "no subchannel of " T_DEVNO " is bound");
}

struct t_device *t_neighbour(struct t_vm *vm, const struct t_sub *sub)
{
	T_NEED(vm->nr_devices == 2, "there are two devices");
	return &vm->devices[sub->device == &vm->devices[0]];
}

int t_eventfd(int device, uint32_t index)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	T_NEED(fd >= 0, "an eventfd opens");
	t_region_trigger(device, index, fd);
	return fd;
}

bool t_signalled(int eventfd, int timeout_ms)
{
	struct pollfd pollfd = { .fd = eventfd, .events = POLLIN };
	uint64_t events;

	return poll(&pollfd, 1, timeout_ms) == 1 &&
	       read(eventfd, &events, sizeof(events)) == sizeof(events);
}

void t_note_before(struct t_before *before)
{
	before->pinned = t_pages_pinned();
	before->users = t_module_users();
	before->locked = t_number_after("/proc/self/status", "VmLck:");
}

/* Files close a moment after their process has ended. */
static bool users_become(long long users)
{
	int tries = 100;

	while (t_module_users() != users && tries--)
		usleep(10000);
	return t_module_users() == users;
}

void t_check_after(const struct t_before *before, const char *when)
{
	T_CHECK(t_pages_pinned_become(before->pinned), "%s: no page stays pinned", when);
	T_CHECK(users_become(before->users), "%s: the module's users are back (%lld, before %lld)",
		when, t_module_users(), before->users);
	T_EQUAL(t_number_after("/proc/self/status", "VmLck:"), before->locked,
		"%s: no memory stays locked", when);
}

void t_allow_crws(void)
{
	T_NEED(!t_write(CIO "enable_inject", "1"), "CRWs can be injected");
}

/* The one before may still wait for the kernel's thread. */
bool t_inject(struct t_crw crw)
{
	uint64_t end = t_now_ms() + T_PATIENCE_MS;
	char text[64];
	int ret;

	snprintf(text, sizeof(text), "%x %x 0 %x %x %x %x", crw.solicited, crw.overflow, crw.source,
		 crw.ancillary, crw.event, crw.id);
	do {
		ret = t_write(CIO "crw_inject", text);
	} while (ret == -EBUSY && t_now_ms() < end);
	return !ret;
}

pid_t t_start(int (*what)(void *argument), void *argument)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	T_NEED(pid >= 0, "a process starts");
	if (!pid)
		_exit(what(argument));
	return pid;
}

pid_t t_spawn(const char *format, ...)
{
	char command[512];
	va_list args;
	pid_t pid;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	fflush(stdout);
	pid = fork();
	T_NEED(pid >= 0, "a process starts");
	if (!pid) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	return pid;
}

pid_t t_unbind(const struct t_sub *sub)
{
	return t_spawn("echo %s >" T_DRIVER "unbind", sub->id);
}

pid_t t_remove_mdev(const struct t_sub *sub)
{
	return t_spawn("echo 1 >" MDEVS "%s/remove", sub->device->uuid);
}

int t_ended(pid_t pid, unsigned int ms)
{
	uint64_t end = t_now_ms() + ms;
	int status;
	pid_t ret;

	while (!(ret = waitpid(pid, &status, WNOHANG)) && t_now_ms() < end)
		usleep(5000);
	return ret == pid ? status : -1;
}

bool t_exited(pid_t pid)
{
	int status = t_ended(pid, T_PATIENCE_MS);

	return WIFEXITED(status) && !WEXITSTATUS(status);
}
