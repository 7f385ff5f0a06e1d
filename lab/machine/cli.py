# SPDX-License-Identifier: MIT
"""The command line of lab/boot."""

import argparse
import os
import shutil
import signal
import sys
import tempfile

from . import cpio, env, hercules, qemu, session

_MACHINES = {"qemu": qemu.Machine, "hercules": hercules.Machine}

_EPILOG = """\
PROGRAM runs as root in /root of the guest; what it writes comes out on standard
output as it is written.  Exit status: the program's own (128 + N if signal N
ended it); 124 if the kernel log shows a bug, warning, oops, lockdep or RCU
report; 125 if the lab failed: panic, time limit, incomplete output.
"""


def parse(argv):
    p = argparse.ArgumentParser(
        prog="lab/boot", description="Runs a program in an s390x guest.", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--machine", choices=sorted(_MACHINES), default="qemu")
    p.add_argument("--timeout", type=float, default=120, metavar="S",
                   help="seconds until the guest counts as hung (default 120, 0: never); on a "
                   "slow kernel as many times longer")
    p.add_argument("--mem", type=int, metavar="MIB",
                   help="memory (default 1024, Hercules 512; more if the kernel needs it)")
    p.add_argument("--smp", type=int, default=1, metavar="N",
                   help="CPUs (default 1; on kernels that look for bugs as they need)")
    p.add_argument("--devices", type=int, default=0, metavar="N",
                   help="QEMU: N virtio-rng-ccw subchannels, 0.0.2000 and up")
    p.add_argument("--disk", action="append", default=[], metavar="PATH",
                   help="Hercules: a 3390 image, 0.0.0120 and up (lab/dasd makes them); "
                   "QEMU: a raw image as virtio-blk, 0.0.1000 and up")
    p.add_argument("--plugin", metavar="SO[,K=V]", help="QEMU: a TCG plugin")
    p.add_argument("--qmp", metavar="PATH", help="QEMU: a QMP socket there")
    p.add_argument("--hotplug", action="store_true",
                   help="QEMU: lines '@host device_del ID' and '@host device_add DRIVER "
                   "[KEY=VALUE...]' of the program's output are done")
    p.add_argument("--machine-arg", action="append", default=[], metavar="ARG",
                   help="a further argument for QEMU, or configuration line for Hercules")
    p.add_argument("--kernel-append", action="append", default=[], metavar="S",
                   help="words for the kernel's command line")
    p.add_argument("--file", action="append", default=[], metavar="HOST[:GUEST]",
                   help="a file or directory for the guest (default: into /root)")
    p.add_argument("--out", metavar="DIR", help="where files go that the guest leaves in /out")
    p.add_argument("--console", metavar="FILE", help="keep the kernel console's log")
    p.add_argument("--klog", metavar="FILE", help="keep the complete kernel log")
    p.add_argument("--klog-allow", action="append", default=[], metavar="REGEX",
                   help="kernel log lines that do not fail the run")
    p.add_argument("--interactive", action="store_true",
                   help="QEMU: the program talks to this terminal (C-a x ends the machine)")
    p.add_argument("program", nargs="*", metavar="PROGRAM [ARG...]")
    options = p.parse_args(argv)
    if options.interactive:
        if options.machine != "qemu":
            p.error("Hercules has no terminal an interactive guest could use; "
                    "use --machine qemu")
        options.program = options.program or ["/bin/sh", "-l"]
        options.timeout = 0
    if not options.program:
        p.error("which program should the guest run?")
    if options.hotplug and options.machine != "qemu":
        p.error("only QEMU is asked over a socket; Hercules listens to /dev/hercmd")
    if options.qmp:
        options.qmp = os.path.abspath(options.qmp)
    if options.plugin:
        # The emulator runs in a directory of its own.
        so, comma, rest = options.plugin.partition(",")
        options.plugin = os.path.abspath(so) + comma + rest
    options.disk = [os.path.abspath(d) for d in options.disk]
    options.mem = options.mem or (1024 if options.machine == "qemu" else 512)
    return options


def _write_initrd(path, options):
    """The image's archives, then one with what this run brings."""
    with open(path, "wb") as out:
        for name in ("base.cpio", "overlay.cpio"):
            with open(env.image(name), "rb") as part:
                shutil.copyfileobj(part, out)
        run = cpio.Archive(out)
        run.file("lab/argv", b"".join(os.fsencode(a) + b"\0" for a in options.program))
        for spec in options.file:
            host, _, guest = spec.partition(":")
            run.add(os.path.realpath(host), guest or "/root/" + os.path.basename(host))
        run.close()


def _suit_kernel(options):
    """Gives the kernel what it asks for."""
    asked = env.machine()
    options.mem = max(options.mem, asked["mem"])
    options.smp = asked["smp"] or options.smp
    options.slow = asked["slow"]
    options.icount = asked["icount"]
    options.timeout *= options.slow
    if options.slow > 1:
        options.kernel_append = [*options.kernel_append, "LAB_SLOW=%d" % options.slow]


def _run(options, workdir):
    """One machine's life: the exit status; raises Stillborn."""
    initrd = os.path.join(workdir, "initrd")
    _write_initrd(initrd, options)
    kernel = env.image("kernel-" + options.machine)
    machine = _MACHINES[options.machine](options, workdir, kernel, initrd)
    run = session.Session(machine, options)
    try:
        status = run.run()
    except session.Stillborn:
        raise
    except session.Failure as e:
        tail = run.console_tail()
        if tail:
            session.say("the end of the console:")
            for line in tail:
                session.say("  " + line)
        kept = "; console log: " + options.console
        session.say("%s%s" % (e, kept))
        status = session.LAB_FAILED
    if options.klog:
        with open(options.klog, "w") as f:
            f.writelines(l + "\n" for l in run.log.lines)
    return status


def _boot(options):
    """An emulator that dies before its guest was there has nothing to do with what is
    run in it: once that is forgiven."""
    for last in False, True:
        with tempfile.TemporaryDirectory(prefix="ccwring-") as workdir:
            try:
                return _run(options, workdir)
            except session.Stillborn as e:
                session.say("%s; console log: %s%s" % (
                    e, options.console, "" if last else "; starting it once more"))
    return session.LAB_FAILED


def _on_signal(number, _frame):
    raise SystemExit(128 + number)


def main(argv):
    options = parse(argv)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _on_signal)
    try:
        env.load()
        _suit_kernel(options)
        keep_console = options.console is not None
        if not keep_console:
            logs = os.path.join(os.environ["CCWRING_CACHE"], "log")
            os.makedirs(logs, exist_ok=True)
            options.console = os.path.join(logs, "console-%d.log" % os.getpid())
        options.console = os.path.abspath(options.console)
        status = _boot(options)
        if not keep_console and status != session.LAB_FAILED:
            os.unlink(options.console)
        return status
    except (env.Missing, OSError) as e:
        session.say(str(e))
        return session.LAB_FAILED
