# SPDX-License-Identifier: MIT
"""What ./run bench and guest-budget make of a measurement."""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench"))

from harness import awake, budget, guest, table  # noqa: E402

_RING, _FLOOR = ("ring", "nop", 32), ("floor-irq", "nop", 1)


def _table(ring=1000.0, floor=700.0, kernel="6.12.1-ccwring", compiler="gcc 12"):
    return budget.Table(kernel, compiler, {_FLOOR: floor, _RING: ring})


class Budget(unittest.TestCase):
    def test_text_and_back(self):
        again = budget.parse(_table().text())
        self.assertEqual(again.counts, _table().counts)
        self.assertEqual((again.kernel, again.compiler), ("6.12.1-ccwring", "gcc 12"))

    def test_within(self):
        for ring in (980.5, 1000, 1019.5):
            self.assertEqual(budget.excesses(_table(), _table(ring)), [])

    def test_above_and_below(self):
        for ring, change in (1021, "+2.1 %"), (979, "-2.1 %"):
            lines = budget.excesses(_table(), _table(ring))
            self.assertEqual(len(lines), 1)
            self.assertIn("ring nop, depth 32: was 1000, now %d" % ring, lines[0])
            self.assertIn(change, lines[0])

    def test_a_new_row_has_no_budget_yet(self):
        self.assertEqual(len(budget.excesses(_table(ring=0.0), _table())), 1)

    def test_same_kernel(self):
        # What is not ours is held to its budget, too: the table is for this kernel.
        self.assertIsNone(budget.incomparable(_table(), _table(floor=900.0)))

    def test_another_compiler(self):
        self.assertIn("gcc 13", budget.incomparable(_table(), _table(compiler="gcc 13")))

    def test_another_configuration(self):
        for kernel in "6.12.1-ccwring-debug", "6.12.1":
            self.assertIn(kernel, budget.incomparable(_table(), _table(kernel=kernel)))

    def test_another_release(self):
        now = _table(ring=2000.0, kernel="6.12.2-ccwring")
        self.assertIsNone(budget.incomparable(_table(), now))
        now = _table(floor=720.0, kernel="6.12.2-ccwring")
        self.assertIn("700", budget.incomparable(_table(), now))


class Version(unittest.TestCase):
    def test_compiler(self):
        line = ("Linux version 6.12.1-ccwring (ccwring@lab) (s390x-linux-gnu-gcc (Debian 12.2.0-14)"
                " 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP Thu Jan  1 00:00:00")
        self.assertEqual(guest.compiler_of(line),
                         "s390x-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0")


def _rows(machine, kernel, insns):
    return [{"machine": machine, "kernel": kernel, "backend": backend, "shape": "nop", "qd": 1,
             "subchannels": 1, "insns_per_io": count, "ns_per_io": 1000.0, "iops": 1e6,
             "p50_ns": None, "p99_ns": None, "errors": 0}
            for backend, count in (("stock", insns), ("ring", insns / 4))]


class Table(unittest.TestCase):
    def test_each_kernel_has_a_section(self):
        text = table.render(_rows("qemu", "6.12.1-ccwring", 8000) +
                            _rows("hercules", "6.12.1-ccwring", 400) +
                            _rows("qemu", "6.12.1-ccwring-debian", 12000))
        sections = [line for line in text.splitlines() if "(Linux" in line]
        self.assertEqual([line.split("(Linux ")[1] for line in sections],
                         ["6.12.1-ccwring)", "6.12.1-ccwring)",
                          "6.12.1-ccwring-debian, Debian's configuration)"])

    def test_beside_the_stock_driver_of_the_same_kernel(self):
        text = table.render(_rows("qemu", "a", 8000) + _rows("qemu", "b", 12000))
        ratios = [line.split()[-2] for line in text.splitlines() if line.startswith("ring")]
        self.assertEqual(ratios, ["4.0", "4.0"])


def _spinners():
    """Scheduling class and CPUs of our child processes, in the order of the latter."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name, encoding="ascii", errors="replace") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
            if parent == os.getpid():
                found.append((os.sched_getscheduler(int(name)),
                              os.sched_getaffinity(int(name))))
        except (OSError, ValueError):
            pass    # gone meanwhile
    return sorted(found, key=lambda spinner: sorted(spinner[1]))


class Awake(unittest.TestCase):
    def test_one_idle_class_process_a_cpu_and_none_afterwards(self):
        wanted = [(os.SCHED_IDLE, {cpu}) for cpu in sorted(os.sched_getaffinity(0))]
        with self.assertRaises(KeyError):
            with awake.awake():
                until = time.monotonic() + 10
                while _spinners() != wanted and time.monotonic() < until:
                    time.sleep(0.01)
                self.assertEqual(_spinners(), wanted)
                raise KeyError
        self.assertEqual(_spinners(), [])


unittest.main()
