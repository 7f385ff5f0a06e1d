# SPDX-License-Identifier: MIT
"""What is measured on each machine, in which order."""

import dataclasses

QEMU_SHAPES = ("nop", "1page", "16page", "64page")
ECKD_SHAPES = ("eckd-4k-read", "eckd-4k-write", "eckd-track-read")
DEPTHS = (1, 8, 32)
# Called by commands of an io_uring: one for each request, one for a batch.
URING = ("uring_cmd", "uring_enter")
# On one ring, besides one alone.
SUBCHANNELS = (8, 32)
# Of the disk: large enough that neither the guest nor the emulator holds it in a
# cache of tracks, small enough to be written in a second.
CYLINDERS = 30

# Enough for a mean that does not move by much: see docs/benchmarking.md.
_COUNTS = {"nop": 8000, "1page": 8000, "16page": 2000, "64page": 800}
# Between half a second and two, when a disk does them.
_ECKD_COUNTS = {"nop": 8000, "eckd-4k-read": 5000, "eckd-4k-write": 4000,
                "eckd-track-read": 2500}


@dataclasses.dataclass(frozen=True)
class Run:
    """One measurement: which row it belongs to, and how to get it."""

    backend: str
    shape: str
    qd: int
    subchannels: int
    driver: str
    devices: tuple
    command: tuple

    @property
    def row(self):
        return (self.backend, self.shape, self.qd, self.subchannels)


@dataclasses.dataclass(frozen=True)
class Plan:
    """The runs of one boot.  Runs of the same row are repetitions of it."""

    machine: str
    boot: tuple
    runs: tuple
    counts_instructions: bool = False


# Backends that `ccwring bench` knows under another name.
_OPTIONS = {"stock": ("region",), "ring-poll": ("ring", "--poll"),
            "ring-spin": ("ring", "--spin")}


def _ccwring(backend, shape, qd, devices, extra):
    """Backend "stock" is the region ABI on the stock driver."""
    command = ("ccwring", "bench", "--json", "--backend") + _OPTIONS.get(backend, (backend,))
    command += ("--shape", shape, "--depth", str(qd)) + extra
    if backend in ("ring",) + URING and qd > 1:
        # Who sleeps is not woken for each.
        command += ("--batch", str(qd // 4))
    command += devices
    driver = "stock" if backend == "stock" else "ccwring"
    return Run(backend, shape, qd, len(devices), driver, devices, command)


def _floor(backend, device, count, shape="nop"):
    how = backend[len("floor-"):]
    command = ("floor", how, str(count), "0" if shape == "nop" else str(CYLINDERS))
    return Run(backend, shape, 1, 1, "floor", (device,), command)


def _yardstick(backend, qd, count):
    what = backend[len("io_uring-"):]
    return Run(backend, "nop", qd, 0, "none", (),
               ("ccwring-bench-uring", what, str(qd), str(count)))


def _counted(backend, shape, qd, devices, count):
    """A run on QEMU."""
    if backend.startswith("floor-"):
        return _floor(backend, devices[0], count)
    if backend.startswith("io_uring-"):
        return _yardstick(backend, qd, count)
    return _ccwring(backend, shape, qd, devices, (
        "--count", str(count), "--warmup", str(max(64, count // 10)), "--no-latency"))


def _qemu(devices, runs, plugin, boot=()):
    return Plan("qemu", ("--devices", str(devices), "--smp", "1", "--plugin", plugin) + boot,
                tuple(runs), True)


def qemu(quick, plugin):
    # Binding takes longer than measuring: many are for who has the time.
    several = SUBCHANNELS[:1] if quick else SUBCHANNELS
    devices = tuple("0.0.%04x" % (0x2000 + i) for i in range(several[-1]))
    rows = [("stock", s, 1) for s in QEMU_SHAPES]
    rows += [("region", s, 1) for s in QEMU_SHAPES]
    rows += [("ring-spin", s, 1) for s in QEMU_SHAPES]
    rows += [(b, s, d) for b in ("ring", "ring-poll") for s in QEMU_SHAPES for d in DEPTHS]
    rows += [(b, s, 32) for b in URING for s in QEMU_SHAPES]
    rows += [(b, "nop", 1) for b in URING]
    yardsticks = [("floor-irq", "nop", 1), ("floor-poll", "nop", 1)]
    yardsticks += [("io_uring-" + w, "nop", d) for w in ("nop", "cmd") for d in (1, 32)]
    share = 4 if quick else 1
    runs = [_counted(*row, devices[:1], _COUNTS[row[1]] // share) for row in rows]
    # Depth is for each subchannel: the same number of requests in all.
    runs += [_counted(b, "nop", 8, devices[:n], _COUNTS["nop"] // share)
             for n in several for b in ("ring", "ring-poll")]
    runs += [_counted(*row, devices[:1], 20000 // share) for row in yardsticks]
    return _qemu(len(devices), runs, plugin)


# A clock that advances with the instructions: nothing in the guest, its timer's
# interrupts included, then depends on how fast or how busy the desk is.
OWN_CLOCK = ("-icount", "shift=0,sleep=off", "-seed", "1",
              "-rtc", "base=2026-01-01T00:00:00,clock=vm")


def _budget_count(backend):
    """So few that most runs fall between two ticks, but four batches at depth 32."""
    return 32 if backend == "stock" else 128


def budget(rows, plugin):
    """Rows of backend, shape and depth, each five times: see budget.py."""
    runs = [_counted(*row, ("0.0.2000",), _budget_count(row[0]))
            for row in rows for _ in range(5)]
    boot = tuple("--machine-arg=" + word for word in OWN_CLOCK)
    return _qemu(1, runs, plugin, boot + ("--kernel-append", "norandmaps"))


def _host_dasd(shape, qd, device, extra):
    command = ("ccwring-bench-dasd", "--shape", shape, "--depth", str(qd)) + extra
    return Run("host-dasd", shape, qd, 1, "dasd", (device,), command + ("/dev/dasda",))


def hercules(quick, disk):
    device = ("0.0.0120",)
    shapes = ("nop",) + ECKD_SHAPES
    share = 5 if quick else 1

    def extra(shape):
        return ("--count", str(_ECKD_COUNTS[shape] // share), "--warmup", "64")

    # Every round has every driver, so that what slows the machine down for a
    # while does not slow down one of them alone.
    runs = []
    for _ in range(1 if quick else 3):
        runs += [_ccwring("stock", s, 1, device, extra(s)) for s in shapes]
        runs += [_ccwring("region", s, 1, device, extra(s)) for s in shapes]
        runs += [_ccwring("ring-spin", s, 1, device, extra(s)) for s in shapes]
        runs += [_ccwring(b, s, d, device, extra(s)) for b in ("ring", "ring-poll")
                 for s in shapes for d in DEPTHS]
        runs += [_ccwring(b, s, 32, device, extra(s))
                 for b in URING for s in ("nop", "eckd-4k-read")]
        runs += [_host_dasd(s, d, device[0], extra(s)) for s in ECKD_SHAPES for d in (1, 32)]
        runs += [_floor("floor-" + how, device[0], 5000, shape)
                 for shape in ("nop", "eckd-4k-read") for how in ("irq", "poll")]
    return Plan("hercules", ("--machine", "hercules", "--smp", "1", "--disk", disk),
                tuple(runs))
