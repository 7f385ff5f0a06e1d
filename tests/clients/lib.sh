# SPDX-License-Identifier: MIT
#
# What the tests of other people's programs share.  Sourced by busybox's shell.
. /tests/guest/lib.sh

uuid=6dfd3ec5-e8b3-4e18-a6fe-57bc9eceb920
mdev=/sys/bus/mdev/devices/$uuid
tracing=/sys/kernel/tracing

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

# second_program FILE: what the next second_machine runs, a shell script.
second_program() {
	root=/tmp/second
	rm -rf $root
	mkdir -p $root/bin $root/dev $root/proc $root/sys
	need cp /bin/busybox $root/bin/
	need busybox --install -s $root/bin
	need mknod $root/dev/console c 5 1
	need cp /tests/clients/second_init $root/init
	need cp "$1" $root/program
	(cd $root && find . | cpio -o -H newc) >/clients/root/initrd ||
		fail "no initrd for the second level"
	# QEMU 7.2 gets LARL over more than 2 GiB wrong, and QEMU inside it makes
	# up addresses by LARL: keep those of both levels close to each other.
	echo 0 >/proc/sys/kernel/randomize_va_space
}

# second_machine: Debian's QEMU with the mediated device as its 0.0.0042.  Prints
# what is written to the second level's console.
second_machine() {
	client qemu-system-s390x -M s390-ccw-virtio -accel tcg,thread=single \
		-cpu qemu -m 128 -nodefaults -display none -no-reboot \
		-chardev stdio,id=console -device sclplmconsole,chardev=console \
		-kernel /root/kernel -initrd /root/initrd \
		-append "console=ttyS0 quiet nokaslr norandmaps" \
		-device "vfio-ccw,sysfsdev=$mdev,devno=fe.0.0042" </dev/null 2>&1 |
		tr -d '\r'
	echo
}

# trace_starts ccwring|stock: from here on each START SUBCHANNEL is written down, by
# our driver or by the channel subsystem for the stock one.
trace_starts() {
	event=s390/s390_cio_ssch
	[ "$1" = stock ] || event=vfio_ccw/vccw_ssch
	echo >$tracing/trace
	need eval "echo 1 >$tracing/events/$event/enable"
}

# starts SUBCHANNEL: how many it accepted; none was refused.
starts() {
	! grep "_ssch: sch[id]*=$1 .*cc=[123]" $tracing/trace ||
		fail "starts that the subchannel refused"
	grep -c "_ssch: sch[id]*=$1 .*cc=0" $tracing/trace
}

# Our driver pinned what QEMU's programs name, and let go of it when QEMU ended.
check_pins() {
	echo "# pages pinned: $(cat $mdev/pins/misses)"
	[ "$(cat $mdev/pins/misses)" -gt 0 ] || fail "no page of QEMU's was pinned"
	[ "$(cat $mdev/pins/pinned)" = 0 ] || fail "QEMU has ended, pages are pinned"
}
