# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Out-of-tree kernel modules, built by kbuild against the guest kernel from a
# copy of their sources in the cache.

# kernel_modules DIRECTORY: the directory with the .ko files in REPLY; empty if
# the checkout has no such modules.
kernel_modules() {
	local dir=$1
	REPLY=
	[[ -e $CCWRING_SRC/$dir/Kbuild ]] || return 0
	hash_files "$dir"
	hash_text 1 "$kernel_key" "$dir" "$REPLY"
	job_optional=${CCWRING_KEEP_GOING:-}
	cached modules "$REPLY" "building the modules of $dir" build_modules "$dir"
	job_optional=
	REPLY=${REPLY:+$REPLY/$dir}
}

build_modules() {
	local dir=$1
	copy_files . "$dir"
	# Everything a compiler can say about a module is an error.
	"${kernel_make[@]}" -C "$CCWRING_KERNEL_DIR" M="$PWD/$dir" W=1 KCFLAGS=-Werror \
		-j"$(nproc)" modules 2>&1 | tee make.log
	! grep -n 'WARNING:' make.log
}
