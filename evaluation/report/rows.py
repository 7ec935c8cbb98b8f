"""The order rows stand in, the conditions that tell them apart, and what they are called."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Summary = Mapping[str, Any]
Row = Mapping[str, Any]
Side = tuple[str, Mapping[str, Any]]

ARMS = (
    "base",
    "system_prompt",
    "few_shot",
    "rag",
    "finetune",
    "finetune_rag",
    "memory",
    "mem0",
    "full_context",
    "oracle",
)
SUITES = ("seen", "heldout", "tiers", "blind")
NUMBER = r"(?:(?<![\w-])-)?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?"
"""A number as conditions write it: 16, 0.001, 1e-05, -1."""
_IN_OTHER_COLUMNS = frozenset({"arm", "suite"})
_SPEAKS_FOR_ITSELF = re.compile(r"[A-Za-z][\w.]*\d\w*")


def place(name: str, order: Sequence[str]) -> tuple[int, str]:
    """Return a sort key: the known names in their order, then the others by name."""
    return (order.index(name) if name in order else len(order), name)


def natural(text: str) -> tuple[tuple[int, float, str], ...]:
    """Return a sort key under which v5 comes before v10."""
    parts = re.split(f"({NUMBER})", text)
    return tuple((0, float(part), "") if index % 2 else (1, 0.0, part) for index, part in enumerate(parts) if part)


def value_text(value: Any) -> str:
    """Write a condition's value as a person reads it: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def has_interval(row: Row) -> bool:
    """Tell whether a row has both ends of its interval."""
    return row["ci_low"] is not None and row["ci_high"] is not None


def side_of(row: Row) -> Side:
    """Return what a row, a contrast's side or a timing is about: its arm and its condition."""
    return row["arm"], row.get("condition") or {}


def sides_of(summary: Summary) -> list[Side]:
    """Return the arm and condition of every row and of both sides of every contrast."""
    contrasts = summary.get("contrasts", [])
    return [side_of(row) for row in [*summary["rows"], *(contrast[side] for contrast in contrasts for side in "ab")]]


def condition_keys(sides: Iterable[Side]) -> list[str]:
    """Return every condition key, by name, so that conditions read alike everywhere."""
    return sorted({key for _, condition in sides for key in condition})


def differing(sides: Iterable[Side]) -> list[str]:
    """Return the condition keys that tell rows apart.

    A key does if it takes two values, or if some rows of one arm have it and others do not. That one arm has a key and
    another has not is already said by the arm.
    """
    sides = list(sides)

    def tells_apart(key: str) -> bool:
        values = {value_text(condition[key]) for _, condition in sides if key in condition}
        having = {(arm, key in condition) for arm, condition in sides}
        return len(values) > 1 or len(having) > len({arm for arm, _ in having})

    return [key for key in condition_keys(sides) if key not in _IN_OTHER_COLUMNS and tells_apart(key)]


def condition_words(condition: Mapping[str, Any], keys: Iterable[str]) -> str:
    """Write a condition in a few words: "r16 v10"; a value that does not speak for itself gets its key."""
    texts = ((key, value_text(condition[key])) for key in keys if key in condition)
    return " ".join(text if _SPEAKS_FOR_ITSELF.fullmatch(text) else f"{key}={text}" for key, text in texts)


def label(side: Side, keys: Iterable[str]) -> str:
    """Name an arm under a condition: "finetune r16 v10"."""
    arm, condition = side
    return f"{arm} {condition_words(condition, keys)}".strip()


def side_order(side: Side, keys: Iterable[str]) -> tuple[Any, ...]:
    """Return the sort key of an arm under a condition."""
    arm, condition = side
    return place(arm, ARMS), tuple(natural(value_text(condition[key])) if key in condition else () for key in keys)


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Sort a summary's rows by suite and metric, then arm and condition, so that what is compared stands together."""
    rows = list(rows)
    keys = condition_keys(map(side_of, rows))
    return sorted(rows, key=lambda row: (place(row["suite"], SUITES), row["metric"], side_order(side_of(row), keys)))


def suites_of(rows: Iterable[Row]) -> list[str]:
    """Return the suites that rows are about, in their fixed order."""
    return sorted({row["suite"] for row in rows}, key=lambda suite: place(suite, SUITES))
