# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Other people's programs for tests/clients: a small root file system for the
# guest with programs from Debian's s390x packages, and the kernel that their
# machines boot inside it.

client_programs=(
	sbin/lscss
	usr/bin/mdevctl
	usr/bin/perf
	usr/bin/qemu-system-s390x
	usr/share/qemu/s390-ccw.img
	lib/ld64.so.1
)

# clients: the root's directory in CCWRING_CLIENTS, the kernel's image in
# CCWRING_SECOND_KERNEL.
clients() {
	client_root
	CCWRING_CLIENTS=$REPLY
	second_kernel
	CCWRING_SECOND_KERNEL=$REPLY
}

client_root() {
	local key
	hash_files lab/packages.clients lab/clients.sh
	hash_text 1 "$REPLY"
	key=$REPLY
	[[ -e $CCWRING_CACHE/clients/$key/.complete ]] || need_s390x_archive
	cached clients "$key" "unpacking clients for the guest" build_client_root
	REPLY=$REPLY/root
}

# The packages come to 400 MB, the programs with their libraries to 40: little
# enough for an initramfs, which is a root on both machines without a disk.
build_client_root() {
	local deb
	mkdir -p all root/{dev,proc,sys,tmp,root,etc}
	download_clients
	for deb in apt/archives/*.deb; do
		echo "${deb##*/}"
		dpkg -x "$deb" all
	done
	take "${client_programs[@]}"
	cp -a all/etc/mdevctl.d root/etc/
	write_exec
	rm -rf all apt status
}

# Told that this is an s390x machine with nothing installed, apt works out all
# that a package needs.  It needs no rights for that, and touches nothing here.
download_clients() {
	local names
	mapfile -t names < <(package_names "$CCWRING_SRC/lab/packages.clients")
	mkdir -p apt/archives/partial
	: >status
	apt-get -o APT::Architecture=s390x -o APT::Architectures=s390x \
		-o Dir::State::status="$PWD/status" -o Dir::Cache="$PWD/apt" \
		-o Debug::NoLocking=1 -o APT::Sandbox::User=root \
		--yes --no-install-recommends --download-only install "${names[@]}"
}

# take FILE...: copies files from all to root, and the libraries they ask for.
take() {
	local file name
	for file in "$@"; do
		[[ ! -e root/$file ]] || continue
		install -D "all/$file" "root/$file"
		for name in $(s390x-linux-gnu-readelf -d "all/$file" |
			sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'); do
			find_library "$name"
			take "$REPLY"
		done
	done
}

# /clients/exec PROGRAM [ARG...]: one of them outside of its root, with the libraries
# in it, for what starts programs of the guest's own.
write_exec() {
	cat >root/exec <<-'EXEC'
		#!/bin/sh
		program=$1
		shift
		exec /clients/lib/ld64.so.1 \
			--library-path /clients/lib/s390x-linux-gnu:/clients/usr/lib/s390x-linux-gnu \
			"/clients/$program" "$@"
	EXEC
	chmod +x root/exec
}

find_library() {
	for REPLY in {,usr/}lib/{s390x-linux-gnu/,}"$1"; do
		[[ ! -e all/$REPLY ]] || return 0
	done
	echo "no package has the library $1"
	return 1
}
