"""Check that PAPER.md says what the committed results say: ``make audit``.

Found are: a paper that is not its template's rendering; a number typed into the template; a committed study with a
cell that is missing or failed, or fewer cells than its experiment file asks for; a summary that its own answers do not
give, or that states something else than the experiment file; a file that was changed since it was published; a
question of a held-out suite that was trained; a claim without a contrast; results from uncommitted changes.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from andraeus.errors import UserError
from andraeus.hashing import file_sha256
from evaluation.archive import read_cells
from evaluation.contrasts import named_side
from evaluation.groups import CellResult
from evaluation.report.rows import value_text
from evaluation.summary import summarise
from experiments.grid import decoded, expand
from scripts import paper

CONF = paper.ROOT / "conf"
MOST_CLAIMS = 8
# Suites that ask what was trained; of all others no question may be.
TRAINED = ("seen",)
# What may hold digits: code, links, comments, what is rendered (but for the captions in it), the numbers of headings
# and lists, names of models, years of works cited, and names in which digits follow a letter (v10).
_NO_PROSE = re.compile(
    r"```.*?```|`[^`]*`|\{%.*?%\}|\{#.*?#\}|\]\([^)]*\)|^#+\s\d[\d.]*\s(?=[A-Z])|^\s*\d+\.\s|\b[A-Z]\w*-\d+[MB]\b",
    re.DOTALL | re.MULTILINE,
)
_RENDERED = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_CAPTION = re.compile(r"figure\([^,]*,[^,]*,\s*(['\"])(.*?)\1", re.DOTALL)
_YEAR = re.compile(r"\([^()]*\)")
_NUMBER = re.compile(r"(?<![A-Za-z_\d])[-−+]?\.?\d[\d.,]*\w*")


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
    """Yield each number in the template's prose that no file gives."""
    prose = _NO_PROSE.sub(_blank, template)
    prose = _RENDERED.sub(_caption, prose)
    prose = _YEAR.sub(lambda cited: re.sub(r"(?<=[a-z.] )(19|20)\d\d\b", "    ", cited[0]), prose)
    for index, line in enumerate(prose.splitlines(), start=1):
        for match in _NUMBER.finditer(line):
            yield f"PAPER.md.jinja, line {index}: the number {match[0]} is typed, and comes from no file."


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def _caption(rendered: re.Match[str]) -> str:
    """Return of what is rendered the caption alone, which is prose, with the line breaks of all of it."""
    found = _CAPTION.search(rendered[1])
    return (found[2].replace("\n", " ") if found else "") + "\n" * rendered[0].count("\n")


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


def stated_otherwise(folder: Path) -> Iterator[str]:
    """Yield what a summary states otherwise than the experiment file of its name, and what it lacks of it."""
    path = CONF / "experiment" / f"{folder.name}.yaml"
    told = _summary(folder)
    if not path.is_file():
        return
    if told["study_hash"] != file_sha256(path):
        yield f"its summary is not of {path.relative_to(paper.ROOT)} as it stands: summarise it anew."
    if told["overrides"]:
        yield f"it was run with {' '.join(told['overrides'])}, and not as its file states it."
    config = _experiment(folder.name)
    if json.loads(json.dumps(_stated(told))) != [_side_by_side(one) for one in config["contrasts"]]:
        yield "its contrasts are not those that its file states."
    for key, found in (("endpoint", told["endpoint"]), *told["stated"].items()):
        if config[key] != found:
            yield f"its {key} is not what its file states."
    yield from _too_few(told, config)


def _too_few(summary: dict[str, Any], config: dict[str, Any]) -> Iterator[str]:
    """Yield conditions of the file that have no row, or a row of fewer people or seeds."""
    asked: dict[str, tuple[dict[str, Any], set[Any], set[Any]]] = {}
    for cell in expand(config["grids"], [])[0]:
        swept = decoded(cell)
        person, seed = swept.pop("facts.seed", None), swept.pop("seed", None)
        _, people, seeds = asked.setdefault(json.dumps(swept), (swept, set(), set()))
        people.add(person)
        seeds.add(seed)
    accuracy = [row for row in summary["rows"] if row["metric"] == "accuracy"]
    for swept, people, seeds in asked.values():
        name = " ".join(f"{key}={value}" for key, value in swept.items())
        rows = [row for row in accuracy if _is_of(row, swept)]
        if not rows:
            yield f"no row is of {name}, which its file asks for."
        for row in rows:
            if (row["n_profiles"] or 0) < len(people) or (row["n_seeds"] or len(seeds)) < len(seeds):
                yield f"a row of {name} has fewer people or seeds than its file asks for."


def _is_of(row: dict[str, Any], swept: dict[str, Any]) -> bool:
    of = {"arm": "finetune", "suite": "heldout", **swept}
    condition = {key: row["condition"][key] for key in of if key in row["condition"]}
    return all(value_text(value) == value_text(of[key]) for key, value in condition.items()) and all(
        row[key] == of[key] for key in ("arm", "suite")
    )


def changed(folder: Path) -> Iterator[str]:
    """Yield files that are not what was published."""
    hashes = json.loads((folder / paper.HASHES).read_text())
    for name, known in hashes.items():
        if not (folder / name).is_file() or file_sha256(folder / name) != known:
            yield f"{name} is not what was published: publish it again."
    if missing := [name for name in paper.FILES if name not in hashes]:
        yield f"{paper.HASHES} does not know {', '.join(missing)}: publish it again."
    timed = {cell["identity"] for cell in json.loads((folder / "timings.json").read_text())["cells"]}
    if timed != {cell["identity"] for cell in _summary(folder)["cells"]}:
        yield "timings.json is of other cells than the summary."


def leaks(folder: Path) -> Iterator[str]:
    """Yield held-out suites with a question that is word for word one that was trained, or of which that is not known.

    Questions that an adapter's shipped start was asked about nobody stand at distance 0 too, but not in training: they
    are those of blind suites, and reported apart (``accuracy_same``).
    """
    for cell in read_cells(folder):
        if cell.suite in (*TRAINED, "blind"):
            continue
        if leaked := [item["id"] for item in cell.items if item["nearest_trained"] == 0]:
            yield f"{cell.suite} of {_name(cell)} asks {len(leaked)} trained questions, such as {leaked[0]}."
        if cell.seed is not None and any(item["nearest_trained"] is None for item in cell.items):
            yield f"{cell.suite} of {_name(cell)} does not say how near its questions are to trained ones."


def untraceable(folder: Path) -> Iterator[str]:
    """Yield what is not told of where the numbers come from."""
    made = json.loads((folder / "provenance.json").read_text())
    for key in ("command", "commit", "model", "hardware", "date", "threads"):
        if not made.get(key):
            yield f"provenance.json does not say the {key}."
    if str(made.get("dirty")) != "False":
        yield "it was run with uncommitted changes."


CHECKS: tuple[Callable[[Path], Iterator[str]], ...] = (
    unfinished, summary_of_other_answers, stated_otherwise, changed, leaks, untraceable,
)  # fmt: skip


def _summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return found


def _stated(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a study's contrasts as its experiment file stated them."""
    return [{key: c[key] for key in ("a", "b", "suite", "metric", "kind", "margin")} for c in summary["contrasts"]]


def _side_by_side(contrast: dict[str, Any]) -> dict[str, Any]:
    """Return a contrast of an experiment file as a summary writes it."""
    sides = {side: named_side(contrast[side]) for side in ("a", "b")}
    return {**sides, **{key: contrast[key] for key in ("suite", "metric", "kind", "margin")}}


@cache
def _experiment(name: str) -> dict[str, Any]:
    """Return a named study's configuration."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from experiments.schema import register

    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=[f"experiment={name}"], return_hydra_config=True)
    stated = {key: config[key] for key in ("contrasts", "endpoint", "explore", "power")}
    stated["grids"] = config.hydra.sweeper.grids
    found = {key: OmegaConf.to_container(value) for key, value in stated.items() if OmegaConf.is_config(value)}
    return {"endpoint": None, **found}


def _name(cell: CellResult) -> str:
    return " ".join([cell.arm, *(f"{k}={v}" for k, v in cell.condition.items())])


if __name__ == "__main__":
    main()
