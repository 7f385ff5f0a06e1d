# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The configuration that Debian builds its own s390x kernel with.
#
# Debian 12 has the source of this kernel, but builds it for other machines
# only.  Debian 13 builds it for s390x: its configuration is a package of 1.4 MB,
# downloaded with package lists of its own, so that the machine's apt does not
# hear of another release.

debian_release=trixie
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

build_debian_config() {
	local apt mirror
	mirror=$(debian_mirror)
	mirror=${mirror:-http://deb.debian.org/debian}
	mkdir -p lists/partial archives/partial
	echo "deb [arch=s390x signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"$mirror $debian_release main" >sources
	apt=(apt-get -o Dir::Etc::SourceList="$PWD/sources" -o Dir::Etc::SourceParts=-
		-o Dir::State::Lists="$PWD/lists" -o Dir::Cache="$PWD" -o APT::Sandbox::User=root
		-o APT::Architecture=s390x -o APT::Architectures=s390x)
	"${apt[@]}" -o APT::Update::Error-Mode=any update
	"${apt[@]}" download "$debian_package"
	dpkg -x "$debian_package"_*.deb all
	xz -dc all/usr/src/"$debian_package"/config.s390x_none_s390x.xz >config
	sed -n '/Kernel Configuration/p' config
	rm -rf all lists archives ./*.deb ./*.bin
}

# Where this machine gets Debian from, if its apt knows by now.
debian_mirror() {
	# shellcheck disable=SC2016  # it is apt that expands this
	apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' \
		"Codename: $(. /etc/os-release && echo "$VERSION_CODENAME")" | sort | head -n 1
}
