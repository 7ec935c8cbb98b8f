"""Total cost against the number of queries, with the points from which on training is cheaper."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evaluation.report.break_even import Pair, told_prices
from evaluation.report.canvas import arm_looks, height_below, legend_below, log_ticks, panels, short_label, wrapped
from evaluation.report.formats import spaced
from evaluation.report.labels import Mark, place_labels
from evaluation.report.rows import Side, differing, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.transforms import Bbox

_MANY = 4  # of more lines of a kind the cheapest and the dearest are drawn
_LEAST, _MOST = 3, 12  # powers of ten that the axis of queries reaches, at least and at most


@dataclass(frozen=True)
class _Line:
    side: Side
    training: float
    query: float

    def cost(self, queries: float) -> float:
        return self.training + queries * self.query


def drawable(found: Iterable[Pair]) -> list[Pair]:
    """Return the pairs of which both sides cost something: nothing that is free lies on a logarithmic axis."""
    return [pair for pair in found if pair.training and pair.queries[0] is not None and pair.queries[1]]


def draw_break_even(found: Iterable[Pair], prices: Mapping[str, Any]) -> "Figure":
    """Draw what training and what context cost after any number of queries."""
    pairs = drawable(found)
    keys = differing([side for pair in pairs for side in (pair.trained, pair.context)])
    sides = {label(pair.trained, keys): _Line(pair.trained, pair.training or 0, pair.queries[0] or 0) for pair in pairs}
    others = {label(pair.context, keys): _Line(pair.context, 0, pair.queries[1] or 0) for pair in pairs}
    trained, context = _outermost(sides), _outermost(others)
    lines = [*trained.values(), *context.values()]
    points = {
        (n, trained[name].cost(n))
        for pair in pairs
        if (name := label(pair.trained, keys)) in trained and label(pair.context, keys) in context
        if (n := pair.break_even) is not None and n <= 10**_MOST
    }
    last = min(max([_LEAST, *(math.ceil(math.log10(n)) + 1 for n, _ in points)]), _MOST)
    words = "rings: from here on training is cheaper"
    if len(lines) < len(sides) + len(others):
        words += "; of many conditions the cheapest and the dearest are drawn"
    words = f"{words}. {told_prices(prices)}"
    names = [wrapped(short_label(line.side, keys), 34) for line in lines]
    figure, (ax,) = panels(1, 1, 3.4, extra=height_below(names, words))
    legend_below(figure, _draw_lines(ax, lines, last), names, words)
    ax.set_title(wrapped(f"total cost on {pairs[0].suite}", 80))
    ax.set_xlabel("queries")
    ax.set_ylabel(wrapped(f"training and queries in {prices['currency']}", 40))
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # labels are placed where the panel now lies
    rings = [[Mark(ax, at, None, 0.0, ("#000000", "o"), spaced(at[0]))] for at in sorted(points)]
    place_labels(rings, list(_boxes(ax)))
    return figure


def _boxes(ax: "Axes") -> "Iterator[Bbox]":
    """Yield boxes along the lines, which labels keep clear of."""
    from matplotlib.transforms import Bbox

    for line in list(ax.lines):
        for x, y in line.get_transform().transform(line.get_xydata()):
            yield Bbox.from_extents(x - 6, y - 1, x + 6, y + 1)


def _outermost(lines: Mapping[str, _Line]) -> dict[str, _Line]:
    if len(lines) <= _MANY:
        return dict(lines)
    ranked = sorted(lines, key=lambda name: (lines[name].training, lines[name].query, name))
    return {name: lines[name] for name in (ranked[0], ranked[-1])}


def _draw_lines(ax: "Axes", lines: Sequence[_Line], last: int) -> "list[Line2D]":
    places = [10 ** (step / 8) for step in range(8 * last + 1)]
    drawn: list[Line2D] = []
    looks = arm_looks([line.side[0] for line in lines])
    for index, (line, look) in enumerate(zip(lines, looks, strict=True)):
        costs = [line.cost(place) for place in places]
        # Marks at other places on each line, so that lines that run together can be told apart.
        drawn += ax.plot(places, costs, linewidth=1.1, markersize=4, markevery=(index % 8, 8), **look)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.grid()
    log_ticks(ax.xaxis, 1, places[-1])
    log_ticks(ax.yaxis, *ax.get_ylim())
    return drawn
