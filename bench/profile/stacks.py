# SPDX-License-Identifier: MIT
"""Call paths as a tree, and as one line each."""


class Frame:
    """A function on a call path: own instructions, and with all above it."""

    def __init__(self, name, obj):
        self.name = name
        self.object = obj
        self.own = 0
        self.whole = 0
        self._above = {}

    def above(self):
        """What it calls, in order of names: the same in every graph."""
        return [self._above[key] for key in sorted(self._above)]

    def add(self, path, count):
        frame = self
        frame.whole += count
        for function in path:
            key = function.name, function.object
            frame = frame._above.setdefault(key, Frame(*key))
            frame.whole += count
        frame.own += count


def tree(profile):
    root = Frame("all", "")
    for path, count in profile.paths.items():
        root.add(path, count)
    return root


def folded(profile):
    """Lines "frame;frame;frame count", outermost first, as flame-graph tools read them."""
    sums = {}
    for path, count in profile.paths.items():
        names = ";".join(function.name for function in path)
        sums[names] = sums.get(names, 0) + count
    return "".join("%s %d\n" % line for line in sorted(sums.items()))
