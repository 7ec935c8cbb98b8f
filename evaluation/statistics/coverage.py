"""How often the offered intervals, and the usual ones they replace, cover the accuracy that a simulation knows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from evaluation.statistics.simulate import Layout, Shares, draw, draw_pair

if TYPE_CHECKING:
    import numpy as np

    from evaluation.statistics.kernel import Floats

ALPHA = 0.05
RESAMPLES = 400
BOOTSTRAPPED = 400


@dataclass(frozen=True)
class Cell:
    """One cell of the calibration.

    Attributes:
        table: the table it belongs to.
        layout: how many of what.
        shares: the variances.
        accuracies: the arm's true accuracy, or both arms'.
        second_random: whether the second arm of a contrast is random; None for one arm.
        promised: whether the coverage is promised, or only shown.
        edge: whether the true difference is the margin of an equivalence or non-inferiority test.
    """

    table: str
    layout: Layout
    shares: Shares
    accuracies: tuple[float, ...]
    second_random: bool | None = None
    promised: bool = True
    # Not in the repr, which seeds the cell: those that were there before keep their random numbers.
    edge: bool = field(default=False, repr=False)

    @property
    def design(self) -> str:
        """The layout in words."""
        size = self.layout
        words = f"{size.facts} facts" + (f" x {size.seeds} seeds" if size.seeds > 1 else ", no randomness")
        if size.profiles > 1:
            words = f"{size.profiles} profiles x {words}" + ", seeds common to profiles" * size.shared_seeds
        if self.second_random is None:
            return words
        kinds = "random" if size.seeds > 1 else "deterministic", "random" if self.second_random else "deterministic"
        return f"{words}; {kinds[0]} - {kinds[1]}"

    @property
    def truth(self) -> float:
        """What has to be covered."""
        return self.accuracies[0] - sum(self.accuracies[1:])


def units_of(cells: Floats, layout: Layout) -> tuple[Floats, Floats]:
    """Means and weights of unit x seed cells: facts of one profile, or profiles. Shapes (n, U, S) and (U, S)."""
    import numpy as np

    if layout.profiles == 1:
        return cells[:, 0], np.full((layout.facts, cells.shape[-1]), float(layout.items))
    return cells.mean(2), np.full((layout.profiles, cells.shape[-1]), float(layout.items * layout.facts))


def measure(cell: Cell, studies: int, rng: np.random.Generator) -> dict[str, Any]:
    """Simulate one cell.

    Args:
        cell: what to simulate.
        studies: how many times.
        rng: the stream of this cell.

    Returns:
        The cell's description, coverage with its Monte Carlo standard error, mean width and the rivals' coverages.
    """
    found = _one_arm(cell, studies, rng) if cell.second_random is None else _two_arms(cell, studies, rng)
    covered = found["coverage"]
    return {
        "table": cell.table,
        "design": cell.design,
        "promised": cell.promised,
        "shares": cell.shares.name,
        "latent_variances": {name: v for name, v in asdict(cell.shares).items() if name != "name"},
        "accuracies": list(cell.accuracies),
        "monte_carlo_se": round((covered * (1 - covered) / studies) ** 0.5, 5),
        **found,
    }


def _covers(bounds: tuple[Floats, Floats], truth: float) -> float:
    return round(float(((bounds[0] <= truth) & (truth <= bounds[1])).mean()), 5)


def _one_arm(cell: Cell, studies: int, rng: np.random.Generator) -> dict[str, Any]:
    import numpy as np

    from evaluation.statistics.kernel import proportion_bounds, score_bounds, two_way

    layout, truth = cell.layout, cell.truth
    drawn = draw(rng, studies, layout, cell.shares, truth)
    means, weights = units_of(drawn, layout)
    parts = two_way(means, weights)
    bounds = proportion_bounds(parts, layout.facts * layout.profiles, ALPHA)
    p, items = parts.estimate, layout.answers
    by_item = 1.96 * np.sqrt(p * (1 - p) / items)
    by_unit = 1.96 * np.sqrt(parts.by_unit)
    width = float((bounds[1] - bounds[0]).mean())
    found = {
        "coverage": _covers(bounds, truth),
        "mean_width": round(width, 5),
        "width_over_wald": round(width / (2 * 1.96 * (truth * (1 - truth) / items) ** 0.5), 3),
        "rivals": {
            "Wald by item": _covers((p - by_item, p + by_item), truth),
            "Wilson by item": _covers(score_bounds(p, np.full_like(p, 1.96**2 / items)), truth),
            "clustered by unit": _covers((p - by_unit, p + by_unit), truth),
        },
    }
    if layout.profiles == 1 and layout.seeds > 1:
        found["rivals"]["percentile bootstrap"] = _covers(_bootstrap(means[:BOOTSTRAPPED], rng), truth)
    return found


def _bootstrap(means: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Percentile bootstrap that resamples facts and seeds, over a few studies: it is only there to compare."""
    import numpy as np

    _, facts, seeds = means.shape
    of_facts = rng.multinomial(facts, np.full(facts, 1 / facts), RESAMPLES) / facts
    of_seeds = rng.multinomial(seeds, np.full(seeds, 1 / seeds), RESAMPLES) / seeds
    resampled = (np.matmul(of_facts, means) * of_seeds).sum(-1)
    low, high = np.quantile(resampled, (ALPHA / 2, 1 - ALPHA / 2), axis=-1)
    return low, high


def _two_arms(cell: Cell, studies: int, rng: np.random.Generator) -> dict[str, Any]:
    from evaluation.statistics.kernel import Pair, difference_bounds, two_way

    layout = cell.layout
    one, two, discordance = draw_pair(
        rng,
        studies,
        layout,
        cell.shares,
        (cell.accuracies[0], cell.accuracies[1]),
        second_random=bool(cell.second_random),
    )
    parts = [two_way(*units_of(scores, layout)) for scores in (one, two, one - two)]
    pair = Pair(parts[0], parts[1], parts[2], discordance, layout.facts * layout.profiles)
    bounds = difference_bounds(pair, ALPHA)
    covered = _covers(bounds, cell.truth)
    found = {"coverage": covered, "mean_width": round(float((bounds[1] - bounds[0]).mean()), 5)}
    if cell.edge:
        return found | _at_the_edge(bounds, cell.truth)
    # The p-value inverts the interval, so under no difference it is below alpha exactly where 0 is not covered.
    return found if cell.truth else found | {"false_positive_rate": round(1 - covered, 5)}


def _at_the_edge(bounds: tuple[Floats, Floats], truth: float) -> dict[str, float]:
    """How often a margin of just the true difference is taken to hold: on its side alone, and on both."""
    margin = abs(truth)
    above, below = bounds[0] > -margin, bounds[1] < margin
    return {
        "false_non_inferiority": round(float((above if truth < 0 else below).mean()), 5),
        "false_equivalence": round(float((above & below).mean()), 5),
    }
