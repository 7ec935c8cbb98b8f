"""Provenance is that of the cells, not of the process that summarises them."""

import datetime
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from omegaconf import OmegaConf

from experiments.origin import origin
from experiments.sweep import Study
from tests.experiments.stored import MADE
from tests.experiments.test_results import record


def study_in(folder: Path) -> Study:
    return Study("s", OmegaConf.create({"paths": {"store": str(folder)}}), [])


def test_cells_of_another_commit_machine_and_day_are_told_as_theirs(tmp_path: Path) -> None:
    other = MADE | {"commit": "bbbb", "dirty": True, "versions": {"torch": "2.14.0"}, "threads": 4}
    other |= {"hardware": {"cpu": "New", "cores": 4, "memory_gib": 16.0}}
    later = datetime.datetime(2026, 2, 2, tzinfo=datetime.UTC)
    found = origin(study_in(tmp_path), [record(provenance=MADE), None, record(provenance=other, finished=later)])
    assert found["commit"] == "aaaa; bbbb"
    assert found["dirty"] is True
    assert found["versions"] == {"python": "3.11.9", "torch": "2.13.0; 2.14.0"}
    assert found["hardware"] == "New, 4 cores, 16.0 GiB; Old, 2 cores, 8.0 GiB"
    assert found["date"] == "2026-01-31 to 2026-02-02"
    assert found["threads"] == "2; 4"
    assert found["summarised"]["commit"] not in ("aaaa", "bbbb")


def test_one_commit_and_day_is_one_word(tmp_path: Path) -> None:
    found = origin(study_in(tmp_path), [record(provenance=MADE), record(provenance=MADE)])
    assert (found["commit"], found["dirty"], found["date"]) == ("aaaa", False, "2026-01-31")
    assert found["model"] == "tiny"


def test_the_training_of_a_cached_adapter_counts(tmp_path: Path) -> None:
    (tmp_path / "adapters").mkdir()
    notes = {"seconds": 1.0, "provenance": MADE | {"commit": "older"}}
    (tmp_path / "adapters" / "x.json").write_text(json.dumps(notes))
    found = origin(study_in(tmp_path), [record("x", 1.0, provenance=MADE), record("gone", 1.0, provenance=MADE)])
    assert found["commit"] == "aaaa; older"


def test_notes_that_do_not_say_where_an_adapter_was_made_end_no_study(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "adapters").mkdir()
    for text in ('{"seconds": 1.0, "provenance": {}}', '{"seconds": 1.0, "provenance": []}'):
        (tmp_path / "adapters" / "x.json").write_text(text)
        assert origin(study_in(tmp_path), [record("x", 1.0, provenance=MADE)])["commit"] == "aaaa"
        assert "Note: the notes of adapter x do not say where" in capsys.readouterr().out


def test_unknown_stays_unknown(tmp_path: Path) -> None:
    nowhere = MADE | {"commit": None, "dirty": None}
    found = origin(study_in(tmp_path), [record(provenance=nowhere), record(provenance={}, status="started")])
    assert (found["commit"], found["dirty"]) == (None, None)
    assert origin(study_in(tmp_path), [None])["date"] is None


def test_it_is_told_what_held_for_all_cells_and_of_an_adapter_only_what_had_one(tmp_path: Path) -> None:
    def asked(trained: bool, steps: int) -> Any:
        config = {"training": {"steps": steps, "epochs": None}, "quantization": {"kind": "none"}, "seed": 0}
        person = SimpleNamespace(content="c")
        arm = SimpleNamespace(trained=trained)
        config |= {"facts": {"path": "me.yaml"}}
        return SimpleNamespace(cell=SimpleNamespace(config=OmegaConf.create(config), arm=arm, profile=person))

    def held(*cells: Any) -> Any:
        study = study_in(tmp_path)
        study.cells.update({str(number): cell for number, cell in enumerate(cells)})
        return origin(study, [])["held"]

    bare = {"quantization": {"kind": "none"}}
    assert held(asked(True, 40), asked(True, 40), asked(False, 7)) == bare | {"training": {"steps": 40}}
    assert held(asked(True, 40), asked(True, 20)) == bare
