# SPDX-License-Identifier: MIT
"""3390 disk images as Hercules keeps them (CKD, not compressed).

An image is a 512-byte header and then the tracks, each in a fixed slot:

    home address                 5 bytes: flag, cylinder, head
    record 0                     8 bytes of count, 8 of data
    records 1 to 12              8 bytes of count, 4096 of data
    end of track                 8 bytes 0xff

A count is cylinder, head (two bytes each), record, key length (one byte each)
and data length (two bytes).  Twelve records of 4096 bytes without keys are
Linux's own layout without a label (LDL), so that block N of the guest's
/dev/dasda is record N of the image, counted from 0.
"""

import struct

TRACK_SLOT = 56832
HEADS = 15
RECORDS = 12
BLOCK = 4096
BLOCKS_PER_CYLINDER = HEADS * RECORDS

_HEADER = 512
_COUNT = struct.Struct(">HHBBH")
_TRACK_HEAD = 5 + 8 + 8
_RECORD = _COUNT.size + BLOCK


def pattern(block, seed):
    """The content of a block that says which one it is."""
    line = b"block %010d seed %010d " % (block, seed)
    # The rest differs from block to block too, in every 64-byte piece.
    pieces = [line + (b"%08x" % ((block * 64 + i) * 2654435761 + seed & 0xFFFFFFFF))
              for i in range(BLOCK // 64)]
    return b"".join(p.ljust(63, b".") + b"\n" for p in pieces)


def _track(cylinder, head, blocks):
    parts = [struct.pack(">BHH", 0, cylinder, head),
             _COUNT.pack(cylinder, head, 0, 0, 8), bytes(8)]
    for record, data in enumerate(blocks, 1):
        parts += [_COUNT.pack(cylinder, head, record, 0, BLOCK), data]
    parts.append(b"\xff" * 8)
    return b"".join(parts).ljust(TRACK_SLOT, b"\0")


def create(path, cylinders, block_at):
    """Writes an image; block_at(n) gives the 4096 bytes of block n."""
    with open(path, "wb") as image:
        image.write((b"CKD_P370" + struct.pack("<II", HEADS, TRACK_SLOT) +
                     b"\x90\0\0\0").ljust(_HEADER, b"\0"))
        block = 0
        for cylinder in range(cylinders):
            for head in range(HEADS):
                data = [block_at(block + i) for i in range(RECORDS)]
                image.write(_track(cylinder, head, data))
                block += RECORDS


def _offset(block):
    track, record = divmod(block, RECORDS)
    return _HEADER + track * TRACK_SLOT + _TRACK_HEAD + record * _RECORD


def read_block(image, block):
    """Reads a block of an image opened for reading.

    Raises ValueError if that place no longer holds such a record: the guest
    has formatted the track differently.
    """
    image.seek(_offset(block))
    raw = image.read(_RECORD)
    if len(raw) < _RECORD:
        raise ValueError("block %d is beyond the end of the image" % block)
    track, record = divmod(block, RECORDS)
    expected = _COUNT.pack(track // HEADS, track % HEADS, record + 1, 0, BLOCK)
    if raw[:_COUNT.size] != expected:
        raise ValueError("block %d: its count field is %s, expected %s" % (
            block, raw[:_COUNT.size].hex(), expected.hex()))
    return raw[_COUNT.size:]


def blocks(image):
    """How many blocks an image opened for reading has."""
    return (image.seek(0, 2) - _HEADER) // TRACK_SLOT * RECORDS
