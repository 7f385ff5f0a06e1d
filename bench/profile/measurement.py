# SPDX-License-Identifier: MIT
"""From what is to be profiled to its profile."""

import dataclasses
import os

from . import files, machine, recording, symbols
from .profile import Profile

# What a CPU keeps for itself; the last instruction of an interrupt is there.
_LOWCORE = 0x2000

# Backends as ./run bench and ccwring bench name them -> options of the latter.
BACKENDS = {
    "stock": ("--backend", "region"),
    "region": ("--backend", "region"),
    "ring": ("--backend", "ring"),
    "ring-spin": ("--backend", "ring", "--spin"),
    "ring-poll": ("--backend", "ring", "--poll"),
    "ring-thread": ("--backend", "ring", "--thread"),
    "ring-thread-poll": ("--backend", "ring", "--thread", "--poll"),
    "uring_cmd": ("--backend", "uring_cmd"),
    "uring_enter": ("--backend", "uring_enter"),
}

# Enough for a mean that does not move, and few enough to look at.
_PROFILED, _TRACED = 4000, 64


class Load:
    """What runs in the guest: ccwring bench, or the program."""

    def __init__(self, backend="ring", shape="1page", depth=32, subchannels=1, count=None,
                 program=(), files_=(), traced=False):
        """backend: one of BACKENDS; count: I/Os, None as many as usual;
        files_: HOST[:GUEST] for the program; traced: all of it is looked at, not what
        is between the markers."""
        self.stock = backend == "stock"
        self.driver = "stock" if self.stock else "ccwring"
        self.count = count
        self.files = list(files_)
        self.devices = ["0.0.%04x" % (0x2000 + i) for i in range(subchannels)]
        self.title = " ".join(program) or "%s, %s, depth %d" % (backend, shape, depth)
        self.command = list(program) or self._bench(backend, shape, depth, traced)

    def _bench(self, backend, shape, depth, traced):
        count = self.count or (_TRACED if traced else _PROFILED)
        # Before it counts, pages are pinned and functions of libraries are found.
        warmup = 0 if traced else max(4 * depth * len(self.devices), count // 10)
        return ["ccwring", "bench", "--json", "--no-latency", *BACKENDS[backend],
                "--shape", shape, "--depth", str(depth),
                "--count", str(count), "--warmup", str(warmup), *self.devices]


@dataclasses.dataclass(frozen=True)
class Measured:
    """modules: names of those in the guest's kernel; counted: instructions between the
    markers, by the plugin that only counts them."""

    profile: Profile
    ios: int
    modules: tuple
    counted: int


def _kernel_space(kernel, directory, stock):
    if machine.kernel_address(directory) != kernel.address("_text"):
        raise machine.Failure("the guest's kernel is not where the plugin was told")
    space = symbols.Space()
    space.add_unnamed("lowcore", 0, _LOWCORE)
    space.add(kernel.object())
    modules = files.Modules(stock)
    for name, sections in machine.modules(directory).items():
        path = modules.find(name)
        if path:
            space.add(symbols.module(name, path, sections))
    return space


def _program_spaces(directory, brought):
    """By number of the program; 0 is one that was not followed from its start."""
    find = files.Programs(brought).find
    spaces = [symbols.Space()]
    spaces += [symbols.program(lines, find) for lines in machine.maps(directory)]
    return dict(enumerate(spaces))


def measure(load, directory):
    """Boots, leaves files in the directory, and gives a Measured."""
    kernel = symbols.Kernel(files.variable("CCWRING_KERNEL_DIR"))
    report = machine.profile(kernel, load, directory)
    record = recording.Recording(os.path.join(directory, "profile"))
    if not record.sections:
        raise machine.Failure("the program did not execute both markers")
    profile = Profile(record, _kernel_space(kernel, directory, load.stock),
                      _program_spaces(directory, load.files))
    pairs, counted = machine.counted(directory)
    if (record.sections, profile.total) != (pairs, counted):
        raise machine.Failure("%d instructions in the profile, but %d were counted" % (
            profile.total, counted))
    return Measured(profile, report["count"] if report else load.count or 1,
                    tuple(machine.modules(directory)), counted)
