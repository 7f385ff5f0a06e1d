# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What a machine boots: two kernel images and two archives that the kernel
# unpacks over each other.  lab/boot appends a third with what a run brings.
#
#	base.cpio	init, shell, shared libraries, the kernel's own modules
#	overlay.cpio	this project: programs, modules, test scripts
#
# and what that kernel asks of a machine (lab/kernel/*.machine).

archive() { PYTHONPATH=$CCWRING_SRC/lab python3 -B -m machine.cpio "$1"; }

guest_image() {
	local base overlay
	base_archive
	base=$REPLY
	overlay_archive
	overlay=$REPLY
	hash_text 1 "$base" "$overlay" "$kernel_key" "$(cat "$kernel_machine")"
	cached image "$REPLY" "putting the guest image together" build_image "$base" "$overlay"
	CCWRING_IMAGE=$REPLY
}

# Entries of the cache go one by one, so an image must not depend on others.
build_image() {
	local boot=$CCWRING_KERNEL_DIR/arch/s390/boot
	cp "$1/base.cpio" "$2/overlay.cpio" .
	cat "$kernel_machine" >machine
	cp "$boot/bzImage" kernel-qemu
	ln kernel-qemu kernel-hercules
}

base_archive() {
	local hercon
	kernel_modules lab/guest/hercon
	hercon=$REPLY
	[[ -n $hercon ]] || die "the guest cannot do without lab/guest/hercon: make it compile"
	hash_files lab/guest lab/machine/cpio.py lab/image.sh
	hash_text 2 "$kernel_key" "$sysroot_key" "$REPLY"
	cached base "$REPLY" "building the base of the guest image" build_base "$hercon"
}

build_base() {
	local hercon=$1 ko guest=$CCWRING_SRC/lab/guest
	mkdir -p root/{bin,sbin,dev,proc,sys,tmp,run,root,etc,usr/bin,usr/sbin,lib/modules/{lab,stock}}
	s390x-linux-gnu-gcc -std=gnu11 -O2 -Wall -Wextra -Werror -static -s \
		-o root/init "$guest"/*.c
	cp -a "$CCWRING_SYSROOT/bin/busybox" root/bin/
	echo 'root:x:0:0:root:/root:/bin/sh' >root/etc/passwd
	echo 'root:x:0:' >root/etc/group
	ln -s busybox root/bin/sh
	copy_libraries
	while IFS= read -r ko; do
		cp "$ko" root/lib/modules/lab/
	done < <(find "$CCWRING_KERNEL_DIR/" "$hercon/" -name '*.ko')
	# The in-tree driver stands apart: ours takes its place.
	mv root/lib/modules/lab/vfio_ccw.ko root/lib/modules/stock/
	archive root >base.cpio
	rm -rf root
}

# Shared objects only, from where the guest's loader looks for them.
copy_libraries() {
	local dir
	cp -a "$CCWRING_SYSROOT"/lib/ld*.so* root/lib/
	for dir in lib usr/lib; do
		[[ -d $CCWRING_SYSROOT/$dir/s390x-linux-gnu ]] || continue
		mkdir -p "root/$dir/s390x-linux-gnu"
		find "$CCWRING_SYSROOT/$dir/s390x-linux-gnu" -maxdepth 1 -name '*.so.*' \
			-exec cp -a -t "root/$dir/s390x-linux-gnu" {} +
	done
}

overlay_archive() {
	local ccwring bench
	kernel_modules kernel
	ccwring=$REPLY
	kernel_modules bench/floor
	bench=$REPLY
	# With symbols, for whoever wants to name addresses in them.
	CCWRING_MODULES=$ccwring:$bench
	# Parts that did not build (CCWRING_KEEP_GOING) are missing from their list.
	hash_text 3 "$tree_key" "$CCWRING_S390X_ROOT" "$ccwring" "$bench"
	cached overlay "$REPLY" "adding this project to the guest image" \
		build_overlay "$ccwring" "$bench"
}

build_overlay() {
	local ccwring=$1 bench=$2 dir
	mkdir -p root/lib/modules/{ccwring,bench} root/tests
	[[ -z $ccwring ]] || cp "$ccwring"/*.ko root/lib/modules/ccwring/
	[[ -z $bench ]] || cp "$bench"/*.ko root/lib/modules/bench/
	[[ -z $CCWRING_S390X_ROOT ]] || cp -a "$CCWRING_S390X_ROOT/." root/
	for dir in guest dasd clients; do
		copy_files src "tests/$dir"
	done
	[[ ! -d src/tests ]] || cp -a src/tests/. root/tests/
	archive root >overlay.cpio
	rm -rf root src
}
