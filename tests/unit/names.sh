#!/bin/sh
# SPDX-License-Identifier: MIT
#
# names.sh CCWRING: bind and unbind touch what is named, and nothing that looks like it.
set -eu

ccwring=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A device on subchannel 0.0.0003, another that has this for its number, and the driver.
css=$work/sys/bus/css
for pair in 0.0.0003:0.0.0120 0.0.0007:0.0.0005; do
	mkdir -p "$css/devices/${pair%:*}" "$css/drivers/vfio_ccw"
	echo 0 >"$css/devices/${pair%:*}/type"
	echo "${pair#*:}" >"$css/devices/${pair%:*}/dev_busid"
	ln -s ../../drivers/vfio_ccw "$css/devices/${pair%:*}/driver"
done

fail() {
	echo "not so: $*"
	exit 1
}

# refused STATUS COMMAND NAME: exits like that, and does nothing.
refused() {
	status=0
	"$ccwring" "$2" --dry-run --sysfs "$work/sys" "$3" >"$work/out" 2>"$work/err" || status=$?
	[ "$status" = "$1" ] || fail "$2 $3 ends with $1 ($status)"
	[ ! -s "$work/out" ] || fail "$2 $3 does nothing: $(cat "$work/out")"
	grep -q "sch:0.0.0001" "$work/err" || fail "$2 $3 says how subchannels are named"
}

# done_to SUBCHANNEL COMMAND NAME: each step speaks of that one.
done_to() {
	"$ccwring" "$2" --dry-run --sysfs "$work/sys" "$3" >"$work/out"
	grep -q "$1" "$work/out" || fail "$2 $3 is about $1: $(cat "$work/out")"
	! grep -E '0\.0\.000[0-9]' "$work/out" | grep -v "$1" || fail "$2 $3 is about $1 alone"
}

for command in bind unbind; do
	for name in 0.0.0003 0003 3 0.0.0007 7 0.0.12 0.0.120 sch:3 sch:0003 sch:0.0.0120; do
		refused 1 $command $name
	done
	done_to 0.0.0003 $command 0.0.0120
	done_to 0.0.0003 $command 120
	done_to 0.0.0003 $command sch:0.0.0003
	done_to 0.0.0007 $command 5
done
