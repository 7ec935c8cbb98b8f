"""How many profiles, facts and seeds a paired contrast needs, from the variance that one has shown.

The variances of a contrast's arms and of their differences (`variance`) say what the kernel is to expect of another
design; its interval over those expectations says how wide it would be there. So what is planned with is what is
offered. The t interval of that width gives power and detectable effect (`power`).

Assumed: the second arm stays as accurate as it was, and the first one lies apart from it by the effect, towards 50 %
where answers vary more; each arm's variance is that of its accuracy, shared out as observed, and differences vary in
proportion to their arms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from evaluation.statistics.cells import FEW_SEEDS, Scope
from evaluation.statistics.contrast import ALPHA, match
from evaluation.statistics.power import POWER, power_of, precision
from evaluation.statistics.variance import ALIKE, SOURCES, Components, components_of

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.statistics.kernel import Pair, Parts

MOST = {"profiles": 1000, "facts": 10_000, "seeds": 100}
"""No more than so many are looked for."""
LEAST = {"profiles": 2, "facts": 2, "seeds": FEW_SEEDS}
"""With fewer, the interval speaks for these only."""
SMALLEST = 0.001
"""Smaller effects are not looked for."""


@dataclass(frozen=True)
class Design:
    """How many of what.

    Attributes:
        profiles: profiles.
        facts: facts of each.
        seeds: training seeds; None where neither arm has randomness.
        items: questions about each fact.
    """

    profiles: int
    facts: int
    seeds: int | None
    items: float

    @property
    def scope(self) -> str:
        """What its interval speaks for, as in "profiles, facts, this seed"."""
        return Scope(0, self.facts * self.profiles, self.profiles, self.seeds, True).scope


@dataclass(frozen=True)
class Pilot:
    """What a contrast has shown.

    Attributes:
        first: variances of the first arm.
        second: variances of the second arm.
        apart: variances of the paired differences.
        random: which arm has randomness.
        design: the design it was shown in; a mean where it was not the same everywhere.
    """

    first: Components
    second: Components
    apart: Components
    random: tuple[bool, bool]
    design: Design

    def missing(self, design: Design) -> str | None:
        """Say why another design cannot be planned from this one, if it cannot."""
        if self.apart.total == 0 or self.first.total + self.second.total == 0:
            return ALIKE
        if self.design.profiles == 1 and self.design.facts == 1:
            return "one fact does not show how facts differ"
        if design.profiles > 1 and self.design.profiles == 1:
            return "one profile does not show how profiles differ"
        if any(self.random) and (design.seeds or 1) >= FEW_SEEDS and self.design.seeds == 1:
            return "one seed does not show how seeds differ"
        return None


def pilot(a: pd.DataFrame, b: pd.DataFrame) -> Pilot | None:
    """Take the variance of a contrast apart; None where nothing pairs.

    Args:
        a: graded items of the first arm, as `paired_difference` takes them.
        b: those of the second arm.
    """
    import numpy as np

    from evaluation.statistics.cells import Graded, scope_of

    pairs = match(a, b)
    items, question = pairs.items, pairs.question
    if not len(items):
        return None
    # An arm without randomness stands beside every seed of the other one: once is enough.
    once = np.unique(question, return_index=True)[1]
    arms = [
        components_of(replace(items, score=score), question)
        if random or items.seed is None
        else components_of(Graded(items.profile[once], items.fact[once], None, score[once]), question[once])
        for score, random in zip((pairs.a, pairs.b), pairs.random, strict=True)
    ]
    size = scope_of(items)
    design = Design(size.n_profiles, round(size.n_facts / size.n_profiles), size.n_seeds, len(once) / size.n_facts)
    return Pilot(arms[0], arms[1], components_of(items, question), pairs.random, design)


def planned_power(shown: Pilot, design: Design, effect: float) -> float:
    """Chance that a design finds an effect, at alpha .05.

    Args:
        shown: what is known.
        design: what is planned; `Pilot.missing` has to be None for it.
        effect: the true difference, above 0 and at most .5.
    """
    return power_of(effect, *precision(expected_pair(shown, design, effect), ALPHA), ALPHA)


def planned_effect(shown: Pilot, design: Design, power: float = POWER) -> float | None:
    """Smallest effect up to .5 that a design finds with the given power; None where it finds none."""
    from scipy.optimize import brentq

    def excess(effect: float) -> float:
        return planned_power(shown, design, effect) - power

    if excess(0.5) < 0:
        return None
    return SMALLEST if excess(SMALLEST) >= 0 else float(brentq(excess, SMALLEST, 0.5, xtol=1e-6))


def needed(shown: Pilot, design: Design, effect: float, power: float = POWER) -> dict[str, int | None]:
    """How many profiles, how many facts, or how many seeds find an effect, each with the rest of the design as it is.

    Returns:
        By the name of what there would be more of; None where no number up to `MOST` is enough, or none can be planned.
    """

    def enough(name: str, number: int) -> bool:
        return planned_power(shown, replace(design, **{name: number}), effect) >= power

    found: dict[str, int | None] = {}
    for name in ("profiles", "facts", *(("seeds",) if any(shown.random) else ())):
        plannable = shown.missing(replace(design, **{name: LEAST[name]})) is None
        found[name] = _fewest(partial(enough, name), LEAST[name], MOST[name]) if plannable else None
    return found


def _fewest(enough: Callable[[int], bool], least: int, most: int) -> int | None:
    """Return the smallest number that is enough, by bisection; None where not even ``most`` is."""
    if not enough(most):
        return None
    while least < most:
        middle = (least + most) // 2
        least, most = (least, middle) if enough(middle) else (middle + 1, most)
    return least


def expected_pair(shown: Pilot, design: Design, effect: float) -> Pair:
    """What the kernel is to expect of two arms that lie apart by an effect."""
    import numpy as np

    from evaluation.statistics.kernel import Pair

    second = shown.second.mean or 0.0
    means = (second - effect if second > 0.5 else second + effect, second)
    ways = zip((shown.first, shown.second), (shown.second, shown.first), shown.random, means, strict=True)
    # An arm that is always right or always wrong shows no shares: they are taken to be the other one's.
    arms = [
        expected_parts(mean, _shared(one if one.total else other, mean * (1 - mean)), design, random=varies)
        for one, other, varies, mean in ways
    ]
    ratio = sum(mean * (1 - mean) for mean in means) / (shown.first.total + shown.second.total)
    spread = shown.apart.total * ratio
    apart = expected_parts(means[0] - means[1], _shared(shown.apart, spread), design, random=any(shown.random))
    # Of scores that are 0 or 1 the square of a difference is its size.
    discordance = np.asarray(min(spread + effect**2, 1.0))
    return Pair(arms[0], arms[1], apart, discordance, design.profiles * design.facts)


def _shared(shown: Components, total: float) -> dict[str, float]:
    return {name: (share or 0.0) * total for name, share in shown.shares.items()}


def expected_parts(mean: float, variances: Mapping[str, float], design: Design, *, random: bool) -> Parts:
    """What `kernel.two_way` finds on average in a balanced design.

    Args:
        mean: mean score.
        variances: by source.
        design: how many of what.
        random: whether the arm has seeds.
    """
    import numpy as np

    from evaluation.statistics.kernel import Parts

    profile, fact, seed, both, phrasing, residual = (variances[name] for name in SOURCES)
    p, f, q = design.profiles, design.facts, design.items
    s = (design.seeds or 1) if random else 1
    if p > 1:
        together = profile + fact / f + phrasing / (f * q)
        apart = seed + both / f + residual / (f * q)
        units, by_unit, by_seed, by_both = p, (together + apart / s) / p, apart / (p * s), apart / (p * s)
    else:
        units, by_unit = f, (fact + both / s + phrasing / q + residual / (q * s)) / f
        by_both = (both + residual / q) / (f * s)
        by_seed = seed / s + by_both
    sampled = s >= FEW_SEEDS
    of_seeds, of_both = np.asarray(by_seed * sampled), np.asarray(by_both * sampled)
    return Parts(np.asarray(mean), np.asarray(by_unit), of_seeds, of_both, units, s if sampled else 1)
