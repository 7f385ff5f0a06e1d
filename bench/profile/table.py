# SPDX-License-Identifier: MIT
"""The profile for people: a line a function."""

_LINE = "%10s %8s %10s %9s  %-40s %s"


def _objects(profile):
    sums = {}
    for function, count in profile.own.items():
        sums[function.object] = sums.get(function.object, 0) + count
    return sorted(sums.items(), key=lambda item: -item[1])


def _number(count, ios):
    return "{:,.1f}".format(count / ios)


def _share(count, total):
    return "%.2f %%" % (100 * count / total)


def render(profile, ios, top):
    """top: how many functions, 0 for all."""
    total = profile.total
    ranked = sorted(profile.own.items(), key=lambda item: (-item[1], item[0].name))
    shown = ranked[:top] if top else ranked
    lines = [_LINE % ("insns/IO", "share", "and below", "calls/IO", "function", "object")]
    for function, count in shown:
        lines.append(_LINE % (_number(count, ios), _share(count, total),
                              _number(profile.whole[function], ios),
                              "%.3f" % (profile.calls(function) / ios),
                              function.name, function.object))
    if len(shown) < len(ranked):
        rest = sum(count for _, count in ranked[len(shown):])
        lines.append(_LINE % (_number(rest, ios), _share(rest, total), "", "",
                              "%d more functions" % (len(ranked) - len(shown)), ""))
    lines.append("")
    for name, count in _objects(profile) + [("all", total)]:
        lines.append(_LINE % (_number(count, ios), _share(count, total), "", "", "", name))
    return "\n".join(line.rstrip() for line in lines)
