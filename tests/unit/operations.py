#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whoever does as docs/operations.md says has a command that works.

operations.py SOURCE: user space is built and installed by the commands of the document, as
they stand there, but for apt's.  They see a file system in which /usr/local is empty and
/etc their own, and what is installed goes with it.  Then a program of somebody else's is
built as docs/library.md says.  The packages that apt is told to install are all that a
clean machine needs.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "LANG": "C.UTF-8", "HOME": os.environ.get("HOME", "/")}

PREPARE = """
set -eu
# Nothing of what follows is seen outside.
mount -t tmpfs tmpfs /usr/local
# Secrets are not copied where this is not root.
cp -a /etc etc 2>/dev/null || true
mount --bind etc /etc
apt() { :; }
cd source
"""

USE = """
cd /
ccwring --version
ccwring bench --backend hosted --count 10
# Where somebody else's root is below.
cmake --install "$WORK/source/build" --prefix "$WORK/elsewhere" >/dev/null
"$WORK/elsewhere/bin/ccwring" bench --backend hosted --count 10
cd "$WORK"
cc read.c $(pkg-config --cflags --libs ccwring)
status=0
./a.out || status=$?
# There is no such disk, and that is all that is wrong.
[ $status = 1 ]
"""

# What CMake finds that the build cannot do without, besides what it says is REQUIRED.
NEEDED = ["CMAKE_COMMAND", "CMAKE_MAKE_PROGRAM", "CMAKE_C_COMPILER", "CMAKE_OBJCOPY",
          "JEMALLOC_PIC_LIBRARY"]


def skip(why):
    print("SKIP: " + why)
    sys.exit(77)


def check(condition, what):
    if not condition:
        sys.exit("not so: " + what)


def commands(source):
    """The block of commands for user space."""
    with open(os.path.join(source, "docs/operations.md")) as document:
        text = document.read()
    block = re.search(r"^User space.*?^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    check(block, "there is a block of commands for user space")
    return block.group(1)


def copy(source, to):
    """What is in the checkout, without what was built there."""
    def ignore(directory, names):
        return [n for n in names if directory == source and re.match(r"\.git$|build", n)]
    shutil.copytree(source, to, symlinks=True, ignore=ignore)


def program(source, to):
    """The first program in the document of the library."""
    with open(os.path.join(source, "docs/library.md")) as document:
        text = document.read()
    with open(to, "w") as out:
        out.write(re.search(r"^```c\n(.*?)^```", text, re.DOTALL | re.MULTILINE).group(1))


def private():
    """How to become root of a private file system, or None."""
    for command in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        if not subprocess.run([*command, "mount", "-t", "tmpfs", "tmpfs", "/usr/local"],
                              stderr=subprocess.DEVNULL).returncode:
            return command
    return None


def build_and_use(source, work, lines):
    command = private()
    if not command:
        skip("no private file system can be made here")
    environment = dict(ENVIRONMENT, WORK=work)
    if shutil.which("ccache"):
        environment.update(CMAKE_C_COMPILER_LAUNCHER="ccache", CCACHE_NOHASHDIR="1",
                           CMAKE_CXX_COMPILER_LAUNCHER="ccache", CCACHE_BASEDIR=work)
        if "CCWRING_CACHE" in os.environ:
            environment["CCACHE_DIR"] = os.environ["CCWRING_CACHE"] + "/ccache"
    copy(source, os.path.join(work, "source"))
    program(source, os.path.join(work, "read.c"))
    run = subprocess.run([*command, "sh", "-c", PREPARE + lines + USE], cwd=work,
                         env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, timeout=1500)
    if run.returncode:
        print(run.stdout)
    check(not run.returncode, "each command ends with 0, which %d is not" % run.returncode)
    check("warning:" not in run.stdout, "there are no warnings:\n" + run.stdout)


def needed(source):
    """Variables of CMake that name what the build cannot do without."""
    names = set(NEEDED)
    for directory in ("lib", "uring", "tools"):
        for path, _, files in os.walk(os.path.join(source, directory)):
            if "CMakeLists.txt" in files:
                with open(os.path.join(path, "CMakeLists.txt")) as lines:
                    names.update(re.findall(r"find_library\((\w+) [^)]*REQUIRED", lines.read()))
    return names


def owners(path):
    """The packages that have a file, which may be an alternative of Debian's."""
    for name in (path, os.path.realpath(path)):
        answer = subprocess.run(["dpkg", "-S", name], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True)
        if not answer.returncode:
            return {line.split(":")[0] for line in answer.stdout.splitlines()}
    return set()


def check_packages(work, lines):
    """What the build has found is of packages that apt would install on a clean machine."""
    if not shutil.which("apt-get"):
        return
    named = re.search(r"^apt install (.*)$", lines, re.MULTILINE).group(1).split()
    empty = os.path.join(work, "status")
    with open(empty, "w"):
        pass
    plan = subprocess.run(["apt-get", "-s", "-o", "Dir::State::status=" + empty, "install",
                           *named], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if plan.returncode:
        skip("apt cannot say what it would install: " + plan.stderr.strip())
    installed = set(re.findall(r"^Inst ([^\s:]+)", plan.stdout, re.MULTILINE))
    with open(os.path.join(work, "source/build/CMakeCache.txt")) as cache:
        found = dict(re.findall(r"^(\w+):\w+=(/.*)$", cache.read(), re.MULTILINE))
    for name in needed(os.path.join(work, "source")):
        check(name in found, "%s was found" % name)
        check(owners(found[name]) & installed,
              "%s, for %s, comes with one of %s" % (found[name], name, " ".join(named)))


def main():
    source = os.path.realpath(sys.argv[1])
    lines = commands(source)
    with tempfile.TemporaryDirectory(prefix="ccwring-operations-") as work:
        build_and_use(source, work, lines)
        check_packages(work, lines)


if __name__ == "__main__":
    main()
