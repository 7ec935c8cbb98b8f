"""Write PAPER.md from committed results: ``make paper``; put a study among them: ``python -m scripts.paper STUDY``.

``paper/PAPER.md.jinja`` is the paper with its numbers left out; they come from ``paper/<study>/`` (``summary.json``,
``timings.json``, ``provenance.json`` and ``cells.jsonl.gz``, as the study wrote them), from ``paper/claims.yaml`` (what
was claimed before the studies ran) and from ``paper/reported.yaml`` (what the source document reported). A number that
is typed into the template is refused (`scripts.audit`).
"""

import json
import shutil
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from andraeus.errors import UserError
from andraeus.files import new_folder, write_json, write_text
from andraeus.hashing import file_sha256
from evaluation.archive import NAME as CELLS
from evaluation.report.formats import NOTHING, number, p_value, reason, signed
from evaluation.report.rows import differing, label, side_of, value_text
from evaluation.report.shown import Cell, Shown
from evaluation.report.tables import study_tables, to_markdown
from evaluation.report.words import counts, plain
from evaluation.statistics.adjust import holm
from evaluation.statistics.claims import Kind
from evaluation.statistics.contrast import ALPHA

ROOT = Path(__file__).resolve().parents[1]
PAPER = ROOT / "paper"
HASHES = "sha256.json"
FILES = ("summary.json", "timings.json", "provenance.json", CELLS)


def main() -> None:
    """Put the named studies among the committed results, if any are named; then write PAPER.md."""
    from jinja2 import TemplateError

    if {"-h", "--help"} & set(sys.argv[1:]):
        sys.exit(__doc__)
    try:
        for study in sys.argv[1:]:
            publish(Path(study))
            print(f"paper: {study} stands in paper/{Path(study).name}, with its facts, questions and answers.")
        write_text(ROOT / "PAPER.md", rendered())
        print("paper: PAPER.md is written; `make audit` holds it against the results.")
    except UserError as error:
        sys.exit(f"paper: {error}")
    except TemplateError as error:
        sys.exit(f"paper: PAPER.md.jinja cannot be written out: {error}.")


def publish(results: Path) -> None:
    """Copy what a study left (``results/<study>``) to ``paper/<study>``.

    Raises:
        UserError: Something of it is missing.
    """
    if missing := [name for name in FILES if not (results / name).is_file()]:
        raise UserError(f"{results} lacks {', '.join(missing)}: give the folder of a study, as `andraeus` wrote it.")
    figures = [f"figures/{path.name}" for path in sorted((results / "figures").glob("*.png"))]
    with new_folder(PAPER / results.name) as folder:
        (folder / "figures").mkdir()
        for name in (*FILES, *figures):
            shutil.copyfile(results / name, folder / name)
        write_json(folder / HASHES, {name: file_sha256(folder / name) for name in (*FILES, *figures)})


def rendered(template: str | None = None) -> str:
    """Return PAPER.md, from the committed template or another one."""
    from jinja2 import Environment, StrictUndefined

    told = source() if template is None else template
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True)
    return environment.from_string(told).render(WRITERS)


def source() -> str:
    """Return the paper's template."""
    path = PAPER / "PAPER.md.jinja"
    if not path.is_file():
        raise UserError("there is no paper/PAPER.md.jinja, from which PAPER.md is written: no paper has been begun.")
    return path.read_text(encoding="utf-8")


@cache
def load(study: str, file: str = "summary") -> Any:
    """Return a committed file of a study."""
    path = PAPER / study / f"{file}.json"
    if not path.is_file():
        raise UserError(f"{path.relative_to(ROOT)} is not there: run `andraeus experiment={study}` and publish it.")
    return json.loads(path.read_text(encoding="utf-8"))


def table(study: str, name: str) -> str:
    """Write one of the tables that a study leaves (``tables/<name>.md``), and where its numbers come from."""
    tables = study_tables(load(study), load(study, "timings"))
    if name not in tables:
        raise UserError(f"{study} has no table {name}, but {', '.join(tables)}.")
    return to_markdown(tables[name][1]) + "\n" + origin(study)


def figure(study: str, name: str, caption: str) -> str:
    """Show one of the figures that a study leaves."""
    path = PAPER / study / "figures" / f"{name}.png"
    if not path.is_file():
        raise UserError(f"{path.relative_to(ROOT)} is not there: publish {study} again.")
    return f"![{caption}]({path.relative_to(ROOT)})\n"


def estimate(study: str, metric: str = "accuracy", **wanted: Any) -> str:
    """Write the estimate of the one row that is meant, with its interval: "97.8 [90.1, 99.6]".

    Args:
        study: The study.
        metric: The metric.
        wanted: Arm, suite and conditions of the row; a dot in a name is written as two underscores.
    """
    found = [
        row
        for row in load(study)["rows"]
        if row["metric"] == metric
        and all(value_text({**row["condition"], **row}.get(k.replace("__", "."))) == str(v) for k, v in wanted.items())
    ]
    if len(found) != 1:
        raise UserError(f"{len(found)} rows of {study} are {metric} with {wanted}: name one.")
    (row,) = found
    texts = [NOTHING if row[k] is None else number(row[k], metric) for k in ("estimate", "ci_low", "ci_high")]
    return f"{texts[0]} [{texts[1]}, {texts[2]}]"


def difference(study: str, index: int) -> str:
    """Write the difference of a study's stated contrast, counted from 0, with its interval, in points."""
    found = contrast(study, index)
    if found["difference"] is None:
        return NOTHING
    parts = [signed(found[name], found["metric"]) for name in ("difference", "ci_low", "ci_high")]
    return f"{parts[0]} [{parts[1]}, {parts[2]}]"


def contrast(study: str, index: int) -> dict[str, Any]:
    """Return a study's contrast by its place in the experiment file, from 0."""
    found: list[dict[str, Any]] = load(study)["contrasts"]
    if not isinstance(index, int) or not 0 <= index < len(found):
        raise UserError(f"{study} states no contrast {index}, but {len(found)} in all.")
    return found[index]


def claims() -> str:
    """Write the confirmatory claims, with one Holm family over them and what came of each."""
    stated = stated_claims()
    found = [contrast(c["study"], c["contrast"]) for c in stated]
    for claim, c in zip(stated, found, strict=True):
        _check_sign(claim, Kind(c["kind"]))
    # A claim whose cells were lost still counts: what crashed must not make the others significant.
    adjusted = holm([1.0 if c["p_value"] is None else c["p_value"] for c in found])
    keys = differing(side_of(c[side]) for c in found for side in "ab")
    header = ["claim", "scope", "contrast", "difference (points)", "p (Holm over claims)", "state"]
    table = Shown(header, "lllrrl")
    for claim, c, p in zip(stated, found, adjusted, strict=True):
        notes = () if c["p_value"] is not None else (table.note(reason(c, "p_value")),)
        told = p_value(p) if c["p_value"] is not None else NOTHING
        sides = " − ".join(label(side_of(c[side]), keys) for side in "ab")
        texts = [claim["claim"], claim["scope"], sides, difference(claim["study"], claim["contrast"])]
        table.rows.append([*map(Cell, texts), Cell(told, notes), Cell(state(claim, c, p))])
    return to_markdown(table)


def stated_claims() -> list[dict[str, Any]]:
    """Read claims.yaml.

    Raises:
        UserError: It is no list of claims, or one of them is none.
    """
    path = PAPER / "claims.yaml"
    try:
        stated = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise UserError(f"{path.name} cannot be read: {' '.join(str(error).split())}.") from error
    kinds = {"claim": str, "study": str, "contrast": int, "scope": str}
    for one in stated if isinstance(stated, list) else [stated]:
        if not isinstance(one, dict) or not all(isinstance(one.get(key), kind) for key, kind in kinds.items()):
            raise UserError(f"{path.name} is a list of claims, each with {', '.join(kinds)}: {one!r} is none.")
    return list(stated)


def _check_sign(claim: Mapping[str, Any], kind: Kind) -> None:
    """Refuse a claim of a difference that does not say which, and a sign where the contrast has a margin."""
    sign, needed = claim.get("sign"), kind is Kind.difference
    if needed and sign not in ("+", "-"):
        raise UserError(f"claims.yaml: «{claim['claim']}» is of a difference: its sign is {sign!r}, not '+' or '-'.")
    if not needed and sign is not None:
        raise UserError(f"claims.yaml: «{claim['claim']}» is of {kind}, which has no sign: take it out.")


def state(claim: Mapping[str, Any], found: Mapping[str, Any], p: float) -> str:
    """Say whether a claim holds, fails or is undecided.

    A claim of a difference names its sign (``claim["sign"]``) and fails where the other sign is shown; one of
    equivalence or non-inferiority fails where the interval lies beyond its margin.
    """
    if found["difference"] is None:
        return "undecided"
    if found["kind"] != Kind.difference:
        beyond = found["ci_high"] < -found["margin"]
        beyond |= found["kind"] == Kind.equivalence and found["ci_low"] > found["margin"]
        return "holds" if p < ALPHA else "fails" if beyond else "undecided"
    if p >= ALPHA:
        return "undecided"
    return "holds" if (found["difference"] > 0) == (claim["sign"] == "+") else "fails"


def reported(key: str) -> str:
    """Write what the source document reported."""
    told = yaml.safe_load((PAPER / "reported.yaml").read_text())
    if key not in told:
        raise UserError(f"reported.yaml does not know {key}, but {', '.join(told)}.")
    return str(told[key])


def origin(study: str) -> str:
    """Write under a table where its numbers come from."""
    made = load(study, "provenance")
    commits = ", ".join(dict.fromkeys(commit[:8] for commit in str(made["commit"]).split("; ")))
    # Other metrics are over a part of the items.
    rows = [row for row in load(study)["rows"] if row["metric"] in ("accuracy", "area_under_curve")]
    n = counts({"rows": rows})
    return (
        f"`{made['command']}`; commit {commits}; {plain(made['model'])}; {n}; {made['hardware']}, "
        f"{made['threads']} thread a cell; {made['date']}.\n"
    )


WRITERS = {writer.__name__: writer for writer in (claims, difference, estimate, figure, reported, table)}
"""What a template may call."""


if __name__ == "__main__":
    main()
