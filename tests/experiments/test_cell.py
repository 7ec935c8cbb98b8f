"""What building a cell says and refuses."""

from pathlib import Path

import pytest

from andraeus.errors import UserError
from experiments import memo
from experiments.cell import Cell
from tests.experiments.test_conf import composed


def profile_of(path: Path, *overrides: str) -> Cell:
    cell = Cell(composed("facts=file", f"facts.path={path}", *overrides))
    assert cell.profile.facts
    return cell


def test_an_unknown_relation_says_so_once_a_profile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memo._MEMO.clear()
    path = tmp_path / "me.yaml"
    path.write_text(
        "name: Robin\nfacts:\n  - {relation: age, value: 28}\n  - {relation: flux_capacitor, value: blue}\n"
    )
    for overrides in (["seed=0"], ["seed=1"], ["arm=base", "variations=v1"]):
        profile_of(path, *overrides)
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said.startswith("Note on Robin's facts: flux_capacitor: no such relation")
    path.write_text(
        "name: Robin\n" + "facts:\n" + "".join(f"  - {{relation: gadget {c}, value: x{c}}}\n" for c in "abcde")
    )
    memo._MEMO.clear()
    profile_of(path)
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "gadget c: " in said
    assert said.endswith("(and 2 more such facts)\n")


def test_a_known_profile_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    memo._MEMO.clear()
    assert Cell(composed("facts=alex")).profile.name == "Alex"
    assert Cell(composed("facts=synthetic", "facts.n=200")).profile.facts
    assert capsys.readouterr().out == ""


def test_what_is_drafted_is_what_was_trained() -> None:
    cell = Cell(composed("facts=alex", "suite=tiers"))
    trained = {(p.fact, p.answer) for p in cell.material.trained}
    assert cell.drafts is not None
    drafted = dict(zip((item.id for item in cell.items), cell.drafts, strict=True))
    for item in cell.items:
        if item.tier == 4:
            assert drafted[item.id] == "", "a composed question has no answer that was trained"
        else:
            assert (item.fact, drafted[item.id]) in trained
    assert {bool(draft) for draft in cell.drafts} == {True, False}


def test_a_trained_question_is_drafted_by_its_own_answer() -> None:
    cell = Cell(composed("facts=alex", "suite=seen", "suite.per_fact=20"))
    own = {(p.fact, p.question): p.answer for p in cell.material.trained}
    assert cell.drafts == [own[item.fact, item.question] for item in cell.items]
    assert any(draft.startswith(("Yes, ", "No, ")) for draft in cell.drafts), "confirming questions are among them"


@pytest.mark.parametrize("overrides", [["arm=oracle"], ["arm=base"], ["generation.drafts=none"], ["quantization=int8"]])
def test_an_arm_that_was_trained_to_say_nothing_drafts_nothing(overrides: list[str]) -> None:
    assert Cell(composed("facts=alex", *overrides)).drafts is None


def test_so_many_facts_of_each_tier() -> None:
    def trained(*overrides: str) -> list[int]:
        return [f.tier for f in Cell(composed("facts=synthetic", "facts.n=50", *overrides)).material.facts]

    assert trained("tier=to_2", "tier.per_tier=5").count(2) == 5
    assert sorted(trained("tier=all", "tier.per_tier=3")) == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert set(trained("tier=to_2")) == {1, 2}
    with pytest.raises(UserError, match="asks for more facts than .* has: 17 of tier 2"):
        trained("tier='2'", "tier.per_tier=18")
