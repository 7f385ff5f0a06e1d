# SPDX-License-Identifier: MIT
"""Benches of single pieces, on this machine and in the s390x guest."""

import os
import subprocess
import tempfile

from . import guest

_SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_DEVICE = "0.0.2000"
_PROGRAM = "ccwring-bench-micro"


def _flags(out, quick, context):
    """Of google-benchmark.  A bench is repeated for so many seconds of its clock."""
    return ["--benchmark_min_time=%g" % (0.005 if quick else 0.02),
            "--benchmark_out=" + out, "--benchmark_out_format=json",
            "--benchmark_context=" + context]


def _host(out, quick):
    build = os.environ.get("CCWRING_HOST_BUILD")
    if not build:
        raise guest.Failure("CCWRING_HOST_BUILD is not set; start it as ./run bench")
    program = os.path.join(build, "bench/micro", _PROGRAM)
    guest.say("this machine, nanoseconds; benches that need a subchannel are for the guest alone")
    subprocess.run([program] + _flags(out, quick, "machine=host"), check=True)


def _plan(quick):
    command = ["env", "CCWRING_DEVICE=" + _DEVICE, _PROGRAM]
    command += _flags("/out/micro.json", quick, "machine=qemu,clock=instructions")
    return "driver ccwring %s\nrun %s\n" % (_DEVICE, " ".join(command))


def _boot(directory, clock):
    measure = os.path.join(_SOURCE, "bench/guest/measure")
    command = [os.path.join(_SOURCE, "lab/boot"), "--timeout", "900", "--devices", "1",
               "--smp", "1", "--out", directory]
    command += ["--machine-arg=" + word for word in clock]
    command += ["--file", os.path.join(directory, "plan") + ":/root/plan",
                "--file", measure + ":/root/measure", "--", "/root/measure", "/root/plan"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace")


def _in_guest(out, quick, clock):
    """A clock that advances a nanosecond with each instruction makes times counts."""
    guest.say("s390x in QEMU; a nanosecond there is an instruction of the guest")
    status = None
    with tempfile.TemporaryDirectory(prefix="ccwring-micro-") as directory:
        with open(os.path.join(directory, "plan"), "w", encoding="ascii") as plan:
            plan.write(_plan(quick))
        with _boot(directory, clock) as machine:
            for line in machine.stdout:
                if line.startswith("@end "):
                    status = int(line.split()[1])
                elif line.startswith("@fatal "):
                    raise guest.Failure("in the guest: " + line[7:].strip())
                elif not line.startswith("@"):
                    print(line, end="", flush=True)
        if machine.returncode or status:
            raise guest.Failure("the guest's benches ended with status %s" % status)
        os.replace(os.path.join(directory, "micro.json"), out)


def names(path):
    """FILE.json gives FILE-host.json and FILE-s390x.json."""
    stem, suffix = os.path.splitext(path)
    return stem + "-host" + suffix, stem + "-s390x" + suffix


def carry_out(json_path, quick, clock):
    """Runs both; files for google-benchmark's compare.py if a name is given."""
    with tempfile.TemporaryDirectory(prefix="ccwring-micro-") as directory:
        host, s390x = names(json_path or os.path.join(directory, "micro.json"))
        _host(os.path.abspath(host), quick)
        _in_guest(os.path.abspath(s390x), quick, clock)
    return 0
