"""The one implementation of the intervals: whole arrays of studies at once.

`interval` and `paired_difference` put a frame into these arrays as one study; `calibrate` puts ten thousand simulated
studies in at once. So what is calibrated is what is offered.

The variance of a mean over units (facts, or profiles where several are drawn) crossed with seeds is estimated by the
method of moments (two-way random effects; Searle, Casella & McCulloch, *Variance Components*, 1992, ch. 4), written as
the two-way cluster-robust sum of squared unit totals so that missing cells are allowed (Cameron, Gelbach & Miller,
*JBES* 29, 2011). Each mean square then carries the t quantile of its own degrees of freedom (the modified large-sample
idea of Graybill & Wang, *JASA* 75, 1980) and the resulting reach enters Wilson's score interval (*JASA* 22, 1927) as
the effective number of items. Satterthwaite's single degree of freedom was tried first: with three seeds it covers
less where facts and seeds matter equally. A difference is put together from the intervals of its two arms (MOVER).

Shapes: `...` studies, `U` units, `S` seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SEED_TAIL = 0.7
"""Share of alpha at which the seeds' t quantile is taken. Accuracies of few seeds are skewed near the ceiling, where t
covers too little; this share was found by calibration."""
FACTS_PER_SEED = 30
"""Facts beyond this many per seed do not sharpen an interval near 0 or 1: a seed that goes wrong takes all of its facts
with it, and few seeds may not show one. Found by calibration too."""


@dataclass(frozen=True)
class Parts:
    """The mean of each study and the variance of that mean, taken apart.

    Attributes:
        estimate: weighted mean, shape (...,).
        by_unit: its variance as clustering by unit alone sees it, shape (...,).
        by_seed: its variance as clustering by seed alone sees it; 0 where seeds are not sampled, shape (...,).
        by_both: what both of them count (unit x seed and item noise), shape (...,).
        units: number of units U.
        seeds: number of seeds S; 1 where seeds are not sampled.
    """

    estimate: Floats
    by_unit: Floats
    by_seed: Floats
    by_both: Floats
    units: int
    seeds: int

    @property
    def variance(self) -> Floats:
        """Variance of the estimate, shape (...,): method of moments, never below either one-way clustering."""
        import numpy as np

        largest = np.maximum(self.by_unit, self.by_seed)
        return np.maximum(largest, self.by_unit + self.by_seed - self.by_both)


def two_way(means: Floats, weights: Floats) -> Parts:
    """Take the variance of a mean apart.

    Exact moments where every unit meets every seed equally often; with missing cells or unequal weights each part is
    the cluster-robust sum with its usual small-sample factor, and the common part uses the residuals from the weighted
    margins (0, the wider side, where no degree of freedom is left for it).

    Args:
        means: mean score of each unit x seed cell, shape (..., U, S); any number where the weight is 0.
        weights: items behind each cell, shape (U, S); each unit and each seed has at least one.

    Returns:
        The parts, each of shape (...,).

    Raises:
        ValueError: if there are fewer than two units, or a unit or a seed without items.
    """
    import numpy as np

    units, seeds = weights.shape
    if units < 2 or np.any(weights.sum(0) <= 0) or np.any(weights.sum(1) <= 0):
        raise ValueError(f"at least two units, all with items, are needed; got weights of shape {weights.shape}")
    share = weights / weights.sum()
    estimate = (weights * means).sum((-2, -1)) / weights.sum()
    apart = share * (means - estimate[..., None, None])
    of_unit, of_seed = apart.sum(-1), apart.sum(-2)
    by_unit = units / (units - 1) * (of_unit**2).sum(-1)
    nothing = np.zeros_like(by_unit)
    if seeds == 1:
        return Parts(estimate, by_unit, nothing, nothing, units, seeds)
    by_seed = seeds / (seeds - 1) * (of_seed**2).sum(-1)
    cells = int((weights > 0).sum())
    left = cells - units - seeds + 1
    by_both = nothing
    if left > 0:
        unit_effect, seed_effect = of_unit / share.sum(1), of_seed / share.sum(0)
        residual = apart - share * (unit_effect[..., :, None] + seed_effect[..., None, :])
        by_both = cells / left * (residual**2).sum((-2, -1))
    return Parts(estimate, by_unit, by_seed, by_both, units, seeds)


def quantile(df: int, alpha: float) -> float:
    """Two-sided Student t quantile, accurate for a very small alpha too."""
    from scipy.special import stdtrit

    return float(-stdtrit(df, alpha / 2))


def squared_reach(parts: Parts, alpha: float) -> Floats:
    """Square of the half-width a symmetric interval would have, shape (...,).

    Seeds carry the t quantile of S - 1 degrees of freedom (at `SEED_TAIL` alpha), what units add beyond the common part
    that of U - 1, and the whole is never below clustering by unit alone.
    """
    import numpy as np

    of_units = quantile(parts.units - 1, alpha) ** 2
    if parts.seeds == 1:
        return of_units * parts.by_unit
    of_seeds = quantile(parts.seeds - 1, SEED_TAIL * alpha) ** 2
    both = of_units * np.maximum(parts.by_unit - parts.by_both, 0.0) + of_seeds * parts.by_seed
    return np.maximum(both, of_units * parts.by_unit)


def score_bounds(centre: Floats, ratio: Floats) -> tuple[Floats, Floats]:
    """Wilson's score interval.

    Args:
        centre: proportions, shape (...,).
        ratio: squared quantile over (effective) number of items, z^2 / n, shape (...,).

    Returns:
        Lower and upper bounds, 0 <= low <= centre <= high <= 1, each of shape (...,).
    """
    import numpy as np

    middle = (centre + ratio / 2) / (1 + ratio)
    half = np.sqrt(ratio * centre * (1 - centre) + ratio**2 / 4) / (1 + ratio)
    return np.clip(middle - half, 0.0, centre), np.clip(middle + half, centre, 1.0)


def _over(top: Floats, bottom: Floats) -> Floats:
    """`top / bottom`, and 0 where the bottom is 0 (no spread is left to show any variance)."""
    import numpy as np

    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), 0.0)


def proportion_ratio(parts: Parts, facts: int, alpha: float) -> Floats:
    """Squared quantile over effective n of a mean score, shape (...,).

    The effective number of items is what the variance says, but at most F (1 + (S - 1) 4 p (1 - p)): near 0 and 1 the
    few errors cannot show how they cluster, so asking the same facts under another seed counts as new evidence only as
    far as both outcomes are seen. F is the number of facts, and no more than `FACTS_PER_SEED` for each seed.
    """
    import numpy as np

    spread = parts.estimate * (1 - parts.estimate)
    counted = facts if parts.seeds == 1 else min(facts, FACTS_PER_SEED * parts.seeds)
    most = counted * (1 + (parts.seeds - 1) * 4 * spread)
    return np.maximum(_over(squared_reach(parts, alpha), spread), quantile(parts.units - 1, alpha) ** 2 / most)


def proportion_bounds(parts: Parts, facts: int, alpha: float) -> tuple[Floats, Floats]:
    """Interval of a mean score.

    Args:
        parts: from `two_way` over scores in [0, 1].
        facts: number of facts (the units themselves, or those inside the profiles).
        alpha: 1 - level.

    Returns:
        Lower and upper bounds, each of shape (...,).
    """
    return score_bounds(parts.estimate, proportion_ratio(parts, facts, alpha))


@dataclass(frozen=True)
class Pair:
    """Two arms on the same questions.

    Attributes:
        first: parts of the first arm.
        second: parts of the second arm; seeds is 1 where it has no randomness.
        apart: parts of the paired differences, first minus second.
        discordance: mean absolute difference per pair of items, shape (...,).
        facts: number of facts.
    """

    first: Parts
    second: Parts
    apart: Parts
    discordance: Floats
    facts: int

    @property
    def least_variance(self) -> Floats:
        """Smallest variance the difference is credited with, shape (...,).

        Two discordant facts are added to those seen (the Laplace correction of Bonett & Price, *JEBS* 37, 2012), and
        seeds count as new evidence only as far as there is discordance to see.
        """
        smooth = (self.facts * self.discordance + 2) / (self.facts + 2)
        variance: Floats = smooth / (self.facts * (1 + (self.apart.seeds - 1) * smooth))
        return variance

    @property
    def correlation(self) -> Floats:
        """Correlation of the two arms' means, by the three variances; 0 where an arm shows none. Shape (...,)."""
        import numpy as np

        one, two = self.first.variance, self.second.variance
        return np.clip(_over(one + two - self.apart.variance, 2 * np.sqrt(one * two)), -1.0, 1.0)


def difference_bounds(pair: Pair, alpha: float) -> tuple[Floats, Floats]:
    """Interval of a mean paired difference from the two arms' intervals and their correlation.

    Square-and-add with correlation (Newcombe, *Statistics in Medicine* 17, 1998, method 10; MOVER: Zou & Donner,
    *Statistics in Medicine* 27, 2008). Where the arms' intervals are symmetric it is the paired t interval; near the
    ceiling it is skewed as they are. `Pair.least_variance` keeps it from closing where the answers hardly differ.

    Args:
        pair: the two arms.
        alpha: 1 - level.

    Returns:
        Lower and upper bounds in [-1, 1], each of shape (...,).
    """
    import numpy as np

    one, two, middle = pair.first.estimate, pair.second.estimate, pair.apart.estimate
    (low_one, high_one), (low_two, high_two) = (
        proportion_bounds(arm, pair.facts, alpha) for arm in (pair.first, pair.second)
    )
    together = pair.correlation
    least = quantile(pair.apart.units - 1, alpha) ** 2 * pair.least_variance * (1 - middle**2)

    def length(x: Floats, y: Floats) -> Floats:
        return np.sqrt(np.maximum(x**2 + y**2 - 2 * together * x * y, least))

    low = np.clip(middle - length(one - low_one, high_two - two), -1.0, middle)
    return low, np.clip(middle + length(high_one - one, two - low_two), middle, 1.0)
