"""Which condition the rows can be drawn along: one whose values are numbers, such as v1, v5, v10."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from evaluation.curves import STEP
from evaluation.report.rows import NUMBER, Row, Side, Summary, differing, label, ordered, side_of, value_text

FACTS = "facts.n"
_NUMBERED = re.compile(rf"([A-Za-z]*?)({NUMBER})")
# Their numbers are names, not amounts.
_NAMES = frozenset({"tier", "seed", "facts.seed", "phrasings.split_seed"})
# They have figures of their own.
_OWN = frozenset({STEP, FACTS})
RowT = TypeVar("RowT", bound=Row)


@dataclass(frozen=True)
class Axis:
    """A condition with numeric values.

    Attributes:
        key: The condition.
        values: Each value's text and number, in numeric order.
        others: Values of the same condition that are no numbers, such as "none".
    """

    key: str
    values: dict[str, float]
    others: tuple[str, ...] = ()

    def at(self, row: Row) -> float | None:
        """Return where a row or a timing lies, or ``None`` if it is not on this axis."""
        condition = side_of(row)[1]
        return self.values.get(value_text(condition[self.key])) if self.key in condition else None


def accuracy_rows(summary: Summary) -> list[Row]:
    """Return the rows of plain accuracy, in order, also those of every step of a learning curve."""
    return [row for row in ordered(summary["rows"]) if row["metric"] == "accuracy"]


def at_the_end(rows: Iterable[RowT]) -> list[RowT]:
    """Return rows or timings without those of a learning curve's earlier steps.

    Of rows that differ in their step alone the last stays; no step at all is the end of training.
    """
    rows = list(rows)
    curves: dict[tuple[Any, ...], list[RowT]] = {}
    for row in rows:
        arm, condition = side_of(row)
        shared = tuple(sorted((key, value_text(value)) for key, value in condition.items() if key != STEP))
        curves.setdefault((arm, shared, row["suite"], row.get("metric")), []).append(row)
    last = {key: max(map(_step, curve)) for key, curve in curves.items()}
    kept = {id(row) for key, curve in curves.items() for row in curve if _step(row) == last[key]}
    return [row for row in rows if id(row) in kept]


def _step(row: Row) -> float:
    try:
        return float(value_text(side_of(row)[1][STEP]))
    except (KeyError, ValueError):
        return math.inf


def condition_axis(summary: Summary) -> Axis | None:
    """Return the condition with the most numeric values of one kind, or ``None`` if none has two.

    Steps and the number of facts are left to :func:`axis_along`.
    """
    sides = [side_of(row) for row in accuracy_rows(summary)]
    keys = [key for key in differing(sides) if key not in _NAMES | _OWN]
    axes = [axis for key in keys if (axis := _axis(key, sides))]
    return max(axes, key=lambda axis: len(axis.values), default=None)


def axis_along(summary: Summary, key: str) -> Axis | None:
    """Return one condition as an axis, or ``None`` if it has not two numeric values."""
    return _axis(key, [side_of(row) for row in accuracy_rows(summary)])


def lines(rows: Iterable[Row], axis: Axis, keys: Sequence[str] | None = None) -> dict[str, list[tuple[float, Row]]]:
    """Group the rows that lie on an axis into one line for each arm and other condition, named by them.

    Args:
        rows: Rows or timings.
        axis: What they are drawn along.
        keys: The conditions that name a line; by default those that differ.
    """
    found = [(at, row) for row in rows if (at := axis.at(row)) is not None]
    if keys is None:
        keys = [key for key in differing(side_of(row) for _, row in found) if key != axis.key]
    grouped: dict[str, list[tuple[float, Row]]] = {}
    for at, row in found:
        grouped.setdefault(label(side_of(row), keys), []).append((at, row))
    return {name: sorted(points, key=lambda point: point[0]) for name, points in grouped.items()}


def _axis(key: str, sides: list[Side]) -> Axis | None:
    texts = {value_text(condition[key]) for _, condition in sides if key in condition}
    found = {text: match for text in texts if (match := _NUMBERED.fullmatch(text))}
    kinds = {match[1] for match in found.values()}
    if len(kinds) != 1 or len(found) < 2:
        return None
    numbers = sorted((float(match[2]), text) for text, match in found.items())
    return Axis(key, {text: number for number, text in numbers}, tuple(sorted(texts - set(found))))
