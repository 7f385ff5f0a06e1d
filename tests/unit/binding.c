// SPDX-License-Identifier: MIT
/* binding.c - handing devices over, in a sysfs made for the purpose */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "binding.h"
#include "sysfs.h"
#include "unit.h"

#define SYS    "sys/"
#define ONLINE SYS "bus/ccw/devices/0.0.2000/online"
#define UNBIND SYS "bus/css/drivers/io_subchannel/unbind"
#define SETTLE "proc/cio_settle"

static char root[64];

static int setup(void **state)
{
	(void)state;
	sysfs_make();
	snprintf(root, sizeof(root), "%s/sys", sysfs_root);
	return 0;
}

/* Nothing has been written yet. */
static int afresh(void **state)
{
	(void)state;
	sysfs_file(SETTLE, "");
	sysfs_file(UNBIND, "");
	sysfs_file(SYS "bus/css/drivers/io_subchannel/bind", "");
	sysfs_file(SYS "bus/css/drivers/vfio_ccw/bind", "");
	sysfs_file(SYS "bus/css/drivers/vfio_ccw/unbind", "");
	sysfs_file(SYS "bus/css/devices/0.0.0000/driver_override", "");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return sysfs_remove();
}

static void expect(const char *name, const char *content)
{
	char now[64];

	sysfs_read(name, now, sizeof(now));
	assert_string_equal(now, content);
}

static void hand_over(bool online)
{
	struct ccwring_subchannel sch = { .size = sizeof(sch), .online = online };
	struct binding binding = { .sysfs = root, .driver_only = true };

	strcpy(sch.id, "0.0.0000");
	strcpy(sch.devno, "0.0.2000");
	strcpy(sch.driver, "io_subchannel");
	assert_int_equal(binding_make(&binding, &sch), 0);
	expect(UNBIND, "0.0.0000");
	expect(SYS "bus/css/devices/0.0.0000/driver_override", "vfio_ccw");
	expect(SYS "bus/css/drivers/vfio_ccw/bind", "0.0.0000");
}

static void online(void **state)
{
	(void)state;
	sysfs_file(ONLINE, "1");
	hand_over(true);
	expect(ONLINE, "0");
}

static void offline(void **state)
{
	(void)state;
	sysfs_file(ONLINE, "x");
	hand_over(false);
	expect(ONLINE, "x");
}

/* What virtio_ccw does in the background.  The unbinding must come after it. */
static void *goes_online(void *argument)
{
	char *unbound = argument;

	usleep(200000);
	sysfs_read(UNBIND, unbound, 64);
	sysfs_file(ONLINE, "1");
	return NULL;
}

static void on_its_way(void **state)
{
	char unbound[64];
	pthread_t thread;

	(void)state;
	sysfs_file(ONLINE, "0");
	sysfs_link(SYS "bus/ccw/drivers/virtio_ccw/0.0.2000", "../../devices/0.0.2000");
	assert_int_equal(pthread_create(&thread, NULL, goes_online, unbound), 0);
	hand_over(false);
	pthread_join(thread, NULL);
	assert_string_equal(unbound, "");
	expect(ONLINE, "0");
}

static void settled(void **state)
{
	struct binding binding = { .sysfs = root, .dry_run = true };

	(void)state;
	binding_settle(&binding);
	expect(SETTLE, "");
	binding.dry_run = false;
	binding_settle(&binding);
	expect(SETTLE, "1");
}

#define TEST(name) cmocka_unit_test_setup(name, afresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(online),
		TEST(offline),
		TEST(on_its_way),
		TEST(settled),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
