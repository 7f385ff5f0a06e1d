# SPDX-License-Identifier: MIT
"""Rows of the report: what the runs of a row come to."""

SCHEMA = 1


def _figures(outcome):
    """One outcome in the report's terms."""
    result, count = outcome.result, outcome.result["count"]
    ns = result["ns_per_io"] if "ns_per_io" in result else result["ns"] / count
    return {
        "insns_per_io": None if outcome.insns is None else round(outcome.insns / count, 1),
        "ns_per_io": round(ns, 1),
        "iops": round(1e9 / ns, 1) if ns else None,
        "p50_ns": result.get("p50_ns"),
        "p99_ns": result.get("p99_ns"),
        "errors": result["errors"],
    }


def _median(repetitions):
    """A row that was measured, not one put together from several."""
    ordered = sorted(repetitions, key=lambda figures: figures["ns_per_io"])
    median = dict(ordered[len(ordered) // 2])
    median["errors"] = sum(figures["errors"] for figures in repetitions)
    return median


def build(machine, kernel, outcomes):
    """The rows in the order in which they were first measured."""
    repetitions = {}
    for outcome in outcomes:
        if outcome.result is not None and outcome.result["count"]:
            repetitions.setdefault(outcome.run.row, []).append(_figures(outcome))
    rows = []
    for (backend, shape, qd, subchannels), figures in repetitions.items():
        row = {"machine": machine, "kernel": kernel, "backend": backend, "shape": shape,
               "qd": qd, "subchannels": subchannels}
        row.update(_median(figures))
        rows.append(row)
    return rows


def document(rows):
    return {"schema": SCHEMA, "rows": rows}
