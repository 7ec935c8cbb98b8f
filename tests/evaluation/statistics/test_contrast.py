import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from evaluation.statistics import paired_difference

COLUMNS = ["profile", "fact", "item", "seed", "score"]


def study(facts, seeds, accuracy=0.8, *, profiles=1, items=3, stream=0):
    rng = np.random.default_rng(stream)
    rows = [
        (f"p{p}", f"f{f}", f"q{q}", s, float(rng.random() < accuracy))
        for p in range(profiles)
        for f in range(facts)
        for q in range(items)
        for s in (range(seeds) if seeds else [None])
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


@st.composite
def two_arms(draw):
    shape = {name: draw(st.integers(1, most)) for name, most in (("facts", 8), ("profiles", 3), ("items", 3))}
    seeds = draw(st.integers(1, 4))
    arms = [
        study(
            seeds=draw(st.sampled_from([None, seeds])),
            accuracy=draw(st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0])),
            stream=draw(st.integers(0, 10**6)),
            **shape,
        )
        for _ in range(2)
    ]
    return arms[0], arms[1]


def valid(found):
    assert -1 <= found.low <= found.difference <= found.high <= 1
    assert found.high > found.low
    assert 0 < found.p_value <= 1
    assert (found.mde is None) == ("mde" in found.reasons)
    return True


@given(two_arms())
@settings(max_examples=50, deadline=None)
def test_bounds_hold_and_swapping_the_arms_flips_the_sign(arms):
    found, flipped = paired_difference(*arms), paired_difference(*arms[::-1])
    assert valid(found)
    assert (flipped.low, flipped.difference, flipped.high) == pytest.approx(
        (-found.high, -found.difference, -found.low)
    )
    assert flipped.p_value == pytest.approx(found.p_value)
    shuffled = [arm.sample(frac=1, random_state=2) for arm in arms]
    assert paired_difference(*shuffled) == found


@given(two_arms(), st.sampled_from([0.8, 0.95, 0.99]))
@settings(max_examples=40, deadline=None)
def test_p_value_says_whether_the_interval_leaves_zero_out(arms, level):
    found = paired_difference(*arms, level=level)
    assert (found.p_value < 1 - level) == (not found.low <= 0 <= found.high)


def test_many_facts_without_randomness_agree_with_mcnemar_and_the_paired_t_test():
    a, b = study(400, None, 0.6, items=1, stream=1), study(400, None, 0.53, items=1, stream=2)
    one, two = (arm.sort_values("fact")["score"].to_numpy() for arm in (a, b))
    found = paired_difference(a, b)
    table = [[np.sum((one == i) & (two == j)) for j in (1, 0)] for i in (1, 0)]
    assert found.p_value == pytest.approx(mcnemar(table, exact=False, correction=False).pvalue, rel=0.1)
    t_test = stats.ttest_rel(one, two)
    assert found.p_value == pytest.approx(t_test.pvalue, rel=0.1)
    assert (found.low, found.high) == pytest.approx(tuple(t_test.confidence_interval()), abs=0.003)


@pytest.mark.parametrize(("facts", "seeds"), [(1, 1), (1, None), (1, 3), (2, 3), (36, None), (36, 1), (36, 3)])
def test_identical_answers_differ_by_nothing_and_do_not_close_the_interval(facts, seeds):
    arm = study(facts, seeds)
    found = paired_difference(arm, arm)
    assert valid(found)
    assert (found.difference, found.p_value) == (0, 1)


@pytest.mark.parametrize(("facts", "seeds"), [(1, 1), (1, None), (1, 3), (2, 3), (36, None), (36, 1), (36, 3)])
def test_answers_that_all_differ(facts, seeds):
    found = paired_difference(study(facts, seeds, 1.0), study(facts, seeds, 0.0))
    assert valid(found)
    assert found.difference == 1
    assert (found.p_value < 1e-6) == (facts == 36)


def test_an_arm_without_randomness_pairs_with_every_seed():
    a, b = study(36, 3, 0.9), study(36, None, 0.5, stream=1)
    found = paired_difference(a, b)
    assert found.n_items == len(a)
    assert found.difference == pytest.approx(a["score"].mean() - b["score"].mean())
    assert (found.scope, found.n_seeds, found.n_unpaired) == ("facts, seeds", 3, 0)


def test_pairing_narrows_the_interval_of_arms_that_agree():
    a = study(60, 3, 0.5, stream=3)
    b = a.assign(score=np.where(np.arange(len(a)) % 20 == 0, 0.0, a["score"]))
    other = b.assign(fact=a["fact"].map(lambda f: f"f{(int(f[1:]) + 30) % 60}"))
    together, apart = paired_difference(a, b), paired_difference(a, other)
    assert together.high - together.low < apart.high - apart.low


def test_rows_without_a_partner_are_counted():
    found = paired_difference(study(36, 3), study(30, 4))
    assert (found.n_facts, found.n_seeds, found.n_unpaired) == (30, 3, 6 * 3 * 3 + 30 * 3)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (study(3, 1), study(3, 1).assign(seed=7)),
        (study(3, 1), study(3, None, profiles=2).query("profile == 'p1'")),
        (study(3, 1).iloc[:0], study(3, 1)),
    ],
)
def test_nothing_to_pair_gives_no_numbers_but_a_reason(a, b):
    found = paired_difference(a, b)
    assert found.difference is found.low is found.high is found.p_value is found.mde is None
    assert {"difference", "low", "high", "p_value", "mde"} <= set(found.reasons)
    assert found.n_unpaired == len(a) + len(b)


def test_an_item_graded_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        paired_difference(pd.concat([study(3, 1)] * 2), study(3, 1))


def test_the_detectable_effect_shrinks_with_more_facts():
    small, large = (paired_difference(study(n, None, 0.6), study(n, None, 0.6, stream=1)).mde for n in (24, 400))
    assert large < small / 3
