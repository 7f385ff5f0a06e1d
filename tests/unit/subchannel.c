// SPDX-License-Identifier: MIT
/* subchannel.c - finding devices in a sysfs made for the purpose */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ccwring/device.h>
#include <ccwring/subchannel.h>

#include "sysfs.h"
#include "unit.h"

#define UUID "6dfd3ec5-e8b3-4e18-a6fe-57bc9eceb920"

#define CSS  "bus/css/devices/"

static int setup(void **state)
{
	(void)state;
	sysfs_make();
	/* A disk of Linux's own. */
	sysfs_file(CSS "0.0.0000/type", "0\n");
	sysfs_file(CSS "0.0.0000/dev_busid", "0.0.0120\n");
	sysfs_link(CSS "0.0.0000/driver", "../../../bus/css/drivers/io_subchannel");
	sysfs_file(CSS "0.0.0000/0.0.0120/online", "1\n");
	sysfs_file(CSS "0.0.0000/0.0.0120/cutype", "3990/e9\n");
	sysfs_file(CSS "0.0.0000/0.0.0120/devtype", "3390/0a\n");
	sysfs_link(CSS "0.0.0000/0.0.0120/driver", "../../../../bus/ccw/drivers/dasd-eckd");
	/* One handed out; its device number is the number of the first. */
	sysfs_file(CSS "0.0.0001/type", "0\n");
	sysfs_file(CSS "0.0.0001/dev_busid", "0.0.0000\n");
	sysfs_link(CSS "0.0.0001/driver", "../../../bus/css/drivers/vfio_ccw");
	sysfs_link(CSS "0.0.0001/" UUID "/iommu_group", "../../../../kernel/iommu_groups/17");
	sysfs_file(CSS "0.0.0001/" UUID "/vfio-dev/vfio3/dev", "249:3\n");
	/* One without device or driver, and one that is not for I/O. */
	sysfs_file(CSS "0.0.0002/type", "0\n");
	sysfs_file(CSS "0.0.0002/dev_busid", "none\n");
	sysfs_file(CSS "0.0.0003/type", "1\n");
	sysfs_file(CSS "defunct/type", "0\n");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return sysfs_remove();
}

static struct ccwring_subchannel find(const char *id)
{
	struct ccwring_subchannel sch = { .size = sizeof(sch) };

	assert_int_equal(ccwring_subchannel_find(sysfs_root, id, &sch), 0);
	return sch;
}

static void disk(void **state)
{
	struct ccwring_subchannel sch = find("0.0.0120");

	(void)state;
	assert_string_equal(sch.id, "0.0.0000");
	assert_string_equal(sch.devno, "0.0.0120");
	assert_string_equal(sch.driver, "io_subchannel");
	assert_string_equal(sch.device_driver, "dasd-eckd");
	assert_true(sch.online);
	assert_int_equal(sch.cu_type, 0x3990);
	assert_int_equal(sch.cu_model, 0xe9);
	assert_int_equal(sch.dev_type, 0x3390);
	assert_int_equal(sch.dev_model, 0x0a);
	assert_int_equal(sch.group, -1);
	assert_string_equal(sch.cdev, "");
	assert_string_equal(sch.uuid, "");
}

static void identifiers(void **state)
{
	(void)state;
	assert_string_equal(find("120").id, "0.0.0000");
	assert_string_equal(find("0120").id, "0.0.0000");
	assert_string_equal(find("0.0.0000").id, "0.0.0001");
	assert_string_equal(find("0").id, "0.0.0001");
	assert_string_equal(find("sch:0.0.0000").id, "0.0.0000");
	assert_string_equal(find("sch:0.0.0002").id, "0.0.0002");
	assert_string_equal(find(UUID).id, "0.0.0001");
	assert_string_equal(find("6DFD3EC5-e8b3-4e18-a6fe-57bc9eceb920").id, "0.0.0001");
	assert_int_equal(find(UUID).group, 17);
	assert_string_equal(find(UUID).cdev, "vfio3");
}

static void not_found(void **state)
{
	static const struct {
		const char *id;
		int err;
	} ids[] = {
		{ "0.0.0555", -ENODEV },
		/* There are subchannels of these numbers. */
		{ "0.0.0001", -ENODEV },
		{ "0.0.0002", -ENODEV },
		{ "0002", -ENODEV },
		{ "1", -ENODEV },
		{ "sch:0.0.0120", -ENODEV },
		{ "sch:0.0.0003", -ENODEV },
		{ "00000000-e8b3-4e18-a6fe-57bc9eceb920", -ENODEV },
		{ "", -EINVAL },
		{ "dasda", -EINVAL },
		{ "10000", -EINVAL },
		{ "0.0.120x", -EINVAL },
		{ "sch:", -EINVAL },
		/* A digit may be missing, or be one too many. */
		{ "0.0.120", -EINVAL },
		{ "0.0.00000", -EINVAL },
		{ "00.00.0120", -EINVAL },
		{ ".0.0120", -EINVAL },
		{ "0..0120", -EINVAL },
		{ "0.0.", -EINVAL },
		{ "0.120", -EINVAL },
		{ "00120", -EINVAL },
		{ "sch:1", -EINVAL },
		{ "sch:0001", -EINVAL },
		{ "sch:0.0.1", -EINVAL },
		{ "sch:sch:0.0.0001", -EINVAL },
		/* What C takes for numbers. */
		{ "0x120", -EINVAL },
		{ " 120", -EINVAL },
		{ "120 ", -EINVAL },
		{ "+120", -EINVAL },
		{ "-120", -EINVAL },
		{ "0.0. 120", -EINVAL },
		{ "0.0.0x12", -EINVAL },
		{ "0.0.-120", -EINVAL },
		{ "SCH:0.0.0001", -EINVAL },
		{ "../../etc", -EINVAL },
	};
	struct ccwring_subchannel sch = { .size = sizeof(sch) };

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (ccwring_subchannel_find(sysfs_root, ids[i].id, &sch) != ids[i].err)
			fail_msg("'%s'", ids[i].id);
	assert_int_equal(ccwring_subchannel_find("/nowhere", "120", &sch), -ENOENT);
	sch.size = 0;
	assert_int_equal(ccwring_subchannel_find(sysfs_root, "120", &sch), -EINVAL);
}

/* A program that knows fewer fields gets no more than those. */
static void smaller(void **state)
{
	struct ccwring_subchannel sch;

	(void)state;
	memset(&sch, 0xee, sizeof(sch));
	sch.size = offsetof(struct ccwring_subchannel, driver);
	assert_int_equal(ccwring_subchannel_find(sysfs_root, "120", &sch), 0);
	assert_string_equal(sch.devno, "0.0.0120");
	assert_int_equal((uint8_t)sch.driver[0], 0xee);
	assert_int_equal(sch.size, offsetof(struct ccwring_subchannel, driver));
}

static int collect(void *arg, const struct ccwring_subchannel *sch)
{
	strcat(arg, sch->id);
	strcat(arg, " ");
	return 0;
}

static int stop(void *arg, const struct ccwring_subchannel *sch)
{
	(void)sch;
	return ++*(int *)arg == 2 ? 77 : 0;
}

static void each(void **state)
{
	char ids[128] = "";
	int n = 0;

	(void)state;
	assert_int_equal(ccwring_subchannel_each(sysfs_root, collect, ids), 0);
	assert_string_equal(ids, "0.0.0000 0.0.0001 0.0.0002 ");
	assert_int_equal(ccwring_subchannel_each(sysfs_root, stop, &n), 77);
	assert_int_equal(n, 2);
}

static void message(void *arg, int level, const char *text)
{
	assert_int_equal(level, CCWRING_LOG_ERROR);
	snprintf(arg, 128, "%s", text);
}

/* Opening says what is wrong with the device. */
static void open_says_why(void **state)
{
	char text[128] = "";
	struct ccwring_vfio_opts opts = {
		.size = sizeof(opts), .log = message, .log_arg = text, .sysfs = sysfs_root
	};
	struct ccwring_device *dev;
	struct ccwring_vfio *vfio;

	(void)state;
	assert_int_equal(ccwring_vfio_new(&opts, &vfio), 0);
	assert_int_equal(ccwring_device_open(vfio, "555", &dev), -ENODEV);
	assert_string_equal(text, "555: there is none (a number is a device's; a subchannel is "
				  "named as sch:0.0.0001)");
	assert_int_equal(ccwring_device_open(vfio, "0.0.0002", &dev), -ENODEV);
	assert_int_equal(ccwring_device_open(vfio, "0.0.120", &dev), -EINVAL);
	assert_string_equal(text, "0.0.120: neither a device number (0.0.0120, 120) nor a "
				  "subchannel (sch:0.0.0001) nor a UUID");
	assert_int_equal(ccwring_device_open(vfio, "120", &dev), -ENXIO);
	assert_string_equal(text, "120: subchannel 0.0.0000 has no mediated device (its driver is "
				  "io_subchannel)");
	assert_int_equal(ccwring_vfio_free(vfio), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disk),	     cmocka_unit_test(identifiers),
		cmocka_unit_test(not_found), cmocka_unit_test(smaller),
		cmocka_unit_test(each),	     cmocka_unit_test(open_says_why),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
