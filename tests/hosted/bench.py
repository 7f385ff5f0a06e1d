#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ccwring bench on disks of software.

bench.py CCWRING: the images are those the lab gives to Hercules, so that what a disk of
software reads is what another program wrote, and the other way round.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../lab"))
from machine import ckd  # noqa: E402

CYLINDERS = 4


def bench(*args):
    out = subprocess.run([sys.argv[1], "bench", "--json", *args], check=True, timeout=60,
                         stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out)


def check(condition, what):
    if not condition:
        sys.exit("not so: %s" % what)


def end(process):
    """Exit status and report of a run that must end, and not by this time limit."""
    try:
        out, _ = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        sys.exit("not so: %s ends" % process.args)
    return process.returncode, out


def start(*args):
    return subprocess.Popen([sys.argv[1], "bench", *args], stdout=subprocess.PIPE, text=True)


def handles(process, sig):
    """Has it got as far as to handle the signal?"""
    with open("/proc/%d/status" % process.pid) as status:
        caught = next(line for line in status if line.startswith("SigCgt:"))
    return int(caught.split()[1], 16) >> (sig - 1) & 1


def check_partial(process, by, count):
    status, out = end(process)
    row = json.loads(out)
    check(status == 4 and row["partial"] and row["ended_by"] == by,
          "%s is ended by the %s: %s %s" % (process.args, by, status, row))
    check(count(row["count"]), "what was measured is told: %s" % row)


# Runs none of whose requests ends, with what is done besides.
LOST = [
    ["hosted:nop,fault=lost"],
    ["--warmup", "0", "hosted:nop,fault=lost"],
    ["--depth", "32", "--no-latency", "hosted:nop,fault=lost", "hosted:nop,fault=lost"],
    ["--poll", "hosted:nop,fault=lost"],
    ["--thread", "hosted:nop,fault=lost"],
    ["--spin", "hosted:nop,fault=lost"],
]
# One that would go on for longer than anybody waits, in each of the bench's loops.
LONG = ["--count", "1000000000000"]
LOOPS = [[], ["--no-latency"], ["--spin"], ["--poll"], ["--thread", "--no-latency"]]


def check_ends(disk):
    """Time limits and signals end a run, whatever becomes of its requests."""
    for process in [start("--json", "--duration", "1", *args) for args in LOST]:
        check_partial(process, "time limit", lambda n: n == 0)
    # Where the disk is asked for its size, and where writes are read back.
    check_partial(start("--json", "--duration", "1", "--shape", "eckd-4k-read",
                        disk + ",fault=lost"), "time limit", lambda n: n == 0)
    check_partial(start("--json", "--duration", "1", "--verify", "--shape", "eckd-4k-write",
                        "--cylinders", "2", disk + ",fault=lost,one-in=30"),
                  "time limit", lambda n: n < 1000)
    # What has ended by then counts.
    check_partial(start("--json", "--duration", "1", "--warmup", "0",
                        "hosted:nop,fault=lost,one-in=1000,seed=5"),
                  "time limit", lambda n: n > 100)
    for args in [*LOST, *(loop + LONG + ["hosted:nop"] for loop in LOOPS)]:
        for sig in (signal.SIGTERM, signal.SIGINT):
            process = start("--json", *args)
            while not handles(process, sig):
                pass
            process.send_signal(sig)
            check_partial(process, sig.name, lambda n: n < 1000000000000)
    status, out = end(start("--duration", "1", "hosted:nop,fault=lost"))
    check(status == 4 and out.splitlines()[-1] ==
          "partial: ended by time limit with 1 requests under way", "it is said: %s" % out)
    status, out = end(start("--json", "--duration", "1", "--depth", "8", "hosted:nop"))
    row = json.loads(out)
    check(status == 0 and not row["partial"] and row["ended_by"] is None and row["count"] > 100,
          "a run that is over is whole: %s" % row)


def check_blocks(path, seeds):
    """Each block has the pattern of one of the seeds; returns how many of each."""
    found = dict.fromkeys(seeds, 0)
    with open(path, "rb") as image:
        for block in range(ckd.blocks(image)):
            data = ckd.read_block(image, block)
            seed = next((s for s in seeds if data == ckd.pattern(block, s)), None)
            check(seed is not None, "block %d has a pattern of %s" % (block, seeds))
            found[seed] += 1
    return found


def main():
    row = bench("--backend", "hosted", "--depth", "8", "--count", "2000")
    check(row["backend"] == "hosted" and row["errors"] == 0 and row["count"] == 2000,
          "a run without a device is one of hosted:nop: %s" % row)
    check(bench("--poll", "hosted:nop")["backend"] == "hosted-poll", "the ring polls")
    with tempfile.TemporaryDirectory(prefix="ccwring-hosted-") as tmp:
        path = os.path.join(tmp, "disk")
        disk = "hosted:3390=" + path
        ckd.create(path, CYLINDERS, lambda block: ckd.pattern(block, 1))
        bench("--verify", "--shape", "eckd-4k-read", "--depth", "8", disk)
        bench("--verify", "--shape", "eckd-track-read", "--count", "500", disk)
        bench("--verify", "--shape", "eckd-4k-write", "--write-seed", "7", "--depth", "4",
              "--count", "500", disk)
        found = check_blocks(path, (1, 7))
        check(found[7] > 0, "writes are in the image: %s" % found)
        check_ends(disk)
        fresh = os.path.join(tmp, "fresh")
        bench("--shape", "eckd-4k-read", "hosted:3390=%s,cylinders=2" % fresh)
        with open(fresh, "rb") as image:
            check(ckd.blocks(image) == 2 * ckd.BLOCKS_PER_CYLINDER, "a new one has its size")
            check(ckd.read_block(image, 359) == bytes(ckd.BLOCK), "and is zero")


if __name__ == "__main__":
    main()
