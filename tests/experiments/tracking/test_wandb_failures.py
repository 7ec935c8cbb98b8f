"""What goes wrong in W&B costs a line and no cell."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from andraeus.errors import UserError
from experiments.tracking import wandb as tracking
from experiments.tracking.none import NoTracker
from experiments.tracking.wandb import WandbTracker
from tests.experiments.tracking.driving import python, track
from tests.experiments.tracking.offline_files import logged
from tests.experiments.tracking.samples import CELL, ITEMS, METRICS, STUDY, TIMINGS, summary

pytestmark = pytest.mark.usefixtures("own_wandb")


def test_an_error_inside_costs_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import wandb

    def broken(**_: Any) -> None:
        raise RuntimeError("no\nroute")

    monkeypatch.setattr(wandb, "init", broken)
    track(WandbTracker(folder=str(tmp_path)))
    track(WandbTracker(folder=str(tmp_path)))
    WandbTracker(folder=str(tmp_path)).close_study(STUDY, summary(), TIMINGS, tmp_path)
    out, err = capfd.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "Tracking is off" in err
    assert "RuntimeError: no route" in err


@pytest.mark.parametrize("call", ["log", "end"])
def test_an_error_in_the_middle_costs_one_line(call: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    class Broken:
        def log(self, *_: Any, **__: Any) -> None:
            raise OSError("disk full")

        summary = property(log)

    tracker = WandbTracker(folder=str(tmp_path))
    tracker.begin(CELL)
    run, tracker._run = tracker._run, Broken()
    if call == "log":
        tracker.log({"step": 1, "loss": 1.0})
    tracker.end("success", METRICS, ITEMS)
    run.finish()
    assert len(capfd.readouterr().err.splitlines()) == 1


def test_the_service_dying_does_not_stop_a_cell(tmp_path: Path) -> None:
    script = f"""
import psutil
from experiments.tracking.tracker import CellInfo
from experiments.tracking.wandb import WandbTracker
tracker = WandbTracker(folder={str(tmp_path)!r})
tracker.begin(CellInfo("i", "s", "a", "u", 0, (), {{}}))
for child in psutil.Process().children(recursive=True):
    child.kill()
    child.wait()
for step in range(3):
    tracker.log({{"step": step, "loss": 1.0}})
tracker.end("success", {{"accuracy": 1.0}}, [])
print("went on")
"""
    done = python(script)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "went on\n"
    assert done.stderr.count("Tracking is off") == 1


def test_a_run_that_was_killed_before_it_was_written_does_not_stop_a_sync(tmp_path: Path) -> None:
    files = {age: tmp_path / "wandb" / f"offline-run-{age}" / f"run-{age}.wandb" for age in ("new", "old", "whole")}
    for age, file in files.items():
        file.parent.mkdir(parents=True)
        file.write_bytes(b":W&B\xde\x7f\x00" + (b"more" if age == "whole" else b""))
        if age != "new":
            os.utime(file, (0, 0))
    WandbTracker(folder=str(tmp_path)).check()
    assert {age: file.exists() for age, file in files.items()} == {"new": True, "old": False, "whole": True}


def test_a_run_that_is_killed_has_what_it_logged(tmp_path: Path) -> None:
    script = f"""
import os, signal, time
from experiments.tracking.tracker import CellInfo
from experiments.tracking.wandb import WandbTracker
tracker = WandbTracker(folder={str(tmp_path)!r})
tracker.begin(CellInfo("i", "s", "a", "u", 0, (), {{}}))
for step in range(1, 4):
    tracker.log({{"step": step, "loss": 1.0}})
time.sleep(3)
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert python(script).returncode == -9
    (run,) = logged(tmp_path, ended=False)
    # The last step is complete when the next one begins.
    assert [point["_step"] for point in run.history] == [1, 2]
    assert not run.exits


def test_disabled_and_none_do_not_need_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    for tracker in (NoTracker(), WandbTracker(mode="disabled", folder=str(tmp_path))):
        tracker.check()
        track(tracker)
        tracker.close_study(STUDY, summary(), TIMINGS, tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(UserError, match="needs the package wandb"):
        WandbTracker(folder=str(tmp_path)).check()


def test_what_cannot_be_used_is_refused_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"tracker\.mode is 'on'"):
        WandbTracker(mode="on")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        WandbTracker(folder=str(tmp_path / "file")).check()
    monkeypatch.setitem(tracking._PRIVATE, "x_disable_everything", True)
    with pytest.raises(UserError, match="x_disable_everything"):
        WandbTracker(folder=str(tmp_path)).check()


def test_what_fails_in_a_process_that_did_not_check_costs_no_cell(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    track(WandbTracker(folder=str(tmp_path / "file")))
    track(WandbTracker(folder=str(tmp_path / "file")))
    (told,) = capfd.readouterr().err.splitlines()
    assert told.startswith("Tracking is off from here on: starting in W&B failed (tracker.folder=")
