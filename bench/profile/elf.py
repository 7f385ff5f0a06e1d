# SPDX-License-Identifier: MIT
"""Sections and symbols of a 64-bit, big-endian ELF file."""

import dataclasses
import struct

_SHT_SYMTAB, _SHT_NOBITS, _SHT_DYNSYM = 2, 8, 11
_SHF_EXECINSTR = 4
_STT_NOTYPE, _STT_FUNC, _STT_GNU_IFUNC = 0, 2, 10
_PT_LOAD = 1
_ET_REL = 1


class NotElf(Exception):
    """Not a file of this kind."""


@dataclasses.dataclass(frozen=True)
class Section:
    """index is what symbols refer to it by."""

    index: int
    name: str
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int

    @property
    def executable(self):
        return bool(self.flags & _SHF_EXECINSTR)


@dataclasses.dataclass(frozen=True)
class Symbol:
    """A function, or a label in code that has no type."""

    name: str
    address: int
    size: int
    section: int
    is_function: bool
    is_local: bool


class Elf:
    """What of an ELF file matters to name addresses in it."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self._data = file.read()
        if self._data[:6] != b"\x7fELF\x02\x02":
            raise NotElf(path)
        (self._type, _, _, _, self._phoff, shoff, _, _, self._phentsize, self._phnum,
         shentsize, shnum, shstrndx) = struct.unpack_from(">HHIQQQIHHHHHH", self._data, 16)
        self.sections = self._read_sections(shoff, shentsize, shnum, shstrndx)

    def _read_sections(self, shoff, size, count, names):
        raw = [struct.unpack_from(">IIQQQQI", self._data, shoff + i * size)
               for i in range(count)]
        strings = raw[names][4] if count else 0
        return [Section(i, self._string(strings + r[0]), *r[1:])
                for i, r in enumerate(raw)]

    def _string(self, offset):
        return self._data[offset:self._data.index(b"\0", offset)].decode("utf-8", "replace")

    @property
    def relocatable(self):
        """A module: each section can go elsewhere, symbols are relative to theirs."""
        return self._type == _ET_REL

    def segments(self):
        """(file offset, address, size in the file) of what is loaded."""
        for i in range(self._phnum):
            kind, _, offset, address, _, size = struct.unpack_from(
                ">IIQQQQ", self._data, self._phoff + i * self._phentsize)
            if kind == _PT_LOAD:
                yield offset, address, size

    def code(self, section, address, size):
        """Bytes of a section; address as symbols give it."""
        if section.type == _SHT_NOBITS:
            return b""
        start = section.offset + address - (0 if self.relocatable else section.address)
        return self._data[start:min(start + size, section.offset + section.size)]

    def symbols(self):
        """Symbols of code: all, or those that libraries show where no others are left."""
        tables = [s for s in self.sections if s.type == _SHT_SYMTAB] or \
            [s for s in self.sections if s.type == _SHT_DYNSYM]
        for table in tables:
            yield from self._symbols(table)

    def _symbols(self, table):
        strings = self.sections[table.link].offset
        code = {s.index for s in self.sections if s.executable}
        raw = self._data[table.offset:table.offset + table.size]
        for name, info, _, section, address, size in struct.iter_unpack(">IBBHQQ", raw):
            kind = info & 15
            if section in code and name and kind in (_STT_NOTYPE, _STT_FUNC, _STT_GNU_IFUNC):
                yield Symbol(self._string(strings + name), address, size, section,
                             kind != _STT_NOTYPE, not info >> 4)
