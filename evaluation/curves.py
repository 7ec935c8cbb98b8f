"""Learning curves: what the checkpoints of one training say together.

Where accuracy reaches its ceiling, the endpoint of a study is the cost to get there. Cells that differ in nothing but
the ``step`` that answers are one curve, and give two more metrics under the condition they share:

- ``area_under_curve``: accuracy averaged over the steps from the first to the last (trapezoidal rule), question by
  question, so that it has the interval of an accuracy.
- ``steps_to_90``: the step at which a training's accuracy first reaches .9, on straight lines between its checkpoints,
  averaged over trainings (a profile under a seed). What was before the first checkpoint nobody asked: where that one
  has reached it, the steps are not known.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from evaluation.statistics.cells import FEW_SEEDS

if TYPE_CHECKING:
    import pandas as pd

STEP = "step"
ENOUGH = 0.9


def averaged(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return each question's score averaged over the steps.

    Args:
        frame: Graded items with a column ``step``; a question that not every step answered is left out.

    Returns:
        One row a profile, seed and question: that of the last step, with the mean score.
    """
    steps = sorted(float(step) for step in frame[STEP].unique())
    weights = _trapezoid(steps)
    question = ["profile", "seed", "fact", "item"]
    last = frame[frame[STEP] == steps[-1]].drop(columns="score").drop_duplicates(question)
    # Cells of one profile and seed (a person from a file under several facts.seed) count as one.
    each = frame.groupby([*question, STEP], dropna=False, as_index=False).agg({"score": "mean"})
    each["score"] *= each[STEP].map(weights)
    summed = each.groupby(question, dropna=False)["score"].agg(["sum", "size"]).reset_index()
    whole = summed[summed["size"] == len(steps)].rename(columns={"sum": "score"}).drop(columns="size")
    # Twelve digits: what is beyond is the summation's order, and may leave [0, 1].
    return last.merge(whole.assign(score=whole["score"].round(12)), on=question)


def _trapezoid(steps: Sequence[float]) -> dict[float, float]:
    """Return the weight of each step in the mean over the range of all."""
    span = steps[-1] - steps[0]
    edges = [steps[0], *steps, steps[-1]]
    return {step: (edges[i + 2] - edges[i]) / 2 / span for i, step in enumerate(steps)}


@dataclass(frozen=True)
class Steps:
    """Steps until an accuracy is reached.

    Attributes:
        estimate: Mean over trainings; ``None`` where one never got there, or was there at the first checkpoint.
        low: Lower bound of its interval, ``None`` where there is none.
        high: Upper bound.
        method: How the bounds were found.
        scope: What they speak for.
        reasons: Field to why it is ``None``.
    """

    estimate: float | None
    low: float | None
    high: float | None
    method: str | None
    scope: str | None
    reasons: Mapping[str, str]


def steps_to(frame: "pd.DataFrame", accuracy: float = ENOUGH) -> Steps:
    """Return how many steps trainings took to an accuracy, with a t interval over profiles, or else over seeds.

    Args:
        frame: Graded items with a column ``step``.
        accuracy: The accuracy to be reached.
    """
    curves: dict[tuple[str, int], dict[float, float]] = {}
    means: Any = frame.groupby(["profile", "seed", STEP])["score"].mean()
    for (profile, seed, step), right in means.items():
        curves.setdefault((profile, seed), {})[float(step)] = float(right)
    found = {key: _reached(curve, accuracy) for key, curve in curves.items()}
    last = f"{frame[STEP].max():g}"
    bounds = ("low", "high", "method", "scope")
    if never := sum(steps is None for steps in found.values()):
        why = f"{never} of {len(found)} trainings had not reached {accuracy:.0%} at step {last}"
        return Steps(None, None, None, None, None, dict.fromkeys(("estimate", *bounds), why))
    first = min(frame[STEP])
    if early := sum(steps == first and curves[key][first] > accuracy for key, steps in found.items()):
        why = f"{early} of {len(found)} trainings had passed {accuracy:.0%} at the first checkpoint, step {first:g}"
        return Steps(None, None, None, None, None, dict.fromkeys(("estimate", *bounds), why))
    known = {key: steps for key, steps in found.items() if steps is not None}
    profiles = {profile for profile, _ in known}
    unit, index = ("profiles", 0) if len(profiles) > 1 else ("seeds", 1)
    ends = [fmean(s for key, s in known.items() if key[index] == one) for one in sorted({k[index] for k in known})]
    if len(ends) < 3:
        why = f"an interval needs three {unit}"
        return Steps(fmean(ends), None, None, None, None, dict.fromkeys(bounds, why))
    low, high = _student(ends)
    n_seeds = len({seed for _, seed in known})
    seeds = "seeds" if n_seeds >= FEW_SEEDS else "this seed" if n_seeds == 1 else f"these {n_seeds} seeds"
    scope = f"profiles, facts, {seeds}" if unit == "profiles" else "these facts, seeds"
    return Steps(fmean(ends), max(low, 0.0), high, f"t over {unit} (coverage not calibrated)", scope, {})


def _reached(curve: Mapping[float, float], accuracy: float) -> float | None:
    """Return where a curve first reaches an accuracy: at its first checkpoint, or between two."""
    before, known = min(curve.items())
    for step, right in sorted(curve.items()):
        if right >= accuracy:
            return step if step == before else before + (step - before) * (accuracy - known) / (right - known)
        before, known = step, right
    return None


def _student(values: Sequence[float]) -> tuple[float, float]:
    from scipy.special import stdtrit

    half = float(stdtrit(len(values) - 1, 0.975)) * stdev(values) / math.sqrt(len(values))
    return fmean(values) - half, fmean(values) + half
