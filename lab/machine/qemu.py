# SPDX-License-Identifier: MIT
"""The guest in QEMU: s390-ccw-virtio under TCG.

Its subchannels are virtio-rng-ccw devices: they answer NOP, SENSE ID, READ
CONFIGURATION and the like to any driver that starts channel programs on them.
"""

import contextlib
import os
import socket
import subprocess

from . import hotplug, process, wire

FIRST_DEVICE = 0x2000
FIRST_DISK = 0x1000
_WIRE_DEVICE = 0x0FFE


class Machine:
    name = "qemu"

    def __init__(self, options, workdir, kernel, initrd):
        self._options = options
        self._kernel = kernel
        self._initrd = initrd
        self._workdir = workdir
        self._wire = None
        self.process = None

    def answer_end(self):
        """The guest waits for this before it switches the machine off."""
        with contextlib.suppress(OSError):  # it may be gone already
            self._wire.send(b"!")

    def _command_line(self):
        words = ["console=ttysclp0", "quiet", "nokaslr", "LAB_MACHINE=qemu"]
        if self._options.interactive:
            words += ["LAB_INTERACTIVE=1", "LAB_TERM=" + os.environ.get("TERM", "dumb")]
        return " ".join(words + self._options.kernel_append)

    def _console(self):
        if self._options.interactive:
            return ["-chardev", "stdio,id=console,mux=on,signal=off,logfile=" +
                    self._options.console, "-mon", "chardev=console,mode=readline"]
        return ["-chardev", "stdio,id=console"]

    def _devices(self):
        options = self._options
        for i in range(options.devices):
            yield "-device"
            yield "virtio-rng-ccw,id=dev%d,devno=fe.0.%04x" % (i, FIRST_DEVICE + i)
        for i, path in enumerate(options.disk):
            yield "-drive"
            yield "if=none,id=disk%d,format=raw,file=%s" % (i, path.replace(",", ",,"))
            yield "-device"
            yield "virtio-blk-ccw,drive=disk%d,devno=fe.0.%04x" % (i, FIRST_DISK + i)

    def _argv(self, wire_fd, plug_fd):
        options = self._options
        argv = [
            "qemu-system-s390x", "-M", "s390-ccw-virtio", "-accel", "tcg", "-cpu", "qemu",
            "-smp", str(options.smp), "-m", str(options.mem), "-nodefaults", "-display", "none",
            "-no-reboot", "-action", "panic=exit-failure",
            *self._console(), "-device", "sclpconsole,chardev=console",
            "-chardev", "socket,id=wire,fd=%d" % wire_fd,
            "-device", "virtio-serial-ccw,id=serial,devno=fe.0.%04x" % _WIRE_DEVICE,
            "-device", "virtserialport,bus=serial.0,chardev=wire,name=ccwring",
            *self._devices(),
            "-kernel", self._kernel, "-initrd", self._initrd,
            "-append", self._command_line()]
        if options.icount is not None:
            # Where all wait, the clock goes to when somebody does not.
            argv += ["-icount", "shift=%d,sleep=off" % options.icount]
        if options.plugin:
            argv += ["-plugin", options.plugin]
        if options.qmp:
            argv += ["-qmp", "unix:%s,server=on,wait=off" % options.qmp.replace(",", ",,")]
        if options.hotplug:
            argv += ["-chardev", "socket,id=plug,fd=%d" % plug_fd,
                     "-mon", "chardev=plug,mode=control"]
        return argv + options.machine_arg

    def start(self, records, console):
        """Starts the machine; gives pairs of (file to watch, who takes its bytes)."""
        (ours, theirs), (plug, qemus) = socket.socketpair(), socket.socketpair()
        self._wire = ours
        fds = [theirs.fileno(), qemus.fileno()]
        with theirs, qemus:
            stdio = None if self._options.interactive else subprocess.PIPE
            self.process = process.start(
                self._argv(*fds), pass_fds=fds, cwd=self._workdir,
                stdin=None if self._options.interactive else subprocess.DEVNULL,
                stdout=stdio, stderr=None if stdio is None else subprocess.STDOUT)
        feeds = []
        if self._options.hotplug:
            plugger = hotplug.Plug(plug)
            feeds.append((plug, plugger.answers))
            records = _with_output(records, plugger.output)
        feeds.append((ours, wire.Records(records).feed))
        if stdio is not None:
            feeds.append((self.process.stdout, console))
        return feeds


def _with_output(records, output):
    """Hands on every record, and the program's output to one more taker."""
    def both(kind, payload):
        records(kind, payload)
        if kind == wire.OUTPUT:
            output(payload)
    return both
