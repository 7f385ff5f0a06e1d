# SPDX-License-Identifier: MIT
"""The receiving side of the record stream that lab/guest/wire.h describes."""

import base64
import binascii
import struct
import zlib

VERSION = 1
PAYLOAD_MAX = 32768

HELLO = b"H"
OUTPUT = b"O"
KLOG = b"K"
KLOST = b"L"
FILE = b"F"
DATA = b"D"
CLOSE = b"C"
STATUS = b"X"
ERROR = b"E"
END = b"Z"

_HEADER = struct.Struct(">4scxxxIII")


class Corrupt(Exception):
    """The stream is not what the guest sent: something was lost or mangled."""


class Records:
    """Turns the bytes of the stream, in any portions, into records.

    Calls handler(type, payload) for each.
    """

    def __init__(self, handler):
        self._handler = handler
        self._buffer = bytearray()
        self._next = 0

    def feed(self, data):
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            magic, kind, seq, length, crc = _HEADER.unpack_from(self._buffer)
            if magic != b"CCWR" or length > PAYLOAD_MAX:
                raise Corrupt("record %d has a damaged header" % self._next)
            if len(self._buffer) < _HEADER.size + length:
                return
            payload = bytes(self._buffer[_HEADER.size:_HEADER.size + length])
            if zlib.crc32(payload, zlib.crc32(self._buffer[:16])) != crc:
                raise Corrupt("record %d has a wrong checksum" % self._next)
            if seq != self._next:
                raise Corrupt("record %d is missing, got %d" % (self._next, seq))
            self._next += 1
            del self._buffer[:_HEADER.size + length]
            self._handler(kind, payload)


class Lines:
    """Recovers the bytes of the stream from "@SSSSSS BASE64" lines."""

    def __init__(self, records):
        self._records = records
        self._next = 0

    def feed(self, line):
        try:
            seq = int(line[1:7], 16)
            data = base64.b64decode(line[8:], validate=True)
        except (ValueError, binascii.Error):
            raise Corrupt("line %d is mangled: %r" % (self._next, line)) from None
        if seq != self._next:
            raise Corrupt("line %d is missing, got %d" % (self._next, seq))
        self._next = (self._next + 1) & 0xFFFFFF
        self._records.feed(data)
