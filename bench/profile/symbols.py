# SPDX-License-Identifier: MIT
"""Which function an address belongs to, in the kernel and in programs."""

import bisect
import dataclasses
import os
import re

from . import elf


@dataclasses.dataclass(frozen=True)
class Function:
    """Where instructions are; name in brackets: only the object is known."""

    name: str
    object: str
    start: int = 0
    size: int = 0


class Object:
    """A file of code, some or all of its sections at addresses of this boot."""

    def __init__(self, name, file, addresses):
        """addresses: section index -> address there."""
        self.name = name
        self.file = file
        self._addresses = addresses
        self._functions = self._find_functions()
        self._starts = [f.start for f in self._functions]
        self.ranges = [(a, a + file.sections[i].size) for i, a in addresses.items()]

    def _bias(self, index):
        section = self.file.sections[index]
        return self._addresses[index] - (0 if self.file.relocatable else section.address)

    def _find_functions(self):
        """One a start: a function rather than a label, a name others can see."""
        best = {}
        for s in self.file.symbols():
            if s.section not in self._addresses or s.name.startswith(".L"):
                continue
            # A label without a size is a place within a function.
            if not s.is_function and not s.size:
                continue
            start = s.address + self._bias(s.section)
            rank = (s.is_function, not s.is_local, s.size, -len(s.name), s.name)
            if start not in best or rank > best[start][0]:
                best[start] = rank, s
        starts = sorted(best)
        return [self._function(best[start][1], start, following)
                for start, following in zip(starts, starts[1:] + [1 << 64])]

    def _function(self, symbol, start, following):
        """What has no size ends where something else begins."""
        end = self._addresses[symbol.section] + self.file.sections[symbol.section].size
        return Function(symbol.name, self.name, start,
                        symbol.size or min(following, end) - start)

    def function(self, address):
        i = bisect.bisect_right(self._starts, address)
        # One may lie within another.
        for function in reversed(self._functions[max(0, i - 4):i]):
            if address < function.start + function.size:
                return function
        return Function("[%s]" % self._section_name(address), self.name)

    def _section_name(self, address):
        for index, start in self._addresses.items():
            section = self.file.sections[index]
            if start <= address < start + section.size and section.name != ".text":
                return section.name.lstrip(".")
        return self.name

    def code(self, function):
        """The bytes of a function in the file."""
        for index, start in self._addresses.items():
            section = self.file.sections[index]
            if start <= function.start < start + section.size:
                return self.file.code(section, function.start - self._bias(index),
                                      function.size)
        return b""


class Space:
    """An address space: objects side by side."""

    def __init__(self):
        self._ranges = []
        self._cache = {}

    def add(self, obj, ranges=None):
        self._ranges += [(start, end, obj) for start, end in ranges or obj.ranges]
        self._ranges.sort(key=lambda r: r[:2])
        self._cache = {}

    def add_unnamed(self, name, start, end):
        self._ranges.append((start, end, name))
        self._ranges.sort(key=lambda r: r[:2])

    def find(self, address):
        function = self._cache.get(address)
        if function is None:
            function = self._cache[address] = self._find(address)
        return function

    def _at(self, address):
        for start, end, obj in self._ranges:
            if start <= address < end:
                return obj
        return None

    def code(self, function):
        """The bytes of a function, as far as a file has them."""
        obj = self._at(function.start)
        return obj.code(function) if isinstance(obj, Object) else b""

    def _find(self, address):
        obj = self._at(address)
        if isinstance(obj, Object):
            return obj.function(address)
        name = obj or "unknown"
        return Function("[%s]" % name, name)


# --- the kernel -----------------------------------------------------------------

class Kernel:
    """vmlinux, linked for one address and run at another."""

    def __init__(self, build):
        self._build = build
        self.file = elf.Elf(os.path.join(build, "vmlinux"))
        self._base = self._image_base()
        self._symbols = {s.name: s for s in self.file.symbols()}

    def _image_base(self):
        """Where the image goes when it is not told to go anywhere else."""
        with open(os.path.join(self._build, ".config"), encoding="ascii") as config:
            found = re.search(r"^CONFIG_KERNEL_IMAGE_BASE=(\w+)$", config.read(), re.M)
        return int(found[1], 0) if found else 0

    def address(self, name):
        return self._symbols[name].address + self._base

    def end(self, name):
        return self.address(name) + self._symbols[name].size

    def object(self):
        addresses = {s.index: s.address + self._base for s in self.file.sections if s.executable}
        return Object("kernel", self.file, addresses)


def module(name, path, sections):
    """sections: name -> address, as the kernel says."""
    file = elf.Elf(path)
    addresses = {s.index: sections[s.name] for s in file.sections
                 if s.executable and s.name in sections}
    return Object(name, file, addresses)


# --- programs -------------------------------------------------------------------

_MAP = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) \S+ \d+ *(.*)$")


def _bias(file, start, offset):
    """What the loader added to the addresses in a file."""
    for where, address, size in file.segments():
        if where <= offset < where + size or offset == where & ~0xfff:
            return start - offset + where - address
    return start - offset


def program(lines, find_file):
    """A Space for the executable lines of a /proc/PID/maps."""
    space = Space()
    for line in lines:
        found = _MAP.match(line)
        if not found or "x" not in found[3]:
            continue
        start, end, offset = (int(found[i], 16) for i in (1, 2, 4))
        name = found[5] or "anonymous memory"
        path = find_file(name)
        if not path:
            space.add_unnamed(os.path.basename(name).strip("[]"), start, end)
            continue
        file = elf.Elf(path)
        bias = _bias(file, start, offset)
        addresses = {s.index: s.address + bias for s in file.sections if s.executable}
        space.add(Object(os.path.basename(name), file, addresses), [(start, end)])
    return space
