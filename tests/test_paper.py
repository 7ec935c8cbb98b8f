"""The paper says what the results say, and the audit notices where it does not."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation.archive import read_cells, write_cells
from evaluation.groups import CellResult
from evaluation.summary import summarise
from scripts import audit, paper
from tests.evaluation.test_summary import STATED, cell

TEMPLATE = "# A paper\n\nFine-tuning reaches {{ estimate('small', arm='finetune') }}.\n\n{{ claims() }}\n"
CLAIMS = "- {claim: it learns, study: small, contrast: 0, sign: '+', scope: one person}\n"


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
            {"command": "andraeus", "commit": "abc", "model": "m", "hardware": "h", "date": "2026", "threads": 1}
            | {"dirty": False}
        )
    )
    (folder / "timings.json").write_text(json.dumps({"cells": []}))
    rewrite(folder, [trained(cell(seed=s, right=20 + s)) for s in range(3)] + [cell("base", 5)])
    (tmp_path / "PAPER.md").write_text(paper.rendered())
    return tmp_path


def trained(of: CellResult) -> CellResult:
    for item in of.items:
        item["nearest_trained"] = 0.4  # type: ignore[index]
    return of


def rewrite(folder: Path, cells: list[CellResult]) -> None:
    write_cells(folder, cells)
    (folder / "summary.json").write_text(json.dumps(summarise("small", "h", cells, [STATED])))


def change(path: Path, edit: Callable[[dict], object]) -> None:  # type: ignore[type-arg]
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))
    paper.load.cache_clear()


def found() -> str:
    return "\n".join(audit.defects())


def test_a_paper_without_defects_has_none(published: Path) -> None:
    assert found() == ""
    assert "| it learns | one person | +53.3 [" in (published / "PAPER.md").read_text()


def test_a_number_changed_in_the_paper_is_seen(published: Path) -> None:
    text = (published / "PAPER.md").read_text()
    (published / "PAPER.md").write_text(text.replace("70.0", "97.0"))
    assert "not what its template and the results give" in found()


@pytest.mark.parametrize("sentence", ["It reaches 97.0 %.", "A gain of −3 points.", "1,000 facts fit."])
def test_a_typed_number_is_seen(published: Path, sentence: str) -> None:
    with (published / "paper" / "PAPER.md.jinja").open("a") as file:
        file.write(sentence)
    assert "is typed, and comes from no file" in found()


@pytest.mark.parametrize(
    "harmless", ["SmolLM2-135M (Hu et al. 2021)", "`--seed 3`", "## 2 Method", "[x](a/1.md)", "1. first", "v20, r32"]
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


def test_uncommitted_changes_are_seen(published: Path) -> None:
    change(published / "paper" / "small" / "provenance.json", lambda made: made.update(dirty=True, command=""))
    assert "uncommitted changes" in found()
    assert "does not say the command" in found()


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
