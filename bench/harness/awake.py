# SPDX-License-Identifier: MIT
"""Keeps this machine's CPUs from halting while times are measured.

Two threads of an emulator hand each I/O to each other.  What a halted CPU takes to
wake up, a hypervisor's in particular, is many times what either of them does, and
another time from one day to the next.
"""

import contextlib
import os
import signal


def _spin(cpu, parent):
    """In a process of its own: runs whenever nobody else wants this CPU."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    os.sched_setaffinity(0, {cpu})
    while os.getppid() == parent:
        for _ in range(100000):
            pass


def _start(cpu):
    parent = os.getpid()
    pid = os.fork()
    if not pid:
        try:
            _spin(cpu, parent)
        finally:
            os._exit(0)
    return pid


@contextlib.contextmanager
def awake():
    """CPUs do not halt inside of this."""
    spinners = []
    try:
        for cpu in sorted(os.sched_getaffinity(0)):
            spinners.append(_start(cpu))
        yield
    finally:
        for pid in spinners:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
