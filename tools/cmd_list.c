// SPDX-License-Identifier: MIT
/* cmd_list.c - ccwring list */
#include <argp.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

struct list {
	const char *sysfs;
	bool vfio_only;
	struct json_object *json; /* array, or NULL for a table */
};

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print one JSON array", 0 },
	{ "vfio", 'v', NULL, 0, "Only subchannels of vfio_ccw", 0 },
	{ "sysfs", 's', "DIR", 0, "Where sysfs is mounted (/sys)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct list *list = state->input;

	switch (key) {
	case 'j':
		list->json = json_object_new_array();
		break;
	case 'v':
		list->vfio_only = true;
		break;
	case 's':
		list->sysfs = arg;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void add_string(struct json_object *o, const char *key, const char *s)
{
	json_object_object_add(o, key, s[0] ? json_object_new_string(s) : NULL);
}

static void add_json(struct json_object *array, const struct ccwring_subchannel *sch,
		     const char *cu, const char *dev, const char *why)
{
	struct json_object *o = json_object_new_object();

	add_string(o, "subchannel", sch->id);
	add_string(o, "devno", sch->devno);
	add_string(o, "device", dev);
	add_string(o, "control_unit", cu);
	add_string(o, "driver", sch->driver);
	add_string(o, "device_driver", sch->device_driver);
	json_object_object_add(o, "online", json_object_new_boolean(sch->online));
	add_string(o, "uuid", sch->uuid);
	add_string(o, "in_use", why);
	json_object_array_add(array, o);
}

static void type(char *buf, size_t size, uint16_t t, uint8_t model)
{
	buf[0] = '\0';
	if (t)
		snprintf(buf, size, "%04x/%02x", t, model);
}

static const char *dash(const char *s)
{
	return s[0] ? s : "-";
}

static int show(void *arg, const struct ccwring_subchannel *sch)
{
	struct list *list = arg;
	char cu[16], dev[16], why[256];

	if (list->vfio_only && strcmp(sch->driver, "vfio_ccw"))
		return 0;
	type(cu, sizeof(cu), sch->cu_type, sch->cu_model);
	type(dev, sizeof(dev), sch->dev_type, sch->dev_model);
	in_use(sch, list->sysfs, why, sizeof(why));
	if (list->json) {
		add_json(list->json, sch, cu, dev, why);
		return 0;
	}
	printf("%-10s %-10s %-8s %-8s %-14s %-16s %-36s %s\n", dash(sch->devno), sch->id, dash(dev),
	       dash(cu), dash(sch->driver), sch->online ? dash(sch->device_driver) : "-",
	       dash(sch->uuid), why[0] ? why : "no");
	return 0;
}

int cmd_list(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		parse,
		NULL,
		"Show I/O subchannels: device number, subchannel, type, driver, mediated device "
		"and whether something uses it.",
		NULL,
		NULL,
		NULL
	};
	struct list list = { .sysfs = "/sys" };
	int err;

	if (argp_parse(&argp, argc, argv, 0, NULL, &list))
		return EXIT_USAGE;
	if (!list.json)
		printf("%-10s %-10s %-8s %-8s %-14s %-16s %-36s %s\n", "DEVNO", "SUBCH", "DEVICE",
		       "CU", "DRIVER", "ONLINE WITH", "UUID", "IN USE");
	err = ccwring_subchannel_each(list.sysfs, show, &list);
	if (err) {
		complain("cannot read subchannels: %s", strerror(-err));
		return EXIT_FAIL;
	}
	if (list.json) {
		puts(json_object_to_json_string_ext(list.json,
						    JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(list.json);
	}
	return EXIT_OK;
}
