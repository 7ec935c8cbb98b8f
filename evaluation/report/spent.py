"""What was spent: accuracy beside steps, seconds and memory, by condition.

Timings do not repeat, so they are no part of the summary; the table is made of both.
"""

from collections.abc import Callable, Iterable, Mapping
from statistics import median
from typing import TYPE_CHECKING, Any

from evaluation.report.conditions import accuracy_rows, at_the_end
from evaluation.report.formats import NOTHING, number, spaced, tokens
from evaluation.report.frames import condition_values, frame_of
from evaluation.report.rows import (
    SUITES,
    Row,
    Summary,
    condition_keys,
    differing,
    place,
    side_of,
    side_order,
    value_text,
)
from evaluation.report.shown import Cell, Shown, records

if TYPE_CHECKING:
    import pandas as pd

_MEDIANS = (
    "steps",
    "train_seconds",
    "evaluation_seconds",
    "latency_p50",
    "latency_p90",
    "latency_p99",
    "answer_tokens",
    "peak_memory_mib",
)
_OF_ROWS = ("estimate", "ci_low", "ci_high", "context_tokens")
_LATENCIES = ("latency_p50", "latency_p90", "latency_p99")


def cost_table(summary: Summary, timings: Mapping[str, Any]) -> "pd.DataFrame":
    """Return, for each arm, condition and suite, its accuracy and the medians of what its cells took.

    Of a learning curve the last step stands for all: they share their training.
    """
    rows = {_key(row): row for row in at_the_end(accuracy_rows(summary))}
    cells: dict[tuple[Any, ...], list[Row]] = {}
    for cell in at_the_end(timings.get("cells", [])):
        cells.setdefault(_key(cell), []).append(cell)
    sides = {_key(row): (row, side_of(row)) for row in [*rows.values(), *(group[0] for group in cells.values())]}
    keys = condition_keys(side for _, side in sides.values())
    columns = [
        "arm",
        *(f"condition.{key}" for key in keys),
        "suite",
        "metric",
        *_OF_ROWS,
        "cells",
        *_MEDIANS,
        "reasons",
    ]
    lines = []
    for key, (row, side) in sorted(
        sides.items(), key=lambda item: (place(item[1][0]["suite"], SUITES), side_order(item[1][1], keys))
    ):
        known, group = rows.get(key, {}), cells.get(key, [])
        spent = [_median(_spent(cell, name) for cell in group) for name in _MEDIANS]
        reasons = known.get("reasons") or {} if known else {"estimate": "no cell of it was graded"}
        found = [known.get(name) for name in _OF_ROWS]
        lines.append(
            [side[0], *condition_values(side, keys), row["suite"], "accuracy", *found, len(group), *spent, reasons]
        )
    return frame_of(columns, lines)


def shown_cost(frame: "pd.DataFrame") -> Shown:
    """Lay out the frame of :func:`cost_table`."""
    rows = records(frame)
    keys = differing((row["arm"], row["condition"]) for row in rows)
    several = len({row["suite"] for row in rows}) > 1
    suite = ["suite"] if several else []
    where = "" if several or not rows else f" on {rows[0]['suite']}"
    titles = [f"accuracy{where} (%) [95 % CI]", "context tokens", "cells", "steps", "training (s)", "answering (s)"]
    timed = any(row["latency_p50"] is not None for row in rows)
    titles += [*(["latency p50/p90/p99 (s)"] if timed else []), "peak memory (MiB)"]
    table = Shown(["arm", *keys, *suite, *titles], "l" * (1 + len(keys) + len(suite)) + "r" * len(titles))
    for row in rows:
        table.rows.append(
            [
                Cell(row["arm"]),
                *(Cell(row["condition"].get(key, "")) for key in keys),
                *([Cell(row["suite"])] if several else []),
                table.interval(row, "estimate", number),
                table.value(row, "context_tokens", tokens),
                Cell(str(row["cells"])),
                _known(row, "steps", spaced),
                _known(row, "train_seconds", "{:.1f}".format),
                _known(row, "evaluation_seconds", "{:.1f}".format),
                *([_latencies(row)] if timed else []),
                _known(row, "peak_memory_mib", "{:.0f}".format),
            ]
        )
    table.remarks.append(
        f"Steps, seconds and memory are medians over cells; {NOTHING} where no cell has one (an arm that does not "
        "train has no training time)."
    )
    if timed:
        table.remarks.append("Latency is that of questions answered one at a time, without drafts.")
    return table


def _key(row: Row) -> tuple[Any, ...]:
    arm, condition = side_of(row)
    return arm, tuple(sorted((key, value_text(value)) for key, value in condition.items())), row["suite"]


def _median(found: Iterable[Any]) -> float | None:
    known = [value for value in found if value is not None]
    return median(known) if known else None


def _spent(cell: Row, name: str) -> Any:
    """Return what a cell took; earlier records have shares of a batch where these have latencies."""
    return cell.get(name) if name not in _LATENCIES or cell.get("one_at_a_time") else None


def _latencies(row: Row) -> Cell:
    known = row["latency_p50"] is not None
    return Cell("/".join(f"{row[name]:.3f}" for name in _LATENCIES) if known else NOTHING)


def _known(row: Row, name: str, write: Callable[[Any], str]) -> Cell:
    return Cell(NOTHING if row[name] is None else write(row[name]))
