"""What a design could have found."""

from __future__ import annotations

STEPS = 10_000
"""Points of the integration; the fourth digit of the result does not depend on it."""


def minimum_detectable_effect(se: float, df: float, alpha: float = 0.05, power: float = 0.8) -> float:
    """Smallest true difference that a two-sided t test finds with the given power.

    Solved from the noncentral t distribution (Cohen, *Statistical Power Analysis*, 1988, ch. 2), which is integrated
    over the chi-square quantiles because scipy's `nct` is NaN for some arguments; with many degrees of freedom it is
    (z[1 - alpha/2] + z[power]) se.

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
    from math import isfinite

    if not (se > 0 and isfinite(se)) or not df > 0 or not 0 < alpha < power < 1:
        raise ValueError(f"se > 0, df > 0 and 0 < alpha < power < 1 are needed; got {se}, {df}, {alpha}, {power}")
    import numpy as np
    from scipy.optimize import brentq
    from scipy.special import chdtri, ndtr, ndtri, stdtrit

    many = df > 1e5
    critical = float(-ndtri(alpha / 2) if many else -stdtrit(df, alpha / 2))
    chances = (np.arange(STEPS) + 0.5) / STEPS
    thresholds = np.array([critical]) if many else critical * np.sqrt(chdtri(df, chances) / df)

    def excess(effect: float) -> float:
        return float(np.mean(ndtr(effect - thresholds) + ndtr(-effect - thresholds))) - power

    most = 2 * (critical + float(ndtri(power)) + 1)
    while excess(most) < 0:
        most *= 2
    return se * float(brentq(excess, 0.0, most))
