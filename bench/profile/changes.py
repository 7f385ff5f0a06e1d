# SPDX-License-Identifier: MIT
"""What two profiles of the same load differ in."""

import json

SCHEMA = 1

# Less an I/O is a timer's tick more or less.
_MIN = 0.5

_LINE = "%10s %10s %10s  %-40s %s"


def document(profile, ios):
    """A profile for a program."""
    return {"schema": SCHEMA, "ios": ios, "functions": [
        {"name": f.name, "object": f.object, "insns_per_io": round(count / ios, 3),
         "calls_per_io": round(profile.calls(f) / ios, 4),
         "whole_per_io": round(profile.whole[f] / ios, 3)}
        for f, count in sorted(profile.own.items(), key=lambda item: -item[1])]}


def load(path):
    with open(path, encoding="utf-8") as text:
        return json.load(text)


def _sums(document_):
    """Functions of the same name in the same object are one here."""
    sums = {}
    for f in document_["functions"]:
        key = f["name"], f["object"]
        sums[key] = sums.get(key, 0) + f["insns_per_io"]
    return sums


def _row(old, new, *words):
    return _LINE % ("%.1f" % old, "%.1f" % new, "%+.1f" % (new - old), *words)


def render(before, now):
    """The functions that changed, most first."""
    old, new = _sums(before), _sums(now)
    both = [(old.get(key, 0), new.get(key, 0), key) for key in old.keys() | new.keys()]
    changed = [row for row in both if abs(row[1] - row[0]) >= _MIN]
    changed.sort(key=lambda row: (-abs(row[1] - row[0]), row[2]))
    lines = [_LINE % ("before", "now", "change", "function", "object")]
    lines += [_row(was, is_, *key) for was, is_, key in changed]
    lines.append(_row(sum(old.values()), sum(new.values()), "", "all"))
    return "\n".join(line.rstrip() for line in lines)
