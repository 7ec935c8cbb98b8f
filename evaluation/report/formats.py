"""How numbers are written, the same everywhere."""

from collections.abc import Mapping
from typing import Any

NOTHING = "–"
NO_REASON = "no reason recorded"
CURVES = {"area_under_curve": "area under the curve", "steps_to_90": "steps to 90 %"}
"""The metrics that a whole learning curve has, in words."""
_SHARES = ("accuracy", "recall", "chance", "answers", "area_under")
_AS_FOR = {
    **dict.fromkeys(("ci_high", "ci_scope", "ci_method"), "ci_low"),
    **{"verdict": "p_value", "p_adjusted": "p_value"},
}

KINDS = {"difference": "difference", "equivalence": "equivalence", "non_inferiority": "non-inferiority"}


def is_share(metric: str) -> bool:
    """Tell whether a metric lies between 0 and 1 and is written in percent."""
    return metric.startswith(_SHARES)


def number(value: float, metric: str) -> str:
    """Write an estimate: a share in percent with one decimal, anything else with four digits."""
    return f"{100 * value:.1f}" if is_share(metric) else f"{value:.4g}"


def signed(value: float, metric: str) -> str:
    """Write a difference with its sign; what rounds to nothing has none."""
    text = f"{100 * value:+.1f}" if is_share(metric) else f"{value:+.4g}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def p_value(value: float) -> str:
    """Write a p-value to three decimals."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def tokens(mean: float) -> str:
    """Write a mean number of tokens."""
    return f"{mean:.1f}"


def spaced(value: float) -> str:
    """Write a number with its thousands apart: "12 000"."""
    return (f"{value:,}" if isinstance(value, int) else f"{value:,.15g}").replace(",", " ")


def money(value: float) -> str:
    """Write an amount of money: three digits, or all before the point and two behind."""
    text = f"{value:,.2f}".replace(",", " ") if abs(value) >= 100 else f"{value:.3g}"
    return text.replace("-", "−", 1) if value < 0 else text


def reason(row: Mapping[str, Any], field: str) -> str:
    """Say why a field is null.

    An interval's fields share their reason, and so do the p-values; where a row has no estimate at all, that is why.
    """
    reasons = row.get("reasons") or {}
    asked = [field, _AS_FOR.get(field, field)]
    asked += [name for name in ("estimate", "difference") if name in row and row[name] is None]
    return next((" ".join(str(reasons[name]).split()) for name in asked if reasons.get(name)), NO_REASON)
