"""What is told of a sweep while it runs."""

import datetime
import io
import os
import time
from pathlib import Path
from typing import Any

import pytest

from andraeus.progress import say
from experiments.pace import Work
from experiments.record import Timing
from experiments.store import Store
from experiments.watch import Progress, Watch, duration
from tests.experiments.stored import NOON, put

# A cell that does nothing but answer.
ASK = Work("rag", 0, 1)


def at(seconds: float) -> datetime.datetime:
    return NOON + datetime.timedelta(seconds=seconds)


def rewrite(store: Store, identity: str, *arguments: Any, **more: Any) -> None:
    """Write a cell so that its time of change differs from the last one's, whatever the clock's grain."""
    record = put(store, identity, *arguments, **more) / "record.json"
    rewrite.clock += 1  # type: ignore[attr-defined]
    os.utime(record, (rewrite.clock, rewrite.clock))  # type: ignore[attr-defined]


def done(store: Store, identity: str, training: float, answering: float, rest: float) -> None:
    """Write a success that took so many seconds; of one that found its adapter, that adapter's training is told too."""
    timing = Timing(
        train_seconds=training, evaluation_seconds=answering, latency_p50=None, latency_p90=None, latency_p99=None
    )
    rewrite(store, identity, [True], finished=at(training + answering + rest), timing=timing)


rewrite.clock = 1000  # type: ignore[attr-defined]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_cells_are_counted_as_their_records_are_written(store: Store) -> None:
    rewrite(store, "old")
    rewrite(store, "dead", status="started")
    progress = Progress(store, dict.fromkeys(("old", "dead", "new", "other"), ASK))
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


def test_time_goes_by_what_there_is_to_do(store: Store) -> None:
    small, large = Work("finetune", rows=10, items=30), Work("finetune", rows=200, items=600)
    work = {"small": small, "again": small, "large": large, "second suite": Work("finetune", rows=0, items=60)}
    progress = Progress(store, work)
    assert progress.seconds_left(NOON) is None
    done(store, "small", training=20, answering=3, rest=4)
    progress.look()
    # Two seconds a row, a tenth of one an item, and four for the rest of each.
    again, large_one, second = 20 + 3 + 4, 400 + 60 + 4, 6 + 4
    assert progress.seconds_left(NOON) == pytest.approx(again + large_one + second)
    rewrite(store, "large", status="started", started=at(0))
    progress.look()
    assert progress.seconds_left(at(100)) == pytest.approx(again + large_one - 100 + second)


def test_time_is_that_of_cells_of_the_same_kind_and_else_of_all(store: Store) -> None:
    slow, fast = ("finetune", "large"), ("finetune", "tiny")
    work = {
        "slow": Work(slow, 10, 10),
        "fast": Work(fast, 10, 10),
        "found": Work(fast, 0, 10),
        "slow next": Work(slow, 10, 10),
        "fast next": Work(fast, 20, 0),
        "new": Work("rag", 0, 30),
    }
    progress = Progress(store, work)
    done(store, "found", training=0, answering=1, rest=0)
    progress.look()
    # Of training nothing is known as yet, so nothing is told of what is left.
    assert progress.seconds_left(NOON) is None
    assert progress.words(NOON) == "0 running, 0 failed"
    done(store, "slow", training=100, answering=50, rest=0)
    done(store, "fast", training=10, answering=3, rest=0)
    progress.look()
    # An arm that nobody has seen takes 54 s for 30 items, as all of them together.
    assert progress.seconds_left(NOON) == pytest.approx(150 + 20 + 54)


def test_a_training_that_was_found_tells_nothing_of_how_long_one_takes(store: Store) -> None:
    found, new = Work("finetune", 0, 10), Work("finetune", 10, 10)
    progress = Progress(store, {"found": found, "new": new})
    timing = Timing(train_seconds=100, evaluation_seconds=1, latency_p50=None, latency_p90=None, latency_p99=None)
    rewrite(store, "found", [True], finished=at(3), timing=timing)
    progress.look()
    assert progress.took == {"found": (0.0, 1.0, 2.0)}
    assert progress.seconds_left(NOON) is None


def test_a_cell_that_is_damaged_or_vanishes_stops_nothing(store: Store) -> None:
    progress = Progress(store, {"a": ASK, "b": ASK})
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
    with Watch("small", Progress(store, {"a": ASK, "b": ASK}), {"a": "lora=r4"}, look=0.01, line=0.02):
        rewrite(store, "a", [True], finished=at(7))
        time.sleep(0.5)
    told = capsys.readouterr()
    assert told.out == "  finetune · heldout, lora=r4, seed 0 (1 items in 2 s)\n"
    # One line, since nothing was new after it.
    assert told.err == "small: 1 of 2 cells done, 0 running, 0 failed, about 7 s left.\n"


def test_of_a_quick_sweep_only_its_cells_are_told(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    with Watch("small", Progress(store, {"a": ASK}), look=0.01):
        rewrite(store, "a", [True])
    told = capsys.readouterr()
    assert (told.out, told.err) == ("  finetune · heldout, seed 0 (1 items in 2 s)\n", "")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_bar_and_is_left_clean(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with Watch("small", Progress(store, {"a": ASK, "b": ASK}), look=0.01):
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


def test_a_cell_that_is_read_twice_is_told_once(store: Store) -> None:
    progress = Progress(store, {"a": ASK})
    for second in (7, 8):
        rewrite(store, "a", [True], finished=at(second))
        progress.look()
    assert [record.identity for record in progress.news] == ["a"]
