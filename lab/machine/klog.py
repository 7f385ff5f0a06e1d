# SPDX-License-Identifier: MIT
"""The guest's kernel log: its text, and what in it means the kernel is unwell."""

import re

_BAD = re.compile("|".join((
    r"\bBUG:", r"kernel BUG at", r"\bWARNING:", r"\bOops\b", r"Kernel panic",
    r"Unable to handle kernel", r"illegal operation:", r"addressing exception:",
    r"possible (circular|recursive) locking", r"inconsistent lock state",
    r"suspicious RCU usage", r"rcu: .*(stall|starved)", r"INFO: task .* blocked for more than",
    r"lockup", r"KASAN:", r"KCSAN:", r"KFENCE:", r"UBSAN:", r"kmemleak: [1-9]\d* new suspected",
    r"refcount_t:", r"list_(add|del) corruption", r"DEBUG_LOCKS_WARN_ON",
    r"sysfs: cannot create duplicate", r"Bad page state", r"scheduling while atomic",
)))


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

    def findings(self):
        """The lines that make a run fail."""
        return [l for l in self.lines if _BAD.search(l) and
                not any(a.search(l) for a in self._allow)]
