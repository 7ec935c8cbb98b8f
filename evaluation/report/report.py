"""The report of a study: what was asked, what was found, how to read it, what was not run, and what it cost.

    from evaluation.report.report import write_report

It repeats the study's numbers and adds no judgement to them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from andraeus.files import write_text
from evaluation.report import power, variance, words
from evaluation.report.escape import markdown, one_line
from evaluation.report.figures import figure_names
from evaluation.report.formats import CURVES
from evaluation.report.rows import Summary
from evaluation.report.shown import Cell, Shown, wide
from evaluation.report.spent import shown_cost
from evaluation.report.tables import Tables, rows_table, study_tables, to_markdown

_CAPTIONS = {
    "accuracy": "Accuracy of each arm, one panel a suite",
    "context_cost": "Accuracy against the tokens of context that it takes",
    "contrasts": "Differences with their intervals",
    "learning_curve": "Accuracy against training steps",
    "by_condition": "Accuracy, and seconds of training, along the condition that was varied",
    "scale": "Accuracy, seconds of training and tokens of context against the number of facts",
    "break_even": "Total cost against the number of queries",
}
_READING = (
    "Accuracy is the share of questions that were answered rightly in free, greedy generation. Context tokens are what "
    "an arm read beyond the bare question. A contrast is its first arm minus its second on the same questions; the "
    "smallest effect it could have found (with 80 % power at 0.05, before adjustment) is what a null does not rule "
    "out.\n"
)
_OF_METRICS = {
    "answers_cut": "the share of answers that reached the longest length and were cut",
    "recall_at_k": "the share of questions for which all facts they need were retrieved",
    "chance_yes_no": "what always giving the more frequent of yes and no would get, of the questions answered by them",
    "accuracy_yes_no": "the accuracy on questions that are answered by yes or no",
    "accuracy_tier_N": "the accuracy on questions of one tier; tier 4 are compositions, which are never trained",
    "accuracy_same": "the accuracy on questions that the adapter's start was asked word for word, about nobody",
    "accuracy_near": "the accuracy on questions whose edit distance to the nearest trained one is below .35",
    "accuracy_middle": "the accuracy on questions whose edit distance to the nearest trained one is .35 to .55",
    "accuracy_far": "the accuracy on questions whose edit distance to the nearest trained one is .55 or more",
}
_OF_CURVES = (
    "The area under a learning curve is the accuracy averaged over its steps; steps to 90 % are those after which "
    "accuracy first reached 90 %, on straight lines between checkpoints.\n"
)
# Longer tables, and lists of sentences, stand in their file alone.
_ROWS, _SENTENCES = 24, 12


def write_report(folder: Path, summary: Summary, timings: Mapping[str, Any], provenance: Mapping[str, Any]) -> Path:
    """Write ``report.md`` into a study's folder and return its path."""
    path = folder / "report.md"
    write_text(path, "\n".join(_sections(summary, timings, provenance)).rstrip("\n") + "\n")
    return path


def _sections(summary: Summary, timings: Mapping[str, Any], provenance: Mapping[str, Any]) -> Iterable[str]:
    drawn, tables = figure_names(summary, timings), study_tables(summary, timings)
    yield f"# {markdown(str(summary['study']))}\n"
    yield "## What was asked\n"
    yield _asked(summary, provenance)
    yield "## What was found\n"
    yield from _results(summary, tables, drawn)
    yield from _contrasts(summary, drawn)
    yield from _explored(summary, tables)
    yield from _planned(summary, tables)
    yield from _variance(summary)
    yield from _others(summary)
    yield "## How to read it\n"
    yield from _reading(summary)
    yield "## What failed\n"
    yield _failures(summary)
    yield "## What was not run, or went otherwise\n"
    yield _bullets(map(str, summary.get("notes", [])), "Nothing is noted.")
    yield "## What it cost\n"
    yield from _costs(summary, timings, tables, drawn)


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
        **words.held(provenance),
        "Hash of what stated it (the experiment file's SHA-256, or the command's)": str(summary.get("study_hash")),
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


def _results(summary: Summary, tables: Tables, drawn: list[str]) -> Iterable[str]:
    if "accuracy" not in tables:
        yield "No cell gave an accuracy.\n"
    else:
        yield "Accuracy in % [95 % interval], by suite:\n"
        yield to_markdown(tables["accuracy"][1])
    yield from _figures(drawn, "accuracy", "context_cost", "by_condition", "scale")
    if "curves" in tables:
        yield "### Learning curves\n"
        yield to_markdown(tables["curves"][1])
    yield from _figures(drawn, "learning_curve")


def _others(summary: Summary) -> Iterable[str]:
    frame = rows_table(summary)
    other = frame[~frame["metric"].isin(("accuracy", *CURVES))]
    for suite in dict.fromkeys(other["suite"]):
        yield f"### Other metrics on {markdown(suite)}\n"
        yield to_markdown(replace(wide(other[other["suite"] == suite], "metric"), remarks=[]))
    if not frame.empty:
        yield "All rows: [tables/rows.md](tables/rows.md), with full precision in the CSV beside it.\n"


def _contrasts(summary: Summary, drawn: list[str]) -> Iterable[str]:
    yield "### Contrasts\n"
    yield _bullets(words.contrasts(summary), "The study states no contrasts.")
    yield from _figures(drawn, "contrasts")
    if summary.get("contrasts"):
        yield "The same in [tables/contrasts.md](tables/contrasts.md).\n"


def _reading(summary: Summary) -> Iterable[str]:
    yield _READING
    if any(row["metric"] in CURVES for row in summary["rows"]):
        yield _OF_CURVES
    metrics = {re.sub(r"(?<=tier_)\d$", "N", row["metric"]) for row in summary["rows"]}
    yield _bullets((f"{name}: {meaning}." for name, meaning in _OF_METRICS.items() if name in metrics), "")
    yield "Each interval is a 95 % interval, and speaks for no more than is said here.\n"
    yield _bullets([*words.scopes(summary, "accuracy"), *words.gaps(summary, "accuracy")], "There are none.")
    yield "What the intervals of other metrics speak for stands in the last column of tables/rows.md.\n"


def _explored(summary: Summary, tables: Tables) -> Iterable[str]:
    if sentences := words.explored(summary):
        yield "### Exploratory comparisons\n"
        yield _bullets(sentences, "")
        yield from _table("exploratory", tables["exploratory"][1])


def _planned(summary: Summary, tables: Tables) -> Iterable[str]:
    if sentences := power.told(summary):
        yield "### What other designs would find\n"
        yield f"{power.MEANING}\n"
        yield _bullets(sentences, "")
        yield from _table("power", tables["power"][1])


def _variance(summary: Summary) -> Iterable[str]:
    if sentences := variance.told(summary):
        yield "### Where the variance lies\n"
        yield f"{variance.meaning(summary)}\n"
        if len(sentences) <= _SENTENCES:
            yield _bullets(sentences, "")
        yield "As a table: [tables/variance.md](tables/variance.md).\n"


def _costs(summary: Summary, timings: Mapping[str, Any], tables: Tables, drawn: list[str]) -> Iterable[str]:
    if "cost" not in tables:
        yield f"No cell was timed. {words.work(timings)}\n"
        return
    yield f"{words.work(timings)}\n"
    frame, _ = tables["cost"]
    # One suite is enough, that of the endpoint or of most rows: what was trained is the same for all.
    suites = list(frame["suite"])
    wanted = (summary.get("endpoint") or {}).get("suite")
    suite = wanted if wanted in suites else max(suites, key=suites.count)
    yield from _table("cost", shown_cost(frame[frame["suite"] == suite]))
    if "break_even" in tables:
        yield "### After how many queries training is cheaper than context\n"
        yield from _table("break_even", tables["break_even"][1])
    yield from _figures(drawn, "break_even")


def _table(name: str, table: Shown) -> Iterable[str]:
    """Yield a table unless it is long, and where all of it is."""
    if len(table.rows) <= _ROWS:
        yield to_markdown(table)
    where = f"tables/{name}"
    yield f"All rows: [{where}.md]({where}.md), with full precision in [{where}.csv]({where}.csv).\n"


def _figures(drawn: Iterable[str], *names: str) -> Iterable[str]:
    yield from (f"![{_CAPTIONS[name]}](figures/{name}.png)\n" for name in names if name in drawn)


def _failures(summary: Summary) -> str:
    header, rows = words.failures(summary)
    if not rows:
        return f"No failure is recorded ({words.outcomes(summary)}).\n"
    align = ["r" if name == "seed" else "l" for name in header]
    table = Shown(header, "".join(align), [[Cell(text) for text in row] for row in rows])
    return f"Of {words.outcomes(summary)}.\n\n{to_markdown(table)}"


def _bullets(sentences: Iterable[str], otherwise: str) -> str:
    lines = [f"- {markdown(sentence)}" for sentence in sentences]
    return "\n".join(lines or [otherwise]) + "\n"
