"""Simulated studies whose true accuracy is known in closed form.

An answer is right where a latent normal value is above 0: a threshold plus effects of profile, fact, question, seed
and fact x seed plus standard normal noise. All effects are normal, so the accuracy in the population of profiles,
facts, questions and seeds is exactly Phi(threshold / sqrt(1 + sum of the latent variances)): the threshold is set from
the accuracy wanted, and that accuracy is what an interval has to cover.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Latent = NDArray[np.float32]

CHUNK = 3_000_000
"""Answers drawn at once; bounds the memory to some tens of megabytes."""


@dataclass(frozen=True)
class Shares:
    """Variances of the latent effects, beside noise of variance 1.

    Attributes:
        name: what dominates.
        fact: between facts.
        seed: between training seeds (of one profile).
        both: fact x seed.
        item: between questions of one fact.
        profile: between profiles; not used where there is one.
    """

    name: str
    fact: float
    seed: float
    both: float
    item: float
    profile: float = 0.0

    def total(self, *, profiles: int, random: bool) -> float:
        """Sum of the latent variances an arm has (seeds only where it is random)."""
        return self.fact + self.item + (self.profile if profiles > 1 else 0.0) + (self.seed + self.both) * random


SHARES = (
    Shares("facts dominate", fact=1.5, seed=0.05, both=0.1, item=0.2),
    Shares("balanced", fact=0.4, seed=0.2, both=0.2, item=0.2),
    Shares("seeds dominate", fact=0.1, seed=0.5, both=0.1, item=0.1),
    Shares("pure binomial", fact=0.0, seed=0.0, both=0.0, item=0.0),
)
BEYOND = Shares("seeds beyond the grid", fact=0.1, seed=1.0, both=0.1, item=0.1)
PROFILE_SHARES = (
    Shares("profiles matter", fact=0.4, seed=0.2, both=0.2, item=0.2, profile=0.2),
    Shares("profiles dominate", fact=0.2, seed=0.1, both=0.1, item=0.1, profile=0.5),
    Shares("profiles alike, seeds dominate", fact=0.1, seed=0.5, both=0.1, item=0.1),
    Shares("pure binomial", fact=0.0, seed=0.0, both=0.0, item=0.0),
)


@dataclass(frozen=True)
class Layout:
    """How many of what a simulated study has.

    Attributes:
        facts: facts per profile.
        seeds: training seeds; 1 is a deterministic arm, which has no seed effects.
        profiles: profiles, with facts and seeds of their own.
        items: questions per fact.
        shared_seeds: whether one seed has the same effect in all profiles.
    """

    facts: int
    seeds: int
    profiles: int = 1
    items: int = 3
    shared_seeds: bool = False

    @property
    def answers(self) -> int:
        """Answers per study."""
        return self.profiles * self.facts * self.seeds * self.items


def _threshold(accuracy: float, total: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(accuracy) * (1 + total) ** 0.5)


def _fixed(rng: np.random.Generator, n: int, layout: Layout, shares: Shares) -> Latent:
    """Effects of profile, fact and question, shape (n, P, F, 1, Q)."""
    import numpy as np

    p, f, q = layout.profiles, layout.facts, layout.items
    latent = np.zeros((n, p, f, 1, q), np.float32)
    for variance, shape in (
        (shares.profile if p > 1 else 0.0, (n, p, 1, 1, 1)),
        (shares.fact, (n, p, f, 1, 1)),
        (shares.item, (n, p, f, 1, q)),
    ):
        if variance:
            latent += np.float32(variance**0.5) * rng.standard_normal(shape, np.float32)
    return latent


def _answers(
    rng: np.random.Generator, fixed: Latent, layout: Layout, shares: Shares, accuracy: float, *, random: bool
) -> NDArray[np.bool_]:
    """Right or wrong, shape (n, P, F, S, Q); S is 1 for an arm without randomness."""
    import numpy as np

    n, p, f, _, q = fixed.shape
    s = layout.seeds if random else 1
    latent = rng.standard_normal((n, p, f, s, q), np.float32)
    latent += fixed + np.float32(_threshold(accuracy, shares.total(profiles=p, random=random)))
    if random and shares.seed:
        shape = (n, 1 if layout.shared_seeds else p, 1, s, 1)
        latent += np.float32(shares.seed**0.5) * rng.standard_normal(shape, np.float32)
    if random and shares.both:
        latent += np.float32(shares.both**0.5) * rng.standard_normal((n, p, f, s, 1), np.float32)
    right: NDArray[np.bool_] = latent > 0
    return right


def _sizes(studies: int, layout: Layout) -> Iterator[int]:
    most = max(1, CHUNK // layout.answers)
    while studies > 0:
        yield min(most, studies)
        studies -= most


def draw(rng: np.random.Generator, studies: int, layout: Layout, shares: Shares, accuracy: float) -> Floats:
    """Simulate one arm.

    Returns:
        Mean score of each cell, shape (studies, P, F, S), whose expectation is `accuracy`.
    """
    import numpy as np

    parts = []
    for n in _sizes(studies, layout):
        fixed = _fixed(rng, n, layout, shares)
        right = _answers(rng, fixed, layout, shares, accuracy, random=layout.seeds > 1)
        parts.append(right.sum(-1, dtype=np.int16) / layout.items)
    return np.concatenate(parts)


def draw_pair(
    rng: np.random.Generator,
    studies: int,
    layout: Layout,
    shares: Shares,
    accuracies: tuple[float, float],
    *,
    second_random: bool,
) -> tuple[Floats, Floats, Floats]:
    """Simulate two arms on the same questions; half of the variance of facts and questions is common to them.

    Returns:
        Mean score of each cell of the first arm, shape (studies, P, F, S), and of the second, shape (studies, P, F, S)
        or (studies, P, F, 1); and the share of discordant answers, shape (studies,).
    """
    import numpy as np

    first, second, discordance = [], [], []
    half = np.float32(0.5**0.5)
    for n in _sizes(studies, layout):
        common = _fixed(rng, n, layout, shares)
        right = []
        for accuracy, random in zip(accuracies, (layout.seeds > 1, second_random), strict=True):
            fixed = half * (common + _fixed(rng, n, layout, shares))
            right.append(_answers(rng, fixed, layout, shares, accuracy, random=random))
        first.append(right[0].sum(-1, dtype=np.int16) / layout.items)
        second.append(right[1].sum(-1, dtype=np.int16) / layout.items)
        discordance.append((right[0] != right[1]).mean((1, 2, 3, 4)))
    return np.concatenate(first), np.concatenate(second), np.concatenate(discordance)
