# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Debian packages: those the build machine needs, and s390x ones to unpack.

# The names listed in a package file.
package_names() { sed -n 's/^\([a-z0-9][^ ]*\).*/\1/p' "$1"; }

# Installs what lab/packages names and the machine lacks.
need_packages() {
	local missing
	have apt-get || die "this machine has no apt: ./run needs Debian 12 (or a container of it)"
	missing=$(comm -23 <(package_names "$CCWRING_SRC/lab/packages" | sort) \
		<(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | sed -n 's/^ii  *//p' | sort -u))
	[[ -n $missing ]] || return 0
	say "these Debian packages are missing and will be installed with apt-get:"
	grep -F -f <(printf '%s\n' "$missing" | sed 's/$/ /') "$CCWRING_SRC/lab/packages" |
		sed 's/^/  /' >&"$progress_fd"
	# shellcheck disable=SC2086  # a list of words
	set -- $missing
	# Ask for the password before output goes to a log.
	as_root true
	run_logged "installing $# packages" "$log_dir/apt-install.log" \
		"install them by hand, then start ./run again: apt-get install $*" install_packages "$@"
}

install_packages() {
	apt_alone
	as_root apt-get update
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# Debian's s390x archive becomes known to apt; nothing of it gets installed.
need_s390x_archive() {
	if ! dpkg --print-foreign-architectures | grep -qx s390x; then
		say "adding the s390x architecture to dpkg, to download guest libraries (undo: dpkg --remove-architecture s390x)"
		as_root dpkg --add-architecture s390x
	elif apt-cache show libc6:s390x >/dev/null 2>&1; then
		return 0
	fi
	as_root true
	run_logged "reading the s390x package lists" "$log_dir/apt-update.log" \
		"check the network and /etc/apt/sources.list, then start ./run again" update_lists
}

update_lists() {
	apt_alone
	as_root apt-get update
}

# Two ./run's must not be at apt at the same time: it would refuse the second.
apt_alone() {
	local lock
	exec {lock}>>"$CCWRING_CACHE/apt.lock"
	flock -x "$lock"
}
