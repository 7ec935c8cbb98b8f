"""Accuracy against the context that it takes: one panel a suite, every point labelled where it stands."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from evaluation.report.canvas import look, panels, short_label, wrapped
from evaluation.report.formats import spaced
from evaluation.report.labels import Mark, place_labels
from evaluation.report.rows import ARMS, Row, differing, has_interval, place, side_of, suites_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LINEAR_TO = 10
_PANEL = 210  # points across, roughly
_MARK = 6  # points across
_MOST = 40  # marks that can be named in one panel


def telling(rows: Sequence[Row]) -> bool:
    """Tell whether the figure shows anything: marks at several places, and no more than can be named."""
    known = [row for row in rows if row["estimate"] is not None and row["context_tokens"] is not None]
    most = max(Counter(row["suite"] for row in known).values(), default=0)
    return most <= _MOST and len({row["context_tokens"] for row in known}) > 1


def draw_cost(rows: Sequence[Row]) -> "Figure":
    """Draw accuracy with its interval against the mean number of context tokens."""
    rows = [row for row in rows if row["estimate"] is not None and row["context_tokens"] is not None]
    keys = differing(map(side_of, rows))
    arms = sorted({row["arm"] for row in rows}, key=lambda arm: place(arm, ARMS))
    suites = suites_of(rows)
    most = max(sum(row["suite"] == suite for row in rows) for suite in suites)
    figure, axes = panels(len(suites), 2, max(2.4, 0.9 + 0.13 * most), extra=0.25)
    _scale(axes[0], rows)
    panelled: list[list[list[Mark]]] = []
    for suite, ax in zip(suites, axes, strict=True):
        ax.set_title(wrapped(suite, 40))
        ax.grid()
        ax.tick_params(labelbottom=True)
        panelled.append([])
        rows_here = [row for row in rows if row["suite"] == suite]
        for group in _alike(ax, rows_here):
            panelled[-1].append([_mark(ax, row, shift, arms, keys) for row, shift in _side_by_side(ax, group)])
    legend = "context tokens beyond the bare question (mean); nearly equal ones stand side by side"
    figure.supxlabel(legend + ("; open mark: no interval" if not all(map(has_interval, rows)) else ""), fontsize=8)
    figure.supylabel("accuracy in %, with 95 % interval", fontsize=8)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # labels are placed where the panels now lie
    for groups in panelled:
        place_labels(groups)
    return figure


def _mark(ax: "Axes", row: Row, shift: float, arms: list[str], keys: list[str]) -> Mark:
    at = (row["context_tokens"], 100 * row["estimate"])
    ends = (100 * row["ci_low"], 100 * row["ci_high"]) if has_interval(row) else None
    return Mark(ax, at, ends, shift, look(row["arm"], arms), short_label(side_of(row), keys))


def _alike(ax: "Axes", rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield groups of rows whose marks would lie on one another, were they equally accurate."""
    group: list[Row] = []
    for row in sorted(rows, key=lambda row: row["context_tokens"]):
        if group and _across(ax, row) - _across(ax, group[-1]) > _MARK:
            yield group
            group = []
        group.append(row)
    yield group


def _side_by_side(ax: "Axes", group: Sequence[Row]) -> Iterator[tuple[Row, float]]:
    """Yield a group's rows with shifts in points that keep their marks apart."""
    places, widest = [_across(ax, row) for row in group], float(_MARK)
    if places[-1] - places[0] < 1:
        widest = 9.0
        # The higher stands further left, so that lines to labels on the right pass above the lower ones.
        group = sorted(group, key=lambda row: -row["estimate"])
    middle, step = sum(places) / len(places), min(widest, 60 / len(group))
    for index, row in enumerate(group):
        yield row, middle + (index - (len(group) - 1) / 2) * step - _across(ax, row)


def _across(ax: "Axes", row: Row) -> float:
    """Return roughly how many points from zero a row is drawn."""
    scale = ax.get_xaxis().get_transform().transform
    low, high = (float(scale(end)) for end in ax.get_xlim())
    return float(scale(row["context_tokens"])) / (high - low) * _PANEL


def _scale(ax: "Axes", rows: Sequence[Row]) -> None:
    most = max(row["context_tokens"] for row in rows)
    ticks = [0, 10]
    while ticks[-1] < most:
        ticks.append(ticks[-1] * 10)
    ax.set_xscale("symlog", linthresh=_LINEAR_TO, linscale=0.9)
    ax.set_xlim(-8, max(4 * most, 30))
    ax.set_xticks(ticks, [spaced(tick) for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.set_ylim(-4, 104)
