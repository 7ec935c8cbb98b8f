"""A study's result on the terminal.

    from evaluation.report.terminal import print_summary
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.report import words
from evaluation.report.escape import one_line
from evaluation.report.rows import Summary, differing, label, side_of, suites_of
from evaluation.report.shown import Shown, wide
from evaluation.report.tables import accuracy_table, raised

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_ASCII = str.maketrans({"–": "-", "−": "-", "…": "."} | {char: f"({n})" for n, char in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")})


def print_summary(
    summary: Summary, timings: Mapping[str, Any], folder: Path, console: "Console | None" = None
) -> None:
    """Print arms against suites with intervals, the contrasts, what failed, and where the files are.

    Args:
        summary: The study's summary.
        timings: Its timings.
        folder: Where its files are.
        console: Where to print; standard output by default, plain if that is no terminal.
    """
    from rich.console import Console
    from rich.text import Text

    console = console or Console(highlight=False, soft_wrap=False)
    # Text of our own making is never read as markup, and a terminal that knows only ASCII gets ASCII.
    ascii_only = console.options.ascii_only

    def text(words: str, style: str = "") -> Text:
        return Text(_plain(words) if ascii_only else words, style)

    def item(words: str, style: str = "") -> None:
        console.print(_item(text(one_line(words), style)))

    console.print(text(f"{summary['study']}: accuracy in % with 95 % interval", "bold"))
    frame = accuracy_table(summary)
    frame = frame[frame["metric"] == "accuracy"]
    if frame.empty:
        console.print(text("No cell gave an accuracy."))
    else:
        _print_tables(frame, summary, console, text)
    if sentences := words.contrasts(summary):
        console.print(text("Contrasts", "bold"))
        for sentence in sentences:
            item(sentence)
    if failures := summary.get("failures", []):
        console.print(text(f"{len(failures)} failed", "bold red"))
        for failure in failures:
            seed = "" if failure.get("seed") is None else f", seed {failure['seed']}"
            item(f"{failure['arm']} on {failure['suite']}{seed}: {failure['error']}", "red")
    if notes := summary.get("notes", []):
        console.print(text("Not run", "bold"))
        for note in notes:
            item(str(note))
    seconds = timings.get("study_seconds")
    console.print(text(f"{folder}" + ("" if seconds is None else f" ({seconds:.0f} s)"), "bold"), soft_wrap=True)
    for name in ("report.md", "summary.json", "tables/accuracy.md", "figures/accuracy.png"):
        console.print(text(f"  {name}"), soft_wrap=True)
