"""What a design could have found, and how likely it was to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evaluation.statistics.kernel import Floats, Pair

POWER = 0.8
STEPS = 10_000
"""Points of the integration; the fourth digit of the result does not depend on it."""
MANY = 1e5
"""Degrees of freedom from which on t is taken as normal."""


def power_of(effect: float, se: float, df: float, alpha: float = 0.05) -> float:
    """Chance that a two-sided t test finds a true difference.

    Read off the noncentral t distribution (Cohen, *Statistical Power Analysis*, 1988, ch. 2), which is integrated over
    the chi-square quantiles because scipy's `nct` is NaN for some arguments.

    Args:
        effect: the true difference.
        se: standard error of the difference, positive.
        df: its degrees of freedom, positive; infinity is the normal distribution.
        alpha: two-sided level of the test.

    Raises:
        ValueError: if an argument is outside of its range.
    """
    _check(se, df, alpha, POWER)
    return _chance(effect / se, _thresholds(df, alpha))


def minimum_detectable_effect(se: float, df: float, alpha: float = 0.05, power: float = POWER) -> float:
    """Smallest true difference that a two-sided t test finds with the given power.

    With many degrees of freedom it is (z[1 - alpha/2] + z[power]) se.

    Args:
        se: standard error of the difference, positive.
        df: its degrees of freedom, positive; infinity is the normal distribution.
        alpha: two-sided level of the test.
        power: chance wanted of finding the difference, above alpha.

    Returns:
        The difference, in the unit of `se`.

    Raises:
        ValueError: if an argument is outside of its range.
    """
    _check(se, df, alpha, power)
    from scipy.optimize import brentq
    from scipy.special import ndtri

    thresholds = _thresholds(df, alpha)
    most = 2 * (_critical(df, alpha) + float(ndtri(power)) + 1)
    while _chance(most, thresholds) < power:
        most *= 2
    return se * float(brentq(lambda effect: _chance(effect, thresholds) - power, 0.0, most))


def precision(pair: Pair, alpha: float = 0.05) -> tuple[float, float]:
    """Standard error of a difference, and the degrees of freedom whose t interval is as wide as the one offered.

    Args:
        pair: two arms, observed or expected (`planning`).
        alpha: 1 - level of the interval.
    """
    from scipy.special import stdtridf

    from evaluation.statistics.kernel import difference_bounds

    low, high = difference_bounds(pair, alpha)
    se = float(max(pair.apart.variance, pair.least_variance)) ** 0.5
    reach = float(high - low) / 2 / se
    return se, max(float(stdtridf(1 - alpha / 2, max(reach, 1.97))), 1.0)


def _check(se: float, df: float, alpha: float, power: float) -> None:
    from math import isfinite

    if not (se > 0 and isfinite(se)) or not df > 0 or not 0 < alpha < power < 1:
        raise ValueError(f"se > 0, df > 0 and 0 < alpha < power < 1 are needed; got {se}, {df}, {alpha}, {power}")


def _critical(df: float, alpha: float) -> float:
    from scipy.special import ndtri, stdtrit

    return float(-ndtri(alpha / 2) if df > MANY else -stdtrit(df, alpha / 2))


def _thresholds(df: float, alpha: float) -> Floats:
    """What a difference in standard errors has to exceed, at equally likely values of its estimated variance."""
    import numpy as np
    from scipy.special import chdtri

    if df > MANY:
        return np.array([_critical(df, alpha)])
    chances = (np.arange(STEPS) + 0.5) / STEPS
    thresholds: Floats = _critical(df, alpha) * np.sqrt(chdtri(df, chances) / df)
    return thresholds


def _chance(effect: float, thresholds: Floats) -> float:
    import numpy as np
    from scipy.special import ndtr

    return float(np.mean(ndtr(effect - thresholds) + ndtr(-effect - thresholds)))
