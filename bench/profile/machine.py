# SPDX-License-Identifier: MIT
"""One boot with the plugins."""

import json
import os
import re
import shlex
import subprocess
import sys

from . import files

_SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

_ENTRIES = ("system_call", "ext_int_handler", "io_int_handler", "mcck_int_handler",
            "restart_int_handler")
_FAULTS = ("pgm_check_handler",)


class Failure(Exception):
    """There is no profile; the text says why, in one line."""


def say(text):
    print("perf: " + text, file=sys.stderr, flush=True)


def _plugin(kernel, directory):
    words = [files.variable("CCWRING_PROFILE_PLUGIN"), "out=%s/profile" % directory,
             "switch=%#x-%#x" % (kernel.address("__switch_to_asm"),
                                 kernel.end("__switch_to_asm")),
             "fork=%#x" % kernel.address("ret_from_fork")]
    words += ["entry=%#x" % kernel.address(name) for name in _ENTRIES]
    words += ["fault=%#x" % kernel.address(name) for name in _FAULTS]
    return ",".join(words)


def _boot(script, arguments, load, directory, extra):
    """Runs a script of bench/guest, which runs the load."""
    command = os.path.join(directory, "program")
    with open(command, "w", encoding="utf-8") as out:
        out.write("exec " + " ".join(map(shlex.quote, load.command)) + "\n")
    guest = os.path.join(_SOURCE, "bench/guest/")
    words = [os.path.join(_SOURCE, "lab/boot"), "--timeout", "300",
             "--devices", str(len(load.devices)), "--out", directory, *extra]
    for spec in (command + ":/root/program", guest + "drivers.sh:/root/drivers.sh",
                 guest + script + ":/root/" + script, *load.files):
        words += ["--file", spec]
    words += ["--", "/root/" + script, *arguments, load.driver, *load.devices]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, errors="replace")


def _report(line):
    """The line as an object, if a measurement reports in it."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) and "count" in value else None


def _carry_out(*arguments):
    """The last report, None without one."""
    last = None
    with _boot(*arguments) as machine:
        try:
            for line in machine.stdout:
                report = _report(line)
                last = report or last
                if not report:
                    sys.stderr.write(line)
        except BaseException:
            machine.terminate()
            raise
    if machine.returncode:
        raise Failure("the guest's program ended with status %d" % machine.returncode)
    if last and last.get("errors"):
        raise Failure("%d I/Os failed" % last["errors"])
    return last


def profile(kernel, load, directory):
    """Counts with both plugins; leaves its files in the directory."""
    insn = files.variable("CCWRING_INSN_PLUGIN")
    return _carry_out("profiled", [], load, directory, [
        "--plugin", "%s,out=%s/insn" % (insn, directory),
        "--machine-arg=-plugin", "--machine-arg=" + _plugin(kernel, directory)])


def trace(which, load, directory):
    """Records events with perf; leaves its files in the directory."""
    clients = files.variable("CCWRING_CLIENTS")
    return _carry_out("traced", [which], load, directory, ["--file", clients + ":/clients"])


def events(directory):
    """What perf script printed."""
    return _read(directory, "events.txt")


def _read(directory, name):
    path = os.path.join(directory, name)
    if not os.path.exists(path):
        raise Failure("the guest has left no %s" % name)
    with open(path, encoding="utf-8", errors="replace") as text:
        return text.read()


def counted(directory):
    """What the counting plugin says: (pairs of markers, instructions between them)."""
    words = [line.split() for line in _read(directory, "insn").splitlines()]
    ends = [int(count) for _, _, marker, count in words if marker == "7e1"]
    return len(ends), sum(ends)


def kernel_address(directory):
    """Where the guest's kernel says it is."""
    return int(re.search(r"^kernel (\w+) ", _read(directory, "addresses"), re.M)[1], 16)


def modules(directory):
    """Name of a module -> name of a section -> its address."""
    found = {}
    for name, section, address in re.findall(r"^module (\S+) (\S+) (\S+)$",
                                             _read(directory, "addresses"), re.M):
        found.setdefault(name, {})[section] = int(address, 16)
    return found


def maps(directory):
    """Lines of the map of each program that was followed, in order of their starts."""
    if not os.path.exists(os.path.join(directory, "maps")):
        return []
    parts = re.split(r"^process \d+\n", _read(directory, "maps"), flags=re.M)
    return [part.splitlines() for part in parts[1:]]
