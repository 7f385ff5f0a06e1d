# SPDX-License-Identifier: MIT
"""One function, instruction by instruction."""

import re
import subprocess
import tempfile

_OBJDUMP = "s390x-linux-gnu-objdump"
_LINE = re.compile(r" *([0-9a-f]+):\t[0-9a-f ]+\t(.*)$")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{5,}\b")


class Unknown(Exception):
    """No function of that name was executed."""


def find(profile, name):
    """The function; of several with the name the one that executes most."""
    found = [f for f in profile.own if f.name == name] or \
        [f for f in profile.own if f.name.split(".")[0] == name]
    if not found:
        raise Unknown("no function %s was executed" % name)
    return max(found, key=lambda f: profile.own[f])


def _code(profile, function, in_file):
    """The bytes as they were executed: the kernel patches its code, and modules
    are relocated.  What was not executed is as in the file."""
    code = bytearray(in_file)
    for (other, address), executed in profile.code.items():
        if other == function and not address & 1:
            offset = address - function.start
            code.extend(bytes(max(0, offset + len(executed) - len(code))))
            code[offset:offset + len(executed)] = executed
    return bytes(code)


def _disassemble(code, start):
    """(address, text) of each instruction."""
    with tempfile.NamedTemporaryFile(prefix="ccwring-perf-") as file:
        file.write(code)
        file.flush()
        done = subprocess.run(
            [_OBJDUMP, "-D", "-b", "binary", "-m", "s390:64-bit",
             "--adjust-vma=%#x" % start, file.name],
            stdout=subprocess.PIPE, text=True, check=True)
    for line in done.stdout.splitlines():
        found = _LINE.match(line)
        if found:
            yield int(found[1], 16), found[2].replace("\t", " ")


def _namer(start, end, find_function):
    """Turns an address in an operand into a name."""
    def name(match):
        address = int(match[0], 16)
        if start <= address < end:
            return "+%x" % (address - start)
        function = find_function(address)
        if not function.start:
            return match[0]
        offset = address - function.start
        return function.name + ("+%x" % offset if offset else "")
    return name


def _executed(profile, function, address, ios):
    """What an EXECUTE there has executed, if QEMU ran it as an instruction."""
    place = function, address + 1
    if place in profile.code:
        for _, text in _disassemble(profile.code[place], address):
            yield "%11.3f  %6s    %s" % (profile.at[place] / ios, "", text)


def _listing(profile, function, find_function, in_file, ios):
    code, skipped = _code(profile, function, in_file), 0
    name = _namer(function.start, function.start + len(code), find_function)
    for address, text in _disassemble(code, function.start):
        count = profile.at.get((function, address), 0)
        if not count:
            skipped += 1
            continue
        if skipped:
            yield "%11s" % "-" + "         %d not executed" % skipped
            skipped = 0
        yield "%11.3f  %6s  %s" % (count / ios, "+%x" % (address - function.start),
                                  _ADDRESS.sub(name, text))
        yield from _executed(profile, function, address, ios)
    if skipped:
        yield "%11s" % "-" + "         %d not executed" % skipped


def render(profile, function, find_function, in_file, ios):
    """find_function: names an address; in_file: the bytes of the function there."""
    head = "%s in %s: %.1f instructions an I/O" % (
        function.name, function.object, profile.own[function] / ios)
    return "\n".join([head, *_listing(profile, function, find_function, in_file, ios)])
