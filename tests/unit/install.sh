#!/bin/sh
# SPDX-License-Identifier: MIT
#
# install.sh CMAKE BUILD CC CXX DOC: what is installed can be used, from C and C++,
# each header alone, with nothing but pkg-config's flags; and so can the program
# the document shows.
set -eu

if ! command -v pkg-config >/dev/null; then
	echo "SKIP: there is no pkg-config here"
	exit 77
fi
unset LD_LIBRARY_PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Not the prefix the build was made for.
"$1" --install "$2" --prefix "$work/usr" >/dev/null
pc=$(dirname "$(find "$work/usr" -name ccwring.pc)")
# The loader does not look there by itself: it is told as pkg-config knows it.
lib=$(PKG_CONFIG_LIBDIR=$pc pkg-config --variable=libdir ccwring)
flags="$(PKG_CONFIG_LIBDIR=$pc pkg-config --cflags --libs ccwring) -Wl,-rpath,$lib"
# With liburing from where the machine has it; its header wants GNU's names.
uring=$(PKG_CONFIG_PATH=$pc pkg-config --cflags --libs ccwring-uring)

echo '#include <ccwring/uring.h>' >"$work/one.c"
$3 -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only "$work/one.c" $uring
cp "$work/one.c" "$work/one.cc"
$4 -std=gnu++17 -Wall -Wextra -Werror -fsyntax-only "$work/one.cc" $uring

for header in "$work"/usr/include/ccwring/*.h; do
	name=${header##*/}
	[ "$name" != uring.h ] || continue
	echo "#include <ccwring/$name>" >"$work/one.c"
	$3 -std=c11 -Wall -Wextra -Werror -pedantic -fsyntax-only "$work/one.c" $flags
	cp "$work/one.c" "$work/one.cc"
	$4 -std=c++17 -Wall -Wextra -Werror -fsyntax-only "$work/one.cc" $flags
done

cat >"$work/use.c" <<'C'
#include <ccwring/ccwring.h>

int main(void)
{
	struct ccwring_vfio *vfio;
	struct ccwring_orb orb;

	ccwring_orb_init(&orb, 0x1000);
	if (ccwring_vfio_new(0, &vfio))
		return 1;
	if (!ccwring_dma_alloc(vfio, 4096, 0))
		return 2;
	return ccwring_vfio_free(vfio) || ccwring_version() == 0;
}
C
cp "$work/use.c" "$work/use.cc"
$3 -std=c11 -Wall -Wextra -Werror -o "$work/use" "$work/use.c" $flags
"$work/use"
$4 -std=c++17 -Wall -Wextra -Werror -o "$work/use" "$work/use.cc" $flags
"$work/use"
"$work/usr/bin/ccwring" --version
"$work/usr/bin/ccwring" bench --backend hosted --count 10
# All of it can be moved to elsewhere.
mv "$work/usr" "$work/opt"
"$work/opt/bin/ccwring" bench --backend hosted --count 10
mv "$work/opt" "$work/usr"

sed -n '/^```c$/,/^```$/p' "$5" | sed '/^```/d' >"$work/doc.c"
grep -q main "$work/doc.c"
$3 -std=c11 -Wall -Wextra -Werror -o "$work/doc" "$work/doc.c" $flags
# There is no such device here, and it ends as it should.
status=0
"$work/doc" || status=$?
[ $status = 1 ]
