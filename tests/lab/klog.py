# SPDX-License-Identifier: MIT
"""What the lab makes of a kernel's log: which data races are the driver's."""

import os
import sys

_SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(_SOURCE, "lab"))
sys.dont_write_bytecode = True

from machine import klog  # noqa: E402

_RULE = "=" * 66
_RACE = """%s
BUG: KCSAN: data-race in one / other

write to 0x000000008a4c1f40 of 8 bytes by task 77 on cpu 0:
 %%s
 do_something+0x12/0x34
 caller+0x12/0x34 [vfio]
 vccw_far_away+0x12/0x34 [vfio_ccw]

read (marked) to 0x000000008a4c1f40 of 8 bytes by interrupt on cpu 1:
 %%s
 do_cio_interrupt+0x12/0x34

value changed: 0x0000000000000000 -> 0x0000000000000001

Reported by Kernel Concurrency Sanitizer on:
CPU: 1 UID: 0 PID: 77 Comm: setup Not tainted 6.12.117-ccwring-kcsan #1
%s""" % (_RULE, _RULE)
_OURS = "vccw_queue_irq+0x12/0x34 [vfio_ccw]"
_OTHERS = "ep_poll_callback+0x12/0x34"


def _log(*texts, allow=()):
    log = klog.Log(allow)
    for text in texts:
        for line in text.split("\n"):
            log.record(b"6,1,1000,-;" + line.encode())
    return log


def _check(what, log, findings, others):
    found = len(log.findings())
    assert (found, log.others_races()) == (findings, others), "%s: %d findings, %d others" % (
        what, found, log.others_races())


def main():
    length = len(_RACE.split("\n")) - 2
    _check("a quiet kernel", _log("nothing to see"), 0, 0)
    _check("the kernel's own race", _log(_RACE % (_OTHERS, _OTHERS)), 0, 1)
    _check("one in the driver's callers", _log(_RACE % ("memcpy+1/2", _OTHERS)), 0, 1)
    _check("the driver writes", _log(_RACE % (_OURS, _OTHERS)), length, 0)
    _check("the driver reads", _log(_RACE % (_OTHERS, _OURS)), length, 0)
    _check("for the driver", _log(_RACE % ("memcpy+1/2\n " + _OURS, _OTHERS)), length + 1, 0)
    _check("one of each", _log(_RACE % (_OTHERS, _OTHERS), _RACE % (_OURS, _OURS)), length, 1)
    _check("another report behind a race", _log(
        _RACE % (_OTHERS, _OTHERS), "WARNING: possible circular locking"), 1, 1)
    _check("a report that was cut", _log((_RACE % (_OURS, _OTHERS)).rsplit("\n", 4)[0]),
           length - 3, 0)
    _check("leaks", _log("kmemleak: 2 new suspected memory leaks (see it)"), 1, 0)
    _check("no leaks", _log("kmemleak: 0 new suspected memory leaks (see it)"), 0, 0)
    _check("leaks are not looked for", _log("kmemleak: Kernel memory leak detector disabled"), 1, 0)
    _check("allowed", _log("WARNING: as expected", allow=["as expected"]), 0, 0)


main()
