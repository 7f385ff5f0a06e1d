# SPDX-License-Identifier: MIT
"""The guest's kernel log: its text, and what in it means the kernel is unwell."""

import re

_BAD = re.compile("|".join((
    r"\bBUG:", r"kernel BUG at", r"\bWARNING:", r"\bOops\b", r"Kernel panic",
    r"Unable to handle kernel", r"illegal operation:", r"addressing exception:",
    r"possible (circular|recursive) locking", r"inconsistent lock state",
    r"suspicious RCU usage", r"rcu: .*(stall|starved)", r"INFO: task .* blocked for more than",
    r"lockup", r"KASAN:", r"KFENCE:", r"UBSAN:", r"kmemleak: ([1-9]\d* new suspected|.*disabled)",
    r"refcount_t:", r"list_(add|del) corruption", r"DEBUG_LOCKS_WARN_ON",
    r"sysfs: cannot create duplicate", r"Bad page state", r"scheduling while atomic",
)))


# A data race, up to the line of equals signs behind it: for each of the two accesses
# a line that says which, and the functions it was made in.
_RACE = re.compile(r"BUG: KCSAN:")
_RACE_END = re.compile(r"\] ={20,}$")
_ACCESS = re.compile(r" to 0x[0-9a-f]+ of \d+ bytes by ")
# An access is the driver's if it is made in the driver, or in a function that works for
# it (memcpy), or in one that function calls.
_DEPTH = 3
_OURS = re.compile(r"\[vfio_ccw\]")


def _is_ours(report):
    """Is one of a race's accesses the driver's?"""
    depth = _DEPTH
    for line in report[1:]:
        if _ACCESS.search(line):
            depth = 0
        elif depth < _DEPTH:
            depth += 1
            if _OURS.search(line):
                return True
    return False


class Log:
    """Collects /dev/kmsg records."""

    def __init__(self, allow=()):
        self._allow = [re.compile(a) for a in allow]
        self.lines = []
        self.lost = False

    def record(self, payload):
        """Takes one record: "prio,seq,usec,flags;text" and " KEY=value" lines."""
        head, _, rest = payload.decode("utf-8", "replace").partition(";")
        text = rest.split("\n", 1)[0]
        try:
            usec = int(head.split(",")[2])
        except (IndexError, ValueError):
            usec = 0
        self.lines.append("[%5d.%06d] %s" % (usec // 1000000, usec % 1000000, text))

    def _races(self):
        """The reports of data races: each a list of lines."""
        report = None
        for line in self.lines:
            if _RACE.search(line):
                report = [line]
            elif report and _RACE_END.search(line):
                yield report
                report = None
            elif report:
                report.append(line)
        if report:
            yield report

    def findings(self):
        """The lines that make a run fail: of a data race all, if the driver has a part
        in it, and none if it has not."""
        found = [l for l in self.lines if _BAD.search(l) and not _RACE.search(l)]
        for report in self._races():
            if _is_ours(report):
                found += report
        return [l for l in found if not any(a.search(l) for a in self._allow)]

    def others_races(self):
        """How many data races are none of the driver's."""
        return sum(not _is_ours(report) for report in self._races())
