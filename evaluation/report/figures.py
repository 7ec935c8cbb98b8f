"""Figures of a study: accuracy with intervals, accuracy against context, and accuracy along a condition.

    from evaluation.report.figures import write_figures

They are drawn from the summary alone and repeat to the byte. An open mark has no interval; a row without an estimate
says so in its place.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.report.canvas import LINE_LOOKS, QUIET, look, panels, save, short_label, style, wrapped
from evaluation.report.conditions import Axis, accuracy_rows, condition_axis, lines
from evaluation.report.cost import draw_cost
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

NAMES = ("accuracy", "context_cost", "by_condition")


def figure_names(summary: Summary) -> list[str]:
    """Return the names of the figures that a summary gives rise to."""
    rows = accuracy_rows(summary)
    wanted = {
        "accuracy": bool(rows),
        "context_cost": any(row["estimate"] is not None and row["context_tokens"] is not None for row in rows),
        "by_condition": condition_axis(summary) is not None,
    }
    return [name for name in NAMES if wanted[name]]


def write_figures(folder: Path, summary: Summary) -> list[Path]:
    """Write ``figures/*.{png,svg}`` into a study's folder and return their paths.

    A figure of an earlier summary that this one does not give rise to is removed.
    """
    rows, names, paths = accuracy_rows(summary), figure_names(summary), []
    axis = condition_axis(summary)
    with style():
        for name in NAMES:
            path = folder / "figures" / name
            if name not in names:
                for suffix in (".png", ".svg"):
                    path.with_suffix(suffix).unlink(missing_ok=True)
            elif name == "accuracy":
                paths += save(_draw_accuracy(rows), path)
            elif name == "context_cost":
                paths += save(draw_cost(rows), path)
            elif axis is not None:
                paths += save(_draw_by_condition(rows, axis), path)
    return paths


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


def _draw_by_condition(rows: Sequence[Row], axis: Axis) -> "Figure":
    from matplotlib.transforms import ScaledTranslation

    suites = [suite for suite in suites_of(rows) if lines((row for row in rows if row["suite"] == suite), axis)]
    names = list(lines(rows, axis))
    figure, axes = panels(len(suites), 2, 2.3, extra=0.3 + 0.16 * -(-len(names) // 3))
    for suite, ax in zip(suites, axes, strict=True):
        ax.set_title(wrapped(suite, 40))
        ax.grid(axis="y")
        grouped = _kept_names(lines(rows, axis), suite)
        for index, (name, points) in enumerate(grouped.items()):
            # Side by side, so that the intervals at one value can be told apart.
            shift = (index - (len(names) - 1) / 2) * min(4.0, 24 / len(names))
            beside = ax.transData + ScaledTranslation(shift / 72, 0, figure.dpi_scale_trans)
            colour, mark = LINE_LOOKS[index % len(LINE_LOOKS)]
            dashes = "-" if index < len(LINE_LOOKS) else "--"
            ax.plot(
                [at for at, _ in points],
                # A missing estimate breaks the line.
                [math.nan if row["estimate"] is None else 100 * row["estimate"] for _, row in points],
                dashes + mark,
                color=colour,
                transform=beside,
                linewidth=1,
                markersize=4,
                label=wrapped(name, 34),
            )
            for at, row in points:
                if has_interval(row):
                    ends = [100 * row["ci_low"], 100 * row["ci_high"]]
                    ax.plot([at, at], ends, color=colour, transform=beside, linewidth=1)
    _scale(axes, axis)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(3, len(names)), frameon=False, fontsize=7)
    left_out = f" (not on this axis: {', '.join(axis.others)})" if axis.others else ""
    for ax in axes[-2:]:
        ax.set_xlabel(wrapped(axis.key + left_out, 50))
    figure.supylabel("accuracy in %, with 95 % interval", fontsize=8)
    return figure


def _kept_names(grouped: Mapping[str, list[tuple[float, Row]]], suite: str) -> dict[str, list[tuple[float, Row]]]:
    """Keep one suite's points on every line, so that a line looks the same in all panels."""
    return {name: [point for point in points if point[1]["suite"] == suite] for name, points in grouped.items()}


def _scale(axes: "Sequence[Axes]", axis: Axis) -> None:
    values = list(axis.values.values())
    low, high = min(values), max(values)
    first = axes[0]
    if low > 0 and high / low >= 8:
        first.set_xscale("log")
        room = (high / low) ** 0.12
        first.set_xlim(low / room, high * room)
    else:
        first.set_xlim(low - 0.15 * (high - low), high + 0.15 * (high - low))
    for ax in axes:
        ax.set_xticks(values, list(axis.values))
        ax.set_xticks([], minor=True)
        ax.tick_params(labelbottom=True)
    first.set_ylim(-4, 104)
