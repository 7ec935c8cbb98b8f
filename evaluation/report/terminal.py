"""A study's result on the terminal.

from evaluation.report.terminal import print_summary
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.report import words
from evaluation.report.escape import one_line
from evaluation.report.rows import Summary, condition_words
from evaluation.report.shown import Shown, wide
from evaluation.report.tables import raised, rows_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_FILES = ("report.md", "summary.json", "timings.json", "provenance.json")
_FOLDERS = ("tables", "figures")
_ASCII = str.maketrans({"–": "-", "−": "-", "…": "..."} | {mark: f"({n})" for n, mark in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")})


def print_summary(summary: Summary, timings: Mapping[str, Any], folder: Path, console: "Console | None" = None) -> None:
    """Print arms against suites with intervals, the contrasts, where the files are, and at last what failed.

    Args:
        summary: The study's summary.
        timings: Its timings.
        folder: Where its files are; those that stand there are named.
        console: Where to print; standard output by default, plain if that is no terminal.
    """
    from rich.console import Console

    page = _Page(console or Console(highlight=False))
    page.line(f"{summary['study']}: accuracy in %, with 95 % interval", "bold")
    _accuracy(page, summary)
    page.list("Learning curves", words.curves(summary))
    page.list("Contrasts", words.contrasts(summary))
    page.list("Exploratory", words.explored(summary))
    page.list("Intervals", words.scopes(summary, "accuracy"))
    page.list("Not run", list(map(str, summary.get("notes", []))))
    page.line(words.work(timings))
    page.line("Written", "bold")
    for name in _FILES:
        if (folder / name).is_file():
            page.path(folder / name)
    for name in _FOLDERS:
        if found := sorted({path.stem for path in (folder / name).glob("*.*")}):
            page.path(folder / name, f" ({', '.join(found)})")
    _failures(page, summary)


class _Page:
    """A console to which text is text: never markup, and ASCII where the terminal knows nothing else."""

    def __init__(self, console: "Console") -> None:
        self.console = console

    def text(self, words: str, style: str = "") -> "Text":
        from rich.text import Text

        if self.console.options.ascii_only:
            words = words.translate(_ASCII).encode("ascii", "replace").decode()
        return Text(words, style)

    def line(self, words: str, style: str = "") -> None:
        self.console.print(self.text(one_line(words), style))

    def path(self, path: Path, more: str = "") -> None:
        self.console.print(self.text(f"  {path}{more}"), soft_wrap=True)

    def list(self, title: str, items: list[str], style: str = "") -> None:
        from rich.padding import Padding

        if not items:
            return
        self.line(title, f"bold {style}".strip())
        for item in items:
            self.console.print(Padding(self.text(one_line(item), style), (0, 0, 0, 2)))


def _failures(page: _Page, summary: Summary) -> None:
    from rich import box
    from rich.table import Table

    header, rows = words.failures(summary)
    if not rows:
        return
    page.line(f"{len(rows)} failed", "bold red")
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for name in header:
        table.add_column(page.text(name), justify="right" if name == "seed" else "left", overflow="fold")
    for row in rows:
        table.add_row(
            *(page.text(text, "red" if name == "error" else "") for name, text in zip(header, row, strict=True))
        )
    page.console.print(table)


def _accuracy(page: _Page, summary: Summary) -> None:
    frame = rows_table(summary)
    frame = frame[frame["metric"] == "accuracy"]
    if frame.empty:
        page.line("No cell gave an accuracy.")
        return
    table, suites = wide(frame, "suite"), frame["suite"].nunique()
    # The widest layout that fits: all on one line, intervals beneath, conditions beneath, then fewer suites at a time.
    layouts = [(suites, False, False), (suites, True, False), *((count, True, True) for count in range(suites, 0, -1))]
    for count, beneath, folded in layouts:
        parts = [_part(page, table, suites, start, count, beneath, folded) for start in range(0, suites, count)]
        if all(_width(page, part) <= page.console.width for part in parts):
            break
    for part in parts:
        page.console.print(part)
    for index, note in enumerate(table.notes, start=1):
        page.line(f"{raised((index,))} {note}")
    for remark in table.remarks:
        page.line(remark)


def _width(page: _Page, part: "Table") -> int:
    """Return how wide a table would be on an endless line."""
    return page.console.measure(part, options=page.console.options.update(width=100_000)).maximum


def _part(page: _Page, shown: Shown, suites: int, start: int, count: int, beneath: bool, folded: bool) -> "Table":
    """Build the table of ``count`` suites from ``start`` on.

    Args:
        page: Where it will be printed.
        shown: The whole table: the arm, its conditions, context tokens, and the suites.
        suites: How many columns at the end are suites.
        start: The first suite.
        count: How many suites.
        beneath: Whether an interval stands beneath its estimate.
        folded: Whether conditions stand beneath their arm, or in columns of their own.
    """
    from rich import box
    from rich.table import Table

    first = len(shown.header) - suites
    named = range(1, first - 1)
    columns = [
        0,
        *(() if folded else named),
        first - 1,
        *range(first + start, min(first + start + count, first + suites)),
    ]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for column in columns:
        title = shown.header[column].replace("context tokens", "context\ntokens")
        left = shown.align[column] == "l"
        table.add_column(page.text(title), justify="left" if left else "right", overflow="fold")
    for row in shown.rows:
        texts = [one_line(cell.text) + raised(cell.notes) for cell in row]
        if beneath:
            texts = [text.replace(" [", "\n[") if column >= first else text for column, text in enumerate(texts)]
        if folded:
            conditions = condition_words(
                {shown.header[column]: texts[column] for column in named if texts[column]}, shown.header
            )
            texts[0] += f"\n {conditions}" if conditions else ""
        table.add_row(*(page.text(texts[column]) for column in columns))
    return table
