"""Adjustment of p-values for several contrasts; a contrast without a p-value stays without one and is not counted.

Written out, since statsmodels, which the tests hold them against, takes two seconds to load.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evaluation.statistics.kernel import Floats


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Control the chance of any false rejection (Holm, *Scandinavian Journal of Statistics* 6, 1979).

    Args:
        p_values: one per contrast, in [0, 1], or None where there is none.

    Returns:
        Adjusted p-values in the same order; None stays None.

    Raises:
        ValueError: if a p-value is not in [0, 1].
    """
    import numpy as np

    return _adjust(p_values, lambda p: np.maximum.accumulate(p * np.arange(len(p), 0, -1)))


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """Control the expected share of false rejections (Benjamini & Hochberg, *JRSS B* 57, 1995).

    Args:
        p_values: one per contrast, in [0, 1], or None where there is none.

    Returns:
        Adjusted p-values in the same order; None stays None.

    Raises:
        ValueError: if a p-value is not in [0, 1].
    """
    import numpy as np

    return _adjust(p_values, lambda p: np.minimum.accumulate((p / (np.arange(1, len(p) + 1) / len(p)))[::-1])[::-1])


def _adjust(p_values: Sequence[float | None], adjusted: Callable[[Floats], Floats]) -> list[float | None]:
    """Adjust the p-values that are known, from the smallest to the largest."""
    import numpy as np

    known = np.array([p for p in p_values if p is not None], float)
    wrong = [float(p) for p in known if not 0.0 <= p <= 1.0]
    if wrong:
        raise ValueError(f"p-values lie in [0, 1], got {wrong}")
    order = np.argsort(known, kind="stable")
    if len(known):
        known[order] = np.minimum(adjusted(known[order]), 1.0)
    left = iter(known)
    return [None if p is None else float(next(left)) for p in p_values]
