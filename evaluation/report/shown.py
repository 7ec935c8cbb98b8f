"""Tables as they are shown: what stands in each cell, and the footnotes that say why something is missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from evaluation.report.conditions import at_the_end
from evaluation.report.formats import CURVES, KINDS, NOTHING, is_share, number, p_value, reason, signed, tokens
from evaluation.report.rows import SUITES, differing, natural, place, side_order

if TYPE_CHECKING:
    import pandas as pd

_KEY = "condition."
_CLAIM = ("claim", "verdict")
_COUNTS = ("n_items", "n_facts", "n_profiles", "n_seeds")


@dataclass(frozen=True)
class Cell:
    """Text, and the numbers of its footnotes."""

    text: str
    notes: tuple[int, ...] = ()


@dataclass
class Shown:
    """A table ready to be written in any format.

    Attributes:
        header: Column titles.
        align: One letter a column: ``l`` or ``r``.
        rows: Cells, one a column.
        notes: Footnotes; the first has number 1.
        remarks: What is to be said of the whole table.
    """

    header: list[str]
    align: str
    rows: list[list[Cell]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def note(self, text: str) -> int:
        """Return a footnote's number; the same text gets the same number."""
        if text not in self.notes:
            self.notes.append(text)
        return self.notes.index(text) + 1

    def value(self, row: Mapping[str, Any], name: str, write: Callable[[Any], str]) -> Cell:
        """Return the cell of a field: a dash with the reason if it is null."""
        value = row[name]
        return Cell(NOTHING, (self.note(reason(row, name)),)) if value is None else Cell(write(value))

    def interval(self, row: Mapping[str, Any], name: str, write: Callable[[float, str], str]) -> Cell:
        """Return the cell of an estimate and its interval, as "97.2 [93.1, 99.0]"."""
        estimate, low, high = row[name], row["ci_low"], row["ci_high"]
        if estimate is None:
            return self.value(row, name, str)
        text = write(estimate, row["metric"])
        if low is None or high is None:
            return Cell(f"{text} [{NOTHING}]", (self.note(reason(row, "ci_low" if low is None else "ci_high")),))
        return Cell(f"{text} [{write(low, row['metric'])}, {write(high, row['metric'])}]")


def shown(frame: "pd.DataFrame") -> Shown:
    """Lay out the frame of ``rows_table`` or of ``contrast_table``."""
    return _contrasts(frame) if "difference" in frame.columns else _rows(frame)


def records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return a frame's rows as mappings, with the condition put together again."""
    rows: list[dict[str, Any]] = [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
    for row in rows:
        found = {key.removeprefix(_KEY): value for key, value in row.items() if key.startswith(_KEY)}
        row["condition"] = {key: value for key, value in found.items() if value is not None}
    return rows


def _rows(frame: "pd.DataFrame") -> Shown:
    rows, remarks = _at_the_end(frame)
    keys = differing((row["arm"], row["condition"]) for row in rows)
    metrics = [row["metric"] for row in rows]
    percent = all(map(is_share, metrics))
    what = "accuracy" if all(metric.startswith("accuracy") for metric in metrics) else "estimate"
    value = f"{what}{' (%)' if percent else ''} [95 % CI]"
    last = ("context tokens (mean)", "n (items/facts/profiles/seeds)", "the interval speaks for")
    table = Shown(["arm", *keys, "suite", "metric", value, *last], "l" * (len(keys) + 3) + "rrrl", remarks=remarks)
    for row in rows:
        counts = [table.value(row, name, str) for name in _COUNTS]
        unit = " (%)" if is_share(row["metric"]) and not percent else ""
        table.rows.append(
            [
                Cell(row["arm"]),
                *(Cell(row["condition"].get(key, "")) for key in keys),
                Cell(row["suite"]),
                Cell(row["metric"] + unit),
                table.interval(row, "estimate", number),
                table.value(row, "context_tokens", tokens),
                Cell(
                    "/".join(cell.text for cell in counts),
                    tuple(dict.fromkeys(note for cell in counts for note in cell.notes)),
                ),
                table.value(row, "ci_scope", str),
            ]
        )
    return table


def _at_the_end(frame: "pd.DataFrame") -> tuple[list[dict[str, Any]], list[str]]:
    """Return the rows without the earlier steps of learning curves, and what is to be said about those."""
    every = records(frame)
    rows = at_the_end(every)
    told = "Of each learning curve the last step is shown; the CSV beside the tables of accuracy has them all."
    return rows, [told] if len(rows) < len(every) else []


def _contrasts(frame: "pd.DataFrame") -> Shown:
    rows = records(frame)
    points = all(is_share(row["metric"]) for row in rows)
    unit = " (points)" if points else ""
    value, least = f"difference{unit} [95 % CI]", f"smallest effect it could have found at 0.05, unadjusted{unit}"
    header = ["contrast", "suite", "metric", value, "p", "adjusted p", "adjustment", least]
    claims = any((row["kind"] or "difference") != "difference" for row in rows)
    table = Shown([*header, *(_CLAIM if claims else ())], "lllrrrlr" + "ll" * claims)
    for row in rows:
        metric = row["metric"]
        share = " (points)" if is_share(metric) and not points else ""
        table.rows.append(
            [
                Cell(f"{row['a']} − {row['b']}"),
                Cell(row["suite"]),
                Cell(metric + share),
                table.interval(row, "difference", signed),
                table.value(row, "p_value", p_value),
                table.value(row, "p_adjusted", p_value),
                table.value(row, "adjustment", str),
                table.value(row, "mde", partial(number, metric=metric)),
                *(_claim(table, row) if claims else ()),
            ]
        )
    return table


def _claim(table: Shown, row: Mapping[str, Any]) -> list[Cell]:
    """Return what a contrast claims, and what came out."""
    kind = row["kind"] or "difference"
    if kind == "difference":
        return [Cell(KINDS[kind]), Cell("")]
    margin = f"{'±' if kind == 'equivalence' else '−'}{number(row['margin'], row['metric'])}"
    return [Cell(f"{KINDS[kind]} {margin}"), table.value(row, "verdict", str)]


def wide(frame: "pd.DataFrame", over: str) -> Shown:
    """Lay out arms against suites (``over="suite"``) or metrics, with the context tokens that they took.

    The columns of ``over`` are the last ones; what was not in the study is left blank.
    """
    rows, remarks = _at_the_end(frame)
    keys = differing((row["arm"], row["condition"]) for row in rows)
    columns = sorted({row[over] for row in rows}, key=lambda name: (place(name, SUITES)[0], natural(name)))
    titles = [f"{name} (%)" if over == "metric" and is_share(name) else name for name in columns]
    align = "l" * (len(keys) + 1) + "r" * (len(columns) + 1)
    table = Shown(["arm", *keys, "context tokens", *titles], align, remarks=remarks)
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: side_order((row["arm"], row["condition"]), keys)):
        name = (row["arm"], *(row["condition"].get(key, "") for key in keys))
        groups.setdefault(name, []).append(row)
    for name, group in groups.items():
        cells = {row[over]: table.interval(row, "estimate", number) for row in group}
        table.rows.append(
            [*map(Cell, name), _token_range(table, group), *(cells.get(column, Cell("")) for column in columns)]
        )
    return table


def shown_curves(frame: "pd.DataFrame") -> Shown:
    """Lay out learning curves in short: one row an arm, condition and suite, one column a metric."""
    rows = records(frame)
    keys = differing((row["arm"], row["condition"]) for row in rows)
    titles = [f"{title}{' (%)' if is_share(metric) else ''} [95 % CI]" for metric, title in CURVES.items()]
    table = Shown(["arm", *keys, "suite", *titles], "l" * (len(keys) + 2) + "r" * len(titles))
    groups: dict[tuple[str, ...], dict[str, Cell]] = {}
    for row in rows:
        name = (row["arm"], *(row["condition"].get(key, "") for key in keys), row["suite"])
        groups.setdefault(name, {})[row["metric"]] = table.interval(row, "estimate", number)
    for name, cells in sorted(groups.items(), key=lambda group: place(group[0][-1], SUITES)):
        table.rows.append([*map(Cell, name), *(cells.get(metric, Cell("")) for metric in CURVES)])
    return table


def _token_range(table: Shown, rows: list[dict[str, Any]]) -> Cell:
    known = [row["context_tokens"] for row in rows if row["context_tokens"] is not None]
    if not known:
        return table.value(rows[0], "context_tokens", tokens)
    low, high = f"{min(known):.0f}", f"{max(known):.0f}"
    return Cell(low if low == high else f"{low}–{high}")
