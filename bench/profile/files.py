# SPDX-License-Identifier: MIT
"""Where the files are, with symbols, that the guest runs without them."""

import os



class Missing(Exception):
    """Something was not built."""


def variable(name):
    value = os.environ.get(name)
    if not value:
        raise Missing("%s is not set; start it as ./run perf" % name)
    return value


def _by_name(directories, wanted):
    found = {}
    for top in directories:
        for directory, _, names in os.walk(top):
            for name in names:
                if wanted(name):
                    found.setdefault(name, os.path.join(directory, name))
    return found


def _is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


class Modules:
    """Kernel modules; ours go before the kernel's own unless it is the stock driver."""

    def __init__(self, stock):
        ours = [] if stock else variable("CCWRING_MODULES").split(":")
        self._paths = _by_name(ours + [variable("CCWRING_KERNEL_DIR")],
                               lambda name: name.endswith(".ko"))

    def find(self, name):
        """name as the kernel writes it."""
        for file, path in self._paths.items():
            if file[:-3].replace("-", "_") == name:
                return path
        return None


class Programs:
    """Programs and libraries: as they were built, or else as the guest has them."""

    def __init__(self, brought=()):
        """brought: HOST[:GUEST] of what a run brings, as lab/boot takes it."""
        pairs = [spec.partition(":")[::2] for spec in brought]
        self._brought = {guest or "/root/" + os.path.basename(host): host
                         for host, guest in pairs}
        self._built = _by_name([variable("CCWRING_S390X_BUILD")],
                               lambda name: "." not in name or ".so" in name)
        self._roots = [variable("CCWRING_SYSROOT"), os.environ.get("CCWRING_CLIENTS") or ""]

    def find(self, path):
        """path: in the guest."""
        places = [self._brought.get(path, ""), self._built.get(os.path.basename(path), "")]
        places += [root + path for root in self._roots if root]
        for place in places:
            if os.path.isfile(place) and _is_elf(place):
                return os.path.realpath(place)
        return None
