# SPDX-License-Identifier: MIT
#
# What the tests of other people's programs share.  Sourced by busybox's shell.
. /tests/guest/lib.sh

uuid=6dfd3ec5-e8b3-4e18-a6fe-57bc9eceb920
mdev=/sys/bus/mdev/devices/$uuid

# The programs see a Debian system of their own.
enter_clients() {
	for directory in proc sys dev; do
		need mount --rbind /$directory /clients/$directory
	done
}

client() {
	chroot /clients "$@"
}

# subchannel DEVICE: the one it is on, while Linux knows the device.
subchannel() {
	path=$(readlink "/sys/bus/ccw/devices/$1") || fail "there is no device $1"
	path=${path%/*}
	echo "${path##*/}"
}
