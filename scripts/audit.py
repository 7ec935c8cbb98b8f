"""Check that PAPER.md says what the committed results say: ``make audit``.

Found are: a paper that is not its template's rendering; a number typed into the template; a committed study with a
cell that is missing or failed, or fewer cells than its experiment file asks for; a summary that its own answers do not
give, or that states something else than the experiment file; a file that was changed since it was published; a
question of a held-out suite that was trained; a claim without a contrast, or one that was not stated so in the commit
whose code ran its study; results from uncommitted changes.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from jinja2 import TemplateError

from andraeus.errors import UserError
from andraeus.hashing import file_sha256
from evaluation.archive import read_cells
from evaluation.contrasts import named_side
from evaluation.groups import CellResult
from evaluation.report.rows import value_text
from evaluation.summary import summarise
from experiments.grid import decoded, expand
from experiments.results import telling_keys
from scripts import paper

if TYPE_CHECKING:
    from jinja2 import nodes

CONF = paper.ROOT / "conf"
MOST_CLAIMS = 8
# What says whose facts a cell is about.
_PERSON = ("facts", "facts.path", "facts.seed")
# Suites that ask what was trained; of all others no question may be.
TRAINED = ("seen",)
# What may hold digits in prose: code, links, comments, the numbers of headings and lists, names of models, years of
# works cited, and names in which digits follow a letter (v10). A number alone is not code because of its backticks.
_NO_PROSE = re.compile(
    r"```.*?```|`[^`]*`|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|\]\([^)]*\)|^#+\s1?\d(?:\.\d{1,2})?\s(?=[A-Z])|^\s*\d+\.\s"
    r"|\b[A-Z][\w.]*(?:-\d)?-[\d.]+[MB]\b",
    re.DOTALL | re.MULTILINE,
)
_CODE = re.compile(r"(?<!`)`[^`\n]+`(?!`)")
_ALONE = re.compile(r"[-−+]?[\d.,]*\d%?")
_TAKES = re.compile(r"--?[a-z]")
_YEAR = re.compile(r"\([^()]*\)")
_NUMBER = re.compile(r"(?<![A-Za-z_\d])[-−+]?\.?\d[\d.,]*\w*")


def main() -> None:
    """Print every defect; exit with 1 if there is one."""
    found = list(defects())
    for defect in found:
        print(f"audit: {defect}")
    if not _has_history():
        print("audit: this copy has no history, so nobody looked whether the claims were stated before.")
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
        yield from claimed_afterwards()
    except UserError as error:
        yield str(error)
    except (TemplateError, OSError, KeyError, TypeError, ValueError) as error:
        yield f"the paper cannot be written: {type(error).__name__}: {error}"
    for folder in studies():
        for check in CHECKS:
            try:
                yield from (f"{folder.name}: {defect}" for defect in check(folder))
            except (UserError, OSError, KeyError, TypeError, ValueError) as error:
                yield f"{folder.name}: {type(error).__name__}: {error}"


def studies() -> list[Path]:
    """Return the folders of the committed studies."""
    return sorted(path.parent for path in paper.PAPER.glob("*/summary.json"))


def typed_numbers(template: str) -> Iterator[str]:
    """Yield each number in the template that no file gives, whether it stands in prose or in what is rendered."""
    from jinja2 import Environment

    prose = _NO_PROSE.sub(_blank, _CODE.sub(_shown_as_code, template))
    prose = _YEAR.sub(lambda cited: re.sub(r"(?<=[a-z.] )(19|20)\d\d\b", "    ", cited[0]), prose)
    found = [(i, number) for i, line in enumerate(prose.splitlines(), start=1) for number in _NUMBER.findall(line)]
    tree = Environment().parse(template)
    for line, number in sorted([*found, *_rendered_numbers(tree)]):
        yield f"PAPER.md.jinja, line {line}: the number {number} is typed, and comes from no file."
    if re.search(r"\{%[-+]?\s*raw\b", template):
        yield "PAPER.md.jinja: a raw block hides what it holds; take it out."
    for name in sorted(_bound(tree) & paper.WRITERS.keys()):
        yield f"PAPER.md.jinja: {name} is given another meaning, so nothing says where its numbers come from."


def _bound(tree: "nodes.Template") -> set[str]:
    """Return the names that a template gives a meaning of its own."""
    from jinja2 import nodes

    named = {node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"}
    return named | {node.name for node in tree.find_all(nodes.Macro)}


def _shown_as_code(match: re.Match[str]) -> str:
    """Take the backticks off a number that is code but for them; what a command is given is code."""
    told, before = match[0][1:-1].split(), ("", *match[0][1:-1].split())
    alone = (one for one, last in zip(told, before, strict=False) if _ALONE.fullmatch(one) and not _TAKES.match(last))
    return match[0].replace("`", " ") if any(alone) else match[0]


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def _rendered_numbers(node: "nodes.Node") -> Iterator[tuple[int, str]]:
    """Yield the numbers among a template's expressions, by line, but for those by which a result is named."""
    from jinja2 import nodes

    if isinstance(node, nodes.TemplateData):
        return
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in paper.WRITERS:
        # What a figure's caption says is prose.
        given = {**dict(enumerate(node.args)), **{pair.key: pair.value for pair in node.kwargs}}
        spoken = [given[key] for key in (2, "caption") if key in given and node.node.name == "figure"]
        children = [*spoken, *(child for child in given.values() if not isinstance(child, nodes.Const))]
    else:
        children = list(node.iter_child_nodes())
    if isinstance(node, nodes.Const) and not isinstance(node.value, bool):
        yield from ((node.lineno, number) for number in _NUMBER.findall(str(node.value)))
    for child in children:
        yield from _rendered_numbers(child)


def too_many_claims() -> Iterator[str]:
    """Yield a family of claims that is too large; a claim that names no contrast is found when it is written."""
    stated = paper.stated_claims()
    if len(stated) > MOST_CLAIMS:
        yield f"claims.yaml: {len(stated)} confirmatory claims; at most {MOST_CLAIMS} stand in one family."
    for claim in stated:
        if stated.count(claim) > 1:
            yield f"claims.yaml: «{claim['claim']}» stands there twice."


def claimed_afterwards() -> Iterator[str]:
    """Yield claims of which the commits whose code ran their studies did not hold all, word for word, or held more."""
    if not _has_history():
        return
    now = paper.stated_claims()
    for study in sorted({claim["study"] for claim in now} | {folder.name for folder in studies()}):
        claims = [claim for claim in now if claim["study"] == study]
        for commit in dict.fromkeys(str(paper.load(study, "provenance")["commit"]).split("; ")):
            told = _claims_at(commit)
            if told is None:
                if claims:
                    yield f"claims.yaml: nobody can say what was claimed at {commit[:8]}, which ran {study}."
                continue
            before = [claim for claim in told if claim["study"] == study]
            for claim in (claim for claim in claims if claim not in before):
                yield f"claims.yaml: «{claim['claim']}» was not claimed so at {commit[:8]}, which ran {study}."
            for claim in (claim for claim in before if claim not in claims):
                yield f"claims.yaml: «{claim['claim']}» was claimed at {commit[:8]}, which ran {study}, and is gone."


def _has_history() -> bool:
    """Tell whether this is a whole repository: not an unpacked archive, and no shallow clone."""
    return _git("rev-parse", "--is-shallow-repository") == "false\n"


@cache
def _claims_at(commit: str) -> list[Any] | None:
    """Return the claims of a commit; None where this repository does not hold it, or it claimed nothing."""
    shown = _git("show", f"{commit}:paper/claims.yaml")
    return None if shown is None else list(yaml.safe_load(shown))


def _git(*arguments: str) -> str | None:
    told = ["git", "--no-optional-locks", "-C", str(paper.ROOT), *arguments]
    done = subprocess.run(told, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def unfinished(folder: Path) -> Iterator[str]:
    """Yield cells that are no success."""
    for cell in _summary(folder)["cells"]:
        if cell["status"] != "success":
            yield f"cell {cell['identity']} ({cell['arm']}, {cell['suite']}) is {cell['status']}."


def summary_of_other_answers(folder: Path) -> Iterator[str]:
    """Yield what grading the committed answers anew gives otherwise."""
    told, cells = _summary(folder), read_cells(folder)
    again = summarise(
        told["study"],
        told["study_hash"],
        cells,
        _stated(told),
        **{key: told[key] for key in ("endpoint", "failures", "notes", "overrides")},
        **{key: told["stated"][key] for key in ("explore", "power")},
    )
    for key, value in json.loads(json.dumps(again)).items():
        if told.get(key) == value:
            continue
        both = (told.get(key), value)
        parts = [i for i, (a, b) in enumerate(zip(*both, strict=False)) if a != b] if _are_lists(both) else []
        where = f" (first at {key}[{parts[0]}])" if parts else ""
        yield f"its answers do not give its {key}{where}: the summary was changed, or the grader; summarise it anew."


def _are_lists(values: tuple[Any, Any]) -> bool:
    return all(isinstance(value, list) for value in values)


def stated_otherwise(folder: Path) -> Iterator[str]:
    """Yield what a summary states otherwise than its experiment file, and what it lacks of it.

    The file is the one of its name. A study that goes by a name of its own (``study=NAME``) may have been run with
    overrides, and its file is the one whose hash it has.
    """
    told, own = _summary(folder), CONF / "experiment" / f"{folder.name}.yaml"
    files = [own] if own.is_file() else sorted((CONF / "experiment").glob("*.yaml"))
    path = next((path for path in files if file_sha256(path) == told["study_hash"]), None)
    if path is None:
        where = f"{own.relative_to(paper.ROOT)} as it stands" if own.is_file() else "any file of conf/experiment"
        yield f"its summary is not of {where}: summarise it anew."
    if path is None and not own.is_file():
        return
    if own.is_file() and told["overrides"]:
        yield f"it was run with {' '.join(told['overrides'])}, and not as its file states it."
    config = _experiment((path or own).stem)
    if json.loads(json.dumps(_stated(told))) != [_side_by_side(one) for one in config["contrasts"]]:
        yield "its contrasts are not those that its file states."
    for key, found in (("endpoint", told["endpoint"]), *told["stated"].items()):
        if config[key] != found:
            yield f"its {key} is not what its file states."
    yield from _too_few(told, config)


def _too_few(summary: dict[str, Any], config: dict[str, Any]) -> Iterator[str]:
    """Yield the rows that have fewer cells than the file asks for, or none."""
    asked = [decoded(cell) for cell in expand(config["grids"], summary["overrides"])[0]]
    asked = [{"arm": "finetune", "suite": "heldout", **swept} for swept in asked]
    telling = telling_keys(asked)
    wanted: dict[str, set[tuple[str, str]]] = {}
    for swept in asked:
        row = {key: value_text(swept[key]) for key in ("arm", "suite", *sorted(telling & swept.keys()))}
        person = " ".join(value_text(swept[key]) for key in _PERSON if key in swept)
        wanted.setdefault(json.dumps(row), set()).add((person, value_text(swept.get("seed"))))
    for named, replicates in wanted.items():
        row = json.loads(named)
        found = [cell for cell in summary["cells"] if _is_of(cell, row)]
        # An arm without randomness is asked once, whatever the seeds.
        seeded = any(cell["seed"] is not None for cell in found)
        needed = len(replicates) if seeded else len({person for person, _ in replicates})
        if len(found) < needed:
            name = " ".join(f"{key}={value}" for key, value in row.items())
            yield f"{name} has {len(found)} of the {needed} cells that its file asks for."


def _is_of(cell: dict[str, Any], row: dict[str, Any]) -> bool:
    """Tell whether a cell is of a row; one without an adapter is of all that differ in what shapes adapters."""
    condition = {key: value_text(value) for key, value in cell["condition"].items()}
    wanted = {key: value for key, value in row.items() if key not in ("arm", "suite")}
    fits = condition == wanted if cell["seed"] is not None else condition.items() <= wanted.items()
    return fits and (cell["arm"], cell["suite"]) == (row["arm"], row["suite"])


def changed(folder: Path) -> Iterator[str]:
    """Yield files that are not what was published."""
    hashes = json.loads((folder / paper.HASHES).read_text())
    for name, known in hashes.items():
        if not (folder / name).is_file() or file_sha256(folder / name) != known:
            yield f"{name} is not what was published: publish it again."
    shown = {f"figures/{path.name}" for path in (folder / "figures").glob("*")}
    if missing := sorted({*paper.FILES, *shown} - hashes.keys()):
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
