"""Which condition the rows can be drawn along: one whose values are numbers, such as v1, v5, v10."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from evaluation.report.rows import Row, Side, Summary, differing, label, ordered, side_of, value_text

_NUMBERED = re.compile(r"([A-Za-z]*)([0-9]+(?:\.[0-9]+)?)")
# Their numbers are names, not amounts.
_NAMES = frozenset({"tier", "seed", "facts.seed", "phrasings.split_seed"})


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


def accuracy_rows(summary: Summary) -> list[Row]:
    """Return the rows of plain accuracy, in order."""
    return [row for row in ordered(summary["rows"]) if row["metric"] == "accuracy"]


def condition_axis(summary: Summary) -> Axis | None:
    """Return the condition with the most numeric values of one kind, or ``None`` if none has two."""
    sides = [side_of(row) for row in accuracy_rows(summary)]
    axes = [axis for key in differing(sides) if key not in _NAMES and (axis := _axis(key, sides))]
    return max(axes, key=lambda axis: len(axis.values), default=None)


def lines(rows: Iterable[Row], axis: Axis) -> dict[str, list[tuple[float, Row]]]:
    """Group the rows that lie on an axis into one line for each arm and other condition, named by them."""
    rows = [row for row in rows if value_text(side_of(row)[1].get(axis.key, "")) in axis.values]
    keys = [key for key in differing(map(side_of, rows)) if key != axis.key]
    grouped: dict[str, list[tuple[float, Row]]] = {}
    for row in rows:
        at = axis.values[value_text(side_of(row)[1][axis.key])]
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
