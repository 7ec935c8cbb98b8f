"""What building a cell says and refuses."""

from pathlib import Path

import pytest

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
