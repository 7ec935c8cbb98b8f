"""From a frame of graded items to the arrays of the kernel, and to the words that say what the arrays speak for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.statistics.kernel import Floats

FEW_FACTS = 24
"""With fewer facts the coverage is not calibrated, and the method says so."""
FEW_SEEDS = 3
"""Fewer seeds are not a sample: the interval then speaks for these seeds only."""


def read(scores: pd.DataFrame, extra: Sequence[str] = ()) -> pd.DataFrame:
    """Check graded items and put them into one order, so that nothing depends on the order of the rows.

    Args:
        scores: one row per graded item, with columns profile, fact, seed and score.
        extra: more columns to keep.

    Returns:
        A sorted copy; seed is a nullable integer, missing in every row of an arm without randomness.

    Raises:
        ValueError: if a column is missing, a score is not in [0, 1], or only some rows have a seed.
    """
    columns = ["profile", "fact", *extra, "seed", "score"]
    missing = [column for column in columns if column not in scores.columns]
    if missing:
        raise ValueError(f"graded items lack the columns {missing}")
    frame = scores[columns].copy()
    for column in ("profile", "fact", *extra):
        if frame[column].isna().any():
            raise ValueError(f"{column} is missing in {int(frame[column].isna().sum())} graded items")
        frame[column] = frame[column].astype(str)
    frame["seed"] = frame["seed"].astype("Int64")
    frame["score"] = frame["score"].astype(float)
    if not frame["score"].between(0, 1).all():
        raise ValueError("scores lie in [0, 1], and every graded item has one")
    if frame["seed"].isna().any() and frame["seed"].notna().any():
        raise ValueError("some graded items have a seed and some have none: an arm is random or it is not")
    return frame.sort_values(columns, ignore_index=True)


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


def scope_of(frame: pd.DataFrame) -> Scope:
    """Count what a frame from `read` holds."""
    seeds = int(frame["seed"].nunique())
    keys = ["profile", "fact"] + ["seed"] * (seeds > 0)
    sizes = frame.groupby(keys).size()
    facts = len(frame[["profile", "fact"]].drop_duplicates())
    even = sizes.nunique() == 1 and len(sizes) == facts * max(seeds, 1)
    even = even and frame[["profile", "fact"]].drop_duplicates().groupby("profile").size().nunique() == 1
    return Scope(len(frame), facts, int(frame["profile"].nunique()), seeds or None, bool(even))


def tabulate(frame: pd.DataFrame, scope: Scope, value: str = "score") -> tuple[Floats, Floats]:
    """Mean and number of items of each unit x seed cell.

    Args:
        frame: from `read`.
        scope: from `scope_of`.
        value: the column to average.

    Returns:
        Means and weights, each of shape (U, S); S is 1 where seeds are not a sample, and empty cells have weight 0.
    """
    import numpy as np

    if scope.unit == "item":
        return frame[value].to_numpy(float)[:, None], np.ones((len(frame), 1))
    by_seed = scope.seeds_sampled and scope.unit != "seed"
    keys = [scope.unit] + ["seed"] * by_seed
    grouped = frame.groupby(keys)[value]
    total: pd.Series[float] | pd.DataFrame = grouped.sum()
    count: pd.Series[int] | pd.DataFrame = grouped.size()
    if by_seed:
        total, count = grouped.sum().unstack(fill_value=0), grouped.size().unstack(fill_value=0)
    shape = (len(total), -1)
    weights = count.to_numpy(float).reshape(shape).astype(float)
    return total.to_numpy(float).reshape(shape) / np.maximum(weights, 1.0), weights
