# SPDX-License-Identifier: MIT
"""Events of the driver as perf script prints them, and what becomes of each start.

    perf script | python3 events.py
"""

import dataclasses
import re
import sys

_LINE = re.compile(r" *(.*?) +(\d+) +\[(\d+)\] +(\d+\.\d+): +(?:\w+:)?(\w+): (.*)$")
_FIELD = re.compile(r"(\w+)=(\S+)")

# Through what each start goes when nothing is wrong.  One of the I/O region waits
# for nothing, has no user data, and begins with the second.
_RING = ("vccw_queue", "vccw_ssch", "vccw_status", "vccw_complete")


@dataclasses.dataclass(frozen=True)
class Event:
    """time: in seconds; fields: name -> text."""

    name: str
    time: float
    fields: dict

    @property
    def start(self):
        """What tells a start from others that are under way."""
        return self.fields.get("sch"), self.fields.get("user_data")


def parse(text):
    """The events among the lines, in their order."""
    found = []
    for line in text.splitlines():
        match = _LINE.match(line)
        if match:
            found.append(Event(match[5], float(match[4]), dict(_FIELD.findall(match[6]))))
    return found


class Starts:
    """Follows each start to its end.

    complete: (name, time) of the events of each that went all the way; canceled: how
    many ended without having run; wrong: what did not happen in its order, in words
    """

    def __init__(self, events):
        self.complete = []
        self.canceled = 0
        self.wrong = []
        self._under_way = {}
        for event in events:
            if event.name in _RING and not self._of_another_kind(event):
                self._take(event)
        for start, seen in self._under_way.items():
            self._complain(start, "nothing after " + seen[-1][0])

    @staticmethod
    def _of_another_kind(event):
        """Not accepted yet, status of something else, or no start at all."""
        return (event.name == "vccw_ssch" and event.fields["cc"] == "1" or
                event.name == "vccw_status" and event.fields["active"] == "0" or
                event.fields.get("func") in ("halt", "clear"))

    def _complain(self, start, what):
        self.wrong.append("sch=%s user_data=%s: %s" % (*start, what))

    def _take(self, event):
        seen = self._under_way.setdefault(event.start, [])
        ended = event.name == "vccw_complete"
        if ended and event.fields["res"] != "0" and seen:
            self.canceled += 1
        elif event.name not in self._next(seen, event):
            self._complain(event.start, event.name + (
                " after " + seen[-1][0] if seen else " comes first"))
        else:
            seen.append((event.name, event.time))
            if not ended:
                return
            self.complete.append(seen)
        del self._under_way[event.start]

    @staticmethod
    def _next(seen, event):
        if seen:
            return (_RING[_RING.index(seen[-1][0]) + 1],)
        return _RING[:2] if event.fields["user_data"] == "0x0" else _RING[:1]


def _verdict(starts):
    yield "%d starts were %sissued, interrupted and completed, each once and in this order" % (
        len(starts.complete), "queued, " if any(len(s) == 4 for s in starts.complete) else "")
    if starts.canceled:
        yield "%d ended without having run" % starts.canceled
    for step in zip(_RING, _RING[1:]):
        times = [dict(seen) for seen in starts.complete if step[0] in dict(seen)]
        if times:
            mean = sum(t[step[1]] - t[step[0]] for t in times) / len(times)
            yield "%10.1f us from %s to %s" % (mean * 1e6, *step)
    for line in starts.wrong:
        yield "wrong: " + line


def render(text, shown, follow):
    """The first lines of perf script, how often there was what, and, if all events of
    the driver are there to follow starts by, what became of these."""
    events = parse(text)
    lines = text.splitlines()[:shown or None]
    if len(lines) < len(events):
        lines.append("(%d more)" % (len(events) - len(lines)))
    names = [event.name for event in events]
    lines += ["", "%8s  %s" % ("number", "event")]
    lines += ["%8d  %s" % (names.count(name), name) for name in sorted(set(names))]
    if follow:
        lines += [""] + list(_verdict(Starts(events)))
    return "\n".join(lines)


if __name__ == "__main__":
    print(render(sys.stdin.read(), 0, True))
