# SPDX-License-Identifier: MIT
"""Hot-plugging on the guest's request.

The program in the guest writes a line, QEMU gets the command over its control
socket, and the guest sees what came of it in its own sysfs:

    @host device_del dev0
    @host device_add virtio-rng-ccw id=dev0 devno=fe.0.2000
"""

import json

# What the first word after a command is to QEMU.
_FIRST = {b"device_del": "id", b"device_add": "driver"}
_MARK = b"@host "


class Refused(Exception):
    """The guest asked for what is not to be had."""


class Plug:
    """Between the guest's output and QEMU's control socket."""

    def __init__(self, socket):
        self._socket = socket
        self._output = b""
        self._answers = b""
        self._waiting = []
        # QEMU takes nothing else before this.
        self._send("qmp_capabilities", {}, "the greeting")

    def _send(self, command, arguments, why):
        self._waiting.append(why)
        message = {"execute": command, "arguments": arguments}
        self._socket.sendall(json.dumps(message).encode() + b"\n")

    def output(self, data):
        """Takes what the program in the guest wrote."""
        *lines, self._output = (self._output + data).split(b"\n")
        for line in lines:
            if line.startswith(_MARK):
                self._ask(line[len(_MARK):])

    def _ask(self, line):
        command, *words = line.split()
        why = line.decode("utf-8", "replace")
        if command not in _FIRST or not words or not all(b"=" in w for w in words[1:]):
            raise Refused("%r is not a request" % why)
        pairs = (w.decode("utf-8", "replace").split("=", 1) for w in words[1:])
        arguments = dict(pairs, **{_FIRST[command]: words[0].decode("utf-8", "replace")})
        self._send(command.decode(), arguments, why)

    def answers(self, data):
        """Takes what QEMU says."""
        *lines, self._answers = (self._answers + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "error" in message:
                raise Refused("%r: %s" % (self._waiting[0], message["error"].get("desc")))
            if "return" in message:
                self._waiting.pop(0)
