# SPDX-License-Identifier: MIT
"""The report for people: one table a shape, each row beside the stock driver."""

_COLUMNS = (("backend", 14), ("depth", 6), ("subch", 6), ("insns/IO", 10), ("us/IO", 10),
            ("IOPS", 11), ("p50 us", 10), ("p99 us", 10), ("errors", 7), ("insns x", 8),
            ("time x", 8))

_TITLES = {
    "qemu": "QEMU: exact guest instructions; times are those of an emulator that counts",
    "hercules": "Hercules, one CPU: an asynchronous 3390; times are wall time",
}


def _number(value, scale=1.0, digits=1):
    return "-" if value is None else "{:,.{}f}".format(value / scale, digits)


def _ratio(stock, row, key):
    """How many times less than the stock driver."""
    if not stock or stock is row or not stock[key] or not row[key]:
        return ""
    return "%.1f" % (stock[key] / row[key])


def _cells(row, stock):
    return (row["backend"], str(row["qd"]), str(row["subchannels"]),
            _number(row["insns_per_io"], digits=0), _number(row["ns_per_io"], 1e3, 2),
            _number(row["iops"], digits=0), _number(row["p50_ns"], 1e3),
            _number(row["p99_ns"], 1e3), str(row["errors"]),
            _ratio(stock, row, "insns_per_io"), _ratio(stock, row, "ns_per_io"))


def _line(cells):
    first = cells[0].ljust(_COLUMNS[0][1])
    return first + "".join(c.rjust(width) for c, (_, width) in zip(cells[1:], _COLUMNS[1:]))


def _shape_table(shape, rows):
    stock = next((r for r in rows if r["backend"] == "stock"), None)
    lines = ["", shape, _line([title for title, _ in _COLUMNS])]
    lines += [_line(_cells(row, stock)).rstrip() for row in rows]
    return lines


def _title(machine, kernel):
    return "%s (Linux %s%s)" % (
        _TITLES[machine], kernel,
        ", Debian's configuration" if kernel.endswith("-debian") else "")


def render(rows):
    lines = []
    for machine, kernel in dict.fromkeys((r["machine"], r["kernel"]) for r in rows):
        here = [r for r in rows if (r["machine"], r["kernel"]) == (machine, kernel)]
        lines += ["", _title(machine, kernel)]
        for shape in dict.fromkeys(r["shape"] for r in here):
            lines += _shape_table(shape, [r for r in here if r["shape"] == shape])
    lines += ["", "insns x, time x: how many times less than the stock driver at its depth, 1"]
    return "\n".join(lines[1:])
