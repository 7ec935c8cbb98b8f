"""A study's summary and timings without what stays on this machine, whole enough for its tables to be made of them.

What is withheld is withheld before anything is computed, and what differed still differs: two people stay two
("(withheld)" and "(withheld 2)"), so that no median is taken over both.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from evaluation.report.rows import value_text
from evaluation.report.tables import CONTRAST_FIELDS, ROW_FIELDS
from experiments.record import Timing
from experiments.tracking.public import WITHHELD, public_condition, public_name

_VARIANCE_FIELDS = ("metric", "total", "shares", "levels")
_DESIGN_FIELDS = ("profiles", "facts", "seeds", "scope", "mde", "power")
_CELL_FIELDS = (*Timing.model_fields, "one_at_a_time", "seed", "steps", "answer_tokens")


def public_results(
    summary: Mapping[str, Any], timings: Mapping[str, Any]
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, list[dict[str, Any]]]]:
    """Return what may leave of a summary and of timings, as far as `evaluation.report.tables` reads them.

    Prices, the reasons why a value is missing, and every field that is not named here stay.
    """
    names = _Names()

    def contrasts(which: str) -> list[dict[str, Any]]:
        return [names.sides(row) | names.told(row, CONTRAST_FIELDS) for row in summary.get(which, [])]

    def designs(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{**{name: one.get(name) for name in _DESIGN_FIELDS}, "reasons": {}} for one in plan["designs"]]

    told = {
        "rows": [names.side(row) | names.told(row, ROW_FIELDS) for row in summary.get("rows", [])],
        "contrasts": contrasts("contrasts"),
        "exploratory": contrasts("exploratory"),
        "variance": [names.side(row) | names.told(row, _VARIANCE_FIELDS) for row in summary.get("variance", [])],
        "power": [
            names.sides(plan) | names.told(plan, ("metric",)) | {"designs": designs(plan)}
            for plan in summary.get("power", [])
        ],
    }
    cells = [names.side(cell) | names.told(cell, _CELL_FIELDS) for cell in timings.get("cells", [])]
    return told, {"cells": cells}


class _Names:
    """What arms, suites and conditions are called outside; what is withheld is told apart by number."""

    def __init__(self) -> None:
        self._withheld: dict[str, list[str]] = {}

    def side(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arm and the condition of a row, a cell or one side of a contrast."""
        condition = {str(key): value for key, value in (row.get("condition") or {}).items()}
        public = public_condition(condition)
        told = {k: v if v == condition[k] else self._numbered(k, condition[k]) for k, v in public.items()}
        if rest := {key: value for key, value in condition.items() if key not in public}:
            told["more"] = self._numbered("more", rest)
        return {"arm": self._name("arm", str(row["arm"])), "condition": told}

    def sides(self, contrast: Mapping[str, Any]) -> dict[str, Any]:
        """Return both sides of a contrast."""
        return {side: self.side(contrast[side]) for side in "ab"}

    def told(self, row: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
        """Return the suite of a row and some fields of it."""
        rest = {name: row.get(name) for name in fields}
        return {**rest, "suite": self._name("suite", str(row["suite"])), "reasons": {}}

    def _name(self, kind: str, name: str) -> str:
        return name if public_name(name) == name else self._numbered(kind, name)

    def _numbered(self, kind: str, value: Any) -> str:
        known, text = self._withheld.setdefault(kind, []), value_text(value)
        if text not in known:
            known.append(text)
        number = 1 + known.index(text)
        return WITHHELD if number == 1 else f"{WITHHELD[:-1]} {number})"
