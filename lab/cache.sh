# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The cache: $CCWRING_CACHE/KIND/KEY/ holds what one step built from the inputs
# KEY is a hash of.  Three rules keep it sound with any number of ./run's at
# work and any of them killed at any moment:
#
#   - KIND/KEY.lock is held exclusively by whoever builds, and shared by whoever
#     uses the entry, for as long as that process and its children live;
#   - KIND/KEY/.complete is written last: an entry without it does not count;
#   - an entry is removed only by a holder of its exclusive lock.
#
# Entries are built in place, not renamed into place, because kbuild and CMake
# write absolute paths into what they build.

# How many entries of a kind survive; those in use always do, and those used in
# the last hour, because somebody may have the output of `./run env` in a shell.
cache_keep=6
cache_minutes=60

# cached KIND KEY TITLE BUILDER [ARG...]: the entry's directory in REPLY, or nothing
# if it could not be built and job_optional is set.
# BUILDER ARG... runs, when it has to, with the directory as working directory.
# A kind named in cache_resumable is not emptied first: its builder can go on
# from where an interrupted one stopped.
cached() {
	local kind=$1 key=$2 title=$3 dir=$CCWRING_CACHE/$1/$2 lock
	shift 3
	mkdir -p "$CCWRING_CACHE/$kind"
	exec {lock}>>"$dir.lock"
	flock -s "$lock"
	if [[ ! -e $dir/.complete ]]; then
		lock_to_build "$lock" "$title"
		[[ -e $dir/.complete ]] || build_entry "$kind" "$key" "$title" "$@"
		flock -s "$lock"
		prune_kind "$kind"
	fi
	REPLY=
	if [[ -e $dir/.complete ]]; then
		touch "$dir"
		REPLY=$dir
	else
		exec {lock}>&-
	fi
}

cache_resumable=' kernel second '

lock_to_build() {
	flock -u "$1"
	flock -n -x "$1" && return
	say "$2: another ./run is at it, waiting"
	flock -x "$1"
}

build_entry() {
	local kind=$1 key=$2 title=$3 dir=$CCWRING_CACHE/$1/$2 log=$log_dir/$1-$2.log
	shift 3
	[[ $cache_resumable == *" $kind "* ]] || rm -rf "$dir"
	mkdir -p "$dir"
	run_logged "$title" "$log" "fix the cause and start ./run again" \
		build_in "$dir" "$@"
	((job_failed)) || : >"$dir/.complete"
}

build_in() {
	cd "$1" || return
	shift
	"$@"
}

# Removes all but the newest entries of a kind, except those in use.
prune_kind() {
	local dir lock kept=0 oldest=$((EPOCHSECONDS - 60 * cache_minutes)) used
	while read -r used dir; do
		((++kept > cache_keep && ${used%.*} < oldest)) || continue
		exec {lock}>>"$dir.lock"
		# The lock file stays: removing it would let two builders hold
		# "the" lock of one entry at once.
		flock -n -x "$lock" && rm -rf "$dir"
		exec {lock}>&-
	done < <(find "$CCWRING_CACHE/$1/" -mindepth 1 -maxdepth 1 -type d \
		-printf '%T@ %p\n' | sort -rn)
}
