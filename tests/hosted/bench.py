#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ccwring bench on disks of software.

bench.py CCWRING: the images are those the lab gives to Hercules, so that what a disk of
software reads is what another program wrote, and the other way round.
"""

import json
import os
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
        fresh = os.path.join(tmp, "fresh")
        bench("--shape", "eckd-4k-read", "hosted:3390=%s,cylinders=2" % fresh)
        with open(fresh, "rb") as image:
            check(ckd.blocks(image) == 2 * ckd.BLOCKS_PER_CYLINDER, "a new one has its size")
            check(ckd.read_block(image, 359) == bytes(ckd.BLOCK), "and is zero")


if __name__ == "__main__":
    main()
