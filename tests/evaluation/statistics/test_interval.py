import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.proportion import proportion_confint

from evaluation.statistics import interval
from evaluation.statistics.kernel import proportion_bounds, score_bounds, squared_reach, two_way

COLUMNS = ["profile", "fact", "item", "seed", "score"]


def study(facts, seeds, accuracy=0.8, *, profiles=1, items=3, stream=0):
    """Graded items; seeds None is an arm without randomness."""
    rng = np.random.default_rng(stream)
    rows = [
        (f"p{p}", f"f{f}", f"q{q}", s, float(rng.random() < accuracy))
        for p in range(profiles)
        for f in range(facts)
        for q in range(items)
        for s in (range(seeds) if seeds else [None])
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def valid(found):
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    assert found.high > found.low
    return True


graded = st.builds(
    study,
    facts=st.integers(1, 8),
    seeds=st.one_of(st.none(), st.integers(1, 4)),
    accuracy=st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]),
    profiles=st.integers(1, 3),
    items=st.integers(1, 3),
    stream=st.integers(0, 10**6),
)


@pytest.mark.parametrize(("right", "n"), [(0, 5), (3, 7), (29, 30), (30, 30)])
def test_score_bounds_are_statsmodels_wilson(right, n):
    low, high = score_bounds(np.asarray(right / n), np.asarray(1.959963984540054**2 / n))
    assert (float(low), float(high)) == pytest.approx(proportion_confint(right, n, method="wilson"), abs=1e-12)


def test_one_fact_under_one_seed_is_plain_wilson():
    scores = pd.DataFrame([("p", "f", f"q{q}", 0, float(q < 5)) for q in range(8)], columns=COLUMNS)
    found = interval(scores)
    assert (found.low, found.high) == pytest.approx(proportion_confint(5, 8, method="wilson"), abs=1e-12)
    assert found.scope == "these facts, this seed"
    assert found.method.startswith("Wilson (items")


def test_parts_are_statsmodels_cluster_robust_variances():
    rng = np.random.default_rng(3)
    means = rng.random((12, 4))
    parts = two_way(means, np.full((12, 4), 3.0))
    unit, seed = (labels.ravel() for labels in np.indices(means.shape))
    for groups, n, mine in ((unit, 12, parts.by_unit), (seed, 4, parts.by_seed)):
        fit = OLS(means.ravel(), np.ones(means.size)).fit(
            cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
        )
        assert float(mine) == pytest.approx(float(fit.cov_params()[0, 0]) * n / (n - 1))


def test_parts_are_the_mean_squares_of_a_two_way_anova():
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    means = np.random.default_rng(4).random((6, 5))
    unit, seed = (labels.ravel() for labels in np.indices(means.shape))
    frame = pd.DataFrame({"y": means.ravel(), "unit": unit, "seed": seed})
    squares = anova_lm(ols("y ~ C(unit) + C(seed)", frame).fit())["mean_sq"].to_numpy() / means.size
    parts = two_way(means, np.ones((6, 5)))
    assert [float(x) for x in (parts.by_unit, parts.by_seed, parts.by_both)] == pytest.approx(list(squares))


def test_without_seeds_the_reach_is_the_t_interval_over_fact_means():
    from scipy import stats

    means = np.random.default_rng(5).random((30, 1))
    parts = two_way(means, np.ones((30, 1)))
    low, _ = stats.t.interval(0.95, 29, means.mean(), stats.sem(means.ravel()))
    assert float(squared_reach(parts, 0.05)) ** 0.5 == pytest.approx(means.mean() - low)


def test_kernel_takes_many_studies_as_one_at_a_time():
    means = np.random.default_rng(6).random((5, 24, 3))
    weights = np.full((24, 3), 3.0)
    low, high = proportion_bounds(two_way(means, weights), 24, 0.05)
    for i in range(5):
        assert proportion_bounds(two_way(means[i], weights), 24, 0.05) == pytest.approx((low[i], high[i]))


@given(graded)
@settings(max_examples=60, deadline=None)
def test_bounds_hold_and_row_order_does_not_matter(scores):
    found = interval(scores)
    assert valid(found)
    assert interval(scores.sample(frac=1, random_state=1)) == found


@given(graded)
@settings(max_examples=40, deadline=None)
def test_swapping_right_and_wrong_mirrors_the_interval(scores):
    found, mirrored = interval(scores), interval(scores.assign(score=1 - scores["score"]))
    assert (mirrored.low, mirrored.high) == pytest.approx((1 - found.high, 1 - found.low), abs=1e-9)


@given(graded, st.floats(0.5, 0.9))
@settings(max_examples=40, deadline=None)
def test_higher_level_is_wider(scores, level):
    narrow, wide = interval(scores, level=level), interval(scores, level=0.95)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@pytest.mark.parametrize("accuracy", [0.0, 1.0])
@pytest.mark.parametrize(("facts", "seeds"), [(1, None), (1, 1), (1, 3), (2, 3), (36, None), (36, 1), (36, 3)])
def test_all_right_and_all_wrong(facts, seeds, accuracy):
    found = interval(study(facts, seeds, accuracy))
    assert valid(found)
    assert found.estimate == accuracy


@pytest.mark.parametrize(
    ("shape", "scope", "design"),
    [
        ({"facts": 36, "seeds": 3}, "facts, seeds", "36 facts x 3 seeds crossed"),
        ({"facts": 36, "seeds": None}, "facts", "36 facts"),
        ({"facts": 36, "seeds": 1}, "facts, this seed", "36 facts x 1 seed"),
        ({"facts": 36, "seeds": 2}, "facts, these 2 seeds", "36 facts x 2 seeds crossed"),
        ({"facts": 1, "seeds": 1}, "these facts, this seed", "1 fact x 1 seed"),
        ({"facts": 1, "seeds": None}, "these facts", "1 fact"),
        ({"facts": 50, "seeds": 3, "profiles": 4}, "profiles, facts, seeds", "4 profiles / 200 facts x 3 seeds"),
        ({"facts": 24, "seeds": None, "profiles": 5}, "profiles, facts", "5 profiles / 120 facts"),
    ],
)
def test_it_says_what_it_speaks_for(shape, scope, design):
    found = interval(study(**shape))
    assert (found.scope, found.design) == (scope, design)
    assert found.n_seeds == shape["seeds"]
    assert ("n_seeds" in found.reasons) == (shape["seeds"] is None)
    assert ("not calibrated" in found.method) == (found.n_facts < 24)


def test_facts_of_one_name_in_two_profiles_are_two_facts():
    assert interval(study(24, 3, profiles=2)).n_facts == 48


def test_seeds_that_differ_widen_the_interval():
    alike = study(50, 3, accuracy=0.8)
    differ = alike.assign(score=(alike["fact"].str[1:].astype(int) < 30 + 10 * alike["seed"].astype(int)).astype(float))
    level = alike.assign(score=(alike["fact"].str[1:].astype(int) < 40).astype(float))
    assert differ["score"].mean() == level["score"].mean() == 0.8
    one, two = interval(differ), interval(level)
    assert one.high - one.low > 1.5 * (two.high - two.low)


def test_more_seeds_of_the_same_answers_do_not_count_as_more_facts():
    one = study(36, 1, accuracy=0.9, items=1)
    three = pd.concat([one.assign(seed=s) for s in range(3)])
    assert interval(three).low == pytest.approx(interval(one).low, abs=1e-9)


def test_missing_cells_are_allowed_and_labelled():
    found = interval(study(30, 4).iloc[7:])
    assert valid(found)
    assert found.design.endswith("(unbalanced)")


def test_no_items_give_no_numbers_but_a_reason():
    found = interval(study(2, 1).iloc[:0])
    assert (found.estimate, found.low, found.high, found.n_items) == (None, None, None, 0)
    assert set(found.reasons) == {"estimate", "low", "high", "n_seeds"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.drop(columns="fact"), "lack the columns"),
        (lambda s: s.assign(score=s["score"] + 0.5), "lie in"),
        (lambda s: s.assign(score=np.nan), "lie in"),
        (lambda s: s.assign(profile=None), "profile is missing"),
        (lambda s: s.assign(seed=[None] + [1] * (len(s) - 1)), "random or it is not"),
    ],
)
def test_bad_frames_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        interval(change(study(3, 2, accuracy=1.0)))


def test_bad_level_is_refused():
    with pytest.raises(ValueError, match="level"):
        interval(study(3, 2), level=95)
