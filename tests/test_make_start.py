"""The script that makes the start which ships."""

import json
from itertools import islice
from pathlib import Path

import pytest

from andraeus.training.start import MADE, WEIGHTS, find_start
from scripts import make_start
from tests.experiments.conftest import tiny_folder  # noqa: F401

pytestmark = pytest.mark.model


def test_a_start_is_made_by_stages_and_goes_on_where_it_stopped(
    tiny_folder: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = [lambda *given, ask=ask: islice(ask(*given), 64) for ask in make_start.STAGES]

    def make(folder: str, *more: str) -> Path:
        make_start.main(["--output", str(tmp_path / folder), "--model", str(tiny_folder), "--steps", "2", *more])
        return tmp_path / folder

    monkeypatch.setattr(make_start, "STAGES", few)
    at_once = make("at_once")
    monkeypatch.setattr(make_start, "STAGES", few[:1])
    after_one = (make("stopped") / WEIGHTS).read_bytes()
    monkeypatch.setattr(make_start, "STAGES", few)
    stopped = make("stopped", "--go-on")
    assert (at_once / WEIGHTS).read_bytes() == (stopped / WEIGHTS).read_bytes() != after_one
    assert (at_once / MADE).read_bytes() == (stopped / MADE).read_bytes()
    told = json.loads((at_once / MADE).read_text())
    assert [(one["questions"], one["steps"]) for one in told["stages"]] == [(64, 2), (64, 2)]
    start = find_start(str(at_once))
    assert start is not None
    assert 64 < len(start.questions()) <= 128


def test_the_start_that_ships_is_made_of_todays_questions() -> None:
    start = find_start(f"package:{make_start.NAME}")
    assert start is not None
    given = make_start.split_families(make_start.SPLIT_SEED), make_start.set_aside()
    today, told = {one.question for ask in make_start.STAGES for one in ask(*given)}, start.questions()
    # A mended template is no reason to train for an hour; a catalogue that has moved on is.
    assert len(today.intersection(told)) > 0.98 * len(today)
    assert len(told) < 1.02 * len(today)
