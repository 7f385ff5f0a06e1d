# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# User space, through CMake: once for this machine, once for s390x.  Both are
# built from a copy of the checkout, so that a clone elsewhere with the same
# content can use them, and neither changes under a test that is running.

# userspace: sets CCWRING_HOST_BUILD and CCWRING_S390X_BUILD, and user_key.
userspace() {
	local compilers
	hash_files .
	tree_key=$REPLY
	CCWRING_HOST_BUILD= CCWRING_S390X_BUILD= CCWRING_S390X_ROOT= user_key=none
	[[ -e $CCWRING_SRC/CMakeLists.txt ]] || return 0
	compilers=$(gcc -dumpfullversion; s390x-linux-gnu-gcc -dumpfullversion)
	hash_text 1 "$tree_key" "$sysroot_key" "$compilers"
	user_key=$REPLY
	job_optional=${CCWRING_KEEP_GOING:-}
	cached user "$user_key" "building user space for this machine and for s390x" \
		build_userspace "$tree_key"
	job_optional=
	[[ -n $REPLY ]] || return 0
	CCWRING_HOST_BUILD=$REPLY/host CCWRING_S390X_BUILD=$REPLY/s390x
	CCWRING_S390X_ROOT=$REPLY/root
}

build_userspace() {
	snapshot "$1"
	# The same sources in another cache entry are the same to ccache.
	export CCACHE_DIR=$CCWRING_CACHE/ccache CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
	export CCACHE_MAXSIZE=1G CCWRING_SYSROOT
	build_with_cmake host
	build_with_cmake s390x -DCMAKE_TOOLCHAIN_FILE="$CCWRING_SRC/lab/s390x-linux-gnu.cmake" \
		-DCMAKE_INSTALL_LIBDIR=lib/s390x-linux-gnu
	DESTDIR=$PWD/root cmake --install s390x --strip
}

# Copies the checkout to src/, and makes sure it is what the key stands for.
snapshot() {
	copy_files src .
	hash_files .
	[[ $REPLY == "$1" ]] || {
		echo "the checkout changed while it was copied"
		return 1
	}
}

build_with_cmake() {
	local dir=$1
	shift
	cmake -G Ninja -S src -B "$dir" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
		-DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_C_COMPILER_LAUNCHER=ccache \
		-DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCCWRING_WERROR=ON -DCCWRING_FUZZ=ON "$@"
	cmake --build "$dir"
}
