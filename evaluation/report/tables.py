"""Tables of a study: one frame of raw values, written as Markdown, CSV and LaTeX.

    from evaluation.report.tables import write_tables

The frames hold every value as the summary has it. CSV writes them with full precision; Markdown and LaTeX show them
rounded, an estimate with its interval in one cell, and say in a footnote why a value is missing.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from andraeus.files import write_text
from evaluation.report.escape import latex, markdown
from evaluation.report.frames import condition_values, frame_of
from evaluation.report.power import power_shown, power_table
from evaluation.report.rows import Summary, condition_keys, differing, label, ordered, side_of, sides_of
from evaluation.report.shown import Shown, shown
from evaluation.report.variance import variance_shown, variance_table

if TYPE_CHECKING:
    import pandas as pd

_SCOPE = ("ci_method", "ci_scope", "n_items", "n_facts", "n_profiles", "n_seeds", "design")
ROW_FIELDS = ("suite", "metric", "estimate", "ci_low", "ci_high", *_SCOPE, "context_tokens")
"""What a table shows of a row of the summary, beside arm and condition."""
CONTRAST_FIELDS = (
    *("suite", "metric", "difference", "ci_low", "ci_high", "p_value", "p_adjusted", "adjustment", "mde"),
    *(*_SCOPE, "n_unpaired", "kind", "margin", "ci90_low", "ci90_high", "verdict"),
)
"""What a table shows of a contrast, beside its two sides."""
_ALWAYS = ("accuracy", "contrasts")
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def accuracy_table(summary: Summary) -> "pd.DataFrame":
    """Return a summary's rows as a frame: one column a field and one a condition (``condition.<key>``)."""
    rows = ordered(summary["rows"])
    keys = condition_keys(map(side_of, rows))
    fields = [*ROW_FIELDS, "reasons"]
    return frame_of(
        ["arm", *(f"condition.{key}" for key in keys), *fields],
        [[row["arm"], *condition_values(side_of(row), keys), *(row.get(field) for field in fields)] for row in rows],
    )


def contrast_table(summary: Summary, which: str = "contrasts") -> "pd.DataFrame":
    """Return a summary's contrasts as a frame, in the order in which the study states them.

    ``a`` and ``b`` name the two sides with the conditions that differ anywhere in the study.

    Args:
        summary: The summary.
        which: ``contrasts``, or those that are ``exploratory``.
    """
    telling = differing(sides_of(summary))
    contrasts = summary.get(which, [])
    sides = {side: [side_of(contrast[side]) for contrast in contrasts] for side in "ab"}
    keys = condition_keys([*sides["a"], *sides["b"]])
    fields = [*CONTRAST_FIELDS, "reasons"]
    return frame_of(
        [name for side in "ab" for name in (side, f"{side}_arm", *(f"{side}_condition.{key}" for key in keys))]
        + fields,
        [
            [part for side in (a, b) for part in (label(side, telling), side[0], *condition_values(side, keys))]
            + [row.get(name) for name in fields]
            for a, b, row in zip(sides["a"], sides["b"], contrasts, strict=True)
        ],
    )


def to_csv(frame: "pd.DataFrame") -> str:
    """Write a frame as CSV: raw values at full precision, empty where null, the reasons as JSON."""
    raw = frame.copy()
    raw["reasons"] = [json.dumps(reasons or {}, sort_keys=True, ensure_ascii=False) for reasons in frame["reasons"]]
    return raw.to_csv(index=False, lineterminator="\n")


def to_markdown(table: "pd.DataFrame | Shown") -> str:
    """Write a table as Markdown, its footnotes beneath."""
    table = _laid_out(table)

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |"

    lines = [line([markdown(title) for title in table.header])]
    lines.append(line(["---:" if side == "r" else ":---" for side in table.align]))
    for row in table.rows:
        lines.append(line([markdown(cell.text) + raised(cell.notes) for cell in row]))
    lines += [f"\n{raised((index,))} {markdown(note)}" for index, note in enumerate(table.notes, start=1)]
    return "\n".join(lines) + "\n"


def to_latex(table: "pd.DataFrame | Shown") -> str:
    r"""Write a table as a LaTeX ``tabular`` with rules of booktabs, its footnotes beneath.

    It needs ``\usepackage{booktabs}`` and nothing else, and goes into a ``table`` with the caption of your choice.
    """
    table = _laid_out(table)

    def line(cells: Sequence[str]) -> str:
        # LaTeX reads "[" or "*" after the end of a line as that command's argument.
        return f"{'{}' if cells[0][:1] in ('[', '*') else ''}{' & '.join(cells)} \\\\"

    def mark(notes: tuple[int, ...]) -> str:
        return rf"\textsuperscript{{{','.join(map(str, notes))}}}" if notes else ""

    lines = [r"% \usepackage{booktabs}", rf"\begin{{tabular}}{{@{{}}{table.align}@{{}}}}", r"\toprule"]
    lines += [line([latex(title) for title in table.header]), r"\midrule"]
    lines += [line([latex(cell.text) + mark(cell.notes) for cell in row]) for row in table.rows]
    lines += [r"\bottomrule", r"\end{tabular}"]
    if table.notes:
        lines += ["", r"\smallskip", r"{\footnotesize"]
        lines += [rf"{mark((index,))} {latex(note)}\par" for index, note in enumerate(table.notes, start=1)] + ["}"]
    return "\n".join(lines) + "\n"


def raised(notes: tuple[int, ...]) -> str:
    """Write footnote numbers raised: "¹,²"."""
    return ",".join(map(str, notes)).translate(_SUPERSCRIPT)


def write_tables(folder: Path, summary: Summary) -> list[Path]:
    """Write ``tables/{accuracy,contrasts}.{md,csv,tex}`` into a study's folder and return their paths.

    Beside them stand ``exploratory``, ``variance`` and ``power``, of a summary that has these.
    """
    paths = []
    for name, frame, layout in _tables(summary):
        for suffix, written in (("md", to_markdown), ("csv", to_csv), ("tex", to_latex)):
            path = folder / "tables" / f"{name}.{suffix}"
            if name in _ALWAYS or len(frame):
                write_text(path, written(frame if written is to_csv else layout(frame)))
                paths.append(path)
            else:
                path.unlink(missing_ok=True)
    return paths


def _tables(summary: Summary) -> "Iterator[tuple[str, pd.DataFrame, Callable[[pd.DataFrame], Shown]]]":
    yield "accuracy", accuracy_table(summary), shown
    yield "contrasts", contrast_table(summary), shown
    yield "exploratory", contrast_table(summary, "exploratory"), shown
    yield "variance", variance_table(summary), variance_shown
    yield "power", power_table(summary), power_shown


def _laid_out(table: "pd.DataFrame | Shown") -> Shown:
    return table if isinstance(table, Shown) else shown(table)
