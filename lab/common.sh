# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What every step of ./run shares: messages, the one failure line, hashing of
# inputs, and background jobs that show progress and die with the script.
#
# Callers run under `set -euo pipefail`.  Functions that return a value put it
# in REPLY, so that no step pays for a subshell and `die` always ends the script.

# Where progress goes; standard output belongs to what the user asked for.
exec {progress_fd}>&2
log_dir=$CCWRING_CACHE/log
job_pgid=
job_optional=
job_failed=0

say() { printf 'ccwring: %s\n' "$*" >&"$progress_fd"; }

# die WHAT WHAT-TO-DO: the last line anyone has to read.
die() {
	printf 'ccwring: %s\n' "$*" >&2
	exit 1
}

# Ends a job and everything it started: each job leads its own process group.
stop_job() {
	[[ -n $job_pgid ]] || return 0
	kill -TERM -- "-$job_pgid" 2>/dev/null || true
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		kill -0 -- "-$job_pgid" 2>/dev/null || break
		sleep 0.2
	done
	kill -KILL -- "-$job_pgid" 2>/dev/null || true
	job_pgid=
}

on_signal() {
	trap - INT TERM HUP EXIT
	stop_job
	printf '\nccwring: stopped; the next run goes on from here\n' >&2
	exit $((128 + $1))
}

trap 'on_signal 2' INT
trap 'on_signal 15' TERM
trap 'on_signal 1' HUP
trap stop_job EXIT

elapsed() { printf -v REPLY '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# One line that stays in place on a terminal: time, spinner, last line logged.
draw_progress() {
	local title=$1 log=$2 seconds=$3 spin='.oOo' last width text
	last=$(tail -n 1 "$log" 2>/dev/null | tr -cd '[:print:]') || last=
	width=$(tput cols 2>/dev/null || echo 80)
	elapsed "$seconds"
	text="ccwring: $title  $REPLY ${spin:progress_ticks++ % 4:1} $last"
	printf '\r\033[K%s' "${text:0:width-1}" >&"$progress_fd"
}

# Shows that a job moves until it ends.  Without a terminal: a line every 30 s.
watch_job() {
	local title=$1 log=$2 start=$SECONDS next=30 progress_ticks=0 pause=0.05
	while kill -0 "$job_pgid" 2>/dev/null; do
		sleep $pause
		((SECONDS - start < 1)) && continue
		pause=0.25
		if [[ -t $progress_fd ]]; then
			draw_progress "$title" "$log" $((SECONDS - start))
		elif ((SECONDS - start >= next)); then
			elapsed $((SECONDS - start))
			say "$title: $REPLY, $(tail -n 1 "$log" | tr -cd '[:print:]' | cut -c 1-100)"
			next=$((next + 30))
		fi
	done
	[[ -t $progress_fd ]] && printf '\r\033[K' >&"$progress_fd"
	return 0
}

# Files are named as in the checkout, not as in their copy in the cache.
show_log_end() {
	tail -n 12 "$1" | sed -E "s#$CCWRING_CACHE/(modules|user)/[0-9a-f]{16}/(src/)?##g; s/^/  | /" >&2
}

# run_logged TITLE LOG HINT COMMAND...: a long command, its output in LOG.
# HINT is what to do when it fails.  Failure ends the script, unless job_optional
# is set; then job_failed is.  (Not a return status: bash would run all of a
# function that is called in a condition without `set -e`.)
run_logged() {
	local title=$1 log=$2 hint=$3 start=$SECONDS rc=0
	shift 3
	mkdir -p "${log%/*}"
	[[ -t $progress_fd ]] || say "$title ..."
	# Job control gives the job a process group of its own; standard input
	# is closed to it because nothing in it may ever ask.
	set -m
	(set -euo pipefail; trap - INT TERM HUP EXIT; "$@") </dev/null >"$log" 2>&1 &
	job_pgid=$!
	set +m
	watch_job "$title" "$log"
	wait "$job_pgid" || rc=$?
	job_pgid=
	job_failed=$rc
	if ((rc)); then
		show_log_end "$log"
		[[ -n $job_optional ]] || die "$title failed (status $rc); log: $log; $hint"
		say "$title failed (status $rc); log: $log; going on without it"
		return 0
	fi
	elapsed $((SECONDS - start))
	say "$title: done in $REPLY"
}

# --- content hashes -----------------------------------------------------------

# hash_text TEXT...: a short key of some strings.
hash_text() {
	REPLY=$(printf '%s\0' "$@" | sha256sum)
	REPLY=${REPLY:0:16}
}

# The files of the checkout under PATHS or of these patterns, NUL-separated: what
# git would commit, or everything when this is not a git checkout.
list_files() {
	local f
	cd "$CCWRING_SRC" || return
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files -z --cached --others --exclude-standard -- "$@"
	else
		# shellcheck disable=SC2048,SC2086  # patterns
		find $* -type f -print0
	fi | sort -zu | while IFS= read -rd '' f; do
		# Tracked, but deleted in the work tree.
		[[ ! -e $f ]] || printf '%s\0' "$f"
	done
}

# hash_files PATH...: a key of names, modes and contents, the same in any clone.
hash_files() {
	REPLY=$(list_files "$@" | tar -C "$CCWRING_SRC" --null --no-recursion \
		--mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
		--format=gnu -cf - -T - | sha256sum)
	REPLY=${REPLY:0:16}
}

# copy_files DEST PATH...: those files, with their paths, under DEST.
copy_files() {
	local dest=$1
	shift
	mkdir -p "$dest"
	list_files "$@" | tar -C "$CCWRING_SRC" --null --no-recursion -cf - -T - |
		tar -C "$dest" --no-same-owner -xf -
}

# --- small helpers ------------------------------------------------------------

have() { command -v "$1" >/dev/null 2>&1; }

# as_root COMMAND...: through sudo where that is needed.
as_root() {
	if ((EUID == 0)); then
		"$@"
	elif have sudo; then
		sudo -- "$@"
	else
		die "need root for: $*; run it as root, then start ./run again"
	fi
}
