"""The script that makes the start which ships."""

import json
from itertools import islice
from pathlib import Path

import pytest

from andraeus.training.start import MADE, find_start
from scripts import make_start
from tests.experiments.conftest import tiny_folder  # noqa: F401

pytestmark = pytest.mark.model


def test_a_start_is_made_and_found(
    tiny_folder: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = make_start.opened_questions
    monkeypatch.setattr(make_start, "opened_questions", lambda *given: islice(whole(*given), 64))
    make_start.main(["--output", str(tmp_path / "made"), "--model", str(tiny_folder), "--steps", "2"])
    told = json.loads((tmp_path / "made" / MADE).read_text())
    assert (told["questions"], told["steps"]) == (64, 2)
    start = find_start(str(tmp_path / "made"))
    assert start is not None
    assert 0 < len(start.questions()) <= 64


def test_the_start_that_ships_is_made_of_todays_questions() -> None:
    start = find_start(f"package:{make_start.NAME}")
    assert start is not None
    asked = make_start.opened_questions(make_start.split_families(make_start.SPLIT_SEED), make_start.set_aside())
    today, told = {one.question for one in asked}, start.questions()
    # A mended template is no reason to train for an hour; a catalogue that has moved on is.
    assert len(today.intersection(told)) > 0.98 * len(today)
    assert len(told) < 1.02 * len(today)
