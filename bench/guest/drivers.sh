# SPDX-License-Identifier: MIT
#
# What ./run perf's scripts in the guest share.  Sourced by busybox's shell.

PATH=$PATH:/usr/libexec/ccwring/bench

die() {
	echo "$0: $*" >&2
	exit 1
}

must() {
	"$@" || die "$*"
}

# bind_devices ccwring|stock DEVICE...: that vfio_ccw.ko, and the devices to it.
bind_devices() {
	for module in iommufd vfio vfio_iommu_type1 mdev; do
		must insmod /lib/modules/lab/$module.ko
	done
	must insmod "/lib/modules/$1/vfio_ccw.ko"
	shift
	for device in "$@"; do
		must ccwring bind "$device" >/dev/null
	done
}

unbind_devices() {
	for device in "$@"; do
		must ccwring unbind "$device" >/dev/null
	done
}
