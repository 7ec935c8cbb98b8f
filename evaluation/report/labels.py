"""Points with an interval, and labels beside them that do not lie on one another."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from evaluation.report.canvas import QUIET

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

# Where a label may stand, in points from its mark: near before far, and at the side before above or below.
_ANGLES = ((1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1), (0, 1), (0, -1), (2, 1), (2, -1), (-2, 1), (-2, -1))
_DISTANCES = (6, 11, 17, 24, 32, 41, 52, 65, 80, 100)
_TOGETHER = 3  # more points than these at one place have their labels in a column
_LINE = 8.2  # points from one label of a column to the next
_COLUMNS = (8, 24, 40, 60, 80, 100, 120, 140)


class Mark:
    """A point, its interval, and the label that it is to have.

    Args:
        ax: Where it is drawn.
        at: Where the point is.
        ends: Heights of its interval; without one the mark is open.
        shift: Points to the right of where it belongs, so that others can stand beside it.
        looks: Colour and mark.
        name: The label.
    """

    def __init__(
        self,
        ax: "Axes",
        at: tuple[float, float],
        ends: tuple[float, float] | None,
        shift: float,
        looks: tuple[str, str],
        name: str,
    ) -> None:
        from matplotlib.transforms import ScaledTranslation

        figure = ax.get_figure(root=True)
        assert figure is not None
        self.ax, self.name, (self.colour, mark) = ax, name, looks
        self.transform = ax.transData + ScaledTranslation(shift / 72, 0, figure.dpi_scale_trans)
        self.at = at
        self.pixel = 72 / figure.dpi  # in points
        self.ends = ends or (at[1], at[1])
        style: dict[str, Any] = {"color": self.colour, "transform": self.transform, "clip_on": False}
        if ends:
            ax.plot([self.at[0]] * 2, self.ends, linewidth=1.2, **style)
        face = self.colour if ends else "white"
        ax.plot([self.at[0]], [self.at[1]], mark, markersize=5, markerfacecolor=face, zorder=4, **style)

    def place(self) -> tuple[float, float]:
        """Return where the point is, in pixels."""
        x, y = self.transform.transform(self.at)
        return float(x), float(y)

    def boxes(self) -> "list[Bbox]":
        """Return what a label must not cover, in pixels: the mark and its interval."""
        from matplotlib.transforms import Bbox

        x, y = self.place()
        low, high = (self.transform.transform((self.at[0], end))[1] for end in self.ends)
        return [Bbox.from_extents(x - 5, y - 5, x + 5, y + 5), Bbox.from_extents(x - 1.5, low, x + 1.5, high)]

    def label(self) -> "Annotation":
        """Write the label on the point, from where it can be moved."""
        from matplotlib.patheffects import withStroke

        return self.ax.annotate(
            self.name,
            self.at,
            xycoords=self.transform,
            xytext=(0, 0),
            textcoords="offset points",
            fontsize=6.5,
            color=self.colour,
            verticalalignment="center",
            zorder=5,
            path_effects=[withStroke(linewidth=2, foreground="white")],
        )

    def line(self, offset: tuple[float, float]) -> None:
        """Draw a thin line from the point to its label."""
        arrow = {"arrowstyle": "-", "color": QUIET, "linewidth": 0.5, "shrinkA": 2, "shrinkB": 3}
        self.ax.annotate(
            "", self.at, xycoords=self.transform, xytext=offset, textcoords="offset points", arrowprops=arrow, zorder=1
        )


def place_labels(groups: Sequence[Sequence[Mark]], others: "Sequence[Bbox]" = ()) -> None:
    """Label a panel's marks; the marks of one group stand side by side, and ``others`` (in pixels) stay free too."""
    taken = [*others, *(box for group in groups for mark in group for box in mark.boxes())]
    for group in groups:
        if len(group) > _TOGETHER:
            taken += _place_column(group, taken)
    alone = [mark for group in groups if len(group) <= _TOGETHER for mark in group]
    for mark in sorted(alone, key=lambda mark: (-mark.at[1], mark.at[0], mark.name)):
        taken.append(_place_near(mark, taken))


def _place_column(group: Sequence[Mark], taken: "Sequence[Bbox]") -> "list[Bbox]":
    """Put a group's labels one under another beside it, in the order of their points."""
    pixel, panel = group[0].pixel, group[0].ax.get_window_extent()
    group = sorted(group, key=lambda mark: -mark.at[1])
    points = [mark.place() for mark in group]
    gap = _LINE / pixel
    heights: list[float] = []
    for _, y in points:
        heights.append(min(y, heights[-1] - gap) if heights else y)
    floor = panel.y0 + gap / 2
    for index in range(len(heights) - 1, -1, -1):
        heights[index] = max(heights[index], floor)
        floor = heights[index] + gap
    texts = [mark.label() for mark in group]
    best: tuple[float, float] | None = None
    right = max(x for x, _ in points)

    def move(column: float) -> "list[tuple[float, float]]":
        offsets = []
        for text, (x, y), height in zip(texts, points, heights, strict=True):
            offsets.append(((right - x) * pixel + column, (height - y) * pixel))
            text.set_position(offsets[-1])
        return offsets

    for column in _COLUMNS:
        move(column)
        cost = sum(_covered(text.get_window_extent(), taken, panel) for text in texts)
        if best is None or cost < best[0]:
            best = (cost, column)
    assert best is not None
    for mark, offset in zip(group, move(best[1]), strict=True):
        mark.line(offset)
    return [text.get_window_extent() for text in texts]


def _place_near(mark: Mark, taken: "Sequence[Bbox]") -> "Bbox":
    """Put a label at the nearest place where it covers nothing, with a line to its mark if that is far."""
    text, panel = mark.label(), mark.ax.get_window_extent()
    best: tuple[float, tuple[float, float], str, str] | None = None
    for offset, across, up in _places():
        text.set(position=offset, horizontalalignment=across, verticalalignment=up)
        cost = _covered(text.get_window_extent().padded(1), taken, panel)
        if best is None or cost < best[0]:
            best = (cost, offset, across, up)
        if cost == 0:
            break
    assert best is not None
    text.set(position=best[1], horizontalalignment=best[2], verticalalignment=best[3])
    if max(map(abs, best[1])) > 8:
        mark.line(best[1])
    return text.get_window_extent()


def _places() -> Iterator[tuple[tuple[float, float], str, str]]:
    sides, heights = {1: "left", -1: "right", 0: "center"}, {1: "bottom", -1: "top", 0: "center"}
    for distance in _DISTANCES:
        for x, y in _ANGLES:
            near = 1.4 / (abs(x) + abs(y)) if x and y else 1.0
            yield (distance * x * near, distance * y * near), sides[(x > 0) - (x < 0)], heights[(y > 0) - (y < 0)]


def _covered(box: "Bbox", taken: "Sequence[Bbox]", panel: "Bbox") -> float:
    """Return how many square pixels of a label's box lie over something else or outside its panel."""
    from matplotlib.transforms import Bbox

    def area(other: "Bbox") -> float:
        shared = Bbox.intersection(box, other)
        return 0.0 if shared is None else float(shared.width * shared.height)

    outside = box.width * box.height - area(panel)
    return sum(map(area, taken)) + 3 * (outside if outside > 1e-6 else 0.0)
