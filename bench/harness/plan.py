# SPDX-License-Identifier: MIT
"""What is measured on each machine, in which order."""

import dataclasses

QEMU_SHAPES = ("nop", "1page", "16page", "64page")
ECKD_SHAPES = ("eckd-4k-read", "eckd-4k-write", "eckd-track-read")
DEPTHS = (1, 8, 32)

# Enough for a mean that does not move: instruction counts repeat within 0.3 %.
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


def _ccwring(backend, shape, qd, devices, extra):
    """Backend "stock" is the region ABI on the stock driver."""
    command = ("ccwring", "bench", "--json",
               "--backend", "region" if backend == "stock" else backend,
               "--shape", shape, "--depth", str(qd)) + extra + devices
    driver = "stock" if backend == "stock" else "ccwring"
    return Run(backend, shape, qd, len(devices), driver, devices, command)


def _floor(device, count):
    return [Run("floor-" + how, "nop", 1, 1, "floor", (device,), ("floor", how, str(count)))
            for how in ("irq", "poll")]


def _yardsticks(count):
    return [Run("io_uring-" + what, "nop", qd, 0, "none", (),
                ("ccwring-bench-uring", what, str(qd), str(count)))
            for what in ("nop", "cmd") for qd in (1, 32)]


def qemu(quick, plugin):
    devices = tuple("0.0.%04x" % (0x2000 + i) for i in range(4))
    one = devices[:1]
    share = 4 if quick else 1

    def extra(shape):
        count = _COUNTS[shape] // share
        return ("--count", str(count), "--warmup", str(max(64, count // 10)), "--no-latency")

    runs = [_ccwring("stock", s, 1, one, extra(s)) for s in QEMU_SHAPES]
    runs += [_ccwring("region", s, 1, one, extra(s)) for s in QEMU_SHAPES]
    runs += [_ccwring("ring", s, d, one, extra(s)) for s in QEMU_SHAPES for d in DEPTHS]
    # Depth is for each subchannel: the same number of requests in all.
    runs += [_ccwring("ring", "nop", 8, devices, extra("nop"))]
    runs += _floor(devices[0], 20000 // share)
    runs += _yardsticks(20000 // share)
    return Plan("qemu", ("--devices", str(len(devices)), "--smp", "1", "--plugin", plugin),
                tuple(runs), True)


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
        runs += [_ccwring("ring", s, d, device, extra(s)) for s in shapes for d in DEPTHS]
        runs += [_host_dasd(s, d, device[0], extra(s)) for s in ECKD_SHAPES for d in (1, 32)]
        runs += _floor(device[0], 5000)
    return Plan("hercules", ("--machine", "hercules", "--smp", "1", "--disk", disk),
                tuple(runs))
