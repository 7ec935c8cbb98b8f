"""What is told of a sweep while it runs."""

import datetime
import io
import os
import time
from pathlib import Path
from typing import Any

import pytest

from andraeus.progress import say
from experiments.store import Store
from experiments.watch import Progress, Watch, duration
from tests.experiments.stored import NOON, put


def at(seconds: float) -> datetime.datetime:
    return NOON + datetime.timedelta(seconds=seconds)


def rewrite(store: Store, identity: str, *arguments: Any, **more: Any) -> None:
    """Write a cell so that its time of change differs from the last one's, whatever the clock's grain."""
    record = put(store, identity, *arguments, **more) / "record.json"
    rewrite.clock += 1  # type: ignore[attr-defined]
    os.utime(record, (rewrite.clock, rewrite.clock))  # type: ignore[attr-defined]


rewrite.clock = 1000  # type: ignore[attr-defined]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_cells_are_counted_as_their_records_are_written(store: Store) -> None:
    rewrite(store, "old")
    rewrite(store, "dead", status="started")
    kinds = dict.fromkeys(("old", "dead", "new", "other"), ("finetune", True))
    progress = Progress(store, kinds)
    assert not progress.look()
    assert progress.words(NOON) == "0 running, 0 failed"
    rewrite(store, "old", status="started", started=at(0))
    rewrite(store, "new", status="started", started=at(0))
    assert progress.look()
    assert not progress.look()
    assert progress.words(at(3)) == "2 running, 0 failed"
    rewrite(store, "old", [True], started=at(0), finished=at(10))
    rewrite(store, "new", started=at(0), finished=at(10))
    assert progress.look()
    assert (progress.ended, progress.failed) == (2, {"new"})
    # Two are left, of which two run at a time.
    assert progress.seconds_left(at(10)) == 10.0
    rewrite(store, "dead", status="started", started=at(10))
    progress.look()
    assert progress.seconds_left(at(16)) == (4 + 10) / 2
    assert progress.words(at(40)) == "1 running, 1 failed, about 5 s left"


def test_time_is_that_of_cells_of_the_same_kind(store: Store) -> None:
    kinds = {"a": ("finetune", True), "b": ("finetune", False), "c": ("finetune", True), "d": ("rag", False)}
    progress = Progress(store, kinds)
    assert progress.seconds_left(NOON) is None
    rewrite(store, "a", [True], finished=at(100))
    rewrite(store, "b", [True], finished=at(4))
    progress.look()
    # Like a; and the median of all for an arm that nobody has seen.
    assert progress.seconds_left(NOON) == 100 + 52


def test_a_cell_that_is_damaged_or_vanishes_stops_nothing(store: Store) -> None:
    progress = Progress(store, {"a": "kind", "b": "kind"})
    rewrite(store, "a", status="started")
    assert progress.look()
    (store.cell("a") / "record.json").write_text("{")
    assert not progress.look()
    (store.cell("a") / "record.json").unlink()
    assert not progress.look()
    assert progress.words(NOON).startswith("1 running")


def test_without_a_terminal_there_is_a_line_now_and_then(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Watch("small", Progress(store, {"a": "kind", "b": "kind"}), look=0.01, line=0.02):
        rewrite(store, "a", [True], finished=at(7))
        time.sleep(0.5)
    told = capsys.readouterr()
    assert told.out == ""
    # One line, since nothing was new after it.
    assert told.err == "small: 1 of 2 cells done, 0 running, 0 failed, about 7 s left.\n"


def test_a_quick_sweep_says_nothing(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    with Watch("small", Progress(store, {"a": "kind"}), look=0.01):
        rewrite(store, "a", [True])
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_bar_and_is_left_clean(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with Watch("small", Progress(store, {"a": "kind", "b": "kind"}), look=0.01):
        rewrite(store, "a", [True], finished=at(7))
        time.sleep(0.3)
    drawn = terminal.getvalue()
    assert "small: 1 of 2 cells |" in drawn
    assert "0 running, 0 failed, about 7 s left" in drawn
    assert drawn.rsplit("\r", 2)[1].strip() == ""


def test_a_line_takes_the_place_of_the_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", Terminal())
    say("done")
    assert out.getvalue() == "\r\x1b[Jdone\n"
    plain = io.StringIO()
    monkeypatch.setattr("sys.stdout", plain)
    say("done")
    assert plain.getvalue() == "done\n"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (5400, "1 h 30 min"), (7 * 3600, "7 h 0 min")]
)
def test_durations_read_as_people_say_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words
