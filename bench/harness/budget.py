# SPDX-License-Identifier: MIT
"""Instructions an I/O may take: a committed table, and a measurement beside it."""

import re
import statistics

from . import guest, plan

TOLERANCE = 0.02
# A kernel of another release counts as the same around our driver if what it does
# without it costs the same, in the rows of these backends.
_NOT_OURS = ("floor-irq", "stock", "io_uring-nop", "io_uring-cmd")
_SAME = 0.015

_HEADER = """\
# SPDX-License-Identifier: MIT
#
# Instructions an I/O may take, kernel and user together, within 2 %%: the test
# guest-budget compares.  Written by tests/guest/budget --update, which measures
# the rows it finds here; a new row starts with the count 0.
# See docs/benchmarking.md.
kernel %s
compiler %s

# %-10s %-7s %5s %12s
"""


class Table:
    """The kernel and the compiler it was taken with, and counts by row."""

    def __init__(self, kernel, compiler, counts):
        self.kernel = kernel
        self.compiler = compiler
        self.counts = counts

    def text(self):
        lines = [_HEADER % (self.kernel, self.compiler,
                            "backend", "shape", "depth", "instructions")]
        lines += ["%-12s %-7s %5d %12.0f\n" % (row + (count,))
                  for row, count in self.counts.items()]
        return "".join(lines)


def parse(text):
    kernel = compiler = None
    counts = {}
    for line in text.splitlines():
        words = line.split()
        if not words or words[0] == "#":
            continue
        if words[0] == "kernel":
            kernel = words[1]
        elif words[0] == "compiler":
            compiler = line.partition(" ")[2]
        else:
            backend, shape, depth, count = words
            counts[backend, shape, int(depth)] = float(count)
    return Table(kernel, compiler, counts)


def measure(rows, plugin):
    """A Table of these rows: medians, which neither a tick moves nor a lull."""
    report = guest.carry_out(plan.budget(rows, plugin))
    counts = {}
    for outcome in report.outcomes:
        if not outcome.good:
            raise guest.Failure("a run failed; see above")
        run = outcome.run
        count = outcome.insns / outcome.result["count"]
        counts.setdefault((run.backend, run.shape, run.qd), []).append(count)
    return Table(report.kernel, report.compiler,
                 {row: statistics.median(each) for row, each in counts.items()})


def _change(was, now):
    return (now - was) / was if was else float("inf")


def _name(row):
    return "%s %s, depth %d" % row


def _variant(release):
    """What a release ends in: "6.12.117-ccwring" is one of "-ccwring"."""
    return re.sub(r"^[0-9.]*", "", release)


def incomparable(table, now):
    """Why the counts of a measurement say nothing about those of a table, or None."""
    if now.compiler != table.compiler:
        return "the table is for kernels compiled by %s, this one is by %s" % (
            table.compiler, now.compiler)
    if _variant(now.kernel) != _variant(table.kernel):
        return "the table is for Linux %s, this is %s" % (table.kernel, now.kernel)
    if now.kernel == table.kernel:
        return None
    for row, was in table.counts.items():
        change = _change(was, now.counts[row])
        if row[0] in _NOT_OURS and abs(change) > _SAME:
            return ("the table is for Linux %s, this is %s, on which %s, without our driver, "
                    "takes %.0f instructions instead of %.0f (%+.1f %%)" % (
                        table.kernel, now.kernel, _name(row), now.counts[row], was,
                        100 * change))
    return None


def excesses(table, now):
    """A line for each row that is too far from its budget, above or below."""
    lines = []
    for row, was in table.counts.items():
        change = _change(was, now.counts[row])
        if abs(change) > TOLERANCE:
            lines.append("%s: was %.0f, now %.0f instructions an I/O (%+.1f %%)" % (
                _name(row), was, now.counts[row], 100 * change))
    return lines
