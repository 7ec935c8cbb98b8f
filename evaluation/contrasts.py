"""Contrasts of a study's rows: those that it states before it runs, and those that are looked at afterwards.

A stated contrast claims a difference, equivalence within a margin, or non-inferiority; all of them are adjusted
together by Holm. Where a study states none, every row is compared with a reference one, adjusted by
Benjamini-Hochberg, and called exploratory.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andraeus.hashing import canonical_json
from evaluation.curves import STEP
from evaluation.groups import CURVE_METRICS, METRICS, Curve, Group, explain, rounded, text
from evaluation.report.rows import condition_keys, side_order
from evaluation.statistics.adjust import benjamini_hochberg, holm
from evaluation.statistics.claims import Kind
from evaluation.statistics.contrast import ALPHA, paired_difference

if TYPE_CHECKING:
    import pandas as pd

_FOUND = ("difference", "ci_low", "ci_high", "p_value", "mde")
_CLAIMED = ("margin", "verdict")
_DESIGN = ("ci_method", "ci_scope", "n_items", "n_facts", "n_profiles", "n_seeds", "design", "n_unpaired")
_NO_MARGIN = "a difference is held against no margin"
HOLDS, NOT_SHOWN = "holds", "not shown"


def stated_contrasts(groups: Sequence[Group], stated: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Compute the contrasts that a study states, adjusted together, whatever they claim.

    Args:
        groups: All groups of the study.
        stated: ``{a: {arm, condition}, b: {arm, condition}, suite, metric, kind, margin}``.
    """
    contrasts = [_stated(groups, one) for one in stated]
    # A stated contrast whose cells were lost still counts: what crashed must not make the others significant.
    family = [1.0 if c["asked"] and c["p_value"] is None else c["p_value"] for c in contrasts]
    for contrast, adjusted in zip(contrasts, holm(family), strict=True):
        contrast["p_adjusted"] = None if contrast["p_value"] is None else rounded(adjusted)
        contrast["adjustment"] = "holm"
        if contrast["kind"] != Kind.difference and contrast["p_adjusted"] is not None:
            contrast["verdict"] = HOLDS if contrast["p_adjusted"] < ALPHA else NOT_SHOWN
        explain(contrast)
    return contrasts


def explored_contrasts(groups: Sequence[Group], explore: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Compare each row with the one that differs from it in nothing but what the reference is named by.

    Args:
        groups: All groups of the study, in order.
        explore: ``{against, suite, metric}``: what names the reference (empty: the first row of each suite, at each
            step of a learning curve), the one suite (``None``: all), the metric.
    """
    metric = explore["metric"]
    named = [g for g in groups if isinstance(g, Curve) is _of_curves(metric) and metric in g.metrics]
    named = [g for g in named if explore["suite"] in (None, g.suite)]
    pairs = list(_against(named, explore["against"]) if explore["against"] else _against_first(named))
    contrasts = [_compared(one, other, metric) for one, other in pairs]
    family = [1.0 if c["p_value"] is None else c["p_value"] for c in contrasts]
    for contrast, adjusted in zip(contrasts, benjamini_hochberg(family), strict=True):
        contrast["p_adjusted"] = None if contrast["p_value"] is None else rounded(adjusted)
        contrast["adjustment"] = "benjamini_hochberg"
        explain(contrast)
    return contrasts


def sides_of(groups: Sequence[Group], stated: Mapping[str, Any]) -> "tuple[pd.DataFrame, pd.DataFrame] | str":
    """Return the scores of both sides of a stated contrast, or why there are none."""
    found = [_named(groups, named_side(stated[side]), stated) for side in ("a", "b")]
    why = [_unusable(side, rows, stated["metric"]) for side, rows in zip("ab", found, strict=True)]
    if reason := next((r for r in why if r is not None), None):
        return reason
    try:
        a, b = (rows[0].paired(stated["metric"]) for rows in found)
    except ValueError as error:
        return str(error)
    return a, b


def impossible(groups: Sequence[Group], stated: Mapping[str, Any]) -> str | None:
    """Say why a stated contrast has no result, whatever will be answered; None where it may have one."""
    known = (*METRICS, CURVE_METRICS[0])
    if stated["metric"] not in known:
        return f"{stated['metric']} is none of the metrics that are compared, which are {', '.join(known)}"
    rows = {side: _named(groups, named_side(stated[side]), stated) for side in "ab"}
    for side, found in rows.items():
        if len(found) != 1:
            return _several_or_none(side, found)
    return "a and b name the same row, which differs from itself in nothing" if rows["a"] == rows["b"] else None


def no_endpoint(groups: Sequence[Group], endpoint: Mapping[str, str]) -> str | None:
    """Say why a study has no row of its endpoint, whatever will be answered."""
    suite, metric = endpoint.get("suite"), endpoint.get("metric")
    kind = Curve if metric in CURVE_METRICS else Group
    if metric in (*METRICS, *CURVE_METRICS) and any(g.suite == suite and isinstance(g, kind) for g in groups):
        return None
    return f"the endpoint, {metric} on {suite}, is of no row of this study"


def _stated(groups: Sequence[Group], stated: Mapping[str, Any]) -> dict[str, Any]:
    sides = {side: named_side(stated[side]) for side in ("a", "b")}
    kind, margin = Kind(stated.get("kind") or Kind.difference), stated.get("margin")
    contrast = _empty(sides, stated["suite"], stated["metric"], kind, margin)
    contrast["asked"] = all(_named(groups, side, stated) for side in sides.values())
    return _filled(contrast, sides_of(groups, stated))


def _compared(a: Group, b: Group, metric: str) -> dict[str, Any]:
    sides = {name: {"arm": group.arm, "condition": group.condition} for name, group in (("a", a), ("b", b))}
    contrast = _empty(sides, a.suite, metric, Kind.difference, None)
    if (reason := a.lost_reason() or b.lost_reason()) is not None:
        return _filled(contrast, reason)
    try:
        return _filled(contrast, (a.paired(metric), b.paired(metric)))
    except ValueError as error:
        return _filled(contrast, str(error))


def _empty(sides: Mapping[str, Any], suite: str, metric: str, kind: Kind, margin: float | None) -> dict[str, Any]:
    contrast = {**sides, "suite": suite, "metric": metric, "kind": str(kind)}
    return contrast | dict.fromkeys((*_FOUND, "p_adjusted", *_CLAIMED, *_DESIGN)) | {"margin": margin}


def _filled(contrast: dict[str, Any], scores: "tuple[pd.DataFrame, pd.DataFrame] | str") -> dict[str, Any]:
    """Put numbers into a contrast, or the reason why it has none."""
    kind = Kind(contrast["kind"])
    claimed = dict.fromkeys(_CLAIMED, _NO_MARGIN) if kind is Kind.difference else {}
    try:
        if isinstance(scores, str):
            raise ValueError(scores)
        result = paired_difference(*scores, kind=kind, margin=contrast["margin"])
    except ValueError as error:
        # By now everything has run: what cannot be compared is told, and the rest is kept.
        return contrast | {"reasons": dict.fromkeys((*_FOUND, *_DESIGN), str(error)) | claimed}
    contrast |= {name: getattr(result, name.removeprefix("ci_")) for name in _DESIGN}
    contrast |= {name: rounded(getattr(result, name.removeprefix("ci_"))) for name in _FOUND}
    return contrast | {"reasons": result.reasons | claimed}


def _named(groups: Sequence[Group], side: Mapping[str, Any], stated: Mapping[str, Any]) -> list[Group]:
    """Return the groups that one side of a contrast names."""
    of_curves = _of_curves(stated["metric"])
    return [g for g in groups if isinstance(g, Curve) is of_curves and _matches(g, side, stated["suite"])]


def _of_curves(metric: str) -> bool:
    return metric == CURVE_METRICS[0]


def _unusable(side: str, rows: Sequence[Group], metric: str) -> str | None:
    """Say why one side of a contrast cannot be computed, if it cannot."""
    if len(rows) != 1:
        return _several_or_none(side, rows)
    return rows[0].lost_reason() or (None if metric in rows[0].metrics else f"{side} has no metric {metric}")


def _several_or_none(side: str, rows: Sequence[Group]) -> str:
    if not rows:
        return f"not asked for: this study has no row that {side} names"
    return f"{side} names {len(rows)} rows of this study: its condition has to tell them apart"


def named_side(stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return a side as a summary writes it; what stands beside its arm is a condition too."""
    condition = {k: v for k, v in stated.items() if k not in ("arm", "condition")}
    return {"arm": stated["arm"], "condition": condition | dict(stated.get("condition") or {})}


def _matches(group: Group, wanted: Mapping[str, Any], suite: str) -> bool:
    same = all(group.choices.get(k) == text(v) for k, v in wanted["condition"].items())
    return group.arm == wanted["arm"] and group.suite == suite and same


def _against(groups: Sequence[Group], against: Mapping[str, Any]) -> Iterator[tuple[Group, Group]]:
    """Yield each row with its reference: what it would be if it were as ``against`` says.

    Where that names no row, or several, the row is of another grid and left out. A key that the reference does not have
    (a rank, of an arm that trains nothing) need not be the same.
    """
    named = {key: text(value) for key, value in against.items()}
    references = [g for g in groups if named.items() <= {**g.choices, "arm": g.arm}.items()]
    for group in groups:
        mine = {"arm": group.arm, **_told(group)} | named
        fitting = [
            reference
            for reference in references
            if reference.suite == group.suite
            and reference is not group
            and all(mine.get(key) == value for key, value in {"arm": reference.arm, **_told(reference)}.items())
        ]
        if len(fitting) == 1 and group not in references:
            yield group, fitting[0]


def _against_first(groups: Sequence[Group]) -> Iterator[tuple[Group, Group]]:
    """Yield each row with the first one of its suite and step, in the order of the tables."""
    keys = condition_keys((g.arm, g.condition) for g in groups)
    first: dict[tuple[str, str], Group] = {}
    for group in sorted(groups, key=lambda g: side_order((g.arm, g.condition), keys)):
        reference = first.setdefault((group.suite, canonical_json(group.condition.get(STEP))), group)
        if reference is not group:
            yield group, reference


def _told(group: Group) -> dict[str, str]:
    return {key: text(value) for key, value in group.condition.items()}
