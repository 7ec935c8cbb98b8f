"""The paper says what the results say, and the audit notices where it does not."""

import copy
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from andraeus.errors import UserError
from andraeus.hashing import file_sha256
from evaluation.archive import read_cells, write_cells
from evaluation.groups import CellResult
from evaluation.statistics.claims import Kind
from evaluation.summary import summarise
from scripts import audit, paper
from tests.evaluation.test_summary import STATED, cell

TEMPLATE = "# A paper\n\nFine-tuning reaches {{ estimate('small', arm='finetune') }}.\n\n{{ claims() }}\n"
CLAIMS = "- {claim: it learns, study: small, contrast: 0, sign: '+', scope: one person}\n"
# What the experiment file of the study states, as Hydra composes it, and the file's hash.
STUDY: dict[str, Any] = {
    "contrasts": [{"kind": "difference", "margin": None, **STATED}],
    "endpoint": None,
    "explore": {"against": {}, "suite": None, "metric": "accuracy"},
    "power": {},
    "grids": [{"arm": ["finetune"], "seed": [0, 1, 2]}, {"arm": ["base"]}],
}
FILE_HASH = hashlib.sha256(b"# what the study asks").hexdigest()


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A paper of one study, without a defect."""
    monkeypatch.setattr(paper, "ROOT", tmp_path)
    monkeypatch.setattr(paper, "PAPER", tmp_path / "paper")
    paper.load.cache_clear()
    folder = tmp_path / "paper" / "small"
    folder.mkdir(parents=True)
    (tmp_path / "paper" / "PAPER.md.jinja").write_text(TEMPLATE)
    (tmp_path / "paper" / "claims.yaml").write_text(CLAIMS)
    (folder / "provenance.json").write_text(
        json.dumps(
            {
                "command": "andraeus",
                "commit": committed(tmp_path),
                "model": "m",
                "hardware": "h",
                "date": "2026",
                "threads": 1,
            }
            | {"dirty": False}
        )
    )
    cells = [trained(cell(seed=s, right=20 + s)) for s in range(3)] + [cell("base", 5)]
    (folder / "timings.json").write_text(json.dumps({"cells": [{"identity": c.identity} for c in cells]}))
    path = tmp_path / "conf" / "experiment" / "small.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("# what the study asks")
    monkeypatch.setattr(audit, "CONF", tmp_path / "conf")
    monkeypatch.setattr(audit, "_experiment", lambda name: STUDY)
    rewrite(folder, cells)
    (folder / paper.HASHES).write_text(json.dumps({name: file_sha256(folder / name) for name in paper.FILES}))
    (tmp_path / "PAPER.md").write_text(paper.rendered())
    return tmp_path


def committed(folder: Path) -> str:
    """Commit all that stands in a folder, and return the commit."""
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for told in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "before"]):
        subprocess.run([*git, *told], check=True)
    return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


def trained(of: CellResult) -> CellResult:
    for item in of.items:
        item["nearest_trained"] = 0.4  # type: ignore[index]
    return of


def rewrite(folder: Path, cells: list[CellResult]) -> None:
    write_cells(folder, cells)
    (folder / "summary.json").write_text(json.dumps(summarise("small", FILE_HASH, cells, [STATED])))


def change(path: Path, edit: Callable[[dict], object]) -> None:  # type: ignore[type-arg]
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))
    paper.load.cache_clear()


def found() -> str:
    return "\n".join(audit.defects())


def test_a_paper_without_defects_has_none(published: Path) -> None:
    assert found() == ""
    assert "| it learns | one person | finetune − base | +53.3 [" in (published / "PAPER.md").read_text()


def test_a_number_changed_in_the_paper_is_seen(published: Path) -> None:
    text = (published / "PAPER.md").read_text()
    (published / "PAPER.md").write_text(text.replace("70.0", "97.0"))
    assert "not what its template and the results give" in found()


@pytest.mark.parametrize(
    "sentence",
    [
        *("It reaches 97.0 %.", "A gain of −3 points.", "1,000 facts fit.", "p < .001", "It took 40s.", "10x cheaper"),
        *("12k tokens", "20-fact people", "2000 facts", "## 97 % at ten", "{{ figure('a', 'b', '97.8 % at ten') }}"),
        *("`about 97.5 %`", "# 97.5 Percent is right", "{{ figure('a', 'b', caption='97.8 % at ten') }}"),
        *("{{ 97.5 }}", "{{ '97.5 %' }}", "{% set x = 97.5 %}{{ x }}", "{{ estimate('a') or 97.5 }}", "`97.5` %"),
    ],
)
def test_a_typed_number_is_seen(published: Path, sentence: str) -> None:
    with (published / "paper" / "PAPER.md.jinja").open("a") as file:
        file.write(sentence)
    assert "is typed, and comes from no file" in found()


@pytest.mark.parametrize(
    "harmless",
    [
        "SmolLM2-135M (Hu et al. 2021)",
        "`--seed 3` and `andraeus facts.n=20 seed=0,1`",
        "## 2 Method",
        "[x](a/1.md)",
        "1. first",
        "v20, r32",
        "{{ estimate('small', variations='v3', step=3) }}",
        "{% macro told(v) %}{{ estimate('small', variations=v) }}{% endmacro %}{{ told('v10') }}",
        "Qwen2.5-7B, Gemma-3-270M and `facts.n=20`",
    ],
)
def test_names_years_and_code_are_no_numbers(harmless: str) -> None:
    assert list(audit.typed_numbers(harmless)) == []


def test_a_changed_summary_is_seen(published: Path) -> None:
    change(published / "paper" / "small" / "summary.json", lambda s: s["rows"][0].update(estimate=0.99))
    assert "its answers do not give its rows (first at rows[0])" in found()


def test_a_changed_answer_is_seen(published: Path) -> None:
    folder = published / "paper" / "small"
    cells = read_cells(folder)
    cells[0].items[0]["answer"] = "something else"  # type: ignore[index]
    write_cells(folder, cells)
    assert "its answers do not give its rows" in found()


@pytest.mark.parametrize("status", ["failed", "missing"])
def test_a_missing_cell_is_seen(published: Path, status: str) -> None:
    folder = published / "paper" / "small"
    rewrite(folder, [*read_cells(folder), cell(seed=3, status=status, items=[])])
    assert f"(finetune, heldout) is {status}" in found()


def test_a_trained_question_is_seen(published: Path) -> None:
    folder = published / "paper" / "small"
    cells = read_cells(folder)
    next(c for c in cells if c.arm == "finetune").items[3]["nearest_trained"] = 0.0  # type: ignore[index]
    rewrite(folder, cells)
    assert "heldout of finetune asks 1 trained questions, such as f3/0" in found()


def test_a_distance_that_is_not_told_is_seen(published: Path) -> None:
    folder = published / "paper" / "small"
    cells = read_cells(folder)
    next(c for c in cells if c.arm == "finetune").items[3]["nearest_trained"] = None  # type: ignore[index]
    rewrite(folder, cells)
    assert "heldout of finetune does not say how near its questions are" in found()


@pytest.mark.parametrize("name", ["timings.json", "provenance.json"])
def test_a_file_that_was_changed_after_it_was_published_is_seen(published: Path, name: str) -> None:
    path = published / "paper" / "small" / name
    path.write_text(path.read_text() + " ")
    assert f"{name} is not what was published" in found()


def test_timings_of_other_cells_are_seen(published: Path) -> None:
    change(published / "paper" / "small" / "timings.json", lambda timings: timings["cells"].pop())
    assert "timings.json is of other cells" in found()


@pytest.fixture
def stated(published: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the experiment file of the study states, to be changed."""
    config = copy.deepcopy(STUDY)
    monkeypatch.setattr(audit, "_experiment", lambda name: config)
    return config


def of_the_file(published: Path) -> list[str]:
    return list(audit.stated_otherwise(published / "paper" / "small"))


def test_a_study_as_its_file_states_it_has_no_defect(published: Path, stated: dict[str, Any]) -> None:
    assert of_the_file(published) == []


def test_what_the_file_states_otherwise_is_seen(published: Path, stated: dict[str, Any]) -> None:
    stated["contrasts"][0] |= {"kind": "equivalence", "margin": 0.1}
    stated["endpoint"] = {"suite": "heldout", "metric": "accuracy"}
    change(published / "paper" / "small" / "summary.json", lambda s: s.update(study_hash="h", overrides=["seed=0"]))
    told = "\n".join(of_the_file(published))
    for defect in ("contrasts are not those", "endpoint is not what", "as it stands", "was run with seed=0"):
        assert defect in told


@pytest.mark.parametrize(
    ("grid", "defect"),
    [
        ({"arm": ["finetune"], "seed": [0, 1, 2, 3]}, "arm=finetune suite=heldout has 3 of the 4 cells"),
        ({"arm": ["finetune"], "facts": ["maya"], "seed": [2]}, "arm=finetune suite=heldout has 3 of the 4 cells"),
        ({"arm": ["base"], "facts.seed": [0, 1]}, "arm=base suite=heldout has 1 of the"),
        ({"arm": ["rag"]}, "arm=rag suite=heldout has 0 of the 1 cells"),
        ({"arm": ["finetune"], "suite": ["tiers"]}, "arm=finetune suite=tiers has 0 of the 1 cells"),
        ({"arm": ["finetune"], "lora": ["r4", "r8"]}, "arm=finetune suite=heldout lora=r4 has 0 of the 1 cells"),
    ],
)
def test_fewer_cells_than_the_file_asks_for_are_seen(
    published: Path, stated: dict[str, Any], grid: dict[str, Any], defect: str
) -> None:
    stated["grids"].append(grid)
    assert defect in "\n".join(of_the_file(published))


@pytest.mark.parametrize("study", ["ablation_rank", "statistical_power"])
def test_an_experiment_file_is_read_as_hydra_does(study: str) -> None:
    config = audit._experiment(study)
    assert config["contrasts"][0]["a"]["arm"] == "finetune"
    assert config["explore"]["metric"]
    assert config["grids"][0]["suite"] == ["heldout"]


def test_uncommitted_changes_are_seen(published: Path) -> None:
    change(published / "paper" / "small" / "provenance.json", lambda made: made.update(dirty=True, command=""))
    assert "uncommitted changes" in found()
    assert "does not say the command" in found()


def test_a_study_by_another_name_is_held_against_its_file(published: Path, stated: dict[str, Any]) -> None:
    summary = published / "paper" / "small" / "summary.json"
    (published / "conf" / "experiment" / "small.yaml").rename(published / "conf" / "experiment" / "asked.yaml")
    assert of_the_file(published) == []
    change(summary, lambda s: s.update(overrides=["seed=0,1,2,3"]))
    assert "has 3 of the 4 cells" in "\n".join(of_the_file(published))
    change(summary, lambda s: s.update(study_hash="of no file"))
    assert "not of any file of conf/experiment" in "\n".join(of_the_file(published))


@pytest.mark.parametrize(
    ("before", "after", "defect"),
    [
        ("sign: '+'", "sign: '-'", "was not claimed so at"),
        ("it learns", "it learns much", "was not claimed so at"),
        ("sign: '+'", "sign: positive", "its sign is 'positive', not '+' or '-'"),
        ("sign: '+', ", "", "its sign is None"),
        (CLAIMS, "[]", "was claimed at"),
        (CLAIMS, 2 * CLAIMS, "stands there twice"),
        (CLAIMS, "it learns", "is a list of claims, each with claim, study, contrast, scope"),
        (CLAIMS, "", "is a list of claims"),
        ("contrast: 0", "contrast: first", "is a list of claims"),
        (CLAIMS, "- {", "cannot be read"),
    ],
)
def test_a_claim_that_was_changed_after_the_study_is_seen(
    published: Path, before: str, after: str, defect: str
) -> None:
    claims = published / "paper" / "claims.yaml"
    claims.write_text(claims.read_text().replace(before, after))
    assert defect in found()


@pytest.mark.parametrize(
    ("hidden", "defect"),
    [
        ("{% raw %}{{ 97.5 }}{% endraw %}", "a raw block hides"),
        ("{% macro estimate(x) %}{{ x }}{% endmacro %}{{ estimate(97.5) }}", "estimate is given another meaning"),
        ("{% set estimate = reported %}", "estimate is given another meaning"),
        ("{{ reported('nothing') }}", "reported.yaml does not know nothing"),
        ("{% if %}", "the paper cannot be written"),
        ("{{ nobody() }}", "the paper cannot be written"),
        ("{{ difference('small', 'x') }}", "states no contrast x"),
    ],
)
def test_what_hides_in_a_template_is_seen(published: Path, hidden: str, defect: str) -> None:
    (published / "paper" / "reported.yaml").write_text("runs: three")
    with (published / "paper" / "PAPER.md.jinja").open("a") as file:
        file.write(hidden)
    assert defect in found()


def test_a_figure_that_was_put_there_by_hand_is_seen(published: Path) -> None:
    figures = published / "paper" / "small" / "figures"
    figures.mkdir()
    (figures / "better.png").write_bytes(b"")
    assert "does not know figures/better.png" in found()


def test_a_commit_that_is_not_there_is_seen(published: Path) -> None:
    change(published / "paper" / "small" / "provenance.json", lambda made: made.update(commit="abcdef0123"))
    assert "nobody can say what was claimed at abcdef01, which ran small" in found()


def test_a_copy_without_history_is_told(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(published / ".git")
    assert found() == ""
    audit.main()
    assert "this copy has no history" in capsys.readouterr().out


def test_a_sign_where_there_is_a_margin_is_refused() -> None:
    with pytest.raises(UserError, match="is of non_inferiority, which has no sign"):
        paper._check_sign({"claim": "it is no worse", "sign": "-"}, Kind.non_inferiority)


def test_a_claim_without_a_contrast_and_too_many_claims_are_seen(published: Path) -> None:
    (published / "paper" / "claims.yaml").write_text(CLAIMS.replace("contrast: 0", "contrast: 7") * 9)
    assert "states no contrast 7" in found()
    assert "9 confirmatory claims" in found()


def test_a_study_that_is_not_there_is_named(published: Path) -> None:
    shutil.rmtree(published / "paper" / "small")
    paper.load.cache_clear()
    assert "small/summary.json is not there" in found()


@pytest.mark.parametrize(
    ("difference", "p", "sign", "state"),
    [(0.5, 0.01, "+", "holds"), (-0.5, 0.01, "+", "fails"), (-0.5, 0.01, "-", "holds"), (0.5, 0.2, "+", "undecided")],
)
def test_what_becomes_of_a_claim(difference: float, p: float, sign: str, state: str) -> None:
    assert paper.state({"sign": sign}, {"difference": difference, "kind": "difference"}, p) == state


@pytest.mark.parametrize(
    ("kind", "low", "high", "p", "state"),
    [
        ("equivalence", -0.02, 0.03, 0.01, "holds"),
        ("equivalence", -0.02, 0.09, 0.2, "undecided"),
        ("equivalence", 0.06, 0.2, 0.9, "fails"),
        ("non_inferiority", 0.06, 0.2, 0.01, "holds"),
        ("non_inferiority", -0.2, -0.06, 0.9, "fails"),
    ],
)
def test_what_becomes_of_a_claim_with_a_margin(kind: str, low: float, high: float, p: float, state: str) -> None:
    found = {"difference": (low + high) / 2, "ci_low": low, "ci_high": high, "kind": kind, "margin": 0.05}
    assert paper.state({}, found, p) == state


@pytest.mark.skipif(not (paper.PAPER / "PAPER.md.jinja").is_file(), reason="no paper yet")
def test_the_committed_paper_has_no_defect() -> None:
    paper.load.cache_clear()
    assert found() == ""
