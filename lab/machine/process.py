# SPDX-License-Identifier: MIT
"""An emulator's process: it never outlives the one that started it."""

import ctypes
import os
import signal
import subprocess

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def start(argv, **options):
    """Starts an emulator; it is killed should this process die, however it dies."""
    parent = os.getpid()

    def in_child():
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # The parent may be gone already.
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(argv, preexec_fn=in_child, **options)


def stop(process, patience=3):
    """Ends an emulator: by request, then by force."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
