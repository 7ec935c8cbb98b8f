"""Figures of a study: accuracy, its price in context, steps, seconds and money, and the contrasts.

    from evaluation.report.figures import write_figures

They are drawn from the summary, what cost time also from the timings, and repeat to the byte. An open mark has no
interval; a row without an estimate says so in its place.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.curves import ENOUGH, STEP
from evaluation.report.along import Cost, draw_along
from evaluation.report.break_even import pairs
from evaluation.report.break_even_figure import draw_break_even, drawable
from evaluation.report.canvas import QUIET, look, panels, save, short_label, style, wrapped
from evaluation.report.conditions import FACTS, accuracy_rows, at_the_end, axis_along, condition_axis
from evaluation.report.cost import draw_cost, telling
from evaluation.report.forest import draw_contrasts, shown_contrasts
from evaluation.report.rows import (
    Row,
    Summary,
    condition_keys,
    differing,
    has_interval,
    label,
    side_of,
    side_order,
    suites_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = ("accuracy", "contrasts", "context_cost", "learning_curve", "by_condition", "scale", "break_even")
Timings = Mapping[str, Any]


def figure_names(summary: Summary, timings: Timings | None = None) -> list[str]:
    """Return the names of the figures that a study gives rise to."""
    return list(_drawings(summary, timings or {}))


def write_figures(folder: Path, summary: Summary, timings: Timings | None = None) -> list[Path]:
    """Write ``figures/*.{png,svg}`` into a study's folder and return their paths.

    A figure of an earlier summary that this one does not give rise to is removed.

    Args:
        folder: The study's folder.
        summary: Its summary.
        timings: Its timings, without which nothing is drawn that takes seconds or money.
    """
    drawings, paths = _drawings(summary, timings or {}), []
    with style():
        for name in NAMES:
            path = folder / "figures" / name
            if name in drawings:
                paths += save(drawings[name](), path)
            else:
                for suffix in (".png", ".svg"):
                    path.with_suffix(suffix).unlink(missing_ok=True)
    return paths


def _drawings(summary: Summary, timings: Timings) -> "dict[str, Callable[[], Figure]]":
    """Return, by name, what draws each figure."""
    every, cells = accuracy_rows(summary), at_the_end(timings.get("cells", []))
    rows, prices = at_the_end(every), timings.get("prices") or {}
    seconds = Cost("training", "seconds (median, least to most)", cells, "train_seconds")
    found: dict[str, Callable[[], Figure]] = {}
    if rows:
        found["accuracy"] = partial(_draw_accuracy, rows)
    if shown_contrasts(summary):
        found["contrasts"] = partial(draw_contrasts, summary)
    if telling(rows):
        found["context_cost"] = partial(draw_cost, rows)
    if (steps := axis_along(summary, STEP)) is not None:
        found["learning_curve"] = partial(draw_along, every, steps, log=False, enough=ENOUGH)
    if (axis := condition_axis(summary)) is not None:
        found["by_condition"] = partial(draw_along, rows, axis, [seconds])
    if (facts := axis_along(summary, FACTS)) is not None:
        found["scale"] = partial(draw_along, rows, facts, [seconds, _context(rows)], log=True)
    if drawable(beside := pairs(summary, timings)):
        found["break_even"] = partial(draw_break_even, beside, prices)
    return found


def _context(rows: Sequence[Row]) -> Cost:
    reading = [row for row in rows if row["context_tokens"]]
    return Cost("context", "tokens (median over suites)", reading, "context_tokens")


def _draw_accuracy(rows: Sequence[Row]) -> "Figure":
    keys, every = differing(map(side_of, rows)), condition_keys(map(side_of, rows))
    sides = {
        label(side_of(row), keys): side_of(row) for row in sorted(rows, key=lambda r: side_order(side_of(r), every))
    }
    names, arms = list(sides), list(dict.fromkeys(arm for arm, _ in sides.values()))
    suites = suites_of(rows)
    ticks = [wrapped(short_label(side, keys)) for side in sides.values()]
    figure, axes = panels(
        len(suites), 4, 0.75 + len(ticks) * (0.05 + 0.13 * max(1 + tick.count("\n") for tick in ticks)), extra=0.25
    )
    for suite, ax in zip(suites, axes, strict=True):
        ax.set_title(wrapped(suite, 16))
        ax.grid(axis="x")
        for row in (row for row in rows if row["suite"] == suite):
            _draw_row(ax, row, names.index(label(side_of(row), keys)), look(row["arm"], arms))
    first = axes[0]
    first.set_yticks(range(len(names)), ticks)
    first.set_ylim(len(names) - 0.4, -0.6)
    first.set_xlim(-5, 105)
    first.set_xticks([0, 25, 50, 75, 100], ["0", "", "50", "", "100"])
    for ax in axes:
        ax.tick_params(axis="y", length=0)
        ax.tick_params(axis="x", labelbottom=True)
    legend = "accuracy in %, with 95 % interval"
    if any(row["estimate"] is not None and not has_interval(row) for row in rows):
        legend += "; open mark: no interval"
    figure.supxlabel(legend, fontsize=8)
    return figure


def _draw_row(ax: "Axes", row: Row, at: int, looks: tuple[str, str]) -> None:
    colour, mark = looks
    if row["estimate"] is None:
        words = ax.text(50, at, "no estimate", color=QUIET, fontsize=6.5, style="italic", ha="center", va="center")
        words.set_bbox({"color": "white", "pad": 1})
        return
    whole = has_interval(row)
    if whole:
        ax.plot([100 * row["ci_low"], 100 * row["ci_high"]], [at, at], color=colour, linewidth=1.4)
    face = colour if whole else "white"
    ax.plot([100 * row["estimate"]], [at], mark, color=colour, markerfacecolor=face, markersize=4.5, clip_on=False)
