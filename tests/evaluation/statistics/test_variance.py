import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.statistics.cells import Graded, crossed, dense
from evaluation.statistics.variance import ALIKE, SOURCES, components_of, variance_components
from tests.evaluation.statistics.test_interval import study

TRUE = {"profile": 2.0, "fact": 1.5, "seed": 0.8, "fact_x_seed": 0.5, "phrasing": 1.0, "residual": 0.7}


def effects(rng, p, f, s, q):
    """One Gaussian study with known variances, shape (p, f, s, q); facts and seeds of each profile are its own."""
    shapes = {"profile": (p, 1, 1, 1), "fact": (p, f, 1, 1), "seed": (p, 1, s, 1), "fact_x_seed": (p, f, s, 1)}
    shapes |= {"phrasing": (p, f, 1, q), "residual": (p, f, s, q)}
    return sum(TRUE[name] ** 0.5 * rng.standard_normal(shape) for name, shape in shapes.items())


def found(scores, kept=None):
    p, f, s, q = (axis.ravel() for axis in np.indices(scores.shape))
    kept = np.ones(scores.size, bool) if kept is None else kept.ravel()
    profile, fact = dense(p[kept]), crossed(p[kept], f[kept])
    return components_of(Graded(profile, fact, dense(s[kept]), scores.ravel()[kept]), crossed(fact, q[kept]))


def test_balanced_variances_are_those_of_the_analysis_of_variance():
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    facts, seeds, items = 6, 4, 3
    scores = effects(np.random.default_rng(1), 1, facts, seeds, items)
    f, s, q = (axis.ravel() for axis in np.indices(scores.shape[1:]))
    frame = pd.DataFrame({"y": scores.ravel(), "f": f, "s": s, "q": q})
    squares = anova_lm(ols("y ~ C(f) * C(s) + C(f):C(q)", frame).fit())["mean_sq"]
    fact, seed, both, item = (squares[name] for name in ("C(f)", "C(s)", "C(f):C(s)", "C(f):C(q)"))
    residual = squares["Residual"]
    expected = {
        "fact": (fact - both - item + residual) / (seeds * items),
        "seed": (seed - both) / (facts * items),
        "fact_x_seed": (both - residual) / items,
        "phrasing": (item - residual) / seeds,
        "residual": residual,
    }
    components = found(scores)
    assert {name: components.variances[name] for name in expected} == pytest.approx(expected)
    assert components.reasons == {"profile": "there is one profile only"}


@given(st.lists(st.integers(1, 6), min_size=2, max_size=8).filter(lambda sizes: max(sizes) > 1), st.integers(0, 10**6))
@settings(deadline=None)
def test_questions_in_unequal_numbers_are_a_one_way_analysis_of_variance(sizes, stream):
    rng = np.random.default_rng(stream)
    fact = np.repeat(np.arange(len(sizes)), sizes)
    score = rng.standard_normal(len(fact)) + rng.standard_normal(len(sizes))[fact]
    n, k = len(fact), len(sizes)
    means = np.bincount(fact, score) / sizes
    within = ((score - means[fact]) ** 2).sum() / (n - k)
    between = (np.array(sizes) * (means - score.mean()) ** 2).sum() / (k - 1)
    n0 = (n - (np.array(sizes) ** 2).sum() / n) / (k - 1)
    components = components_of(Graded(np.zeros(n, int), fact, None, score), np.arange(n))
    assert components.variances["phrasing"] == pytest.approx(within)
    assert components.variances["fact"] == pytest.approx((between - within) / n0, abs=1e-9)


@pytest.mark.parametrize("balanced", [True, False])
def test_variances_are_unbiased_in_crossed_and_nested_designs(balanced):
    rng = np.random.default_rng(2)
    kept = None if balanced else np.random.default_rng(3).random((6, 5, 4, 3)) < 0.7
    studies = [found(effects(rng, 6, 5, 4, 3), kept).variances for _ in range(400)]
    for name, true in TRUE.items():
        values = np.array([study[name] for study in studies])
        assert values.mean() == pytest.approx(true, abs=4 * values.std() / 400**0.5), name


@pytest.mark.parametrize(
    ("shape", "told", "held"),
    [
        ({"seeds": 3, "profiles": 4}, set(SOURCES), {}),
        ({"seeds": 3}, set(SOURCES) - {"profile"}, {"profile": "one profile only"}),
        (
            {"seeds": 1, "profiles": 4},
            {"profile", "fact", "phrasing"},
            {"seed": "profile", "fact_x_seed": "fact", "residual": "phrasing"},
        ),
        ({"seeds": 1}, {"fact", "phrasing"}, {"seed": "one seed only", "fact_x_seed": "fact, which holds it"}),
        ({"seeds": None, "profiles": 4}, {"profile", "fact", "phrasing"}, {"residual": "no randomness"}),
        ({"seeds": 3, "items": 1}, {"fact", "seed", "fact_x_seed"}, {"phrasing": "fact", "residual": "fact x seed"}),
        ({"seeds": 3, "facts": 1, "profiles": 4}, {"profile", "seed", "phrasing", "residual"}, {"fact": "profile"}),
    ],
)
def test_what_cannot_be_told_apart_says_so(shape, told, held):
    components = variance_components(study(**{"facts": 9, **shape}, accuracy=0.6))
    assert {name for name, variance in components.variances.items() if variance is not None} == told
    assert set(components.reasons) == set(SOURCES) - told
    for name, words in held.items():
        assert words in components.reasons[name]
    shares = [share for share in components.shares.values() if share is not None]
    assert sum(shares) == pytest.approx(1)
    assert min(shares) >= 0


def test_an_estimate_below_zero_is_kept_and_counts_as_no_share():
    # Each fact is right under just one of two seeds: facts vary less than chance would have them.
    rows = [("p", f"f{f}", "q", s, float(s == f % 2)) for f in range(10) for s in range(2)]
    components = variance_components(pd.DataFrame(rows, columns=["profile", "fact", "item", "seed", "score"]))
    assert components.variances["fact"] < 0
    assert components.shares == {
        **dict.fromkeys(SOURCES),
        "fact": 0,
        "seed": 0,
        "fact_x_seed": 1,
    }


def test_answers_that_are_all_right_have_nothing_to_share():
    components = variance_components(study(9, 3, accuracy=1.0))
    assert set(components.variances.values()) == {None}
    assert components.reasons["fact"] == ALIKE


def test_a_tangled_design_is_no_reason_to_guess():
    # A question each under one seed of its own: phrasing and fact x seed cannot both be told beside a residual.
    rows = [("p", f"f{f}", f"q{q}", (f + q) % 3, float((f * q) % 2)) for f in range(9) for q in range(2)]
    components = variance_components(pd.DataFrame(rows, columns=["profile", "fact", "item", "seed", "score"]))
    assert all((variance is None) == (name in components.reasons) for name, variance in components.variances.items())


def test_the_order_of_the_rows_does_not_matter():
    scores = study(9, 3, 0.6, profiles=3).iloc[5:]
    again = variance_components(scores.sample(frac=1, random_state=1)).variances
    assert again == pytest.approx(variance_components(scores).variances)
