"""What a study's own run says: how far it is, its numbers and its tables, as far as they may leave this machine.

Nothing here knows W&B. A study's run is one of many in its group: its ``cells/done`` counts the cells that have no run
in the group because they were found in the store, a cell's run counts itself, and the sum over the group is the
progress.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from statistics import median
from typing import Any

from evaluation.report.tables import CONTRAST_FIELDS, ROW_FIELDS, study_tables
from evaluation.report.tables import NAMES as REPORTED
from experiments.record import Timing
from experiments.tracking.public import public_condition, public_error, public_name, public_note
from experiments.tracking.withheld import public_results

COSTS = tuple(Timing.model_fields)
"""What a cell took, by name; ``timings.json`` has the same names."""

_ROW_COLUMNS = ("arm", "condition", *ROW_FIELDS)
_CELL_COLUMNS = ("identity", "arm", "suite", "condition", "profile", "seed", "status", "reused", "run", *COSTS)
_INTERVAL = ("ci_low", "ci_high")
# The report's tables but for those that stand here in columns of their own, and the one that tells the user's prices.
_REPORTED = tuple(name for name in REPORTED if name not in ("accuracy", "rows", "contrasts", "break_even"))
TABLES = ("rows", "contrasts", "cells", "failures", "notes", *_REPORTED)
"""Every table that a study may have."""

Runs = Mapping[str, str | None]
"""A study's cells by identity: the id of the cell's run in the study's group, ``None`` for a cell that was reused."""


@dataclass(frozen=True)
class Table:
    """A table: its columns in their order, and rows by column."""

    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]


def progress(runs: Runs) -> dict[str, float]:
    """Return how many cells a study has, and how many of them are done though they have no run in its group."""
    reused = sum(run is None for run in runs.values())
    return {"cells/total": len(runs), "cells/done": reused, "cells/failed": 0}


def numbers(summary: Mapping[str, Any], timings: Mapping[str, Any]) -> dict[str, float]:
    """Return a summary's estimates, differences and costs by name.

    Rows are ``arm/suite/metric``, contrasts ``contrast/a - b/suite/metric``, each with ``/ci_low`` and ``/ci_high``;
    costs are ``cost/arm/field``, the median over the arm's cells.
    """
    named = _with_intervals(named_rows(summary), "estimate")
    named |= _with_intervals(named_contrasts(summary), "difference", "p_adjusted")
    return plain_numbers(named | named_costs(timings))


def named_rows(summary: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return a summary's rows by ``arm/suite/metric``, with the condition where several rows share that."""
    rows = [public_row(row) for row in summary.get("rows", [])]
    plain = Counter((row["arm"], row["suite"], row["metric"]) for row in rows)

    def name(row: Mapping[str, Any]) -> str:
        alone = plain[row["arm"], row["suite"], row["metric"]] == 1
        return f"{row['arm'] if alone else labelled(row)}/{row['suite']}/{row['metric']}"

    return _apart((name(row), row) for row in rows)


def named_contrasts(summary: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return a summary's contrasts by ``contrast/a - b/suite/metric``."""
    rows = [_public_contrast(row) for row in summary.get("contrasts", [])]
    return _apart((f"contrast/{row['a']} - {row['b']}/{row['suite']}/{row['metric']}", row) for row in rows)


def tables(summary: Mapping[str, Any], timings: Mapping[str, Any], runs: Runs, whole: bool = False) -> dict[str, Table]:
    """Return the tables of a study that have rows.

    Args:
        summary: Content of ``summary.json``.
        timings: Content of ``timings.json``.
        runs: The cells' runs.
        whole: Give errors, notes and conditions as they stand; they may name facts.
    """
    failures = [
        {**_public(failure), "error": failure.get("error") if whole else public_error(str(failure.get("error")))}
        for failure in summary.get("failures", [])
    ]
    notes = [{"note": note if whole else public_note(str(note))} for note in summary.get("notes", [])]
    found = {
        "rows": Table(_ROW_COLUMNS, [public_row(row) for row in summary.get("rows", [])]),
        "contrasts": Table(("a", "b", *CONTRAST_FIELDS), [_public_contrast(c) for c in summary.get("contrasts", [])]),
        "cells": Table(_CELL_COLUMNS, _cells(summary, timings, runs)),
        "failures": Table(("arm", "suite", "seed", "error"), failures),
        "notes": Table(("note",), notes),
        **(_reported(summary, timings) if whole else _reported(*public_results(summary, timings))),
    }
    return {name: table for name, table in found.items() if table.rows}


def _reported(summary: Mapping[str, Any], timings: Mapping[str, Any]) -> dict[str, Table]:
    """Return the tables of a study's report, but for those that stand here in columns of their own."""
    made = study_tables({"rows": [], **summary}, timings)
    frames = {name: frame.drop(columns="reasons") for name, (frame, _) in made.items() if name in _REPORTED}
    return {
        name: Table(list(frame.columns), [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")])
        for name, frame in frames.items()
    }


def public_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may leave of a row of the summary."""
    return {key: row.get(key) for key in _ROW_COLUMNS} | _public(row)


def labelled(side: Mapping[str, Any]) -> str:
    """Name an arm with its condition."""
    condition = public_condition(side.get("condition") or {})
    return " ".join([public_name(str(side["arm"])), *(f"{key}={value}" for key, value in condition.items())])


def plain_numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Keep the numbers: a null has no place on a chart, and a text might be an answer."""
    return {name: float(value) for name, value in metrics.items() if isinstance(value, Real)}


def _public(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may leave of what says which cells a row is about."""
    return {
        "arm": public_name(str(row.get("arm"))),
        "suite": public_name(str(row.get("suite"))),
        "condition": public_condition(row.get("condition") or {}),
        "seed": row.get("seed"),
    }


def _public_contrast(contrast: Mapping[str, Any]) -> dict[str, Any]:
    sides = {side: labelled(contrast[side]) for side in ("a", "b")}
    return {**sides, **{key: contrast.get(key) for key in CONTRAST_FIELDS}}


def _cells(summary: Mapping[str, Any], timings: Mapping[str, Any], runs: Runs) -> list[dict[str, Any]]:
    """Return one row a cell, whoever ran it; profiles are told apart by number."""
    took = {cell.get("identity"): cell for cell in timings.get("cells", [])}
    cells = summary.get("cells", [])
    profiles = sorted({str(cell.get("profile")) for cell in cells})
    return [
        {
            **_public(cell),
            "identity": cell["identity"],
            "profile": 1 + profiles.index(str(cell.get("profile"))),
            "status": cell["status"],
            "reused": runs.get(cell["identity"]) is None,
            "run": runs.get(cell["identity"]),
            **{field: took.get(cell["identity"], {}).get(field) for field in COSTS},
        }
        for cell in cells
    ]


def named_costs(timings: Mapping[str, Any]) -> dict[str, float]:
    """Return what cells took by ``cost/arm/field``: the median over an arm's cells, by condition if it has several."""
    cells = timings.get("cells", [])
    labels = {labelled(cell): public_name(str(cell["arm"])) for cell in cells}
    shared = Counter(labels.values())
    found: dict[str, list[float]] = {}
    for cell in cells:
        label = labelled(cell)
        name = labels[label] if shared[labels[label]] == 1 else label
        for field in COSTS:
            if cell.get(field) is not None:
                found.setdefault(f"cost/{name}/{field}", []).append(cell[field])
    return {name: median(values) for name, values in found.items()}


def _with_intervals(named: Mapping[str, Mapping[str, Any]], value: str, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, row in named.items():
        found |= {name: row[value], **{f"{name}/{end}": row.get(end) for end in (*_INTERVAL, *more)}}
    return found


def _apart(named: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Mapping[str, Any]]:
    """Tell apart by number what differs only in what is withheld."""
    found: dict[str, Mapping[str, Any]] = {}
    for base, row in named:
        name, copy = base, 1
        while name in found:
            copy += 1
            name = f"{base} ({copy})"
        found[name] = row
    return found
