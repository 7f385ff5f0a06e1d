# SPDX-License-Identifier: MIT
"""What the plugin wrote down; see bench/insn/profile.c and stack.h."""

import dataclasses

TASK, PROGRAM, USER, CALL, ENTRY = range(5)


@dataclasses.dataclass(frozen=True, eq=False)
class Node:
    """A call path: how its last frame came to be."""

    parent: object
    kind: int
    at: int

    @property
    def is_root(self):
        return self.kind <= USER

    def root(self):
        node = self
        while node.parent is not None:
            node = node.parent
        return node

    def in_kernel(self):
        node = self
        while node.kind == CALL:
            node = node.parent
        return node.kind == TASK or node.kind >= ENTRY


def instructions(address, code):
    """(address, bytes) of each instruction; the first two bits are the length."""
    at = 0
    found = []
    while at < len(code):
        length = (2, 4, 4, 6)[code[at] >> 6]
        found.append((address + at, code[at:at + length]))
        at += length
    return found


class Recording:
    """counts: (node, address of an instruction) -> how often it was executed.

    What EXECUTE executes has the address of EXECUTE plus one.
    """

    def __init__(self, path):
        self.sections = 0
        self.code = {}
        self.counts = {}
        self._nodes = {}
        self._blocks = {}
        readers = {"sections": self._sections, "node": self._node, "block": self._block,
                   "count": self._count, "part": self._part}
        with open(path, encoding="ascii") as lines:
            for line in lines:
                words = line.split()
                readers[words[0]](*words[1:])

    def _sections(self, number):
        self.sections = int(number)

    def _node(self, number, parent, kind, at):
        self._nodes[int(number)] = Node(self._nodes.get(int(parent)), int(kind), int(at, 16))

    def _block(self, number, address, code=""):
        self._blocks[int(number)] = instructions(int(address, 16), bytes.fromhex(code))

    def _count(self, node, block, count):
        self._add(node, self._blocks[int(block)], int(count))

    def _part(self, node, block, first, delta):
        self._add(node, self._blocks[int(block)][int(first):], int(delta))

    def _add(self, number, instrs, count):
        node = self._nodes[int(number)]
        for address, code in instrs:
            key = node, address
            self.counts[key] = self.counts.get(key, 0) + count
            self.code[node.in_kernel(), address] = code
