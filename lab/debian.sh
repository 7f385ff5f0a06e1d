# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What is taken from other releases of Debian than this machine's, with package lists
# of their own, so that its apt does not hear of them.
#
# The configuration that Debian builds its own s390x kernel with: Debian 12 has the
# source of this kernel, but builds it for other machines only.  Debian 13 builds it
# for s390x: its configuration is a package of 1.4 MB.
#
# A liburing of today with its kernel's headers, for a test that programs can be built
# with it.

debian_release=trixie
debian_release_of_today=forky
debian_package=linux-config-${kernel_package#linux-source-}

# debian_config: the file in REPLY, or nothing if it cannot be had.  It is taken
# anew when linux-source is upgraded.
debian_config() {
	local version
	version=$(dpkg-query -W -f '${Version}' "$kernel_package")
	hash_files lab/debian.sh
	hash_text 1 "$version" "$REPLY"
	job_optional=1
	cached debian "$REPLY" "downloading the configuration of Debian's s390x kernel" \
		build_debian_config
	job_optional=
	REPLY=${REPLY:+$REPLY/config}
}

# debian_liburing: its directory in REPLY, with include/ and liburing.a for s390x, or
# nothing if it cannot be had.
debian_liburing() {
	hash_files lab/debian.sh
	job_optional=1
	cached liburing "$REPLY" "downloading a liburing of today" build_debian_liburing
	job_optional=
}

build_debian_liburing() {
	# Its header wants those of a kernel of its time.
	debian_unpack "$debian_release_of_today" liburing-dev linux-libc-dev
	mkdir include
	mv all/usr/include/liburing* all/usr/include/{linux,asm-generic} include
	mv all/usr/lib/s390x-linux-gnu/liburing.a .
	rm -rf all
	sed -n 's/^#define IO_URING_VERSION_\(.*\)/\1/p' include/liburing/io_uring_version.h
}

build_debian_config() {
	debian_unpack "$debian_release" "$debian_package"
	xz -dc all/usr/src/"$debian_package"/config.s390x_none_s390x.xz >config
	sed -n '/Kernel Configuration/p' config
	rm -rf all
}

# debian_unpack RELEASE PACKAGE...: unpacks packages for s390x into all/.
debian_unpack() {
	local release=$1 apt mirror package
	shift
	mirror=$(debian_mirror)
	mirror=${mirror:-http://deb.debian.org/debian}
	mkdir -p lists/partial archives/partial
	echo "deb [arch=s390x signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"$mirror $release main" >sources
	apt=(apt-get -o Dir::Etc::SourceList="$PWD/sources" -o Dir::Etc::SourceParts=-
		-o Dir::State::Lists="$PWD/lists" -o Dir::Cache="$PWD" -o APT::Sandbox::User=root
		-o APT::Architecture=s390x -o APT::Architectures=s390x)
	"${apt[@]}" -o APT::Update::Error-Mode=any update
	"${apt[@]}" download "$@"
	for package in *.deb; do
		dpkg -x "$package" all
	done
	rm -rf lists archives ./*.deb ./*.bin
}

# Where this machine gets Debian from, if its apt knows by now.
debian_mirror() {
	# shellcheck disable=SC2016  # it is apt that expands this
	apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' \
		"Codename: $(. /etc/os-release && echo "$VERSION_CODENAME")" | sort | head -n 1
}
