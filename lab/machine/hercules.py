# SPDX-License-Identifier: MIT
"""The guest in Hercules: a machine whose 3390s work on their own time.

The only complete way out is the emulator's log, see lab/guest/hercon: lines that
start with "@" carry the record stream, all others are shown as the console's.
"""

import os
import shutil
import struct
import subprocess

from . import process, wire

FIRST_DISK = 0x0120
_CONSOLE = 0x0009

# Where the kernel (which starts at 0) looks for its parameters, and where the
# RAM disk goes: above the largest kernel.
_PARM_AT = 0x10480
_INITRD_INFO_AT = 0x10408
_INITRD_AT = 0x4000000

_CONFIG = """\
CPUSERIAL 000069
CPUMODEL 2097
ARCHMODE z/Arch
MAINSIZE {mem}
NUMCPU {smp}
OSTAILOR LINUX
PANRATE 1000
DIAG8CMD ENABLE NOECHO
{console:04X} 3215-C / noprompt
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

    def _path(self, name):
        return os.path.join(self._workdir, name)

    def _write(self, name, content):
        mode = "wb" if isinstance(content, bytes) else "w"
        with open(self._path(name), mode) as f:
            f.write(content)

    def _command_line(self):
        # Only hercon is a console: the 3215 would slow a panic down to ten
        # lines a second.
        words = ["conmode=3215", "condev=0x%04x" % _CONSOLE, "console=hercon", "quiet",
                 "nokaslr", "LAB_MACHINE=hercules"]
        return " ".join(words + self._options.kernel_append)

    def _prepare(self):
        options = self._options
        config = _CONFIG.format(mem=options.mem, smp=options.smp, console=_CONSOLE)
        for i, path in enumerate(options.disk):
            config += "%04X 3390 %s\n" % (FIRST_DISK + i, os.path.abspath(path))
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


class _Splitter:
    """Sorts the lines of the emulator's log."""

    def __init__(self, lines, console):
        self._lines = lines
        self._console = console
        self._rest = b""

    def feed(self, data):
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            line = line.rstrip(b"\r ")
            if line.startswith(b"@"):
                self._lines.feed(line)
            else:
                self._console(line[3:] + b"\n" if line.startswith(b"K: ") else line + b"\n")
