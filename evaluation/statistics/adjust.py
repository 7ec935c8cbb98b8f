"""Adjustment of p-values for several contrasts; a contrast without a p-value stays without one and is not counted."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Control the chance of any false rejection (Holm, *Scandinavian Journal of Statistics* 6, 1979).

    Args:
        p_values: one per contrast, in [0, 1], or None where there is none.

    Returns:
        Adjusted p-values in the same order; None stays None.

    Raises:
        ValueError: if a p-value is not in [0, 1].
    """
    return _adjust(p_values, "holm")


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """Control the expected share of false rejections (Benjamini & Hochberg, *JRSS B* 57, 1995).

    Args:
        p_values: one per contrast, in [0, 1], or None where there is none.

    Returns:
        Adjusted p-values in the same order; None stays None.

    Raises:
        ValueError: if a p-value is not in [0, 1].
    """
    return _adjust(p_values, "fdr_bh")


def _adjust(p_values: Sequence[float | None], method: str) -> list[float | None]:
    known = [float(p) for p in p_values if p is not None]
    wrong = [p for p in known if not 0.0 <= p <= 1.0]
    if wrong:
        raise ValueError(f"p-values lie in [0, 1], got {wrong}")
    if not known:
        return [None] * len(p_values)
    from statsmodels.stats.multitest import multipletests

    adjusted = iter(multipletests(known, method=method)[1])
    return [None if p is None else float(next(adjusted)) for p in p_values]
