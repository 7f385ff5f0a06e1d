// SPDX-License-Identifier: MIT
/* cmd_bind.c - ccwring bind and ccwring unbind */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "binding.h"
#include "cmd.h"

struct args {
	struct binding binding;
	const char *id;
	bool unbind;
};

#define OPT_DRIVER_ONLY 0x100
#define OPT_UUID	0x101
#define OPT_ONLINE	0x102

static const struct argp_option bind_options[] = {
	{ "driver-only", OPT_DRIVER_ONLY, NULL, 0, "Change the driver, make no mediated device",
	  0 },
	{ "uuid", OPT_UUID, "UUID", 0, "UUID of the mediated device (random)", 0 },
	{ "dry-run", 'n', NULL, 0, "Say what would be done, change nothing", 0 },
	{ "sysfs", 's', "DIR", 0, "Where sysfs is mounted (/sys)", 0 },
	{ 0 },
};

static const struct argp_option unbind_options[] = {
	{ "online", OPT_ONLINE, NULL, 0, "Set the device online afterwards", 0 },
	{ "dry-run", 'n', NULL, 0, "Say what would be done, change nothing", 0 },
	{ "sysfs", 's', "DIR", 0, "Where sysfs is mounted (/sys)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;

	switch (key) {
	case OPT_DRIVER_ONLY:
		args->binding.driver_only = true;
		break;
	case OPT_UUID:
		if (!binding_uuid_ok(arg))
			argp_error(state, "'%s' is not a UUID", arg);
		args->binding.uuid = arg;
		break;
	case OPT_ONLINE:
		args->binding.online = true;
		break;
	case 'n':
		args->binding.dry_run = true;
		break;
	case 's':
		args->binding.sysfs = arg;
		break;
	case ARGP_KEY_ARG:
		if (args->id)
			argp_error(state, "one device at a time");
		args->id = arg;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which device?");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void not_found(const char *id, int err)
{
	if (err == -ENODEV)
		complain("%s: there is none (a number is a device's; a subchannel is named as "
			 "sch:0.0.0001)",
			 id);
	else if (err == -EINVAL)
		complain("%s: neither a device number (0.0.0120, 120) nor a subchannel "
			 "(sch:0.0.0001) nor a UUID",
			 id);
	else
		complain("%s: %s", id, strerror(-err));
}

static int run(struct args *args)
{
	struct ccwring_subchannel sch = { .size = sizeof(sch) };
	char why[256];
	int err;

	if (!args->unbind)
		binding_settle(&args->binding);
	err = ccwring_subchannel_find(args->binding.sysfs, args->id, &sch);
	if (err) {
		not_found(args->id, err);
		return EXIT_FAIL;
	}
	if (in_use(&sch, args->binding.sysfs, why, sizeof(why))) {
		complain("%s is in use: %s", args->id, why);
		return EXIT_REFUSED;
	}
	err = args->unbind ? binding_remove(&args->binding, &sch)
			   : binding_make(&args->binding, &sch);
	return err ? EXIT_FAIL : EXIT_OK;
}

int cmd_bind(int argc, char **argv)
{
	static const struct argp argp = {
		bind_options,
		parse,
		"DEVICE",
		"Hand a device to vfio_ccw: set it offline, change its subchannel's driver and make "
		"a mediated device.  What was done is undone if a step fails.\vDEVICE is a device "
		"number (0.0.0120, 120), or a subchannel (sch:0.0.0001); a number is never taken "
		"for that of a subchannel.  Prints device number, subchannel, UUID and VFIO group.",
		NULL,
		NULL,
		NULL
	};
	struct args args = { .binding.sysfs = "/sys" };

	return argp_parse(&argp, argc, argv, 0, NULL, &args) ? EXIT_USAGE : run(&args);
}

int cmd_unbind(int argc, char **argv)
{
	static const struct argp argp = {
		unbind_options,
		parse,
		"DEVICE",
		"Give a device back: remove its mediated device, clear the driver override and bind "
		"its subchannel to io_subchannel.\vDEVICE is a device number (0.0.0120, 120), a "
		"subchannel (sch:0.0.0001) or a UUID; a number is never taken for that of a "
		"subchannel.",
		NULL,
		NULL,
		NULL
	};
	struct args args = { .binding.sysfs = "/sys", .unbind = true };

	return argp_parse(&argp, argc, argv, 0, NULL, &args) ? EXIT_USAGE : run(&args);
}
