import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, norm
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from evaluation.statistics import benjamini_hochberg, holm, minimum_detectable_effect


def test_holm_by_hand():
    assert holm([0.01, None, 0.04, 0.03]) == pytest.approx([0.03, None, 0.06, 0.06])


@pytest.mark.slow
@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=8))
def test_none_stays_none_and_adjusting_never_helps(p_values):
    for adjusted in (holm(p_values), benjamini_hochberg(p_values)):
        assert len(adjusted) == len(p_values)
        for before, after in zip(p_values, adjusted, strict=True):
            assert (before is None) == (after is None)
            assert before is None or before - 1e-12 <= after <= 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_adjusted_p_values_are_those_of_scipy_and_statsmodels(p_values):
    assert benjamini_hochberg(p_values) == pytest.approx(list(false_discovery_control(p_values)))
    assert benjamini_hochberg(p_values) == pytest.approx(list(multipletests(p_values, method="fdr_bh")[1]))
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.nan])
def test_what_is_no_p_value_is_refused(wrong):
    with pytest.raises(ValueError, match="p-values"):
        holm([0.5, wrong])


@pytest.mark.parametrize("n", [3, 5, 24, 100])
@pytest.mark.parametrize("power", [0.5, 0.8, 0.95])
def test_detectable_effect_is_statsmodels(n, power):
    theirs = TTestPower().solve_power(nobs=n, alpha=0.05, power=power)
    assert minimum_detectable_effect(n**-0.5, n - 1, 0.05, power) == pytest.approx(theirs, rel=1e-3)


def test_detectable_effect_with_many_degrees_of_freedom_is_normal():
    assert minimum_detectable_effect(2.0, math.inf) == pytest.approx(2 * (norm.ppf(0.975) + norm.ppf(0.8)), rel=1e-4)


@pytest.mark.parametrize(
    "arguments", [(0, 3, 0.05, 0.8), (math.nan, 3, 0.05, 0.8), (1, 0, 0.05, 0.8), (1, 3, 0.8, 0.05)]
)
def test_impossible_designs_are_refused(arguments):
    with pytest.raises(ValueError, match="needed"):
        minimum_detectable_effect(*arguments)
