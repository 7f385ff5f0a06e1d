# SPDX-License-Identifier: MIT
"""Instructions by function and by call path."""

from . import recording
from .symbols import Function

# What goes before everything that ran for someone else than the program.
_OTHERS = {
    recording.TASK: Function("[other_tasks]", "kernel"),
    recording.USER: Function("[other_programs]", "program"),
}


class Profile:
    """Counts of a recording, with names.

    own: Function -> instructions in it; whole: with all it calls;
    paths: tuple of Functions, outermost first -> instructions of the last;
    at: (Function, address) -> times executed; code: the same -> the instruction
    """

    def __init__(self, record, kernel, programs):
        """kernel: a Space; programs: number of a program -> its Space."""
        self._kernel = kernel
        self._programs = programs
        self._frames = {}
        self._space_of = {}
        self.own, self.whole, self.paths, self.at, self.code = {}, {}, {}, {}, {}
        for (node, address), count in record.counts.items():
            if count:
                self._add(node, address, count, record.code[node.in_kernel(), address])
        self.total = sum(self.own.values())
        for path, count in self.paths.items():
            for function in set(path):
                self.whole[function] = self.whole.get(function, 0) + count

    def _add(self, node, address, count, code):
        function = self._space(node).find(address)
        self._space_of[function] = self._space(node)
        path = self._path(node) + (function,)
        self.own[function] = self.own.get(function, 0) + count
        self.paths[path] = self.paths.get(path, 0) + count
        place = function, address
        self.at[place] = self.at.get(place, 0) + count
        self.code[place] = code

    def calls(self, function):
        """How often its first instruction was executed."""
        return self.at.get((function, function.start), 0)

    def space(self, function):
        """The address space that a function was executed in."""
        return self._space_of[function]

    def _space(self, node):
        if node.in_kernel():
            return self._kernel
        root = node.root()
        # A thread's stack begins in the kernel; it runs the last program known.
        number = root.at if root.kind == recording.PROGRAM else max(self._programs)
        return self._programs[number]

    def _path(self, node):
        """The functions that a node's own was called from."""
        if node in self._frames:
            return self._frames[node]
        if node.is_root:
            path = (_OTHERS[node.kind],) if node.kind in _OTHERS else ()
        else:
            # What is behind a call may be another function already.
            at = node.at - 1 if node.kind == recording.CALL else node.at
            path = self._path(node.parent) + (self._space(node.parent).find(at),)
        self._frames[node] = path
        return path
