"""Contrasts, intervals and provenance in words; every number comes from the summary, and no verdict is added."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from evaluation.report.conditions import at_the_end
from evaluation.report.escape import one_line
from evaluation.report.formats import CURVES, KINDS, NOTHING, is_share, number, p_value, reason, signed
from evaluation.report.rows import (
    Row,
    Summary,
    condition_words,
    differing,
    has_interval,
    label,
    ordered,
    side_of,
    sides_of,
    value_text,
)

_NAMED = {"holm": "Holm", "benjamini_hochberg": "Benjamini-Hochberg"}
_EXPLORED = 0.05
"""Adjusted p-value below which an exploratory comparison counts as found: the expected share of false ones."""


def contrasts(summary: Summary) -> list[str]:
    """Write each contrast as one sentence; those whose rows nobody asked for share one at the end."""
    told, not_asked = [], []
    keys = differing(sides_of(summary))
    for row in summary.get("contrasts", []):
        name = f"{label(side_of(row['a']), keys)} − {label(side_of(row['b']), keys)} on {_where(row)}"
        if row.get("asked", True):
            told.append(f"{name}: {_found(row)}")
        else:
            not_asked.append(name)
    return [*told, f"Not asked for: {', '.join(not_asked)}."] if not_asked else told


def explored(summary: Summary) -> list[str]:
    """Say in one sentence what comparing everything with one row found, if that was done."""
    rows = summary.get("exploratory", [])
    if not rows:
        return []
    found = sum(row["p_adjusted"] is not None and row["p_adjusted"] < _EXPLORED for row in rows)
    return [
        f"Nobody stated these {len(rows)} comparisons before the run: {found} differ at a p below {_EXPLORED:g} after "
        "Benjamini-Hochberg, which expects no larger share of them to be false. They suggest what to ask next."
    ]


def curves(summary: Summary) -> list[str]:
    """Write the area under each learning curve and its steps to 90 % as one sentence."""
    told: dict[str, list[str]] = {}
    keys = differing(side_of(row) for row in summary["rows"] if row["metric"] in CURVES)
    for row in ordered(summary["rows"]):
        if row["metric"] in CURVES:
            name = f"{label(side_of(row), keys)} on {row['suite']}"
            told.setdefault(name, []).append(f"{CURVES[row['metric']]} {_estimate(row)}")
    return [f"{name}: {', '.join(parts)}." for name, parts in told.items()]


def scopes(summary: Summary, metric: str | None = None) -> list[str]:
    """Say what each kind of interval speaks for, how it was made, and whose it is (of one metric, or of all)."""
    rows = at_the_end(row for row in ordered(summary["rows"]) if metric in (None, row["metric"]))
    rows = [row for row in rows if has_interval(row)]
    keys = differing(sides_of(summary))
    kinds: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        kind = (row["ci_scope"] or reason(row, "ci_scope"), row["ci_method"] or reason(row, "ci_method"))
        kinds.setdefault(kind, []).append(row)
    told = []
    for (scope, method), group in kinds.items():
        # An arm all of whose intervals are of one kind is named once.
        mixed = {row["arm"] for other in kinds.values() if other is not group for row in other}
        who = (f"{label(side_of(r), keys)} on {_where(r)}" if r["arm"] in mixed else r["arm"] for r in group)
        told.append(f"{', '.join(dict.fromkeys(who))}: for {scope} (method: {method}).")
    return told


def gaps(summary: Summary, metric: str) -> list[str]:
    """Say which rows of a metric have no interval, and why."""
    keys = differing(sides_of(summary))
    everywhere: dict[str, set[str]] = {}
    without: dict[str, dict[str, list[str]]] = {}
    for row in at_the_end(ordered(row for row in summary["rows"] if row["metric"] == metric)):
        who, where = label(side_of(row), keys), _where(row)
        everywhere.setdefault(where, set()).add(who)
        if not has_interval(row):
            without.setdefault(reason(row, "ci_low"), {}).setdefault(where, []).append(who)
    told = []
    for why, places in without.items():
        parts = [
            f"{'all' if len(who) > 1 and set(who) == everywhere[where] else ', '.join(who)} on {where}"
            for where, who in places.items()
        ]
        told.append(f"No interval for {'; '.join(parts)}: {why.rstrip('.')}.")
    return told


def plain(value: Any) -> str:
    """Write a value of the provenance as text: lists with commas, mappings as "key value"."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {plain(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value))
    return "not recorded" if value is None else str(value)


def held(provenance: Mapping[str, Any]) -> dict[str, str]:
    """Write, by group, the knobs that held for all cells; nothing where an older study does not say."""
    found = provenance.get("held") or {}
    return {
        f"Held for all cells, {group}": ", ".join(f"{knob} {value_text(value)}" for knob, value in knobs.items())
        for group, knobs in found.items()
    }


def summarised(provenance: Mapping[str, Any]) -> dict[str, str]:
    """Say which commit graded and summarised the answers, where it is not the one that made them."""
    by = provenance.get("summarised") or {}
    same = all(by.get(key) == provenance.get(key) for key in ("commit", "dirty"))
    changes = ", with uncommitted changes" if by.get("dirty") else ""
    return (
        {} if same or not by else {"Graded and summarised by": f"{plain(by.get('commit'))}{changes}, {by.get('date')}"}
    )


def failures(summary: Summary) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of the table of what failed: what it was, and the error on one line."""
    found = summary.get("failures", [])
    conditions = [failure.get("condition") or {} for failure in found]
    header = ["arm", "suite", *(["condition"] if any(conditions) else []), "seed", "error"]
    rows = []
    for failure, condition in zip(found, conditions, strict=True):
        words = {**failure, "condition": condition_words(condition, sorted(condition))}
        rows.append([NOTHING if words.get(name) is None else one_line(str(words[name])) for name in header])
    return header, rows


def counts(summary: Summary) -> str:
    """Write how many items, facts, profiles and seeds the rows rest on, as a number or a range."""
    parts = []
    for name in ("items", "facts", "profiles", "seeds"):
        found = {row[f"n_{name}"] for row in summary["rows"]} - {None}
        if found:
            low, high = min(found), max(found)
            parts.append(f"{name} {low if low == high else f'{low} to {high}'}")
    return "; ".join(parts) or "no rows"


def work(timings: Mapping[str, Any]) -> str:
    """Say how long the cells trained and answered; that is work, also of earlier runs, not time on the clock."""
    seconds = timings.get("training_and_answering_seconds")
    if seconds is None:
        return "How long the cells trained and answered was not recorded."
    return f"Training and answering, cell by cell, earlier runs included: {seconds:.0f} s."


def outcomes(summary: Summary) -> str:
    """Write how many cells came to which end: "23 cells: 1 failed, 22 success"."""
    ends = Counter(str(cell["status"]) for cell in summary.get("cells", []))
    return f"{ends.total()} cells" + "".join(
        f"{', ' if index else ': '}{count} {status}" for index, (status, count) in enumerate(sorted(ends.items()))
    )


def _where(row: Mapping[str, Any]) -> str:
    return str(row["suite"]) if row["metric"] == "accuracy" else f"{row['suite']} ({row['metric']})"


def _estimate(row: Row) -> str:
    if row["estimate"] is None:
        return f"not known ({reason(row, 'estimate').rstrip('.')})"
    text = number(row["estimate"], row["metric"]) + (" %" if is_share(row["metric"]) else "")
    if not has_interval(row):
        return text
    return f"{text} [{number(row['ci_low'], row['metric'])}, {number(row['ci_high'], row['metric'])}]"


def _found(row: Mapping[str, Any]) -> str:
    metric, unit = row["metric"], " points" if is_share(row["metric"]) else ""
    if row["difference"] is None:
        return f"not computed: {reason(row, 'difference').rstrip('.')}."
    low, high = row["ci_low"], row["ci_high"]
    interval = f"(no interval: {reason(row, 'ci_low')})"
    if low is not None and high is not None:
        interval = f"[{signed(low, metric)}, {signed(high, metric)}]"
    text = f"{signed(row['difference'], metric)}{unit} {interval}, {_claimed(row, unit)}"
    if row["p_adjusted"] is not None:
        adjustment = str(row["adjustment"] or "adjusted")
        text += f"{_NAMED.get(adjustment, adjustment)}-adjusted p {_equals(row['p_adjusted'])}"
    elif row["p_value"] is not None:
        text += f"p {_equals(row['p_value'])}, not adjusted"
    else:
        text += f"no p-value: {reason(row, 'p_value')}"
    mde = f"{number(row['mde'], metric)}{unit}" if row["mde"] is not None else f"not known, {reason(row, 'mde')}"
    # Of a claim with a margin that of another test would mislead.
    is_null = row.get("kind", "difference") == "difference"
    least = f"; smallest effect it could have found (at 0.05, before adjustment): {mde.rstrip('.')}" if is_null else ""
    # Older summaries do not say.
    unpaired = row.get("n_unpaired")
    left_out = f"; {unpaired} answers had no partner in the other arm and were left out" if unpaired else ""
    return f"{text}{least}{left_out}."


def _claimed(row: Mapping[str, Any], unit: str) -> str:
    """Say whether a claim other than that of a difference holds."""
    # Older summaries know differences only.
    kind, metric = row.get("kind", "difference"), row["metric"]
    if kind == "difference" or row["margin"] is None:
        return ""
    margin = f"{'±' if kind == 'equivalence' else '−'}{number(row['margin'], metric)}{unit}"
    if row["verdict"] is None:
        return f"{KINDS[kind]} within {margin} not judged ({reason(row, 'verdict')}), "
    return f"{KINDS[kind]} within a margin of {margin} {row['verdict']}, "


def _equals(value: float) -> str:
    text = p_value(value)
    return text if text.startswith("<") else f"= {text}"
