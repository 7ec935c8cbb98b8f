"""From graded items to summary.json: one row for each arm, condition, suite and metric."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from andraeus.hashing import canonical_json
from evaluation.curves import STEP, averaged, steps_to
from evaluation.grading import Expected, grade
from evaluation.statistics.adjust import holm
from evaluation.statistics.contrast import paired_difference
from evaluation.statistics.interval import interval

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
# Items are shown apart by their edit distance to the nearest trained question; "same" are questions that the
# adapter's start was asked about nobody, word for word.
DISTANCE_BANDS = (("same", 0.0, 1e-9), ("near", 1e-9, 0.35), ("middle", 0.35, 0.55), ("far", 0.55, 1.01))
_FOUND = ("difference", "ci_low", "ci_high", "p_value", "mde")
_DESIGN = ("ci_method", "ci_scope", "n_items", "n_facts", "n_profiles", "n_seeds", "design", "n_unpaired")


@dataclass(frozen=True)
class CellResult:
    """One cell as a summary sees it.

    Attributes:
        identity: Content hash of the cell.
        arm: Name of the arm.
        condition: Overrides that tell its row apart, by the values they have.
        suite: Name of the suite.
        profile: Content hash of the profile.
        seed: Training seed, or ``None`` for an arm without randomness.
        status: ``success``, ``failed``, or ``missing`` where the machine lost it.
        items: Rows of items.jsonl; empty unless the cell is a success.
        choices: All that was chosen for it, swept or fixed, also what tells no rows apart: contrasts may name it.
    """

    identity: str
    arm: str
    condition: Mapping[str, Any]
    suite: str
    profile: str
    seed: int | None
    status: str
    items: Sequence[Mapping[str, Any]] = field(default_factory=list)
    choices: Mapping[str, Any] = field(default_factory=dict)


def summarise(
    study: str,
    study_hash: str,
    cells: Sequence[CellResult],
    contrasts: Sequence[Mapping[str, Any]],
    endpoint: Mapping[str, str] | None = None,
    failures: Sequence[Mapping[str, Any]] = (),
    notes: Sequence[str] = (),
    overrides: Sequence[str] = (),
) -> dict[str, Any]:
    """Grade all items and summarise a study.

    The result depends on the cells' content only, not on the order in which they ran.

    Args:
        study: Name of the study.
        study_hash: Hash of the file that stated it.
        cells: All cells of the study, also those that failed or are missing.
        contrasts: ``{a: {arm, condition}, b: {arm, condition}, suite, metric}``, stated before.
        endpoint: The primary endpoint, ``{suite, metric}``.
        failures: What failed, for the report.
        notes: What was not run, for the report.
        overrides: What the command line changed of what the file states.
    """
    ordered = sorted(cells, key=cell_order)
    groups = {key: _Group(part) for key, part in _grouped(ordered).items()}
    everything = [*groups.values(), *(_Curve(part) for part in _curves(ordered).values())]
    rows = [row for group in everything for row in group.rows()]
    compared = [_contrast(everything, stated) for stated in contrasts]
    # A stated contrast whose cells were lost still counts: what crashed must not make the others significant.
    family = [1.0 if c["asked"] and c["p_value"] is None else c["p_value"] for c in compared]
    for contrast, adjusted in zip(compared, holm(family), strict=True):
        contrast["p_adjusted"] = None if contrast["p_value"] is None else _rounded(adjusted)
        contrast["adjustment"] = "holm"
        _explain(contrast)
    return {
        "schema": SCHEMA,
        "study": study,
        "study_hash": study_hash,
        "overrides": list(overrides),
        "endpoint": dict(endpoint) if endpoint else None,
        "rows": rows,
        "contrasts": compared,
        "cells": [
            {"identity": c.identity, "arm": c.arm, "suite": c.suite, "condition": dict(c.condition)}
            | {"profile": c.profile, "seed": c.seed, "status": c.status}
            for c in ordered
        ],
        "failures": [dict(f) for f in failures],
        "notes": list(notes),
    }


def is_right(item: Mapping[str, Any]) -> bool:
    """Grade one row of items.jsonl."""
    expected = Expected(item["expected"], tuple(item["aliases"]), item["answer_type"], item["question"])
    return grade(item["answer"], expected).correct


def cell_order(cell: CellResult) -> tuple[str, str, str, str, int, str]:
    """Return the key by which cells stand in a summary, whatever the order they ran in."""
    seed = -1 if cell.seed is None else cell.seed
    return cell.arm, canonical_json(dict(cell.condition)), cell.suite, cell.profile, seed, cell.identity


def _grouped(cells: Sequence[CellResult]) -> dict[tuple[str, str, str], list[CellResult]]:
    groups: dict[tuple[str, str, str], list[CellResult]] = {}
    for cell in cells:
        groups.setdefault((cell.arm, canonical_json(dict(cell.condition)), cell.suite), []).append(cell)
    return groups


def _curves(cells: Sequence[CellResult]) -> dict[tuple[str, str, str], list[CellResult]]:
    """Return, by what they share, the cells that differ in their step alone; those of a single step are no curve."""
    at_steps = [c for c in cells if isinstance(c.condition.get(STEP), int)]
    curves: dict[tuple[str, str, str], list[CellResult]] = {}
    for cell in at_steps:
        curves.setdefault((cell.arm, canonical_json(_without_step(cell.condition)), cell.suite), []).append(cell)
    return {key: part for key, part in curves.items() if len({c.condition[STEP] for c in part}) > 1}


def _without_step(chosen: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in chosen.items() if key != STEP}


class _Group:
    """The cells of one arm, condition and suite, graded."""

    def __init__(self, cells: Sequence[CellResult]) -> None:
        self.arm, self.condition, self.suite = cells[0].arm, dict(cells[0].condition), cells[0].suite
        chosen = [{k: _text(v) for k, v in {**c.choices, **c.condition}.items()} for c in cells]
        self.choices = dict(set.intersection(*(set(choices.items()) for choices in chosen)))
        self.lost = [c for c in cells if c.status != "success"]
        self.total = len(cells)
        self.frame = _frame([c for c in cells if c.status == "success"])

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield one row a metric."""
        for metric, part in self.metrics():
            yield self._row(metric, part)
        yes_no = self.frame[self.frame["answer_type"] == "yes_no"]
        if len(yes_no):
            chance = yes_no["expected"].str.lower().value_counts(normalize=True).iloc[0]
            yield self._row("chance_yes_no", yes_no, constant=float(chance))

    def metrics(self) -> "Iterator[tuple[str, pd.DataFrame]]":
        """Yield each metric's name and scores."""
        frame = self.frame
        yield "accuracy", frame
        if self.suite == "tiers":
            for tier in sorted(frame["tier"].unique()):
                yield f"accuracy_tier_{tier}", frame[frame["tier"] == tier]
        if frame["recalled"].notna().any():
            yield "recall_at_k", frame.assign(score=frame["recalled"].astype(float))
        yield "answers_cut", frame.assign(score=1.0 - frame["finished"].astype(float))
        yes_no = frame[frame["answer_type"] == "yes_no"]
        if len(yes_no):
            yield "accuracy_yes_no", yes_no
        if frame["nearest_trained"].notna().any() and self.suite != "seen":
            for name, low, high in DISTANCE_BANDS:
                part = frame[(frame["nearest_trained"] >= low) & (frame["nearest_trained"] < high)]
                if len(part):
                    yield f"accuracy_{name}", part

    def metric(self, name: str) -> "pd.DataFrame | None":
        """Return one metric's scores."""
        return dict(self.metrics()).get(name)

    def lost_reason(self) -> str | None:
        """Say which cells are missing, if any."""
        if not self.lost:
            return None
        kinds = sorted({c.status for c in self.lost})
        return f"{len(self.lost)} of {self.total} cells {' or '.join(kinds)}"

    def _row(self, metric: str, frame: "pd.DataFrame", constant: float | None = None) -> dict[str, Any]:
        reason = self.lost_reason()
        row: dict[str, Any] = {
            "arm": self.arm,
            "condition": self.condition,
            "suite": self.suite,
            "metric": metric,
            **dict.fromkeys(("estimate", "ci_low", "ci_high", "ci_method", "ci_scope")),
            **dict.fromkeys(("n_items", "n_facts", "n_profiles", "n_seeds", "design", "context_tokens")),
            "reasons": {},
        }
        if reason is not None:
            row["reasons"] = {"estimate": reason}
            return _explain(row)
        found = interval(frame)
        row |= {"n_items": found.n_items, "n_facts": found.n_facts, "n_profiles": found.n_profiles}
        row |= {"n_seeds": found.n_seeds, "design": found.design, "reasons": dict(found.reasons)}
        row["context_tokens"] = _rounded(float(frame["context_tokens"].mean()))
        if found.n_seeds is None:
            row["reasons"]["n_seeds"] = "an arm without randomness has no seeds"
        if constant is not None:
            row["estimate"] = _rounded(constant)
            row["reasons"] |= dict.fromkeys(
                ("ci_low", "ci_high", "ci_method", "ci_scope"), "a property of the items, not an estimate"
            )
            return _explain(row)
        row |= {"estimate": _rounded(found.estimate), "ci_low": _rounded(found.low), "ci_high": _rounded(found.high)}
        return _explain(row | {"ci_method": found.method, "ci_scope": found.scope})


class _Curve(_Group):
    """The checkpoints of one arm, condition and suite, graded (`evaluation.curves`)."""

    def __init__(self, cells: Sequence[CellResult]) -> None:
        super().__init__(cells)
        self.condition = _without_step(self.condition)

    def metrics(self) -> "Iterator[tuple[str, pd.DataFrame]]":
        """Yield the metric that is a mean over questions."""
        yield "area_under_curve", self.frame if self.frame.empty else averaged(self.frame)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield one row a metric."""
        area = self._row("area_under_curve", dict(self.metrics())["area_under_curve"])
        yield area
        row = {**area, "metric": "steps_to_90", "reasons": dict(area["reasons"])}
        if area["estimate"] is not None:
            found = steps_to(self.frame)
            row |= {"estimate": _rounded(found.estimate), "ci_low": _rounded(found.low)}
            row |= {"ci_high": _rounded(found.high), "ci_method": found.method, "ci_scope": found.scope}
            named = {f"ci_{key}" if key in ("low", "high", "method", "scope") else key for key in found.reasons}
            row["reasons"] |= dict.fromkeys(named, next(iter(found.reasons.values()), ""))
        yield _explain(row)


def _explain(entry: dict[str, Any]) -> dict[str, Any]:
    """Give every null of a row or a contrast its reason: its own, or the first that is told."""
    told = {f"ci_{key}" if key in ("low", "high") else key: why for key, why in entry["reasons"].items()}
    first = next(iter(told.values()), None)
    entry["reasons"] = told | {key: first for key, value in entry.items() if value is None and key not in told}
    return entry


def _frame(cells: Sequence[CellResult]) -> "pd.DataFrame":
    import pandas as pd

    columns = ["cell", "profile", "seed", "fact", "item", "tier", "family", "answer_type", "expected", "score"]
    columns += ["context_tokens", "finished", "recalled", "nearest_trained", STEP]
    rows = [
        (
            *(cell.identity, cell.profile, cell.seed, item["fact"], item["id"], item["tier"], item["family"]),
            *(item["answer_type"], item["expected"], float(is_right(item))),
            *(item["context_tokens"], item["finished"], item["recalled"], item["nearest_trained"]),
            cell.condition.get(STEP),
        )
        for cell in cells
        for item in cell.items
    ]
    return pd.DataFrame(rows, columns=columns)


def _contrast(groups: list[_Group], stated: Mapping[str, Any]) -> dict[str, Any]:
    metric, suite = stated["metric"], stated["suite"]
    sides = {side: _side(stated[side]) for side in ("a", "b")}
    contrast: dict[str, Any] = {**sides, "suite": suite, "metric": metric}
    contrast |= dict.fromkeys((*_FOUND, "p_adjusted", *_DESIGN))
    of_curves = metric == "area_under_curve"
    named = [group for group in groups if isinstance(group, _Curve) is of_curves]
    found = {side: [g for g in named if _matches(g, wanted, suite)] for side, wanted in sides.items()}
    contrast["asked"] = all(found.values())
    frames = [rows[0].metric(metric) if len(rows) == 1 else None for rows in found.values()]
    reasons = [_unusable(side, rows, metric) for side, rows in found.items()]
    reason = next((r for r in reasons if r is not None), None)
    if reason is not None or frames[0] is None or frames[1] is None:
        return contrast | {"reasons": dict.fromkeys((*_FOUND, *_DESIGN), reason)}
    try:
        result = paired_difference(_merged(frames[0]), _merged(frames[1]))
    except ValueError as error:
        # By now everything has run: what cannot be compared is told, and the rest is kept.
        return contrast | {"reasons": dict.fromkeys((*_FOUND, *_DESIGN), str(error))}
    contrast |= {name: getattr(result, name.removeprefix("ci_")) for name in _DESIGN}
    contrast |= {name: _rounded(getattr(result, name.removeprefix("ci_"))) for name in _FOUND}
    return contrast | {"reasons": dict(result.reasons)}


def _merged(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Take cells of one profile and one seed as one: the mean of what they scored on an item.

    A profile from a file is the same person under every ``facts.seed``, which draws but typos and order.

    Raises:
        ValueError: One cell holds an item twice.
    """
    item = ["profile", "fact", "item", "seed"]
    if twice := int(frame.duplicated(["cell", *item]).sum()):
        raise ValueError(f"{twice} items were graded twice in one cell")
    if not frame.duplicated(item).any():
        return frame
    return frame.groupby(item, dropna=False, as_index=False).agg({"score": "mean"})


def _unusable(side: str, rows: list[_Group], metric: str) -> str | None:
    """Say why one side of a contrast cannot be computed, if it cannot."""
    if not rows:
        return f"not asked for: this study has no row that {side} names"
    if len(rows) > 1:
        return f"{side} names {len(rows)} rows of this study: its condition has to tell them apart"
    known = rows[0].metric(metric) is not None
    return rows[0].lost_reason() or (None if known else f"{side} has no metric {metric}")


def _side(stated: Mapping[str, Any]) -> dict[str, Any]:
    condition = {k: v for k, v in stated.items() if k not in ("arm", "condition")}
    return {"arm": stated["arm"], "condition": condition | dict(stated.get("condition") or {})}


def _matches(group: _Group, wanted: Mapping[str, Any], suite: str) -> bool:
    same = all(group.choices.get(k) == _text(v) for k, v in wanted["condition"].items())
    return group.arm == wanted["arm"] and group.suite == suite and same


def _text(value: Any) -> str:
    """Write a value so that equal choices are equal, however they were typed: a group's name 1 and the number 1."""
    whole = isinstance(value, float) and value.is_integer()
    return value if isinstance(value, str) else canonical_json(int(value) if whole else value)


def _rounded(value: float | None) -> float | None:
    """Round to twelve digits: what is beyond is the summation's order, not the data's."""
    return None if value is None else float(f"{value:.12g}")
