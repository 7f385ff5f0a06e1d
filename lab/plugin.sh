# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The TCG plugin that counts guest instructions.

insn_plugin() {
	CCWRING_INSN_PLUGIN=
	hash_files bench/insn lab/plugin.sh
	hash_text 1 "$REPLY"
	cached plugin "$REPLY" "building the instruction counter" build_plugin
	CCWRING_INSN_PLUGIN=$REPLY/insn.so
}

build_plugin() {
	# The functions it calls are QEMU's own, found when QEMU loads it.
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden \
		-o insn.so "$CCWRING_SRC/bench/insn/insn.c"
}
