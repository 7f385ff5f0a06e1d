# SPDX-License-Identifier: MIT
"""The guest in Hercules: a machine whose 3390s work on their own time.

The only complete way out is the emulator's log, see lab/guest/hercon: lines that
start with "@" carry the record stream, all others are shown as the console's.
"""

import os
import re
import shutil
import struct
import subprocess

from . import process, wire

FIRST_DISK = 0x0120

# Where the kernel (which starts at 0) looks for its parameters, and where the
# RAM disk goes: above the largest kernel.
_PARM_AT = 0x10480
_INITRD_INFO_AT = 0x10408
_INITRD_AT = 0x4000000

# CODEPAGE: the one in which all of ASCII survives.  0009: there has to be some
# device, even where there are no disks.
_CONFIG = """\
CPUSERIAL 000069
CPUMODEL 2097
ARCHMODE z/Arch
MAINSIZE {mem}
NUMCPU {smp}
OSTAILOR QUIET
PANRATE 1000
CODEPAGE 437/037
DIAG8CMD ENABLE NOECHO
0009 3215-C / noprompt
"""

# A guest that powers off stops its CPU by SIGP; one that panics loads a disabled
# wait.  "quit" rather than a signal: it writes the disk images back.
_COMMANDS = """\
hao tgt SIGP Stop .05. CPU00.., PARM 0000000000000000: CC 0
hao cmd quit
hao tgt HHCCP011I
hao cmd quit
ipl {ins}
"""

class Machine:
    name = "hercules"

    def __init__(self, options, workdir, kernel, initrd):
        self._options = options
        self._workdir = workdir
        self._kernel = kernel
        self._initrd = initrd
        self.process = None

    def answer_end(self):
        """Nobody waits: a line is out when the guest has written it."""

    def _path(self, name):
        return os.path.join(self._workdir, name)

    def _write(self, name, content):
        mode = "wb" if isinstance(content, bytes) else "w"
        with open(self._path(name), mode) as f:
            f.write(content)

    def _command_line(self):
        # Until hercon is there an early panic is seen through earlyprintk.  A
        # console in 3270 mode without a 3270 is none, and that is wanted: 3215
        # and SCLP would print all of it a second time, slowly or with holes.
        words = ["conmode=3270", "earlyprintk", "console=hercon", "quiet", "nokaslr",
                 "LAB_MACHINE=hercules"]
        return " ".join(words + self._options.kernel_append)

    def _prepare(self):
        options = self._options
        config = _CONFIG.format(mem=options.mem, smp=options.smp)
        for i, path in enumerate(options.disk):
            # By default SSCH would carry out at once what a disk has in memory.
            config += "%04X 3390 %s nosyncio\n" % (FIRST_DISK + i, os.path.abspath(path))
        self._write("hercules.cnf", config + "".join(l + "\n" for l in options.machine_arg))
        # Hercules refuses to load files from anywhere but beside the .ins file.
        shutil.copy(self._kernel, self._path("kernel"))
        self._write("linux.ins", "* ccwring\nkernel 0x%08x\ninitrd 0x%08x\nparm 0x%08x\n"
                    "initrd.info 0x%08x\n" % (0, _INITRD_AT, _PARM_AT, _INITRD_INFO_AT))
        self._write("parm", self._command_line().encode() + b"\0")
        self._write("initrd.info", struct.pack(">QQ", _INITRD_AT,
                                               os.path.getsize(self._initrd)))
        self._write("hercules.rc", _COMMANDS.format(ins=self._path("linux.ins")))

    def start(self, records, console):
        """Starts the machine; gives pairs of (file to watch, who takes its bytes)."""
        self._prepare()
        self.process = process.start(
            ["hercules", "-d", "-f", "hercules.cnf"], cwd=self._workdir,
            env=dict(os.environ, HERCULES_RC="hercules.rc"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return [(self.process.stdout, _Splitter(wire.Lines(wire.Records(records)), console).feed)]


# The emulator's logger marks such lines "<pnl,...>" for its own use and takes the
# mark off again, unless the line lies across two of its buffers.
_DATA = re.compile(rb"^(?!K: ).*?(@[0-9a-f]{6} [A-Za-z0-9+/]+={0,2})$")
_PANEL_MARK = re.compile(rb"^(<pnl)?[^<>]*>(?=K: )")


class _Splitter:
    """Sorts the lines of the emulator's log."""

    def __init__(self, lines, console):
        self._lines = lines
        self._console = console
        self._rest = b""

    def feed(self, data):
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            line = _PANEL_MARK.sub(b"", line.rstrip(b"\r "))
            data = _DATA.match(line)
            if data:
                self._lines.feed(data[1])
            else:
                self._console(line[3:] + b"\n" if line.startswith(b"K: ") else line + b"\n")
