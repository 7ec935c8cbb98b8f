"""Where the variance of graded answers lies.

The score of an answer is taken as a mean plus independent effects: of the profile, of the fact in it, of the seed in it
(a training of that profile), of fact x seed, of the phrasing (a question about the fact), and a residual. Their
variances are estimated by the method of moments, Henderson's Method I (*Biometrics* 9, 1953; Searle, Casella &
McCulloch, *Variance Components*, 1992, ch. 5): for each of these groupings the sum of squared totals over their sizes
is set equal to what the model expects of it, with the sizes as they are. Balanced or not, this is unbiased; where the
design is balanced it is the analysis of variance. Scores of 0 and 1 are not transformed, so the shares are those of a
generalizability study (Brennan, *Generalizability Theory*, 2001): they say which mean varies, on the scale of accuracy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evaluation.statistics.interval import NO_RANDOMNESS

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.statistics.cells import Codes, Graded
    from evaluation.statistics.kernel import Floats

METHOD = "method of moments (Henderson I)"
SOURCES = ("profile", "fact", "seed", "fact_x_seed", "phrasing", "residual")
WORDS = {"fact_x_seed": "fact x seed"}
# The groupings that each one refines, the nearest first.
_WITHIN = {
    "profile": (),
    "fact": ("profile",),
    "seed": ("profile",),
    "fact_x_seed": ("fact", "seed", "profile"),
    "phrasing": ("fact", "profile"),
    "residual": ("phrasing", "fact_x_seed", "fact", "seed", "profile"),
}
ALIKE = "all scores are alike: there is no variance to share"
TANGLED = "the design does not tell the sources apart"
NOISE = 1e-9
"""A smaller variance, or share of one, is the arithmetic's and not the data's."""


@dataclass(frozen=True)
class Components:
    """Variances of scores, taken apart.

    Attributes:
        mean: mean score.
        variances: of each source as estimated, which may be below 0; None where it cannot be told, with a reason. What
            cannot be told from another source is held by that one.
        levels: how many profiles, facts, trainings, ... there are.
        reasons: why a variance is None.
    """

    mean: float | None
    variances: Mapping[str, float | None]
    levels: Mapping[str, int]
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """Sum of the variances, those below 0 taken as 0."""
        return sum(max(variance or 0.0, 0.0) for variance in self.variances.values())

    @property
    def shares(self) -> dict[str, float | None]:
        """Share of each source in the total; all None where there is no total."""
        total = self.total
        if not total:
            return dict.fromkeys(SOURCES)
        return {name: None if v is None else max(v, 0.0) / total for name, v in self.variances.items()}


def variance_components(scores: pd.DataFrame) -> Components:
    """Take the variance of graded items apart.

    Args:
        scores: one row per graded item, with columns profile, fact, item (which question it is), seed (missing in every
            row of an arm without randomness) and score.

    Returns:
        The variances, and why those that are missing cannot be told.

    Raises:
        ValueError: if a column is missing, a score is not in [0, 1], or only some rows have a seed.
    """
    from evaluation.statistics.cells import Graded, checked, crossed, numbered

    score, random = checked(scores, ("profile", "fact", "item"))
    profile, fact, item = (numbered(scores[name]) for name in ("profile", "fact", "item"))
    fact = crossed(profile, fact)
    seed = numbered(scores["seed"]) if random else None
    return components_of(Graded(profile, fact, seed, score), crossed(fact, item))


def components_of(items: Graded, question: Codes) -> Components:
    """Take the variance of scores, or of differences of scores, apart.

    Args:
        items: what was graded.
        question: number of each one's question, counted through all facts.
    """
    import numpy as np

    variances: dict[str, float | None] = dict.fromkeys(SOURCES)
    if not len(items):
        return Components(None, variances, {}, dict.fromkeys(SOURCES, "no graded items"))
    groups = _groupings(items, question)
    levels = {name: int(codes.max()) + 1 for name, codes in groups.items()}
    told, reasons = _separable(levels)
    mean, spread = float(items.score.mean()), float(items.score.var())
    found = None if spread < NOISE else _solved([groups[name] for name in told], items.score - mean)
    if found is None:
        why = {name: ALIKE if spread < NOISE else TANGLED for name in SOURCES if name not in reasons}
        return Components(mean, variances, levels, reasons | why)
    found = np.where(np.abs(found) < NOISE * spread, 0.0, found)
    return Components(mean, variances | dict(zip(told, map(float, found), strict=True)), levels, reasons)


def _groupings(items: Graded, question: Codes) -> dict[str, Codes]:
    """Number the groups of each source; those of seeds are left out where there are none."""
    import numpy as np

    from evaluation.statistics.cells import crossed

    groups = {"profile": items.profile, "fact": items.fact}
    rows = np.arange(len(items))
    if items.seed is None:
        return groups | {"phrasing": rows}
    groups |= {"seed": crossed(items.profile, items.seed), "fact_x_seed": crossed(items.fact, items.seed)}
    return groups | {"phrasing": question, "residual": rows}


def _separable(levels: Mapping[str, int]) -> tuple[list[str], dict[str, str]]:
    """Sources that the design tells apart, and for the others why not.

    A grouping that refines another and has no more groups is that other one.
    """
    told: list[str] = []
    reasons = {}
    for name in SOURCES:
        if name not in levels:
            reasons[name] = NO_RANDOMNESS
        elif levels[name] == 1:
            reasons[name] = f"there is one {WORDS.get(name, name)} only"
        elif same := next((other for other in _WITHIN[name] if other in told and levels[other] == levels[name]), None):
            reasons[name] = f"it cannot be told from {WORDS.get(same, same)}, which holds it"
        else:
            told.append(name)
    return told, reasons


def _solved(groups: list[Codes], centred: Floats) -> Floats | None:
    """Variances from sums of squares and what is expected of them; None where the equations do not fix them."""
    import numpy as np

    everything = [np.zeros(len(centred), int), *groups]
    squares = np.array([_square(codes, centred) for codes in everything])
    expected = np.array([[_coefficient(codes, source) for source in groups] for codes in everything])
    # The mean's square is in each of them as often as there are rows, so it leaves with the first.
    left, right = expected[1:] - expected[0], squares[1:] - squares[0]
    if np.linalg.matrix_rank(left, tol=1e-9 * np.abs(left).max()) < len(groups):
        return None
    return np.asarray(np.linalg.solve(left, right), float)


def _square(codes: Codes, score: Floats) -> float:
    import numpy as np

    return float((np.bincount(codes, score) ** 2 / np.bincount(codes)).sum())


def _coefficient(codes: Codes, source: Codes) -> float:
    """How often a source's variance is expected in the sum of squares of a grouping."""
    import numpy as np

    both = codes * (int(source.max()) + 1) + source
    _, first, counts = np.unique(both, return_index=True, return_counts=True)
    return float((counts**2 / np.bincount(codes)[codes[first]]).sum())
