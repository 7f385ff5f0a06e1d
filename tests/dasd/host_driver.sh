# SPDX-License-Identifier: MIT
#
# The kernel's own disk driver, for test scripts to look at a disk with.  Sourced
# after tests/guest/lib.sh.

# through_host_driver DEVICE COMMAND...: with the disk online as /dev/dasda.
through_host_driver() {
	disk=$1
	shift
	for module in dasd_mod dasd_eckd_mod; do
		[ -d /sys/module/$module ] || need insmod /lib/modules/lab/$module.ko
	done
	need eval "echo 1 >/sys/bus/ccw/devices/$disk/online"
	tries=50
	while [ ! -b /dev/dasda ] && [ $tries -gt 0 ]; do
		sleep 0.1
		tries=$((tries - 1))
	done
	need "$@"
	need eval "echo 0 >/sys/bus/ccw/devices/$disk/online"
}
