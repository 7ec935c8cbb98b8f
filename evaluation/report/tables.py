"""Tables of a study: one frame of raw values, written as Markdown, CSV and LaTeX.

    from evaluation.report.tables import write_tables

The frames hold every value as the summary has it. CSV writes them with full precision; Markdown and LaTeX show them
rounded, an estimate with its interval in one cell, and say in a footnote why a value is missing.
"""

import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andraeus.files import write_text
from evaluation.report.break_even import break_even_table, pairs, shown_break_even
from evaluation.report.escape import latex, markdown, one_line
from evaluation.report.formats import CURVES
from evaluation.report.frames import condition_values, frame_of
from evaluation.report.power import power_shown, power_table
from evaluation.report.rows import Summary, condition_keys, differing, label, ordered, side_of, sides_of
from evaluation.report.shown import Shown, shown, shown_curves, wide
from evaluation.report.spent import cost_table, shown_cost
from evaluation.report.variance import variance_shown, variance_table

if TYPE_CHECKING:
    import pandas as pd

_SCOPE = ("ci_method", "ci_scope", "n_items", "n_facts", "n_profiles", "n_seeds", "design")
ROW_FIELDS = ("suite", "metric", "estimate", "ci_low", "ci_high", *_SCOPE, "context_tokens")
"""What a table shows of a row of the summary, beside arm and condition."""
CONTRAST_FIELDS = (
    *("suite", "metric", "difference", "ci_low", "ci_high", "p_value", "p_adjusted", "adjustment", "mde"),
    *(*_SCOPE, "n_unpaired", "kind", "margin", "verdict"),
)
"""What a table shows of a contrast, beside its two sides."""
Tables = Mapping[str, "tuple[pd.DataFrame, Shown]"]
"""By name, the frame and the layout of each table of a study."""
NAMES = ("accuracy", "rows", "contrasts", "exploratory", "curves", "cost", "break_even", "variance", "power")
"""Every table that a study may give rise to."""
_TITLE, _NAME = 14, 28
"""Characters after which a title or a name goes on in another line of its LaTeX cell."""
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def rows_table(summary: Summary) -> "pd.DataFrame":
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
    lines += [f"\n{markdown(remark)}" for remark in table.remarks]
    return "\n".join(lines) + "\n"


def to_latex(table: "pd.DataFrame | Shown") -> str:
    r"""Write a table as a LaTeX ``tabular`` with rules of booktabs, its footnotes beneath.

    It needs ``\usepackage{booktabs}`` and nothing else, and goes into a ``table`` with the caption of your choice.
    Long names and titles stand on several lines; what is wider than the page all the same goes into
    ``\resizebox{\textwidth}{!}{…}``.
    """
    table = _laid_out(table)

    def line(cells: Sequence[str]) -> str:
        # LaTeX reads "[" or "*" after the end of a line as that command's argument.
        return f"{'{}' if cells[0][:1] in ('[', '*') else ''}{' & '.join(cells)} \\\\"

    def mark(notes: tuple[int, ...]) -> str:
        return rf"\textsuperscript{{{','.join(map(str, notes))}}}" if notes else ""

    lines = [r"% \usepackage{booktabs}", rf"\begin{{tabular}}{{@{{}}{table.align}@{{}}}}", r"\toprule"]
    lines += [line([_stacked(t, side, _TITLE) for t, side in zip(table.header, table.align, strict=True)]), r"\midrule"]
    lines += [
        line([_stacked(c.text, side, _NAME, mark(c.notes)) for c, side in zip(row, table.align, strict=True)])
        for row in table.rows
    ]
    lines += [r"\bottomrule", r"\end{tabular}"]
    if table.notes or table.remarks:
        lines += ["", r"\smallskip", r"{\footnotesize"]
        lines += [rf"{mark((index,))} {latex(note)}\par" for index, note in enumerate(table.notes, start=1)]
        lines += [*(rf"{latex(remark)}\par" for remark in table.remarks), "}"]
    return "\n".join(lines) + "\n"


def _stacked(text: str, side: str, width: int, mark: str = "") -> str:
    """Write text for LaTeX on as many lines as it takes at a width in characters."""
    whole = one_line(text).replace("[95 % CI]", "[95\N{NO-BREAK SPACE}%\N{NO-BREAK SPACE}CI]")
    lines = textwrap.wrap(whole, width, break_long_words=False, break_on_hyphens=False)
    if len(lines) < 2:
        return latex(text) + mark
    # LaTeX reads "[" or "*" after the end of a line as that command's argument.
    parts = (f"{'{}' if part[:1] in ('[', '*') else ''}{latex(part)}" for part in lines)
    return rf"\shortstack[{side}]{{" + r" \\ ".join(parts) + f"{mark}}}"


def raised(notes: tuple[int, ...]) -> str:
    """Write footnote numbers raised: "¹,²"."""
    return ",".join(map(str, notes)).translate(_SUPERSCRIPT)


def write_tables(folder: Path, summary: Summary, timings: Mapping[str, Any] | None = None) -> list[Path]:
    """Write ``tables/<name>.{md,csv,tex}`` into a study's folder and return their paths.

    A table of an earlier summary that this one does not give rise to is removed.
    """
    found, paths = study_tables(summary, timings), []
    for name in NAMES:
        path = folder / "tables" / name
        if name not in found:
            for suffix in (".md", ".csv", ".tex"):
                path.with_suffix(suffix).unlink(missing_ok=True)
            continue
        frame, table = found[name]
        texts = {".md": to_markdown(table), ".csv": to_csv(frame), ".tex": to_latex(table)}
        for suffix, text in texts.items():
            paths.append(path.with_suffix(suffix))
            write_text(paths[-1], text)
    return paths


def study_tables(summary: Summary, timings: Mapping[str, Any] | None = None) -> Tables:
    """Return, by name, the frame and the layout of each table that a study gives rise to.

    Args:
        summary: The study's summary.
        timings: Its timings, without which nothing is said of cost.
    """
    timings, rows = timings or {}, rows_table(summary)
    whole, prices = rows[rows["metric"].isin(CURVES)], timings.get("prices")
    found = {"rows": rows, "contrasts": contrast_table(summary)}
    tables = {name: (frame, shown(frame)) for name, frame in found.items()}
    if not (main := rows[rows["metric"] == "accuracy"]).empty:
        tables["accuracy"] = main, wide(main, "suite")
    if not (frame := contrast_table(summary, "exploratory")).empty:
        tables["exploratory"] = frame, shown(frame)
    if not whole.empty:
        tables["curves"] = whole, shown_curves(whole)
    if timings.get("cells"):
        spent = cost_table(summary, timings)
        tables["cost"] = spent, shown_cost(spent)
    if prices and (beside := pairs(summary, timings)):
        frame = break_even_table(beside)
        tables["break_even"] = frame, shown_break_even(frame, prices)
    if not (frame := variance_table(summary)).empty:
        tables["variance"] = frame, variance_shown(frame)
    if not (frame := power_table(summary)).empty:
        tables["power"] = frame, power_shown(frame)
    return tables


def _laid_out(table: "pd.DataFrame | Shown") -> Shown:
    return table if isinstance(table, Shown) else shown(table)
