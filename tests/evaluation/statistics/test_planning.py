from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evaluation.statistics.coverage import units_of
from evaluation.statistics.kernel import Pair, difference_bounds, two_way
from evaluation.statistics.planning import (
    Design,
    expected_parts,
    needed,
    pilot,
    planned_effect,
    planned_power,
)
from evaluation.statistics.simulate import PROFILE_SHARES, SHARES, Layout, draw_pair
from evaluation.statistics.variance import SOURCES
from tests.evaluation.statistics.test_contrast import study
from tests.evaluation.statistics.test_variance import TRUE, effects


def frame(cells):
    """One simulated study of one question a fact, shape (P, F, S), as graded items."""
    p, f, s = (axis.ravel() for axis in np.indices(cells.shape))
    seed = s if cells.shape[-1] > 1 else None
    return pd.DataFrame({"profile": p, "fact": f, "item": 0, "seed": seed, "score": cells.ravel()})


def simulated_power(layout, shares, accuracies, *, second_random, studies=1500):
    rng = np.random.default_rng(5)
    one, two, discordance = draw_pair(rng, studies, layout, shares, accuracies, second_random=second_random)
    parts = [two_way(*units_of(scores, layout)) for scores in (one, two, one - two)]
    low, high = difference_bounds(Pair(*parts, discordance, layout.facts * layout.profiles), 0.05)
    return float(((low > 0) | (high < 0)).mean())


@pytest.mark.parametrize(
    ("large", "layout", "shares", "accuracies", "second_random"),
    [
        (Layout(150, 20, items=1), Layout(50, 5, items=1), SHARES[1], (0.5, 0.75), True),
        (Layout(150, 20, items=1), Layout(100, 3, items=1), SHARES[0], (0.6, 0.75), True),
        (Layout(150, 20, items=1), Layout(50, 5, items=1), SHARES[1], (0.55, 0.8), False),
        (Layout(400, 1, items=1), Layout(100, 1, items=1), SHARES[0], (0.6, 0.75), False),
        (Layout(24, 5, 40, items=1), Layout(24, 3, 10, items=1), PROFILE_SHARES[0], (0.6, 0.75), True),
    ],
)
def test_planned_power_is_what_simulated_studies_have(large, layout, shares, accuracies, second_random):
    one, two, _ = draw_pair(np.random.default_rng(4), 1, large, shares, accuracies, second_random=second_random)
    shown = pilot(frame(one[0]), frame(two[0]))
    seeds = layout.seeds if layout.seeds > 1 else None
    # The plan knows the accuracy of the second arm from one study; the simulation knows it.
    shown = replace(shown, second=replace(shown.second, mean=accuracies[1]))
    planned = planned_power(shown, Design(layout.profiles, layout.facts, seeds, 1), accuracies[1] - accuracies[0])
    found = simulated_power(layout, shares, accuracies, second_random=second_random)
    assert 0.2 < found < 0.98, "a case at the ends would show nothing"
    assert planned == pytest.approx(found, abs=0.12)


@pytest.mark.parametrize("size", [(1, 8, 5, 3), (6, 5, 4, 3)])
def test_expected_parts_are_the_mean_of_what_is_found(size):
    rng = np.random.default_rng(6)
    p, f, s, q = size
    cells = np.stack([effects(rng, *size).mean(-1) for _ in range(3000)])
    means, weights = (cells[:, 0], np.full((f, s), q)) if p == 1 else (cells.mean(2), np.full((p, s), f * q))
    found = two_way(means, weights.astype(float))
    expected = expected_parts(0.0, TRUE | ({"profile": 0.0} if p == 1 else {}), Design(p, f, s, q), random=True)
    assert (expected.units, expected.seeds) == (found.units, found.seeds)
    for name in ("by_unit", "by_seed", "by_both"):
        values = getattr(found, name)
        error = 4 * values.std() / len(values) ** 0.5
        assert float(getattr(expected, name)) == pytest.approx(values.mean(), abs=error), name


def shown_by(seeds=3, profiles=1):
    return pilot(study(36, seeds, 0.8, profiles=profiles), study(36, seeds, 0.6, profiles=profiles, stream=1))


def test_the_numbers_needed_are_the_fewest_that_are_enough():
    for shown, name in ((shown_by(), "facts"), (shown_by(), "seeds"), (shown_by(profiles=3), "profiles")):
        number = needed(shown, shown.design, 0.14)[name]
        assert number is not None
        assert planned_power(shown, replace(shown.design, **{name: number}), 0.14) >= 0.8
        assert planned_power(shown, replace(shown.design, **{name: number - 1}), 0.14) < 0.8


def test_what_no_number_finds_is_none():
    shown = shown_by(profiles=3)
    assert needed(shown, shown.design, 0.02)["facts"] is None, "three profiles leave two degrees of freedom"


def test_the_effect_found_is_the_one_that_has_the_power():
    shown = shown_by()
    effect = planned_effect(shown, shown.design)
    assert effect is not None
    assert planned_power(shown, shown.design, effect) == pytest.approx(0.8, abs=1e-3)
    more = planned_effect(shown, replace(shown.design, facts=200, seeds=10))
    assert more is not None
    assert more < effect


def test_what_a_study_did_not_show_cannot_be_planned():
    one = shown_by(seeds=1)
    assert "one profile" in one.missing(replace(one.design, profiles=5))
    assert "one seed" in one.missing(replace(one.design, seeds=3))
    assert one.missing(replace(one.design, facts=500)) is None
    assert needed(one, one.design, 0.1)["profiles"] is None
    assert pilot(study(9, 1), study(9, 1).assign(seed=7)) is None
    for seeds in (None, 1, 3):
        alone = pilot(study(1, seeds, 0.7), study(1, None, 0.3, stream=1))
        assert alone is None or alone.missing(replace(alone.design, facts=50)) is not None
    same = pilot(study(36, 3, 1.0), study(36, 3, 1.0))
    assert "alike" in same.missing(same.design)


def test_an_arm_without_randomness_is_taken_once():
    shown = pilot(study(36, 3, 0.8), study(36, None, 0.6, stream=1))
    assert shown.random == (True, False)
    assert shown.second.levels == {"profile": 1, "fact": 36, "phrasing": 108}
    assert set(shown.first.variances) == set(SOURCES)
    assert shown.design == Design(1, 36, 3, 3)
