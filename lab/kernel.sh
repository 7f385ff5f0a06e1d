# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The guest kernel: Debian's linux-source with the patches of lab/kernel/,
# configured by lab/kernel/*.config and built in a directory of its own, which
# stays in the cache because modules are built against it.

kernel_package=linux-source-6.12
kernel_make=(make ARCH=s390 CROSS_COMPILE=s390x-linux-gnu- LOCALVERSION=
	KBUILD_BUILD_USER=ccwring KBUILD_BUILD_HOST=lab KBUILD_BUILD_TIMESTAMP=@0)

# kernel_source [PATCH]: the tree with the patches of all kernels, and with this one,
# in REPLY, its key in kernel_source_key.
kernel_source() {
	local version
	version=$(dpkg-query -W -f '${Version}' "$kernel_package")
	hash_files lab/kernel/0*.patch "$@"
	hash_text 1 "$version" "$REPLY"
	kernel_source_key=$REPLY
	cached source "$REPLY" "unpacking $kernel_package $version" unpack_kernel "$@"
}

unpack_kernel() {
	local p
	tar -xf "/usr/src/$kernel_package.tar.xz" --strip-components=1
	for p in "$CCWRING_SRC"/lab/kernel/0*.patch "${@/#/$CCWRING_SRC/}"; do
		echo "applying ${p##*/}"
		patch --batch --forward -p1 <"$p"
	done
}

# kernel_inputs FRAGMENT|PATCH...: the source tree in REPLY; in kernel_inputs_key a
# key of that and of all else a kernel made with these is made of.
kernel_inputs() {
	local source file patches=()
	for file in "$@"; do
		[[ $file != *.patch ]] || patches+=("$file")
	done
	kernel_source "${patches[@]}"
	source=$REPLY
	hash_files "$@"
	hash_text 1 "$kernel_source_key" "$REPLY" "$(s390x-linux-gnu-gcc --version | head -n 1)"
	kernel_inputs_key=$REPLY
	REPLY=$source
}

# guest_kernel VARIANT: the build directory in REPLY, its key in kernel_key, in
# kernel_machine a file with what it asks of a machine.
# VARIANT is one of guest; debug and kcsan, which look for bugs; and debian, which
# stands on the configuration of Debian's own kernel.
guest_kernel() {
	local variant=$1 source base=defconfig minutes=15 fragments=(lab/kernel/guest.config)
	local patches=()
	case $variant in
	guest) ;;
	debug | kcsan) fragments+=(lab/kernel/looking.config "lab/kernel/$variant.config") ;;
	debian)
		debian_config
		base=$REPLY minutes=25 fragments=(lab/kernel/debian.config)
		[[ -n $base ]] || die "there is no configuration for this kernel; see above"
		;;
	*) die "there is no kernel $variant: CCWRING_KERNEL is one of guest, debug, kcsan, debian" ;;
	esac
	[[ ! -e $CCWRING_SRC/lab/kernel/$variant.patch ]] || patches=("lab/kernel/$variant.patch")
	kernel_inputs "${fragments[@]}" "${patches[@]}"
	source=$REPLY kernel_key=$kernel_inputs_key
	if [[ -f $base ]]; then
		hash_text 1 "$kernel_key" "$(sha256sum <"$base")"
		kernel_key=$REPLY
	fi
	cached kernel "$kernel_key" "building the $variant kernel (about $minutes CPU minutes, once)" \
		build_kernel "$source" "$base" "${fragments[@]}"
	CCWRING_KERNEL_SRC=$source CCWRING_KERNEL_DIR=$REPLY
	kernel_machine=$CCWRING_SRC/lab/kernel/$variant.machine
	[[ -e $kernel_machine ]] || kernel_machine=/dev/null
}

build_kernel() {
	local source=$1
	shift
	# Not .config: an interrupted run may have left one that is half done.
	[[ -e .configured ]] || configure_kernel "$source" "$@"
	"${kernel_make[@]}" -C "$source" O="$PWD" -j"$(nproc)" bzImage modules
}

# second_kernel: the image of the kernel for a machine inside the guest in REPLY.
second_kernel() {
	local source fragment=lab/kernel/second.config
	kernel_inputs "$fragment"
	source=$REPLY
	cached second "$kernel_inputs_key" "building the second level's kernel (about 5 CPU minutes, once)" \
		build_second_kernel "$source" "$fragment"
	REPLY=$REPLY/kernel
}

# Nothing is built against this one: only its image stays.
build_second_kernel() {
	local source=$1 fragment=$2
	mkdir -p build
	cd build
	[[ -e .configured ]] || configure_kernel "$source" allnoconfig "$fragment"
	"${kernel_make[@]}" -C "$source" O="$PWD" -j"$(nproc)" bzImage
	cp arch/s390/boot/bzImage ../kernel
	cd ..
	rm -rf build
}

# configure_kernel SOURCE BASE FRAGMENT...: BASE, a target of make or a file, without
# what it has as modules, and the fragments over it.
configure_kernel() {
	local source=$1 base=$2 fragments
	shift 2
	fragments=("${@/#/$CCWRING_SRC/}")
	if [[ -f $base ]]; then
		cp "$base" .config
		base=olddefconfig
	fi
	"${kernel_make[@]}" -C "$source" O="$PWD" "$base"
	sed -i 's/^\(CONFIG_[A-Za-z0-9_]*\)=m$/# \1 is not set/' .config
	"$source/scripts/kconfig/merge_config.sh" -m -O "$PWD" .config "${fragments[@]}"
	"${kernel_make[@]}" -C "$source" O="$PWD" olddefconfig
	check_config "${fragments[@]}" || {
		mv .config .config.rejected
		return 1
	}
	: >.configured
}

# Kconfig drops a wish whose dependencies are missing without a word.
check_config() {
	local line bad=0 symbol
	while IFS= read -r line; do
		case $line in
		CONFIG_*=*) grep -qxF -- "$line" .config ;;
		'# CONFIG_'*' is not set')
			symbol=${line#\# } symbol=${symbol%% *}
			! grep -q "^$symbol=" .config ;;
		esac || { echo "the kernel's configuration refused: $line"; bad=1; }
	done < <(last_wishes "$@")
	return $bad
}

# Of lines about the same symbol only the last counts, as it does for the merge.
last_wishes() {
	awk '{ symbol = $0; sub(/^# /, "", symbol); sub(/[ =].*/, "", symbol) }
		symbol ~ /^CONFIG_/ { line[symbol] = $0 }
		END { for (symbol in line) print line[symbol] }' "$@"
}
