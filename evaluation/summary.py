"""From graded items to summary.json: one row for each arm, condition, suite and metric."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.contrasts import explored_contrasts, stated_contrasts
from evaluation.designs import planned_contrasts
from evaluation.groups import CellResult, Curve, cell_order, groups_of

SCHEMA = 1
# What is compared where a study states no contrast.
EVERYTHING: Mapping[str, Any] = {"against": {}, "suite": None, "metric": "accuracy"}


def summarise(
    study: str,
    study_hash: str,
    cells: Sequence[CellResult],
    contrasts: Sequence[Mapping[str, Any]],
    *,
    endpoint: Mapping[str, str] | None = None,
    failures: Sequence[Mapping[str, Any]] = (),
    notes: Sequence[str] = (),
    overrides: Sequence[str] = (),
    explore: Mapping[str, Any] | None = None,
    power: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Grade all items and summarise a study.

    The result depends on the cells' content only, not on the order in which they ran.

    Args:
        study: Name of the study.
        study_hash: Hash of the file that stated it.
        cells: All cells of the study, also those that failed or are missing.
        contrasts: ``{a: {arm, condition}, b: {arm, condition}, suite, metric, kind, margin}``, stated before.
        endpoint: The primary endpoint, ``{suite, metric}``.
        failures: What failed, for the report.
        notes: What was not run, or went otherwise than meant, for the report.
        overrides: What the command line changed of what the file states.
        explore: ``{against, suite, metric}``: what rows that nobody stated are compared with; where ``against`` is
            empty and no contrast is stated, with the first.
        power: ``{effects, profiles, facts, seeds}``: designs to plan from what the contrasts showed, if any effects.
    """
    groups = groups_of(cells)
    explore = explore or EVERYTHING
    explored = explored_contrasts(groups, explore) if explore["against"] or not contrasts else []
    if explore["against"] and not explored:
        named = ", ".join(f"{key}={value}" for key, value in explore["against"].items())
        nothing = f"Nothing was compared with {named}: no row differs from such a one in that alone."
        notes = [*(note for note in notes if note != nothing), nothing]
    return {
        "schema": SCHEMA,
        "study": study,
        "study_hash": study_hash,
        "overrides": list(overrides),
        "endpoint": dict(endpoint) if endpoint else None,
        "stated": {"explore": dict(explore), "power": dict(power or {})},
        "rows": [row for group in groups for row in group.rows()],
        "contrasts": stated_contrasts(groups, contrasts),
        "exploratory": explored,
        "variance": [group.variance() for group in groups if not isinstance(group, Curve)],
        "power": planned_contrasts(groups, contrasts, power) if power and power["effects"] else [],
        "cells": [
            {"identity": c.identity, "arm": c.arm, "suite": c.suite, "condition": dict(c.condition)}
            | {"profile": c.profile, "seed": c.seed, "status": c.status}
            for c in sorted(cells, key=cell_order)
        ],
        "failures": [dict(f) for f in failures],
        "notes": list(notes),
    }
