# SPDX-License-Identifier: MIT
"""One run of a machine, from power-on to the verdict."""

import os
import re
import selectors
import struct
import sys
import time

from . import hotplug, klog, process, wire

KERNEL_UNWELL = 124
LAB_FAILED = 125

# How long a guest may take to switch its machine off after its last word, and to
# go down after its panic: a panic's report still has to come through.
_OFF = 20
_GRACE = 10
_CONSOLE_TAIL = 40
# The second is Hercules: a CPU that will never run again.
_PANIC = re.compile(rb"Kernel panic - not syncing|HHCCP011I CPU")
# What Hercules says for information only.
_CHATTER = re.compile(r"HHC[A-Z]{2}\d{3}I|hao |quit$")


class Failure(Exception):
    """The lab could not do its part; the text says why, in one line."""


class Stillborn(Failure):
    """The emulator itself was ended by a signal before the guest had said anything."""


class Session:
    def __init__(self, machine, options):
        self._machine = machine
        self._timeout = options.timeout
        self._off = _OFF * options.slow
        self._grace = _GRACE * options.slow
        self._out_dir = options.out
        self._console = open(options.console, "wb")
        self._console_path = options.console
        self._file = None
        self._errors = []
        self._status = None
        self._ended = False
        self._hello = False
        self._deadline = None
        self._panic = False
        self.log = klog.Log(options.klog_allow)

    # --- what arrives ---------------------------------------------------------

    def _record(self, kind, payload):
        if not self._hello and kind != wire.HELLO:
            raise wire.Corrupt("the stream does not start with a greeting")
        handler = self._handlers.get(kind)
        if not handler:
            raise wire.Corrupt("record of unknown type %r" % kind)
        handler(self, payload)

    def _on_hello(self, payload):
        if payload != bytes([wire.VERSION]):
            raise wire.Corrupt("the guest speaks version %s of the protocol" % payload.hex())
        self._hello = True

    def _on_output(self, payload):
        sys.stdout.buffer.write(payload)
        sys.stdout.buffer.flush()

    def _on_klost(self, _payload):
        self._errors.append("the guest's kernel log overran before it was read")

    def _on_file(self, payload):
        (mode,), name = struct.unpack(">I", payload[:4]), os.fsdecode(payload[4:])
        if not self._out_dir:
            self._errors.append("the guest left /out/%s, but there is no --out for it" % name)
            self._file = open(os.devnull, "wb")
            return
        path = os.path.normpath(os.path.join(self._out_dir, name))
        if os.path.relpath(path, self._out_dir).startswith(".."):
            raise wire.Corrupt("a file name leads out of the directory: %r" % name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self._file = open(path, "wb")
        os.fchmod(self._file.fileno(), mode & 0o777 | 0o600)

    def _on_data(self, payload):
        self._file.write(payload)

    def _on_close(self, payload):
        written, name = self._file.tell(), self._file.name
        self._file.close()
        if name != os.devnull and written != struct.unpack(">Q", payload)[0]:
            raise wire.Corrupt("%s is incomplete" % name)

    def _on_status(self, payload):
        self._status = os.waitstatus_to_exitcode(struct.unpack(">i", payload)[0])

    def _on_error(self, payload):
        self._errors.append("in the guest: " + payload.decode("utf-8", "replace"))

    def _on_end(self, _payload):
        self._ended = True
        self._machine.answer_end()
        self._shorten(self._off)

    _handlers = {
        wire.HELLO: _on_hello, wire.OUTPUT: _on_output, wire.KLOST: _on_klost,
        wire.KLOG: lambda self, payload: self.log.record(payload),
        wire.FILE: _on_file, wire.DATA: _on_data, wire.CLOSE: _on_close,
        wire.STATUS: _on_status, wire.ERROR: _on_error, wire.END: _on_end,
    }

    def _on_console(self, data):
        self._console.write(data)
        self._console.flush()
        if _PANIC.search(data):
            self._panic = True
            self._shorten(self._grace)

    def _shorten(self, seconds):
        self._deadline = min(self._deadline or float("inf"), time.monotonic() + seconds)

    # --- the run --------------------------------------------------------------

    def run(self):
        """Runs the machine to its end; the exit status for the caller."""
        try:
            self._watch()
        except wire.Corrupt as e:
            raise Failure("the guest's output is damaged: %s" % e) from None
        except hotplug.Refused as e:
            raise Failure("what the guest asked the host for: %s" % e) from None
        finally:
            if self._machine.process:
                process.stop(self._machine.process)
            self._console.close()
        return self._verdict()

    def _watch(self):
        if self._timeout:
            self._deadline = time.monotonic() + self._timeout
        with selectors.DefaultSelector() as selector:
            for file, feed in self._machine.start(self._record, self._on_console):
                selector.register(file, selectors.EVENT_READ, feed)
            while selector.get_map():
                if not self._serve(selector):
                    return
        self._machine.process.wait()

    def _serve(self, selector):
        """Takes what has come; False when the time is up."""
        left = None
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                return self._out_of_time()
        for key, _ in selector.select(left):
            data = os.read(key.fd, 1 << 16)
            if data:
                key.data(data)
            else:
                selector.unregister(key.fileobj)
        return True

    def _out_of_time(self):
        if self._panic:
            return False
        if self._ended:
            raise Failure("the guest was done, but did not switch off within %d s" % self._off)
        raise Failure("the guest was not done after %g s, the time limit" % self._timeout)

    # --- the verdict ----------------------------------------------------------

    def _verdict(self):
        if self._panic:
            raise Failure("the guest's kernel panicked")
        if not self._ended:
            status = self._machine.process.returncode
            kind = Stillborn if status < 0 and not self._hello else Failure
            raise kind("the machine ended (%s) before the guest was done" % status)
        if self._errors:
            raise Failure("; ".join(self._errors))
        others = self.log.others_races()
        if others:
            say("%d data races of the kernel's own, which are not looked at" % others)
        findings = self.log.findings()
        if findings:
            say("the guest's kernel complained, which fails the run:")
            for line in findings:
                say("  " + line)
            return KERNEL_UNWELL
        return self._status if self._status >= 0 else 128 - self._status

    def console_tail(self):
        with open(self._console_path, "rb") as f:
            lines = f.read().decode("utf-8", "replace").splitlines()
        return [l for l in lines if not _CHATTER.match(l)][-_CONSOLE_TAIL:]


def say(text):
    sys.stdout.flush()
    print("lab: " + text, file=sys.stderr, flush=True)
