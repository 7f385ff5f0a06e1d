# SPDX-License-Identifier: MIT
"""Boots a machine for a plan and brings home what the runs said."""

import collections
import json
import os
import subprocess
import sys
import tempfile

_SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_BEGIN, _END = "7e0", "7e1"


# The kernel's release, what compiled it, and an Outcome for each run.
Report = collections.namedtuple("Report", "kernel compiler outcomes")


class Failure(Exception):
    """The machine did not get through the plan."""


class Outcome:
    """What one run printed last, as far as it got."""

    def __init__(self, run):
        self.run = run
        self.result = None
        self.status = None
        self.insns = None

    @property
    def good(self):
        return not self.status and bool(self.result) and not self.result["errors"]


def say(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def _plan_text(plan):
    lines, driver = [], None
    for run in plan.runs:
        wanted = ("driver", run.driver) + run.devices
        if wanted != driver:
            lines.append(" ".join(wanted))
            driver = wanted
        lines.append(" ".join(("run",) + run.command))
    return "\n".join(lines) + "\n"


def _json_object(line):
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def compiler_of(version):
    """From "Linux version RELEASE (USER) (COMPILER, LINKER) ...", /proc/version's line."""
    return version.partition(") (")[2].partition(",")[0]


class _Reader:
    """Follows the guest's output, run by run."""

    def __init__(self, plan):
        self.plan = plan
        self.outcomes = []
        self.kernel = None
        self.compiler = None
        self._open = None

    def line(self, line):
        if line.startswith("@kernel "):
            self.kernel = line.split()[1]
        elif line.startswith("@version "):
            self.compiler = compiler_of(line)
        elif line == "@run":
            self._begin()
        elif line.startswith("@end "):
            self._end(int(line.split()[1]))
        elif line.startswith("@fatal "):
            raise Failure("in the guest: " + line[7:])
        elif self._open and _json_object(line):
            self._open.result = _json_object(line)
        elif line:
            say(self.plan.machine + ": " + line)

    def _begin(self):
        run = self.plan.runs[len(self.outcomes)]
        self._open = Outcome(run)
        self.outcomes.append(self._open)
        say("%s %d/%d: %s %s, depth %d" % (
            self.plan.machine, len(self.outcomes), len(self.plan.runs),
            run.backend, run.shape, run.qd))

    def _end(self, status):
        self._open.status = status
        if status or not self._open.result:
            say("%s: %s: status %d%s" % (
                self.plan.machine, " ".join(self._open.run.command), status,
                "" if self._open.result else ", no result"))
        self._open = None


def pair_markers(outcomes, records):
    """Gives each run with a result the count between its two markers.

    A run that failed half way has executed the first marker at most: whatever
    has a result has executed both.
    """
    at = 0
    for outcome in outcomes:
        if outcome.result is None:
            if records[at:at + 1] and records[at][0] == _BEGIN and \
                    [m for m, _ in records[at + 1:at + 2]] != [_END]:
                at += 1
            continue
        markers = [m for m, _ in records[at:at + 2]]
        if markers != [_BEGIN, _END]:
            raise Failure("markers of %s: expected %s %s, found %s" % (
                " ".join(outcome.run.command), _BEGIN, _END, " ".join(markers) or "none"))
        outcome.insns = records[at + 1][1]
        at += 2
    if at != len(records):
        raise Failure("%d markers are left over" % (len(records) - at))


def _read_markers(path):
    """Lines "insn SEQ MARKER COUNT"."""
    with open(path, encoding="ascii") as lines:
        words = [line.split() for line in lines]
    return [(w[2], int(w[3])) for w in words if w and w[0] == "insn"]


def _boot(plan, image, directory):
    plan_path = os.path.join(directory, "plan")
    with open(plan_path, "w", encoding="ascii") as out:
        out.write(_plan_text(plan))
    measure = os.path.join(_SOURCE, "bench/guest/measure")
    command = [os.path.join(_SOURCE, "lab/boot"), "--timeout", "900"]
    command += [a.replace("@DIR@", directory) for a in plan.boot]
    command += ["--file", plan_path + ":/root/plan", "--file", measure + ":/root/measure",
                "--", "/root/measure", "/root/plan"]
    environ = dict(os.environ, CCWRING_IMAGE=image) if image else None
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace",
                            cwd=directory, env=environ)


def carry_out(plan, image=None):
    """Boots an image, by default the lab's, and returns a Report."""
    reader = _Reader(plan)
    with tempfile.TemporaryDirectory(prefix="ccwring-bench-") as directory:
        with _boot(plan, image, directory) as machine:
            try:
                for line in machine.stdout:
                    reader.line(line.rstrip("\r\n"))
            except BaseException:
                machine.terminate()
                raise
        if machine.returncode:
            raise Failure("lab/boot ended with status %d" % machine.returncode)
        if len(reader.outcomes) != len(plan.runs):
            raise Failure("%d of %d runs" % (len(reader.outcomes), len(plan.runs)))
        if plan.counts_instructions:
            pair_markers(reader.outcomes, _read_markers(os.path.join(directory, "insn")))
    return Report(reader.kernel, reader.compiler, reader.outcomes)
