#!/bin/sh
# SPDX-License-Identifier: MIT
#
# symbols.sh NM LIBRARY MAP INCLUDE: the functions the headers declare, those the
# symbol map names and those the library exports are the same.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A declaration is CCWRING_API, a type and a name.
cat "$4"/ccwring/*.h | grep -v '^#define' | tr '\n' ' ' | grep -o 'CCWRING_API [^(]*(' |
	sed 's/($//; s/.*[ *]//' | sort -u >"$work/headers"
grep -o '^[[:space:]]*ccwring_[a-z0-9_]*;' "$3" | tr -d ';[:space:]' | sed 's/ccwring_/\nccwring_/g' |
	sed '/^$/d' | sort -u >"$work/map"
"$1" -D --defined-only "$2" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' |
	sort -u >"$work/library"

[ -s "$work/headers" ]
status=0
for which in map library; do
	if ! diff "$work/headers" "$work/$which" >"$work/diff"; then
		echo "headers (<) and $which (>) differ:"
		cat "$work/diff"
		status=1
	fi
done
exit $status
