"""The report of a study: what was asked, what came out, what failed or was not run, and what it cost.

    from evaluation.report.report import write_report

It repeats the summary's numbers and adds no judgement to them.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from andraeus.files import write_text
from evaluation.report import power, variance, words
from evaluation.report.escape import markdown, one_line
from evaluation.report.figures import figure_names
from evaluation.report.formats import NOTHING
from evaluation.report.rows import Summary, differing, side_of, side_order, value_text
from evaluation.report.shown import Cell, Shown, shown, wide
from evaluation.report.tables import accuracy_table, contrast_table, to_markdown

if TYPE_CHECKING:
    import pandas as pd

# Longer tables, and lists of sentences, stand beside the report only.
_ROWS, _SENTENCES = 40, 12

_CAPTIONS = {
    "accuracy": "Accuracy of each arm, one panel a suite",
    "context_cost": "Accuracy against the tokens of context that it takes",
    "by_condition": "Accuracy along the condition that was varied",
}
_COSTS = {
    "train_seconds": ("training (s)", "{:.1f}"),
    "evaluation_seconds": ("evaluation (s)", "{:.1f}"),
    "latency_p50": ("latency p50 (s)", "{:.3f}"),
    "latency_p90": ("latency p90 (s)", "{:.3f}"),
    "latency_p99": ("latency p99 (s)", "{:.3f}"),
    "peak_memory_mib": ("peak memory (MiB)", "{:.0f}"),
}


def write_report(folder: Path, summary: Summary, timings: Mapping[str, Any], provenance: Mapping[str, Any]) -> Path:
    """Write ``report.md`` into a study's folder and return its path."""
    path = folder / "report.md"
    write_text(path, "\n".join(_sections(summary, timings, provenance)).rstrip("\n") + "\n")
    return path


def _sections(summary: Summary, timings: Mapping[str, Any], provenance: Mapping[str, Any]) -> Iterable[str]:
    yield f"# {markdown(str(summary['study']))}\n"
    yield "## What was asked\n"
    yield _asked(summary, provenance)
    yield "## Accuracy\n"
    yield from _results(summary)
    yield "## Contrasts\n"
    yield _bullets(words.contrasts(summary), "The study states no contrasts.")
    if summary.get("contrasts"):
        yield "The same in [tables/contrasts.md](tables/contrasts.md).\n"
    yield from _explored(summary)
    yield from _planned(summary)
    yield from _variance(summary)
    yield "## How to read the intervals\n"
    yield "Each is a 95 % interval, and speaks for no more than is said here.\n"
    yield _bullets([*words.scopes(summary), *words.gaps(summary, "accuracy")], "There are none.")
    yield "Where another metric has none, its table says why.\n"
    yield "## What failed\n"
    yield _failures(summary)
    yield "## What was not run\n"
    yield _bullets(map(str, summary.get("notes", [])), "Nothing is noted.")
    yield "## What it cost\n"
    yield costs(timings)


def _asked(summary: Summary, provenance: Mapping[str, Any]) -> str:
    model = words.plain(provenance.get("model"))
    if provenance.get("model_origin") is not None:
        model += f" ({words.plain(provenance['model_origin'])})"
    dirty = {"True": ", with uncommitted changes", "False": ""}.get(
        str(provenance.get("dirty")), ", changes not recorded"
    )
    endpoint = summary.get("endpoint") or {}
    entries = {
        "Study": str(summary["study"]),
        **({"Primary endpoint": f"{endpoint.get('metric')} on {endpoint.get('suite')}"} if endpoint else {}),
        "Model": model,
        "Profiles": words.plain(provenance.get("profiles")),
        "n": words.counts(summary),
        "Hardware": words.plain(provenance.get("hardware")),
        "Threads": words.plain(provenance.get("threads")),
        "Date": words.plain(provenance.get("date")),
        "Commit": words.plain(provenance.get("commit")) + dirty,
        "Versions": words.plain(provenance.get("versions")),
        **words.summarised(provenance),
    }
    lines = [f"- {name}: {markdown(text)}" for name, text in entries.items()]
    command = one_line(words.plain(provenance.get("command")))
    return "\n".join([*lines, "- Command:", "", f"      {command}", ""])


def _results(summary: Summary) -> Iterable[str]:
    frame = accuracy_table(summary)
    main, other = frame[frame["metric"] == "accuracy"], frame[frame["metric"] != "accuracy"]
    if main.empty:
        yield "No cell gave an accuracy.\n"
    else:
        yield to_markdown(main)
    for name in figure_names(summary):
        yield f"![{_CAPTIONS[name]}](figures/{name}.png)\n"
    for suite in dict.fromkeys(other["suite"]):
        yield f"### Other metrics on {markdown(suite)}\n"
        yield to_markdown(wide(other[other["suite"] == suite], "metric"))
    if not frame.empty:
        yield "All rows: [tables/accuracy.md](tables/accuracy.md), with full precision in the CSV beside it.\n"


def _explored(summary: Summary) -> Iterable[str]:
    if sentences := words.explored(summary):
        yield "## Exploratory comparisons\n"
        yield _bullets(sentences, "")
        yield from _long(contrast_table(summary, "exploratory"), shown, "exploratory")


def _planned(summary: Summary) -> Iterable[str]:
    if sentences := power.told(summary):
        yield "## What other designs would find\n"
        yield f"{power.MEANING}\n"
        yield _bullets(sentences, "")
        yield from _long(power.power_table(summary), power.power_shown, "power")


def _variance(summary: Summary) -> Iterable[str]:
    if sentences := variance.told(summary):
        yield "## Where the variance lies\n"
        yield f"{variance.meaning(summary)}\n"
        if len(sentences) <= _SENTENCES:
            yield _bullets(sentences, "")
        yield "As a table: [tables/variance.md](tables/variance.md).\n"


def _long(frame: "pd.DataFrame", layout: Callable[["pd.DataFrame"], Shown], name: str) -> Iterable[str]:
    """Yield a table, or where it stands if it is long."""
    if len(frame) <= _ROWS:
        yield to_markdown(layout(frame))
    where = f"tables/{name}"
    yield f"All rows: [{where}.md]({where}.md), with full precision in [{where}.csv]({where}.csv).\n"


def _failures(summary: Summary) -> str:
    header, rows = words.failures(summary)
    if not rows:
        return f"No failure is recorded ({words.outcomes(summary)}).\n"
    align = ["r" if name == "seed" else "l" for name in header]
    table = Shown(header, "".join(align), [[Cell(text) for text in row] for row in rows])
    return f"Of {words.outcomes(summary)}.\n\n{to_markdown(table)}"


def costs(timings: Mapping[str, Any]) -> str:
    """Write the medians over each arm's cells as a table, with what all cells took together."""
    cells = timings.get("cells", [])
    keys = differing(map(side_of, cells))
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for cell in sorted(cells, key=lambda cell: side_order(side_of(cell), keys)):
        arm, condition = side_of(cell)
        name = (arm, *(value_text(condition[key]) if key in condition else "" for key in keys))
        groups.setdefault(name, []).append(cell)
    table = Shown(["arm", *keys, "cells", *(title for title, _ in _COSTS.values())], "l" * (1 + len(keys)) + "r" * 7)
    for name, group in groups.items():
        row = [*map(Cell, name), Cell(str(len(group)))]
        for field, (_, form) in _COSTS.items():
            known = [cell[field] for cell in group if cell.get(field) is not None]
            row.append(Cell(form.format(median(known))) if known else Cell(NOTHING))
        table.rows.append(row)
    total = words.work(timings)
    if not cells:
        return f"No cell was timed. {total}\n"
    return (
        f"Each number is the median over the arm's cells that have it; {NOTHING} where none has (an arm that does not "
        f"train has no training time; drafted answers have no latency, and come sooner than to somebody who asks). "
        f"{total}\n\n{to_markdown(table)}"
    )


def _bullets(sentences: Iterable[str], otherwise: str) -> str:
    lines = [f"- {markdown(sentence)}" for sentence in sentences]
    return "\n".join(lines or [otherwise]) + "\n"
