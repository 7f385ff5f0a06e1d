# SPDX-License-Identifier: MIT
#
# What the guest's test scripts share.  Sourced by busybox's shell.

programs=/usr/libexec/ccwring/tests

fail() {
	echo "FAIL: $*"
	exit 1
}

need() {
	"$@" || fail "$*"
}

# load_driver ccwring|stock: that vfio_ccw.ko, and what it stands on.
load_driver() {
	for module in iommufd vfio vfio_iommu_type1 mdev; do
		[ -d /sys/module/$module ] || need insmod /lib/modules/lab/$module.ko
	done
	need insmod "/lib/modules/$1/vfio_ccw.ko"
}

unload_driver() {
	need rmmod vfio_ccw
}

# Devices of the lab: virtio-rng-ccw in QEMU, a 3390 in Hercules.
test_devices() {
	for device in /sys/bus/ccw/devices/0.0.20?? /sys/bus/ccw/devices/0.0.01??; do
		[ -e "$device" ] && basename "$device"
	done
}

# Prints nothing but what goes wrong.
bind_devices() {
	for device in "$@"; do
		need ccwring bind "$device" >/dev/null
	done
}

unbind_devices() {
	for device in "$@"; do
		need ccwring unbind "$device"
	done
}
