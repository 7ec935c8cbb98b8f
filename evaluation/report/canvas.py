"""What all figures share: colours and marks of the arms, the grid of panels, and files that repeat to the byte."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andraeus.files import write_bytes
from evaluation.report.formats import spaced
from evaluation.report.rows import Side, label, value_text

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis as MatplotlibAxis
    from matplotlib.figure import Figure

WIDTH = 7.2
_LONGEST = 18
_SHORT = 500
QUIET = "#8a8a8a"
# Okabe and Ito's palette, and marks that stay apart in grey print.
LOOKS = {
    "base": ("#6e6e6e", "o"),
    "system_prompt": ("#0072b2", "s"),
    "few_shot": ("#56b4e9", "v"),
    "rag": ("#009e73", "D"),
    "finetune": ("#d55e00", "o"),
    "finetune_rag": ("#cc79a7", "P"),
    "memory": ("#e69f00", "^"),
    "mem0": ("#a08000", "<"),
    "full_context": ("#332288", "h"),
    "oracle": ("#000000", "*"),
}
OTHER_LOOKS = (("#882255", "X"), ("#117733", "p"), ("#999933", ">"), ("#44aa99", "d"))
_COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#6e6e6e")
_MARKS = "osD^vPXh"
_DASHES = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)))
_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 8.0,
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.linewidth": 0.6,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "figure.dpi": 100.0,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 200.0,
    "svg.hashsalt": "andraeus",
    "svg.fonttype": "path",
    "text.parse_math": False,  # a "$" in a condition is a "$"
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in our style, whatever the user's matplotlibrc says."""
    import matplotlib.style

    with matplotlib.style.context(["default", _STYLE]):
        yield


def look(arm: str, arms: list[str]) -> tuple[str, str]:
    """Return the colour and mark of an arm; ``arms`` are all that are drawn, so that unknown ones differ."""
    unknown = [name for name in arms if name not in LOOKS]
    return LOOKS[arm] if arm in LOOKS else OTHER_LOOKS[unknown.index(arm) % len(OTHER_LOOKS)]


def line_look(index: int) -> dict[str, Any]:
    """Return colour, mark and dashes of the line of an index; marks and dashes alone tell 32 lines apart."""
    colour, mark = _COLOURS[index % len(_COLOURS)], _MARKS[index % len(_MARKS)]
    return {"color": colour, "marker": mark, "linestyle": _DASHES[(index + index // len(_MARKS)) % len(_DASHES)]}


def arm_looks(arms: Sequence[str]) -> list[dict[str, Any]]:
    """Return how the lines of arms look: the first of an arm as the arm looks everywhere, further ones otherwise."""
    further = iter(range(len(arms)))
    looks = []
    for index, arm in enumerate(arms):
        own = arm in LOOKS and arm not in arms[:index]
        colour, mark = LOOKS[arm] if own else OTHER_LOOKS[next(further) % len(OTHER_LOOKS)]
        looks.append({"color": colour, "marker": mark, "linestyle": _DASHES[index % len(_DASHES)]})
    return looks


def wrapped(text: str, width: int = 30) -> str:
    """Break a long name into lines."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return "\n".join(textwrap.wrap(printable, width)) or "–"


def short_label(side: Side, keys: Iterable[str]) -> str:
    """Name an arm under a condition, with long values cut at their end so that the others still show."""
    arm, condition = side
    texts = {key: " ".join(value_text(value).split()) for key, value in condition.items()}
    cut = {key: text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…" for key, text in texts.items()}
    return label((arm, cut), keys)


def panels(
    count: int, across: int, height: float, *, extra: float = 0.0, share_y: bool = True
) -> "tuple[Figure, list[Axes]]":
    """Return a figure with a grid of ``count`` panels, each ``height`` inches high."""
    from matplotlib.figure import Figure

    columns = min(count, across)
    rows = -(-count // columns)
    figure = Figure(figsize=(WIDTH, rows * height + extra))
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=share_y)
    flat = list(grid.flat)
    for spare in flat[count:]:
        spare.set_axis_off()
    return figure, flat[:count]


def legend_below(figure: "Figure", handles: "Sequence[Artist]", names: Sequence[str], words: str) -> None:
    """Put a legend under all panels, with what a reader has to know above it."""
    columns = min(3, len(names))
    # Handles longer than the default, so that dashes show.
    looks: dict[str, Any] = {"frameon": False, "fontsize": 7, "handlelength": 4.5, "title_fontsize": 7.5}
    figure.legend(handles, names, loc="outside lower center", ncols=columns, title=wrapped(words, 115), **looks)


def height_below(names: Sequence[str], words: str) -> float:
    """Return how many inches :func:`legend_below` takes."""
    rows = [names[start : start + 3] for start in range(0, len(names), 3)]
    lines = sum(max(1 + name.count("\n") for name in row) for row in rows)
    return 0.2 + 0.13 * (lines + 1 + wrapped(words, 115).count("\n"))


def save(figure: "Figure", path: Path) -> list[Path]:
    """Write a figure as PNG and SVG, without dates or versions in them, and return the paths."""
    paths = []
    for suffix, metadata in ((".png", {"Software": None}), (".svg", {"Date": None, "Creator": None})):
        stream = BytesIO()
        figure.savefig(stream, format=suffix[1:], metadata=metadata)
        paths.append(path.with_suffix(suffix))
        write_bytes(paths[-1], stream.getvalue())
    return paths


def log_ticks(axis: "MatplotlibAxis", low: float, high: float) -> None:
    """Write a logarithmic axis as plain numbers: 1, 10, 100, or 1, 2, 5 where it is short."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < _SHORT else (1,), numticks=20))
    axis.set_major_formatter(FuncFormatter(lambda value, _: spaced(value)))
    axis.set_minor_formatter(NullFormatter())
