"""The interval of one arm's mean score."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

NO_RANDOMNESS = "the arm has no randomness"


@dataclass(frozen=True)
class Interval:
    """A mean score and how far it can be trusted.

    Attributes:
        estimate: mean over the graded items; None where there are none.
        low: lower bound, 0 <= low <= estimate.
        high: upper bound, estimate <= high <= 1.
        method: how the bounds were found, and what is not calibrated about them.
        scope: what they speak for: "facts", "facts, seeds", "profiles, facts, seeds"; "this seed" and "these facts"
            where there are too few to speak for others.
        design: what was crossed and nested, as in "36 facts x 3 seeds crossed".
        n_items: graded items.
        n_facts: facts, counted inside profiles.
        n_profiles: profiles.
        n_seeds: seeds; None for an arm without randomness.
        reasons: why a field is None.
    """

    estimate: float | None
    low: float | None
    high: float | None
    method: str
    scope: str
    design: str
    n_items: int
    n_facts: int
    n_profiles: int
    n_seeds: int | None
    reasons: dict[str, str] = field(default_factory=dict)


def interval(scores: pd.DataFrame, *, level: float = 0.95) -> Interval:
    """Mean score with an interval that respects facts, seeds and profiles.

    The method is in `kernel`: a two-way variance by the method of moments inside Wilson's score interval, with t
    quantiles. Facts are crossed with seeds inside a profile; several questions about a fact under one seed are repeats.
    With several profiles the profile is the unit. Two seeds or one are not a sample: the interval then speaks for these
    seeds, and one fact without a sample of seeds gives the plain Wilson interval over its items.

    Args:
        scores: one row per graded item, with columns profile, fact, seed (missing in every row of an arm without
            randomness) and score (0, 1 or a fraction).
        level: confidence level.

    Returns:
        The interval; never of zero width, and without numbers only if there are no items.

    Raises:
        ValueError: if a column is missing, a score is not in [0, 1], only some rows have a seed, or the level is not
            between 0 and 1.
    """
    from math import fsum

    import numpy as np
    from scipy.special import ndtri

    from evaluation.statistics.cells import read, scope_of, tabulate
    from evaluation.statistics.kernel import proportion_bounds, score_bounds, two_way

    if not 0 < level < 1:
        raise ValueError(f"the level lies between 0 and 1, got {level}")
    items = read(scores)
    if not len(items):
        why = dict.fromkeys(("estimate", "low", "high", "n_seeds"), "no graded items")
        return Interval(None, None, None, "none", "none", "no items", 0, 0, 0, None, why)
    scope = scope_of(items)
    estimate = fsum(items.score) / len(items)
    if scope.unit == "item":
        squared = np.asarray(ndtri((1 + level) / 2) ** 2)
        low, high = score_bounds(np.asarray(estimate), squared / scope.n_items)
        method = f"Wilson ({scope.clusters})"
    else:
        low, high = proportion_bounds(two_way(*tabulate(items, scope)), scope.evidence, 1 - level)
        method = f"Wilson-t, effective n ({scope.clusters})"
    return Interval(
        estimate=estimate,
        low=min(float(low), estimate),
        high=max(float(high), estimate),
        method=method,
        scope=scope.scope,
        design=scope.design,
        n_items=scope.n_items,
        n_facts=scope.n_facts,
        n_profiles=scope.n_profiles,
        n_seeds=scope.n_seeds,
        reasons={} if scope.n_seeds else {"n_seeds": NO_RANDOMNESS},
    )
