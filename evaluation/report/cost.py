"""Accuracy against the context that it takes: one panel a suite, every point labelled where it stands."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from evaluation.report.canvas import QUIET, look, panels, wrapped
from evaluation.report.rows import ARMS, Row, differing, label, place, side_of, suites_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

_LINEAR_TO = 10
# Where a label may stand, in points from its mark: near before far, and at the side before above or below.
_ANGLES = ((1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1), (0, 1), (0, -1), (2, 1), (2, -1), (-2, 1), (-2, -1))
_DISTANCES = (6, 11, 17, 24, 32, 41, 52, 65, 80, 100)


def draw_cost(rows: Sequence[Row]) -> "Figure":
    """Draw accuracy with its interval against the mean number of context tokens."""
    rows = [row for row in rows if row["estimate"] is not None and row["context_tokens"] is not None]
    keys = differing(map(side_of, rows))
    arms = sorted({row["arm"] for row in rows}, key=lambda arm: place(arm, ARMS))
    suites = suites_of(rows)
    most = max(sum(row["suite"] == suite for row in rows) for suite in suites)
    figure, axes = panels(len(suites), 2, min(4.2, 2.3 + 0.1 * most), extra=0.25)
    _scale(axes[0], rows)
    marks = []
    for suite, ax in zip(suites, axes, strict=True):
        ax.set_title(wrapped(suite, 40))
        ax.grid()
        ax.tick_params(labelbottom=True)
        for row, shift in _side_by_side([row for row in rows if row["suite"] == suite]):
            colour, mark = look(row["arm"], arms)
            marks.append(_Mark(ax, row, shift, colour, mark, wrapped(label(side_of(row), keys), 26)))
    figure.supxlabel("context tokens beyond the bare question (mean); equal ones stand side by side", fontsize=8)
    figure.supylabel("accuracy in %, with 95 % interval", fontsize=8)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # labels are placed where the panels now lie
    for ax in axes:
        _place_labels([mark for mark in marks if mark.ax is ax])
    return figure


class _Mark:
    """A point, its interval, and the label that it is to have."""

    def __init__(self, ax: "Axes", row: Row, shift: float, colour: str, mark: str, name: str) -> None:
        from matplotlib.transforms import ScaledTranslation

        figure = ax.get_figure(root=True)
        assert figure is not None
        self.ax, self.name, self.colour = ax, name, colour
        self.transform = ax.transData + ScaledTranslation(shift / 72, 0, figure.dpi_scale_trans)
        self.at = (row["context_tokens"], 100 * row["estimate"])
        whole = row["ci_low"] is not None and row["ci_high"] is not None
        self.ends = (100 * row["ci_low"], 100 * row["ci_high"]) if whole else (self.at[1], self.at[1])
        style: dict[str, Any] = {"color": colour, "transform": self.transform, "clip_on": False}
        if whole:
            ax.plot([self.at[0]] * 2, self.ends, linewidth=1.2, **style)
        face = colour if whole else "white"
        ax.plot([self.at[0]], [self.at[1]], mark, markersize=5, markerfacecolor=face, zorder=4, **style)

    def boxes(self) -> "list[Bbox]":
        """Return what a label must not cover, in pixels: the mark and its interval."""
        from matplotlib.transforms import Bbox

        x, y = self.transform.transform(self.at)
        low, high = (self.transform.transform((self.at[0], end))[1] for end in self.ends)
        return [Bbox.from_extents(x - 5, y - 5, x + 5, y + 5), Bbox.from_extents(x - 1.5, low, x + 1.5, high)]


def _side_by_side(rows: Sequence[Row]) -> Iterator[tuple[Row, float]]:
    """Yield each row with a shift in points that keeps rows with (nearly) the same tokens apart."""
    groups: list[list[Row]] = []
    for row in sorted(rows, key=lambda row: row["context_tokens"]):
        last = groups[-1][0]["context_tokens"] if groups else None
        if last is not None and row["context_tokens"] - last <= max(0.5, 0.03 * last):
            groups[-1].append(row)
        else:
            groups.append([row])
    for group in groups:
        step = min(10.0, 84 / len(group))
        for index, row in enumerate(group):
            yield row, (index - (len(group) - 1) / 2) * step


def _scale(ax: "Axes", rows: Sequence[Row]) -> None:
    most = max(row["context_tokens"] for row in rows)
    ticks = [0, 10]
    while ticks[-1] < most:
        ticks.append(ticks[-1] * 10)
    ax.set_xscale("symlog", linthresh=_LINEAR_TO, linscale=0.7)
    ax.set_xlim(-9, max(3 * most, 30))
    ax.set_xticks(ticks, [f"{tick:,}".replace(",", " ") for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.set_ylim(-4, 104)


def _place_labels(marks: Sequence[_Mark]) -> None:
    """Put each label at the nearest place where it covers nothing, with a thin line to its mark if that is far."""
    taken = [box for mark in marks for box in mark.boxes()]
    for mark in sorted(marks, key=lambda mark: (-mark.at[1], mark.at[0], mark.name)):
        text = mark.ax.annotate(
            mark.name,
            mark.at,
            xycoords=mark.transform,
            xytext=(0, 0),
            textcoords="offset points",
            fontsize=6.5,
            color=mark.colour,
            zorder=5,
        )
        best: tuple[float, tuple[float, float], str, str] | None = None
        for offset, across, up in _places():
            text.set_position(offset)
            text.set(horizontalalignment=across, verticalalignment=up)
            cost = _covered(text.get_window_extent().padded(1), taken, mark.ax.get_window_extent())
            if best is None or cost < best[0]:
                best = (cost, offset, across, up)
            if cost == 0:
                break
        assert best is not None
        text.set_position(best[1])
        text.set(horizontalalignment=best[2], verticalalignment=best[3])
        taken.append(text.get_window_extent())
        if max(map(abs, best[1])) > 16:
            mark.ax.annotate(
                "",
                mark.at,
                xycoords=mark.transform,
                xytext=best[1],
                textcoords="offset points",
                arrowprops={"arrowstyle": "-", "color": QUIET, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3},
                zorder=2,
            )


def _places() -> Iterator[tuple[tuple[float, float], str, str]]:
    sides, heights = {1: "left", -1: "right", 0: "center"}, {1: "bottom", -1: "top", 0: "center"}
    for distance in _DISTANCES:
        for x, y in _ANGLES:
            long = abs(x) + abs(y) if x and y else 1
            offset = (
                (distance * x / long * 1.4, distance * y / long * 1.4) if long > 1 else (distance * x, distance * y)
            )
            yield offset, sides[(x > 0) - (x < 0)], heights[(y > 0) - (y < 0)]


def _covered(box: "Bbox", taken: "Sequence[Bbox]", panel: "Bbox") -> float:
    """Return how many square pixels of a label's box lie over something else or outside its panel."""
    from matplotlib.transforms import Bbox

    def area(other: "Bbox") -> float:
        shared = Bbox.intersection(box, other)
        return 0.0 if shared is None else float(shared.width * shared.height)

    outside = box.width * box.height - area(panel)
    return sum(map(area, taken)) + 3 * (outside if outside > 1e-6 else 0.0)
