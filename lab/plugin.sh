# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The TCG plugins: one counts guest instructions, the other says where they are.

insn_plugin() {
	CCWRING_INSN_PLUGIN= CCWRING_PROFILE_PLUGIN=
	hash_files bench/insn lab/plugin.sh
	hash_text 1 "$REPLY"
	cached plugin "$REPLY" "building the instruction counter" build_plugins
	CCWRING_INSN_PLUGIN=$REPLY/insn.so
	CCWRING_PROFILE_PLUGIN=$REPLY/profile.so
}

build_plugins() {
	build_plugin insn.so insn.c
	build_plugin profile.so profile.c stack.c
}

# build_plugin OUTPUT SOURCE...: the functions it calls are QEMU's own, found when
# QEMU loads it.
build_plugin() {
	local output=$1
	shift
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden \
		-o "$output" "${@/#/$CCWRING_SRC/bench/insn/}"
}
