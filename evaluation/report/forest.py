"""The contrasts as a forest plot: differences with intervals about zero, and what they can and cannot say."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evaluation.report.canvas import QUIET, WIDTH, short_label, wrapped
from evaluation.report.formats import NOTHING, is_share, number, p_value
from evaluation.report.rows import Row, Summary, differing, has_interval, side_of, sides_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Transform

_INK = "#0072b2"
_LINE = 0.135  # inches from one line of text to the next
_COLUMNS = (34, 82, 132)  # where the columns of numbers are centred, in points right of the panel


def shown_contrasts(summary: Summary) -> list[Row]:
    """Return the contrasts whose rows were asked for, in the order in which the study states them."""
    return [contrast for contrast in summary.get("contrasts", []) if contrast.get("asked", True)]


def draw_contrasts(summary: Summary) -> "Figure":
    """Draw every contrast that was asked for: shares in one panel, metrics of another unit in one each beneath."""
    from matplotlib.figure import Figure

    contrasts, keys = shown_contrasts(summary), differing(sides_of(summary))
    units: dict[str, list[Row]] = {}
    for contrast in contrasts:
        metric = contrast["metric"]
        units.setdefault("difference in points" if is_share(metric) else f"difference in {metric}", []).append(contrast)
    names = {unit: [_name(contrast, keys) for contrast in group] for unit, group in units.items()}
    heights = [sum(_height(name) for name in group) for group in names.values()]
    figure = Figure(figsize=(WIDTH, sum(heights) + 0.75 * len(units) + 0.3))
    grid = figure.subplots(len(units), 1, squeeze=False, height_ratios=[0.3 + height for height in heights])
    for ax, (unit, group) in zip(grid.flat, units.items(), strict=True):
        _draw_unit(ax, group, names[unit])
        ax.set_xlabel(unit)
    words = ["a − b with 95 % interval", "grey ticks: smallest effect it could have found at 0.05, unadjusted"]
    if any(contrast.get("margin") is not None for contrast in contrasts):
        words.append("dashed: margin")
    if any(contrast["difference"] is not None and not has_interval(contrast) for contrast in contrasts):
        words.append("open mark: no interval")
    figure.supxlabel("; ".join(words), fontsize=7.5)
    return figure


def _name(contrast: Row, keys: Sequence[str]) -> str:
    a, b = (short_label(side_of(contrast[side]), keys) for side in "ab")
    where = f"on {contrast['suite']}" + (f", {contrast['metric']}" if contrast["metric"] != "accuracy" else "")
    return f"{wrapped(f'{a} − {b}', 40)}\n{wrapped(where, 40)}"


def _height(name: str) -> float:
    return _LINE * (1 + name.count("\n")) + 0.1


def _draw_unit(ax: "Axes", contrasts: Sequence[Row], names: Sequence[str]) -> None:
    places = _places(names)
    ax.axvline(0, color="black", linewidth=0.8, zorder=1)
    ax.set_yticks(places, names, fontsize=7)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(places[-1] + _height(names[-1]) / 2, -0.05)
    ax.grid(axis="x")
    for contrast, place in zip(contrasts, places, strict=True):
        _draw_contrast(ax, contrast, place)
    low, high = ax.get_xlim()
    ax.set_xlim(min(low, 0.0), max(high, 0.0))
    margins = any(contrast.get("margin") is not None for contrast in contrasts)
    titles = ("adjusted p", "smallest\neffect", "margin")
    for column, title in zip(_COLUMNS, titles if margins else titles[:2], strict=False):
        _beside(ax, title, 1.0, column, ax.transAxes, "bottom")
    for contrast, place in zip(contrasts, places, strict=True):
        for column, text in zip(_COLUMNS, _texts(contrast, margins), strict=False):
            _beside(ax, text, place, column, ax.get_yaxis_transform(), "center")


def _beside(ax: "Axes", text: str, height: float, points: int, transform: "Transform", up: str) -> None:
    """Write right of the panel."""
    style: dict[str, Any] = {"ha": "center", "va": up, "fontsize": 7}
    ax.annotate(text, (1, height), (points, 0), xycoords=transform, textcoords="offset points", **style)


def _places(names: Sequence[str]) -> list[float]:
    places, at = [], 0.0
    for name in names:
        places.append(at + _height(name) / 2)
        at += _height(name)
    return places


def _draw_contrast(ax: "Axes", contrast: Row, place: float) -> None:
    times = 100 if is_share(contrast["metric"]) else 1
    if (margin := contrast.get("margin")) is not None:
        for end in (-times * margin, times * margin)[: 1 if _one_sided(contrast) else 2]:
            ax.plot(
                [end, end], [place - 0.13, place + 0.13], color="black", linewidth=1, linestyle=(0, (2, 1)), zorder=2
            )
    if contrast["difference"] is None:
        ax.text(0, place, "not computed", color=QUIET, fontsize=6.5, style="italic", ha="center", va="center").set_bbox(
            {"color": "white", "pad": 1}
        )
        return
    if contrast["mde"] is not None:
        ends = [-times * contrast["mde"], times * contrast["mde"]]
        ax.plot(ends, [place, place], "|", color=QUIET, markersize=7, zorder=2)
    whole = has_interval(contrast)
    if whole:
        ends = [times * contrast["ci_low"], times * contrast["ci_high"]]
        ax.plot(ends, [place, place], color=_INK, linewidth=1.4, zorder=3)
    face = _INK if whole else "white"
    ax.plot([times * contrast["difference"]], [place], "o", color=_INK, markerfacecolor=face, markersize=4.5, zorder=4)


def _texts(contrast: Row, margins: bool) -> list[str]:
    metric, margin = contrast["metric"], contrast.get("margin")
    p = NOTHING
    if contrast["p_adjusted"] is not None:
        p = p_value(contrast["p_adjusted"])
    elif contrast["p_value"] is not None:
        p = f"{p_value(contrast['p_value'])}\n(not adjusted)"
    texts = [p, _number(contrast["mde"], metric)]
    if margins:
        told = [f"{'−' if _one_sided(contrast) else '±'}{number(margin, metric)}"] if margin is not None else []
        told += [wrapped(str(contrast["verdict"]), 16)] if contrast.get("verdict") else []
        texts.append("\n".join(told))
    return texts


def _one_sided(contrast: Row) -> bool:
    return contrast.get("kind") == "non_inferiority"


def _number(value: Any, metric: str) -> str:
    return NOTHING if value is None else number(value, metric)
