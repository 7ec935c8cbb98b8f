"""Lines along a numeric condition: accuracy with intervals, one panel a suite, and what it cost beside it."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

from evaluation.report.canvas import (
    QUIET,
    height_below,
    legend_below,
    line_look,
    log_ticks,
    panels,
    short_label,
    wrapped,
)
from evaluation.report.conditions import Axis
from evaluation.report.formats import spaced
from evaluation.report.rows import Row, differing, has_interval, label, natural, side_of, suites_of, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MANY = 6  # more lines than these are parted into panels, by the condition of fewest values
_WIDE = 8  # a range that spans more than this factor is drawn on a logarithmic scale
_APART = 4.0  # points from the marks of one line to those of the next
_PANEL = 190  # points across, roughly

Points = list[tuple[float, Row]]
Draw = Callable[["Axes", "_Line", Points], None]


@dataclass(frozen=True)
class Cost:
    """Something to be drawn beside accuracy.

    Attributes:
        title: Of its panel.
        unit: What stands at its axis.
        rows: Rows or timings.
        field: Which of their fields is drawn: the median of each place, with a line from the least to the most.
    """

    title: str
    unit: str
    rows: Sequence[Row]
    field: str


@dataclass(frozen=True)
class _Line:
    """How a line looks, and how many points it is moved aside so that intervals can be told apart."""

    look: dict[str, Any]
    shift: float


def draw_along(
    rows: Sequence[Row], axis: Axis, costs: Sequence[Cost] = (), *, log: bool | None = None, enough: float | None = None
) -> "Figure":
    """Draw accuracy along a condition.

    Args:
        rows: Rows of accuracy.
        axis: The condition.
        costs: What stands in panels of its own after those of accuracy.
        log: Whether the axis is logarithmic; by default it is where its values span much.
        enough: An accuracy that is marked by a dotted line.
    """
    from matplotlib.lines import Line2D

    rows = [row for row in rows if axis.at(row) is not None]
    keys = [key for key in differing(map(side_of, rows)) if key != axis.key]
    split = _split(rows, keys)
    keys = [key for key in keys if key != split]
    names = {label(side_of(row), keys): short_label(side_of(row), keys) for row in rows}
    drawn = list(_panels(rows, split, suites_of(rows), costs, axis))
    legend = [wrapped(name, 34) for name in names.values()]
    words = _words(axis, rows, enough)
    figure, axes = panels(len(drawn), 2, 2.3, extra=height_below(legend, words), share_y=False)
    scale = _scale(axes[0], axis, log)
    shifts = _shifts(len(names), axis, scale)
    for ax, panel in zip(axes, drawn, strict=True):
        ax.set_title(wrapped(panel.title, 40))
        ax.set_ylabel(panel.unit, fontsize=7.5)
        ax.grid(axis="y")
        for index, name in enumerate(names):
            points = [(at, row) for row in panel.rows if (at := axis.at(row)) is not None]
            points = [(at, row) for at, row in points if label(side_of(row), keys) == name]
            panel.draw(ax, _Line(line_look(index), shifts[index]), sorted(points, key=lambda point: point[0]))
        if panel.accuracy:
            ax.set_ylim(-4, 104)
            if enough is not None:
                ax.axhline(100 * enough, color=QUIET, linewidth=0.8, linestyle=":", zorder=0)
        else:
            _fit(ax, panel.values())
    _name_places(axes, axis, scale)
    handles = [Line2D([], [], markersize=4, linewidth=1, **line_look(index)) for index in range(len(legend))]
    legend_below(figure, handles, legend, words)
    return figure


@dataclass(frozen=True)
class _Panel:
    title: str
    unit: str
    rows: Sequence[Row]
    draw: Draw
    accuracy: bool = True
    field: str = "estimate"

    def values(self) -> list[float]:
        return [row[self.field] for row in self.rows]


def _panels(
    rows: Sequence[Row], split: str | None, suites: Iterable[str], costs: Iterable[Cost], axis: Axis
) -> "Iterable[_Panel]":
    """Yield a panel for each suite and each cost, parted by the values of ``split``."""
    parts = sorted({value_text(side_of(row)[1][split]) for row in rows}, key=natural) if split else [""]

    def part(of: Iterable[Row], value: str) -> list[Row]:
        return [row for row in of if not split or value_text(side_of(row)[1].get(split, "")) == value]

    for suite in suites:
        for value in parts:
            here = part((row for row in rows if row["suite"] == suite), value)
            if here:
                yield _Panel(_title(suite, split, value), "accuracy in %", here, _draw_accuracy)
    for cost in costs:
        known = [row for row in cost.rows if row.get(cost.field) is not None and axis.at(row) is not None]
        for value in parts:
            if here := part(known, value):
                draw = partial(_draw_cost, field=cost.field)
                yield _Panel(_title(cost.title, split, value), cost.unit, here, draw, False, cost.field)


def _title(what: str, split: str | None, value: str) -> str:
    return f"{what}, {split} {value}" if split else what


def _split(rows: Sequence[Row], keys: Sequence[str]) -> str | None:
    """Return the condition that parts the lines into panels, if there are too many for one."""
    if len({label(side_of(row), keys) for row in rows}) <= _MANY:
        return None
    values = {key: {value_text(side_of(row)[1][key]) for row in rows if key in side_of(row)[1]} for key in keys}
    everywhere = [key for key in keys if len(values[key]) > 1 and all(key in side_of(row)[1] for row in rows)]
    return min(everywhere, key=lambda key: (len(values[key]), key), default=None)


def _draw_accuracy(ax: "Axes", line: _Line, points: Points) -> None:
    transform = _beside(ax, line)
    # A missing estimate breaks the line.
    heights = [math.nan if row["estimate"] is None else 100 * row["estimate"] for _, row in points]
    ax.plot([at for at, _ in points], heights, transform=transform, linewidth=1, **line.look | {"marker": ""})
    for (at, row), height in zip(points, heights, strict=True):
        whole = has_interval(row)
        ends = (100 * row["ci_low"], 100 * row["ci_high"]) if whole else (height, height)
        _draw_point(ax, line, at, height, ends, filled=whole)


def _draw_cost(ax: "Axes", line: _Line, points: Points, field: str) -> None:
    places: dict[float, list[float]] = {}
    for at, row in points:
        places.setdefault(at, []).append(row[field])
    heights = {at: median(found) for at, found in places.items()}
    look = line.look | {"marker": ""}
    ax.plot(list(heights), list(heights.values()), transform=_beside(ax, line), linewidth=1, **look)
    for at, found in places.items():
        _draw_point(ax, line, at, heights[at], (min(found), max(found)))


def _draw_point(
    ax: "Axes", line: _Line, at: float, height: float, ends: tuple[float, float], filled: bool = True
) -> None:
    colour, transform = line.look["color"], _beside(ax, line)
    ax.plot([at, at], ends, color=colour, transform=transform, linewidth=1)
    face = colour if filled else "white"
    style = {"color": colour, "markerfacecolor": face, "markersize": 4, "zorder": 3}
    ax.plot([at], [height], line.look["marker"], transform=transform, **style)


def _beside(ax: "Axes", line: _Line) -> Any:
    from matplotlib.transforms import ScaledTranslation

    figure = ax.get_figure(root=True)
    assert figure is not None
    return ax.transData + ScaledTranslation(line.shift / 72, 0, figure.dpi_scale_trans)


def _shifts(count: int, axis: Axis, scale: Callable[[float], float]) -> list[float]:
    """Return how far each line is moved aside: never so far that it seems to belong to the next value."""
    places = [scale(value) for value in axis.values.values()]
    nearest = min(b - a for a, b in zip(places, places[1:], strict=False)) / (places[-1] - places[0]) * _PANEL
    step = min(_APART, 0.4 * nearest / max(count - 1, 1))
    return [(index - (count - 1) / 2) * step for index in range(count)]


def _scale(ax: "Axes", axis: Axis, log: bool | None) -> Callable[[float], float]:
    """Set the axis of the condition, and return how its values lie on it."""
    values = list(axis.values.values())
    low, high = min(values), max(values)
    if low > 0 and (high / low >= _WIDE if log is None else log):
        ax.set_xscale("log")
        room = (high / low) ** 0.12
        ax.set_xlim(low / room, high * room)
        return math.log
    room = 0.12 * (high - low)
    ax.set_xlim(low - room, high + room)
    return float


def _fit(ax: "Axes", values: Sequence[float]) -> None:
    low, high = min(values), max(values)
    if low > 0 and high / low >= _WIDE:
        ax.set_yscale("log")
        ax.set_ylim(low / 1.5, high * 1.5)
        log_ticks(ax.yaxis, low, high)
    else:
        ax.set_ylim(min(0.0, low), 1.08 * high or 1.0)
        ax.yaxis.set_major_formatter(lambda value, _: spaced(value))


def _name_places(axes: "Sequence[Axes]", axis: Axis, scale: Callable[[float], float]) -> None:
    """Write the values under the axis, leaving out those for which there is no room."""
    values, texts = list(axis.values.values()), list(axis.values)
    span = scale(values[-1]) - scale(values[0])
    shown: list[int] = []
    # The last value first: where it ends is what one looks for.
    for index in reversed(range(len(values))):
        room = (7 + 4.4 * max(len(text) for text in texts)) / _PANEL * span
        if not shown or scale(values[shown[-1]]) - scale(values[index]) >= room:
            shown.append(index)
    shown.reverse()
    for ax in axes:
        ax.set_xticks([values[i] for i in shown], [texts[i] for i in shown])
        others = [value for i, value in enumerate(values) if i not in shown]
        ax.set_xticks(others, [""] * len(others), minor=True)
        ax.tick_params(labelbottom=True)
    for ax in axes[-2:]:
        ax.set_xlabel(wrapped(axis.key, 50))


def _words(axis: Axis, rows: Sequence[Row], enough: float | None) -> str:
    """Say how the figure is to be read."""
    words = ["vertical lines: 95 % intervals of accuracy"]
    if any(row["estimate"] is not None and not has_interval(row) for row in rows):
        words.append("open mark: no interval")
    if enough is not None:
        words.append(f"dotted: {100 * enough:.0f} %")
    if axis.others:
        words.append(f"not on this axis: {', '.join(axis.others)}")
    return "; ".join(words)
