// SPDX-License-Identifier: MIT
/*
 * binding.c - change the driver of a subchannel, and change it back
 *
 * Each step is one write to a sysfs attribute.  Steps that were done are kept
 * with what undoes them; when one fails, they are undone in reverse order.
 * A driver refuses to bind a subchannel whose override names another, so the
 * override changes while no driver has the subchannel, in both directions.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "binding.h"
#include "cmd.h"

#define MAX_STEPS    8
#define SETTLE_TRIES 100
#define SETTLE_USEC  50000

struct step {
	char path[256];
	char value[64];
};

struct steps {
	const struct binding *b;
	struct step undo[MAX_STEPS];
	int n;
};

static int write_once(const struct binding *b, const char *path, const char *value)
{
	char full[PATH_MAX];
	ssize_t n;
	int fd, err = 0;

	snprintf(full, sizeof(full), "%.3000s/%s", b->sysfs, path);
	fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* An empty value is written as the newline that stands for it. */
	n = value[0] ? write(fd, value, strlen(value)) : write(fd, "\n", 1);
	if (n < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Some devices go online by themselves, and refuse to do it twice. */
static bool already(const struct binding *b, const char *path, const char *value)
{
	char full[PATH_MAX], now[64] = "";
	FILE *f;

	snprintf(full, sizeof(full), "%.3000s/%s", b->sysfs, path);
	f = fopen(full, "re");
	if (!f)
		return false;
	if (!fgets(now, sizeof(now), f))
		now[0] = '\0';
	fclose(f);
	now[strcspn(now, "\n")] = '\0';
	return !strcmp(now, value);
}

/* A device appears, and can be set online, only some time after its subchannel
 * was bound. */
static bool may_come(const char *path, int err)
{
	const char *name = strrchr(path, '/');

	return name && !strcmp(name, "/online") && (err == -ENOENT || err == -EAGAIN);
}

static int write_attr(const struct binding *b, const char *path, const char *value)
{
	int err;

	if (b->dry_run) {
		printf("echo '%s' > %s/%s\n", value, b->sysfs, path);
		return 0;
	}
	for (int i = 0; i < SETTLE_TRIES; i++) {
		err = write_once(b, path, value);
		if (!may_come(path, err))
			break;
		usleep(SETTLE_USEC);
	}
	return err == -EINVAL && already(b, path, value) ? 0 : err;
}

static bool exists(const struct binding *b, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%.3000s/%s", b->sysfs, path);
	return !access(full, F_OK);
}

static void roll_back(struct steps *s)
{
	while (s->n--) {
		const struct step *u = &s->undo[s->n];
		int err = write_attr(s->b, u->path, u->value);

		if (err)
			complain("undoing: '%s' > %s: %s", u->value, u->path, strerror(-err));
	}
}

/* Writes @value to @path; on failure says so and undoes what was done. */
static int step(struct steps *s, const char *path, const char *value)
{
	int err = write_attr(s->b, path, value);

	if (err) {
		complain("'%s' > %s/%s: %s", value, s->b->sysfs, path, strerror(-err));
		roll_back(s);
	}
	return err;
}

/* Remembers how to undo the step before. */
static void __attribute__((format(printf, 3, 4)))
undo_with(struct steps *s, const char *value, const char *path, ...)
{
	struct step *u = &s->undo[s->n++];
	va_list ap;

	snprintf(u->value, sizeof(u->value), "%s", value);
	va_start(ap, path);
	vsnprintf(u->path, sizeof(u->path), path, ap);
	va_end(ap);
}

void binding_settle(const struct binding *b)
{
	/* Where it is not there, nothing can be waited for. */
	if (!b->dry_run)
		write_once(b, "../proc/cio_settle", "1");
}

bool binding_uuid_ok(const char *uuid)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(uuid) != strlen(form))
		return false;
	for (int i = 0; form[i]; i++)
		if (form[i] == '-' ? uuid[i] != '-' : !isxdigit((unsigned char)uuid[i]))
			return false;
	return true;
}

static int random_uuid(char *uuid, size_t size)
{
	unsigned char r[16];

	if (getrandom(r, sizeof(r), 0) != sizeof(r))
		return -EIO;
	r[6] = (r[6] & 0x0f) | 0x40;
	r[8] = (r[8] & 0x3f) | 0x80;
	snprintf(uuid, size, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12],
		 r[13], r[14], r[15]);
	return 0;
}

/*
 * Is the device online, or about to be?  virtio_ccw puts its devices online by itself, in
 * the background.  Where the subchannel is unbound in the midst of that, Linux 6.12 still
 * starts I/O on it when it has its next driver, and writes the ORB over that one's data.
 */
static bool is_online(const struct binding *b, const struct ccwring_subchannel *sch)
{
	char path[256];

	snprintf(path, sizeof(path), "bus/ccw/drivers/virtio_ccw/%s", sch->devno);
	if (sch->online || !sch->devno[0] || b->dry_run || !exists(b, path))
		return sch->online;
	snprintf(path, sizeof(path), "bus/ccw/devices/%s/online", sch->devno);
	for (int i = 0; i < SETTLE_TRIES; i++) {
		if (already(b, path, "1"))
			return true;
		usleep(SETTLE_USEC);
	}
	return false;
}

/* Takes the subchannel from its driver and gives it to vfio_ccw. */
static int take(struct steps *s, const struct ccwring_subchannel *sch)
{
	char path[256];
	int err = 0;

	if (is_online(s->b, sch)) {
		snprintf(path, sizeof(path), "bus/ccw/devices/%s/online", sch->devno);
		err = step(s, path, "0");
		if (err)
			return err;
		undo_with(s, "1", "%s", path);
	}
	if (sch->driver[0]) {
		snprintf(path, sizeof(path), "bus/css/drivers/%s/unbind", sch->driver);
		err = step(s, path, sch->id);
		if (err)
			return err;
		undo_with(s, sch->id, "bus/css/drivers/%s/bind", sch->driver);
	}
	snprintf(path, sizeof(path), "bus/css/devices/%s/driver_override", sch->id);
	err = step(s, path, "vfio_ccw");
	if (err)
		return err;
	undo_with(s, "", "%s", path);
	err = step(s, "bus/css/drivers/vfio_ccw/bind", sch->id);
	if (!err)
		undo_with(s, sch->id, "bus/css/drivers/vfio_ccw/unbind");
	return err;
}

static int make_mdev(struct steps *s, const struct ccwring_subchannel *sch, char *uuid, size_t size)
{
	char path[256];
	int err = 0;

	if (s->b->uuid)
		snprintf(uuid, size, "%s", s->b->uuid);
	else
		err = random_uuid(uuid, size);
	if (err) {
		roll_back(s);
		return err;
	}
	snprintf(path, sizeof(path), "bus/css/devices/%s/mdev_supported_types/vfio_ccw-io/create",
		 sch->id);
	return step(s, path, uuid);
}

static void report(const struct binding *b, const struct ccwring_subchannel *before)
{
	struct ccwring_subchannel sch = { .size = sizeof(sch) };
	char id[32];

	if (b->dry_run)
		return;
	snprintf(id, sizeof(id), "sch:%s", before->id);
	if (ccwring_subchannel_find(b->sysfs, id, &sch))
		return;
	printf("%s %s %s %d\n", sch.devno[0] ? sch.devno : "-", sch.id,
	       sch.uuid[0] ? sch.uuid : "-", sch.group);
}

int binding_make(const struct binding *b, const struct ccwring_subchannel *sch)
{
	struct steps s = { .b = b };
	char uuid[40];
	int err = 0;

	if (!exists(b, "bus/css/drivers/vfio_ccw")) {
		complain("there is no driver vfio_ccw: load its module first");
		return -ENOENT;
	}
	if (sch->uuid[0] && !b->driver_only) {
		complain("%s already has mediated device %s", sch->id, sch->uuid);
		return -EEXIST;
	}
	if (strcmp(sch->driver, "vfio_ccw"))
		err = take(&s, sch);
	if (!err && !b->driver_only)
		err = make_mdev(&s, sch, uuid, sizeof(uuid));
	if (!err)
		report(b, sch);
	return err;
}

/* The subchannel stays where it is now, whatever becomes of the device. */
static int await_device(const struct binding *b, const struct ccwring_subchannel *sch)
{
	struct steps s = { .b = b };
	char path[256];

	binding_settle(b);
	if (!b->online)
		return 0;
	snprintf(path, sizeof(path), "bus/ccw/devices/%s/online", sch->devno);
	return step(&s, path, "1");
}

static int remove_mdev(struct steps *s, const struct ccwring_subchannel *sch)
{
	char path[256];

	snprintf(path, sizeof(path), "bus/mdev/devices/%s/remove", sch->uuid);
	return step(s, path, "1");
}

int binding_remove(const struct binding *b, const struct ccwring_subchannel *sch)
{
	struct steps s = { .b = b };
	char path[256];
	int err = 0;

	if (strcmp(sch->driver, "vfio_ccw")) {
		complain("%s belongs to %s, not to vfio_ccw", sch->id,
			 sch->driver[0] ? sch->driver : "no driver");
		return -ENXIO;
	}
	if (sch->uuid[0])
		err = remove_mdev(&s, sch);
	if (err)
		return err;
	if (sch->uuid[0])
		undo_with(&s, sch->uuid,
			  "bus/css/devices/%s/mdev_supported_types/vfio_ccw-io/create", sch->id);
	err = step(&s, "bus/css/drivers/vfio_ccw/unbind", sch->id);
	if (err)
		return err;
	undo_with(&s, sch->id, "bus/css/drivers/vfio_ccw/bind");
	snprintf(path, sizeof(path), "bus/css/devices/%s/driver_override", sch->id);
	err = step(&s, path, "");
	if (err)
		return err;
	undo_with(&s, "vfio_ccw", "%s", path);
	err = step(&s, "bus/css/drivers/io_subchannel/bind", sch->id);
	if (err || !sch->devno[0])
		return err;
	return await_device(b, sch);
}
