"""Where the variance of accuracy lies: a table, and sentences."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evaluation.report.formats import NOTHING, reason
from evaluation.report.frames import condition_values, frame_of
from evaluation.report.rows import Row, Summary, condition_keys, differing, label, ordered, side_of
from evaluation.report.shown import Cell, Shown, records

if TYPE_CHECKING:
    import pandas as pd

_SOURCES = {
    "profile": "between profiles",
    "fact": "between facts",
    "seed": "between seeds",
    "fact_x_seed": "fact x seed",
    "phrasing": "between phrasings",
    "residual": "residual",
}
_MEANING = (
    "How much of the spread of single answers each source holds, by the {method}: profiles, facts, training seeds, "
    "facts that only some seeds learn (fact x seed), phrasings of one fact, and what is left. Estimates below 0 count "
    "as 0. Shares are of single answers, not of a mean: what seeds add to a mean does not shrink with more facts."
)


def variance_table(summary: Summary) -> "pd.DataFrame":
    """Return the shares of a summary's rows as a frame; empty where the summary has none."""
    rows = _rows(summary)
    keys = condition_keys(map(side_of, rows))
    columns = ["arm", *(f"condition.{key}" for key in keys), "suite", "metric", "total", *_SOURCES]
    columns += [f"n_{name}" for name in _SOURCES]
    return frame_of(
        [*columns, "reasons"],
        [
            [row["arm"], *condition_values(side_of(row), keys), row["suite"], row["metric"], row["total"]]
            + [row["shares"][name] for name in _SOURCES]
            + [row["levels"].get(name) for name in _SOURCES]
            + [row["reasons"]]
            for row in rows
        ],
    )


def variance_shown(frame: "pd.DataFrame") -> Shown:
    """Lay out the frame of ``variance_table``: shares in percent, and in footnotes why one is missing."""
    rows = records(frame)
    keys = differing((row["arm"], row["condition"]) for row in rows)
    titles = [f"{words} (%)" for words in _SOURCES.values()]
    table = Shown(["arm", *keys, "suite", *titles], "l" * (len(keys) + 2) + "r" * len(titles))
    for row in rows:
        shares = [table.value(row, name, _percent) for name in _SOURCES]
        names = [row["arm"], *(row["condition"].get(key, "") for key in keys), row["suite"]]
        table.rows.append([*map(Cell, names), *shares])
    return table


def told(summary: Summary) -> list[str]:
    """Write the shares of each row as one sentence, the largest first."""
    rows = _rows(summary)
    keys = differing(map(side_of, rows))
    return [f"{label(side_of(row), keys)} on {row['suite']}: {_sentence(row)}" for row in rows]


def meaning(summary: Summary) -> str:
    """Say what the shares are, and how they were estimated."""
    return _MEANING.format(method=next((str(row["method"]) for row in _rows(summary)), NOTHING))


def _rows(summary: Summary) -> list[Row]:
    return ordered(summary.get("variance", []))


def _sentence(row: Row) -> str:
    shares: Mapping[str, float | None] = row["shares"]
    known = sorted(((share, name) for name, share in shares.items() if share is not None), key=lambda one: -one[0])
    missing: dict[str, list[str]] = {}
    for name in (name for name, share in shares.items() if share is None):
        missing.setdefault(reason(row, name), []).append(_SOURCES[name])
    text = ", ".join(f"{_percent(share)} % {_SOURCES[name]}" for share, name in known)
    why = "; ".join(f"{', '.join(names)} ({because})" for because, names in missing.items())
    return ". ".join(part for part in (text, f"Not told: {why}" if why else "") if part) + "."


def _percent(share: Any) -> str:
    return f"{100 * share:.0f}"
