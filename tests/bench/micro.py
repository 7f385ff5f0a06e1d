# SPDX-License-Identifier: MIT
"""./run bench --micro: all benches are there, none fails, and compare.py reads them."""

import json
import os
import subprocess
import sys
import tempfile

_SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Where Debian's libbenchmark-tools has it.
_COMPARE = "/usr/share/benchmark/compare.py"
_CONCERNS = {"ring", "program", "dma"}
_IN_GUEST = _CONCERNS | {"io_uring", "start", "uring_cmd", "uring_enter", "pins", "buffer"}


def _read(path):
    """Times by name."""
    with open(path, encoding="ascii") as file:
        benches = json.load(file)["benchmarks"]
    # Build machines may forbid io_uring.
    bad = [b["name"] for b in benches if b.get("error_occurred") and
           not ("-host" in path and b["name"].startswith("io_uring/"))]
    assert not bad, "failed: " + ", ".join(bad)
    return {b["name"]: b.get("real_time") for b in benches}


def _concerns(times):
    return {name.split("/")[0] for name in times}


def _compare(path):
    done = subprocess.run([sys.executable, _COMPARE, "--no-color", "benchmarks", path, path],
                          stdout=subprocess.PIPE, text=True, check=True)
    for name in _read(path):
        assert name in done.stdout, "compare.py does not show " + name


def main():
    with tempfile.TemporaryDirectory(prefix="ccwring-micro-") as directory:
        stem = os.path.join(directory, "micro")
        subprocess.run([os.path.join(_SOURCE, "bench/bench"), "--micro", "--quick",
                        "--json", stem + ".json"], check=True)
        host, guest = _read(stem + "-host.json"), _read(stem + "-s390x.json")
        assert _concerns(host) >= _CONCERNS, sorted(host)
        assert _concerns(guest) == _IN_GUEST, sorted(guest)
        # What each of them is there to show.
        assert guest["start/nop/32"] < guest["start/16page/32"] < guest["start/64page/32"]
        assert guest["pins/hit"] < guest["pins/miss"] / 2
        assert guest["buffer/arena/4096"] < guest["buffer/malloc_map/4096"] / 2
        assert guest["uring_enter/nop/32"] < guest["io_uring/nop/32"] + guest["start/nop/32"]
        _compare(stem + "-host.json")
        _compare(stem + "-s390x.json")


main()
