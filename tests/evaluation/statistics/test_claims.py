import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import ttost_paired

from evaluation.statistics import Kind, paired_difference
from tests.evaluation.statistics.test_contrast import study, two_arms

MARGINS = st.sampled_from([0.02, 0.05, 0.2, 0.5, 0.9])


@given(two_arms(), MARGINS)
@settings(max_examples=40, deadline=None)
def test_a_claim_is_shown_exactly_where_the_interval_says_so(arms, margin):
    equal = paired_difference(*arms, kind=Kind.equivalence, margin=margin)
    no_worse = paired_difference(*arms, kind=Kind.non_inferiority, margin=margin)
    assert (equal.p_value < 0.05) == (-margin < equal.low and equal.high < margin)
    assert (no_worse.p_value < 0.05) == (-margin < no_worse.low)
    assert no_worse.p_value <= equal.p_value
    assert (equal.low, equal.high) == (no_worse.low, no_worse.high)


@given(two_arms(), MARGINS)
@settings(max_examples=30, deadline=None)
def test_equivalence_does_not_ask_which_arm_is_first(arms, margin):
    found, flipped = (paired_difference(*pair, kind=Kind.equivalence, margin=margin) for pair in (arms, arms[::-1]))
    assert flipped.p_value == pytest.approx(found.p_value)


@given(two_arms())
@settings(max_examples=30, deadline=None)
def test_a_wider_margin_is_never_harder_to_keep(arms):
    p_values = [paired_difference(*arms, kind=Kind.equivalence, margin=m).p_value for m in (0.02, 0.1, 0.3, 0.8)]
    assert p_values == sorted(p_values, reverse=True)


@pytest.mark.parametrize("margin", [0.05, 0.1, 0.15])
def test_many_facts_without_randomness_agree_with_tost_at_half_the_level(margin):
    a, b = study(400, None, 0.6, items=1, stream=1), study(400, None, 0.57, items=1, stream=2)
    one, two = (arm.sort_values("fact")["score"].to_numpy() for arm in (a, b))
    p, (_, lower, _), _ = ttost_paired(one, two, -margin, margin)
    # At the level at which a decision is taken; far out in the tail the intervals are wider by design.
    equal = paired_difference(a, b, kind=Kind.equivalence, margin=margin)
    no_worse = paired_difference(a, b, kind=Kind.non_inferiority, margin=margin)
    for found, of_one_side in ((equal, p), (no_worse, lower)):
        assert found.p_value == pytest.approx(min(1.0, 2 * of_one_side), rel=0.15, abs=0.01)


def test_far_below_the_margin_is_no_evidence_for_it():
    a, b = study(100, None, 0.3, stream=1), study(100, None, 0.8, stream=2)
    assert paired_difference(a, b, kind=Kind.non_inferiority, margin=0.05).p_value > 0.999
    assert paired_difference(b, a, kind=Kind.non_inferiority, margin=0.05).p_value < 0.001
    assert paired_difference(b, a, kind=Kind.equivalence, margin=0.05).p_value > 0.999


@pytest.mark.parametrize(
    ("kind", "margin"), [("difference", 0.05), ("equivalence", None), ("non_inferiority", 0.0), ("equivalence", np.nan)]
)
def test_a_margin_belongs_to_claims_that_need_one(kind, margin):
    arm = study(24, 3)
    with pytest.raises(ValueError, match="margin"):
        paired_difference(arm, arm, kind=Kind(kind), margin=margin)
