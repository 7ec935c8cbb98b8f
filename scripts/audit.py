"""Check that PAPER.md says what the committed results say: ``make audit``.

Found are: a paper that is not its template's rendering; a number typed into the template; a committed study with a
cell that is missing or failed, or whose summary its own answers do not give; a question of a held-out suite that was
trained; a claim without a contrast; results from uncommitted changes.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from andraeus.errors import UserError
from evaluation.archive import read_cells
from evaluation.groups import CellResult
from evaluation.summary import summarise
from scripts import paper

MOST_CLAIMS = 8
# Suites that ask what was trained; of all others no question may be.
TRAINED = ("seen",)
# What may hold digits in prose: code, links, placeholders, comments, and names in which they follow a letter.
_NO_PROSE = re.compile(r"```.*?```|`[^`]*`|\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\]\([^)]*\)", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.-])[-−+]?\d[\d.,]*(?![\w-]*[A-Za-z])")


def main() -> None:
    """Print every defect; exit with 1 if there is one."""
    found = list(defects())
    for defect in found:
        print(f"audit: {defect}")
    if found:
        sys.exit(1)
    print(f"audit: PAPER.md and {len(studies())} studies agree.")


def defects() -> Iterator[str]:
    """Yield every defect in words."""
    try:
        template = paper.source()
        yield from typed_numbers(template)
        yield from too_many_claims()
        if (paper.ROOT / "PAPER.md").read_text() != paper.rendered(template):
            yield "PAPER.md is not what its template and the results give: run `make paper`."
    except UserError as error:
        yield str(error)
    for folder in studies():
        for check in CHECKS:
            try:
                yield from (f"{folder.name}: {defect}" for defect in check(folder))
            except (UserError, OSError, KeyError, ValueError) as error:
                yield f"{folder.name}: {type(error).__name__}: {error}"


def studies() -> list[Path]:
    """Return the folders of the committed studies."""
    return sorted(path.parent for path in paper.PAPER.glob("*/summary.json"))


def typed_numbers(template: str) -> Iterator[str]:
    """Yield each number in the template's prose that no file gives; years and numbers of headings are none."""
    prose = _NO_PROSE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), template)
    for index, line in enumerate(prose.splitlines(), start=1):
        line = re.sub(r"\b(19|20)\d\d\b", "", re.sub(r"^#+\s.*|^\s*\d+\.\s", "", line))
        for match in _NUMBER.finditer(line):
            yield f"PAPER.md.jinja, line {index}: the number {match[0]} is typed, and comes from no file."


def too_many_claims() -> Iterator[str]:
    """Yield a family of claims that is too large; a claim that names no contrast is found when it is written."""
    stated = yaml.safe_load((paper.PAPER / "claims.yaml").read_text())
    if len(stated) > MOST_CLAIMS:
        yield f"claims.yaml: {len(stated)} confirmatory claims; at most {MOST_CLAIMS} stand in one family."


def unfinished(folder: Path) -> Iterator[str]:
    """Yield cells that are no success."""
    for cell in _summary(folder)["cells"]:
        if cell["status"] != "success":
            yield f"cell {cell['identity']} ({cell['arm']}, {cell['suite']}) is {cell['status']}."


def summary_of_other_answers(folder: Path) -> Iterator[str]:
    """Yield what grading the committed answers anew gives otherwise."""
    told, cells = _summary(folder), read_cells(folder)
    again = summarise(
        told["study"], told["study_hash"], cells, _stated(told), told["endpoint"], told["failures"], told["notes"],
        told["overrides"], told["stated"]["explore"], told["stated"]["power"],
    )  # fmt: skip
    for key, value in json.loads(json.dumps(again)).items():
        if told.get(key) == value:
            continue
        parts = [i for i, (a, b) in enumerate(zip(told[key], value, strict=False)) if a != b] if value else []
        where = f" (first at {key}[{parts[0]}])" if parts else ""
        yield f"its answers do not give its {key}{where}: the summary was changed, or the grader; summarise it anew."


def leaks(folder: Path) -> Iterator[str]:
    """Yield held-out suites with a question that is word for word one that was trained.

    Questions that an adapter's shipped start was asked about nobody stand at distance 0 too, but not in training: they
    are those of blind suites, and reported apart (``accuracy_same``).
    """
    for cell in read_cells(folder):
        if cell.suite in (*TRAINED, "blind"):
            continue
        if leaked := [item["id"] for item in cell.items if item["nearest_trained"] == 0]:
            yield f"{cell.suite} of {_name(cell)} asks {len(leaked)} trained questions, such as {leaked[0]}."


def untraceable(folder: Path) -> Iterator[str]:
    """Yield what is not told of where the numbers come from."""
    made = json.loads((folder / "provenance.json").read_text())
    for key in ("command", "commit", "model", "hardware", "date", "threads"):
        if not made.get(key):
            yield f"provenance.json does not say the {key}."
    if str(made.get("dirty")) != "False":
        yield "it was run with uncommitted changes."


CHECKS: tuple[Callable[[Path], Iterator[str]], ...] = (unfinished, summary_of_other_answers, leaks, untraceable)


def _summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return found


def _stated(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a study's contrasts as its experiment file stated them."""
    return [{key: c[key] for key in ("a", "b", "suite", "metric", "kind", "margin")} for c in summary["contrasts"]]


def _name(cell: CellResult) -> str:
    return " ".join([cell.arm, *(f"{k}={v}" for k, v in cell.condition.items())])


if __name__ == "__main__":
    main()
