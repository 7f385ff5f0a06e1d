# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The s390x sysroot: libraries and headers for cross builds, and the shared
# objects and the shell that go into the guest.

# sysroot: its directory in CCWRING_SYSROOT, its key in sysroot_key.
sysroot() {
	hash_files lab/packages.s390x lab/sysroot.sh
	hash_text 1 "$REPLY"
	sysroot_key=$REPLY
	[[ -e $CCWRING_CACHE/sysroot/$sysroot_key/.complete ]] || need_s390x_archive
	cached sysroot "$sysroot_key" "unpacking the s390x sysroot" build_sysroot
	CCWRING_SYSROOT=$REPLY
}

build_sysroot() {
	local names
	mapfile -t names < <(package_names "$CCWRING_SRC/lab/packages.s390x")
	mkdir debs
	# _apt, the user apt downloads as, may not enter a private cache.
	(cd debs && apt-get -o APT::Sandbox::User=root download "${names[@]/%/:s390x}")
	for deb in debs/*.deb; do
		echo "${deb##*/}"
		dpkg -x "$deb" .
	done
	rm -rf debs usr/share/doc usr/share/man
	relative_links
}

# Absolute links would lead out of the sysroot and into the build machine.
relative_links() {
	local link target
	find . -type l -lname '/*' | while IFS= read -r link; do
		target=$(readlink "$link")
		ln -snfr ".$target" "$link"
	done
}
