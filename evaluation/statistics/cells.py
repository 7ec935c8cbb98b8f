"""From a frame of graded items to the arrays of the kernel, and to the words that say what the arrays speak for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from evaluation.statistics.kernel import Floats

    Codes = NDArray[np.intp]

FEW_FACTS = 24
"""With fewer facts the coverage is not calibrated, and the method says so."""
FEW_SEEDS = 3
"""Fewer seeds are not a sample: the interval then speaks for these seeds only."""


@dataclass(frozen=True)
class Graded:
    """Graded items as arrays, in an order that depends on nothing but their content.

    Attributes:
        profile: number of each one's profile.
        fact: number of its fact, counted through all profiles.
        seed: number of its seed; None for an arm without randomness.
        score: its score.
    """

    profile: Codes
    fact: Codes
    seed: Codes | None
    score: Floats

    def __len__(self) -> int:
        return len(self.score)


def read(scores: pd.DataFrame) -> Graded:
    """Check graded items and number their profiles, facts and seeds.

    Args:
        scores: one row per graded item, with columns profile, fact, seed and score.

    Raises:
        ValueError: if a column is missing, a score is not in [0, 1], or only some rows have a seed.
    """
    import numpy as np

    score, random = checked(scores, ("profile", "fact"))
    profile = numbered(scores["profile"])
    fact = crossed(profile, numbered(scores["fact"]))
    seed = numbered(scores["seed"]) if random else None
    order = np.lexsort((score, fact) if seed is None else (score, seed, fact))
    return Graded(profile[order], fact[order], None if seed is None else seed[order], score[order])


def checked(scores: pd.DataFrame, names: tuple[str, ...]) -> tuple[Floats, bool]:
    """Check graded items.

    Args:
        scores: one row per graded item.
        names: columns beside seed and score that each row has to have.

    Returns:
        The scores, and whether the rows have seeds.

    Raises:
        ValueError: if a column is missing, a score is not in [0, 1], or only some rows have a seed.
    """
    missing = [column for column in (*names, "seed", "score") if column not in scores.columns]
    if missing:
        raise ValueError(f"graded items lack the columns {missing}")
    for column in names:
        if lacking := int(scores[column].isna().sum()):
            raise ValueError(f"{column} is missing in {lacking} graded items")
    score: Floats = scores["score"].to_numpy(float)
    if not ((score >= 0) & (score <= 1)).all():
        raise ValueError("scores lie in [0, 1], and every graded item has one")
    seedless = int(scores["seed"].isna().sum())
    if 0 < seedless < len(scores):
        raise ValueError("some graded items have a seed and some have none: an arm is random or it is not")
    return score, seedless == 0 and len(scores) > 0


def numbered(values: pd.Series[Any]) -> Codes:
    """Number values in their order: numbers by size, anything else by how it is written."""
    import pandas as pd

    codes: Codes = pd.factorize(values if values.dtype.kind in "iuf" else values.astype(str), sort=True)[0]
    return codes


def dense(codes: Codes) -> Codes:
    """Number codes anew, without gaps, in their order."""
    import numpy as np

    return np.unique(codes, return_inverse=True)[1].reshape(-1)


def crossed(one: Codes, two: Codes) -> Codes:
    """Number the pairs that two numberings make, in their order."""
    return dense(one * (int(two.max()) + 1) + two) if len(one) else one


@dataclass(frozen=True)
class Scope:
    """What a frame holds and what an interval over it can speak for.

    Attributes:
        n_items: graded items (rows).
        n_facts: facts, counted inside profiles.
        n_profiles: profiles.
        n_seeds: seeds; None for an arm without randomness.
        balanced: whether every unit meets every seed equally often.
    """

    n_items: int
    n_facts: int
    n_profiles: int
    n_seeds: int | None
    balanced: bool

    @property
    def seeds_sampled(self) -> bool:
        """Whether there are seeds enough to speak for others."""
        return self.n_seeds is not None and self.n_seeds >= FEW_SEEDS

    @property
    def unit(self) -> str:
        """The unit of inference: profile, fact, or what one fact leaves (seed, item)."""
        if self.n_profiles > 1:
            return "profile"
        if self.n_facts > 1:
            return "fact"
        return "seed" if self.seeds_sampled else "item"

    @property
    def evidence(self) -> int:
        """How many facts (or what one fact leaves) there are to count: the `facts` of the kernel."""
        return {"seed": self.n_seeds or 1, "item": self.n_items}.get(self.unit, self.n_facts)

    @property
    def scope(self) -> str:
        """What the interval speaks for, as in "facts, seeds" or "facts, this seed"."""
        facts = "profiles, facts" if self.n_profiles > 1 else "facts" if self.n_facts > 1 else "these facts"
        if self.n_seeds is None:
            return facts
        fixed = "this seed" if self.n_seeds == 1 else f"these {self.n_seeds} seeds"
        return f"{facts}, {'seeds' if self.seeds_sampled else fixed}"

    @property
    def design(self) -> str:
        """What was crossed and nested, as in "36 facts x 3 seeds crossed"."""
        words = f"{self.n_facts} fact{'s' * (self.n_facts != 1)}"
        if self.n_profiles > 1:
            words = f"{self.n_profiles} profiles / {words}"
        if self.n_seeds is not None:
            words += f" x {self.n_seeds} seed{'s' * (self.n_seeds != 1)}"
            words += " crossed" * (self.n_profiles == 1 and self.n_seeds > 1)
        return words + ("" if self.balanced else " (unbalanced)")

    @property
    def clusters(self) -> str:
        """The clusters the variance is taken over, with a warning where that is not calibrated."""
        words = f"{self.unit}s x seeds" if self.unit in ("profile", "fact") and self.seeds_sampled else f"{self.unit}s"
        return words + f"; fewer than {FEW_FACTS} facts: coverage not calibrated" * (self.n_facts < FEW_FACTS)


def scope_of(items: Graded) -> Scope:
    """Count what there is."""
    import numpy as np

    facts, seeds = int(items.fact.max()) + 1, 0 if items.seed is None else int(items.seed.max()) + 1
    cells = items.fact if items.seed is None else items.fact * seeds + items.seed
    sizes = np.bincount(cells, minlength=facts * max(seeds, 1))
    profile_of = np.zeros(facts, int)
    profile_of[items.fact] = items.profile
    of_profile = np.bincount(profile_of)
    even = sizes.min() == sizes.max() and of_profile.min() == of_profile.max()
    return Scope(len(items), facts, len(of_profile), seeds or None, bool(even))


def tabulate(items: Graded, scope: Scope, score: Floats | None = None) -> tuple[Floats, Floats]:
    """Mean and number of items of each unit x seed cell.

    Args:
        items: from `read`.
        scope: from `scope_of`.
        score: what to average, if not the items' score.

    Returns:
        Means and weights, each of shape (U, S); S is 1 where seeds are not a sample, and empty cells have weight 0.
    """
    import numpy as np

    score = items.score if score is None else score
    if scope.unit == "item":
        return score[:, None], np.ones((len(items), 1))
    seed = items.seed if items.seed is not None else np.zeros(len(items), int)
    unit = {"profile": items.profile, "fact": items.fact, "seed": seed}[scope.unit]
    seeds = int(seed.max()) + 1 if scope.seeds_sampled and scope.unit != "seed" else 1
    cells = unit * seeds + (seed if seeds > 1 else 0)
    size = (int(unit.max()) + 1) * seeds
    weights = np.bincount(cells, minlength=size).astype(float).reshape(-1, seeds)
    return np.bincount(cells, score, size).reshape(-1, seeds) / np.maximum(weights, 1.0), weights
