# SPDX-License-Identifier: MIT
"""Where things are: from the environment, or else from `./run env`."""

import os
import shlex
import subprocess

_NAMES = ("CCWRING_IMAGE", "CCWRING_CACHE")


class Missing(Exception):
    """What the lab needs was not built."""


def load(build=False):
    """Completes os.environ; builds what is missing on the way, or what has changed."""
    if not build and all(os.environ.get(n) for n in _NAMES):
        return
    source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    run = os.path.join(source, "run")
    done = subprocess.run([run, "env"], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Missing("%s env failed" % run)
    for word in shlex.split(done.stdout):
        name, _, value = word.partition("=")
        if name.startswith("CCWRING_"):
            os.environ[name] = value


def machine():
    """What the image's kernel asks of a machine: mem at least, smp if not None, how many
    times longer than on the lab's own kernel things take, slow, and by how much the clock
    goes with each instruction, icount, if not None."""
    asked = {"mem": 0, "smp": None, "slow": 1, "icount": None}
    with open(image("machine"), encoding="ascii") as file:
        for line in file:
            if not line.startswith("#"):
                key, value = line.split()
                asked[key] = int(value)
    return asked


def image(name):
    """The path of a file of the guest image."""
    path = os.path.join(os.environ["CCWRING_IMAGE"], name)
    if not os.path.exists(path):
        raise Missing("%s does not exist; start ./run env to build it" % path)
    return path
