"""The paired difference of two arms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evaluation.statistics.claims import Kind, p_value
from evaluation.statistics.interval import NO_RANDOMNESS

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.statistics.cells import Codes, Graded, Scope
    from evaluation.statistics.kernel import Floats, Pair

ALPHA = 0.05


@dataclass(frozen=True)
class Contrast:
    """Mean of a minus mean of b on the items both answered.

    Attributes:
        difference: mean paired difference; None where nothing pairs.
        low: lower bound, at least -1.
        high: upper bound, at most 1.
        p_value: of what is claimed, by inverting the interval: that of a difference is below 1 - level where the
            interval leaves 0 out, that of a margin where the interval keeps it.
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


def paired_difference(
    a: pd.DataFrame,
    b: pd.DataFrame,
    *,
    level: float = 0.95,
    kind: Kind = Kind.difference,
    margin: float | None = None,
) -> Contrast:
    """Compare two arms on the same questions.

    Rows pair on profile, fact and item, and on the seed where both arms are random; an arm without randomness is paired
    with every seed of the other. The interval is put together from the two arms' own intervals and the correlation of
    their means (`kernel.difference_bounds`), the p-value by inverting it.

    Args:
        a: one row per graded item, with columns profile, fact, item (which question it is), seed (missing in every row
            of an arm without randomness) and score.
        b: the same for the other arm.
        level: confidence level.
        kind: what is claimed, and so what the p-value speaks against.
        margin: largest difference that is taken for none; of equivalence and non-inferiority.

    Returns:
        The contrast; without numbers if nothing pairs.

    Raises:
        ValueError: if a column is missing, a score is not in [0, 1], only some rows of an arm have a seed, an item was
            graded twice under one seed, the level is not between 0 and 1, or the margin does not fit the kind.
    """
    from math import fsum

    from evaluation.statistics.cells import scope_of
    from evaluation.statistics.kernel import difference_bounds

    if not 0 < level < 1:
        raise ValueError(f"the level lies between 0 and 1, got {level}")
    pairs = match(a, b)
    if not len(pairs.items):
        fields = ("difference", "low", "high", "p_value", "mde", "n_seeds")
        why = dict.fromkeys(fields, "no item was answered by both arms (under one seed, where both are random)")
        nothing = (None, None, None, None, None)
        return Contrast(*nothing, "none", "none", "no pairs", 0, 0, 0, None, pairs.unpaired, why)
    scope = scope_of(pairs.items)
    pair = _arrays(pairs, scope)
    difference = fsum(pairs.items.score) / len(pairs.items)
    low, high = map(float, difference_bounds(pair, 1 - level))
    mde, reasons = _mde(pair), {} if scope.n_seeds else {"n_seeds": NO_RANDOMNESS}
    if kind is not Kind.difference:
        reasons["mde"] = "it is that of a test for a difference"
    elif mde > 1:
        reasons["mde"] = "no difference up to 1 would be found with 80 % power"
    return Contrast(
        difference=difference,
        low=min(low, difference),
        high=max(high, difference),
        p_value=p_value(pair, kind, margin),
        mde=mde if mde <= 1 and kind is Kind.difference else None,
        method=f"paired, MOVER of Wilson-t intervals ({scope.clusters})",
        scope=scope.scope,
        design=scope.design,
        n_items=scope.n_items,
        n_facts=scope.n_facts,
        n_profiles=scope.n_profiles,
        n_seeds=scope.n_seeds,
        n_unpaired=pairs.unpaired,
        reasons=reasons,
    )


@dataclass(frozen=True)
class Pairs:
    """Items that two arms answered both, in an order that depends on nothing but their content.

    Attributes:
        items: profile, fact and seed of each pair, and the difference as its score.
        question: number of each one's question, counted through all facts.
        a: scores of the one arm.
        b: scores of the other.
        random: which arm is random.
        unpaired: graded items of either arm without a partner.
    """

    items: Graded
    question: Codes
    a: Floats
    b: Floats
    random: tuple[bool, bool]
    unpaired: int


def match(a: pd.DataFrame, b: pd.DataFrame) -> Pairs:
    """Pair the items of two arms, as `paired_difference` says."""
    import numpy as np
    import pandas as pd

    from evaluation.statistics.cells import Graded, checked, crossed, dense, numbered

    names = ("profile", "fact", "item")
    (scores_a, random_a), (scores_b, random_b) = (checked(frame, names) for frame in (a, b))
    profile, fact, item = (numbered(pd.concat([a[name], b[name]])) for name in names)
    facts = crossed(profile, fact)
    question = crossed(facts, item)
    seed = np.zeros(len(question), int)
    if random_a or random_b:
        known = np.r_[np.full(len(a), random_a), np.full(len(b), random_b)]
        seed[known] = numbered(pd.concat([frame["seed"] for frame, one in ((a, random_a), (b, random_b)) if one]))
    graded = crossed(question, seed)
    for part in (graded[: len(a)], graded[len(a) :]):
        if twice := len(part) - len(np.unique(part)):
            raise ValueError(f"{twice} items were graded twice under one seed")
    # Where one arm alone is random, each of its items finds the other's answer to that question.
    key = graded if random_a == random_b else question
    one, two = _partners(key[: len(a)], key[len(a) :])
    two_rows = two + len(a)
    rows = one if random_a else two_rows
    order = np.lexsort((seed[rows], question[rows]))
    rows, first, second = rows[order], scores_a[one][order], scores_b[two][order]
    seeds = dense(seed[rows]) if random_a or random_b else None
    pairs = Graded(dense(profile[rows]), dense(facts[rows]), seeds, first - second)
    unpaired = len(a) - len(np.unique(one)) + len(b) - len(np.unique(two))
    return Pairs(pairs, dense(question[rows]), first, second, (random_a, random_b), unpaired)


def _partners(one: Codes, two: Codes) -> tuple[Codes, Codes]:
    """Rows of two keys that hold the same; in at least one of them no key is there twice."""
    import numpy as np

    if len(np.unique(two)) < len(two):
        second, first = _partners(two, one)
        return first, second
    order = np.argsort(two)
    if not len(two):
        return order[:0], order[:0]
    at = np.minimum(np.searchsorted(two, one, sorter=order), len(two) - 1)
    same = two[order[at]] == one
    return np.flatnonzero(same), order[at[same]]


def _arrays(pairs: Pairs, scope: Scope) -> Pair:
    """The pairs as one study of the kernel; an arm without randomness is taken over its facts alone."""
    import numpy as np

    from evaluation.statistics.cells import tabulate
    from evaluation.statistics.kernel import Pair, Parts, two_way

    parts = []
    for score, varies in ((pairs.a, pairs.random[0]), (pairs.b, pairs.random[1]), (pairs.items.score, True)):
        means, weights = tabulate(pairs.items, scope, score)
        if not varies and weights.shape[1] > 1:
            means, weights = (means * weights).sum(1, keepdims=True), weights.sum(1, keepdims=True)
            means = means / weights
        if len(weights) > 1:
            parts.append(two_way(means, weights))
        else:
            nothing = np.zeros(())
            parts.append(Parts(means.mean(), nothing, nothing, nothing, units=2, seeds=1))
    discordance = np.asarray(np.abs(pairs.items.score).mean())
    return Pair(parts[0], parts[1], parts[2], discordance, scope.evidence)


def _mde(pair: Pair) -> float:
    from evaluation.statistics.power import minimum_detectable_effect, precision

    return minimum_detectable_effect(*precision(pair, ALPHA), ALPHA)
