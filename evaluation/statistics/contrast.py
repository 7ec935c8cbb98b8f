"""The paired difference of two arms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evaluation.statistics.interval import NO_RANDOMNESS

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.statistics.cells import Scope
    from evaluation.statistics.kernel import Pair

ALPHA, POWER = 0.05, 0.8
SMALLEST_P = 1e-60
"""Smaller p-values are given as this."""


@dataclass(frozen=True)
class Contrast:
    """Mean of a minus mean of b on the items both answered.

    Attributes:
        difference: mean paired difference; None where nothing pairs.
        low: lower bound, at least -1.
        high: upper bound, at most 1.
        p_value: two-sided, by inverting the interval: it is below 1 - level where the interval leaves 0 out.
        mde: difference that this design finds with 80 % power at alpha .05, from the observed variance.
        method: how the bounds were found, and what is not calibrated about them.
        scope: what they speak for.
        design: what was crossed and nested.
        n_items: pairs of graded items.
        n_facts: facts, counted inside profiles.
        n_profiles: profiles.
        n_seeds: seeds; None where neither arm has randomness.
        n_unpaired: graded items of either arm that had no partner and were left out.
        reasons: why a field is None.
    """

    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    mde: float | None
    method: str
    scope: str
    design: str
    n_items: int
    n_facts: int
    n_profiles: int
    n_seeds: int | None
    n_unpaired: int
    reasons: dict[str, str] = field(default_factory=dict)


def paired_difference(a: pd.DataFrame, b: pd.DataFrame, *, level: float = 0.95) -> Contrast:
    """Compare two arms on the same questions.

    Rows pair on profile, fact and item, and on the seed where both arms are random; an arm without randomness is paired
    with every seed of the other. The interval is put together from the two arms' own intervals and the correlation of
    their means (`kernel.difference_bounds`), the p-value by inverting it.

    Args:
        a: one row per graded item, with columns profile, fact, item (which question it is), seed (missing in every row
            of an arm without randomness) and score.
        b: the same for the other arm.
        level: confidence level.

    Returns:
        The contrast; without numbers if nothing pairs.

    Raises:
        ValueError: if a column is missing, a score is not in [0, 1], only some rows of an arm have a seed, an item was
            graded twice under one seed, or the level is not between 0 and 1.
    """
    from math import fsum

    from evaluation.statistics.cells import scope_of
    from evaluation.statistics.kernel import difference_bounds

    if not 0 < level < 1:
        raise ValueError(f"the level lies between 0 and 1, got {level}")
    pairs, unpaired, random = _match(a, b)
    if pairs.empty:
        fields = ("difference", "low", "high", "p_value", "mde", "n_seeds")
        why = dict.fromkeys(fields, "no item was answered by both arms (under one seed, where both are random)")
        return Contrast(None, None, None, None, None, "none", "none", "no pairs", 0, 0, 0, None, unpaired, why)
    scope = scope_of(pairs)
    pair = _arrays(pairs, scope, random)
    low, high = difference_bounds(pair, 1 - level)
    difference = fsum(pairs["apart"]) / len(pairs)
    mde, reasons = _mde(pair), {} if scope.n_seeds else {"n_seeds": NO_RANDOMNESS}
    if mde > 1:
        reasons["mde"] = "no difference up to 1 would be found with 80 % power"
    return Contrast(
        difference=difference,
        low=min(float(low), difference),
        high=max(float(high), difference),
        p_value=_p_value(pair),
        mde=mde if mde <= 1 else None,
        method=f"paired, MOVER of Wilson-t intervals ({scope.clusters})",
        scope=scope.scope,
        design=scope.design,
        n_items=scope.n_items,
        n_facts=scope.n_facts,
        n_profiles=scope.n_profiles,
        n_seeds=scope.n_seeds,
        n_unpaired=unpaired,
        reasons=reasons,
    )


def _match(a: pd.DataFrame, b: pd.DataFrame) -> tuple[pd.DataFrame, int, tuple[bool, bool]]:
    """Pairs with columns a and b, the number of rows without a partner, and which arm is random."""
    from evaluation.statistics.cells import read

    one, two = (read(frame, extra=["item"]) for frame in (a, b))
    key = ["profile", "fact", "item"]
    for frame in (one, two):
        twice = int(frame.duplicated([*key, "seed"]).sum())
        if twice:
            raise ValueError(f"{twice} items were graded twice under one seed")
    random = (bool(one["seed"].notna().any()), bool(two["seed"].notna().any()))
    if all(random):
        key = [*key, "seed"]
    elif random[0]:
        two = two.drop(columns="seed")
    else:
        one = one.drop(columns="seed")
    pairs = one.merge(two, on=key, suffixes=("_a", "_b")).rename(columns={"score_a": "a", "score_b": "b"})
    partners = pairs[key].drop_duplicates()
    unpaired = sum(len(frame) - len(frame.merge(partners, on=key)) for frame in (one, two))
    pairs["apart"] = pairs["a"] - pairs["b"]
    order = ["profile", "fact", "item", "seed"]
    return pairs.sort_values(order, ignore_index=True), unpaired, random


def _arrays(pairs: pd.DataFrame, scope: Scope, random: tuple[bool, bool]) -> Pair:
    """The pairs as one study of the kernel; an arm without randomness is taken over its facts alone."""
    import numpy as np

    from evaluation.statistics.cells import tabulate
    from evaluation.statistics.kernel import Pair, Parts, two_way

    parts = {}
    for name, varies in (("a", random[0]), ("b", random[1]), ("apart", True)):
        means, weights = tabulate(pairs, scope, name)
        if not varies and weights.shape[1] > 1:
            means, weights = (means * weights).sum(1, keepdims=True), weights.sum(1, keepdims=True)
            means = means / weights
        if len(weights) > 1:
            parts[name] = two_way(means, weights)
        else:
            nothing = np.zeros(())
            parts[name] = Parts(means.mean(), nothing, nothing, nothing, units=2, seeds=1)
    discordance = np.asarray(pairs["apart"].abs().mean())
    return Pair(parts["a"], parts["b"], parts["apart"], discordance, scope.evidence)


def _p_value(pair: Pair) -> float:
    """Largest alpha whose interval still reaches 0, by bisection of its logarithm."""
    from math import exp, log

    from evaluation.statistics.kernel import difference_bounds

    difference = float(pair.apart.estimate)

    def reaches(alpha: float) -> bool:
        low, high = difference_bounds(pair, alpha)
        return bool(low <= 0 <= high)

    if difference == 0 or reaches(1.0):
        return 1.0
    inside, outside = log(SMALLEST_P), 0.0
    for _ in range(60):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if reaches(exp(middle)) else (inside, middle)
    return exp(outside)


def _mde(pair: Pair) -> float:
    """Detectable difference, with the degrees of freedom whose t interval would be as wide as the one offered."""
    from scipy.special import stdtridf

    from evaluation.statistics.kernel import difference_bounds
    from evaluation.statistics.power import minimum_detectable_effect

    low, high = difference_bounds(pair, ALPHA)
    se = float(max(pair.apart.variance, pair.least_variance)) ** 0.5
    reach = float(high - low) / 2 / se
    df = float(stdtridf(1 - ALPHA / 2, max(reach, 1.97)))
    return minimum_detectable_effect(se, max(df, 1.0), ALPHA, POWER)
