// SPDX-License-Identifier: MIT
/* subchannel.c - subchannels, devices and mediated devices in sysfs */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ccwring/subchannel.h>

/* What identifiers of subchannels begin with. */
#define SUBCHANNEL "sch:"

/* Copies as much as there is room for. */
static void copy(char *buf, size_t size, const char *s)
{
	size_t len = strnlen(s, size - 1);

	memcpy(buf, s, len);
	buf[len] = '\0';
}

/* Reads an attribute's first line; "" if there is none. */
static void read_attr(char *buf, size_t size, const char *dir, const char *name)
{
	char path[PATH_MAX];
	FILE *f;

	buf[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return;
	f = fopen(path, "re");
	if (!f)
		return;
	if (!fgets(buf, size, f))
		buf[0] = '\0';
	fclose(f);
	buf[strcspn(buf, "\n")] = '\0';
}

/* Last component of what a link points to; "" if there is none. */
static void read_link(char *buf, size_t size, const char *dir, const char *name)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *base;
	ssize_t n;

	buf[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return;
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	base = strrchr(target, '/');
	copy(buf, size, base ? base + 1 : target);
}

static size_t hex_digits(const char *s)
{
	return strspn(s, "0123456789abcdefABCDEF");
}

/* All digits are there: 0.0.012 could be short of one at either end. */
static bool is_bus_id(const char *s)
{
	size_t cssid = hex_digits(s);

	if (!cssid || cssid > 2 || s[cssid] != '.')
		return false;
	s += cssid + 1;
	return hex_digits(s) == 1 && s[1] == '.' && hex_digits(s + 2) == 4 && !s[6];
}

static bool is_uuid(const char *s)
{
	for (int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
			return false;
	}
	return !s[36];
}

/* The attributes read "3990/e9", or "n/a". */
static void parse_type(const char *s, uint16_t *type, uint8_t *model)
{
	unsigned int t, m;

	if (sscanf(s, "%4x/%2x", &t, &m) == 2) {
		*type = t;
		*model = m;
	}
}

static void read_ccw_device(struct ccwring_subchannel *sch, const char *sch_dir)
{
	char dir[PATH_MAX], buf[32];

	if (snprintf(dir, sizeof(dir), "%s/%s", sch_dir, sch->devno) >= (int)sizeof(dir))
		return;
	read_link(sch->device_driver, sizeof(sch->device_driver), dir, "driver");
	read_attr(buf, sizeof(buf), dir, "online");
	sch->online = buf[0] == '1';
	read_attr(buf, sizeof(buf), dir, "cutype");
	parse_type(buf, &sch->cu_type, &sch->cu_model);
	read_attr(buf, sizeof(buf), dir, "devtype");
	parse_type(buf, &sch->dev_type, &sch->dev_model);
}

/* The name of the character device is that of a directory; "" if there is none. */
static void read_cdev(struct ccwring_subchannel *sch, const char *mdev_dir)
{
	char dir[PATH_MAX];
	struct dirent *e;
	DIR *d;

	if (snprintf(dir, sizeof(dir), "%s/vfio-dev", mdev_dir) >= (int)sizeof(dir))
		return;
	d = opendir(dir);
	if (!d)
		return;
	while ((e = readdir(d))) {
		if (!strncmp(e->d_name, "vfio", strlen("vfio")))
			copy(sch->cdev, sizeof(sch->cdev), e->d_name);
	}
	closedir(d);
}

static void read_mdev(struct ccwring_subchannel *sch, const char *sch_dir, const char *uuid)
{
	char dir[PATH_MAX], group[16];

	copy(sch->uuid, sizeof(sch->uuid), uuid);
	if (snprintf(dir, sizeof(dir), "%s/%s", sch_dir, uuid) >= (int)sizeof(dir))
		return;
	read_link(group, sizeof(group), dir, "iommu_group");
	if (isdigit((unsigned char)group[0]))
		sch->group = atoi(group);
	read_cdev(sch, dir);
}

/* Mediated devices are directories of the subchannel named by their UUID, the
 * ccw device one named by its bus id. */
static void read_children(struct ccwring_subchannel *sch, const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(dir);

	if (!d)
		return;
	while ((e = readdir(d))) {
		if (is_uuid(e->d_name) && !sch->uuid[0])
			read_mdev(sch, dir, e->d_name);
		else if (is_bus_id(e->d_name) && !sch->devno[0])
			copy(sch->devno, sizeof(sch->devno), e->d_name);
	}
	closedir(d);
}

/* Returns false for subchannels that are not for I/O. */
static bool read_subchannel(struct ccwring_subchannel *sch, const char *sysfs, const char *id)
{
	char dir[PATH_MAX], buf[32];

	*sch = (struct ccwring_subchannel){ .size = sizeof(*sch), .group = -1 };
	if (snprintf(dir, sizeof(dir), "%s/bus/css/devices/%s", sysfs, id) >= (int)sizeof(dir))
		return false;
	read_attr(buf, sizeof(buf), dir, "type");
	if (strcmp(buf, "0"))
		return false;
	copy(sch->id, sizeof(sch->id), id);
	read_attr(buf, sizeof(buf), dir, "dev_busid");
	if (is_bus_id(buf))
		copy(sch->devno, sizeof(sch->devno), buf);
	read_link(sch->driver, sizeof(sch->driver), dir, "driver");
	read_children(sch, dir);
	if (sch->devno[0])
		read_ccw_device(sch, dir);
	return true;
}

static int only_bus_ids(const struct dirent *e)
{
	return is_bus_id(e->d_name);
}

int ccwring_subchannel_each(const char *sysfs, ccwring_subchannel_fn fn, void *arg)
{
	struct ccwring_subchannel sch;
	struct dirent **names;
	char dir[PATH_MAX];
	int n, ret = 0;

	sysfs = sysfs ? sysfs : "/sys";
	if (snprintf(dir, sizeof(dir), "%s/bus/css/devices", sysfs) >= (int)sizeof(dir))
		return -ENAMETOOLONG;
	n = scandir(dir, &names, only_bus_ids, alphasort);
	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		if (!ret && read_subchannel(&sch, sysfs, names[i]->d_name))
			ret = fn(arg, &sch);
		free(names[i]);
	}
	free(names);
	return ret;
}

/* What to look for: any field that is not NULL. */
struct wanted {
	const char *devno;
	const char *id;
	const char *uuid;
	struct ccwring_subchannel found;
};

static int match(void *arg, const struct ccwring_subchannel *sch)
{
	struct wanted *w = arg;

	if ((w->devno && strcasecmp(w->devno, sch->devno)) ||
	    (w->id && strcasecmp(w->id, sch->id)) || (w->uuid && strcasecmp(w->uuid, sch->uuid)))
		return 0;
	w->found = *sch;
	return 1;
}

/* "120" and "0120" mean 0.0.0120. */
static int device_number(const char *s, char *buf, size_t size)
{
	size_t digits = hex_digits(s);

	if (is_bus_id(s))
		snprintf(buf, size, "%s", s);
	else if (digits && digits <= 4 && !s[digits])
		snprintf(buf, size, "0.0.%04lx", strtoul(s, NULL, 16));
	else
		return -EINVAL;
	return 0;
}

/* One kind of name, one thing it can be: what is not found is not looked for elsewhere. */
static int look(const char *sysfs, struct wanted *w, const char *id)
{
	char devno[24];

	if (is_uuid(id)) {
		w->uuid = id;
	} else if (!strncmp(id, SUBCHANNEL, strlen(SUBCHANNEL))) {
		w->id = id + strlen(SUBCHANNEL);
		if (!is_bus_id(w->id))
			return -EINVAL;
	} else {
		w->devno = devno;
		if (device_number(id, devno, sizeof(devno)))
			return -EINVAL;
	}
	return ccwring_subchannel_each(sysfs, match, w);
}

int ccwring_subchannel_find(const char *sysfs, const char *id, struct ccwring_subchannel *sch)
{
	struct wanted w = { 0 };
	size_t size = sch->size;
	int ret;

	if (size < sizeof(size))
		return -EINVAL;
	ret = look(sysfs, &w, id);
	if (ret <= 0)
		return ret ? ret : -ENODEV;
	memcpy(sch, &w.found, size < sizeof(*sch) ? size : sizeof(*sch));
	sch->size = size;
	return 0;
}
