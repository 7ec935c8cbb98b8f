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
from statistics import median
from typing import Any

import yaml

from andraeus.errors import UserError
from andraeus.files import write_text
from evaluation.archive import NAME as CELLS
from evaluation.curves import STEP
from evaluation.report.formats import number, p_value, signed
from evaluation.report.rows import ARMS, condition_words, natural, place, value_text
from evaluation.report.tables import study_tables, to_markdown
from evaluation.statistics.adjust import holm
from evaluation.statistics.claims import Kind

ROOT = Path(__file__).resolve().parents[1]
PAPER = ROOT / "paper"
FILES = ("summary.json", "timings.json", "provenance.json", CELLS)
ALPHA = 0.05
NOTHING = "–"


def main() -> None:
    """Put the named studies among the committed results, if any are named; then write PAPER.md."""
    try:
        for study in sys.argv[1:]:
            publish(Path(study))
        write_text(ROOT / "PAPER.md", rendered())
    except UserError as error:
        sys.exit(f"paper: {error}")


def publish(results: Path) -> None:
    """Copy what a study left (``results/<study>``) to ``paper/<study>``.

    Raises:
        UserError: Something of it is missing.
    """
    if missing := [name for name in FILES if not (results / name).is_file()]:
        raise UserError(f"{results} lacks {', '.join(missing)}: give the folder of a study, as `andraeus` wrote it.")
    target = PAPER / results.name
    figures = [f"figures/{path.name}" for path in sorted((results / "figures").glob("*.png"))]
    (target / "figures").mkdir(parents=True, exist_ok=True)
    for old in (target / "figures").iterdir():
        old.unlink()
    for name in (*FILES, *figures):
        shutil.copyfile(results / name, target / name)


def rendered(template: str | None = None) -> str:
    """Return PAPER.md, from the committed template or another one."""
    from jinja2 import Environment, StrictUndefined

    told = source() if template is None else template
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True)
    return environment.from_string(told).render(
        accuracy=accuracy, area=area, contrasts=contrasts, claims=claims, difference=difference, estimate=estimate,
        figure=figure, origin=origin, reported=reported, steps=steps, table=table, count=count,
    )  # fmt: skip


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


def rows(study: str, metric: str = "accuracy", **wanted: Any) -> list[dict[str, Any]]:
    """Return the rows of a metric that have the wanted arm, suite and condition."""
    return [
        row
        for row in load(study)["rows"]
        if row["metric"] == metric
        and all(value_text({**row["condition"], **row}.get(k.replace("__", "."))) == str(v) for k, v in wanted.items())
    ]


def row(study: str, metric: str = "accuracy", **wanted: Any) -> dict[str, Any]:
    """Return the one row that is meant."""
    found = rows(study, metric, **wanted)
    if len(found) != 1:
        raise UserError(f"{len(found)} rows of {study} are {metric} with {wanted}: name one.")
    return found[0]


def estimate(study: str, metric: str = "accuracy", *, bare: bool = False, **wanted: Any) -> str:
    """Write an estimate with its interval: "97.8 [90.1, 99.6]"; bare without."""
    return told(row(study, metric, **wanted), bare=bare)


def told(found: Mapping[str, Any], *, bare: bool = False) -> str:
    """Write a row's estimate with its interval, a dash where there is none."""
    if found["estimate"] is None:
        return NOTHING
    text = number(found["estimate"], found["metric"])
    if bare:
        return text
    if found["ci_low"] is None:
        return f"{text} [{NOTHING}]"
    return f"{text} [{number(found['ci_low'], found['metric'])}, {number(found['ci_high'], found['metric'])}]"


def steps(study: str, **wanted: Any) -> str:
    """Write the steps to 90 % of one condition."""
    return estimate(study, "steps_to_90", **wanted)


def count(study: str, field: str, **wanted: Any) -> int:
    """Return how many items, facts, profiles or seeds a row is made of."""
    found = {r[field] for r in rows(study, **wanted)}
    if len(found) != 1:
        raise UserError(f"{field} of {study} with {wanted} is not one number: {sorted(map(str, found))}.")
    value: int = found.pop()
    return value


def accuracy(study: str, *keys: str, metrics: tuple[str, ...] = ("accuracy",)) -> str:
    """Write a table: a line each arm and condition, a column each suite and metric."""
    found = [r for r in load(study)["rows"] if r["metric"] in metrics and "step" not in r["condition"]]
    columns = list(dict.fromkeys((r["suite"], r["metric"]) for r in found))
    columns.sort(key=lambda c: (metrics.index(c[1]), c[0] != "heldout", c[0]))
    keys = keys or tuple(dict.fromkeys(key for r in found for key in r["condition"]))
    lines: dict[tuple[str, ...], dict[tuple[str, str], str]] = {}
    times: dict[tuple[str, ...], str] = {}
    for r in found:
        name = (r["arm"], *(value_text(r["condition"].get(key, NOTHING)) for key in keys))
        lines.setdefault(name, {})[r["suite"], r["metric"]] = told(r)
        times[name] = seconds(study, r["arm"], r["condition"])
    names = sorted(lines, key=lambda name: (place(name[0], ARMS), *map(natural, name[1:])))
    titles = [suite if len(metrics) == 1 else f"{suite} {metric}" for suite, metric in columns]
    header = ["arm", *keys, *titles, "training (s)"]
    body = [[*name, *(lines[name].get(c, NOTHING) for c in columns), times[name]] for name in names]
    return markdown(header, body) + "\n" + origin(study)


def area(study: str, *keys: str) -> str:
    """Write the table of a study of learning curves: area under the curve, steps to 90 %, the last accuracy."""
    found = rows(study, "area_under_curve")
    keys = keys or tuple(dict.fromkeys(key for r in found for key in r["condition"]))
    ends = [r for r in rows(study) if "step" in r["condition"]]
    body = []
    for r in sorted(found, key=lambda r: [natural(value_text(r["condition"].get(k, ""))) for k in keys]):
        name = tuple(value_text(r["condition"].get(key, NOTHING)) for key in keys)
        same = [e for e in ends if without_step(e["condition"]) == r["condition"]]
        last = max(same, key=lambda e: e["condition"]["step"])
        to_most = next(s for s in rows(study, "steps_to_90") if s["condition"] == r["condition"])
        body.append([*name, told(r), told(to_most), told(last), seconds(study, r["arm"], r["condition"])])
    step = max(e["condition"]["step"] for e in ends)
    header = [*keys, "area under the curve", "steps to 90 %", f"accuracy at step {step}", "training (s)"]
    return markdown(header, body) + "\n" + origin(study)


def table(study: str, name: str) -> str:
    """Write one of the tables that a study leaves (``tables/<name>.md``)."""
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


def seconds(study: str, arm: str, condition: Mapping[str, Any]) -> str:
    """Write the median seconds of training under a condition."""
    found = [
        cell["train_seconds"]
        for cell in load(study, "timings")["cells"]
        if cell["arm"] == arm and without_step(cell["condition"]) == condition and cell["train_seconds"] is not None
    ]
    return f"{median(found):.0f}" if found else NOTHING


def without_step(condition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a condition but for the checkpoint that answered."""
    return {key: value for key, value in condition.items() if key != STEP}


def side(stated: Mapping[str, Any]) -> str:
    """Name one side of a contrast."""
    return f"{stated['arm']} {condition_words(stated['condition'], stated['condition'])}".strip()


def difference(study: str, index: int) -> str:
    """Write the difference of a study's contrast with its interval, in points."""
    found = contrast(study, index)
    if found["difference"] is None:
        return NOTHING
    parts = [signed(found[name], found["metric"]) for name in ("difference", "ci_low", "ci_high")]
    return f"{parts[0]} [{parts[1]}, {parts[2]}]"


def contrast(study: str, index: int) -> dict[str, Any]:
    """Return a study's contrast by its place in the experiment file, from 0."""
    found: list[dict[str, Any]] = load(study)["contrasts"]
    if not 0 <= index < len(found):
        raise UserError(f"{study} states no contrast {index}, but {len(found)} in all.")
    return found[index]


def contrasts(study: str) -> str:
    """Write a study's stated contrasts."""
    body = [
        [f"{side(c['a'])} − {side(c['b'])}", c["suite"], c["metric"], difference(study, i)]
        + [NOTHING if c[p] is None else p_value(c[p]) for p in ("p_value", "p_adjusted")]
        + [NOTHING if c["mde"] is None else number(c["mde"], c["metric"])]
        for i, c in enumerate(load(study)["contrasts"])
    ]
    header = ["contrast", "suite", "metric", "difference (points)", "p", "p (Holm)", "smallest effect found with 80 %"]
    return markdown(header, body)


def claims() -> str:
    """Write the confirmatory claims, with one Holm family over them and what came of each."""
    stated = yaml.safe_load((PAPER / "claims.yaml").read_text())
    found = [contrast(c["study"], c["contrast"]) for c in stated]
    adjusted = holm([1.0 if c["p_value"] is None else c["p_value"] for c in found])
    body = [
        [claim["claim"], claim["scope"], difference(claim["study"], claim["contrast"]), p_value(p), state(claim, c, p)]
        for claim, c, p in zip(stated, found, adjusted, strict=True)
    ]
    return markdown(["claim", "scope", "difference (points)", "p (Holm over claims)", "state"], body)


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
    return str(yaml.safe_load((PAPER / "reported.yaml").read_text())[key])


def origin(study: str) -> str:
    """Write under a table where its numbers come from."""
    made = load(study, "provenance")
    commits = ", ".join(dict.fromkeys(commit[:8] for commit in str(made["commit"]).split("; ")))
    counts = [r for r in load(study)["rows"] if r["metric"] == "accuracy" and r["n_facts"] is not None]
    n = max(counts, key=lambda r: (r["n_facts"], r["n_seeds"] or 0))
    seeds = f", {n['n_seeds']} seeds" if (n["n_seeds"] or 0) > 1 else ""
    return (
        f"`{made['command']}`; commit {commits}; {made['model']}; {n['n_profiles']} profiles, {n['n_facts']} facts, "
        f"{n['n_items']} answers a row{seeds}; {made['hardware']}, {made['threads']} thread a cell; "
        f"{str(made['date'])[:10]}. Accuracy in % [95 % interval].\n"
    )


def markdown(header: list[str], body: list[list[Any]]) -> str:
    """Write a Markdown table."""
    lines = [header, ["---"] * len(header), *body]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


if __name__ == "__main__":
    main()
