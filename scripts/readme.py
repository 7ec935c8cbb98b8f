"""Write the tables of the README and of docs/measured.md from the committed results: ``python scripts/readme.py``.

What stands between ``<!-- NAME -->`` and ``<!-- /NAME -->`` comes from ``paper/NAME/``: the ``summary.json`` and
``provenance.json`` of a study, as it wrote them. ``<!-- grader -->`` comes from the labelled
answers under ``tests/``, ``<!-- speed -->`` from ``benchmarks/``. A test holds both pages against them.
"""

import json
import re
from pathlib import Path
from typing import Any

from andraeus.files import write_text
from evaluation.grading.rates import Rates, rates
from evaluation.report.formats import number
from scripts.bench.__main__ import table

ROOT = Path(__file__).resolve().parents[1]
LABELLED = ROOT / "tests" / "evaluation" / "grading"
ARMS = ("base", "system_prompt", "rag", "oracle", "finetune")
PAGES = ("README.md", "docs/measured.md")
SUITES = ("heldout", "tiers", "blind", "seen")


def rendered(page: str) -> str:
    """Return a page with all its tables written anew."""
    for name in re.findall(r"<!-- (\w+) -->", page):
        text = WRITERS[name]() if name in WRITERS else study(ROOT / "paper" / name)
        block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        page = block.sub(lambda match, text=text: match[1] + text + match[2], page)
    return page


def study(folder: Path) -> str:
    """Return a study's accuracies, arm by suite, and a line that says what they come from."""
    summary, provenance = (json.loads((folder / f"{name}.json").read_text()) for name in ("summary", "provenance"))
    rows = {(r["arm"], r["suite"]): r for r in summary["rows"] if r["metric"] == "accuracy"}
    suites = [suite for suite in SUITES if any(s == suite for _, s in rows)]
    lines = ["| arm | " + " | ".join(suites) + " | context tokens |", "|---" * (len(suites) + 2) + "|"]
    for arm in (arm for arm in ARMS if (arm, suites[0]) in rows):
        told = [cell(rows.get((arm, suite))) for suite in suites]
        tokens = rows[arm, suites[0]]["context_tokens"]
        lines.append(f"| {arm} | " + " | ".join(told) + f" | {tokens:.0f} |")
    return "\n".join(lines) + "\n\n" + origin(summary, provenance) + "\n"


def cell(row: dict[str, Any] | None) -> str:
    """Return one accuracy with its interval, in percent."""
    if row is None:
        return "–"
    estimate, low, high = (number(row[name], "accuracy") for name in ("estimate", "ci_low", "ci_high"))
    return f"{estimate} [{low}, {high}]"


def origin(summary: dict[str, Any], provenance: dict[str, Any]) -> str:
    """Return where a study's numbers come from."""
    row = next(r for r in summary["rows"] if r["arm"] == "finetune" and r["suite"] == "heldout")
    told = {key: provenance[key] for key in ("command", "model", "hardware", "date")}
    commits = " and ".join(commit[:8] for commit in str(provenance["commit"]).split("; "))
    seeds = f"{row['n_seeds']} seed{'' if row['n_seeds'] == 1 else 's'}"
    return (
        f"Accuracy in % [95 % interval]; {row['n_facts']} facts, {row['n_items']} held-out answers, {seeds}. "
        f"`{told['command']}`, commit {commits}, {told['model']}, {told['hardware']}, "
        f"{str(told['date'])[:10]}."
    )


def grader() -> str:
    """Return the grader's errors on planted answers by type, and on real outputs by arm."""
    lines = ["| answers | right | wrong | false accepts | false rejects |", "|---|---|---|---|---|"]
    for what, folder in (("planted", "planted"), ("real", "real")):
        lines += [_grader_row(what, r) for r in rates(LABELLED / folder)]
    return "\n".join(lines) + "\n"


def speed() -> str:
    """Return what `make bench` measured, machine by machine."""
    found = [json.loads(path.read_text()) for path in sorted((ROOT / "benchmarks").glob("*.json"))]
    return "\n\n".join(f"{table(one)}\n\n{_measured_on(one)}" for one in found) + "\n"


def _measured_on(found: dict[str, Any]) -> str:
    told = [one["provenance"] for one in found.values()]
    machine, versions = told[0]["hardware"], told[0]["versions"]
    commits = " and ".join(dict.fromkeys(one["commit"][:8] for one in told))
    dates = " and ".join(dict.fromkeys(one["date"] for one in told))
    dirty = ", ".join(part for part, one in found.items() if one["provenance"]["dirty"])
    libraries = ", ".join(f"{name} {versions[name]}" for name in ("torch", "transformers", "trl"))
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {told[0]['threads']} threads; "
        f"{libraries}; commit {commits}, {dates}"
        f"{f' (with uncommitted changes: {dirty})' if dirty else ''}."
    )


def _grader_row(what: str, r: Rates) -> str:
    return (
        f"| {what}, {r.group} | {r.right} | {r.wrong} | {len(r.false_accepts)} ({r.false_accept_rate:.1%}) "
        f"| {len(r.false_rejects)} ({r.false_reject_rate:.1%}) |"
    )


WRITERS = {"grader": grader, "speed": speed}


if __name__ == "__main__":
    for path in (ROOT / name for name in PAGES):
        write_text(path, rendered(path.read_text()))
